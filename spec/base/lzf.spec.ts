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

  it('lzfCompress writes into part of a buffer only, and says 0 when the room is too small', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(400), (source, room) => {
        const target = Buffer.alloc(room + 8, 0xee);
        const length = lzfCompress(source, 0, source.length, target.subarray(0, room));
        expect(length).to.be.at.most(room);
        expect(target.subarray(room).equals(Buffer.alloc(8, 0xee))).to.equal(true);
        if (length > 0) expect(decompressByPushing(target.subarray(0, length))).to.deep.equal([...source]);
      }),
    );
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
