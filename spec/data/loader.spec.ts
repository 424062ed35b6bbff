import { expect } from 'chai';
import { NEVER } from '../../lib/data/keyspace.js';
import { ColdBench } from './cold-bench.js';

/** A bench with `a` on disk and not in memory, and whatever else `names` says. */
function coldBench(...names: string[]): ColdBench {
  const bench = new ColdBench(2);
  for (const name of ['a', ...names]) bench.put(0, name, `old ${name}`, NEVER);
  bench.flushAll();
  bench.dropClean();
  return bench;
}

const load = (bench: ColdBench, name: string, db = 0): Promise<void> =>
  bench.loader.load(bench.database(db), Buffer.from(name));

describe('Loader', () => {
  it('brings what the disk has into memory, and what it does not have as known to be missing', async () => {
    const bench = coldBench('b');
    bench.disk.falsePositives.add('nosuch');
    const loads = ['a', 'b', 'nosuch'].map((name) => load(bench, name));
    expect([bench.loader.loadingCount, bench.keyspace.recordCount]).to.deep.equal([3, 0]);
    bench.endReads();
    await Promise.all(loads);
    expect([bench.loader.loadingCount, bench.loader.loadedCount]).to.deep.equal([0, 3]);
    expect(['a', 'b', 'nosuch'].map((name) => bench.find(0, name))).to.deep.equal([true, true, false]);
    expect(Object.keys(bench.visible()[0])).to.deep.equal(['a', 'b']);
  });

  it('reads a key once for all who ask for it at a time, by database', async () => {
    const bench = coldBench();
    const [first, second, other] = [load(bench, 'a'), load(bench, 'a'), load(bench, 'a', 1)];
    expect([first === second, bench.disk.readCount]).to.deep.equal([true, 2]);
    bench.endReads();
    await Promise.all([first, second, other]);
    void load(bench, 'a');
    expect(bench.disk.readCount).to.equal(3);
  });

  it('leaves what was written while it read as it is', async () => {
    const bench = coldBench();
    const loading = load(bench, 'a');
    bench.findBlind(0, 'a');
    bench.putAtCursor('new', NEVER);
    bench.endReads();
    await loading;
    expect(bench.visible()[0]).to.deep.equal({ a: ['new', 0] });
  });

  it('does not bring back what was written over, flushed and dropped while it read', async () => {
    const bench = coldBench('other');
    const [early, late] = [load(bench, 'a'), load(bench, 'other')];
    bench.findBlind(0, 'a');
    bench.putAtCursor('new', NEVER);
    bench.flushAll();
    // Whoever waits for one read may drop what it likes before the promise of the other one is settled.
    const dropping = early.then(() => {
      bench.dropClean();
    });
    bench.endReads();
    await Promise.all([dropping, late]);
    await bench.findWarm(0, 'a');
    expect(bench.visible()[0]['a']).to.deep.equal(['new', 0]);
  });

  it('does not bring back what was deleted while it read', async () => {
    const bench = coldBench();
    const loading = load(bench, 'a');
    bench.findBlind(0, 'a');
    bench.putAtCursor('gone at once', bench.nowMs - 1);
    bench.endReads();
    await loading;
    expect([bench.find(0, 'a'), bench.keyspace.physicalDatabase(0).emptyCount]).to.deep.equal([false, 1]);
  });

  it('does not bring back a database that was emptied while it read, though nothing of it was in memory', async () => {
    const bench = coldBench();
    const loading = load(bench, 'a');
    bench.keyspace.flush(bench.database(0));
    bench.endReads();
    await loading;
    expect([bench.find(0, 'a'), bench.keyspace.recordCount, bench.loader.loadedCount]).to.deep.equal([false, 0, 0]);
  });

  it('puts what it read into the database that it is of, whatever number stands for that by now', async () => {
    const bench = coldBench();
    const loading = load(bench, 'a');
    bench.keyspace.swap(0, 1);
    bench.endReads();
    await loading;
    expect([bench.find(0, 'a'), bench.find(1, 'a')]).to.deep.equal([false, true]);
  });

  it('fails for all who wait, and reads again when it is asked again', async () => {
    const bench = coldBench();
    const loads = [load(bench, 'a'), load(bench, 'a')];
    bench.disk.failRead(new Error('the disk is gone'));
    for (const each of loads) {
      const message = await each.then(
        () => 'loaded',
        (error: unknown) => String(error),
      );
      expect(message).to.equal('Error: the disk is gone');
    }
    expect([bench.loader.loadingCount, bench.keyspace.recordCount]).to.deep.equal([0, 0]);
    expect(await bench.findWarm(0, 'a')).to.equal(true);
  });
});
