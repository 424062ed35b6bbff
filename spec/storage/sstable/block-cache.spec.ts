import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import type { ReadableFile } from '../../../lib/host/ports.js';
import { frameSeed } from '../../../lib/storage/log/aof-frame.js';
import type { Block } from '../../../lib/storage/sstable/block.js';
import type { BlockSource } from '../../../lib/storage/sstable/block-cache.js';
import { BlockCache } from '../../../lib/storage/sstable/block-cache.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import type { Fault } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import type { SpecRecord, SpecTable } from './tables.js';
import { DIRECTORY, stringsOf, writeTable } from './tables.js';

const CHUNK_BYTES = 2 ** 20;
const FRAMES = 128;

/** A table on a disk of its own, and what its blocks hold. */
interface Table extends BlockSource {
  readonly disk: MemoryDisk;
  readonly contents: string[];
  readonly faults: { read: Fault | undefined };
}

function tableOf(list: readonly SpecRecord[], table: SpecTable): Table {
  const id = table.id ?? 1;
  const faults: { read: Fault | undefined } = { read: undefined };
  const disk = new MemoryDisk({ onRead: () => faults.read });
  const meta = writeTable(disk, list, table);
  const file: ReadableFile = disk.openForReading(tablePath(DIRECTORY, id));
  const reader = new TableReader(file, meta);
  const made: Table = {
    id,
    path: file.path,
    seed: frameSeed(meta.fileId),
    index: reader.index,
    read: (target, offset, length) => file.readLater(target, offset, length),
    readNow: (target, offset, length) => file.readAt(target, offset, length),
    disk,
    contents: [],
    faults,
  };
  for (const scanner = reader.scan(); scanner.next();) made.contents.push(contentOf(scanner.block));
  return made;
}

function contentOf(block: Block): string {
  const records = Array.from({ length: block.count }, (_, i) => {
    const record = block.bytes.toString('base64', block.recordStart(i), block.recordEnd(i));
    return `${block.position(i)} ${block.flags(i)} ${record}`;
  });
  return records.join('\n');
}

/** More than 512 blocks of a record or two. */
const many = tableOf(stringsOf(1200, 20, 1), { blockBytes: 120 });
const blockCount = many.index.blockCount;

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not rejected');
}

