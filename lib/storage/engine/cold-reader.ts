/**
 * Reads on the main thread what is not in memory.
 *
 *     level 0   newest table  ──▶ filter ──▶ index ──▶ block ──▶ record ─┐
 *               ...                                                      ├──▶ merge
 *     level n   one table     ──▶ filter ──▶ index ──▶ block ──▶ record ─┘
 *
 * 1. A read sees one version, however long it takes, and all of the memory that this version does not have stays there (holds.ts).
 * 2. It goes from the newest source to the oldest and stops at a record that says what came before it. Where that or an older source holds what
 *    other nodes stamped, the place of a table says nothing: then only tables are left out that know nothing as young as what was deleted.
 * 3. A block is checked before anything in it is believed. A table that fails is not read again: reads that may need it fail.
 */

import { CorruptionError } from '../../base/errors.js';
import type { BatchReader } from '../../record/batch-reader.js';
import type { Entry } from '../../record/entry.js';
import { EMPTY_ENTRY } from '../../record/entry.js';
import { EntrySink } from '../../record/entry-sink.js';
import type { KeyTaker } from '../../record/key-merge.js';
import { KeyMerge } from '../../record/key-merge.js';
import { merge } from '../../record/merge.js';
import { ORIGIN_MAX } from '../../record/pair.js';
import { tablesDirectory } from '../levels/table-files.js';
import type { SlotFloors } from '../levels/slot-floors.js';
import type { HeldVersion, VersionSet } from '../levels/version-set.js';
import type { Version } from '../levels/version.js';
import type { BlockCache } from '../sstable/block-cache.js';
import type { OpenTable, OpenTables } from '../sstable/open-tables.js';
import { tablePath } from '../sstable/table-format.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { ColdSource } from './cold-source.js';
import type { ColdWalkOptions } from './cold-walk.js';
import { ColdWalk } from './cold-walk.js';
import { EntryWalk } from './entry-walk.js';
import { flushedEntry } from './flushed-entry.js';
import { DamagedDataError } from './damaged-data-error.js';
import { FoundRecord } from './found-record.js';
import type { Hold } from './holds.js';
import { Holds } from './holds.js';
import { keysBetween } from './key-list.js';

const TWO_32 = 4294967296;
/** The slot is what is above these bits of a position's upper part. */
const SLOT_SHIFT = 7;
/** A key in parts is worked on for so long before others may go on: there may be several at a time, and a part takes a while. */
const SLICE_US = 2000;

export interface ColdReaderOptions {
  readonly directory: string;
  readonly versions: VersionSet;
  readonly tables: OpenTables;
  readonly blocks: () => BlockCache;
  /** Everything in memory stamped up to this is in the current version, but for what came late. Never falls. */
  readonly flushedStamp: () => number;
  /** The lowest stamp of what came late and is not in the tables of the log up to `segment`; Infinity if there is none. */
  readonly lateStamp: (segment: number) => number;
  /** Everything in a database stamped up to this is dead. */
  readonly floorOf: (db: number) => number;
  /** What is dead because its slots were given up. */
  readonly slotFloors: () => SlotFloors;
  /** A table is damaged. */
  readonly onDamage: (table: TableMeta, error: CorruptionError) => void;
  /** Has BlockCache.nextTurn called when this turn of the loop is over. */
  readonly endTurn: () => void;
  /** Of a clock that never goes back. */
  readonly nowUs: () => number;
  /** Resolves in a later turn of the loop. */
  readonly rest: () => Promise<void>;
}

/** A version and what it does not have, held for a read. */
export interface ReadHold {
  readonly held: HeldVersion;
  readonly hold: Hold;
}

export class ColdReader {
  /** Keys looked for on the disk, and those found. */
  readCount = 0;
  foundCount = 0;
  private readonly options: ColdReaderOptions;
  private readonly holds = new Holds();
  private readonly sources: TableMeta[] = [];
  private readonly found = new FoundRecord();
  /** Tables that turned out to be damaged. */
  private readonly damaged = new Set<number>();

