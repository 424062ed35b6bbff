/**
 * Keeps the levels in shape: carries out one compaction after the other, as they are chosen (levels/compaction-picker.ts), in another thread.
 *
 * 1. The inputs of a compaction stay until the edit that replaces them is durable; what a compaction made that came to nothing is removed.
 * 2. One that fails is tried again later. If an input is damaged, that is quarantined first, and the choice is another one then.
 */

import { CorruptionError, DiskError } from '../../base/errors.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import { JobControl } from '../jobs/job-control.js';
import type { CompactionJob, CompactionResult } from '../jobs/job.js';
import type {
  Compaction,
  CompactionState,
  GivenUp,
  DropCompaction,
  MergeCompaction,
  MoveCompaction,
} from '../levels/compaction.js';
import { cursorKey, editOf, inputsOf } from '../levels/compaction.js';
import { pickCompaction } from '../levels/compaction-picker.js';
import type { FullCompaction } from '../levels/full-compaction.js';
import { nextOfFullCompaction } from '../levels/full-compaction.js';
import type { LevelsConfig } from '../levels/level-targets.js';
import type { VersionSet } from '../levels/version-set.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { DeletesLimit } from './deletes-limit.js';
import type { LiveTables } from './live-tables.js';
import type { Retry } from './retry.js';
import type { StoreEvents } from './store-options.js';

/** With so many tables in level 0, flushing waits: reads would have to look into each of them. */
const LEVEL_0_TABLES_MAX = 20;

export interface CompactorOptions {
  readonly versions: VersionSet;
  readonly tables: Pick<LiveTables, 'remove' | 'warm' | 'quarantine' | 'pathOf'>;
  readonly jobs: BackgroundJobs;
  readonly levels: LevelsConfig;
  readonly events: Pick<StoreEvents, 'onProblem' | 'onExpiredDropped' | 'onCountDoubted'>;
  readonly retry: Retry;
  readonly jobFor: (compaction: MergeCompaction) => CompactionJob;
  readonly nowMs: () => number;
  /** What is in no table was written at this Unix millisecond or later. */
  readonly unflushedSinceMs: () => number;
  /** See CompactionState. */
  readonly keepsExpired: boolean;
  readonly deletes: DeletesLimit;
  readonly slots: GivenUp;
  /** Whether there is nothing else to do, so that space may be won back. */
  readonly isIdle: () => boolean;
  readonly nowUs: () => number;
}

