import { expect } from 'chai';
import fc from 'fast-check';
import { Harness, START_MS } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const INCOMPATIBLE = 'ERR NX and XX, GT or LT options at the same time are not compatible';

describe('expiry commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('SET', 'k', 'v');
  });

  const commands: [string, number, number][] = [
    ['EXPIRE', 20, 20000],
    ['PEXPIRE', 1234, 1234],
    ['EXPIREAT', START_MS / 1000 + 3, 3000],
    ['PEXPIREAT', START_MS + 77, 77],
  ];
  for (const [name, time, ttlMs] of commands) {
    it(`${name} sets when the key goes`, () => {
      expect(db.wire(name, 'k', time)).to.equal(':1\r\n');
      expect(db.run(name, 'none', time)).to.equal(0);
      expect(db.run('PTTL', 'k')).to.equal(ttlMs);
      expect(db.replayed().run('PTTL', 'k')).to.equal(ttlMs);
      db.advance(ttlMs - 1);
      expect(db.run('EXISTS', 'k')).to.equal(1);
      db.advance(1);
      expect(db.run('EXISTS', 'k')).to.equal(0);
      expect(db.replayed().run('EXISTS', 'k')).to.equal(0);
    });

    it(`${name} deletes when that is not in the future`, () => {
      for (const past of [0, -1, '-9223372036854775']) {
        db.run('SET', 'k', 'v');
        expect(db.run(name, 'k', past), String(past)).to.equal(1);
        expect(db.run('DBSIZE')).to.equal(0);
        expect(db.replayed().run('DBSIZE')).to.equal(0);
      }
    });

    it(`${name} refuses what is no time`, () => {
      expect(db.error(name, 'k', 'x')).to.equal(NOT_AN_INTEGER);
      expect(db.error(name, 'none', '1.5')).to.equal(NOT_AN_INTEGER);
      expect(db.error(name, 'k', '9223372036854775808')).to.equal(NOT_AN_INTEGER);
      expect(db.error(name, 'k')).to.equal(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
      expect(db.run('PTTL', 'k')).to.equal(-1);
    });
  }

  it('EXPIRE and its kin refuse times beyond 64 bits of milliseconds', () => {
    const refused = (name: string): string => `ERR invalid expire time in '${name.toLowerCase()}' command`;
    for (const [name, time] of [
      ['EXPIRE', '9223372036854776'],
      ['EXPIRE', '-9223372036854776'],
      ['EXPIREAT', '9223372036854776'],
      ['PEXPIRE', '9223372036854775807'],
    ]) {
      expect(db.error(name, 'k', time), `${name} ${time}`).to.equal(refused(name));
    }
    expect(db.run('PEXPIREAT', 'k', '9223372036854775807')).to.equal(1);
    expect(db.run('EXPIRETIME', 'k')).to.equal(9223372036854776n);
    expect(db.run('TTL', 'k')).to.equal(9223370336854776n);
  });

  it('EXPIRE takes conditions on the expiry that is there', () => {
    // [condition, without an expiry, with a later one, with the same, with an earlier one]
    const table: [string[], number, number, number, number][] = [
      [[], 1, 1, 1, 1],
      [['NX'], 1, 0, 0, 0],
      [['XX'], 0, 1, 1, 1],
      [['gt'], 0, 0, 0, 1],
      [['LT'], 1, 1, 0, 0],
      [['XX', 'GT'], 0, 0, 0, 1],
      [['lt', 'xx'], 0, 1, 0, 0],
    ];
    for (const [conditions, ...expected] of table) {
      const outcomes = [undefined, 200, 100, 50].map((seconds) => {
        db.run('SET', 'k', 'v');
        if (seconds !== undefined) db.run('EXPIRE', 'k', seconds);
        return db.run('EXPIRE', 'k', 100, ...conditions);
      });
      expect(outcomes, conditions.join(' ')).to.deep.equal(expected);
    }
  });

  it('EXPIRE with a condition that does not hold does not delete either', () => {
    expect(db.run('EXPIRE', 'k', -1, 'XX')).to.equal(0);
    expect(db.run('EXPIRE', 'k', -1, 'GT')).to.equal(0);
    expect(db.run('EXISTS', 'k')).to.equal(1);
    expect(db.run('EXPIRE', 'k', -1, 'LT')).to.equal(1);
    expect(db.run('EXISTS', 'k')).to.equal(0);
  });

  it('EXPIRE refuses conditions that do not go together, before it looks at the time', () => {
    expect(db.error('EXPIRE', 'k', 'x', 'FOO')).to.equal('ERR Unsupported option FOO');
    for (const other of ['XX', 'GT', 'LT']) expect(db.error('EXPIRE', 'k', 1, 'NX', other)).to.equal(INCOMPATIBLE);
    expect(db.error('EXPIRE', 'k', 1, 'GT', 'LT')).to.equal(
      'ERR GT and LT options at the same time are not compatible',
    );
  });

  it('TTL and its kin tell a key that stays from one that is not there', () => {
    for (const name of ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']) {
      expect(db.run(name, 'k'), name).to.equal(-1);
      expect(db.run(name, 'none'), name).to.equal(-2);
    }
  });

  it('TTL rounds to the nearest second', () => {
    for (const [ms, seconds] of [
      [1, 0],
      [499, 0],
      [500, 1],
      [1499, 1],
      [1500, 2],
    ]) {
      db.run('PEXPIRE', 'k', ms);
      expect(db.run('TTL', 'k'), `${ms} ms`).to.equal(seconds);
    }
    db.run('PEXPIREAT', 'k', START_MS + 1600);
    expect(db.run('EXPIRETIME', 'k')).to.equal(START_MS / 1000 + 2);
    expect(db.run('PEXPIRETIME', 'k')).to.equal(START_MS + 1600);
  });

  it('PERSIST takes the expiry away', () => {
    expect(db.run('PERSIST', 'k')).to.equal(0);
    expect(db.run('PERSIST', 'none')).to.equal(0);
    db.run('EXPIRE', 'k', 5);
    expect(db.run('PERSIST', 'k')).to.equal(1);
    db.advance(6000);
    expect(db.run('GET', 'k')).to.equal('v');
    expect(db.replayed().run('TTL', 'k')).to.equal(-1);
  });

  it('keep time as a map of deadlines does', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.tuple(fc.constant('set' as const), key, fc.integer({ min: 0, max: 30 })),
      fc.tuple(fc.constant('expire' as const), key, fc.integer({ min: -2, max: 30 })),
      fc.tuple(fc.constant('persist' as const), key, fc.constant(0)),
      fc.tuple(fc.constant('wait' as const), key, fc.integer({ min: 1, max: 15 })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const h = new Harness();
        const deadlines = new Map<string, number>();
        for (const [kind, name, ms] of steps) {
          if (kind === 'set') {
            if (ms === 0) h.run('SET', name, 'x');
            else h.run('SET', name, 'x', 'PX', ms);
            deadlines.set(name, ms === 0 ? Infinity : h.nowMs + ms);
          } else if (kind === 'expire') {
            expect(h.run('PEXPIRE', name, ms)).to.equal(deadlines.has(name) ? 1 : 0);
            if (deadlines.has(name)) deadlines.set(name, h.nowMs + ms);
          } else if (kind === 'persist') {
            const expires = (deadlines.get(name) ?? Infinity) !== Infinity;
            expect(h.run('PERSIST', name)).to.equal(expires ? 1 : 0);
            if (expires) deadlines.set(name, Infinity);
          } else h.advance(ms);
          for (const [held, atMs] of deadlines) if (atMs <= h.nowMs) deadlines.delete(held);
        }
        for (const copy of [h, h.replayed()]) {
          for (const name of ['a', 'b', 'c']) {
            const atMs = deadlines.get(name);
            const expected = atMs === undefined ? -2 : atMs === Infinity ? -1 : atMs;
            expect(copy.run('PEXPIRETIME', name)).to.equal(expected);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
