import { expect } from 'chai';
import fc from 'fast-check';
import { formatDouble, parseDouble } from '../../lib/base/double.js';

/** The dumb twin of formatDouble for numbers of plain size: the exact decimal expansion, rounded by hand as C does. */
function formatByExpansion(value: number): string {
  const sign = value < 0 ? '-' : '';
  const [whole, fraction] = exactDecimal(Math.abs(value)).split('.');
  const digits = whole + fraction;
  const first = digits.search(/[1-9]/);
  const kept = BigInt(digits.slice(first, first + 17));
  const rest = digits.slice(first + 17);
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`;
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  // Put the point back where it was: `whole.length - first` digits belong before it (fewer than none: zeros after it).
  const rounded = String(up ? kept + 1n : kept).padEnd(17, '0');
  const point = whole.length - first;
  const text = point > 0 ? `${rounded.slice(0, point)}.${rounded.slice(point)}` : `0.${'0'.repeat(-point)}${rounded}`;
  return sign + text.replace(/0+$/, '').replace(/\.$/, '');
}

/** All digits of a positive double, at least 40 of them after the point. */
function exactDecimal(value: number): string {
  let scale = 0;
  while (!Number.isInteger(value * 2 ** scale)) scale++;
  const places = Math.max(scale, 40);
  const digits = ((BigInt(value * 2 ** scale) * 10n ** BigInt(places)) >> BigInt(scale)).toString();
  const padded = digits.padStart(places + 1, '0');
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

// What redis-server 7.0.15 answers to ZSCORE after ZADD with each of these.
const redisScores: Record<string, string> = {
  '0.1': '0.10000000000000001',
  '3': '3',
  '1e22': '1e+22',
  '1e17': '1e+17',
  '99999999999999999': '1e+17',
  '123456789012345680': '1.2345678901234568e+17',
  '0.0001': '0.0001',
  '1e-5': '1.0000000000000001e-05',
  '1.5e300': '1.5000000000000001e+300',
  '4.9e-324': '4.9406564584124654e-324',
  '1.7976931348623158e308': '1.7976931348623157e+308',
  // Half way between two decimals of 17 digits: to the even one.
  '1353622228161335.25': '1353622228161335.2',
  '19087659472512.5625': '19087659472512.562',
  '9007199254740993': '9007199254740992',
  inf: 'inf',
  '-iNfInItY': '-inf',
  '+inf': 'inf',
  '0x10': '16',
  '-0X1P+3': '-8',
  '0x.8p-2': '0.125',
  '0x1.8p-1074': '9.8813129168249309e-324',
  '0x1.fffffffffffff7p1023': '1.7976931348623157e+308',
  '1.': '1',
  '.5': '0.5',
  '+1.e2': '100',
  '-0': '-0',
};

const redisRefuses = [
  ...['', 'nan', 'nan(1)', ' 1', '1 ', '1\0', '.', '-', '+', '--1', '1e', '1e+', '.e5', '0x', '0x.p1', '0x1p', 'infi'],
  ...['1,5', '1d5', '1f', '1e400', '-1e400', '1e-400', '2.47e-324', '0x1p-1075', '0x1p1024', '0x1.fffffffffffff8p1023'],
];

describe('base/double', () => {
  it('parseDouble reads and formatDouble writes scores as Redis does', () => {
    for (const [text, score] of Object.entries(redisScores)) {
      expect(formatDouble(parseDouble(text)), text).to.equal(score);
    }
  });

  it('parseDouble refuses what Redis refuses, overflow and underflow to zero included', () => {
    for (const text of redisRefuses) expect(parseDouble(text), JSON.stringify(text)).to.deep.equal(NaN);
    expect(parseDouble('0e-400')).to.equal(0);
    expect(parseDouble('-0x0p99999999999')).to.equal(-0);
  });

  it('parseDouble reads a hexadecimal number to the nearest double', () => {
    const bits = fc.bigInt({ min: 1n, max: 2n ** 90n });
    fc.assert(
      fc.property(bits, fc.integer({ min: -60, max: 60 }), (digits, power) => {
        // Number(BigInt) rounds half to even too, and scaling by a power of two is exact in this range.
        expect(parseDouble(`0x${digits.toString(16)}p${power}`)).to.equal(Number(digits) * 2 ** power);
      }),
    );
  });

  it('formatDouble writes what reads back to the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parseDouble(formatDouble(value))).to.equal(value);
      }),
      { numRuns: 2000 },
    );
    expect(formatDouble(NaN)).to.equal('nan');
  });

  it('formatDouble rounds the exact expansion to 17 digits, half to even', () => {
    const ties = fc
      .tuple(fc.bigInt({ min: 2n ** 50n, max: 2n ** 53n }), fc.integer({ min: 1, max: 25 }))
      .map(([mantissa, shift]) => Number(mantissa) / 2 ** shift);
    const plain = fc.double({ min: 1e-4, max: 9e16, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(ties, plain), fc.boolean(), (magnitude, negative) => {
        const value = negative ? -magnitude : magnitude;
        expect(formatDouble(value)).to.equal(formatByExpansion(value));
      }),
      { numRuns: 2000 },
    );
  });
});
