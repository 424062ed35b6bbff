/**
 * The store of a node: the log, the tables that its closed segments become, and what reads from them.
 *
 *     append ──▶ log, segment n ──(full)──▶ closed ──▶ Flusher ──▶ level 0 ──▶ Compactor ──▶ deeper levels
 *                                                         └────── version edits ──────┘
 *     what is not in memory ◀── ColdReader ◀── the current version
 *
 *  1. Everything that was appended is in the log or in the tables of the current version: which of them, one edit decides.
 *  2. When a segment is closed, all that is in memory then is in the log (`append` is given everything that has changed). So what is
 *     stamped up to that moment is in tables when the segment is: that is all one has to know to drop a record from memory. What others have
 *     stamped may come late, below that: then one has to know its lowest stamp, too, as long as it is not in tables (late-stamps.ts).
 *  3. While `isLogging` is false nothing is appended, and the directory says so: leftovers of the log do not count.
 */

import { CorruptionError } from '../../base/errors.js';
import { slotOf } from '../../base/position.js';
import type { SlotSet } from '../../base/slot-set.js';
import { stampMs } from '../../base/stamp.js';
import { assert } from '../../base/assert.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Entry } from '../../record/entry.js';
import type { KeyTaker } from '../../record/key-merge.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import { tablesDirectory } from '../levels/table-files.js';
import type { DatabaseFacts, VersionEdit } from '../levels/version-edit.js';
import { VersionSet } from '../levels/version-set.js';
import type { Version } from '../levels/version.js';
import { writePressure } from '../levels/write-pressure.js';
import { aofDirectory, parseListing, segmentNumberOf, segmentPath } from '../log/aof-directory.js';
import { SEGMENT_BYTES_MAX } from '../log/aof-frame.js';
import { AppendOnlyFile } from '../log/append-only-file.js';
import { BlockCache } from '../sstable/block-cache.js';
import { OpenTables } from '../sstable/open-tables.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { BackupRefusedError, backUp, checkBackupTarget } from './backup.js';
import { ColdReader } from './cold-reader.js';
import type { ColdWalk } from './cold-walk.js';
import type { EntryWalk } from './entry-walk.js';
import { Compactor } from './compactor.js';
import { DeletesLimit } from './deletes-limit.js';
import type { SegmentFacts } from './flusher.js';
import { Flusher } from './flusher.js';
import { HeldSlots } from './held-slots.js';
import type { DigestedTables } from './leaf-digests.js';
import { digestTables } from './leaf-digests.js';
import { JobOrders, YOUNG_BITS } from './job-orders.js';
import { LateStamps } from './late-stamps.js';
import { Retry } from './retry.js';
import type { StoreOptions, StoreTarget } from './store-options.js';
import { TableFolder } from './table-folder.js';

const MANIFEST_BYTES_MAX = 1024 * 1024;
/** Filters of so many tables are read before the store is open, the others when they are needed. */
const WARM_TABLES = 256;

/** Everything that is there while the store is open. */
interface Parts {
  readonly target: StoreTarget;
  readonly jobs: BackgroundJobs;
  readonly orders: JobOrders;
  readonly versions: VersionSet;
  readonly deletes: DeletesLimit;
  readonly tables: OpenTables;
  blocks: BlockCache;
  readonly reader: ColdReader;
  readonly log: AppendOnlyFile;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  /** Which slots the data is of, where other nodes have others. */
  readonly slots: HeldSlots;
}

/** What is known of a segment of the log that was replayed. */
interface ReplayedFacts extends SegmentFacts {
  /** Of all stamps in it: it may hold what came late. */
  readonly lowestStamp: number;
}

/** Keys that the tables of a database hold, and those of them that have an expiry. */
export interface TableCounts {
  readonly db: number;
  readonly keyCount: number;
  readonly expiringCount: number;
}

