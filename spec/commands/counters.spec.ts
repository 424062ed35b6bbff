import { expect } from 'chai';
import fc from 'fast-check';
import { Harness } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const OVERFLOW = 'ERR increment or decrement would overflow';
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe('counter commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('INCR and DECR begin at 0', () => {
    expect(db.wire('INCR', 'k')).to.equal(':1\r\n');
    expect(db.run('DECR', 'other')).to.equal(-1);
    expect(db.run('GET', 'k')).to.equal('1');
  });

  it('INCRBY and DECRBY agree with BigInt over all 64 bits', () => {
    const integer = fc.oneof(fc.bigInt(MIN, MAX), fc.bigInt(-20n, 20n), fc.bigInt(2n ** 53n - 9n, 2n ** 53n + 9n));
    fc.assert(
      fc.property(integer, integer, fc.boolean(), (value, by, negate) => {
        db.run('SET', 'k', value);
        const sum = negate ? value - by : value + by;
        const name = negate ? 'DECRBY' : 'INCRBY';
        if (negate && by === MIN) expect(db.error(name, 'k', by)).to.equal('ERR decrement would overflow');
        else if (sum < MIN || sum > MAX) expect(db.error(name, 'k', by)).to.equal(OVERFLOW);
        else {
          expect(BigInt(db.run(name, 'k', by) as number | bigint)).to.equal(sum);
          expect(db.run('GET', 'k')).to.equal(String(sum));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leave alone what is no integer', () => {
    for (const value of ['', 'x', '1x', ' 1', '1 ', '+1', '01', '-0', '1.0', '9223372036854775808', '1'.repeat(40)]) {
      db.run('SET', 'k', value);
      expect(db.error('INCR', 'k'), value).to.equal(NOT_AN_INTEGER);
      expect(db.run('GET', 'k')).to.equal(value);
      expect(db.error('INCRBY', 'none', value), value).to.equal(NOT_AN_INTEGER);
      expect(db.error('DECRBY', 'none', value), value).to.equal(NOT_AN_INTEGER);
    }
    expect(db.run('EXISTS', 'none')).to.equal(0);
  });

  it('keep the expiry', () => {
    db.run('SET', 'k', '5', 'EX', 100);
    db.run('INCR', 'k');
    db.run('INCRBYFLOAT', 'k', '0.5');
    expect(db.run('TTL', 'k')).to.equal(100);
    const copy = db.replayed();
    expect(copy.run('GET', 'k')).to.equal('6.5');
    expect(copy.run('TTL', 'k')).to.equal(100);
  });

  it('begin at 0 again when the key has expired', () => {
    db.run('SET', 'k', '5', 'PX', 100);
    db.advance(100);
    expect(db.run('INCR', 'k')).to.equal(1);
    expect(db.run('TTL', 'k')).to.equal(-1);
    expect(db.replayed().run('GET', 'k')).to.equal('1');
  });

  describe('INCRBYFLOAT', () => {
    it('adds as a long double does', () => {
      expect(db.wire('INCRBYFLOAT', 'k', '0.1')).to.equal('$3\r\n0.1\r\n');
      expect(db.run('INCRBYFLOAT', 'k', '0.2')).to.equal('0.3');
      expect(db.run('INCRBYFLOAT', 'k', '-5e3')).to.equal('-4999.70000000000000018');
      expect(db.run('GET', 'k')).to.equal('-4999.70000000000000018');
    });

    it('refuses what is no number, and what would be none', () => {
      for (const text of ['x', '', ' 1', '1 ', 'nan']) {
        expect(db.error('INCRBYFLOAT', 'none', text), text).to.equal('ERR value is not a valid float');
      }
      db.run('SET', 'k', 'abc');
      expect(db.error('INCRBYFLOAT', 'k', '1')).to.equal('ERR value is not a valid float');
      db.run('SET', 'k', '1');
      expect(db.error('INCRBYFLOAT', 'k', '+inf')).to.equal('ERR increment would produce NaN or Infinity');
      expect(db.run('GET', 'k')).to.equal('1');
    });
  });
});
