import { expect } from 'chai';
import { Harness } from './harness.js';

const SYNTAX_ERROR = 'ERR syntax error';

describe('compare-and-set commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('SET', 'k', 'old', 'EX', 100);
    db.takeWrites();
  });

  describe('CAS', () => {
    it('sets what equals the expected value', () => {
      expect(db.wire('CAS', 'k', 'old', 'new')).to.equal(':1\r\n');
      expect(db.run('GET', 'k')).to.equal('new');
      expect(db.run('CAS', 'k', 'new', '')).to.equal(1);
      expect(db.run('CAS', 'k', '', 'x')).to.equal(1);
    });

    it('leaves alone what differs, and what is not there', () => {
      for (const expected of ['Old', 'ol', 'older', '']) expect(db.run('CAS', 'k', expected, 'new')).to.equal(0);
      expect(db.wire('CAS', 'none', '', 'new')).to.equal('$-1\r\n');
      expect(db.run('GET', 'k')).to.equal('old');
      expect(db.run('TTL', 'k')).to.equal(100);
      expect(db.takeWrites()).to.equal(false);
    });

    it('sets the expiry too, to none without an option', () => {
      expect(db.run('CAS', 'k', 'old', 'a', 'EX', 50)).to.equal(1);
      expect(db.run('TTL', 'k')).to.equal(50);
      expect(db.run('CAS', 'k', 'a', 'b', 'px', 70)).to.equal(1);
      expect(db.run('PTTL', 'k')).to.equal(70);
      expect(db.run('CAS', 'k', 'b', 'c')).to.equal(1);
      expect(db.run('TTL', 'k')).to.equal(-1);
    });

    it('refuses other options and times that are none', () => {
      for (const words of [
        ['NX'],
        ['EX'],
        ['EXAT', '99999999999'],
        ['KEEPTTL'],
        ['EX', '1', 'PX', '1'],
        ['EX', '1', 'x'],
      ]) {
        expect(db.error('CAS', 'k', 'old', 'new', ...words), words.join(' ')).to.equal(SYNTAX_ERROR);
      }
      expect(db.error('CAS', 'k', 'old', 'new', 'EX', 0)).to.equal("ERR invalid expire time in 'cas' command");
      expect(db.error('CAS', 'k', 'old')).to.equal("ERR wrong number of arguments for 'cas' command");
      expect(db.run('GET', 'k')).to.equal('old');
    });

    it('does not see a key that has expired', () => {
      db.advance(100_000);
      expect(db.run('CAS', 'k', 'old', 'new')).to.equal(null);
    });
  });

  it('CAD deletes what equals the expected value', () => {
    expect(db.run('CAD', 'k', 'other')).to.equal(0);
    expect(db.run('CAD', 'k', 'old')).to.equal(1);
    expect(db.wire('CAD', 'k', 'old')).to.equal('$-1\r\n');
    expect(db.run('DBSIZE')).to.equal(0);
    expect(db.replayed().run('DBSIZE')).to.equal(0);
  });

  it('DELIFEQ does the same, and answers 0 when there is no key', () => {
    expect(db.run('DELIFEQ', 'k', 'other')).to.equal(0);
    expect(db.run('DELIFEQ', 'k', 'old')).to.equal(1);
    expect(db.run('DELIFEQ', 'k', 'old')).to.equal(0);
  });

  it('DELEX deletes on a condition or without', () => {
    expect(db.run('DELEX', 'k', 'IFEQ', 'other')).to.equal(0);
    expect(db.run('DELEX', 'k', 'IFNE', 'old')).to.equal(0);
    expect(db.run('DELEX', 'k', 'ifeq', 'old')).to.equal(1);
    db.run('SET', 'k', 'old');
    expect(db.run('DELEX', 'k', 'ifne', 'other')).to.equal(1);
    expect(db.run('DELEX', 'k', 'IFNE', 'other')).to.equal(0);
    db.run('SET', 'k', 'old');
    expect(db.run('DELEX', 'k')).to.equal(1);
    expect(db.run('DELEX', 'k')).to.equal(0);
  });

  it('DELEX refuses other words', () => {
    expect(db.error('DELEX', 'k', 'FOO', 'old')).to.equal('ERR Invalid condition. Use IFEQ or IFNE');
    for (const words of [['IFEQ'], ['IFEQ', 'old', 'x']]) {
      expect(db.error('DELEX', 'k', ...words)).to.equal("ERR wrong number of arguments for 'delex' command");
    }
    expect(db.run('EXISTS', 'k')).to.equal(1);
  });
});
