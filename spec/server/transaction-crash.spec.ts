import { expect } from 'chai';

import { keepEverything, keepFirst, keepNothing, keepRandomly } from '../sim/crash-fate.js';
import type { Fault } from '../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { NodeBench, requestOf } from './node-bench.js';

const TRANSACTIONS = 8;
const VALUE = 'v'.repeat(12_000);
const CONFIG = 'appendfsync always\naof-segment-size 64kb\nmaxmemory 2mb';

/** How far a run came. */
interface Run {
  readonly disk: MemoryDisk;
  /** Transactions that were answered. */
  readonly acknowledged: number;
}

/**
 * Transactions that each change several keys and note their number in two places, until step `last` of the disk, where `fault` happens. Their
 * frames are longer than a sector, segments are closed and flushed to tables meanwhile.
 */
async function runUntil(last: number, fault: Fault): Promise<Run> {
  const syncs: (() => void)[] = [];
  const disk = new MemoryDisk({
    later: (run) => syncs.push(run),
    plan: ({ number }) => (number === last ? fault : undefined),
  });
  let acknowledged = 0;
  try {
    const started = NodeBench.start(CONFIG, { disk });
    let bench: NodeBench | undefined;
    let failure: unknown;
    started.then(
      (node) => (bench = node),
      (error: unknown) => (failure = error),
    );
    const goOn = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => void setImmediate(resolve));
        for (const run of syncs.splice(0)) run();
        if (!disk.isDead) await bench?.settle();
      }
    };
    while (bench === undefined && failure === undefined && !disk.isDead) await goOn();
    if (bench === undefined) return { disk, acknowledged };
    const client = bench.connect();
    for (let i = 1; i <= TRANSACTIONS && !disk.isDead; i++) {
      client.sendBytes(
        Buffer.concat([
          requestOf('MULTI'),
          requestOf('SET', 'first', i),
          requestOf('SET', `value ${i}`, VALUE),
          requestOf('DEL', `value ${i - 1}`),
          requestOf('SET', 'last', i),
          requestOf('EXEC'),
        ]),
      );
      await goOn();
      // What is answered behind the failure reaches nobody.
      if (!disk.isDead) acknowledged += client.replies().filter((reply) => Array.isArray(reply)).length;
    }
  } catch (error) {
    if (!(error instanceof PowerFailure)) throw error;
  }
  return { disk, acknowledged };
}

/** The transactions that a start finds: all up to a number, and nothing of those behind it. */
async function found(disk: MemoryDisk): Promise<number> {
  const bench = await NodeBench.start('', { disk });
  const client = bench.connect();
  const ask = async (...words: (string | number)[]): Promise<unknown> => {
    client.send(...words);
    while (!client.hasReplies) {
      await new Promise((resolve) => void setImmediate(resolve));
      await bench.settle();
    }
    return client.replies()[0];
  };
  const [first, last] = (await ask('MGET', 'first', 'last')) as (string | null)[];
  expect(first).to.equal(last);
  const count = Number(first);
  for (let i = 1; i <= TRANSACTIONS; i++) {
    expect(await ask('EXISTS', `value ${i}`), `value ${i} of ${count}`).to.equal(i === count ? 1 : 0);
  }
  return count;
}

describe('a transaction', () => {
  it('is there as a whole or not at all, wherever the power fails, and is there once it was answered', async function () {
    this.timeout(60_000);
    const whole = await runUntil(Infinity, { kind: 'power' });
    expect(whole.acknowledged).to.equal(TRANSACTIONS);
    const steps = whole.disk.stepCount;
    expect(steps).to.be.above(40);
    const counts = new Set<number>();
    for (let step = 1; step <= steps; step++) {
      const { disk, acknowledged } = await runUntil(step, { kind: 'power' });
      const random = new SeededRandom(step);
      for (const fate of [keepNothing, keepEverything, keepFirst(5000 * (step % 7)), keepRandomly(random)]) {
        const count = await found(disk.crash(fate, { later: queueMicrotask }));
        expect(count, `step ${step}`).to.be.within(acknowledged, TRANSACTIONS);
        counts.add(count);
      }
    }
    expect([...counts].sort()).to.deep.equal(Array.from({ length: TRANSACTIONS + 1 }, (_, i) => i));
  });

  it('is there once it was answered, wherever the disk fails before the power does', async function () {
    this.timeout(60_000);
    const { stepCount } = (await runUntil(Infinity, { kind: 'power' })).disk;
    for (let step = 32; step <= stepCount; step++) {
      const { disk, acknowledged } = await runUntil(step, { kind: 'error', code: 'EIO' });
      expect(await found(disk.crash(keepNothing, { later: queueMicrotask })), `step ${step}`).to.be.at.least(
        acknowledged,
      );
    }
  });
});
