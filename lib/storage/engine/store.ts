/**
 * The store of a node: the log, the tables that its closed segments become, and what reads from them.
 *
 *     append ──▶ log, segment n ──(full)──▶ closed ──▶ Flusher ──▶ level 0 ──▶ Compactor ──▶ deeper levels
 *                                                         └────── version edits ──────┘
 *     what is not in memory ◀── ColdReader ◀── the current version
 *
 *  1. Everything that was appended is in the log or in the tables of the current version: which of them, one edit decides.
 *  2. When a segment is closed, all that is in memory then is in the log (`append` is given everything that has changed). So what is
 *     stamped up to that moment is in tables when the segment is: that is all one has to know to drop a record from memory, but for what came late (log-coverage.ts).
 *  3. While `isLogging` is false nothing is appended, and the directory says so: leftovers of the log do not count.
 *
 * Here is what others see of it, open or not. What is there while it is open: store-parts.ts.
 */

import type { SlotSet } from '../../base/slot-set.js';
import { assert } from '../../base/assert.js';
import type { BatchReader } from '../../record/batch-reader.js';
import type { Entry } from '../../record/entry.js';
import type { KeyTaker } from '../../record/key-merge.js';
import type { VersionEdit } from '../levels/version-edit.js';
import type { Version } from '../levels/version.js';
import { writePressure } from '../levels/write-pressure.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { BackupRefusedError, backUp, checkBackupTarget } from './backup.js';
import type { ColdReader } from './cold-reader.js';
import type { ColdWalk } from './cold-walk.js';
import { DatabaseNotes } from './database-notes.js';
import type { EntryWalk } from './entry-walk.js';
import type { HeldSlots } from './held-slots.js';
import type { DigestedTables } from './leaf-digests.js';
import { digestTables } from './leaf-digests.js';
import { LiveTables } from './live-tables.js';
import { LogCoverage } from './log-coverage.js';
import type { StoreOptions, StoreTarget } from './store-options.js';
import type { StoreParts } from './store-parts.js';
import { openParts } from './store-parts.js';
import type { TableCounts } from './table-counts.js';
import { countTables } from './table-counts.js';

export class Store {
  isBackingUp = false;
  private readonly options: StoreOptions;
  private parts: StoreParts | undefined;
  /** Is there before the parts are: what is replayed at the start asks what is in tables. */
  private reader: ColdReader | undefined;
  private coverage = new LogCoverage(true);
  private notes = new DatabaseNotes();
  /** Slots were given up, and the compactor was not told. */
  private hasMoreDead = false;

  constructor(options: StoreOptions) {
    this.options = options;
  }

  /**
   * Opens the data directory, or makes it, and reads what is not in tables into `target`. Rejects with CorruptionError, DiskError and
   * ManifestFailedError.
   */
  async open(target: StoreTarget): Promise<void> {
    this.coverage = new LogCoverage(this.coverage.isLogging);
    this.notes = new DatabaseNotes();
    const tables = await LiveTables.open(this.options);
    this.notes.adopt(tables.versions.current);
    try {
      const state = { coverage: this.coverage, notes: this.notes };
      this.parts = await openParts(this.options, state, tables, target, (reader) => {
        this.reader = reader;
      });
    } catch (error) {
      this.reader = undefined;
      await tables.close();
      throw error;
    }
  }

  /** Breaks off what runs in the background, and closes the files. What was appended and not synced may be lost: `sync` before. */
  async close(): Promise<void> {
    const { parts } = this;
    if (parts === undefined) return;
    this.parts = this.reader = undefined;
    const reason = new Error('the store was closed');
    parts.storeLog.stop(reason);
    parts.compactor.stop(reason);
    await parts.jobs.stop();
    parts.log.close();
    await parts.tables.close();
  }

  // The log.

  /** Whether what changes is appended to the log. */
  get isLogging(): boolean {
    return this.coverage.isLogging;
  }

  /** Whether it was opened, and not closed since: what is appended is logged. */
  get isOpen(): boolean {
    return this.parts !== undefined;
  }

  /** Bytes appended since the store was opened, and how much of that is durable. */
  get position(): number {
    return this.parts?.log.position ?? 0;
  }

  get syncedPosition(): number {
    return this.parts?.log.syncedPosition ?? 0;
  }

  /** Bytes of the log that are not in tables. */
  get logBytes(): number {
    return this.parts?.log.sizeBytes ?? 0;
  }

