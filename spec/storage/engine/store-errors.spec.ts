/**
 * Any one step of a run fails with an input/output error. Of the log and of the manifest that is the end of writing, until a restart:
 * what the page cache says then is not what the disk has. Of a table it is the end of a job, which is done again with new files.
 * Either way reads go on, and nothing that was acknowledged is lost.
 */

import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { ManifestFailedError } from '../../../lib/storage/levels/manifest-failed-error.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { Step } from '../../sim/memory-disk.js';
import { StoreBench, WriteRefused } from './store-bench.js';
import { SCENARIO, SCENARIO_NAMES, SCENARIO_SETTINGS } from './store-scenario.js';

const PAUSE_MS = 10_000;

interface Failure {
  readonly bench: StoreBench;
  /** The step that failed; `undefined` if the run ended before. */
  readonly at: Step | undefined;
  /** What the first part of the run threw that did not succeed. */
  readonly error: Error | undefined;
}

/** Lives until something throws, or to the end. */
async function failAt(number: number): Promise<Failure> {
  let at: Step | undefined;
  const plan = (step: Step) => {
    if (step.number !== number) return undefined;
    at = step;
    return { kind: 'error', code: 'EIO', takenBytes: number % 30 } as const;
  };
  const bench = StoreBench.prepare({ settings: SCENARIO_SETTINGS, disk: { plan } });
  try {
    await bench.open(bench.disk);
    for (const part of SCENARIO) await part(bench);
  } catch (error) {
    return { bench, at, error: error instanceof Error ? error : new Error(String(error)) };
  }
  return { bench, at, error: undefined };
}

function isOfDisk(error: unknown): boolean {
  return [DiskError, LogFailedError, ManifestFailedError, WriteRefused].some((type) => error instanceof type);
}

/** The next process finds everything that was acknowledged, and what it acknowledges outlasts a power failure. */
async function restart({ bench }: Failure): Promise<void> {
  const { clock, journal } = bench;
  const settings = SCENARIO_SETTINGS;
  const next = await StoreBench.recover(bench.disk.kill(), { clock, journal }, { settings });
  await next.quiesce();
  next.checkFiles();
  next.checkReports();
  await next.set(0, 'key0', 'after it');
  await next.flushAll();
  await next.compactAll();
  await next.sync();
  const last = await StoreBench.recover(next.disk.crash(keepNothing), next, { settings });
  await last.quiesce();
  last.checkFiles();
}

describe('Store with an error at any step', function () {
  this.timeout(600_000);

  it('latches or does it again, reads on, and loses nothing that was acknowledged', async () => {
    const latched = { log: 0, manifest: 0 };
    let repeated = 0;
    for (let number = 1; ; number++) {
      const failure = await failAt(number);
      const { bench, at, error } = failure;
      if (at === undefined) break;
      try {
        if (error !== undefined && !isOfDisk(error)) throw error;
        const { store } = bench;
        if (store.inside !== undefined) {
          await bench.check(SCENARIO_NAMES);
          if (store.failure === undefined) {
            await bench.advance(PAUSE_MS);
            await bench.quiesce();
            await bench.check(SCENARIO_NAMES);
          } else {
            await refusesForGood(bench);
          }
          if (store.inside.log.failed !== undefined) latched.log++;
          if (store.inside.versions.failed !== undefined) latched.manifest++;
          // (The next start removes what could not be removed.)
          if (at.path.endsWith('.sst') && at.name !== 'remove') {
            repeated++;
            expect(store.failure, 'the store').to.equal(undefined);
            bench.checkFiles();
          }
        }
        await restart(failure);
      } catch (cause) {
        const what = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`EIO at step ${number} (${at.name} ${at.path}): ${what}`, { cause });
      }
    }
    expect(latched.log, 'failures of the log').to.be.greaterThan(40);
    expect(latched.manifest, 'failures of the manifest').to.be.greaterThan(20);
    expect(repeated, 'jobs done again').to.be.greaterThan(20);
  });

  /** Nothing is written any more, whatever time passes. */
  async function refusesForGood(bench: StoreBench): Promise<void> {
    await bench.quiesce();
    const { stepCount } = bench.disk;
    const refused = bench.refusedCount;
    await bench.set(0, 'key0', 'too late').then(
      () => expect.fail('a write was taken'),
      (error: unknown) => expect(error).to.be.instanceOf(WriteRefused),
    );
    await bench.advance(PAUSE_MS);
    await bench.quiesce();
    expect(bench.refusedCount).to.equal(refused + 1);
    expect(bench.disk.stepCount, 'steps').to.equal(stepCount);
    await bench.check(SCENARIO_NAMES);
  }
});
