import { expect } from 'chai';
import fc from 'fast-check';
import { bitCount, bitCountBetween, bitNot, bitOp, bitPosition, type BitOperation } from '../../lib/data/bits.js';

/** The dumb twin of a string of bits: one character a bit. */
function spell(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
}

/** Bytes of all kinds, long enough now and then for the words of bits.ts, with long runs of equal bits. */
const strings = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc
    .tuple(fc.constantFrom(0, 255), fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(255))
    .map(([fill, length, at, byte]) => new Uint8Array(length).fill(fill).fill(byte, at % length, (at % length) + 1)),
  fc.uint8Array({ minLength: 250, maxLength: 600 }),
);

/** `bytes` somewhere inside a larger buffer of ones, so that reading outside shows. */
function embed(bytes: Uint8Array, before: number): { buffer: Uint8Array; start: number; end: number } {
  const buffer = new Uint8Array(before + bytes.length + 9).fill(255);
  buffer.set(bytes, before);
  return { buffer, start: before, end: before + bytes.length };
}

/** A string, and two of its bits in order. */
const ranges = fc.tuple(strings, fc.nat(), fc.nat(), fc.nat(7)).map(([bytes, x, y, before]) => {
  const bits = [x % (bytes.length * 8), y % (bytes.length * 8)].sort((a, b) => a - b);
  return { bytes, first: bits[0], last: bits[1], before };
});

describe('data/bits', () => {
  it('bitCount counts the ones that a spelling of the bits has', () => {
    fc.assert(
      fc.property(strings, fc.nat(7), (bytes, before) => {
        const { buffer, start, end } = embed(bytes, before);
        expect(bitCount(buffer, start, end)).to.equal(spell(bytes).replaceAll('0', '').length);
      }),
      { numRuns: 300 },
    );
  });

  it('bitCountBetween counts the ones from one bit to another', () => {
    fc.assert(
      fc.property(ranges, ({ bytes, first, last, before }) => {
        const { buffer, start } = embed(bytes, before);
        const expected = spell(bytes)
          .slice(first, last + 1)
          .replaceAll('0', '').length;
        expect(bitCountBetween(buffer, start, first, last)).to.equal(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('bitPosition finds what indexOf finds in a spelling of the bits', () => {
    fc.assert(
      fc.property(ranges, fc.constantFrom<0 | 1>(0, 1), ({ bytes, first, last, before }, bit) => {
        const { buffer, start } = embed(bytes, before);
        const expected = spell(bytes)
          .slice(0, last + 1)
          .indexOf(String(bit), first);
        expect(bitPosition(buffer, start, first, last, bit)).to.equal(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('bitPosition stops at the last bit, whatever lies behind it', () => {
    for (const bit of [0, 1] as const) {
      for (let last = 0; last < 100; last++) {
        // Before and behind the range all bits are the wanted one, inside none is.
        const wanted = String(bit);
        const spelling = wanted.repeat(5) + String(1 - bit).repeat(last + 1) + wanted.repeat(90);
        const bytes = Uint8Array.from(spelling.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
        expect(bitPosition(bytes, 0, 5, last + 5, bit)).to.equal(-1);
        expect(bitPosition(bytes, 0, 5, last + 6, bit)).to.equal(last + 6);
        const same = new Uint8Array(40).fill(bit === 1 ? 0 : 255);
        expect(bitPosition(same, 0, 5, last + 5, bit)).to.equal(-1);
      }
    }
  });

  it('bitOp and bitNot do to each byte what JS does, and touch nothing else', () => {
    const compute: Record<BitOperation, (a: number, b: number) => number> = {
      and: (a, b) => a & b,
      or: (a, b) => a | b,
      xor: (a, b) => a ^ b,
    };
    const operations = fc.constantFrom<BitOperation>('and', 'or', 'xor');
    fc.assert(
      fc.property(operations, strings, strings, fc.nat(7), fc.nat(7), (operation, one, other, before, shift) => {
        const [source, target] = one.length < other.length ? [one, other] : [other, one];
        const to = embed(target, before);
        const from = embed(source, shift);
        bitOp(operation, to.buffer, to.start, to.end, from.buffer, from.start, from.end);
        const combined = target.map((byte, i) => compute[operation](byte, source[i] ?? 0));
        expect(to.buffer).to.deep.equal(embed(combined, before).buffer);
        bitNot(to.buffer, to.start, to.end);
        expect(to.buffer).to.deep.equal(
          embed(
            combined.map((byte) => 255 - byte),
            before,
          ).buffer,
        );
      }),
      { numRuns: 300 },
    );
  });
});