  /** Why nothing more can be written, until a restart. */
  get failure(): string | undefined {
    return this.parts?.storeLog.failure?.message;
  }

  /**
   * Appends a batch, framed as AppendOnlyFile.appendFramed takes it. REQUIRES: with it, everything is in the log that has changed in memory, unless it is not
   * `isLast`: then the rest follows in the same turn. Throws LogFailedError; and DiskFullError, after which the same may be appended again.
   */
  append(buffer: Uint8Array, start: number, end: number, isLast = true): void {
    this.opened.storeLog.append(buffer, start, end, isLast);
  }

  /** The same for batches that others have stamped, framed as AppendOnlyFile.appendAllFramed takes them. `lowestStamp`: of all of them. */
  appendForeign(
    buffer: Uint8Array,
    start: number,
    ends: readonly number[],
    lowestStamp: number,
    isLast: boolean,
  ): void {
    this.opened.storeLog.appendForeign(buffer, start, ends, lowestStamp, isLast);
  }

  /** There are changes in memory that others have stamped, this the lowest stamp, and that are not appended yet: they stay. */
  noteUnlogged(stamp: number): void {
    this.coverage.noteUnlogged(stamp);
  }

  /** All of these were appended. */
  clearUnlogged(): void {
    this.coverage.clearUnlogged();
  }

  requestSync(): void {
    this.parts?.log.requestSync();
  }

  sync(): Promise<void> {
    return this.opened.log.sync();
  }

  // Tables.

  /** Moves everything that is in the log to tables. REQUIRES: as for `append`. Rejects if that fails. */
  async flushAll(): Promise<void> {
    await this.opened.storeLog.flushAll();
  }

  /**
   * Gets everything that is in tables to the bottom level, without what is dead, or had expired at `expireUpToMs` (Unix milliseconds). Rejects if that
   * fails, or the store is closed.
   */
  async compactAll(expireUpToMs = Infinity): Promise<void> {
    if (this.parts === undefined) throw new Error('the store was closed');
    const { compactor, versions, coverage } = this.opened;
    const { nextTableId } = this.opened.orders;
    const databases = versions.current.databasesWithTables();
    await Promise.all(
      databases.map((db) => compactor.compactAll({ db, lastStamp: coverage.flushedStamp, nextTableId }, expireUpToMs)),
    );
  }

  /**
   * Keys of a database that its tables hold, if they are all of one level and nothing has reached them that is stamped above `stamp`: only then
   * can they be counted without reading. `undefined`, too, if the store was closed.
   */
  countIn(db: number, stamp: number): TableCounts | undefined {
    const { parts } = this;
    return parts === undefined || parts.flusher.newestStamp(db) > stamp
      ? undefined
      : countTables(parts.versions.current, parts.slots, db);
  }

  /**
   * Resolves when some of what is in the log has reached the tables, or may leave the memory because reads have ended; `undefined` if nothing
   * will: nothing is logged. REQUIRES: as for `append`.
   */
  whenFlushed(): Promise<void> | undefined {
    return this.parts?.storeLog.whenFlushed();
  }

  /** Notes what tables were found to hold just now, unless more of the log is in them when that can be noted. */
  async noteCounts(counts: readonly TableCounts[]): Promise<void> {
    if (this.parts === undefined || counts.length === 0) return;
    const { versions, flusher, slots } = this.parts;
    const flushedNumber = versions.current.flushed?.number;
    await versions.log((current) => {
      if (current.flushed?.number !== flushedNumber) return undefined;
      const still = counts.filter((each) => countTables(current, slots, each.db)?.keyCount === each.keyCount);
      return { databases: still.map((each) => ({ ...current.facts(each.db), ...each, isEstimate: false })) };
    });
    // What was noted of segments that were closed meanwhile began from the counts before.
    for (const { db } of counts) flusher.doubtCount(db);
  }

  /**
   * Sums up the digests of everything that a database holds: what is in the log is moved to tables first. What only tables in quarantine hold is missing. Rejects if that
   * fails, or the store is closed. `nowMs`: what expires up to this Unix millisecond is told. REQUIRES: as for `append`.
   */
  async digest(db: number, nowMs: number): Promise<DigestedTables> {
    await this.flushAll();
    const { tables, jobs } = this.opened;
    return digestTables({
      ...this.options,
      tables,
      jobs,
      db,
      floor: this.notes.floorOf(db),
      slotFloors: () => this.opened.slots.floors,
      deadUpTo: this.options.deadUpTo?.runs() ?? new Float64Array(0),
      nowMs,
      bytesPerSecond: this.options.settings.compactionBytesPerSecond,
    });
  }

