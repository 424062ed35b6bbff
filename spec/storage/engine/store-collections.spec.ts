import { expect } from 'chai';

import { ListSide } from '../../../lib/record/list-id.js';
import { DIRECTORY, StoreBench, damagesOf } from './store-bench.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import { RecordFlags } from '../../../lib/storage/sstable/record-flags.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';

const FIELDS = 8000;
const SETTINGS = { segmentBytesMax: 1024 * 1024, dirtyBytesMax: 64 * 1024 * 1024 };

const bytesOf = (text: string): Buffer => Buffer.from(text);

async function hset(bench: StoreBench, from: number, to: number, text: string): Promise<void> {
  await bench.act(() => {
    const key = bytesOf('hash');
    bench.keyspace.find(bench.keyspace.database(0), key, 0, key.length);
    const { hashes } = bench.keyspace;
    hashes.use();
    for (let i = from; i < to; i++) {
      const field = bytesOf(`field ${i}`);
      const value = bytesOf(`${text} ${i}`);
      hashes.find(field, 0, field.length);
      hashes.put(value, 0, value.length);
    }
  });
}

async function hget(bench: StoreBench, i: number): Promise<string | undefined> {
  return bench.act(() => {
    const key = bytesOf('hash');
    const field = bytesOf(`field ${i}`);
    bench.keyspace.find(bench.keyspace.database(0), key, 0, key.length);
    const { hashes } = bench.keyspace;
    hashes.use();
    if (!hashes.find(field, 0, field.length)) return undefined;
    return hashes.bytes.toString('latin1', hashes.valueStart, hashes.valueEnd);
  });
}

/** Keys, and records that are parts with more behind them, in all tables. */
function partsOf(bench: StoreBench): { keys: number; more: number } {
  const counts = { keys: 0, more: 0 };
  for (const meta of bench.store.inside?.versions.current.tables() ?? []) {
    const file = bench.disk.openForReading(tablePath(tablesDirectory(DIRECTORY), meta.id));
    counts.keys += meta.recordCount;
    for (const scanner = new TableReader(file, meta).scan(); scanner.next();) {
      const { block } = scanner;
      for (let i = 0; i < block.count; i++) if ((block.flags(i) & RecordFlags.MORE) !== 0) counts.more++;
    }
    file.close();
  }
  return counts;
}

describe('Store with collections in parts', function () {
  this.timeout(30_000);

  it('flushes, loads and compacts a large hash, and finds it sound', async () => {
    const bench = await StoreBench.create({ settings: SETTINGS });
    await hset(bench, 0, FIELDS, 'old');
    await bench.flushAll();
    expect(partsOf(bench).keys).to.equal(1);
    expect(partsOf(bench).more).to.be.above(2);
    expect(bench.spill(10)).to.equal(1);
    expect(await hget(bench, 77)).to.equal('old 77');
    await hset(bench, 100, 200, 'new');
    await bench.flushAll();
    bench.spill(10);
    expect([await hget(bench, 99), await hget(bench, 100), await hget(bench, FIELDS)]).to.deep.equal([
      'old 99',
      'new 100',
      undefined,
    ]);
    bench.spill(10);
    await bench.compactAll();
    expect(partsOf(bench).keys).to.equal(1);
    expect(damagesOf(bench.disk)).to.deep.equal([]);
    const found = await Promise.all(Array.from({ length: 300 }, (_, i) => hget(bench, i)));
    expect(found).to.deep.equal(found.map((_, i) => `${i < 100 || i >= 200 ? 'old' : 'new'} ${i}`));
    expect(await bench.act(() => bench.keyspace.hashes.count)).to.equal(FIELDS);
  });

  it('keeps nothing of what went through a queue', async () => {
    const bench = await StoreBench.create({ settings: SETTINGS });
    const key = bytesOf('queue');
    await bench.act(() => {
      const { lists } = bench.keyspace;
      bench.keyspace.find(bench.keyspace.database(0), key, 0, key.length);
      lists.use();
      for (let i = 0; i < FIELDS; i++) {
        const element = bytesOf(`element ${i}`);
        lists.push(ListSide.RIGHT, element, 0, element.length);
        if (i >= 10) lists.remove(0, 1);
      }
    });
    await bench.flushAll();
    await bench.compactAll();
    const bytes = [...(bench.store.inside?.versions.current.tables() ?? [])].map(({ fileBytes }) => fileBytes);
    expect(bytes.length).to.equal(1);
    expect(bytes[0]).to.be.below(2000);
    expect(damagesOf(bench.disk)).to.deep.equal([]);
  });
});
