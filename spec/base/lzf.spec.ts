import { expect } from 'chai';
import fc from 'fast-check';
import { lzfCompress, lzfDecompress, lzfExpansionMax } from '../../lib/base/lzf.js';

/** Texts that repeat themselves, near and far. */
const repetitive = fc
  .array(fc.oneof(fc.constantFrom('abc', 'the quick ', '\0\0\0\0', 'x'.repeat(300)), fc.string({ maxLength: 4 })), {
    maxLength: 120,
  })
  .map((parts) => Buffer.from(parts.join('')));
const distant = fc
  .tuple(fc.uint8Array({ minLength: 4, maxLength: 40 }), fc.integer({ min: 8100, max: 8300 }), fc.nat())
  .map(([part, gap, seed]) => Buffer.concat([part, noise(gap, seed), part, Buffer.alloc(20)]));
const sources = fc.oneof(
  repetitive,
  distant,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

function noise(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24));
}

function compress(source: Uint8Array, room = source.length * 2 + 16): Buffer | undefined {
  const target = Buffer.alloc(room);
  const length = lzfCompress(source, 0, source.length, target);
  return length === 0 ? undefined : target.subarray(0, length);
}

/** The length of a stream of literals only: a control byte for each 32. */
function compressedWithoutCopies(length: number): number {
  return length + Math.ceil(length / 32);
}

/** The dumb twin of lzfDecompress: pushes byte by byte, and throws where the stream makes no sense. */
function decompressByPushing(stream: Uint8Array): number[] {
  const output: number[] = [];
  const input = [...stream];
  const next = (): number => input.shift() ?? expect.fail('end');
  while (input.length > 0) {
    const control = next();
    if (control < 32) {
      for (let i = 0; i <= control; i++) output.push(next());
      continue;
    }
    const length = control >> 5 === 7 ? next() + 9 : (control >> 5) + 2;
    const from = output.length - (control % 32) * 256 - next() - 1;
    if (from < 0) expect.fail('reaches before the beginning');
    for (let i = 0; i < length; i++) output.push(output[from + i]);
  }
  return output;
}

describe('base/lzf', () => {
  it('lzfDecompress gives back what lzfCompress took', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const compressed = compress(source);
        fc.pre(compressed !== undefined);
        const target = Buffer.alloc(source.length);
        expect(lzfDecompress(compressed, 0, compressed.length, target)).to.equal(source.length);
        expect(target.equals(source)).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('lzfCompress says 0 when the room is too small, whatever room there is, and writes nothing outside', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(3), (source, skip) => {
        const full = compress(source)?.length ?? 0;
        for (let room = Math.max(0, full - 12); room < full + 12; room++) {
          const target = Buffer.alloc(room + 8, 0xee);
          const inside = Buffer.concat([Buffer.alloc(skip), source, Buffer.alloc(3)]);
          const length = lzfCompress(inside, skip, skip + source.length, target.subarray(0, room));
          expect(length).to.be.oneOf(room < full ? [0] : [0, full]);
          expect(target.subarray(room).equals(Buffer.alloc(8, 0xee))).to.equal(true);
          if (length > 0) expect(decompressByPushing(target.subarray(0, length))).to.deep.equal([...source]);
        }
      }),
    );
  });

  it('lzfCompress copies from 8192 bytes back, and no further', () => {
    const hasCopy = (distance: number): boolean => {
      const part = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
      // Numbers of two bytes, the first one large: no three bytes of them come twice.
      const filler = Buffer.alloc(distance - part.length + 4);
      for (let i = 0; i + 1 < filler.length; i += 2) filler.writeUInt16BE(0x8000 + i * 3, i);
      const source = Buffer.concat([part, filler.subarray(0, distance - part.length), part, Buffer.from([9, 10, 11])]);
      const length = compress(source)?.length ?? expect.fail();
      return length < compressedWithoutCopies(source.length);
    };
    expect([8190, 8191, 8192, 8193, 8194].map(hasCopy)).to.deep.equal([true, true, true, false, false]);
  });

  it('lzfCompress does not remember the source before', () => {
    const source = Buffer.from('abcabcabcabcabcabcabcabc');
    const first = compress(source);
    compress(Buffer.from(`zzabc${'abc'.repeat(50)}`));
    expect(compress(source)).to.deep.equal(first);
  });

  it('lzfDecompress of any bytes agrees with pushing byte by byte, or says -1', () => {
    const streams = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      repetitive.map((source) => new Uint8Array(compress(source) ?? [])),
    );
    fc.assert(
      fc.property(streams, fc.nat(300), (stream, room) => {
        let expected: number[] | undefined;
        try {
          expected = decompressByPushing(stream);
        } catch {
          expected = undefined;
        }
        const target = Buffer.alloc(room);
        const length = lzfDecompress(stream, 0, stream.length, target);
        if (expected === undefined || expected.length > room) expect(length).to.equal(-1);
        else expect([...target.subarray(0, length)]).to.deep.equal(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('lzfExpansionMax bounds what a stream can become', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (stream) => {
        const target = Buffer.alloc(20_000);
        expect(lzfDecompress(stream, 0, stream.length, target)).to.be.at.most(lzfExpansionMax(stream.length));
      }),
    );
    const longest = Buffer.from([0, 97, 0xe0, 0xff, 0, 0xe0, 0xff, 0]);
    expect(lzfDecompress(longest, 0, 8, Buffer.alloc(1000))).to.equal(1 + 264 + 264);
  });
});
