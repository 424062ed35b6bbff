import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../../lib/base/errors.js';
import { BlockMemory } from '../../../lib/storage/sstable/block-memory.js';
import { sectionChecksum } from '../../../lib/storage/sstable/section-checksum.js';
import { TableIndex, TableIndexWriter } from '../../../lib/storage/sstable/table-index.js';

const SEED = 7;
const OFFSET = 2 ** 20;
const PATH = '/tables/1.sst';
const BLOCK_BYTES = 64;

/** The index of blocks that hold these positions; all blocks are of one length. */
function encoded(blocks: readonly number[][]): Buffer {
  const writer = new TableIndexWriter();
  blocks.forEach((positions, i) => writer.add(positions[0], i * BLOCK_BYTES, blocks[i - 1]?.at(-1) === positions[0]));
  const bytes = Buffer.alloc(writer.byteLength, 0xee);
  writer.encode(bytes, 0, SEED, OFFSET, blocks.length * BLOCK_BYTES);
  return bytes;
}

function decoded(bytes: Buffer, dataBytes: number, offset = OFFSET): TableIndex {
  const memory = new BlockMemory(bytes.length + 8);
  memory.bytes.set(bytes, 8);
  return TableIndex.decode(memory, 8, bytes.length, SEED, PATH, offset, dataBytes);
}

const blocksOf = fc
  .tuple(
    fc.array(fc.oneof(fc.nat(12), fc.maxSafeInteger().map(Math.abs)), { minLength: 1 }),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([positions, cuts]) => {
    const blocks: number[][] = [];
    for (const position of positions.sort((a, b) => a - b)) {
      const last = blocks.at(-1);
      if (last === undefined || cuts.next().value === true) blocks.push([position]);
      else last.push(position);
    }
    return blocks;
  });

describe('TableIndex', () => {
  it('leads to the blocks that hold a position, and to no other', () => {
    fc.assert(
      fc.property(blocksOf, (blocks) => {
        const index = decoded(encoded(blocks), blocks.length * BLOCK_BYTES);
        for (const position of blocks.flat()) {
          expect(index.firstBlockOf(position)).to.equal(blocks.findIndex((list) => list.includes(position)));
          expect(index.lastBlockOf(position)).to.equal(blocks.findLastIndex((list) => list.includes(position)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leads to one block where a position would be that is not there, to none in front of all', () => {
    fc.assert(
      fc.property(blocksOf, fc.nat(15), (blocks, position) => {
        if (blocks.flat().includes(position)) return;
        const index = decoded(encoded(blocks), blocks.length * BLOCK_BYTES);
        const block = blocks.findLastIndex((list) => list[0] < position);
        expect([index.firstBlockOf(position), index.lastBlockOf(position)]).to.deep.equal([block, block]);
      }),
    );
  });

  it('knows where blocks are, beyond 4 GiB too', () => {
    const writer = new TableIndexWriter();
    const offsets = [0, 8192, 2 ** 32 + 8, 2 ** 33];
    offsets.forEach((offset, i) => writer.add(i, offset, false));
    const bytes = Buffer.alloc(writer.byteLength);
    writer.encode(bytes, 0, SEED, OFFSET, 2 ** 33 + 800);
    const index = decoded(bytes, 2 ** 33 + 800);
    expect(offsets.map((_, i) => index.offsetOf(i))).to.deep.equal(offsets);
    expect([0, 1, 3].map((i) => index.lengthOf(i))).to.deep.equal([8192, 2 ** 32 + 8 - 8192, 800]);
  });

  it('holds more blocks than it first has room for', () => {
    const blocks = Array.from({ length: 5000 }, (_, i) => [i * 3]);
    const index = decoded(encoded(blocks), blocks.length * BLOCK_BYTES);
    expect(index.blockCount).to.equal(5000);
    expect(blocks.every(([position], i) => index.firstBlockOf(position) === i)).to.equal(true);
  });

  it('refuses any bit that is not as it was written, and a section that stands elsewhere', () => {
    const bytes = encoded([[1], [2, 5], [5]]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(() => decoded(damaged, 192)).to.throw(CorruptionError, `${PATH}: at offset ${OFFSET}: the index`);
    }
    expect(() => decoded(bytes, 192, OFFSET + 8)).to.throw(CorruptionError, 'does not fit its checksum');
    expect(() => decoded(bytes.subarray(0, 4), 192)).to.throw(CorruptionError, 'shorter than its header');
    expect(() => decoded(bytes, 256)).to.throw(CorruptionError, 'the index is not that of the data blocks');
  });

  it('refuses garbage that has the right checksum, or leads to places inside of the data', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(blocksOf, mutations, (blocks, changes) => {
        const bytes = encoded(blocks);
        const dataBytes = blocks.length * BLOCK_BYTES;
        for (const [at, byte] of changes) bytes[4 + (at % (bytes.length - 4))] = byte;
        bytes.writeUInt32LE(sectionChecksum(SEED, OFFSET, bytes, 4, bytes.length), 0);
        try {
          const index = decoded(bytes, dataBytes);
          for (let block = 0; block < index.blockCount; block++) {
            expect(index.offsetOf(block)).to.be.within(0, dataBytes - index.lengthOf(block));
            expect(index.lengthOf(block)).to.be.at.least(16);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(CorruptionError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
