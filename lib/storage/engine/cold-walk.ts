import type { CorruptionError } from '../../base/errors.js';
import { POSITION_LIMIT } from '../../base/position.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { CellType, Entry } from '../../record/entry.js';
import { hasElements, typeOf } from '../../record/entry.js';
import { entryOfRecord } from '../../record/entry-of-record.js';
import { EntrySink } from '../../record/entry-sink.js';
import { KeyMerge } from '../../record/key-merge.js';
import { mergeAll } from '../../record/merge.js';
import { ORIGIN_MAX } from '../../record/pair.js';
import type { SlotFloors } from '../levels/slot-floors.js';
import type { OpenTable } from '../sstable/open-tables.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { flushedEntry } from './flushed-entry.js';
import { CursorSource } from './cursor-source.js';
import { TableCursor } from './table-cursor.js';

export interface ColdWalkOptions {
  /** Newest first; the tables of a run rise and do not overlap. */
  readonly runs: readonly (readonly TableMeta[])[];
  readonly position: number;
  /** Everything stamped up to this is dead. */
  readonly floor: number;
  /** What is dead because its slots were given up. */
  readonly slotFloors: SlotFloors;
  /** The entry of a key in parts gets only one cell that holds a value: to see that it is there. */
  readonly keysOnly: boolean;
  readonly open: (meta: TableMeta) => Promise<OpenTable>;
  readonly onDamage: (table: TableMeta, error: CorruptionError) => void;
  readonly onClose: () => void;
}

/** A key that the walk meets. */
export interface WalkedKey {
  readonly key: Buffer;
  readonly position: number;
  readonly type: CellType;
  readonly expiresAtMs: number;
  readonly entry: Entry;
}

/** Meets the keys of one version of a database in the order of their positions: all but those with nothing in them. */
export class ColdWalk {
  /** All keys before this position were met; POSITION_LIMIT at the end. */
  position: number;
  protected readonly options: ColdWalkOptions;
  /** The cursors that stand on the key at hand. */
  protected readonly same: TableCursor[] = [];
  private readonly reader = new BatchReader();
  private cursors: readonly TableCursor[] | undefined;
  private isClosed = false;

  constructor(options: ColdWalkOptions) {
    this.options = options;
    this.position = options.position;
  }

  /** The next keys: at least `count` (fewer only at the end), all of one position together. Rejects with CorruptionError, DiskError and DamagedDataError. */
  async next(count: number): Promise<WalkedKey[]> {
    await this.open();
    const keys: WalkedKey[] = [];
    while (keys.length < count && this.position < POSITION_LIMIT) {
      const position = this.nextPosition();
      if (position === POSITION_LIMIT) this.position = POSITION_LIMIT;
      else {
        keys.push(...(await this.keysAt(position)));
        this.position = position + 1;
      }
    }
    return keys;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.options.onClose();
  }

  /** Goes to where it begins. Called before anything else of these. */
  protected async open(): Promise<void> {
    const { runs, position } = this.options;
    if (this.cursors !== undefined) return;
    this.cursors = runs.map((run) => new TableCursor({ ...this.options, run }));
    await Promise.all(this.cursors.map((cursor) => cursor.seek(position)));
  }

  protected nextPosition(): number {
    let lowest = POSITION_LIMIT;
    for (const cursor of this.cursors ?? []) if (!cursor.isAtEnd) lowest = Math.min(lowest, cursor.position);
    return lowest;
  }

  /** The keys at a position; the cursors move behind it. */
  private async keysAt(position: number): Promise<WalkedKey[]> {
    const keys: WalkedKey[] = [];
    for (;;) {
      const key = this.lowestKeyAt(position);
      if (key === undefined) return keys;
      const entry = this.same.some(({ hasMore }) => hasMore) ? await this.mergeParts() : this.mergeRecords();
      await this.passKey();
      const type = typeOf(entry);
      if (type === undefined || !hasElements(entry)) continue;
      keys.push({ key, position, type, expiresAtMs: entry.expiry.atMs, entry });
    }
  }

  /** Moves the cursors behind the key at hand. */
  protected async passKey(): Promise<void> {
    for (const cursor of this.same) {
      while (cursor.hasMore) if (!cursor.advanceInBlock()) await cursor.advance();
      if (!cursor.advanceInBlock()) await cursor.advance();
    }
  }

  /** The lowest key that a cursor stands on at a position; those that do are then `same`, newest first. */
  protected lowestKeyAt(position: number): Buffer | undefined {
    const { same } = this;
    let lowest: Buffer | undefined;
    same.length = 0;
    for (const cursor of this.cursors ?? []) {
      if (cursor.isAtEnd || cursor.position !== position) continue;
      const { block, index } = cursor;
      const { start, end } = block.keyOf(index);
      const order = lowest === undefined ? -1 : block.bytes.compare(lowest, 0, lowest.length, start, end);
      if (order < 0) {
        lowest = Buffer.from(block.bytes.subarray(start, end));
        same.length = 0;
      }
      if (order <= 0) same.push(cursor);
    }
    return lowest;
  }

  /** What the records come to that the cursors in `same` stand on. */
  protected mergeRecords(): Entry {
    const { same, reader } = this;
    const { floor } = this.options;
    const entries = same.map(({ block, index, origin }) => {
      reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path);
      return entryOfRecord(reader);
    });
    if (floor > 0) entries.push(flushedEntry(floor));
    return entries.length === 1 ? entries[0] : mergeAll(entries);
  }

  /** The same where one of them is the first part of several. */
  private async mergeParts(): Promise<Entry> {
    const { floor, keysOnly } = this.options;
    const sink = new EntrySink(keysOnly);
    const merge = new KeyMerge<CursorSource>();
    const sources = this.same.map((cursor) => new CursorSource(cursor));
    merge.begin(sources, sink, { stamp: floor, origin: floor === 0 ? 0 : ORIGIN_MAX });
    for (let waiting = merge.run(); waiting !== undefined && !sink.isEnough; waiting = merge.run())
      await waiting.fill();
    return sink.entry;
  }
}
