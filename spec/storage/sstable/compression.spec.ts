import { expect } from 'chai';
import fc from 'fast-check';

import { Compression, compress, expand } from '../../../lib/storage/sstable/compression.js';

const { NONE, SNAPPY } = Compression;

describe('compress', () => {
  it('gives what expand makes the same again, at most 7/8 as long', () => {
    const bytes = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(bytes, ([part, times]) => {
        const whole = Buffer.concat(Array.from({ length: times }, () => part));
        const compressed = compress(SNAPPY, whole);
        if (compressed === undefined) return;
        expect(compressed.length).to.be.at.most(whole.length * (7 / 8));
        expect(whole.equals(expand(SNAPPY, compressed, whole.length) ?? Buffer.alloc(0))).to.equal(true);
      }),
    );
  });

  it('gives nothing where nothing is gained, or nothing is wanted', () => {
    expect(compress(SNAPPY, Buffer.from('abcdefgh'))).to.equal(undefined);
    expect(compress(NONE, Buffer.alloc(1000))).to.equal(undefined);
  });
});

describe('expand', () => {
  const whole = Buffer.alloc(1000, 'ab');
  const compressed = Buffer.from(compress(SNAPPY, whole) ?? []);

  it('refuses what is of another length, and other compressions', () => {
    expect(expand(SNAPPY, compressed, 1000)?.length).to.equal(1000);
    expect(expand(SNAPPY, compressed, 999)).to.equal(undefined);
    expect(expand(SNAPPY, compressed, 1001)).to.equal(undefined);
    expect(expand(7, compressed, 1000)).to.equal(undefined);
    expect(expand(SNAPPY, Buffer.alloc(0), 0)).to.equal(undefined);
  });

  it('takes no more memory than the bytes can stand for', () => {
    // A length of 2^31, and one element.
    expect(expand(SNAPPY, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08, 0, 97]), 2 ** 31)).to.equal(undefined);
  });

  it('expands or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(compressed);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const expanded = expand(SNAPPY, bytes, 1000);
        if (expanded !== undefined) expect(expanded.length).to.equal(1000);
      }),
      { numRuns: 1000 },
    );
  });
});
