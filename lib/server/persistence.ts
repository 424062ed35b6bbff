/**
 * What makes the keyspace durable: its changes go to the log turn by turn, and come back from the store at the start.
 *
 * Replies to a write leave only after `commit` (and, with `appendfsync always`, after the log is synced up to
 * `waitPosition`). A log that fails once stays failed: nothing is written any more, and the server refuses writes. A disk that is
 * full is no failure: what was changed waits to be logged, and its replies with it, for a while (Turn.giveUpRoom); no more is changed until there is room.
 *
 * Without a log (`appendonly no`) data is in memory, and on disk as of the last save. A save then goes through the log too: everything that
 * the tables do not have is copied there, while changes are logged behind it, and moved to tables. Only when that copy is complete does
 * the directory say that the log counts: a crash leaves the save before, never a mixture.
 */

import { POSITION_LIMIT } from '../base/position.js';
import type { SlotSet } from '../base/slot-set.js';
import type { Durability } from '../commands/ports.js';
import type { Config } from '../config/config.js';
import { KeyCount } from '../data/key-count.js';
import type { Keyspace } from '../data/keyspace.js';
import { snapshotStep } from '../data/snapshot.js';
import type { Clock, Timers } from '../host/ports.js';
import { WriteBatch } from '../record/write-batch.js';
import type { DigestedTables } from '../storage/engine/leaf-digests.js';
import type { Store } from '../storage/engine/store.js';
import type { TableCounts } from '../storage/engine/table-counts.js';
import { FRAME_HEADER_BYTES } from '../storage/log/aof-frame.js';
import { DiskFullError } from '../storage/log/disk-full-error.js';
import { ForeignLog } from './foreign-log.js';
import type { TurnLog } from './turn.js';
import { WriteThrottle } from './write-throttle.js';

/** A batch that has grown to this is logged before the turn ends. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** A copy works for this long, then lets the loop go on for RESTS times as long. */
const COPY_SLICE_US = 1000;
const COPY_RESTS = 3;
/** A log that could not be begun is begun again after this. */
const RETRY_MS = 30_000;

export interface PersistenceOptions {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly origin: number;
  /** A line for the server's log. */
  readonly report: (message: string) => void;
  /** The log is durable up to a position: whoever waits for that may be answered. */
  readonly onSynced: (position: number) => void;
  /** The log takes no writes any more, or does again: `failure` says. */
  readonly onStateChange: () => void;
  /** The data could not be read again, and is not in memory either. */
  readonly onLost: (error: Error) => void;
  /** Work of the loop's turn begins. */
  readonly onTurn: () => void;
  /** The data was read. */
  readonly onOpened: () => void;
  /** The batch is about to be emptied. `isLogged`: what is in it counts. */
  readonly onBatchEnd: (isLogged: boolean) => void;
}

export class Persistence implements TurnLog, Durability {
  lastSaveOk = true;
  lastSaveMs: number;
  lastSaveSeconds = -1;
  savedChangeCount = 0;
  readonly throttle = new WriteThrottle();

  private readonly options: PersistenceOptions;
  private readonly keyspace: Keyspace;
  private readonly store: Store;
  private readonly batch: WriteBatch;
  /** What other nodes have changed is logged as they have sent it, behind the batch. */
  private readonly foreign = new ForeignLog();
  /** Why there is no room for the batch; it stays until there is. */
  private full: DiskFullError | undefined;
  /** A command is under way that is not done at the end of a turn: what it has changed is not logged before it is. */
  private isHeld = false;
  private turnBytes = 0;
  private retryAtMs = 0;
  private reloadRunning: Promise<void> | undefined;
  /** What changes how data is kept does so one after the other: saving, turning the log on and off. */
  private running: Promise<void> = Promise.resolve();
  /** Settles when the last COMPACT so far has ended. */
  private compacting: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(options: PersistenceOptions) {
    this.options = options;
    this.keyspace = options.keyspace;
    this.store = options.store;
    this.batch = options.keyspace.batch;
    this.lastSaveMs = options.clock.wallMs();
  }

  /** Reads what is on disk into the keyspace. Rejects with CorruptionError, DiskError and ManifestFailedError. */
  async open(): Promise<void> {
    const startedUs = this.options.clock.monotonicUs();
    await this.store.open(this.keyspace);
    this.keyspace.clock.tick();
    const seconds = (this.options.clock.monotonicUs() - startedUs) / 1e6;
    const { tableCount } = this.store;
    this.options.report(
      `Data opened: ${this.keyspace.keyCount} keys, ${tableCount} tables, ${seconds.toFixed(3)} seconds`,
    );
    if (this.store.isLogging !== this.options.config.appendonly) this.setEnabled(this.options.config.appendonly);
    this.options.onOpened();
  }

