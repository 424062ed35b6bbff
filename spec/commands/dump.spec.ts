import { expect } from 'chai';
import fc from 'fast-check';
import type { Plain } from './harness.js';
import { Harness, START_MS } from './harness.js';

const BROKEN = 'ERR DUMP payload version or checksum are wrong';

describe('DUMP and RESTORE', () => {
  let db: Harness;
  let payload: Buffer;
  beforeEach(() => {
    db = new Harness();
    db.run('SET', 'k', 'value', 'EX', 100);
    payload = Buffer.from(db.run('DUMP', 'k') as string, 'latin1');
  });

  it('write and read what Redis 7.0 does', () => {
    // redis-cli DUMP of an integer, a short string, and a long one that compresses.
    const dumps: [string, string][] = [
      ['12345', '00c139300a009d94ea2793fc08b9'],
      ['value', '000576616c75650a0081f6c138c1aa9b6e'],
      ['ab'.repeat(50), '00c30a406402616261e056010161620a0017383d942096d863'],
    ];
    for (const [value, hex] of dumps) {
      db.run('SET', 'k', value);
      expect(Buffer.from(db.run('DUMP', 'k') as string, 'latin1').toString('hex')).to.equal(hex);
      expect(db.run('RESTORE', 'copy', 0, Buffer.from(hex, 'hex'), 'REPLACE')).to.equal('OK');
      expect(db.run('GET', 'copy')).to.equal(value);
    }
  });

  it('bring any string back', () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat().map((n) => Buffer.from(String(n))),
    );
    fc.assert(
      fc.property(value, (bytes) => {
        db.run('SET', 'k', bytes);
        db.run('RESTORE', 'copy', 0, Buffer.from(db.run('DUMP', 'k') as string, 'latin1'), 'REPLACE');
        return db.run('GET', 'copy') === Buffer.from(bytes).toString('latin1');
      }),
    );
  });

  it('DUMP answers null for a key that is not there', () => {
    expect(db.wire('DUMP', 'none')).to.equal('$-1\r\n');
  });

  it('RESTORE sets the expiry: none, from now on, or absolute', () => {
    db.run('RESTORE', 'a', 0, payload);
    db.run('RESTORE', 'b', 5000, payload);
    db.run('RESTORE', 'c', START_MS + 77, payload, 'ABSTTL');
    for (const copy of [db, db.replayed()]) {
      expect(['a', 'b', 'c'].map((key) => copy.run('PTTL', key))).to.deep.equal([-1, 5000, 77]);
      expect(copy.run('GET', 'c')).to.equal('value');
    }
  });

  it('RESTORE with a time that has passed leaves nothing', () => {
    expect(db.run('RESTORE', 'k', 1, payload, 'REPLACE', 'ABSTTL', 'IDLETIME', 5)).to.equal('OK');
    expect(db.run('DBSIZE')).to.equal(0);
  });

  it('RESTORE overwrites with REPLACE only', () => {
    expect(db.error('RESTORE', 'k', 0, payload)).to.equal('BUSYKEY Target key name already exists.');
    expect(db.run('RESTORE', 'k', 0, payload, 'replace')).to.equal('OK');
    expect(db.run('TTL', 'k')).to.equal(-1);
  });

  it('RESTORE takes over how the key was used, if it suits the policy', () => {
    db.run('RESTORE', 'a', 0, payload, 'IDLETIME', 300);
    expect(db.run('OBJECT', 'IDLETIME', 'a')).to.equal(300);
    db.run('RESTORE', 'b', 0, payload, 'FREQ', 30);
    expect(db.run('OBJECT', 'IDLETIME', 'b')).to.equal(0);
    db.access.usesFrequency = true;
    db.run('RESTORE', 'c', 0, payload, 'FREQ', 30);
    expect(db.run('OBJECT', 'FREQ', 'c')).to.equal(30);
  });

  it('RESTORE refuses in the order of Redis', () => {
    const idle = 'ERR Invalid IDLETIME value, must be >= 0';
    const frequency = 'ERR Invalid FREQ value, must be >= 0 and <= 255';
    const notInteger = 'ERR value is not an integer or out of range';
    expect(db.error('RESTORE', 'k', -1, 'x', 'IDLETIME', -1)).to.equal(idle);
    expect(db.error('RESTORE', 'k', -1, 'x', 'FREQ', 256)).to.equal(frequency);
    expect(db.error('RESTORE', 'k', -1, 'x', 'FREQ', 'x')).to.equal(notInteger);
    for (const words of [['FOO'], ['IDLETIME'], ['IDLETIME', '1', 'FREQ', '1']]) {
      expect(db.error('RESTORE', 'k', -1, 'x', ...words), words.join(' ')).to.equal('ERR syntax error');
    }
    expect(db.error('RESTORE', 'k', -1, 'x')).to.equal('BUSYKEY Target key name already exists.');
    expect(db.error('RESTORE', 'new', 'x', 'x')).to.equal(notInteger);
    expect(db.error('RESTORE', 'new', -1, 'x')).to.equal('ERR Invalid TTL value, must be >= 0');
    expect(db.error('RESTORE', 'new', 0, 'x')).to.equal(BROKEN);
  });

  it('RESTORE refuses a payload in which a bit was turned', () => {
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const damaged = Buffer.from(payload);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(db.error('RESTORE', 'new', 0, damaged), `bit ${bit}`).to.equal(BROKEN);
    }
    expect(db.run('EXISTS', 'new')).to.equal(0);
  });
});

