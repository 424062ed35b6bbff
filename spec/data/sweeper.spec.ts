import { expect } from 'chai';
import { NEVER } from '../../lib/data/keyspace.js';
import { PacedRounds } from '../../lib/data/paced-rounds.js';
import { Sweeper } from '../../lib/data/sweeper.js';
import { ColdBench } from './cold-bench.js';

/** Each look at the clock takes a tick: work is measured in looks. */
const ENDLESS = 1e9;

interface World {
  readonly bench: ColdBench;
  readonly sweeper: PacedRounds;
}

function world(): World {
  const bench = new ColdBench(2);
  let us = 0;
  const clock = { wallMs: () => 0, wallUs: () => 0, monotonicUs: () => ++us, threadCpuUs: () => 0 };
  return { bench, sweeper: new PacedRounds(new Sweeper(bench.keyspace), clock) };
}

/** Puts `count` keys into a database and deletes some of them. */
function fill({ bench }: World, db: number, count: number, isDeleted: (i: number) => boolean): void {
  for (let i = 0; i < count; i++) {
    bench.put(db, `k${i}`, 'v', NEVER);
    if (isDeleted(i)) bench.keyspace.remove();
  }
}

const emptyCount = ({ bench }: World, db = 0): number => bench.database(db).emptyCount;

describe('Sweeper', () => {
  it('drops what deleted keys have left, of all databases, when the disk knows; and nothing else', () => {
    const one = world();
    fill(one, 0, 9000, (i) => i % 2 === 0);
    fill(one, 1, 100, () => true);
    expect([one.sweeper.run(ENDLESS), emptyCount(one), emptyCount(one, 1)]).to.deep.equal([false, 4500, 100]);
    one.bench.flushAll();
    expect([one.sweeper.run(ENDLESS), emptyCount(one), emptyCount(one, 1)]).to.deep.equal([false, 0, 0]);
    expect([one.bench.keyspace.recordCount, one.bench.keyspace.keyCount]).to.deep.equal([4500, 4500]);
    expect(Object.keys(one.bench.visible()[0]).length).to.equal(4500);
  });

  it('keeps what was deleted after that, until the next time', () => {
    const one = world();
    fill(one, 0, 100, (i) => i < 50);
    one.bench.flushAll();
    for (let i = 50; i < 80; i++) if (one.bench.find(0, `k${i}`)) one.bench.keyspace.remove();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one)).to.equal(30);
    one.bench.flushAll();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one)).to.equal(0);
  });

  it('stops when its budget is used up, says that there is more, and goes on from there', () => {
    const one = world();
    fill(one, 0, 30_000, () => true);
    one.bench.flushAll();
    const counts = [emptyCount(one)];
    while (one.sweeper.run(3)) counts.push(emptyCount(one));
    expect(counts.length).to.be.above(3);
    expect(counts).to.deep.equal([...counts].sort((a, b) => b - a));
    expect(emptyCount(one)).to.equal(0);
  });

  it('does nothing as long as nothing has reached the disk, nor for a few deleted keys', () => {
    const one = world();
    fill(one, 0, 1000, (i) => i % 20 === 0);
    one.bench.flushAll();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one)).to.equal(50);
    for (let i = 0; i < 1000; i++) if (i % 20 === 1 && one.bench.find(0, `k${i}`)) one.bench.keyspace.remove();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one)).to.equal(100);
    one.bench.flushAll();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one)).to.equal(0);
  });

  it('keeps what a read under way cannot see', async () => {
    const one = world();
    one.bench.put(0, 'a', 'v', NEVER);
    one.bench.flushAll();
    one.bench.dropClean();
    const loading = one.bench.loader.load(one.bench.database(0), Buffer.from('a'));
    fill(one, 1, 100, () => true);
    one.bench.flushAll();
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one, 1)).to.equal(100);
    one.bench.endReads();
    await loading;
    one.sweeper.run(ENDLESS);
    expect(emptyCount(one, 1)).to.equal(0);
  });
});