  /** Resolves when a reload has ended that is under way; `undefined` if none is. */
  get reloading(): Promise<void> | undefined {
    return this.reloadRunning;
  }

  get isSaving(): boolean {
    return this.waiting > 0;
  }

  get failure(): string | undefined {
    return this.store.failure ?? this.full?.message;
  }

  get logBytes(): number {
    return this.store.logBytes;
  }

  get waitPosition(): number {
    const { store } = this;
    // A log that has failed is never synced again: nothing is worth waiting for.
    if (!store.isLogging || store.failure !== undefined || this.options.config.appendfsync !== 'always') return 0;
    return store.syncedPosition < store.position ? store.position : 0;
  }

  get takes(): boolean {
    return this.failure === undefined;
  }

  get fullPosition(): number {
    return this.full === undefined && !this.isHeld
      ? 0
      : this.store.position + this.batch.byteLength + FRAME_HEADER_BYTES + this.foreign.byteLength;
  }

  takeDelay(): number {
    const { turnBytes } = this;
    this.turnBytes = 0;
    return this.throttle.isOn || turnBytes > 0
      ? this.throttle.delayFor(turnBytes, this.options.clock.monotonicUs())
      : 0;
  }

  /** Logs the batch early when it has grown large. Called between commands. */
  relieve(): void {
    if (this.batch.byteLength > BATCH_BYTES_MAX && this.full === undefined) this.append();
  }

  /** Has the batch `bytes[start, end)` of another node logged with this turn. What it changes may be in memory before. `lowestStamp`: of those in it. */
  appendForeign(bytes: Buffer, start: number, end: number, lowestStamp: number): void {
    const { store, foreign } = this;
    store.noteUnlogged(lowestStamp);
    // Without a log, what memory holds is copied when one begins.
    if (store.isLogging) foreign.add(bytes, start, end, lowestStamp);
  }

  /** Whether something goes on from turn to turn of which nothing is logged yet. */
  get isHolding(): boolean {
    return this.isHeld;
  }

  /** Logs nothing until `unhold`: the batch stays open, and replies to what is in it wait. */
  hold(): void {
    this.isHeld = true;
  }

  /** Logs what has waited. */
  unhold(): void {
    this.isHeld = false;
    if (this.full !== undefined) return;
    if (this.hasChanges) this.append();
    if (this.options.config.appendfsync === 'always') this.store.requestSync();
    else this.options.onSynced(this.store.position);
  }

  /**
   * Resolves when some of what was written has reached the tables; `undefined` if nothing will, for want of a log or of room. Called between
   * commands.
   */
  whenFlushed(): Promise<void> | undefined {
    // What is flushed is all that has changed, or else it could not be told what is.
    if (this.hasChanges && this.full === undefined) this.append();
    return this.full === undefined && !this.isHeld ? this.store.whenFlushed() : undefined;
  }

  commit(): boolean {
    if (this.full !== undefined || this.isHeld) return true;
    // The log may have taken the batch and failed behind it, at its next segment: then the batch is never synced.
    const ok = (!this.hasChanges || this.append()) && this.store.failure === undefined;
    // Without a batch too: it may have been logged early.
    if (ok && this.store.isLogging && this.options.config.appendfsync === 'always') this.store.requestSync();
    return ok;
  }

  /** Called about ten times a second: `everysec`, and what has to be tried again. */
  tick(second: boolean): void {
    const { store } = this;
    const { config } = this.options;
    if (this.full !== undefined && !this.isHeld) this.appendAgain();
    this.throttle.set(store.pressure, store.drainBytesPerSecond);
    if (store.failure !== undefined) return;
    if (second && config.appendfsync === 'everysec' && store.isLogging && store.syncedPosition < store.position) {
      store.requestSync();
    }
    // It could not be begun when it was turned on.
    const isOff = config.appendonly && !store.isLogging && !this.isSaving;
    if (second && isOff && this.options.clock.wallMs() >= this.retryAtMs) this.setEnabled(true);
  }

  async sync(): Promise<void> {
    if (this.hasChanges) this.append();
    if (this.full !== undefined) throw this.full;
    if (this.store.isLogging) await this.store.sync();
  }

  save(): Promise<void> {
    return this.alone(() => this.saveAll());
  }

  /** Moves what is in the log to tables. Rejects if that fails, or there is no log. */
  flush(): Promise<void> {
    return this.alone(async () => {
      if (this.hasChanges) this.append();
      if (this.full !== undefined) throw this.full;
      if (!this.store.isLogging) throw new Error('there is no log');
      await this.store.flushAll();
    });
  }

