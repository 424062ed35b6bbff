/**
 * The power fails at every step of a run that flushes, compacts, empties databases and starts again, and what was not synced is in the
 * hands of an adversary. What comes back is the state of one moment, not before what was acknowledged; no file is left over; and the store
 * goes on working.
 */

import { expect } from 'chai';

import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { aofDirectory } from '../../../lib/storage/log/aof-directory.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { SingleLoss } from './single-loss.js';
import { DIRECTORY, StoreBench, damagesOf } from './store-bench.js';
import { SCENARIO_NAMES, SCENARIO_SETTINGS, liveThrough } from './store-scenario.js';

const SUBSETS = 16;
/** Every so many steps of the first life are enough where each step of the second is tried. */
const SAMPLE = 11;

interface Crash {
  readonly bench: StoreBench;
  readonly at: Step | undefined;
}

/** Lives until the power fails at this step; `at` is undefined if it ends before. */
async function crashAt(number: number): Promise<Crash> {
  let at: Step | undefined;
  const plan = (step: Step) => {
    if (step.number !== number) return undefined;
    at = step;
    return { kind: 'power' } as const;
  };
  const bench = StoreBench.prepare({ settings: SCENARIO_SETTINGS, disk: { plan } });
  const life = bench.open(bench.disk).then(() => liveThrough(bench));
  life.catch(() => undefined);
  await Promise.race([life, bench.disk.died]);
  if (!bench.disk.isDead) await life;
  return { bench, at };
}

/** What a crash may leave: with none of what was not synced, with all of it, all but each single one, and with subsets; nothing twice. */
function leftOf(disk: MemoryDisk, seed: number): Map<string, MemoryDisk> {
  const images = new Set<string>();
  const left = new Map<string, MemoryDisk>();
  for (const [name, fate] of fates(disk, seed)) {
    const next = disk.crash(fate);
    const image = imageOf(next);
    if (!images.has(image)) left.set(name, next);
    images.add(image);
  }
  return left;
}

/** The same for two disks with the same files. */
function imageOf(disk: MemoryDisk): string {
  const directories = [aofDirectory(DIRECTORY), tablesDirectory(DIRECTORY)];
  const files = [DIRECTORY, ...directories].flatMap((directory) =>
    disk.list(directory).map((name) => `${directory}/${name}`),
  );
  return files
    .map((path) => `${path} ${directories.includes(path) ? '' : disk.contentOf(path).toString('latin1')}`)
    .join();
}

function* fates(disk: MemoryDisk, seed: number): Generator<readonly [string, CrashFate]> {
  yield ['nothing', keepNothing];
  yield ['everything', keepEverything];
  const counter = new SingleLoss(Infinity);
  disk.crash(counter);
  for (let i = 0; i < counter.count; i++) yield [`all but the ${i}th`, new SingleLoss(i)];
  for (let i = 0; i < SUBSETS; i++) yield [`subset ${i}`, keepRandomly(new SeededRandom(seed * 100 + i))];
}

/** Starts on what a crash has left, and checks it. */
async function recover(disk: MemoryDisk, before: Pick<StoreBench, 'clock' | 'journal'>): Promise<StoreBench> {
  expect(damagesOf(disk), 'ringkv check').to.deep.equal([]);
  const bench = await StoreBench.recover(disk, before, { settings: SCENARIO_SETTINGS });
  await bench.quiesce();
  bench.checkCounts();
  bench.checkFiles();
  bench.checkReports();
  return bench;
}

/** It takes writes, flushes, compacts and starts again. */
async function goOn(bench: StoreBench): Promise<void> {
  for (let db = 0; db < 3; db++) {
    for (const name of SCENARIO_NAMES.slice(db)) await bench.append(db, name, `${db}`.repeat(40));
    await bench.remove(db, 'key3');
  }
  await bench.flushAll();
  await bench.compactAll();
  await bench.quiesce();
  bench.spillAll();
  await bench.check(SCENARIO_NAMES);
  await bench.reopen();
  await bench.quiesce();
  await bench.check(SCENARIO_NAMES);
  bench.checkFiles();
  bench.checkReports();
}

async function telling(when: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    throw new Error(`${when}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

describe('Store after a power failure at any step', function () {
  this.timeout(600_000);

  it('comes back as it was at one moment, with all that was acknowledged, without a file too many, and goes on', async () => {
    const steps = new Set<string>();
    let number = 1;
    for (; ; number++) {
      const { bench, at } = await crashAt(number);
      if (at === undefined) break;
      steps.add(at.name);
      const left = [...leftOf(bench.disk, number)];
      for (const [index, [name, disk]] of left.entries()) {
        await telling(`at step ${number} (${at.name} ${at.path}), kept ${name}`, async () => {
          const next = await recover(disk, bench);
          if (index === number % left.length) await goOn(next);
        });
      }
    }
    expect([...steps]).to.include.members(['create', 'append', 'sync', 'rename', 'remove', 'syncdir', 'mkdir']);
    expect(number).to.be.greaterThan(200);
  });

  it('comes back the same when the power fails again while it starts', async () => {
    for (let number = 1; ; number += SAMPLE) {
      const { bench, at } = await crashAt(number);
      if (at === undefined) break;
      const fate = keepRandomly(new SeededRandom(number));
      for (let again = 1, isInterrupted = true; isInterrupted; again++) {
        const plan = (step: Step) => (step.number === again ? ({ kind: 'power' } as const) : undefined);
        const disk = bench.disk.crash(fate, { plan });
        const second = StoreBench.prepare({ settings: SCENARIO_SETTINGS });
        const start = second.open(disk).then(() => second.quiesce());
        start.catch(() => undefined);
        await Promise.race([start, disk.died]);
        if (!disk.isDead) await start;
        isInterrupted = disk.isDead;
        await telling(`at step ${number} (${at.name} ${at.path}), and again at ${again}`, async () => {
          await recover(disk.crash(keepRandomly(new SeededRandom(again))), bench);
        });
      }
    }
  });

  it('keeps everything that was logged when only the process ends', async () => {
    for (let number = 1; ; number++) {
      const { bench, at } = await crashAt(number);
      if (at === undefined) break;
      await telling(`at step ${number} (${at.name} ${at.path})`, async () => {
        await recover(bench.disk.kill(), { clock: bench.clock, journal: bench.journal.withoutLoss() });
      });
    }
  });
});