export class Store {
  /** Whether what changes is appended to the log. */
  isLogging = true;
  isBackingUp = false;
  private readonly options: StoreOptions;
  private readonly folder: TableFolder;
  private parts: Parts | undefined;
  /** Is there before the parts are: what is replayed at the start asks what is in tables. */
  private reader: ColdReader | undefined;
  /** By physical database: everything stamped up to this is dead. May be ahead of what the tables know. */
  private readonly floors = new Map<number, number>();
  private late = new LateStamps();
  /** The lowest stamp of what others have stamped and is in memory alone. */
  private unloggedStamp = Infinity;
  /** The same of what came while there was no log, until a log that is begun holds it. */
  private unbegunStamp = Infinity;
  /** Databases of which edits since the store was opened tell the facts. */
  private readonly changing = new Set<number>();
  /** One of them has risen since the last append. */
  private hasNewFloor = false;
  /** A log is being begun: it does not hold all that is in memory yet. */
  private isBeginning = false;
  /** Free when the directory was opened. */
  private nextTableId = 1;
  private turnEnds = false;
  private readonly endTurn = (): void => {
    this.turnEnds = false;
    this.parts?.blocks.nextTurn();
  };

  constructor(options: StoreOptions) {
    this.options = options;
    this.folder = new TableFolder(options.disk, options.directory, options.report);
  }

  /**
   * Opens the data directory, or makes it, and reads what is not in tables into `target`. Rejects with CorruptionError, DiskError and
   * ManifestFailedError.
   */
  async open(target: StoreTarget): Promise<void> {
    const { disk, directory } = this.options;
    this.floors.clear();
    this.late = new LateStamps();
    this.unloggedStamp = this.unbegunStamp = Infinity;
    this.changing.clear();
    this.hasNewFloor = false;
    disk.makeDirectory(tablesDirectory(directory));
    disk.syncDirectory(directory);
    const versions = await this.openVersions();
    const tables = new OpenTables({
      disk,
      directory: tablesDirectory(directory),
      filesMax: this.options.settings.openFilesMax,
      bytesMax: this.options.settings.indexBytesMax,
    });
    try {
      await this.openParts(target, versions, tables);
    } catch (error) {
      this.reader = undefined;
      tables.close();
      await versions.close();
      throw error;
    }
  }

  /** Breaks off what runs in the background, and closes the files. What was appended and not synced may be lost: `sync` before. */
  async close(): Promise<void> {
    const { parts } = this;
    if (parts === undefined) return;
    this.parts = this.reader = undefined;
    const reason = new Error('the store was closed');
    parts.flusher.stop(reason);
    parts.compactor.stop(reason);
    await parts.jobs.stop();
    parts.log.close();
    await parts.versions.close();
    parts.tables.close();
    await this.folder.settled();
  }