  /** See Store.giveUp. Throws also if what is in memory cannot be logged now. */
  giveUp(slots: SlotSet, cleanFor: string): number {
    if (this.hasChanges) this.append();
    if (this.full !== undefined) throw this.full;
    if (!this.store.isLogging) throw new Error('there is no log');
    return this.store.giveUp(slots, cleanFor);
  }

  async reload(): Promise<void> {
    await this.alone(() => this.reloadAll());
  }

  private async reloadAll(): Promise<void> {
    await this.sync();
    this.reloadRunning = this.openAgain().finally(() => {
      this.reloadRunning = undefined;
      this.options.onStateChange();
    });
    this.options.onStateChange();
    await this.reloadRunning;
  }

  /** Moves everything to tables, and merges these until each key is counted (COMPACT). One at a time. */
  compact(): Promise<void> {
    const compacted = this.compacting.then(() => this.compactAll());
    this.compacting = compacted.catch(() => undefined);
    return compacted;
  }

  private async compactAll(): Promise<void> {
    const { keyspace, store } = this;
    await this.running.catch(() => undefined);
    const count = new KeyCount(keyspace);
    const counts: TableCounts[] = [];
    let countOf: (db: number) => TableCounts | undefined = () => undefined;
    try {
      if (this.hasChanges) this.append();
      const stamp = keyspace.clock.latest;
      const { nowMs } = keyspace.clock;
      await this.save();
      await store.compactAll(nowMs);
      countOf = (db) => store.countIn(db, stamp);
    } finally {
      count.end((db) => {
        const counted = countOf(db);
        if (counted !== undefined) counts.push(counted);
        return counted;
      });
    }
    await store.noteCounts(counts);
  }

  /** Sums up the digests of all that a database holds now (Store.digest). Rejects if that cannot be had. */
  async digest(db: number): Promise<DigestedTables> {
    const { store } = this;
    if (this.hasChanges) this.append();
    if (this.full !== undefined) throw this.full;
    if (store.failure !== undefined) throw new Error(store.failure);
    return store.digest(db, this.keyspace.clock.nowMs);
  }

  async backup(target: string): Promise<void> {
    const { store } = this;
    store.checkBackupTarget(target);
    const begun = { copy: Promise.resolve() };
    await this.alone(async () => {
      if (!store.isLogging) await this.saveAll();
      if (this.hasChanges) this.append();
      if (this.full !== undefined) throw this.full;
      if (store.failure !== undefined) throw new Error(store.failure);
      // What comes while it is copied does not have to wait.
      begun.copy = store.backUp(target);
    });
    await begun.copy;
    this.options.report(`Backup made: ${target}`);
  }

