import type { CorruptionError } from '../../base/errors.js';
import { POSITION_LIMIT } from '../../base/position.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { CellType, Entry } from '../../record/entry.js';
import { holdsValue, typeOf } from '../../record/entry.js';
import { entryOfRecord } from '../../record/entry-of-record.js';
import { mergeAll } from '../../record/merge.js';
import type { OpenTable } from '../sstable/open-tables.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { flushedEntry } from './cold-reader.js';
import { TableCursor } from './table-cursor.js';

export interface ColdWalkOptions {
  /** Newest first; the tables of a run rise and do not overlap. */
  readonly runs: readonly (readonly TableMeta[])[];
  readonly position: number;
  /** Everything stamped up to this is dead. */
  readonly floor: number;
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
  private readonly options: ColdWalkOptions;
  private readonly reader = new BatchReader();
  private cursors: readonly TableCursor[] | undefined;
  private isClosed = false;

  constructor(options: ColdWalkOptions) {
    this.options = options;
    this.position = options.position;
  }

  /** The next keys: at least `count` (fewer only at the end), all of one position together. Rejects with CorruptionError, DiskError and DamagedDataError. */
  async next(count: number): Promise<WalkedKey[]> {
    this.cursors ??= await this.openCursors();
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

  private async openCursors(): Promise<TableCursor[]> {
    const { runs, open, onDamage, position } = this.options;
    const cursors = runs.map((run) => new TableCursor({ run, open, onDamage }));
    await Promise.all(cursors.map((cursor) => cursor.seek(position)));
    return cursors;
  }

  private nextPosition(): number {
    let lowest = POSITION_LIMIT;
    for (const cursor of this.cursors ?? []) if (!cursor.isAtEnd) lowest = Math.min(lowest, cursor.position);
    return lowest;
  }

  /** The keys at a position; the cursors move behind it. */
  private async keysAt(position: number): Promise<WalkedKey[]> {
    const { floor } = this.options;
    const found = new Map<string, { key: Buffer; entries: Entry[] }>();
    for (const cursor of this.cursors ?? []) {
      while (!cursor.isAtEnd && cursor.position === position) {
        this.take(cursor, found);
        if (!cursor.advanceInBlock()) await cursor.advance();
      }
    }
    const keys: WalkedKey[] = [];
    for (const { key, entries } of found.values()) {
      if (floor > 0) entries.push(flushedEntry(floor));
      const entry = entries.length === 1 ? entries[0] : mergeAll(entries);
      const type = typeOf(entry);
      if (type !== undefined && hasValue(entry))
        keys.push({ key, position, type, expiresAtMs: entry.expiry.atMs, entry });
    }
    return keys;
  }

  private take({ block, index, origin }: TableCursor, found: Map<string, { key: Buffer; entries: Entry[] }>): void {
    const { start, end } = block.keyOf(index);
    const name = block.bytes.toString('latin1', start, end);
    this.reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path);
    const entry = entryOfRecord(this.reader);
    const there = found.get(name);
    if (there === undefined) found.set(name, { key: Buffer.from(block.bytes.subarray(start, end)), entries: [entry] });
    else there.entries.push(entry);
  }
}

function hasValue(entry: Entry): boolean {
  for (const cell of entry.cells.values()) if (holdsValue(cell)) return true;
  return false;
}
