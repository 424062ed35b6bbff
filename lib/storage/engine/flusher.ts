/**
 * Turns closed segments of the log into tables of level 0: one after the other, oldest first.
 *
 *     closed  ->  durable  ->  job (another thread): tables, durable  ->  version edit, durable  ->  segment removed
 *
 * 1. A table never holds what the log may yet lose: the job begins when its segment is durable.
 * 2. The edit says that the segment is in tables and which they are, in one. Before it is durable the segment counts, after it the tables.
 * 3. A job that fails for want of room leaves nothing behind and is tried again; anything else that fails stays with its segment, which is
 *    tried again too: nothing is lost, but the log grows, and writers are slowed down (levels/write-pressure.ts).
 */

import { CorruptionError, DiskError } from '../../base/errors.js';
import type { AppendOnlyFile, ClosedSegment } from '../log/append-only-file.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import { JobControl } from '../jobs/job-control.js';
import type { FlushJob, FlushResult } from '../jobs/job.js';
import type { DatabaseFacts, SlotNotes, VersionEdit } from '../levels/version-edit.js';
import type { VersionSet } from '../levels/version-set.js';
import type { Version } from '../levels/version.js';
import { deadTables } from './database-notes.js';
import { scaledFacts } from './held-slots.js';
import type { LiveTables } from './live-tables.js';
import type { LogCoverage } from './log-coverage.js';
import type { Retry } from './retry.js';
import type { StoreEvents } from './store-options.js';

/** What was true when a segment was closed, of all that was logged until then. */
export interface SegmentFacts {
  /** Everything in memory stamped up to this is in the log; `undefined`: that cannot be said. */
  readonly stamp: number | undefined;
  readonly databases: readonly DatabaseFacts[];
}

export interface FlusherOptions {
  readonly log: AppendOnlyFile;
  readonly versions: VersionSet;
  readonly tables: Pick<LiveTables, 'remove' | 'warm'>;
  readonly jobs: BackgroundJobs;
  /** Is told what has reached tables. While a log is being begun, segments stay in the log. */
  readonly coverage: LogCoverage;
  readonly events: Pick<StoreEvents, 'onProblem' | 'onFlushed'>;
  readonly retry: Retry;
  /** The job for a segment. */
  readonly jobFor: (segment: ClosedSegment) => FlushJob;
  /** What has to be noted with tables that hold something of new slots. */
  readonly slotNotes: (version: Version) => SlotNotes | undefined;
  /** Whether level 0 is so full that compaction has to come first. */
  readonly mustWait: () => Promise<void> | undefined;
  readonly nowUs: () => number;
}

export class Flusher {
  flushCount = 0;
  flushedBytes = 0;
  writtenBytes = 0;
  lastFlushUs = 0;
  /** How often one had to wait for compactions. */
  waitCount = 0;
  /** Of the last flushes: log bytes a second. */
  bytesPerSecond = 0;
  isRunning = false;
  lastError: Error | undefined;

