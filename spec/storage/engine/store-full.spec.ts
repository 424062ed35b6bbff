/**
 * The disk is full from any step of a run on, and some time later there is room again. Meanwhile writes are refused with a clear error and
 * reads go on; afterwards everything goes on, nothing is lost, and no file is left over.
 */

import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { StoreBench, WriteRefused } from './store-bench.js';
import { SCENARIO, SCENARIO_NAMES, SCENARIO_SETTINGS } from './store-scenario.js';

/** Longer than anything waits to be tried again. */
const PAUSE_MS = 10_000;
const NEEDS_ROOM = new Set(['create', 'append', 'mkdir']);

/** A run on a disk that has no room from step `from` on. */
class FullDiskRun {
  readonly bench: StoreBench;
  first: Step | undefined;
  private isOver = false;
  private readonly from: number;

  constructor(from: number) {
    this.from = from;
    const plan = (step: Step) => this.faultAt(step);
    this.bench = StoreBench.prepare({ settings: SCENARIO_SETTINGS, disk: { plan } });
  }

  /** Lives on with a full disk for two parts of the scenario after the step; then there is room. */
  async run(): Promise<void> {
    const { bench } = this;
    await this.tryTo(() => bench.open(bench.disk));
    let partsLeft = 2;
    for (const part of SCENARIO) {
      const isClosed = bench.store.inside === undefined;
      if (isClosed || (this.first !== undefined && --partsLeft === 0)) await this.makeRoom();
      await this.tryTo(() => part(bench));
      if (this.first !== undefined && bench.store.inside !== undefined) await bench.check(SCENARIO_NAMES);
    }
    if (this.first === undefined) return;
    await this.makeRoom();
    await this.end();
  }

  /** What was acknowledged outlasts a power failure, and all else a restart. */
  private async end(): Promise<void> {
    const { bench } = this;
    await bench.set(0, 'key0', 'there is room');
    await bench.flushAll();
    await bench.compactAll();
    await bench.check(SCENARIO_NAMES);
    await bench.quiesce();
    bench.checkFiles();
    await bench.sync();
    const next = await StoreBench.recover(bench.disk.crash(keepNothing), bench, { settings: SCENARIO_SETTINGS });
    await next.quiesce();
    next.checkFiles();
  }

  private async makeRoom(): Promise<void> {
    const { bench } = this;
    this.isOver = true;
    // Not even opened: the next start is.
    if (bench.store.inside === undefined) await bench.open(bench.disk);
    for (let pause = 0; pause < 2; pause++) {
      bench.retryFull();
      await bench.advance(PAUSE_MS);
      await bench.quiesce();
    }
    expect(bench.store.failure, 'the store').to.equal(undefined);
    expect(bench.isFull, 'refuses writes').to.equal(false);
    expect(bench.store.inside?.log.closedSegments, 'closed segments').to.deep.equal([]);
    await bench.check(SCENARIO_NAMES);
    // What has expired was removed meanwhile.
    await bench.quiesce();
    bench.checkFiles();
  }

  private async tryTo(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!isForWantOfRoom(error)) throw error;
      expect(this.first, 'a step that failed').to.not.equal(undefined);
    }
  }

  private faultAt(step: Step): Fault | undefined {
    if (this.isOver || step.number < this.from || !NEEDS_ROOM.has(step.name)) return undefined;
    this.first ??= step;
    return { kind: 'error', code: 'ENOSPC', takenBytes: step.number % 30 };
  }
}

function isForWantOfRoom(error: unknown): boolean {
  if (error instanceof WriteRefused) return error.message.includes('no room on the disk');
  return error instanceof DiskFullError || (error instanceof DiskError && error.code === 'ENOSPC');
}

describe('Store on a full disk', function () {
  this.timeout(600_000);

  it('refuses writes and answers reads from any step on, and goes on without loss when there is room', async () => {
    let refused = 0;
    for (let from = 1; ; from++) {
      const run = new FullDiskRun(from);
      let failed: unknown;
      await run.run().catch((error: unknown) => (failed = error));
      const { first, bench } = run;
      if (failed !== undefined) {
        const what = failed instanceof Error ? failed.message : '';
        throw new Error(`full from step ${from} (${first?.name} ${first?.path}): ${what}`, { cause: failed });
      }
      if (first === undefined) break;
      refused += bench.refusedCount;
    }
    expect(refused).to.be.greaterThan(100);
  });
});
