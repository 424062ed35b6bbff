import { expect } from 'chai';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { BlockCache } from '../../../lib/storage/sstable/block-cache.js';
import { OpenTables } from '../../../lib/storage/sstable/open-tables.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { DIRECTORY, stringsOf, writeTable } from './tables.js';

/** Tables 1 to `count` of 500 records each, on one disk. */
function tablesOn(disk: MemoryDisk, count: number): TableMeta[] {
  return Array.from({ length: count }, (_, i) => writeTable(disk, stringsOf(500, 20, i), { id: i + 1 }));
}

function openTables(disk: MemoryDisk, bytesMax = 1e9, filesMax = 100): OpenTables {
  return new OpenTables({ disk, directory: DIRECTORY, bytesMax, filesMax });
}

function asks(tables: OpenTables, meta: TableMeta, position: number): number {
  return tables.mayHold(meta, Math.floor(position / 2 ** 32), position | 0);
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not rejected');
}

describe('OpenTables', () => {
  it('says maybe of everything until a table is loaded, and then what its filter says', async () => {
    const disk = new MemoryDisk();
    const [meta] = tablesOn(disk, 1);
    const tables = openTables(disk);
    const others = stringsOf(1000, 1, 99).map((record) => record.position);
    expect(others.every((position) => asks(tables, meta, position) === 1)).to.equal(true);
    expect([tables.probeCount, tables.get(meta), tables.bytes]).to.deep.equal([0, undefined, 0]);
    const table = await tables.load(meta);
    expect(stringsOf(500, 20, 0).every((record) => asks(tables, meta, record.position) === 1)).to.equal(true);
    const no = others.filter((position) => asks(tables, meta, position) === 0).length;
    expect(no).to.be.above(950);
    expect([tables.probeCount, tables.negativeCount]).to.deep.equal([1500, no]);
    expect(tables.get(meta)).to.equal(table);
    expect(tables.bytes).to.equal(table.index.byteLength + table.filter.byteLength);
    expect([tables.openCount, tables.loadCount]).to.deep.equal([1, 1]);
  });

  it('reads a table once for all who ask at the same time, with two reads', async () => {
    let reads = 0;
    const disk = new MemoryDisk({
      onRead: () => {
        reads++;
        return undefined;
      },
    });
    const [meta] = tablesOn(disk, 1);
    const tables = openTables(disk);
    const found = await Promise.all([tables.load(meta), tables.load(meta), tables.load(meta)]);
    expect(new Set(found).size).to.equal(1);
    expect([await tables.load(meta), reads, tables.loadCount]).to.deep.equal([found[0], 2, 1]);
  });

  it('gives tables to read blocks from', async () => {
    const disk = new MemoryDisk();
    const [meta] = tablesOn(disk, 1);
    const table = await openTables(disk).load(meta);
    const cache = new BlockCache(2 ** 20);
    for (const { position, key } of stringsOf(500, 20, 0)) {
      const block = await cache.load(table, table.index.firstBlockOf(position));
      expect(block.findKey(position, key, 0, key.length)).to.be.at.least(0);
    }
  });

  it('drops the tables not asked for longest when they take too much, and reads them again', async () => {
    const disk = new MemoryDisk();
    const metas = tablesOn(disk, 4);
    const one = await openTables(disk).load(metas[0]);
    const tables = openTables(disk, 3.5 * one.byteLength);
    const first = await tables.load(metas[0]);
    await tables.load(metas[1]);
    await tables.load(metas[2]);
    asks(tables, metas[0], 5);
    await tables.load(metas[3]);
    expect(metas.map((meta) => tables.get(meta) !== undefined)).to.deep.equal([true, false, true, true]);
    expect(tables.bytes).to.be.at.most(3.5 * one.byteLength);
    expect((await tables.load(metas[1])).id).to.equal(2);
    expect([tables.loadCount, tables.openCount]).to.deep.equal([5, 3]);
    // Who holds a table goes on with it, dropped or not.
    const cache = new BlockCache(2 ** 20);
    expect((await cache.load(first, 0)).count).to.be.above(0);
  });

  it('holds the table that was loaded last, though it be too large', async () => {
    const disk = new MemoryDisk();
    const metas = tablesOn(disk, 2);
    const tables = openTables(disk, 1);
    for (const meta of metas) await tables.load(meta);
    expect(metas.map((meta) => tables.get(meta) !== undefined)).to.deep.equal([false, true]);
  });

  it('keeps few files open, and opens others again', async () => {
    const disk = new MemoryDisk();
    const metas = tablesOn(disk, 5);
    const tables = openTables(disk, 1e9, 2);
    const opened = await Promise.all(metas.map((meta) => tables.load(meta)));
    expect(tables.fileCount).to.equal(2);
    const cache = new BlockCache(2 ** 20);
    const blocks = await Promise.all(opened.map((table) => cache.load(table, 0)));
    expect(blocks.map((block) => block.path)).to.deep.equal(metas.map((meta) => tablePath(DIRECTORY, meta.id)));
    expect(tables.fileCount).to.equal(2);
    tables.close();
    expect([tables.fileCount, tables.openCount, tables.bytes]).to.deep.equal([0, 0, 0]);
  });

  it('forgets a table that is gone, while it is being loaded too', async () => {
    const disk = new MemoryDisk();
    const metas = tablesOn(disk, 2);
    const tables = openTables(disk);
    await tables.load(metas[0]);
    const loading = tables.load(metas[1]);
    tables.forget(1);
    tables.forget(2);
    expect((await loading).id).to.equal(2);
    expect([tables.openCount, tables.bytes, tables.get(metas[0]), tables.get(metas[1])]).to.deep.equal([
      0,
      0,
      undefined,
      undefined,
    ]);
    expect(tables.fileCount).to.equal(0);
  });

  it('rejects a table whose filter, index or footer is damaged, or that is missing, and can try again', async () => {
    const disk = new MemoryDisk();
    const [meta] = tablesOn(disk, 1);
    const path = tablePath(DIRECTORY, 1);
    const { footer } = new TableReader(disk.openForReading(path));
    const tables = openTables(disk);
    for (const part of [footer.footerOffset, footer.indexOffset, footer.filterOffset]) {
      disk.contentOf(path)[part + 30] ^= 4;
      const error = await rejection(tables.load(meta));
      expect(error).to.be.instanceOf(CorruptionError);
      expect((error as CorruptionError).message).to.contain(`${path}: at offset ${part}: `);
      expect(tables.get(meta)).to.equal(undefined);
      disk.contentOf(path)[part + 30] ^= 4;
    }
    expect((await tables.load(meta)).id).to.equal(1);
    expect(await rejection(tables.load({ ...meta, id: 7 }))).to.be.instanceOf(DiskError);
  });
});
