import { expect } from 'chai';
import { Harness } from './harness.js';

describe('key commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('MSET', 'a', '1', 'b', '2');
  });

  it('DEL and UNLINK count what they removed', () => {
    expect(db.wire('DEL', 'a', 'none', 'a')).to.equal(':1\r\n');
    expect(db.run('UNLINK', 'a', 'b')).to.equal(1);
    expect(db.run('DBSIZE')).to.equal(0);
    expect(db.replayed().run('DBSIZE')).to.equal(0);
  });

  it('DEL does not count a key that has expired', () => {
    db.run('PEXPIRE', 'a', 10);
    db.advance(10);
    expect(db.run('DEL', 'a', 'b')).to.equal(1);
  });

  it('EXISTS and TOUCH count a key as often as it is named', () => {
    expect(db.run('EXISTS', 'a', 'none', 'b', 'a')).to.equal(3);
    expect(db.run('TOUCH', 'a', 'none', 'b', 'a')).to.equal(3);
    expect(db.run('EXISTS', 'none')).to.equal(0);
  });

  it('TYPE says what a key holds', () => {
    expect(db.wire('TYPE', 'a')).to.equal('+string\r\n');
    expect(db.wire('TYPE', 'none')).to.equal('+none\r\n');
  });

  it('count hits and misses', () => {
    db.run('EXISTS', 'a', 'none');
    db.run('GET', 'a');
    db.run('DEL', 'none');
    expect(db.keyspace.hits).to.equal(2);
    expect(db.keyspace.misses).to.equal(1);
  });
});
