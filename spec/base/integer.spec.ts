import { expect } from 'chai';
import fc from 'fast-check';
import { int64Of, integerLength, parseInteger, parseInteger64, writeInteger } from '../../lib/base/integer.js';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The dumb twin: a pattern and BigInt. */
function parseBySpelling(text: string): bigint | undefined {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** Both parsers on `text` inside of other digits, which must not be read. */
function parseInside(text: string): { safe: number; wide: bigint | undefined } {
  const bytes = Buffer.from(`-9${text}9`, 'latin1');
  return { safe: parseInteger(bytes, 2, 2 + text.length), wide: parseInteger64(bytes, 2, 2 + text.length) };
}

function write(value: number): string {
  const target = Buffer.alloc(24, '#');
  const end = writeInteger(value, target, 3);
  expect(target.toString('latin1', 0, 3) + target.toString('latin1', end)).to.equal('#'.repeat(24 - end + 3));
  expect(end - 3).to.equal(integerLength(value));
  return target.toString('latin1', 3, end);
}

const almostIntegers = fc.oneof(
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.integer().map(String),
  fc.maxSafeInteger().map(String),
  fc.stringMatching(/^[-+ 0-9a:/.]{0,5}$/),
  fc.stringMatching(/^-?[0-9]{1,25}$/),
);

// What redis-server 7.0.15 answers to DECRBY key 0 with each of these as the value.
const redisAccepts = ['0', '1', '-1', '-10', '9007199254740993', '9223372036854775807', '-9223372036854775808'];
const redisRefuses = [
  ...['', '-0', '00', '01', '-01', '+1', ' 1', '1 ', '1\0', '-', '--1', '1:', '1/', '1e3', '1.0', '0x10', '10_0'],
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551616', '123456789012345678901234567890'],
];

describe('base/integer', () => {
  it('parseInteger64 reads what Redis takes for an integer, and nothing else', () => {
    for (const text of redisAccepts) expect(parseInside(text).wide, text).to.equal(BigInt(text));
    for (const text of redisRefuses) expect(parseInside(text).wide, text).to.equal(undefined);
  });

  it('parseInteger64 agrees with a pattern and BigInt', () => {
    fc.assert(
      fc.property(almostIntegers, (text) => {
        expect(parseInside(text).wide).to.equal(parseBySpelling(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('parseInteger gives the same for safe integers and NaN for the rest', () => {
    const limits = [0, 1, 2].flatMap((n) => [2n ** 53n - BigInt(n), BigInt(n) - 2n ** 53n, 2n ** 53n + BigInt(n)]);
    fc.assert(
      fc.property(fc.oneof(almostIntegers, fc.constantFrom(...limits.map(String))), (text) => {
        const value = Number(parseBySpelling(text) ?? NaN);
        expect(parseInside(text).safe).to.deep.equal(Number.isSafeInteger(value) ? value : NaN);
      }),
      { numRuns: 2000 },
    );
  });

  it('writeInteger writes what String makes, in integerLength bytes', () => {
    const nearBillions = fc
      .tuple(fc.integer({ min: -9_007_199, max: 9_007_199 }), fc.integer({ min: -2, max: 2 }))
      .map(([billions, off]) => billions * 1e9 + off);
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), nearBillions), (value) => {
        expect(write(value)).to.equal(String(value));
      }),
      { numRuns: 5000 },
    );
  });

  it('writeInteger writes every power of ten and its neighbours', () => {
    for (let power = 1; power < Number.MAX_SAFE_INTEGER; power *= 10) {
      for (const value of [power - 1, power, power + 1]) {
        expect(write(value)).to.equal(String(value));
        expect(write(-value)).to.equal(String(-value));
      }
    }
    expect(write(Number.MAX_SAFE_INTEGER)).to.equal('9007199254740991');
    expect(write(Number.MIN_SAFE_INTEGER)).to.equal('-9007199254740991');
    expect(write(-0)).to.equal('0');
  });

  it('int64Of cuts as C does', () => {
    expect([1.9, -1.9, -0, 2 ** 60, -(2 ** 63)].map(int64Of)).to.deep.equal([1n, -1n, 0n, 2n ** 60n, -(2n ** 63n)]);
    expect([2 ** 63, Infinity, -Infinity, NaN].map(int64Of)).to.deep.equal(Array(4).fill(-(2n ** 63n)));
  });
});
