import { expect } from 'chai';
import fc from 'fast-check';
import { Harness, START_MS } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const SYNTAX_ERROR = 'ERR syntax error';

describe('string commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  describe('GET and SET', () => {
    it('answer on the wire as Redis does', () => {
      expect(db.wire('GET', 'k')).to.equal('$-1\r\n');
      expect(db.wire('SET', 'k', 'value')).to.equal('+OK\r\n');
      expect(db.wire('get', 'k')).to.equal('$5\r\nvalue\r\n');
      expect(db.wire('GET')).to.equal("-ERR wrong number of arguments for 'get' command\r\n");
    });

    it('take any bytes, none too, as key and as value', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (key, value) => {
          db.run('SET', key, value);
          return db.run('GET', key) === Buffer.from(value).toString('latin1');
        }),
      );
    });

    it('hold values of every size about the limits of records', () => {
      for (const length of [0, 1, 240, 255, 256, 32751, 32768, 65535, 65536, 1_000_003]) {
        const value = 'v'.repeat(length);
        db.run('SET', 'k', value);
        expect(db.run('GET', 'k')).to.equal(value);
        expect(db.run('STRLEN', 'k')).to.equal(length);
      }
    });
  });

  describe('SET', () => {
    it('with NX sets only what is not there', () => {
      expect(db.wire('SET', 'k', '1', 'NX')).to.equal('+OK\r\n');
      expect(db.wire('SET', 'k', '2', 'nx')).to.equal('$-1\r\n');
      expect(db.run('GET', 'k')).to.equal('1');
    });

    it('with XX sets only what is there', () => {
      expect(db.run('SET', 'k', '1', 'XX')).to.equal(null);
      expect(db.run('EXISTS', 'k')).to.equal(0);
      db.run('SET', 'k', '1');
      expect(db.run('SET', 'k', '2', 'XX')).to.equal('OK');
      expect(db.run('GET', 'k')).to.equal('2');
    });

    it('with GET answers with what was there, whether it sets or not', () => {
      expect(db.run('SET', 'k', '1', 'GET')).to.equal(null);
      expect(db.wire('SET', 'k', '2', 'GET')).to.equal('$1\r\n1\r\n');
      expect(db.run('SET', 'k', '3', 'NX', 'GET')).to.equal('2');
      expect(db.run('SET', 'new', '3', 'XX', 'GET')).to.equal(null);
      expect(db.run('EXISTS', 'new')).to.equal(0);
      expect(db.run('GET', 'k')).to.equal('2');
    });

    it('with IFEQ sets only what equals the value', () => {
      expect(db.run('SET', 'k', 'b', 'IFEQ', 'a')).to.equal(null);
      db.run('SET', 'k', 'a');
      expect(db.run('SET', 'k', 'b', 'IFEQ', 'A')).to.equal(null);
      expect(db.run('SET', 'k', 'b', 'IFEQ', 'aa')).to.equal(null);
      expect(db.run('SET', 'k', 'b', 'ifeq', 'a')).to.equal('OK');
      expect(db.run('GET', 'k')).to.equal('b');
    });

    it('with IFNE sets what differs from the value, and what is not there', () => {
      expect(db.run('SET', 'k', 'a', 'IFNE', 'a')).to.equal('OK');
      expect(db.run('SET', 'k', 'b', 'IFNE', 'a')).to.equal(null);
      expect(db.run('SET', 'k', 'b', 'IFNE', 'z', 'GET')).to.equal('a');
      expect(db.run('GET', 'k')).to.equal('b');
    });

    it('with IFEQ takes an option word as the value to compare with', () => {
      db.run('SET', 'k', 'NX');
      expect(db.run('SET', 'k', 'b', 'IFEQ', 'NX')).to.equal('OK');
    });

    it('drops the expiry, unless KEEPTTL is there', () => {
      db.run('SET', 'k', '1', 'EX', '10');
      db.run('SET', 'k', '2', 'KEEPTTL');
      expect(db.run('PTTL', 'k')).to.equal(10000);
      db.run('SET', 'k', '3');
      expect(db.run('PTTL', 'k')).to.equal(-1);
      db.run('SET', 'new', '3', 'KEEPTTL');
      expect(db.run('PTTL', 'new')).to.equal(-1);
    });

    const times: [string, number, number][] = [
      ['EX', 100, 100000],
      ['PX', 1500, 1500],
      ['EXAT', START_MS / 1000 + 7, 7000],
      ['PXAT', START_MS + 8, 8],
    ];
    for (const [option, time, ttlMs] of times) {
      it(`with ${option} expires in time`, () => {
        db.run('SET', 'k', 'v', option, time);
        expect(db.run('PTTL', 'k')).to.equal(ttlMs);
        db.advance(ttlMs - 1);
        expect(db.run('GET', 'k')).to.equal('v');
        db.advance(1);
        expect(db.run('GET', 'k')).to.equal(null);
        expect(db.run('DBSIZE')).to.equal(0);
      });
    }

    it('takes several times of one kind, and the last of them counts', () => {
      db.run('SET', 'k', 'v', 'EX', 10, 'EX', 20);
      expect(db.run('TTL', 'k')).to.equal(20);
    });

    it('deletes when the time has passed already', () => {
      db.run('SET', 'k', '1');
      expect(db.run('SET', 'k', '2', 'PXAT', START_MS)).to.equal('OK');
      expect(db.run('EXISTS', 'k')).to.equal(0);
      expect(db.run('SET', 'other', '2', 'EXAT', 1)).to.equal('OK');
      expect(db.run('EXISTS', 'other')).to.equal(0);
    });

    it('refuses options that do not go together', () => {
      const refused: string[][] = [
        ['NX', 'XX'],
        ['XX', 'NX'],
        ['EX', '1', 'PX', '1'],
        ['EX', '1', 'KEEPTTL'],
        ['KEEPTTL', 'PXAT', '1'],
        ['EXAT', '1', 'EX', '1'],
        ['EX'],
        ['PERSIST'],
        ['IFEQ'],
        ['IFEQ', 'a', 'NX'],
        ['IFEQ', 'a', 'IFEQ', 'a'],
        ['IFNE', 'a', 'XX'],
        ['FOO'],
        [''],
      ];
      for (const options of refused)
        expect(db.error('SET', 'k', 'v', ...options), options.join(' ')).to.equal(SYNTAX_ERROR);
      expect(db.takeWrites()).to.equal(false);
    });

    it('refuses times that are none', () => {
      const invalid = "ERR invalid expire time in 'set' command";
      for (const time of ['0', '-1', '9223372036854775807', '-9223372036854775808', '9223372036854776']) {
        expect(db.error('SET', 'k', 'v', 'EX', time), time).to.equal(invalid);
      }
      expect(db.error('SET', 'k', 'v', 'PX', '9223372036854775807')).to.equal(invalid);
      expect(db.error('SET', 'k', 'v', 'EXAT', '0')).to.equal(invalid);
      for (const time of ['x', '', '1.5', ' 1', '01', '9223372036854775808']) {
        expect(db.error('SET', 'k', 'v', 'EX', time), time).to.equal(NOT_AN_INTEGER);
      }
      expect(db.run('EXISTS', 'k')).to.equal(0);
    });

    it('takes times up to the limit of 64 bits', () => {
      db.run('SET', 'k', 'v', 'PXAT', '9223372036854775807');
      expect(db.run('PEXPIRETIME', 'k')).to.equal(9223372036854775807n);
      db.run('SET', 'k', 'v', 'EXAT', '9223372036854775');
      expect(db.run('EXPIRETIME', 'k')).to.equal(9223372036854775n);
    });
  });

  describe('SETNX', () => {
    it('says whether it set', () => {
      expect(db.run('SETNX', 'k', '1')).to.equal(1);
      expect(db.run('SETNX', 'k', '2')).to.equal(0);
      expect(db.run('GET', 'k')).to.equal('1');
    });

    it('takes the place of a key that has expired', () => {
      db.run('SET', 'k', '1', 'PX', 5);
      db.advance(5);
      expect(db.run('SETNX', 'k', '2')).to.equal(1);
      expect(db.run('PTTL', 'k')).to.equal(-1);
    });
  });

  describe('SETEX and PSETEX', () => {
    it('set value and expiry', () => {
      expect(db.run('SETEX', 'k', 10, 'v')).to.equal('OK');
      expect(db.run('PTTL', 'k')).to.equal(10000);
      expect(db.run('PSETEX', 'k', 10, 'w')).to.equal('OK');
      expect(db.run('PTTL', 'k')).to.equal(10);
      expect(db.run('GET', 'k')).to.equal('w');
    });

    it('name themselves in errors', () => {
      expect(db.error('SETEX', 'k', 0, 'v')).to.equal("ERR invalid expire time in 'setex' command");
      expect(db.error('PSETEX', 'k', -1, 'v')).to.equal("ERR invalid expire time in 'psetex' command");
      expect(db.error('SETEX', 'k', 'x', 'v')).to.equal(NOT_AN_INTEGER);
    });
  });

  describe('GETSET', () => {
    it('answers with the value before, and drops the expiry', () => {
      expect(db.run('GETSET', 'k', '1')).to.equal(null);
      db.run('EXPIRE', 'k', 10);
      expect(db.run('GETSET', 'k', '2')).to.equal('1');
      expect(db.run('TTL', 'k')).to.equal(-1);
      expect(db.run('GET', 'k')).to.equal('2');
    });
  });

  describe('GETEX', () => {
    beforeEach(() => {
      db.run('SET', 'k', 'v', 'EX', 5);
    });

    it('is GET without options', () => {
      db.takeWrites();
      expect(db.run('GETEX', 'k')).to.equal('v');
      expect(db.takeWrites()).to.equal(false);
      expect(db.run('TTL', 'k')).to.equal(5);
    });

    it('sets the expiry', () => {
      expect(db.run('GETEX', 'k', 'EX', 100)).to.equal('v');
      expect(db.run('TTL', 'k')).to.equal(100);
      expect(db.run('GETEX', 'k', 'PXAT', START_MS + 44)).to.equal('v');
      expect(db.run('PTTL', 'k')).to.equal(44);
    });

    it('with PERSIST removes it', () => {
      expect(db.run('GETEX', 'k', 'PERSIST')).to.equal('v');
      expect(db.run('TTL', 'k')).to.equal(-1);
      db.takeWrites();
      expect(db.run('GETEX', 'k', 'PERSIST')).to.equal('v');
      expect(db.takeWrites()).to.equal(false);
    });

    it('deletes when the time has passed', () => {
      expect(db.run('GETEX', 'k', 'EXAT', 1)).to.equal('v');
      expect(db.run('EXISTS', 'k')).to.equal(0);
    });

    it('looks at a time only when the key is there', () => {
      expect(db.run('GETEX', 'none', 'EX', 'x')).to.equal(null);
      expect(db.error('GETEX', 'k', 'EX', 'x')).to.equal(NOT_AN_INTEGER);
      expect(db.error('GETEX', 'k', 'EX', '0')).to.equal("ERR invalid expire time in 'getex' command");
    });

    it('refuses what is no option of its own', () => {
      for (const options of [['NX'], ['KEEPTTL'], ['EX'], ['PERSIST', 'EX', '1'], ['EX', '1', 'PERSIST'], ['GET']]) {
        expect(db.error('GETEX', 'none', ...options), options.join(' ')).to.equal(SYNTAX_ERROR);
      }
    });
  });

  describe('GETDEL', () => {
    it('answers with the value and deletes it', () => {
      db.run('SET', 'k', 'v');
      expect(db.run('GETDEL', 'k')).to.equal('v');
      expect(db.run('GETDEL', 'k')).to.equal(null);
      expect(db.run('DBSIZE')).to.equal(0);
    });
  });

  describe('MGET, MSET and MSETNX', () => {
    it('read and write many', () => {
      expect(db.run('MSET', 'a', '1', 'b', '2', 'a', '3')).to.equal('OK');
      expect(db.run('MGET', 'a', 'none', 'b', 'a')).to.deep.equal(['3', null, '2', '3']);
    });

    it('set all or nothing with NX', () => {
      expect(db.run('MSETNX', 'a', '1', 'b', '2')).to.equal(1);
      expect(db.run('MSETNX', 'c', '1', 'b', '3')).to.equal(0);
      expect(db.run('EXISTS', 'c')).to.equal(0);
      expect(db.run('MSETNX', 'd', '1', 'd', '3')).to.equal(1);
      expect(db.run('GET', 'd')).to.equal('3');
    });

    it('refuse a key without a value', () => {
      expect(db.error('MSET', 'a', '1', 'b')).to.equal("ERR wrong number of arguments for 'mset' command");
      expect(db.error('MSETNX', 'a', '1', 'b')).to.equal("ERR wrong number of arguments for 'msetnx' command");
      expect(db.error('MSET', 'a')).to.equal("ERR wrong number of arguments for 'mset' command");
    });

    it('drop expiries', () => {
      db.run('SET', 'a', '1', 'EX', 10);
      db.run('MSET', 'a', '2');
      expect(db.run('TTL', 'a')).to.equal(-1);
    });
  });

  it('are all in the log: a replay of it ends with the same data', () => {
    db.run('SET', 'a', '1', 'EX', 100);
    db.run('GETEX', 'a', 'PERSIST');
    db.run('MSET', 'b', '2', 'c', '3');
    db.run('GETDEL', 'b');
    db.run('SETEX', 'd', 50, 'x');
    db.run('SET', 'd', 'y', 'KEEPTTL');
    const copy = db.replayed();
    expect(copy.run('MGET', 'a', 'b', 'c', 'd')).to.deep.equal(['1', null, '3', 'y']);
    expect(copy.run('TTL', 'a')).to.equal(-1);
    expect(copy.run('TTL', 'd')).to.equal(50);
  });
});
