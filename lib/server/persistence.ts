/**
 * What makes the keyspace durable: its changes go to the log turn by turn, and come back from there at the start.
 *
 * Replies to a write leave only after `commit` (and, with `appendfsync always`, after the log is synced up to
 * `waitPosition`). A log that fails once stays failed: nothing is written any more, and the server refuses writes.
 */

import { POSITION_LIMIT } from '../base/position.js';
import type { Durability } from '../commands/ports.js';
import type { Config } from '../config/config.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Clock, Disk, Random, Timers } from '../host/ports.js';
import { BatchReader, WriteBatch } from '../record/batch.js';
import type { Rewrite } from '../storage/log/aof-rewrite.js';
import { AppendOnlyFile } from '../storage/log/append-only-file.js';
import { FRAME_HEADER_BYTES } from '../storage/log/aof-frame.js';
import type { TurnLog } from './turn.js';

/** A batch that has grown to this is logged before the turn ends. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** A rewrite works for this long, then lets the loop go on for RESTS times as long. */
const REWRITE_SLICE_US = 1000;
const REWRITE_RESTS = 3;
/** A rewrite that nobody asked for and that failed is tried again after this. */
const REWRITE_RETRY_MS = 30_000;

export interface PersistenceOptions {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly directory: string;
  readonly origin: number;
  /** A line for the server's log. */
  readonly report: (message: string) => void;
  /** The log is durable up to a position. */
  readonly onSynced: (position: number) => void;
  /** The log has failed. */
  readonly onFailed: (error: Error) => void;
  /** Work of the loop's turn begins. */
  readonly onTurn: () => void;
}

export class Persistence implements TurnLog, Durability {
  isRewriting = false;
  lastRewriteOk = true;
  lastSaveMs: number;
  lastRewriteSeconds = -1;
  savedChangeCount = 0;

  private readonly options: PersistenceOptions;
  private readonly keyspace: Keyspace;
  private readonly batch: WriteBatch;
  private log: AppendOnlyFile | undefined;
  /** Takes the batches while there is no log but one is being begun, or a copy made. */
  private tail: ((framed: Buffer, start: number, end: number) => void) | undefined;
  private retryAtMs = 0;
  private rewriteRunning: Promise<void> = Promise.resolve();

  /** Reads what is on disk into the keyspace. Throws CorruptionError and DiskError. */
  constructor(options: PersistenceOptions) {
    this.options = options;
    this.keyspace = options.keyspace;
    this.batch = options.keyspace.batch;
    this.lastSaveMs = options.clock.wallMs();
    this.open();
  }

  get failure(): string | undefined {
    return this.log?.failed?.message;
  }

  get logBytes(): number {
    return this.log?.sizeBytes ?? 0;
  }

  get logBaseBytes(): number {
    return this.log?.baseSizeBytes ?? 0;
  }

  get waitPosition(): number {
    const { log } = this;
    // A log that has failed is never synced again: nothing is worth waiting for.
    if (log === undefined || log.failed !== undefined || this.options.config.appendfsync !== 'always') return 0;
    return log.syncedPosition < log.position ? log.position : 0;
  }

  /** Logs the batch early when it has grown large. Called between commands. */
  relieve(): void {
    if (this.batch.byteLength > BATCH_BYTES_MAX) this.append();
  }

  commit(): boolean {
    const ok = this.batch.isEmpty ? this.log?.failed === undefined : this.append();
    // Without a batch too: it may have been logged early.
    if (ok && this.options.config.appendfsync === 'always') this.log?.requestSync();
    return ok;
  }