  /** The keys of which the log's tables say anything, live or dead, from position `start` on and before `end`, as byte text: but for those in quarantine. */
  keysBetween(db: number, start: number, end: number): Promise<Set<string>> {
    return this.opened.reader.keysBetween(db, start, end);
  }

  /** Everything in a database stamped up to this is dead; 0: it was never emptied. */
  floorIn(db: number): number {
    return this.notes.floorOf(db);
  }

  /** The tables of a database that are damaged. */
  quarantinedIn(db: number): TableMeta[] {
    return this.parts?.tables.quarantinedIn(db) ?? [];
  }

  /** Takes damaged tables out of the version: what they held is known not to be missing any more. Resolves when that is durable. */
  async dropQuarantined(ids: readonly number[]): Promise<void> {
    const { tables, compactor } = this.opened;
    await tables.dropQuarantined(ids);
    compactor.kick();
  }

  /** Which slots the data is of; undefined while the store is not open. */
  get slots(): HeldSlots | undefined {
    return this.parts?.slots;
  }

  /** About how many bytes of the tables are of slots that were given up. */
  get givenUpBytes(): number {
    const { parts } = this;
    if (parts === undefined || parts.slots.floors.isEmpty) return 0;
    let bytes = 0;
    for (const table of parts.versions.current.tables()) bytes += table.fileBytes * parts.slots.deadPart(table);
    return Math.round(bytes);
  }

  /**
   * Gives slots up: what there is of them now is dead for everybody who asks the disk from now on, however much of it is left there; and after a restart, when `noteSlots` has
   * resolved. `cleanFor`: see SlotNotes. Returns about which part of all keys is left. Throws DiskFullError, and has changed nothing then; and LogFailedError. REQUIRES: as for `append`.
   */
  giveUp(slots: SlotSet, cleanFor: string): number {
    const { log, storeLog, orders, flusher, deletes, slots: held } = this.opened;
    let left = 1;
    if (slots.size > 0) {
      storeLog.rotate();
      deletes.gone.retain((slot) => !slots.has(slot));
      left = held.giveUp(slots, orders.nextTableId, log.segmentNumber - 1);
      flusher.scaleCounts(left);
      this.hasMoreDead = true;
    }
    held.cleanFor = cleanFor;
    return left;
  }

  /** Has noted what was given up, and for which ring that is all (SlotNotes). Rejects if it cannot be: then it may be tried again. */
  async noteSlots(cleanFor: string): Promise<void> {
    const { log, versions, orders, slots, compactor } = this.opened;
    let durable = 0;
    const note = (current: Version): VersionEdit | undefined => {
      if (slots.floors.lastSegment > durable) return undefined;
      const databases = slots.scaled(current.databasesWithTables().map((db) => current.facts(db)));
      return { slots: slots.notes(current, cleanFor), nextTableId: orders.nextTableId, databases };
    };
    do {
      // No segment of which everything is dead may ever be appended to again: the next one has to be there for good.
      const closed = log.closedSegments.at(-1);
      durable = log.segmentNumber - 1;
      if (closed !== undefined) await log.whenDurable(closed.number);
    } while (!(await versions.log(note)));
    if (this.hasMoreDead) compactor.kick();
    this.hasMoreDead = false;
  }

  /** More of what is dead may go (StoreOptions.deadUpTo). */
  onDeadRisen(): void {
    this.parts?.deletes.onDeadRisen();
    this.parts?.compactor.kick();
  }

  /** Deleted keys that compactions have dropped since the store was opened. */
  get deletesDropped(): number {
    return this.parts?.compactor.deletesDropped ?? 0;
  }

  /** Marks (record/marks.ts) that compactions have dropped. */
  get marksDropped(): number {
    return this.parts?.compactor.marksDropped ?? 0;
  }

  /** How much writers should be slowed down, 0 to 1. */
  get pressure(): number {
    const { parts } = this;
    if (parts === undefined || !this.isLogging) return 0;
    const { dirtyBytesMax, levels } = this.options.settings;
    return writePressure(parts.versions.current, levels, parts.log.sizeBytes, dirtyBytesMax);
  }

  /** How much may be in the log before writers are slowed down as much as possible. */
  get dirtyBytesMax(): number {
    return this.options.settings.dirtyBytesMax;
  }

  /** At what rate the log was moved to tables lately; 0 if that is not known. */
  get drainBytesPerSecond(): number {
    return this.parts?.flusher.bytesPerSecond ?? 0;
  }