interface FullRequest extends FullCompaction {
  readonly expireUpToMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Compactor {
  compactionCount = 0;
  readBytes = 0;
  writtenBytes = 0;
  recordsDropped = 0;
  /** Of these, keys that were deleted. */
  deletesDropped = 0;
  marksDropped = 0;
  busyUs = 0;
  isRunning = false;
  lastError: Error | undefined;

  private readonly options: CompactorOptions;
  private readonly control = new JobControl();
  private readonly busy = new Set<number>();
  private readonly cursors = new Map<number, number>();
  private full: FullRequest[] = [];
  private waiters: ((value: undefined) => void)[] = [];
  private isStopped = false;
  /** Whether the compaction at hand is one of those that `compactAll` has asked for. */
  private isForFull = false;

  constructor(options: CompactorOptions) {
    this.options = options;
  }

  /** Bytes a second that compactions may read and write; 0: as many as they can. */
  set bytesPerSecond(rate: number) {
    this.control.bytesPerSecond = rate;
  }

  /** Something has changed: perhaps there is something to compact. */
  kick(): void {
    void this.run();
  }

  /**
   * Gets everything that a database has now to the bottom, but for what has expired at `expireUpToMs` (Unix milliseconds). Rejects if
   * that fails.
   */
  compactAll(full: FullCompaction, expireUpToMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.full.push({ ...full, expireUpToMs, resolve, reject });
      this.kick();
    });
  }

  /** Resolves when there are not too many tables in level 0 of any database; `undefined` if there are not. */
  whenLevel0HasRoom(): Promise<void> | undefined {
    if (!this.isLevel0Full()) return undefined;
    this.kick();
    const compacted = new Promise<undefined>((resolve) => this.waiters.push(resolve));
    return compacted.then(() => this.whenLevel0HasRoom());
  }

  /** Starts no more; what runs is broken off. */
  stop(reason: Error): void {
    this.isStopped = true;
    this.control.abort();
    this.options.retry.cancel();
    for (const { reject } of this.full) reject(reason);
    this.full = [];
  }

  private isLevel0Full(): boolean {
    const { current, failed } = this.options.versions;
    const isFull = (db: number): boolean => current.level(db, 0).count >= LEVEL_0_TABLES_MAX;
    // What quarantined tables keep from being compacted would be waited for in vain.
    const isVain = this.isStopped || failed !== undefined || current.quarantined.size > 0;
    return !isVain && current.databasesWithTables().some(isFull);
  }

  private async run(): Promise<void> {
    if (this.isRunning || this.options.retry.isWaiting) return;
    this.isRunning = true;
    try {
      for (let next = this.pick(); next !== undefined; next = this.pick()) {
        if (!(await this.attempt(next))) break;
        this.wakeWaiters();
      }
    } finally {
      this.isRunning = false;
    }
  }

  private pick(): Compaction | undefined {
    const { versions, levels, deletes } = this.options;
    if (versions.failed !== undefined) this.giveUp(versions.failed);
    if (this.isStopped || versions.failed !== undefined) return undefined;
    const state = this.state();
    this.isForFull = false;
    for (let full = this.full.at(0); full !== undefined; full = this.full.at(0)) {
      const nowMs = Math.min(state.nowMs, full.expireUpToMs);
      const next = nextOfFullCompaction(versions.current, full, levels, {
        ...state,
        nowMs,
        mayLoseDeletes: deletes.mayLose,
      });
      this.isForFull = next !== undefined;
      if (next !== undefined) return next;
      this.full.shift();
      full.resolve();
    }
    return pickCompaction(versions.current, levels, state);
  }

  private state(): CompactionState {
    const { nowMs, unflushedSinceMs, isIdle, keepsExpired, deletes, slots } = this.options;
    return {
      busy: this.busy,
      nowMs: nowMs(),
      unflushedSinceMs: unflushedSinceMs(),
      cursors: this.cursors,
      isIdle: isIdle(),
      keepsExpired,
      mayLoseDeletes: deletes.isWorthwhile,
      slots,
    };
  }

  /** Carries out a compaction; false if the next one has to wait for a while. */
  private async attempt(compaction: Compaction): Promise<boolean> {
    const { events, retry, tables } = this.options;
    const inputs = inputsOf(compaction);
    for (const { id } of inputs) this.busy.add(id);
    const startedUs = this.options.nowUs();
    try {
      if (compaction.kind === 'merge') await this.merge(compaction);
      else await this.rearrange(compaction);
      this.noteCursor(compaction);
      this.lastError = undefined;
      retry.succeeded();
      return true;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (this.isStopped) return false;
      if (error.message !== this.lastError?.message) {
        events.onProblem(`A compaction of database ${compaction.db} failed: ${error.message}`);
      }
      this.lastError = error;
      const damaged = inputs.find((table) => error instanceof CorruptionError && error.path === tables.pathOf(table));
      if (damaged !== undefined && error instanceof CorruptionError) void tables.quarantine(damaged, error);
      this.rejectFull(error);
      retry.later(() => {
        this.kick();
      });
      return false;
    } finally {
      for (const { id } of inputs) this.busy.delete(id);
      this.busyUs += this.options.nowUs() - startedUs;
    }
  }

  private async merge(compaction: MergeCompaction): Promise<void> {
    const { jobs, jobFor, tables, events, deletes } = this.options;
    const noteResult = deletes.begin(inputsOf(compaction));
    const result = await this.holding(() => jobs.compact(jobFor(compaction), this.control));
    noteResult(result);
    await tables.warm(result.tables);
    try {
      // Emptied meanwhile: nobody needs what came of it.
      if (this.isStopped || !(await this.install(compaction, result.tables, result.expiredDropped))) {
        tables.remove(result.tables);
        return;
      }
    } catch (error) {
      // Nothing was changed. (When the manifest has failed, nobody knows: then nothing is removed.)
      if (error instanceof DiskError) tables.remove(result.tables);
      throw error;
    }
    this.count(result);
    if (result.expiredDropped > 0) events.onExpiredDropped(compaction.db, result.expiredDropped, this.isForFull);
  }

  /** Carries out what needs no job. */
  private async rearrange(compaction: MoveCompaction | DropCompaction): Promise<void> {
    const { db, kind, reason, tables } = compaction;
    const live = tables.reduce((sum, table) => sum + table.recordCount - table.emptyCount, 0);
    const expired = kind === 'drop' && reason === 'expired' ? live : 0;
    const isDone = await this.install(compaction, [], expired);
    if (isDone && expired > 0) this.options.events.onExpiredDropped(db, expired, this.isForFull);
  }

  /** Keeps the tables of the current version while a job reads them: a FLUSHDB may take them out of it. */
  private async holding<T>(job: () => Promise<T>): Promise<T> {
    const { versions } = this.options;
    const held = versions.acquire();
    try {
      return await job();
    } finally {
      versions.release(held);
    }
  }

  /** Makes the compaction, which drops `expired` keys, take effect; false if an input is not there any more. */
  private install(compaction: Compaction, outputs: readonly TableMeta[], expired: number): Promise<boolean> {
    const inputs = inputsOf(compaction);
    const { db } = compaction;
    return this.options.versions.log((current) => {
      if (inputs.some(({ id }) => current.placeOf(id) === undefined)) return undefined;
      const edit = editOf(compaction, outputs);
      if (expired === 0) return edit;
      this.options.events.onCountDoubted(db);
      const facts = current.facts(db);
      return { ...edit, databases: [{ ...facts, keyCount: Math.max(0, facts.keyCount - expired), isEstimate: true }] };
    });
  }

  private noteCursor(compaction: Compaction): void {
    if (compaction.kind === 'drop' || compaction.cursor === undefined) return;
    const { db, level, position } = compaction.cursor;
    this.cursors.set(cursorKey(db, level), position);
  }

  private count(result: CompactionResult): void {
    this.compactionCount++;
    this.readBytes += result.readBytes;
    this.writtenBytes += result.writtenBytes;
    this.recordsDropped += result.recordsIn - result.recordsOut;
    this.deletesDropped += result.emptyDropped;
    this.marksDropped += result.marksDropped;
  }

  private rejectFull(error: Error): void {
    const { full } = this;
    this.full = [];
    for (const { reject } of full) reject(error);
  }

  /** The manifest takes no edits: whoever waits does so in vain. */
  private giveUp(reason: Error): void {
    this.rejectFull(reason);
    this.wakeWaiters();
  }

  private wakeWaiters(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake(undefined);
  }
}
