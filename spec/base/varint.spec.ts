import { expect } from 'chai';
import fc from 'fast-check';
import { VARINT_BYTES_MAX, VarintReader, varintLength, writeVarint } from '../../lib/base/varint.js';

const GUARD = 0xa5;

/** Every length of a varint and its borders; then anything. */
const borders = Array.from({ length: 8 }, (_, i) => 2 ** (7 * i)).flatMap((value) => [value - 1, value, value + 1]);
const values = fc.oneof(
  fc.constantFrom(...borders, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.nat(),
  fc.maxSafeNat(),
);

/** The dumb twin. */
function encode(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest % 128n) + (rest >= 128n ? 128 : 0));
    rest /= 128n;
  } while (rest > 0n);
  return bytes;
}

function readerOf(bytes: readonly number[], end = bytes.length): VarintReader {
  const reader = new VarintReader();
  reader.buffer = Uint8Array.from(bytes);
  reader.end = end;
  return reader;
}

describe('writeVarint', () => {
  it('writes seven bits a byte, low ones first, and nothing beyond', () => {
    fc.assert(
      fc.property(values, fc.nat(5), (value, at) => {
        const target = new Uint8Array(at + VARINT_BYTES_MAX + 1).fill(GUARD);
        const expected = encode(value);
        const end = writeVarint(target, at, value);
        expect([...target.subarray(at, end)]).to.deep.equal(expected);
        expect(target.subarray(0, at).every((byte) => byte === GUARD)).to.equal(true);
        expect(target.subarray(end).every((byte) => byte === GUARD)).to.equal(true);
        expect(varintLength(value)).to.equal(expected.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('VarintReader', () => {
  it('reads what was written, one after the other', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 20 }), (list) => {
        const reader = readerOf(list.flatMap(encode));
        for (const value of list) expect(reader.read()).to.equal(value);
        expect([reader.offset, reader.failed]).to.deep.equal([reader.end, false]);
      }),
    );
  });

  it('fails at the end of its range, though the buffer goes on', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value);
        const reader = readerOf([...bytes, 1, 1], bytes.length - 1);
        expect([reader.read(), reader.failed]).to.deep.equal([0, true]);
        expect(reader.offset).to.be.at.most(reader.end);
      }),
    );
  });

  it('fails on a number that does not end, and on one above 2^53 - 1', () => {
    for (const bytes of [new Array<number>(9).fill(0x80), [...new Array<number>(7).fill(0xff), 0x10]]) {
      const reader = readerOf([...bytes, 0, 0]);
      expect([reader.read(), reader.failed], String(bytes)).to.deep.equal([0, true]);
    }
    const largest = readerOf([...new Array<number>(7).fill(0xff), 0x0f]);
    expect([largest.read(), largest.failed]).to.deep.equal([Number.MAX_SAFE_INTEGER, false]);
  });

  it('reads any bytes without going beyond them, and says a safe integer or fails', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const reader = readerOf([...bytes]);
        while (!reader.failed && reader.offset < reader.end) {
          const value = reader.read();
          expect(Number.isSafeInteger(value) && value >= 0).to.equal(true);
          expect(reader.offset).to.be.at.most(reader.end);
        }
      }),
    );
  });
});
