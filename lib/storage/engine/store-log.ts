/**
 * The log of a store, on its way to tables: what is appended, when a segment is closed and what is known to be true then, how a log begins and ends.
 *
 *     append ──▶ segment n ──(full)──▶ closed, with what was true then ──▶ Flusher ──▶ level 0
 *
 *  1. When a segment is closed, all that is in memory then is in the log (`append` is given everything that has changed), but while a log is being begun.
 *  2. Tables of an emptied database go when it is durable in the log that it was emptied, and not before.
 */

import { assert } from '../../base/assert.js';
import type { DatabaseFacts } from '../levels/version-edit.js';
import type { VersionSet } from '../levels/version-set.js';
import type { AppendOnlyFile } from '../log/append-only-file.js';
import type { ColdReader } from './cold-reader.js';
import type { DatabaseNotes } from './database-notes.js';
import { deadTables } from './database-notes.js';
import type { Flusher, SegmentFacts } from './flusher.js';
import type { LogCoverage } from './log-coverage.js';
import type { ReplayedLog } from './log-replay.js';
import type { StoreSettings, StoreTarget } from './store-options.js';

export interface StoreLogOptions {
  readonly log: AppendOnlyFile;
  readonly flusher: Flusher;
  readonly versions: VersionSet;
  readonly reader: Pick<ColdReader, 'seenSegment' | 'whenReleased'>;
  readonly coverage: LogCoverage;
  readonly notes: DatabaseNotes;
  readonly target: StoreTarget;
  readonly settings: Pick<StoreSettings, 'segmentBytesMax'>;
  /** A line for the server's log. */
  readonly report: (message: string) => void;
}

export class StoreLog {
  private readonly options: StoreLogOptions;
  /** A database was emptied since the last append. */
  private hasNewFloor = false;
  private isStopped = false;

  constructor(options: StoreLogOptions) {
    this.options = options;
  }

  /** Why nothing more can be written, until a restart. */
  get failure(): Error | undefined {
    const { log, versions, coverage } = this.options;
    return (coverage.isLogging ? log.failed : undefined) ?? versions.failed;
  }

  /** Whether everything that has changed is in tables. */
  get isStored(): boolean {
    const { log, coverage } = this.options;
    return !coverage.hasUnlogged && log.closedSegments.length === 0 && !log.hasPayloads;
  }

  /** The log was just replayed, up to segment `deadUpTo` without what is dead of slots: all that it has yet moves to tables. `stamp`: the newest in tables. */
  takeUp(factsOf: ReplayedLog['factsOf'], stamp: number, deadUpTo: number): void {
    const { log, flusher, coverage } = this.options;
    let last: SegmentFacts = { stamp, databases: [] };
    for (const { number } of log.closedSegments) {
      const facts = factsOf(number);
      last = facts ?? last;
      coverage.noteLogged(number, facts?.lowestStamp ?? Infinity);
      flusher.add(number, last);
    }
    coverage.noteLogged(log.segmentNumber, factsOf(log.segmentNumber)?.lowestStamp ?? Infinity);
    // The segment behind the last that is dead may have been lost, before anything in it was durable.
    if (log.segmentNumber <= deadUpTo) this.rotate();
  }

  /** See Store.append. */
  append(buffer: Uint8Array, start: number, end: number, isLast: boolean): void {
    this.options.log.appendFramed(buffer, start, end);
    if (isLast) this.endAppend();
  }

  /** See Store.appendForeign. */
  appendForeign(
    buffer: Uint8Array,
    start: number,
    ends: readonly number[],
    lowestStamp: number,
    isLast: boolean,
  ): void {
    const { log, reader, coverage } = this.options;
    log.appendAllFramed(buffer, start, ends);
    coverage.forgetUpTo(reader.seenSegment);
    coverage.noteLogged(log.segmentNumber, lowestStamp);
    if (isLast) this.endAppend();
  }

  /** A database was emptied: the next append tells the log. Before that is durable, nothing may go. */
  noteFloor(): void {
    this.hasNewFloor = this.options.coverage.isLogging;
  }