describe('BlockCache', () => {
  it('reads a block at once, and does not keep it', async () => {
    const cache = new BlockCache(CHUNK_BYTES);
    expect(contentOf(cache.getNow(many, 5))).to.equal(many.contents[5]);
    expect(cache.get(many, 5)).to.equal(undefined);
    const loaded = await cache.load(many, 5);
    expect(cache.getNow(many, 5)).to.equal(loaded);
    many.faults.read = { kind: 'error', code: 'EIO' };
    try {
      expect(() => cache.getNow(many, 6)).to.throw(DiskError);
    } finally {
      many.faults.read = undefined;
    }
    const short: BlockSource = { ...many, readNow: (target, offset) => many.readNow(target, offset, 10) };
    expect(() => cache.getNow(short, 6)).to.throw(CorruptionError, 'the table ends too early');
  });

  it('has nothing of a block before it is loaded, and then what the table has', async () => {
    const cache = new BlockCache(CHUNK_BYTES);
    expect(cache.get(many, 3)).to.equal(undefined);
    expect(contentOf(await cache.load(many, 3))).to.equal(many.contents[3]);
    const block = cache.get(many, 3);
    expect(block !== undefined && contentOf(block)).to.equal(many.contents[3]);
    expect(cache.get(many, 4)).to.equal(undefined);
    expect([cache.readCount, cache.readBytes, cache.hitCount]).to.deep.equal([1, many.index.lengthOf(3), 1]);
  });

  it('tells tables apart', async () => {
    const other = tableOf(stringsOf(10, 20, 2), { blockBytes: 120, id: 2 });
    const cache = new BlockCache(CHUNK_BYTES);
    const [one, two] = await Promise.all([cache.load(many, 1), cache.load(other, 1)]);
    expect([contentOf(one), contentOf(two)]).to.deep.equal([many.contents[1], other.contents[1]]);
  });

  it('reads a block once for all who ask at the same time', async () => {
    const cache = new BlockCache(CHUNK_BYTES);
    const blocks = await Promise.all(Array.from({ length: 10 }, () => cache.load(many, 7)));
    expect(new Set(blocks).size).to.equal(1);
    expect([cache.readCount, cache.hitCount]).to.deep.equal([1, 0]);
    await cache.load(many, 7);
    expect([cache.readCount, cache.hitCount]).to.deep.equal([1, 1]);
  });

  it('drops the blocks first that were not asked for longest', async () => {
    const cache = new BlockCache(CHUNK_BYTES);
    expect(blockCount).to.be.above(FRAMES + 2);
    for (let block = 0; block < FRAMES; block++) await cache.load(many, block);
    cache.nextTurn();
    cache.get(many, 0);
    cache.get(many, 2);
    cache.nextTurn();
    await cache.load(many, FRAMES);
    await cache.load(many, FRAMES + 1);
    const there = [0, 1, 2, 3, 4, FRAMES, FRAMES + 1].map((block) => cache.get(many, block) !== undefined);
    expect(there).to.deep.equal([true, false, true, false, true, true, true]);
  });

  it('leaves every block of a turn as it is, however many there are', async () => {
    const cache = new BlockCache(CHUNK_BYTES);
    const all = Array.from({ length: blockCount }, (_, i) => i);
    for (let round = 0; round < 2; round++) {
      const blocks = await Promise.all(all.map((block) => cache.load(many, block)));
      expect(blocks.map(contentOf)).to.deep.equal(many.contents);
      expect(cache.heldBytes).to.equal(CHUNK_BYTES);
      cache.nextTurn();
    }
    // Of the next turn it keeps what it has room for.
    expect(all.filter((block) => cache.get(many, block) !== undefined)).to.have.lengthOf(FRAMES);
  });

  it('takes memory as it is needed, up to its limit', async () => {
    const cache = new BlockCache(3.5 * CHUNK_BYTES);
    const held: number[] = [];
    for (let block = 0; block < 4 * FRAMES; block++) {
      await cache.load(many, block);
      cache.nextTurn();
      if (block % FRAMES === 0) held.push(cache.heldBytes / CHUNK_BYTES);
    }
    expect(held).to.deep.equal([1, 2, 3, 3]);
  });

  it('rejects a damaged block for all who wait, and keeps nothing of it', async () => {
    const table = tableOf(stringsOf(30, 20, 3), { blockBytes: 120 });
    const offset = table.index.offsetOf(2);
    table.disk.contentOf(table.path)[offset + 40] ^= 1;
    const cache = new BlockCache(CHUNK_BYTES);
    const [one, two] = await Promise.all([rejection(cache.load(table, 2)), rejection(cache.load(table, 2))]);
    expect(one).to.be.instanceOf(CorruptionError);
    expect((one as CorruptionError).message).to.contain(`${table.path}: at offset ${offset}: `);
    expect(two).to.equal(one);
    expect(cache.get(table, 2)).to.equal(undefined);
    expect(contentOf(await cache.load(table, 1))).to.equal(table.contents[1]);
    table.disk.contentOf(table.path)[offset + 40] ^= 1;
    expect(contentOf(await cache.load(table, 2))).to.equal(table.contents[2]);
  });

  it('rejects what ends too early, and blocks that the index does not mean', async () => {
    const table = tableOf(stringsOf(30, 20, 3), { blockBytes: 120 });
    const cache = new BlockCache(CHUNK_BYTES);
    const short: BlockSource = { ...table, read: async (target, offset) => table.read(target, offset, 10) };
    expect(await rejection(cache.load(short, 0)))
      .to.be.instanceOf(CorruptionError)
      .with.property('offset', 10);
    const other = tableOf(stringsOf(30, 20, 3), { blockBytes: 300 });
    expect(await rejection(cache.load({ ...table, index: other.index }, 0))).to.be.instanceOf(CorruptionError);
  });

  it('loses no room by reads that fail', async () => {
    const table = tableOf(stringsOf(30, 20, 3), { blockBytes: 120 });
    const cache = new BlockCache(CHUNK_BYTES);
    table.faults.read = { kind: 'error', code: 'EIO' };
    for (let i = 0; i < 3 * FRAMES; i++) expect(await rejection(cache.load(table, 0))).to.be.instanceOf(DiskError);
    const opening: BlockSource = {
      ...table,
      read: () => {
        throw new DiskError('EMFILE', table.path, 'open failed');
      },
    };
    for (let i = 0; i < 3 * FRAMES; i++) expect(await rejection(cache.load(opening, 0))).to.be.instanceOf(DiskError);
    table.faults.read = undefined;
    for (let block = 0; block < FRAMES; block++) await cache.load(many, block);
    expect(Array.from({ length: FRAMES }, (_, i) => cache.get(many, i)).includes(undefined)).to.equal(false);
  });

  it('gives the room of many blocks to a long one, and back', async () => {
    const long = tableOf(stringsOf(4, 700_000, 4), { id: 2 });
    const cache = new BlockCache(3 * CHUNK_BYTES);
    for (let block = 0; block < 3 * FRAMES; block++) await cache.load(many, block);
    cache.nextTurn();
    for (const block of [0, 1]) {
      expect(contentOf(await cache.load(long, block))).to.equal(long.contents[block]);
      cache.nextTurn();
    }
    expect(cache.get(long, 0) !== undefined && cache.get(long, 1) !== undefined).to.equal(true);
    expect(cache.heldBytes).to.be.within(2 * CHUNK_BYTES, 3 * CHUNK_BYTES);
    cache.nextTurn();
    for (let block = 0; block < 3 * FRAMES; block++) {
      expect(contentOf(await cache.load(many, block))).to.equal(many.contents[block]);
      cache.nextTurn();
    }
    expect(cache.get(long, 0)).to.equal(undefined);
    expect(cache.heldBytes).to.equal(3 * CHUNK_BYTES);
  });

  it('does not keep a block that is long for its size, and hands it out all the same', async () => {
    const long = tableOf(stringsOf(1, 700_000, 4), { id: 2 });
    const cache = new BlockCache(CHUNK_BYTES);
    await cache.load(many, 0);
    cache.nextTurn();
    expect(contentOf(await cache.load(long, 0))).to.equal(long.contents[0]);
    expect(cache.get(long, 0)).to.equal(undefined);
    expect(cache.get(many, 0)).not.to.equal(undefined);
  });

  it('expands compressed blocks, long ones too', async () => {
    const list = stringsOf(200, 1, 5).map((record, i) => {
      const { entry } = stringsOf(1, 100, 6)[0];
      const [name, cell] = [...entry.cells][0];
      const value = Buffer.alloc(i === 50 ? 20_000 : 100, 'abc');
      return { ...record, entry: { ...entry, cells: new Map([[name, { ...cell, value }]]) } };
    });
    const table = tableOf(list, { compression: Compression.SNAPPY });
    const cache = new BlockCache(3 * CHUNK_BYTES);
    for (let round = 0; round < 2; round++) {
      for (let block = 0; block < table.index.blockCount; block++) {
        expect(table.index.lengthOf(block)).to.be.below(4096);
        expect(contentOf(await cache.load(table, block))).to.equal(table.contents[block]);
        cache.nextTurn();
      }
    }
    expect(cache.readCount).to.equal(table.index.blockCount);
    expect(cache.heldBytes - CHUNK_BYTES).to.be.within(20_000, 30_000);
  });

  it('always holds what the table holds, within its limit, in any order of loads, reads and turns', async () => {
    const lists = [
      stringsOf(400, 30, 7),
      stringsOf(300, 30, 8).map((record, i) =>
        i % 20 === 0 ? { ...record, ...longString(i), position: record.position } : record,
      ),
    ];
    const tables = lists.map((list, i) => tableOf(list, { id: i + 1, blockBytes: 150 }));
    const step = fc.oneof(
      fc.record({ table: fc.nat(1), first: fc.nat(), count: fc.integer({ min: 1, max: 200 }) }),
      fc.constant('turn' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const cache = new BlockCache(1.5 * CHUNK_BYTES);
        const handedOut: [Block, string][] = [];
        for (const one of steps) {
          if (one === 'turn') {
            cache.nextTurn();
            handedOut.length = 0;
            continue;
          }
          const table = tables[one.table];
          const numbers = Array.from({ length: one.count }, (_, i) => (one.first + i) % table.index.blockCount);
          for (const number of numbers) {
            const there = cache.get(table, number);
            if (there !== undefined) handedOut.push([there, table.contents[number]]);
          }
          const blocks = await Promise.all(numbers.map((number) => cache.load(table, number)));
          blocks.forEach((block, i) => handedOut.push([block, table.contents[numbers[i]]]));
          expect(handedOut.every(([block, content]) => contentOf(block) === content)).to.equal(true);
          expect(cache.heldBytes).to.be.at.most(cache.bytesMax);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function longString(seed: number): SpecRecord {
  return stringsOf(1, 30_000, seed)[0];
}
