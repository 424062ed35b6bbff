import { expect } from 'chai';

import type { StorageFigures } from '../../../lib/storage/engine/figures.js';
import { storageFigures } from '../../../lib/storage/engine/figures.js';
import { DIRECTORY, StoreBench } from './store-bench.js';

function figuresOf({ store }: StoreBench): StorageFigures {
  const { inside } = store;
  if (inside === undefined) throw new Error('the store is not open');
  return storageFigures(inside);
}

/** Bytes of the files of these tables' directory. */
function tableBytes({ disk }: StoreBench): number {
  const folder = `${DIRECTORY}/tables`;
  return disk.list(folder).reduce((bytes, name) => bytes + disk.sizeOf(`${folder}/${name}`), 0);
}

async function filled(): Promise<StoreBench> {
  const bench = await StoreBench.create();
  for (let i = 0; i < 40; i++) await bench.set(i % 2, `key${i}`, 'v'.repeat(100));
  return bench;
}

describe('storageFigures', () => {
  it('of a new store are zero, and divide by nothing', async () => {
    const figures = figuresOf(await StoreBench.create());
    expect(figures).to.include({ tableCount: 0, tableBytes: 0, appendedBytes: 0, logSegments: 1, flushedStamp: 0 });
    expect(figures).to.include({ writeAmplification: 0, readAmplification: 0 });
    expect(figures.bloom.falsePositiveRate).to.equal(0);
    expect([figures.levels, figures.quarantined]).to.deep.equal([[], []]);
  });

  it('count tables by database and level as the disk has them', async () => {
    const bench = await filled();
    await bench.flushAll();
    await bench.compactAll();
    for (let i = 0; i < 3; i++) await bench.set(0, `key${i}`, 'new');
    await bench.flushAll();
    await bench.quiesce();
    const { levels, tableCount, tableBytes: bytes, logSegments, logBytes } = figuresOf(bench);
    expect(levels.map(({ db }) => db)).to.include.members([0, 1]);
    expect(levels.reduce((sum, level) => sum + level.tables, 0)).to.equal(tableCount);
    expect(levels.reduce((sum, level) => sum + level.bytes, 0)).to.equal(bytes);
    expect(bytes).to.equal(tableBytes(bench));
    expect([logSegments, logBytes]).to.deep.equal([1, bench.store.logBytes]);
  });

  it('say what was written to log and tables for each byte appended', async () => {
    const bench = await filled();
    await bench.flushAll();
    await bench.compactAll();
    const { appendedBytes, flushes, compactions, writeAmplification } = figuresOf(bench);
    expect(flushes.count).to.be.greaterThan(0);
    expect(compactions.count).to.be.greaterThan(0);
    // Everything was appended, and is in what was moved to tables, with a header a segment.
    expect(flushes.readBytes).to.be.within(appendedBytes, appendedBytes + (flushes.count + 1) * 200);
    expect(writeAmplification * appendedBytes).to.be.closeTo(
      appendedBytes + flushes.writtenBytes + compactions.writtenBytes,
      1e-6,
    );
  });

  it('say how many blocks were read for each key that was looked for on the disk', async () => {
    const bench = await filled();
    await bench.flushAll();
    await bench.compactAll();
    bench.spillAll();
    for (let i = 0; i < 40; i++) await bench.get(i % 2, `key${i}`);
    const { coldReads, coldFound, blockCache, readAmplification } = figuresOf(bench);
    expect([coldReads, coldFound]).to.deep.equal([40, 40]);
    expect(readAmplification).to.equal(blockCache.reads / 40);
    expect(readAmplification).to.be.within(0.1, 1);
    for (let i = 0; i < 200; i++) await bench.get(0, `missing${i}`);
    const { bloom } = figuresOf(bench);
    expect(bloom.negatives).to.be.greaterThan(150);
    expect(bloom.falsePositiveRate).to.equal(bloom.falsePositives / (bloom.falsePositives + bloom.negatives));
  });
});