  constructor(options: ColdReaderOptions) {
    this.options = options;
  }

  /** See ColdData. */
  get cleanUpTo(): number {
    const { oldestStamp, oldestSegment } = this.holds;
    return Math.min(oldestStamp, this.cleanBehind(Math.min(oldestSegment, this.flushedSegment)));
  }

  /** Everything before this segment of the log is in tables that every read sees which is under way. */
  get seenSegment(): number {
    return Math.min(this.holds.oldestSegment, this.flushedSegment);
  }

  /** Resolves when reads have ended that keep in memory what is in tables; `undefined` if there are none. */
  whenReleased(): Promise<void> | undefined {
    return this.cleanUpTo < this.cleanBehind(this.flushedSegment) ? this.holds.whenOldestEnds() : undefined;
  }

  /** See ColdData. */
  isEmpty(db: number): boolean {
    const { current } = this.options.versions;
    if (current.isEmpty(db)) return true;
    const floor = this.options.floorOf(db);
    return floor > 0 && current.tablesIn(db).every(({ maxStamp }) => maxStamp <= floor);
  }

  /** See ColdData. */
  mayHold(db: number, high: number, low: number): boolean {
    const version = this.options.versions.current;
    if (version.isEmpty(db)) return false;
    const { sources } = this;
    const floor = this.options.floorOf(db);
    const count = this.sourcesOf(version, db, high, low, sources);
    for (let i = 0; i < count; i++) {
      const meta = sources[i];
      if (
        meta.maxStamp > floor &&
        (this.isQuarantined(version, meta) || this.options.tables.mayHold(meta, high, low))
      ) {
        return true;
      }
    }
    return false;
  }

  /** See ColdData. */
  newestStamp(db: number, high: number, low: number): number {
    const version = this.options.versions.current;
    const { sources } = this;
    let newest = this.options.floorOf(db);
    const floor = newest;
    const count = this.sourcesOf(version, db, high, low, sources);
    for (let i = 0; i < count; i++) {
      const meta = sources[i];
      if (meta.maxStamp <= newest) continue;
      if (this.isQuarantined(version, meta) || this.options.tables.mayHold(meta, high, low)) newest = meta.maxStamp;
    }
    return newest === floor ? 0 : newest;
  }

  /**
   * See ColdData. Rejects with DamagedDataError too. One function, though a long one: most loads wait once, for a block, and functions that
   * wait for each other would cost more than all else about it.
   */
  async load(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeString?: (reader: BatchReader) => void,
    takeParts?: () => KeyTaker,
    passesDamaged = false,
  ): Promise<void> {
    this.readCount++;
    const { tables, endTurn } = this.options;
    const hold = this.hold();
    const { version } = hold.held;
    const floor = this.options.floorOf(db);
    const position = high * TWO_32 + (low >>> 0);
    const sources: TableMeta[] = [];
    let count = this.sourcesOf(version, db, high, low, sources);
    if (passesDamaged) count = keepFirst(sources, count, (meta) => !this.isDamaged(version, meta));
    let entry: Entry | undefined;
    let i = 0;
    try {
      for (; i < count; i++) {
        const meta = sources[i];
        if (meta.maxStamp <= floor || (entry !== undefined && meta.maxStamp < entry.deletedUpTo.stamp)) continue;
        const table = this.openNow(version, meta) ?? (await tables.load(meta));
        if (tables.mayHold(meta, high, low) === 0) continue;
        let isFound = false;
        const last = table.index.lastBlockOf(position);
        for (let number = Math.max(0, table.index.firstBlockOf(position)); !isFound && number <= last; number++) {
          endTurn();
          const blocks = this.options.blocks();
          const block = blocks.get(table, number) ?? (await blocks.load(table, number));
          isFound = this.found.find(block, table, key, position);
        }
        if (!isFound) {
          tables.falsePositiveCount++;
          continue;
        }
        if (this.found.hasMore) {
          const taker = takeParts?.() ?? new EntryTaker(take);
          await this.loadParts(version, sources.slice(0, count), key, position, floor, taker);
          return;
        }
        // What was found is used before anything is waited for again: then the block's memory may be another's.
        if (takeString !== undefined && entry === undefined && floor === 0 && this.found.isString()) {
          const { reader } = this.found;
          if (this.isLast(sources, i, count, reader.stamp, high, low)) {
            this.foundCount++;
            takeString(reader);
            return;
          }
        }
        entry = entry === undefined ? this.found.entry() : merge(entry, this.found.entry());
        if (this.found.isComplete && this.isLast(sources, i, count, entry.deletedUpTo.stamp, high, low)) break;
      }
      if (entry !== undefined) this.foundCount++;
      take(entry === undefined || floor === 0 ? (entry ?? EMPTY_ENTRY) : merge(entry, flushedEntry(floor)));
    } catch (error) {
      throw this.noteDamage(sources[i], error);
    } finally {
      this.release(hold);
    }
  }