  /** Called about ten times a second: `everysec`, and rewriting when the log has grown. */
  tick(second: boolean): void {
    const { log } = this;
    const { config } = this.options;
    if (log === undefined) {
      // It could not be begun when it was turned on.
      const now = this.options.clock.wallMs();
      if (second && config.appendonly && !this.isRewriting && now >= this.retryAtMs)
        void this.rewrite().catch(() => undefined);
      return;
    }
    if (log.failed !== undefined) return;
    if (second && config.appendfsync === 'everysec' && log.syncedPosition < log.position) log.requestSync();
    if (!this.isRewriting && this.options.clock.wallMs() >= this.retryAtMs && this.wantsRewrite()) {
      this.options.report('The log has grown: rewriting it');
      void this.rewrite().catch(() => undefined); // reported, and kept in lastRewriteOk
    }
  }

  async sync(): Promise<void> {
    if (!this.batch.isEmpty) this.append();
    await this.log?.sync();
  }

  rewrite(): Promise<void> {
    if (this.isRewriting) return this.rewriteRunning;
    this.isRewriting = true;
    this.rewriteRunning = this.rewriteAll();
    return this.rewriteRunning;
  }

  async reload(): Promise<void> {
    await this.rewriteRunning.catch(() => undefined);
    await this.sync();
    // What was written meanwhile is read again too.
    if (!this.batch.isEmpty) this.append();
    this.log?.close();
    this.keyspace.forgetAll();
    this.open();
    // Opening a log makes all that it has durable: whoever waits for that is answered.
    this.options.onSynced(Infinity);
  }

  /**
   * Turns the log on or off at run time (CONFIG SET appendonly). On begins with a copy of all data: until that is complete, a crash
   * leaves what was on disk before, as in Redis.
   */
  setEnabled(enabled: boolean): void {
    if (enabled) {
      // A rewrite that was broken off by turning the log off has to end first.
      void this.rewriteRunning.catch(() => undefined).then(() => this.beginLog());
    } else {
      this.close();
      // What was logged last will not be synced any more: whoever waits for that is answered after this turn.
      this.options.timers.endOfTurn(() => {
        this.options.onSynced(Infinity);
      });
    }
  }

  setSegmentBytesMax(bytes: number): void {
    if (this.log !== undefined) this.log.segmentBytesMax = bytes;
  }

  close(): void {
    this.log?.close();
    this.log = undefined;
  }

  /** Makes the copy of all data that a log begins with, if the log is on and there is none. */
  private async beginLog(): Promise<void> {
    if (!this.options.config.appendonly || this.log !== undefined) return;
    await this.rewrite().catch(() => undefined); // reported, and kept in lastRewriteOk
  }

  private open(): void {
    const reader = new BatchReader();
    const startedUs = this.options.clock.monotonicUs();
    this.log = this.openLog((payload, source) => {
      reader.open(payload, 0, payload.length, source);
      while (reader.next()) this.keyspace.apply(reader);
    });
    this.keyspace.clock.tick();
    const seconds = (this.options.clock.monotonicUs() - startedUs) / 1e6;
    this.options.report(`Data loaded from the log: ${this.keyspace.keyCount} keys, ${seconds.toFixed(3)} seconds`);
    if (!this.options.config.appendonly) this.close();
  }

  private openLog(replay: (payload: Buffer, source: string) => void): AppendOnlyFile {
    const { disk, random, directory, config, report, onSynced, onFailed } = this.options;
    return AppendOnlyFile.open({
      disk,
      random,
      directory,
      segmentBytesMax: config.aofSegmentSizeBytes,
      replay,
      report,
      onSynced,
      onFailed,
    });
  }

  private append(): boolean {
    const { batch, log } = this;
    const start = batch.start - FRAME_HEADER_BYTES;
    let ok = true;
    try {
      if (log !== undefined) log.appendFramed(batch.buffer, start, batch.end);
      else this.tail?.(batch.buffer, start, batch.end);
    } catch {
      ok = false; // the log has failed for good; onFailed was told why
    }
    batch.reset();
    return ok;
  }

