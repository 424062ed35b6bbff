import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../../lib/base/errors.js';
import { SLOT_SPAN } from '../../../lib/base/position.js';
import { BlockMemory } from '../../../lib/storage/sstable/block-memory.js';
import { BloomFilter } from '../../../lib/storage/sstable/bloom-filter.js';
import { sectionChecksum } from '../../../lib/storage/sstable/section-checksum.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const SEED = 99;
const OFFSET = 8000;
const PATH = '/tables/1.sst';

function mayHold(filter: BloomFilter, position: number): boolean {
  return filter.mayHold(Math.floor(position / 2 ** 32), position | 0) === 1;
}

function encoded(filter: BloomFilter): Buffer {
  const bytes = Buffer.alloc(filter.byteLength);
  filter.encode(bytes, 0, SEED, OFFSET);
  return bytes;
}

function decoded(bytes: Buffer, offset = OFFSET): BloomFilter {
  const memory = new BlockMemory(bytes.length + 8);
  memory.bytes.set(bytes, 8);
  return BloomFilter.decode(memory, 8, bytes.length, SEED, PATH, offset);
}

/** How often a filter of `count` positions says maybe of others. */
function falsePositiveRate(count: number, bitsPerKey: number, draw: () => number): number {
  const filter = BloomFilter.of(Float64Array.from({ length: count }, draw), count, bitsPerKey);
  const asked = 200_000;
  let yes = 0;
  for (let i = 0; i < asked; i++) if (mayHold(filter, draw())) yes++;
  return yes / asked;
}

describe('BloomFilter', () => {
  it('never says no to a position that it holds, stored and read again too', () => {
    const positions = fc.oneof(fc.maxSafeInteger().map(Math.abs), fc.nat(), fc.constantFrom(0, 2 ** 32, 2 ** 53 - 1));
    fc.assert(
      fc.property(
        fc.array(positions, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 24 }),
        (list, bits) => {
          const filter = BloomFilter.of(Float64Array.from(list), list.length, bits);
          const again = decoded(encoded(filter));
          for (const position of list) {
            expect(mayHold(filter, position)).to.equal(true);
            expect(mayHold(again, position)).to.equal(true);
          }
        },
      ),
    );
  });

  const rates = [
    { bits: 10, most: 0.012 },
    { bits: 12, most: 0.006 },
    { bits: 16, most: 0.0015 },
  ];
  for (const { bits, most } of rates) {
    it(`says maybe of at most ${most * 100} % of other positions with ${bits} bits a key`, () => {
      const random = new SeededRandom(bits);
      const anywhere = (): number => (random.uint32() % 2 ** 21) * 2 ** 32 + random.uint32();
      expect(falsePositiveRate(100_000, bits, anywhere)).to.be.within(most / 10, most);
      // One hash tag: the upper 14 bits are the same.
      const inSlot = (): number => 5000 * SLOT_SPAN + (random.uint32() % 128) * 2 ** 32 + random.uint32();
      expect(falsePositiveRate(100_000, bits, inSlot)).to.be.within(most / 10, most);
    });
  }

  it('refuses any bit that is not as it was written, and a section that stands elsewhere', () => {
    const bytes = encoded(BloomFilter.of(Float64Array.from([1, 2, 3]), 3, 10));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(() => decoded(damaged)).to.throw(CorruptionError, `${PATH}: at offset ${OFFSET}: the bloom filter`);
    }
    expect(() => decoded(bytes, OFFSET + 8)).to.throw(CorruptionError, 'does not fit its checksum');
    expect(() => decoded(bytes.subarray(0, 8))).to.throw(CorruptionError, 'shorter than its header');
  });

  it('refuses a header that makes no sense, whatever its checksum', () => {
    const bytes = encoded(BloomFilter.of(Float64Array.from([1, 2, 3]), 3, 10));
    for (const [at, value] of [
      [4, 0],
      [4, 17],
      [8, 0],
      [8, 2],
      [8, 2 ** 32 - 1],
    ]) {
      const other = Buffer.from(bytes);
      other.writeUInt32LE(value, at);
      other.writeUInt32LE(sectionChecksum(SEED, OFFSET, other, 4, other.length), 0);
      expect(() => decoded(other)).to.throw(CorruptionError, 'lines and');
    }
  });
});