  /** See ColdData. Throws DamagedDataError too. As `load` in all else: nothing can come in between, so that nothing has to be held. */
  loadNow(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeParts?: () => KeyTaker,
  ): void {
    this.readCount++;
    const { tables, versions } = this.options;
    const version = versions.current;
    const floor = this.options.floorOf(db);
    const position = high * TWO_32 + (low >>> 0);
    const sources: TableMeta[] = [];
    const count = this.sourcesOf(version, db, high, low, sources);
    let entry: Entry | undefined;
    for (let i = 0; i < count; i++) {
      const meta = sources[i];
      if (meta.maxStamp <= floor || (entry !== undefined && meta.maxStamp < entry.deletedUpTo.stamp)) continue;
      try {
        const table = this.openNow(version, meta) ?? tables.loadNow(meta);
        if (tables.mayHold(meta, high, low) === 0) continue;
        if (this.findNow(table, key, position) < 0) {
          tables.falsePositiveCount++;
          continue;
        }
        if (this.found.hasMore) {
          this.loadPartsNow(
            version,
            sources.slice(0, count),
            key,
            position,
            floor,
            takeParts?.() ?? new EntryTaker(take),
          );
          return;
        }
        entry = entry === undefined ? this.found.entry() : merge(entry, this.found.entry());
      } catch (error) {
        throw this.noteDamage(meta, error);
      }
      if (this.found.isComplete && this.isLast(sources, i, count, entry.deletedUpTo.stamp, high, low)) break;
    }
    if (entry !== undefined) this.foundCount++;
    take(entry === undefined || floor === 0 ? (entry ?? EMPTY_ENTRY) : merge(entry, flushedEntry(floor)));
  }

  /** Reads a key that is in parts in one of `metas`, newest first: a part of each at a time. Rejects with DiskError, CorruptionError and DamagedDataError. */
  private async loadParts(
    version: Version,
    metas: readonly TableMeta[],
    key: Buffer,
    position: number,
    floor: number,
    taker: KeyTaker,
  ): Promise<void> {
    const chosen: ColdSource[] = [];
    for (const [i, meta] of metas.entries()) {
      if (meta.maxStamp <= floor) continue;
      const table = await this.open(version, meta);
      const source = await this.sourceOf(meta, table, key, position);
      if (source === undefined) continue;
      chosen.push(source);
      if (this.found.isComplete && !metas.some((other, j) => j >= i && other.foreign)) break;
    }
    this.foundCount++;
    const merge = new KeyMerge<ColdSource>();
    merge.begin(chosen, taker, { stamp: floor, origin: floor === 0 ? 0 : ORIGIN_MAX });
    // What the system has in memory is read so fast that the loop would not go on in between.
    const { nowUs, rest } = this.options;
    let sliceEndUs = nowUs() + SLICE_US;
    for (let waiting = merge.run(); waiting !== undefined; waiting = merge.run()) {
      if (nowUs() >= sliceEndUs) {
        await rest();
        sliceEndUs = nowUs() + SLICE_US;
      }
      try {
        await waiting.fill();
      } catch (error) {
        throw this.noteDamage(waiting.meta, error);
      }
    }
    taker.end();
  }