  /** Takes over settings that running parts hold: the size of the block cache, which begins empty again, and the rate of compactions. */
  applySettings(): void {
    const { parts } = this;
    if (parts === undefined) return;
    const { blockCacheBytes, compactionBytesPerSecond } = this.options.settings;
    parts.tables.resizeBlocks(blockCacheBytes);
    parts.compactor.bytesPerSecond = compactionBytesPerSecond;
  }

  /** What caches, filters and indexes take. */
  get memoryBytes(): number {
    return this.parts?.tables.memoryBytes ?? 0;
  }

  get tableCount(): number {
    return this.parts?.versions.current.tableCount ?? 0;
  }

  /** What INFO and tools look at; `undefined` while the store is not open. */
  get inside(): StoreParts | undefined {
    return this.parts;
  }

  // Whether there is a log.

  /** From now on what changes is appended; what is in memory already is yet to be. Until `finishBeginning`, a crash leaves what was there before. */
  beginLogging(): void {
    this.coverage.begin();
  }

  /** Databases that were emptied while there was no log: it has to know, before anything else. */
  floorsToLog(): { readonly db: number; readonly stamp: number }[] {
    return this.notes.floorsAbove(this.opened.versions.current);
  }

  /** The log holds all that is in memory: it counts. */
  async finishBeginning(): Promise<void> {
    await this.opened.storeLog.finishBeginning();
  }

  /** The log was not begun after all. What is in it does not count; it is merged with what comes at the next beginning. */
  abandonBeginning(): void {
    this.coverage.abandon();
  }

  /** Moves what was logged to tables, and goes on without a log: the directory keeps what is there now. */
  async stopLogging(): Promise<void> {
    await this.opened.storeLog.end();
  }

  // Backups.

  /** Throws BackupRefusedError if no backup can be made there. */
  checkBackupTarget(target: string): void {
    checkBackupTarget(this.options.disk, this.options.directory, target);
  }

  /**
   * Copies everything that there is when it is called to the new directory `target`. Rejects as engine/backup.ts does: then there is no such
   * directory. REQUIRES: as for `append`.
   */
  async backUp(target: string): Promise<void> {
    const { versions, log, jobs } = this.opened;
    if (this.isBackingUp) throw new BackupRefusedError('a backup is being made already');
    this.isBackingUp = true;
    try {
      await backUp({ ...this.options, versions, log, jobs }, target);
    } finally {
      this.isBackingUp = false;
    }
  }

  // ColdData.

  get cleanUpTo(): number {
    return this.reader?.cleanUpTo ?? -1;
  }

  mayHold(db: number, high: number, low: number): boolean {
    return this.reader?.mayHold(db, high, low) ?? false;
  }

  keepsDeletes(db: number, high: number, low: number): boolean {
    // What is in the log will be in tables.
    return this.isLogging || this.parts === undefined || !this.parts.log.isEmpty || this.mayHold(db, high, low);
  }

  load(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeString?: (reader: BatchReader) => void,
    takeParts?: () => KeyTaker,
    passesDamaged = false,
  ): Promise<void> {
    return this.opened.reader.load(db, key, high, low, take, takeString, takeParts, passesDamaged);
  }

  loadNow(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeParts?: () => KeyTaker,
  ): void {
    this.opened.reader.loadNow(db, key, high, low, take, takeParts);
  }

  newestStamp(db: number, high: number, low: number): number {
    return this.reader?.newestStamp(db, high, low) ?? 0;
  }

  goneUpTo(position: number): number {
    return this.parts?.deletes.gone.at(position) ?? 0;
  }

  forgetGone(slot: number): void {
    this.parts?.deletes.gone.retain((each) => each !== slot);
  }

  isEmpty(db: number): boolean {
    return this.reader === undefined || this.reader.isEmpty(db);
  }

  walk(db: number, position: number, keysOnly = false): ColdWalk {
    return this.opened.reader.walk(db, position, keysOnly);
  }

  /** Begins a walk over everything that the tables say of a database, at `position`. The caller closes it. REQUIRES: the store is open. */
  entries(db: number, position: number): EntryWalk {
    return this.opened.reader.entries(db, position);
  }

  flushDatabase(db: number, stamp: number): void {
    if (this.notes.raise(db, stamp)) this.parts?.storeLog.noteFloor();
  }

  private get opened(): StoreParts {
    assert(this.parts !== undefined, 'the store is open');
    return this.parts;
  }
}
