import { expect } from 'chai';
import fc from 'fast-check';
import {
  addToBitfield,
  bitfieldEnd,
  fitBitfield,
  getBitfield,
  parseBitfieldType,
  setBitfield,
  type BitfieldOverflow,
  type BitfieldType,
} from '../../lib/data/bitfield.js';

const types: fc.Arbitrary<BitfieldType> = fc.oneof(
  fc.integer({ min: 1, max: 64 }).map((width) => ({ signed: true, width })),
  fc.integer({ min: 1, max: 63 }).map((width) => ({ signed: false, width })),
);

const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt));

/** A 64-bit number in one of the two forms that the functions take. */
const int64Forms = fc
  .tuple(int64, fc.boolean())
  .map(([value, plain]) => (plain && Number.isSafeInteger(Number(value)) ? Number(value) : value));

/** The dumb twin: the string as one large number of which the field is a slice. */
function readBySpelling(bytes: Uint8Array, offset: number, { signed, width }: BitfieldType): bigint {
  const spelling = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const bits = BigInt(`0b${spelling.slice(offset, offset + width).padEnd(width, '0')}`);
  return signed ? BigInt.asIntN(width, bits) : bits;
}

/** The dumb twin of fitting: counts round the circle of 2^width values. */
function fitByCounting(exact: bigint, { signed, width }: BitfieldType, overflow: BitfieldOverflow): bigint | undefined {
  const turn = 2n ** BigInt(width);
  const min = signed ? -turn / 2n : 0n;
  const max = min + turn - 1n;
  if (exact >= min && exact <= max) return exact;
  if (overflow === 'fail') return undefined;
  if (overflow === 'sat') return exact > max ? max : min;
  return ((((exact - min) % turn) + turn) % turn) + min;
}

/** Numbers up to 53 bits, BigInt above. */
function expectForm(value: number | bigint | undefined, expected: bigint | undefined, width: number): void {
  expect(value).to.equal(expected !== undefined && width <= 53 ? Number(expected) : expected);
}

describe('data/bitfield', () => {
  it('parseBitfieldType takes i1 to i64 and u1 to u63, written plainly', () => {
    expect(parseBitfieldType('i64')).to.deep.equal({ signed: true, width: 64 });
    expect(parseBitfieldType('u63')).to.deep.equal({ signed: false, width: 63 });
    expect(parseBitfieldType('u1')).to.deep.equal({ signed: false, width: 1 });
    for (const text of ['u64', 'i65', 'i0', 'u0', 'i01', 'U8', 'I8', 'i', 'u', '8', 'i+8', 'u 8', 'i-1', 'u8 ', '']) {
      expect(parseBitfieldType(text), text).to.equal(undefined);
    }
  });

  it('getBitfield reads the slice of bits, zeros behind the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(120), types, fc.nat(3), (bytes, offset, type, before) => {
        const buffer = new Uint8Array(before + bytes.length + 20).fill(255);
        buffer.set(bytes, before);
        const value = getBitfield(buffer, before, before + bytes.length, offset, type);
        expectForm(value, readBySpelling(bytes, offset, type), type.width);
      }),
      { numRuns: 1000 },
    );
  });

  it('getBitfield takes offsets beyond 32 bits', () => {
    expect(getBitfield(Buffer.from('a'), 0, 1, 2 ** 32 + 4, { signed: false, width: 8 })).to.equal(0);
  });

  it('setBitfield writes what getBitfield reads, and no bit beside it', () => {
    fc.assert(
      fc.property(fc.nat(40), types, int64, fc.constantFrom(0, 255), fc.nat(3), (offset, type, value, fill, start) => {
        const buffer = Buffer.alloc(start + 24, fill);
        const fitted = fitBitfield(value, type, 'wrap') ?? expect.fail();
        setBitfield(buffer, start, offset, type, fitted);
        expect(getBitfield(buffer, start, start + bitfieldEnd(offset, type), offset, type)).to.equal(fitted);
        setBitfield(buffer, start, offset, type, fill === 0 ? 0 : type.signed ? -1 : 2n ** BigInt(type.width) - 1n);
        expect(buffer).to.deep.equal(Buffer.alloc(start + 24, fill));
      }),
      { numRuns: 1000 },
    );
  });

  it('addToBitfield wraps, saturates and fails as counting round the circle does', () => {
    const overflows = fc.constantFrom<BitfieldOverflow>('wrap', 'sat', 'fail');
    fc.assert(
      fc.property(types, int64, int64Forms, overflows, (type, seed, increment, overflow) => {
        const value = fitBitfield(seed, type, 'wrap') ?? expect.fail();
        const expected = fitByCounting(BigInt(value) + BigInt(increment), type, overflow);
        expectForm(addToBitfield(value, increment, type, overflow), expected, type.width);
      }),
      { numRuns: 2000 },
    );
  });

  it('addToBitfield draws the line at the limits of the type', () => {
    for (const width of [1, 2, 8, 31, 32, 33, 53]) {
      const unsignedMax = 2 ** width - 1;
      const signedMax = 2 ** (width - 1) - 1;
      const add = (signed: boolean, value: number, by: number) => addToBitfield(value, by, { signed, width }, 'fail');
      expect(add(false, unsignedMax, 0)).to.equal(unsignedMax);
      expect(add(false, unsignedMax, 1)).to.equal(undefined);
      expect(add(false, 0, -1)).to.equal(undefined);
      expect(add(true, signedMax, 0)).to.equal(signedMax);
      expect(add(true, signedMax, 1)).to.equal(undefined);
      expect(add(true, -signedMax, -1)).to.equal(-signedMax - 1);
      expect(add(true, -signedMax - 1, -1)).to.equal(undefined);
    }
  });

  it('fitBitfield wraps, saturates and fails as counting round the circle does, but for what Redis does otherwise', () => {
    const overflows = fc.constantFrom<BitfieldOverflow>('wrap', 'sat', 'fail');
    fc.assert(
      fc.property(types, int64Forms, overflows, (type, value, overflow) => {
        fc.pre(!type.signed || BigInt(value) > -(2n ** 62n));
        const exact = type.signed ? BigInt(value) : BigInt.asUintN(64, BigInt(value));
        expectForm(fitBitfield(value, type, overflow), fitByCounting(exact, type, overflow), type.width);
      }),
      { numRuns: 2000 },
    );
  });

  // As redis-server 7.0.15 answers to BITFIELD OVERFLOW SAT SET and a GET after it.
  it('fitBitfield saturates to the maximum where Redis takes a low value for a high one', () => {
    const fit = (signed: boolean, width: number, value: bigint) => fitBitfield(value, { signed, width }, 'sat');
    expect(fit(true, 12, -(2n ** 63n))).to.equal(2047);
    expect(fit(true, 12, -(2n ** 63n) + 2047n)).to.equal(2047);
    expect(fit(true, 12, -(2n ** 63n) + 2048n)).to.equal(-2048);
    expect(fit(true, 59, -(2n ** 63n))).to.equal(2n ** 58n - 1n);
    expect(fit(true, 64, -(2n ** 63n))).to.equal(-(2n ** 63n));
    expect(fit(false, 8, -1n)).to.equal(255);
  });
});