  /** The same on this thread. */
  private loadPartsNow(
    version: Version,
    metas: readonly TableMeta[],
    key: Buffer,
    position: number,
    floor: number,
    taker: KeyTaker,
  ): void {
    const chosen: ColdSource[] = [];
    for (const [i, meta] of metas.entries()) {
      if (meta.maxStamp <= floor) continue;
      const table = this.openNow(version, meta) ?? this.options.tables.loadNow(meta);
      const number = this.findNow(table, key, position);
      if (number < 0) continue;
      chosen.push(new ColdSource(meta, table, position, number, this.found.index));
      if (this.found.isComplete && !metas.some((other, j) => j >= i && other.foreign)) break;
    }
    this.foundCount++;
    const merge = new KeyMerge<ColdSource>();
    merge.begin(chosen, taker, { stamp: floor, origin: floor === 0 ? 0 : ORIGIN_MAX });
    for (let waiting = merge.run(); waiting !== undefined; waiting = merge.run()) {
      try {
        waiting.fillNow();
      } catch (error) {
        throw this.noteDamage(waiting.meta, error);
      }
    }
    taker.end();
  }

  /** Where a table has a key, if it does: then `found` is on its first record. */
  private async sourceOf(
    meta: TableMeta,
    table: OpenTable,
    key: Buffer,
    position: number,
  ): Promise<ColdSource | undefined> {
    const last = table.index.lastBlockOf(position);
    for (let number = Math.max(0, table.index.firstBlockOf(position)); number <= last; number++) {
      this.options.endTurn();
      const blocks = this.options.blocks();
      try {
        const block = blocks.get(table, number) ?? (await blocks.load(table, number));
        if (!this.found.find(block, table, key, position)) continue;
      } catch (error) {
        throw this.noteDamage(meta, error);
      }
      return new ColdSource(meta, table, position, number, this.found.index);
    }
    return undefined;
  }

  /** See ColdData. */
  walk(db: number, position: number, keysOnly = false): ColdWalk {
    return new ColdWalk(this.walkOptions(db, position, keysOnly));
  }

  /** The same, to see everything that there is. */
  entries(db: number, position: number): EntryWalk {
    return new EntryWalk(this.walkOptions(db, position, false));
  }

  private walkOptions(db: number, position: number, keysOnly: boolean): ColdWalkOptions {
    const hold = this.hold();
    const { version } = hold.held;
    const floor = this.options.floorOf(db);
    const runs = version
      .levels(db)
      .flatMap((level) => (level.number === 0 ? level.tables.map((table) => [table]) : [level.tables]))
      .map((run) => run.filter((table) => table.maxStamp > floor && table.largest >= position))
      .filter((run) => run.length > 0);
    return {
      runs,
      position,
      floor,
      slotFloors: this.options.slotFloors(),
      keysOnly,
      open: (meta) => this.open(version, meta),
      onDamage: this.options.onDamage,
      onClose: () => {
        this.release(hold);
      },
    };
  }

  /** The keys of which tables say anything, live or dead, from position `start` on and before `end`, as byte text. */
  async keysBetween(db: number, start: number, end: number): Promise<Set<string>> {
    const hold = this.hold();
    const { version } = hold.held;
    const floor = this.options.floorOf(db);
    try {
      const runs = version.readableRuns(db).map((run) => run.filter(({ maxStamp }) => maxStamp > floor));
      return await keysBetween(runs, start, end, {
        slotFloors: this.options.slotFloors(),
        open: (meta) => this.open(version, meta),
        onDamage: this.options.onDamage,
      });
    } finally {
      this.release(hold);
    }
  }

  hold(): ReadHold {
    const { versions, flushedStamp } = this.options;
    return { hold: this.holds.add(flushedStamp(), this.flushedSegment), held: versions.acquire() };
  }

  release({ held, hold }: ReadHold): void {
    this.holds.remove(hold);
    this.options.versions.release(held);
  }