  // The log.

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
    const { parts } = this;
    return ((this.isLogging ? parts?.log.failed : undefined) ?? parts?.versions.failed)?.message;
  }

  /**
   * Appends a batch, framed as AppendOnlyFile.appendFramed takes it. REQUIRES: with it, everything is in the log that has changed in memory, unless it is not
   * `isLast`: then the rest follows in the same turn. `lateStamp`: the lowest in the batch, if others have stamped it. Throws LogFailedError; and DiskFullError,
   * after which the same may be appended again.
   */
  append(buffer: Uint8Array, start: number, end: number, lateStamp = Infinity, isLast = true): void {
    const { log, reader } = this.opened;
    log.appendFramed(buffer, start, end);
    if (lateStamp !== Infinity) {
      this.late.forget(reader.seenSegment);
      this.late.note(log.segmentNumber, lateStamp);
    }
    if (!isLast) return;
    if (this.hasNewFloor) {
      this.hasNewFloor = false;
      void this.dropDead();
    }
    if (log.segmentBytes < this.options.settings.segmentBytesMax) return;
    try {
      this.rotate();
    } catch {
      // No room for another file: it goes on in this one. (A log that has failed says so at the next append.)
    }
  }

  /** There are changes in memory that others have stamped, this the lowest stamp, and that are not appended yet: they stay. */
  noteUnlogged(stamp: number): void {
    this.unloggedStamp = Math.min(this.unloggedStamp, stamp);
  }

  /** All of these were appended. */
  clearUnlogged(): void {
    this.unloggedStamp = Infinity;
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
    const { log, flusher } = this.opened;
    this.rotate();
    const last = log.closedSegments.at(-1);
    if (last !== undefined) await flusher.whenFlushed(last.number);
  }

  /**
   * Gets everything that is in tables to the bottom level, without what is dead, or had expired at `expireUpToMs` (Unix milliseconds). Rejects if that
   * fails, or the store is closed.
   */
  async compactAll(expireUpToMs = Infinity): Promise<void> {
    if (this.parts === undefined) throw new Error('the store was closed');
    const { compactor, versions, flusher } = this.opened;
    const { nextTableId } = this.opened.orders;
    const databases = versions.current.databasesWithTables();
    await Promise.all(
      databases.map((db) => compactor.compactAll({ db, lastStamp: flusher.flushedStamp, nextTableId }, expireUpToMs)),
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
      : countOf(parts.versions.current, parts.slots, db);
  }

  /**
   * Resolves when some of what is in the log has reached the tables, or may leave the memory because reads have ended; `undefined` if nothing
   * will: nothing is logged. REQUIRES: as for `append`.
   */
  whenFlushed(): Promise<void> | undefined {
    const { parts } = this;
    if (parts === undefined || !this.isLogging || this.isBeginning || this.failure !== undefined) return undefined;
    const { log, flusher } = parts;
    if (log.closedSegments.length === 0) {
      try {
        if (!this.rotate()) return parts.reader.whenReleased();
      } catch {
        return undefined;
      }
    }
    return flusher.whenFlushed(log.closedSegments[0].number);
  }

  /** Notes what tables were found to hold just now, unless more of the log is in them when that can be noted. */
  async noteCounts(counts: readonly TableCounts[]): Promise<void> {
    if (this.parts === undefined || counts.length === 0) return;
    const { versions, flusher, slots } = this.parts;
    const flushedNumber = versions.current.flushed?.number;
    await versions.log((current) => {
      if (current.flushed?.number !== flushedNumber) return undefined;
      const still = counts.filter((each) => countOf(current, slots, each.db)?.keyCount === each.keyCount);
      return { databases: still.map((each) => ({ ...current.facts(each.db), ...each, isEstimate: false })) };
    });
    // What was noted of segments that were closed meanwhile began from the counts before.
    for (const { db } of counts) flusher.doubtCount(db);
  }

  /**
   * Sums up the digests of everything that a database holds: what is in the log is moved to tables first. What only tables in quarantine hold is missing. Rejects if that
   * fails, or the store is closed. REQUIRES: as for `append`.
   */
  async digest(db: number): Promise<DigestedTables> {
    await this.flushAll();
    const { versions, jobs } = this.opened;
    return digestTables({
      ...this.options,
      versions,
      jobs,
      db,
      floor: this.floorOf(db),
      slotFloors: () => this.opened.slots.floors,
      deadUpTo: this.options.deadUpTo?.runs() ?? new Float64Array(0),
      bytesPerSecond: this.options.settings.compactionBytesPerSecond,
      tablePath: (table) => this.folder.pathOf(table),
      onDamage: (table, error) => this.quarantine(versions, table, error),
    });
  }

  /** The keys of which the log's tables say anything, live or dead, from position `start` on and before `end`, as byte text: but for those in quarantine. */
  keysBetween(db: number, start: number, end: number): Promise<Set<string>> {
    return this.opened.reader.keysBetween(db, start, end);
  }

  /** Everything in a database stamped up to this is dead; 0: it was never emptied. */
  floorIn(db: number): number {
    return this.floorOf(db);
  }

  /** The tables of a database that are damaged. */
  quarantinedIn(db: number): TableMeta[] {
    const { parts } = this;
    if (parts === undefined || parts.versions.current.quarantined.size === 0) return [];
    const { current } = parts.versions;
    return current.tablesIn(db).filter(({ id }) => current.quarantined.has(id));
  }

  /** Takes damaged tables out of the version: what they held is known not to be missing any more. Resolves when that is durable. */
  async dropQuarantined(ids: readonly number[]): Promise<void> {
    await this.opened.versions.log((current) => {
      const removed = ids.filter((id) => current.quarantined.has(id));
      return removed.length === 0 ? undefined : { removed };
    });
    this.opened.compactor.kick();
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
    const { log, orders, flusher, slots: held } = this.opened;
    let left = 1;
    if (slots.size > 0) {
      this.rotate();
      left = held.giveUp(slots, orders.nextTableId, log.segmentNumber - 1);
      flusher.scaleCounts(left);
    }
    held.cleanFor = cleanFor;
    return left;
  }

  /** Has noted what was given up. Rejects if it cannot be: then it may be tried again. */
  async noteSlots(): Promise<void> {
    const { log, versions, orders, slots, compactor } = this.opened;
    let durable = 0;
    const note = (current: Version): VersionEdit | undefined => {
      if (slots.floors.lastSegment > durable) return undefined;
      const databases = slots.scaled(current.databasesWithTables().map((db) => current.facts(db)));
      return { slots: slots.notes(current), nextTableId: orders.nextTableId, databases };
    };
    do {
      // No segment of which everything is dead may ever be appended to again: the next one has to be there for good.
      const closed = log.closedSegments.at(-1);
      durable = log.segmentNumber - 1;
      if (closed !== undefined) await log.whenDurable(closed.number);
    } while (!(await versions.log(note)));
    compactor.kick();
  }

  /** More of what is dead may go (StoreOptions.deadUpTo). */
  onDeadRisen(): void {
    this.parts?.compactor.kick();
  }

  /** Deleted keys that compactions have dropped since the store was opened. */
  get deletesDropped(): number {
    return this.parts?.compactor.deletesDropped ?? 0;
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
    if (parts.blocks.bytesMax !== blockCacheBytes) parts.blocks = new BlockCache(blockCacheBytes);
    parts.compactor.bytesPerSecond = compactionBytesPerSecond;
  }

  /** What caches, filters and indexes take. */
  get memoryBytes(): number {
    const { parts } = this;
    return parts === undefined ? 0 : parts.tables.bytes + parts.blocks.heldBytes;
  }

  get tableCount(): number {
    return this.parts?.versions.current.tableCount ?? 0;
  }

  /** What INFO and tools look at; `undefined` while the store is not open. */
  get inside(): Parts | undefined {
    return this.parts;
  }

  // Whether there is a log.

  /** From now on what changes is appended; what is in memory already is yet to be. Until `finishBeginning`, a crash leaves what was there before. */
  beginLogging(): void {
    this.isLogging = this.isBeginning = true;
    this.unbegunStamp = this.unloggedStamp;
    this.unloggedStamp = Infinity;
  }

  /** Databases that were emptied while there was no log: it has to know, before anything else. */
  floorsToLog(): { db: number; stamp: number }[] {
    const { current } = this.opened.versions;
    return [...this.floors]
      .filter(([db, stamp]) => stamp > current.facts(db).floor)
      .map(([db, stamp]) => ({ db, stamp }));
  }

  /** The log holds all that is in memory: it counts. */
  async finishBeginning(): Promise<void> {
    const { log, versions } = this.opened;
    await log.sync();
    await versions.log({ logging: true });
    this.isBeginning = false;
    // Segments that were closed meanwhile hold less than all, but for the last one.
    const { segmentNumber } = log;
    const wasRotated = this.rotate();
    if (!wasRotated) this.noteLastSegment();
    const last = wasRotated ? segmentNumber : segmentNumber - 1;
    this.late.note(last, this.unbegunStamp);
    this.unbegunStamp = Infinity;
  }

  /** The log was not begun after all. What is in it does not count; it is merged with what comes at the next beginning. */
  abandonBeginning(): void {
    if (!this.isBeginning) return;
    this.isLogging = this.isBeginning = false;
    this.noteUnlogged(this.unbegunStamp);
    this.unbegunStamp = Infinity;
  }

  /** Moves what was logged to tables, and goes on without a log: the directory keeps what is there now. */
  async stopLogging(): Promise<void> {
    const { versions } = this.opened;
    this.isLogging = false;
    try {
      await this.flushAll();
      await versions.log({ logging: false });
    } catch (error) {
      // The log still counts, but it has a gap by now.
      this.options.report(
        `Data could not be moved out of the log: ${error instanceof Error ? error.message : String(error)}`,
      );
      throw error;
    }
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
    if (stamp <= this.floorOf(db)) return;
    this.floors.set(db, stamp);
    // The next append tells the log. Before that is durable, nothing may go.
    this.hasNewFloor = this.parts !== undefined && this.isLogging;
  }

  private get opened(): Parts {
    assert(this.parts !== undefined, 'the store is open');
    return this.parts;
  }

  private floorOf(db: number): number {
    return this.floors.get(db) ?? 0;
  }

  private async openVersions(): Promise<VersionSet> {
    const { disk, random, directory, report } = this.options;
    const versions = await VersionSet.open({
      disk,
      random,
      directory,
      bytesMax: MANIFEST_BYTES_MAX,
      report,
      onGone: (table) => {
        this.removeTable(table);
      },
    });
    this.nextTableId = await this.folder.tidy(versions);
    for (const { db, stamp } of versions.current.floors()) this.floors.set(db, stamp);
    return versions;
  }

  private async openParts(target: StoreTarget, versions: VersionSet, tables: OpenTables): Promise<void> {
    const { current } = versions;
    const blocks = new BlockCache(this.options.settings.blockCacheBytes);
    const slots = new HeldSlots(current);
    const currentBlocks = (): BlockCache => this.parts?.blocks ?? blocks;
    const newest = [...current.tables()].reduce((stamp, { maxStamp }) => Math.max(stamp, maxStamp), 0);
    const reader = new ColdReader({
      directory: this.options.directory,
      versions,
      tables,
      blocks: currentBlocks,
      flushedStamp: () => this.parts?.flusher.flushedStamp ?? newest,
      lateStamp: (segment) => Math.min(this.unloggedStamp, this.unbegunStamp, this.late.lowestBehind(segment)),
      floorOf: (db) => this.floorOf(db),
      slotFloors: () => slots.floors,
      onDamage: (table, error) => {
        void this.quarantine(versions, table, error);
      },
      endTurn: () => {
        this.scheduleEndOfTurn();
      },
      nowUs: () => this.options.clock.monotonicUs(),
      rest: () =>
        new Promise((resolve) => {
          this.options.timers.endOfTurn(resolve);
        }),
    });
    const known = [...current.tables()].filter(({ id }) => !current.quarantined.has(id));
    await this.warm(tables, known.slice(0, WARM_TABLES));
    this.restore(target, current);
    const jobs = this.options.jobs();
    const facts = new Map<string, ReplayedFacts>();
    const { isReplicated, deadUpTo = new SlotStamps() } = this.options;
    const deletes = new DeletesLimit({
      versions,
      deadUpTo: isReplicated ? deadUpTo : undefined,
      cleanUpTo: () => (this.isLogging && !this.isBeginning ? reader.cleanUpTo : 0),
    });
    const orders = new JobOrders(this.options, versions, deletes, target, slots, this.nextTableId);
    const partial = { target, jobs, orders, versions, deletes, tables, blocks, reader, slots };
    this.reader = reader;
    const log = this.openLog(target, versions.current, slots, facts);
    // From here on a log that is missing was lost.
    if (versions.current.logging === undefined) await versions.log({ logging: true });
    const compactor = this.makeCompactor(partial);
    const flusher = this.makeFlusher({ ...partial, log, compactor }, newest);
    this.parts = { ...partial, log, flusher, compactor };
    this.isBeginning = false;
    let last: SegmentFacts = { stamp: newest, databases: [] };
    const factsOf = (number: number): ReplayedFacts | undefined =>
      facts.get(segmentPath(aofDirectory(this.options.directory), number));
    for (const { number } of log.closedSegments) {
      last = factsOf(number) ?? last;
      this.late.note(number, factsOf(number)?.lowestStamp ?? Infinity);
      flusher.add(number, last);
    }
    this.late.note(log.segmentNumber, factsOf(log.segmentNumber)?.lowestStamp ?? Infinity);
    // The segment behind the last that is dead may have been lost, before anything in it was durable.
    if (log.segmentNumber <= slots.floors.lastSegment) this.rotate();
    compactor.kick();
    if (this.isLogging) void this.dropDead();
  }

  /** Has filters read while there is room for them, so that questions are answered without the disk. */
  private async warm(tables: OpenTables, metas: readonly TableMeta[]): Promise<void> {
    const loads: Promise<unknown>[] = [];
    let { bytes } = tables;
    for (const table of metas) {
      bytes += (table.recordCount * YOUNG_BITS) / 8;
      if (bytes > this.options.settings.indexBytesMax) break;
      // One that cannot be read shows when it is needed.
      loads.push(tables.load(table).catch(() => undefined));
    }
    await Promise.all(loads);
  }

  private restore(target: StoreTarget, version: Version): void {
    target.clock.observe(version.newestStamp());
    const { databasesMap } = version;
    if (databasesMap !== undefined) target.adoptDatabases(databasesMap, databasesMap.physical);
    for (const db of version.databasesWithTables()) {
      const { keyCount, expiringCount, isEstimate } = version.facts(db);
      Object.assign(target.physicalDatabase(db), { keyCount, expiringCount, isEstimate });
    }
    for (const { db, stamp } of version.floors()) {
      if (db < target.databaseCount) target.physicalDatabase(db).flushedUpTo = stamp;
    }
  }

  private openLog(
    target: StoreTarget,
    version: Version,
    slots: HeldSlots,
    facts: Map<string, ReplayedFacts>,
  ): AppendOnlyFile {
    const { disk, random, directory, report, onSynced, onFailed } = this.options;
    this.isLogging = version.logging ?? true;
    if (!this.isLogging) this.removeLeftovers(version);
    const reader = new BatchReader();
    let source = '';
    let segment = 0;
    // Not the clock's: that is further if it is not the first time that it opens this log.
    let stamp = 0;
    let lowestStamp = Infinity;
    const noteFacts = (): void => {
      if (source !== '') facts.set(source, { stamp, lowestStamp, databases: this.databaseFacts(target, version) });
      lowestStamp = Infinity;
    };
    const log = AppendOnlyFile.open({
      disk,
      random,
      directory,
      // Segments are closed by `append`, which knows what is in memory then.
      segmentBytesMax: SEGMENT_BYTES_MAX,
      flushed: version.flushed,
      mustExist: version.logging === true,
      replay: (payload, from) => {
        if (from !== source) noteFacts();
        if (from !== source) segment = segmentNumberOf(from);
        source = from;
        reader.open(payload, 0, payload.length, from);
        while (reader.next()) {
          stamp = Math.max(stamp, reader.stamp);
          lowestStamp = Math.min(lowestStamp, reader.stamp);
          if (!this.options.isReplicated || countsAt(segment, reader, slots)) target.apply(reader);
        }
      },
      report,
      onSynced,
      onFailed,
    });
    noteFacts();
    return log;
  }

  /** Without a log, segments that are there are what was left of beginning one. */
  private removeLeftovers(version: Version): void {
    const { disk, directory } = this.options;
    const folder = aofDirectory(directory);
    const live = parseListing(disk.list(folder)).segments.filter((number) => number > (version.flushed?.number ?? 0));
    for (const number of live.reverse()) disk.remove(segmentPath(folder, number));
    if (live.length > 0) disk.syncDirectory(folder);
  }

  private makeFlusher(parts: Omit<Parts, 'flusher'>, newestStamp: number): Flusher {
    const { clock, timers, report } = this.options;
    return new Flusher(
      {
        ...parts,
        events: {
          onProblem: report,
          onFlushed: () => {
            parts.compactor.kick();
          },
        },
        retry: new Retry(timers),
        jobFor: (segment) => parts.orders.flush(segment),
        deadTables,
        slotNotes: (version) => (this.options.isReplicated ? parts.slots.notesForTables(version) : undefined),
        removeTables: (tables) => {
          for (const table of tables) this.removeTable(table);
        },
        mustWait: () => parts.compactor.whenLevel0HasRoom(),
        isHeld: () => this.isBeginning,
        warm: (tables) => this.warm(parts.tables, tables),
        nowUs: () => clock.monotonicUs(),
      },
      newestStamp,
    );
  }

  private makeCompactor(
    parts: Pick<Parts, 'versions' | 'jobs' | 'target' | 'tables' | 'orders' | 'deletes' | 'slots'>,
  ): Compactor {
    const { clock, timers, report, settings } = this.options;
    const { versions, jobs, target } = parts;
    const compactor = new Compactor({
      versions,
      jobs,
      levels: settings.levels,
      events: {
        onProblem: report,
        onExpiredDropped: (db, keys, isForCount) => {
          target.physicalDatabase(db).expiredOnDisk(keys, isForCount);
        },
        onCountDoubted: (db) => {
          this.parts?.flusher.doubtCount(db);
        },
      },
      retry: new Retry(timers),
      jobFor: (compaction) => parts.orders.compaction(compaction),
      removeTables: (tables) => {
        for (const table of tables) this.removeTable(table);
      },
      onDamage: (table, error) => {
        void this.quarantine(versions, table, error);
      },
      tablePath: (table) => this.folder.pathOf(table),
      nowMs: () => target.clock.nowMs,
      keepsExpired: this.options.isReplicated,
      deletes: parts.deletes,
      slots: parts.slots,
      unflushedSinceMs: () => {
        const isAllInTables = this.isLogging && this.parts?.log.isEmpty === true;
        return isAllInTables ? Infinity : stampMs(this.parts?.flusher.flushedStamp ?? 0);
      },
      isIdle: () => this.parts?.flusher.isRunning !== true,
      warm: (tables) => this.warm(parts.tables, tables),
      nowUs: () => clock.monotonicUs(),
    });
    compactor.bytesPerSecond = settings.compactionBytesPerSecond;
    return compactor;
  }

  /** Closes the current segment. False if there is nothing in it. Throws DiskFullError and LogFailedError. */
  private rotate(): boolean {
    const { log, flusher, target, versions } = this.opened;
    const facts = {
      stamp: this.isBeginning ? undefined : target.clock.latest,
      databases: this.databaseFacts(target, versions.current),
    };
    if (!log.rotate()) return false;
    const closed = log.closedSegments.at(-1);
    if (closed !== undefined) flusher.add(closed.number, facts);
    return true;
  }

  /** What is in memory now is in the last segment that was closed, or before. */
  private noteLastSegment(): void {
    const { log, flusher, target, versions } = this.opened;
    const last = log.closedSegments.at(-1);
    if (last === undefined) return;
    const databases = this.databaseFacts(target, versions.current);
    flusher.add(last.number, { stamp: target.clock.latest, databases });
  }

  /** The facts of all databases but those of which `version` and every edit to come say the same. */
  private databaseFacts(target: StoreTarget, version: Version): DatabaseFacts[] {
    const facts: DatabaseFacts[] = [];
    for (let db = 0; db < target.databaseCount; db++) {
      const { keyCount, expiringCount, isEstimate } = target.physicalDatabase(db);
      const floor = this.floorOf(db);
      const known = version.facts(db);
      const isNews = keyCount !== known.keyCount || isEstimate !== known.isEstimate || floor !== known.floor;
      if (!isNews && expiringCount === known.expiringCount && !this.changing.has(db)) continue;
      this.changing.add(db);
      facts.push({
        db,
        floor,
        keyCount: Math.max(0, keyCount),
        expiringCount: Math.max(0, expiringCount),
        isEstimate,
      });
    }
    return facts;
  }

  /** Takes tables of emptied databases out of the version, as soon as it is durable that they were emptied. */
  private async dropDead(): Promise<void> {
    const { log, versions } = this.opened;
    const floors = [...this.floors];
    try {
      await log.sync();
      await versions.log((current) => {
        const databases = floors
          .map(([db, floor]) => ({ ...current.facts(db), floor }))
          .filter(({ db, floor }) => floor > current.facts(db).floor);
        const removed = deadTables(current, databases);
        return removed.length > 0 ? { removed, databases } : undefined;
      });
    } catch (error) {
      if (this.parts === undefined) return;
      this.options.report(`Tables of an emptied database stay for now: ${error instanceof Error ? error.message : ''}`);
    }
  }

  private async quarantine(versions: VersionSet, table: TableMeta, error: CorruptionError): Promise<void> {
    const { report } = this.options;
    if (versions.current.quarantined.has(table.id) || versions.current.placeOf(table.id) === undefined) return;
    report(`${this.folder.pathOf(table)} is quarantined, it is not read any more: ${error.message}`);
    const note = (current: Version): VersionEdit | undefined =>
      current.placeOf(table.id) && { quarantined: [{ id: table.id, reason: error.message }] };
    try {
      await versions.log(note);
    } catch (cause) {
      report(`That could not be noted: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  private removeTable(table: TableMeta): void {
    this.parts?.tables.forget(table.id);
    this.folder.remove(table);
  }

  private scheduleEndOfTurn(): void {
    if (this.turnEnds) return;
    this.turnEnds = true;
    this.options.timers.endOfTurn(this.endTurn);
  }
}

/** Whether a change in a segment of the log is one of a slot that was not given up since. Then there may be something of that slot. */
function countsAt(segment: number, { kind, bytes, keyStart, keyEnd }: BatchReader, slots: HeldSlots): boolean {
  if (kind === ChangeKind.FLUSH || kind === ChangeKind.DATABASES) return true;
  const slot = slotOf(bytes, keyStart, keyEnd);
  if (segment <= slots.floors.segmentUpTo(slot)) return false;
  slots.hold(slot);
  return true;
}

/** Keys that the tables of a database hold, if they are all of one level, and can be read. */
function countOf(version: Version, slots: HeldSlots, db: number): TableCounts | undefined {
  const levels = version.levels(db).filter((level) => level.count > 0);
  if (levels.length > 1 || levels[0]?.number === 0) return undefined;
  const counts = { db, keyCount: 0, expiringCount: 0 };
  for (const table of version.tablesIn(db)) {
    if (version.quarantined.has(table.id) || slots.deadPart(table) > 0) return undefined;
    counts.keyCount += table.recordCount - table.emptyCount;
    counts.expiringCount += table.expiringCount;
  }
  return counts;
}

/** Ids of the tables in which nothing counts any more, these being the facts. */
function deadTables(version: Version, databases: readonly DatabaseFacts[]): number[] {
  return databases.flatMap(({ db, floor }) =>
    floor === 0
      ? []
      : version
          .tablesIn(db)
          .filter(({ maxStamp }) => maxStamp <= floor)
          .map(({ id }) => id),
  );
}
