import { expect } from 'chai';
import { Harness } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const SAME = 'ERR source and destination objects are the same';
const DB_OUT_OF_RANGE = 'ERR DB index is out of range';

describe('moving commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('SET', 'a', 'value of a', 'EX', 100);
    db.run('SET', 'b', 'value of b');
  });

  /** What database `number` holds at `key`. */
  function at(number: number, key: string, source = db): unknown {
    const before = source.databaseNumber;
    source.run('SELECT', number);
    const held = [source.run('GET', key), source.run('TTL', key)];
    source.run('SELECT', before);
    return held;
  }

  it('RENAME takes value and expiry along, over what was there', () => {
    expect(db.wire('RENAME', 'a', 'b')).to.equal('+OK\r\n');
    for (const source of [db, db.replayed()]) {
      expect(at(0, 'a', source)).to.deep.equal([null, -2]);
      expect(at(0, 'b', source)).to.deep.equal(['value of a', 100]);
      expect(source.run('DBSIZE')).to.equal(1);
    }
    db.run('SET', 'a', 'again', 'EX', 5);
    db.run('RENAME', 'b', 'c');
    db.run('SET', 'c', 'plain');
    db.run('RENAME', 'c', 'a');
    expect(at(0, 'a')).to.deep.equal(['plain', -1]);
  });

  it('RENAME moves long values, between slots of one size too', () => {
    const values = ['x'.repeat(100_000), 'y'.repeat(70_000), 'z'];
    for (const value of values) {
      db.run('SET', 'a', value);
      db.run('RENAME', 'a', 'b');
      expect(db.run('GET', 'b')).to.equal(value);
    }
  });

  it('RENAME to the same key changes nothing', () => {
    db.takeWrites();
    expect(db.run('RENAME', 'a', 'a')).to.equal('OK');
    expect(db.run('RENAMENX', 'a', 'a')).to.equal(0);
    expect(db.takeWrites()).to.equal(false);
  });

  it('RENAME and RENAMENX want a key that is there', () => {
    expect(db.error('RENAME', 'none', 'b')).to.equal('ERR no such key');
    expect(db.error('RENAME', 'none', 'none')).to.equal('ERR no such key');
    expect(db.error('RENAMENX', 'none', 'b')).to.equal('ERR no such key');
    db.advance(100_000);
    expect(db.error('RENAME', 'a', 'b')).to.equal('ERR no such key');
  });

  it('RENAMENX leaves alone what is there', () => {
    expect(db.run('RENAMENX', 'b', 'a')).to.equal(0);
    expect(at(0, 'a')).to.deep.equal(['value of a', 100]);
    db.advance(100_000);
    expect(db.run('RENAMENX', 'b', 'a')).to.equal(1);
    expect(at(0, 'a')).to.deep.equal(['value of b', -1]);
  });

  it('COPY leaves the source', () => {
    expect(db.wire('COPY', 'a', 'c')).to.equal(':1\r\n');
    expect(db.run('COPY', 'a', 'b')).to.equal(0);
    expect(db.run('COPY', 'none', 'b', 'REPLACE')).to.equal(0);
    expect(at(0, 'b')).to.deep.equal(['value of b', -1]);
    expect(db.run('COPY', 'a', 'b', 'replace')).to.equal(1);
    for (const key of ['a', 'b', 'c']) expect(at(0, key, db.replayed())).to.deep.equal(['value of a', 100]);
  });

  it('COPY reaches another database', () => {
    expect(db.run('COPY', 'a', 'a', 'DB', 3)).to.equal(1);
    expect(db.run('COPY', 'b', 'a', 'DB', 3)).to.equal(0);
    expect(db.run('COPY', 'b', 'a', 'REPLACE', 'DB', 4, 'DB', 3)).to.equal(1);
    expect(at(3, 'a')).to.deep.equal(['value of b', -1]);
    expect(at(0, 'a')).to.deep.equal(['value of a', 100]);
  });

  it('COPY refuses in the order of Redis', () => {
    expect(db.error('COPY', 'a', 'a')).to.equal(SAME);
    expect(db.error('COPY', 'none', 'none', 'DB', 0)).to.equal(SAME);
    expect(db.error('COPY', 'a', 'a', 'FOO')).to.equal('ERR syntax error');
    expect(db.error('COPY', 'a', 'c', 'DB')).to.equal('ERR syntax error');
    expect(db.error('COPY', 'a', 'c', 'DB', 16)).to.equal(DB_OUT_OF_RANGE);
    expect(db.error('COPY', 'a', 'c', 'DB', 'x')).to.equal(NOT_AN_INTEGER);
  });

  it('MOVE takes value and expiry to another database', () => {
    expect(db.wire('MOVE', 'a', 2)).to.equal(':1\r\n');
    for (const source of [db, db.replayed()]) {
      expect(at(0, 'a', source)).to.deep.equal([null, -2]);
      expect(at(2, 'a', source)).to.deep.equal(['value of a', 100]);
    }
  });

  it('MOVE leaves alone what is there', () => {
    db.run('COPY', 'b', 'a', 'DB', 2);
    expect(db.run('MOVE', 'a', 2)).to.equal(0);
    expect(db.run('MOVE', 'none', 2)).to.equal(0);
    expect(at(0, 'a')).to.deep.equal(['value of a', 100]);
    expect(at(2, 'a')).to.deep.equal(['value of b', -1]);
  });

  it('MOVE refuses what is no other database', () => {
    expect(db.error('MOVE', 'none', 0)).to.equal(SAME);
    expect(db.error('MOVE', 'a', 16)).to.equal(DB_OUT_OF_RANGE);
    expect(db.error('MOVE', 'a', 'x')).to.equal(NOT_AN_INTEGER);
  });
});