  private readonly options: FlusherOptions;
  private readonly facts = new Map<number, SegmentFacts>();
  private readonly newestStamps = new Map<number, number>();
  private readonly control = new JobControl();
  private waiters: { number: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  private isStopped = false;

  constructor(options: FlusherOptions) {
    this.options = options;
  }

  /** A segment was closed, this being true then. */
  add(number: number, facts: SegmentFacts): void {
    this.facts.set(number, facts);
    void this.run();
  }

  /** The newest stamp that has reached the tables of a database, or is about to, whether it is still there or not; 0: none since the start. */
  newestStamp(db: number): number {
    return this.newestStamps.get(db) ?? 0;
  }

  /** The counts of a database in the facts of segments that are not flushed yet are not exact any more. */
  doubtCount(db: number): void {
    for (const [number, { stamp, databases }] of this.facts) {
      const doubted = databases.map((each) => (each.db === db ? { ...each, isEstimate: true } : each));
      this.facts.set(number, { stamp, databases: doubted });
    }
  }

  /** Of what was counted so far, about the part `left` is left. */
  scaleCounts(left: number): void {
    for (const [number, { stamp, databases }] of this.facts) {
      this.facts.set(number, { stamp, databases: databases.map((each) => scaledFacts(each, left)) });
    }
  }

  /** Resolves when segment `number` and all before it are in tables. Rejects if that has failed, or will not be. */
  whenFlushed(number: number): Promise<void> {
    const { versions } = this.options;
    if ((versions.current.flushed?.number ?? 0) >= number) return Promise.resolve();
    if (versions.failed !== undefined) return Promise.reject(versions.failed);
    return new Promise((resolve, reject) => {
      this.waiters.push({ number, resolve, reject });
      void this.run();
    });
  }

  /** Starts no more jobs; the one that runs is broken off. */
  stop(reason: Error): void {
    this.isStopped = true;
    this.control.abort();
    this.options.retry.cancel();
    this.rejectWaiters(reason);
  }

  private async run(): Promise<void> {
    if (this.isRunning || this.options.retry.isWaiting) return;
    this.isRunning = true;
    try {
      for (let segment = this.next(); segment !== undefined; segment = this.next()) {
        const more = await this.attempt(segment);
        if (!more) break;
      }
    } finally {
      this.isRunning = false;
    }
    const { failed } = this.options.versions;
    if (failed !== undefined) this.rejectWaiters(failed);
  }

  private next(): ClosedSegment | undefined {
    // A manifest that has failed takes no edit: tables would be made in vain.
    if (this.isStopped || this.options.coverage.isBeginning || this.options.versions.failed !== undefined)
      return undefined;
    const segment = this.options.log.closedSegments[0] as ClosedSegment | undefined;
    return segment !== undefined && this.facts.has(segment.number) ? segment : undefined;
  }

  /** Flushes a segment; false if it has to be tried again later. */
  private async attempt(segment: ClosedSegment): Promise<boolean> {
    const { events, retry } = this.options;
    try {
      await this.flush(segment);
      this.lastError = undefined;
      retry.succeeded();
      return true;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (this.isStopped) return false;
      if (error.message !== this.lastError?.message) {
        events.onProblem(`Segment ${segment.number} of the log could not be moved to tables: ${error.message}`);
      }
      this.lastError = error;
      this.rejectWaiters(error);
      if (!(error instanceof CorruptionError) && this.options.log.failed === undefined)
        retry.later(() => void this.run());
      return false;
    }
  }

  private async flush(segment: ClosedSegment): Promise<void> {
    const { log, jobs, versions, events, mustWait } = this.options;
    await log.whenDurable(segment.number);
    const startedUs = this.options.nowUs();
    const waiting = mustWait();
    if (waiting !== undefined) this.waitCount++;
    await waiting;
    if (versions.failed !== undefined) throw versions.failed;
    const result = await jobs.flush(this.options.jobFor(segment), this.control);
    if (this.isStopped) return;
    await this.options.tables.warm(result.tables);
    for (const { db, maxStamp } of result.tables) {
      this.newestStamps.set(db, Math.max(this.newestStamp(db), maxStamp));
    }
    try {
      await versions.log((current) => this.editFor(current, segment, result));
    } catch (error) {
      // Nothing was changed. (When the manifest has failed, nobody knows: then nothing is removed.)
      if (error instanceof DiskError) this.options.tables.remove(result.tables);
      throw error;
    }
    const facts = this.facts.get(segment.number);
    this.facts.delete(segment.number);
    if (facts?.stamp !== undefined) this.options.coverage.flushedStamp = facts.stamp;
    this.count(segment, result, this.options.nowUs() - startedUs);
    events.onFlushed();
    this.resolveWaiters(segment.number);
    await log.release(segment.number);
  }

  private editFor(current: Version, segment: ClosedSegment, result: FlushResult): VersionEdit {
    const facts = this.facts.get(segment.number)?.databases ?? [];
    // A floor may have risen since.
    const databases = facts.map((each) => ({
      ...each,
      floor: Math.max(each.floor, current.facts(each.db).floor),
    }));
    const slots = this.options.slotNotes(current);
    return {
      added: result.tables.map((table) => ({ level: 0, table })),
      removed: deadTables(current, databases),
      flushed: { number: segment.number, nextFileId: segment.nextFileId },
      databases,
      ...(result.databases && { databasesMap: result.databases }),
      ...(slots && { slots }),
    };
  }

  private count(segment: ClosedSegment, result: FlushResult, durationUs: number): void {
    this.flushCount++;
    this.flushedBytes += segment.sizeBytes;
    this.writtenBytes += result.writtenBytes;
    this.lastFlushUs = durationUs;
    const rate = (segment.sizeBytes * 1e6) / Math.max(durationUs, 1);
    this.bytesPerSecond = this.bytesPerSecond === 0 ? rate : this.bytesPerSecond * 0.7 + rate * 0.3;
  }

  private resolveWaiters(number: number): void {
    const { waiters } = this;
    this.waiters = waiters.filter((waiter) => waiter.number > number);
    for (const waiter of waiters) if (waiter.number <= number) waiter.resolve();
  }

  private rejectWaiters(error: Error): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
