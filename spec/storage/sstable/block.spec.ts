import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../../lib/base/errors.js';
import { RecordWriter } from '../../../lib/record/record-writer.js';
import { BLOCK_HEADER_BYTES, Block, BlockWriter, checkBlock, expandBlock } from '../../../lib/storage/sstable/block.js';
import { BlockMemory } from '../../../lib/storage/sstable/block-memory.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';
import { flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { sectionChecksum } from '../../../lib/storage/sstable/section-checksum.js';
import type { SpecRecord } from './tables.js';
import { ORIGIN, records, storedRecord, stringsOf } from './tables.js';

const SEED = 12345;
const OFFSET = 2 ** 33 + 64;
const PATH = '/tables/1.sst';
const compressions = fc.constantFrom<Compression>(Compression.NONE, Compression.SNAPPY);

function bytesOf({ key, entry }: SpecRecord): Buffer {
  const writer = new RecordWriter(ORIGIN);
  writer.entry(entry, key, 0, key.length);
  return Buffer.from(writer.buffer.subarray(0, writer.end));
}

/** The block of these records, as it is stored. */
function stored(
  list: readonly SpecRecord[],
  compression: Compression = Compression.NONE,
  writer = new BlockWriter(),
): Buffer {
  for (const record of list) {
    writer.add(storedRecord(record.position, flagsOf(record.entry), bytesOf(record)));
  }
  const target = Buffer.alloc(writer.byteLength + 3, 0xee);
  const end = writer.finish(target, 3, SEED, OFFSET, compression);
  return target.subarray(3, end);
}

/** Checks and opens a stored block, in memory with nothing around it. */
function open(bytes: Buffer, seed = SEED, offset = OFFSET): Block {
  const memory = new BlockMemory(bytes.length);
  memory.bytes.set(bytes);
  const block = new Block();
  const expandedBytes = checkBlock(memory, 0, bytes.length, seed, PATH, offset);
  if (expandedBytes === 0) {
    block.open(memory, 0, PATH, offset);
    return block;
  }
  const expanded = new BlockMemory(expandedBytes);
  expandBlock(memory, 0, bytes.length, expanded, 0, PATH, offset);
  block.open(expanded, 0, PATH, offset);
  return block;
}

function contentOf(block: Block): unknown[] {
  return Array.from({ length: block.count }, (_, i) => [
    block.position(i),
    block.flags(i),
    block.bytes.toString('hex', block.recordStart(i), block.recordEnd(i)),
  ]);
}

function expectedOf(list: readonly SpecRecord[]): unknown[] {
  return list.map((record) => [record.position, flagsOf(record.entry), bytesOf(record).toString('hex')]);
}

describe('Block', () => {
  it('gives back the records that were written, in order', () => {
    fc.assert(
      fc.property(records, compressions, (list, compression) => {
        const bytes = stored(list, compression);
        expect(bytes.length % 8).to.equal(0);
        expect(contentOf(open(bytes))).to.deep.equal(expectedOf(list));
      }),
      { numRuns: 300 },
    );
  });

  it('finds positions as a walk over all records does', () => {
    fc.assert(
      fc.property(records, fc.array(fc.oneof(fc.nat(6), fc.maxSafeInteger())), (list, others) => {
        const block = open(stored(list));
        for (const position of [...list.map((record) => record.position), ...others]) {
          const lower = list.filter((record) => record.position < position).length;
          expect(block.lowerBound(position)).to.equal(lower);
          expect(block.find(position)).to.equal(list[lower]?.position === position ? lower : -1);
        }
      }),
    );
  });

  it('finds every key at its position, and no other', () => {
    fc.assert(
      fc.property(records, fc.uint8Array({ maxLength: 3 }), (list, name) => {
        const block = open(stored(list));
        const other = Buffer.from(name);
        list.forEach(({ position, key }, i) => {
          expect(block.findKey(position, Buffer.concat([Buffer.from('.'), key]), 1, 1 + key.length)).to.equal(i);
          const found = list.findIndex((record) => record.position === position && record.key.equals(other));
          expect(block.findKey(position, other, 0, other.length)).to.equal(found);
          expect(block.findKey(position + 1, key, 0, key.length)).to.equal(
            list.findIndex((record) => record.position === position + 1 && record.key.equals(key)),
          );
          const { start, end } = block.keyOf(i);
          expect(block.bytes.subarray(start, end).equals(key)).to.equal(true);
        });
      }),
    );
  });

  it('tells long keys apart', () => {
    const entry = stringsOf(1, 5, 1)[0].entry;
    const keys = ['a', 'b', 'c'].map((last) => Buffer.from('k'.repeat(1000) + last));
    const block = open(stored(keys.map((key) => ({ position: 7, key, entry }))));
    expect(keys.map((key) => block.findKey(7, key, 0, key.length))).to.deep.equal([0, 1, 2]);
  });

  it('refuses any bit that is not as it was written, and a block that stands elsewhere', () => {
    for (const compression of [Compression.NONE, Compression.SNAPPY]) {
      const bytes = stored(stringsOf(5, 0, 1), compression);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        expect(() => open(damaged)).to.throw(CorruptionError, `${PATH}: at offset ${OFFSET}: `);
      }
      expect(() => open(bytes, SEED, OFFSET + 64)).to.throw(CorruptionError, 'does not fit its checksum');
      expect(() => open(bytes, SEED + 1)).to.throw(CorruptionError, 'does not fit its checksum');
    }
  });

  it('reads or refuses garbage that has the right checksum, and never goes beyond it', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const cut = fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, { arbitrary: fc.nat(200), weight: 1 });
    fc.assert(
      fc.property(records, compressions, mutations, cut, (list, compression, changes, missing) => {
        const whole = stored(list.slice(0, 4), compression);
        const bytes = Buffer.from(whole.subarray(0, Math.max(BLOCK_HEADER_BYTES, whole.length - missing)));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        bytes.writeUInt32LE(sectionChecksum(SEED, OFFSET, bytes, 4, bytes.length), 0);
        try {
          const block = open(bytes);
          for (let i = 0; i < block.count; i++) {
            expect(block.recordStart(i)).to.be.within(BLOCK_HEADER_BYTES, block.recordEnd(i) - 1);
            expect(block.recordEnd(i)).to.be.at.most(block.bytes.length);
            expect(block.position(i)).to.be.within(i === 0 ? 0 : block.position(i - 1), Number.MAX_SAFE_INTEGER);
          }
          for (let i = 0; i < block.count; i++) expect(block.keyOf(i).end).to.be.at.most(block.recordEnd(i));
        } catch (error) {
          expect(error).to.be.instanceOf(CorruptionError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('says that a newer ringkv wrote a compression that it does not know', () => {
    const bytes = stored(stringsOf(5, 0, 1));
    bytes[4] = 9;
    bytes.writeUInt32LE(sectionChecksum(SEED, OFFSET, bytes, 4, bytes.length), 0);
    expect(() => open(bytes)).to.throw(CorruptionError, 'compression 9: written by a newer ringkv?');
  });
});

describe('BlockWriter', () => {
  it('leaves nothing of a block in the next one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(records, compressions), { minLength: 2, maxLength: 4 }), (blocks) => {
        const writer = new BlockWriter();
        for (const [list, compression] of blocks) {
          expect(contentOf(open(stored(list, compression, writer)))).to.deep.equal(expectedOf(list));
        }
      }),
    );
  });

  it('has room as long as the block stays within the limit, and always for a first record', () => {
    const writer = new BlockWriter();
    const bytes = Buffer.alloc(5000);
    expect(writer.hasRoom(bytes.length, 1000)).to.equal(true);
    let count = 0;
    for (; writer.hasRoom(90, 1000); count++) writer.add(storedRecord(count, 0, bytes.subarray(0, 90)));
    // 16 bytes, and for each record 12 besides its own.
    expect(count).to.equal(Math.floor((1000 - 16) / 102));
    expect(writer.byteLength).to.be.within(1000 - 102, 1000);
    expect(writer.hasRoom(0, 1000)).to.equal(writer.byteLength + 12 <= 1000);
  });

  it('stores plainly what hardly shrinks', () => {
    const random = stored(stringsOf(20, 100, 1), Compression.SNAPPY);
    expect(random[4]).to.equal(Compression.NONE);
    const same = stringsOf(20, 100, 1).map((record) => ({ ...record, entry: stringsOf(1, 100, 2)[0].entry }));
    const compressed = stored(same, Compression.SNAPPY);
    expect(compressed[4]).to.equal(Compression.SNAPPY);
    expect(compressed.length).to.be.below(stored(same).length / 2);
  });
});