  /** The tables that may hold something of a position that counts, newest first, as Version.sourcesOf has them. */
  private sourcesOf(version: Version, db: number, high: number, low: number, into: TableMeta[]): number {
    const count = version.sourcesOf(db, high * TWO_32 + (low >>> 0), into);
    const below = this.options.slotFloors().tablesBelow(high >>> SLOT_SHIFT);
    return below === 0 ? count : keepFirst(into, count, ({ id }) => id >= below);
  }

  private get flushedSegment(): number {
    return this.options.versions.current.flushed?.number ?? 0;
  }

  /** Everything stamped up to this is in the tables of the log up to `segment`, if the current version has these. */
  private cleanBehind(segment: number): number {
    return Math.min(this.options.flushedStamp(), this.options.lateStamp(segment) - 1);
  }

  /**
   * Whether the sources behind `i` say nothing that counts of a key that was deleted in source `i`, or one before, up to a pair with this stamp: they are
   * older, by their place or by their stamps, or do not have it.
   */
  private isLast(
    sources: readonly TableMeta[],
    i: number,
    count: number,
    deletedStamp: number,
    high: number,
    low: number,
  ): boolean {
    let isForeign = sources[i].foreign;
    for (let j = i + 1; j < count && !isForeign; j++) isForeign = sources[j].foreign;
    if (!isForeign) return true;
    for (let j = i + 1; j < count; j++) {
      const meta = sources[j];
      if (meta.maxStamp >= deletedStamp && this.options.tables.mayHold(meta, high, low) !== 0) return false;
    }
    return true;
  }

  /** The table, if its filter and index are in memory. Throws DamagedDataError. */
  private openNow(version: Version, meta: TableMeta): OpenTable | undefined {
    const { tables, versions, directory } = this.options;
    const reason = version.quarantined.get(meta.id) ?? versions.current.quarantined.get(meta.id);
    if (reason !== undefined) throw new DamagedDataError(tablePath(tablesDirectory(directory), meta.id), reason);
    return tables.get(meta);
  }

  /** The block of a table that holds a key: then `found` is on its first record. -1 if there is none. */
  private findNow(table: OpenTable, key: Buffer, position: number): number {
    const last = table.index.lastBlockOf(position);
    for (let number = Math.max(0, table.index.firstBlockOf(position)); number <= last; number++) {
      this.options.endTurn();
      if (this.found.find(this.options.blocks().getNow(table, number), table, key, position)) return number;
    }
    return -1;
  }

  private async open(version: Version, meta: TableMeta): Promise<OpenTable> {
    const there = this.openNow(version, meta);
    if (there !== undefined) return there;
    try {
      return await this.options.tables.load(meta);
    } catch (error) {
      throw this.noteDamage(meta, error);
    }
  }

  private noteDamage(meta: TableMeta, error: unknown): unknown {
    if (!(error instanceof CorruptionError)) return error;
    this.damaged.add(meta.id);
    this.options.onDamage(meta, error);
    return error;
  }

  /** Whether a table is in quarantine, or about to be. */
  private isDamaged(version: Version, { id }: TableMeta): boolean {
    return this.damaged.has(id) || version.quarantined.has(id) || this.options.versions.current.quarantined.has(id);
  }

  private isQuarantined(version: Version, { id }: TableMeta): boolean {
    return version.quarantined.size > 0 && version.quarantined.has(id);
  }
}

/** Takes a key in parts for who wants an entry. */
class EntryTaker extends EntrySink implements KeyTaker {
  private readonly take: (entry: Entry) => void;

  constructor(take: (entry: Entry) => void) {
    super();
    this.take = take;
  }

  end(): void {
    this.take(this.entry);
  }
}

/** Leaves those of the first `count` tables that are wanted, in their order; returns how many they are. */
function keepFirst(tables: TableMeta[], count: number, isWanted: (table: TableMeta) => boolean): number {
  let kept = 0;
  for (let i = 0; i < count; i++) if (isWanted(tables[i])) tables[kept++] = tables[i];
  return kept;
}
