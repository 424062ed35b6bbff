/**
 * The power fails at every step of a run that appends, rotates and rewrites, and everything that was not synced is in the
 * hands of an adversary. What comes back must be the state of one moment, not before what was reported durable.
 */

import { expect } from 'chai';

import type { AppendOnlyFile } from '../../../lib/storage/log/append-only-file.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import { keepEverything, keepFirst, keepNothing, keepOnlyAppend, keepRandomly } from '../../sim/crash-fate.js';
import type { Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { openLog, settled } from './aof-harness.js';
import { PutLog, recoverPuts } from './aof-put-log.js';

const SEGMENT_BYTES = 1500;

const fates: readonly (readonly [string, (seed: number) => CrashFate])[] = [
  ['nothing', () => keepNothing],
  ['everything', () => keepEverything],
  ['entries only', () => ({ ...keepNothing, keepsEntry: () => true })],
  ['data only', () => ({ ...keepEverything, keepsEntry: () => false })],
  ...[0, 1, 2, 3].map((index) => [`append ${index}`, () => keepOnlyAppend(index)] as const),
  ...[1, 7, 39, 55, 300, 511].map((bytes) => [`${bytes} bytes`, () => keepFirst(bytes)] as const),
  ...[1, 2, 3, 4, 5, 6].map(
    (n) => [`random ${n}`, (at: number) => keepRandomly(new SeededRandom(at * 100 + n))] as const,
  ),
];

/** Appends, waits, rotates and rewrites; `puts` keeps account. */
async function run(disk: MemoryDisk, puts: PutLog): Promise<void> {
  puts.open(disk, SEGMENT_BYTES);
  puts.put(3);
  await puts.log.sync();
  puts.put(2);
  puts.log.rotate();
  puts.put(2);
  puts.log.rotate();
  await settled();
  puts.put(1);
  const rewrite = puts.log.beginRewrite();
  puts.put(2);
  puts.writeState(rewrite);
  puts.put(1);
  await rewrite.finish();
  puts.put(4);
  puts.log.requestSync();
  puts.put(4);
  await puts.log.sync();
  const aborted = puts.log.beginRewrite();
  puts.writeState(aborted);
  aborted.abort();
  puts.put(2);
  const last = puts.log.beginRewrite();
  puts.writeState(last);
  await last.finish();
  puts.put(1);
  await puts.log.sync();
  puts.log.close();
}

/** Runs until the power fails at this step; false if the run ends before. */
async function runUntil(step: number): Promise<{ disk: MemoryDisk; puts: PutLog }> {
  const disk = new MemoryDisk({ plan: ({ number }) => (number === step ? { kind: 'power' } : undefined) });
  const puts = new PutLog();
  const done = run(disk, puts).catch((error: unknown) => {
    if (!disk.isDead) throw error;
  });
  await Promise.race([done, disk.died]);
  return { disk, puts };
}

describe('AppendOnlyFile after a power failure at any step', function () {
  this.timeout(60_000);
  let stepCount = 0;
  before(async () => {
    const disk = new MemoryDisk();
    await run(disk, new PutLog());
    ({ stepCount } = disk);
  });

  it('comes back as it was at one moment, with all that was reported durable', async () => {
    expect(stepCount).to.be.greaterThan(60);
    for (let step = 1; step <= stepCount; step++) {
      const { disk, puts } = await runUntil(step);
      for (const [name, fate] of fates) {
        const next = disk.crash(fate(step));
        puts.check(recoverPuts(next, SEGMENT_BYTES), `step ${step}, kept ${name}`);
      }
    }
  });

  it('comes back the same when the power fails again at any step of the recovery', async () => {
    for (let step = 1; step <= stepCount; step++) {
      const { disk, puts } = await runUntil(step);
      for (let seed = 0; seed < 4; seed++) {
        const fate = keepRandomly(new SeededRandom(step * 10 + seed));
        const first = disk.crash(fate);
        let isInterrupted = true;
        for (let again = 1; isInterrupted; again++) {
          const plan = ({ number }: Step) => (number === again ? ({ kind: 'power' } as const) : undefined);
          const second = first.crash(keepEverything, { plan });
          try {
            openLog(second, '/data', SEGMENT_BYTES).log.close();
          } catch (error) {
            if (!second.isDead) throw error;
          }
          isInterrupted = second.isDead;
          const third = second.crash(keepRandomly(new SeededRandom(step * 100 + again)));
          puts.check(recoverPuts(third, SEGMENT_BYTES), `step ${step}, seed ${seed}, again at ${again}`);
        }
      }
    }
  });

  it('keeps everything when only the process ends', async () => {
    for (let step = 1; step <= stepCount; step++) {
      const { disk, puts } = await runUntil(step);
      const kept = recoverPuts(disk.kill(), SEGMENT_BYTES);
      puts.check(kept, `step ${step}`);
      expect(kept.count).to.be.within(puts.count - 1, puts.count);
    }
  });
});

describe('AppendOnlyFile with an error at any step', () => {
  it('latches or goes on, and comes back with all that was reported durable', async () => {
    let failures = 0;
    for (let step = 1; step <= 80; step++) {
      for (const code of ['EIO', 'ENOSPC']) {
        const fault = { kind: 'error', code, takenBytes: 9 } as const;
        const disk = new MemoryDisk({ plan: ({ number }) => (number === step ? fault : undefined) });
        const puts = new PutLog();
        await run(disk, puts).catch(() => failures++);
        const { log } = puts as { log: AppendOnlyFile | undefined };
        const steps = disk.stepCount;
        if (log?.failed !== undefined) {
          await settled();
          expect(disk.stepCount).to.equal(steps);
        }
        puts.check(recoverPuts(disk.crash(keepRandomly(new SeededRandom(step))), SEGMENT_BYTES), `${code} at ${step}`);
      }
    }
    expect(failures).to.be.greaterThan(50);
  });
});