  /** Closes the current segment. False if there is nothing in it. Throws DiskFullError and LogFailedError. */
  rotate(): boolean {
    assert(!this.isStopped, 'the store is open');
    const { log, flusher, coverage, target } = this.options;
    const facts = {
      stamp: coverage.isBeginning ? undefined : target.clock.latest,
      databases: this.databaseFacts(),
    };
    if (!log.rotate()) return false;
    const closed = log.closedSegments.at(-1);
    if (closed !== undefined) flusher.add(closed.number, facts);
    return true;
  }

  /** Moves everything that is in the log to tables. Rejects if that fails. */
  async flushAll(): Promise<void> {
    const { log, flusher } = this.options;
    this.rotate();
    const last = log.closedSegments.at(-1);
    if (last !== undefined) await flusher.whenFlushed(last.number);
  }

  /** See Store.whenFlushed. */
  whenFlushed(): Promise<void> | undefined {
    const { log, flusher, coverage, reader } = this.options;
    if (!coverage.isLogging || coverage.isBeginning || this.failure !== undefined) return undefined;
    if (log.closedSegments.length === 0) {
      try {
        if (!this.rotate()) return reader.whenReleased();
      } catch {
        return undefined;
      }
    }
    return flusher.whenFlushed(log.closedSegments[0].number);
  }

  /** A log that is being begun holds all that is in memory: it counts. */
  async finishBeginning(): Promise<void> {
    const { log, versions, coverage } = this.options;
    await log.sync();
    await versions.log({ logging: true });
    coverage.finish();
    // Segments that were closed meanwhile hold less than all, but for the last one.
    const { segmentNumber } = log;
    const wasRotated = this.rotate();
    if (!wasRotated) this.noteLastSegment();
    coverage.begunUpTo(wasRotated ? segmentNumber : segmentNumber - 1);
  }

  /** Moves what was logged to tables, and goes on without a log. */
  async end(): Promise<void> {
    const { versions, coverage, report } = this.options;
    coverage.end();
    try {
      await this.flushAll();
      await versions.log({ logging: false });
    } catch (error) {
      // The log still counts, but it has a gap by now.
      report(`Data could not be moved out of the log: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  /** Takes tables of emptied databases out of the version, as soon as it is durable that they were emptied. */
  async dropDead(): Promise<void> {
    const { log, versions, notes, report } = this.options;
    const floors = notes.allFloors();
    try {
      await log.sync();
      await versions.log((current) => {
        const databases = floors
          .map(({ db, stamp: floor }) => ({ ...current.facts(db), floor }))
          .filter(({ db, floor }) => floor > current.facts(db).floor);
        const removed = deadTables(current, databases);
        return removed.length > 0 ? { removed, databases } : undefined;
      });
    } catch (error) {
      if (this.isStopped) return;
      report(`Tables of an emptied database stay for now: ${error instanceof Error ? error.message : ''}`);
    }
  }

  /** Moves nothing to tables any more, and breaks off what is under way. */
  stop(reason: Error): void {
    this.isStopped = true;
    this.options.flusher.stop(reason);
  }

  /** All that has changed was appended. */
  private endAppend(): void {
    const { log, settings } = this.options;
    if (this.hasNewFloor) {
      this.hasNewFloor = false;
      void this.dropDead();
    }
    if (log.segmentBytes < settings.segmentBytesMax) return;
    try {
      this.rotate();
    } catch {
      // No room for another file: it goes on in this one. (A log that has failed says so at the next append.)
    }
  }

  /** What is in memory now is in the last segment that was closed, or before. */
  private noteLastSegment(): void {
    const { log, flusher, target } = this.options;
    const last = log.closedSegments.at(-1);
    if (last === undefined) return;
    flusher.add(last.number, { stamp: target.clock.latest, databases: this.databaseFacts() });
  }

  private databaseFacts(): DatabaseFacts[] {
    const { notes, target, versions } = this.options;
    return notes.factsOf(target, versions.current);
  }
}