  private wantsRewrite(): boolean {
    const { autoAofRewritePercentage, autoAofRewriteMinSizeBytes } = this.options.config;
    const { logBytes, logBaseBytes } = this;
    if (autoAofRewritePercentage === 0 || logBytes < autoAofRewriteMinSizeBytes) return false;
    return (logBytes - logBaseBytes) * 100 >= Math.max(logBaseBytes, 1) * autoAofRewritePercentage;
  }

  private async rewriteAll(): Promise<void> {
    const startedUs = this.options.clock.monotonicUs();
    const { changeCount } = this.keyspace;
    try {
      await (this.log === undefined ? this.copyWithoutLog() : this.copyBehindLog(this.log));
      this.lastRewriteOk = true;
      this.savedChangeCount = changeCount;
      this.lastSaveMs = this.options.clock.wallMs();
      this.options.report('Log rewritten');
    } catch (error) {
      this.lastRewriteOk = false;
      this.retryAtMs = this.options.clock.wallMs() + REWRITE_RETRY_MS;
      this.options.report(`Rewriting the log failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    } finally {
      this.isRewriting = false;
      this.lastRewriteSeconds = Math.round((this.options.clock.monotonicUs() - startedUs) / 1e6);
    }
  }

  /** What changes while the copy is made is in the log, behind the copy. */
  private async copyBehindLog(log: AppendOnlyFile): Promise<void> {
    if (!this.batch.isEmpty) this.append();
    const rewrite = log.beginRewrite();
    try {
      await this.copyAll(rewrite);
      // What the copy has seen is logged before the copy may stand for it.
      if (!this.batch.isEmpty) this.append();
      await rewrite.finish();
    } catch (error) {
      rewrite.abort();
      throw error;
    }
  }

  /**
   * What changes while the copy is made goes into the copy itself: it is the data as it is at the end, and nothing on disk counts
   * before it is complete. Then the log goes on behind it, if there is to be one.
   */
  private async copyWithoutLog(): Promise<void> {
    if (!this.batch.isEmpty) this.append();
    const log = this.openLog(() => undefined);
    const rewrite = log.beginRewrite();
    const behind: Buffer[] = [];
    try {
      this.tail = (framed, start, end) => {
        try {
          rewrite.appendFramed(framed, start, end);
        } catch {
          // The copy has failed: it says so itself at its next step. Nobody's write depends on it.
        }
      };
      await this.copyAll(rewrite);
      if (!this.batch.isEmpty) this.append();
      this.tail = (framed, start, end) => {
        if (this.options.config.appendonly) behind.push(Buffer.from(framed.subarray(start, end)));
      };
      await rewrite.finish();
      if (this.options.config.appendonly) {
        for (const framed of behind) log.appendFramed(framed, 0, framed.length);
        this.log = log;
      }
    } catch (error) {
      rewrite.abort();
      throw error;
    } finally {
      this.tail = undefined;
      if (this.log !== log) log.close();
    }
  }

  /** Copies every record, in slices. */
  private async copyAll(rewrite: Rewrite): Promise<void> {
    const { keyspace, options } = this;
    const batch = new WriteBatch(options.origin, FRAME_HEADER_BYTES);
    const flush = (): void => {
      if (!batch.isEmpty) rewrite.appendFramed(batch.buffer, batch.start - FRAME_HEADER_BYTES, batch.end);
      batch.reset();
    };
    keyspace.writeDatabases(batch);
    flush();
    for (let id = 0; id < keyspace.databaseCount; id++) {
      let position = 0;
      while (position < POSITION_LIMIT) {
        const startedUs = options.clock.monotonicUs();
        options.onTurn();
        while (position < POSITION_LIMIT && options.clock.monotonicUs() - startedUs < REWRITE_SLICE_US) {
          position = keyspace.snapshot(id, position, batch, flush);
        }
        if (position === POSITION_LIMIT) break;
        await this.rest();
        await rewrite.caughtUp();
      }
    }
    flush();
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => {
      this.options.timers.after((REWRITE_SLICE_US * REWRITE_RESTS) / 1000, resolve);
    });
  }
}