  /**
   * Turns the log on or off at run time (CONFIG SET appendonly). On begins with a copy of all data: until that is complete, a crash
   * leaves what was on disk before, as in Redis.
   */
  setEnabled(enabled: boolean): void {
    if (enabled) {
      void this.alone(() => this.beginLog()).catch(() => undefined); // reported, and kept in lastSaveOk
      return;
    }
    // What was logged last will not be synced any more: whoever waits for that is answered after this turn.
    this.options.timers.endOfTurn(() => {
      this.options.onSynced(Infinity);
    });
    void this.alone(() => this.endLog()).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** Whether there is something to log. */
  get hasChanges(): boolean {
    return !this.batch.isEmpty || !this.foreign.isEmpty;
  }

  /** Logs the batch and what other nodes have sent, unless it is held. False if the log has failed; with no room for it, the rest stays. */
  private append(): boolean {
    if (this.isHeld) return true;
    const { batch, store } = this;
    let ok = true;
    try {
      if (store.isLogging && !batch.isEmpty) {
        this.turnBytes += batch.byteLength;
        store.append(batch.buffer, batch.start - FRAME_HEADER_BYTES, batch.end, this.foreign.isEmpty);
      }
    } catch (error) {
      if (this.waitsForRoom(error)) return true;
      ok = false;
    }
    if (!batch.isEmpty) {
      this.options.onBatchEnd(ok);
      batch.reset();
    }
    try {
      if (store.isLogging && !this.foreign.isEmpty) this.logForeign();
    } catch (error) {
      if (this.waitsForRoom(error)) return true;
      ok = false;
    }
    this.foreign.clear();
    return ok;
  }

  private logForeign(): void {
    const { store } = this;
    this.foreign.drain((buffer, start, ends, lowestStamp, isLast) => {
      this.turnBytes += ends[ends.length - 1] - start;
      store.appendForeign(buffer, start, ends, lowestStamp, isLast);
    });
    store.clearUnlogged();
  }

  /** Whether something could not be logged for want of room, and will be; else the log has failed for good, and onStateChange was told. */
  private waitsForRoom(error: unknown): boolean {
    if (!(error instanceof DiskFullError)) return false;
    this.becomeFull(error);
    return true;
  }

  private becomeFull(error: DiskFullError): void {
    const isNews = this.full === undefined;
    this.full = error;
    if (!isNews) return;
    this.options.report(`The disk is full, writes are refused until there is room: ${error.message}`);
    this.options.onStateChange();
  }

  /** Tries whether there is room by now. */
  private appendAgain(): void {
    const before = this.full;
    if (this.hasChanges) this.append();
    // Another error says the same again.
    if (this.full !== before) return;
    this.full = undefined;
    this.options.report('There is room on the disk again: writes are taken');
    this.options.onStateChange();
    if (this.options.config.appendfsync === 'always') this.store.requestSync();
    else this.options.onSynced(this.store.position);
  }

  /** Runs `work` after what runs already. */
  private alone(work: () => Promise<void>): Promise<void> {
    this.waiting++;
    this.running = this.running
      .catch(() => undefined)
      .then(work)
      .finally(() => this.waiting--);
    return this.running;
  }

  private async saveAll(): Promise<void> {
    const startedUs = this.options.clock.monotonicUs();
    const { changeCount } = this.keyspace;
    try {
      const { isLogging } = this.store;
      if (!isLogging) await this.logEverything();
      if (this.hasChanges) this.append();
      if (this.full !== undefined) throw this.full;
      await this.store.flushAll();
      if (!isLogging) await this.store.stopLogging();
      this.lastSaveOk = true;
      this.savedChangeCount = changeCount;
      this.lastSaveMs = this.options.clock.wallMs();
    } catch (error) {
      this.lastSaveOk = false;
      this.options.report(`Saving failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    } finally {
      this.lastSaveSeconds = Math.round((this.options.clock.monotonicUs() - startedUs) / 1e6);
    }
  }

  private async beginLog(): Promise<void> {
    if (!this.options.config.appendonly || this.store.isLogging) return;
    try {
      await this.logEverything();
      this.lastSaveOk = true;
    } catch (error) {
      this.lastSaveOk = false;
      this.retryAtMs = this.options.clock.wallMs() + RETRY_MS;
      this.options.report(`The log could not be begun: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  private async openAgain(): Promise<void> {
    // What was written while the log was synced is read again too.
    if (this.hasChanges) this.append();
    await this.store.close();
    this.keyspace.forgetAll();
    try {
      await this.open();
    } catch (error) {
      this.options.onLost(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    // Opening a log makes all that it has durable: whoever waits for that is answered.
    this.options.onSynced(Infinity);
  }

  private async endLog(): Promise<void> {
    if (this.options.config.appendonly || !this.store.isLogging) return;
    if (this.hasChanges) this.append();
    await this.store.stopLogging();
  }

  /** Begins a log that holds everything which the tables do not have. */
  private async logEverything(): Promise<void> {
    const { store } = this;
    // What the batch holds was changed without a log: it is copied.
    this.options.onBatchEnd(true);
    this.batch.reset();
    store.beginLogging();
    try {
      await this.copyAll();
      if (this.hasChanges) this.append();
      await store.finishBeginning();
    } catch (error) {
      store.abandonBeginning();
      throw error;
    }
  }

  /** Copies every record that the tables do not have to the log, in slices. */
  private async copyAll(): Promise<void> {
    const { keyspace, options, store } = this;
    const batch = new WriteBatch(options.origin, FRAME_HEADER_BYTES);
    const drain = (): void => {
      if (!batch.isEmpty) store.append(batch.buffer, batch.start - FRAME_HEADER_BYTES, batch.end);
      batch.reset();
    };
    // Each in a batch of its own: their stamps are in no order.
    for (const { db, stamp } of store.floorsToLog()) {
      batch.flush(db, stamp);
      drain();
    }
    keyspace.writeDatabases(batch);
    drain();
    for (let id = 0; id < keyspace.databaseCount; id++) {
      let position = 0;
      while (position < POSITION_LIMIT) {
        const startedUs = options.clock.monotonicUs();
        options.onTurn();
        while (position < POSITION_LIMIT && options.clock.monotonicUs() - startedUs < COPY_SLICE_US) {
          position = snapshotStep(keyspace, id, position, batch, drain);
        }
        drain();
        if (position < POSITION_LIMIT) await this.rest();
      }
    }
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => {
      this.options.timers.after((COPY_SLICE_US * COPY_RESTS) / 1000, resolve);
    });
  }
}
