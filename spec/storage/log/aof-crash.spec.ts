/**
 * The power fails, or the disk refuses, at every step of a run that appends, rotates and flushes, and everything that was not
 * synced is in the hands of an adversary. What comes back must be the state of one moment, not before what was reported durable.
 */

import { expect } from 'chai';

import type { AppendOnlyFile } from '../../../lib/storage/log/append-only-file.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import { keepEverything, keepFirst, keepNothing, keepOnlyAppend, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from './aof-harness.js';
import { PutLog, recoverPuts } from './aof-put-log.js';

const SEGMENT_BYTES = 1500;

const fates: readonly (readonly [string, (seed: number) => CrashFate])[] = [
  ['nothing', () => keepNothing],
  ['everything', () => keepEverything],
  ['entries only', () => ({ ...keepNothing, keepsEntry: () => true })],
  ['data only', () => ({ ...keepEverything, keepsEntry: () => false })],
  ['all but truncations', () => ({ ...keepEverything, keepsTruncation: () => false })],
  ...[0, 1, 2, 3].map((index) => [`append ${index}`, () => keepOnlyAppend(index)] as const),
  ...[1, 7, 39, 55, 300, 511].map((bytes) => [`${bytes} bytes`, () => keepFirst(bytes)] as const),
  ...[1, 2, 3, 4, 5, 6].map(
    (n) => [`random ${n}`, (at: number) => keepRandomly(new SeededRandom(at * 100 + n))] as const,
  ),
];

/** Appends, waits, rotates, flushes and restarts; `puts` keeps account. */
async function run(disk: MemoryDisk, puts: PutLog): Promise<void> {
  puts.open(disk, SEGMENT_BYTES);
  puts.put(3);
  await puts.log.sync();
  puts.put(2);
  puts.rotate();
  puts.put(2);
  await puts.flush();
  puts.rotate();
  await settled();
  puts.put(1);
  puts.rotate();
  puts.put(2);
  await puts.flush();
  puts.put(14);
  puts.log.requestSync();
  await puts.flush();
  puts.put(4);
  await puts.log.sync();
  await puts.flush();
  puts.log.close();
  puts.open(disk, SEGMENT_BYTES);
  puts.put(1);
  await puts.flush();
  puts.rotate();
  puts.rotate();
  while (puts.log.closedSegments.length > 0) await puts.flush();
  puts.log.close();
  puts.open(disk, SEGMENT_BYTES);
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
            recoverPuts(second, SEGMENT_BYTES);
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

describe('AppendOnlyFile with an error at any step', function () {
  this.timeout(60_000);
  /** Runs with this fault at a step; tells what the step was. */
  async function runWith(step: number, fault: Fault) {
    let failed: Step | undefined;
    const plan = (next: Step): Fault | undefined => {
      if (next.number !== step) return undefined;
      failed = next;
      return fault;
    };
    const disk = new MemoryDisk({ plan });
    const puts = new PutLog();
    const error = await run(disk, puts).catch((cause: unknown) => cause);
    return { disk, puts, error, failed };
  }

  it('latches or goes on, and comes back with all that was reported durable', async () => {
    let latched = 0;
    for (let step = 1; ; step++) {
      const { disk, puts, error, failed } = await runWith(step, { kind: 'error', code: 'EIO', takenBytes: 9 });
      if (failed === undefined) break;
      const { log } = puts as { log: AppendOnlyFile | undefined };
      if (log?.failed !== undefined) {
        latched++;
        if (error !== undefined) expect(error).to.equal(log.failed);
        const steps = disk.stepCount;
        await settled();
        expect(disk.stepCount).to.equal(steps);
      }
      puts.check(recoverPuts(disk.crash(keepRandomly(new SeededRandom(step))), SEGMENT_BYTES), `EIO at ${step}`);
    }
    expect(latched).to.be.greaterThan(40);
  });

  it('goes on when there was no room for a write or a file, and nothing is lost or there twice', async () => {
    const refusals = new Map<string, number>();
    for (const [code, takenBytes] of [
      ['ENOSPC', 0],
      ['ENOSPC', 9],
      ['EDQUOT', 30],
      ['EMFILE', 0],
    ] as const) {
      for (let step = 1; ; step++) {
        const { disk, puts, error, failed } = await runWith(step, { kind: 'error', code, takenBytes });
        if (failed === undefined) break;
        const { log } = puts as { log: AppendOnlyFile | undefined };
        const when = `${code} at step ${step}: ${failed.name} ${failed.path}`;
        const isWrite = failed.name === 'create' || (failed.name === 'append' && code !== 'EMFILE');
        if (log === undefined || !isWrite || error !== undefined) {
          // It could not be opened, or what failed was no write.
          puts.check(recoverPuts(disk.crash(keepRandomly(new SeededRandom(step))), SEGMENT_BYTES), when);
          if (log !== undefined && isWrite) expect(log.failed, when).to.equal(undefined);
          continue;
        }
        expect(log.failed, when).to.equal(undefined);
        expect(recoverPuts(disk.crash(keepNothing), SEGMENT_BYTES).count, when).to.equal(puts.count);
        refusals.set(code, (refusals.get(code) ?? 0) + puts.fullCount);
      }
    }
    expect(refusals.get('ENOSPC')).to.be.greaterThan(80);
    expect(refusals.get('EDQUOT')).to.be.greaterThan(40);
    expect(refusals.get('EMFILE')).to.be.greaterThan(5);
  });

  it('latches when the sync finds no room: data that was taken may be lost', async () => {
    let latched = 0;
    for (let step = 1; ; step++) {
      const { disk, puts, failed } = await runWith(step, { kind: 'error', code: 'ENOSPC' });
      if (failed === undefined) break;
      if (!failed.name.startsWith('sync') || !failed.path.startsWith('/data/aof')) continue;
      const { log } = puts as { log: AppendOnlyFile | undefined };
      if (log?.failed !== undefined) latched++;
      puts.check(recoverPuts(disk.crash(keepNothing), SEGMENT_BYTES), `step ${step}`);
    }
    expect(latched).to.be.greaterThan(10);
  });
});