/** Everything in a collection, in an order of its own. */
function contentOf(db: Harness, key: string): Plain {
  const type = db.run('TYPE', key);
  if (type === 'list') return db.run('LRANGE', key, 0, -1);
  if (type === 'zset') return db.run('ZRANGE', key, 0, -1, 'WITHSCORES');
  return [...(db.run(type === 'set' ? 'SMEMBERS' : 'HGETALL', key) as string[])].sort();
}

describe('DUMP and RESTORE of collections', () => {
  /** DEL, RPUSH ..., with values of all kinds, few and many. */
  const value = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 6 }),
    fc.integer().map(String),
    fc.nat(200).map((length) => 'xy'.repeat(length)),
  );
  const few = fc.array(value, { minLength: 1, maxLength: 8 });
  const many = fc
    .integer({ min: 130, max: 700 })
    .map((count) => Array.from({ length: count }, (_, i) => String(i * 3)));
  const pairs = (values: string[]): string[] => values.flatMap((each, i) => [each, String(i)]);
  const command = fc
    .oneof(few, many)
    .chain((values) =>
      fc.constantFrom(
        ['RPUSH', 'k', ...values],
        ['SADD', 'k', ...values],
        ['HSET', 'k', ...pairs(values)],
        ['ZADD', 'k', ...pairs(values).reverse()],
      ),
    );

  it('bring a collection back, and keep it over a restart', () => {
    fc.assert(
      fc.property(command, ([name, ...args]) => {
        const db = new Harness();
        db.run(name, ...args);
        const payload = Buffer.from(db.run('DUMP', 'k') as string, 'latin1');
        expect(db.run('RESTORE', 'copy', 0, payload)).to.equal('OK');
        expect(db.run('RESTORE', 'timed', 5000, payload)).to.equal('OK');
        for (const each of [db, db.replayed()]) {
          expect(contentOf(each, 'copy')).to.deep.equal(contentOf(db, 'k'));
          expect(contentOf(each, 'timed')).to.deep.equal(contentOf(db, 'k'));
          expect(['copy', 'timed'].map((key) => each.run('PTTL', key))).to.deep.equal([-1, 5000]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('RESTORE puts one type in the place of another, and tells of it', () => {
    const db = new Harness();
    db.run('RPUSH', 'list', 'a', 'b');
    db.run('HSET', 'hash', 'f', 'v');
    const payload = (key: string): Buffer => Buffer.from(db.run('DUMP', key) as string, 'latin1');
    db.run('SET', 'k', 'x', 'EX', 100);
    for (const key of ['list', 'hash', 'list']) {
      expect(db.run('RESTORE', 'k', 0, payload(key), 'REPLACE')).to.equal('OK');
      expect(contentOf(db, 'k')).to.deep.equal(contentOf(db, key));
    }
    expect(db.run('TTL', 'k')).to.equal(-1);
    expect(db.run('RESTORE', 'k', 1, payload('hash'), 'REPLACE', 'ABSTTL')).to.equal('OK');
    expect(db.run('EXISTS', 'k')).to.equal(0);
  });

  it('OBJECT ENCODING names the forms that DUMP writes', () => {
    const db = new Harness();
    db.config.set([
      ['hash-max-listpack-entries', '2'],
      ['set-max-intset-entries', '2'],
      ['zset-max-listpack-value', '3'],
    ]);
    const of = (...words: string[]): Plain => {
      db.run('DEL', 'k');
      db.run(words[0], 'k', ...words.slice(1));
      return db.run('OBJECT', 'ENCODING', 'k');
    };
    expect(of('RPUSH', 'a')).to.equal('quicklist');
    expect(of('HSET', 'a', '1', 'b', '2')).to.equal('listpack');
    expect(of('HSET', 'a', '1', 'b', '2', 'c', '3')).to.equal('hashtable');
    expect(of('HSET', 'a', 'x'.repeat(65))).to.equal('hashtable');
    expect(of('SADD', '1', '2')).to.equal('intset');
    expect(of('SADD', '1', 'a')).to.equal('hashtable');
    expect(of('SADD', '1', '2', '3')).to.equal('hashtable');
    expect(of('ZADD', '1', 'abc')).to.equal('listpack');
    expect(of('ZADD', '1', 'abcd')).to.equal('skiplist');
  });
});
