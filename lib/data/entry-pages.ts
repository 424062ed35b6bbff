import type { Cell, Entry } from '../record/entry.js';
import { CellType, EMPTY_ENTRY, cellKey } from '../record/entry.js';
import { withoutMarks } from '../record/marks.js';
import { merge } from '../record/merge.js';
import { aboveStamp } from '../record/pair.js';
import { WriteBatch } from '../record/write-batch.js';
import { FieldTable } from '../storage/memory/field-table.js';
import type { Database, Keyspace } from './keyspace.js';
import { flushedPair } from './keyspace-merge.js';

/** What a cell takes in a batch besides its field and value, more or less. */
const CELL_BYTES = 24;
/** A page goes on behind a list's element, or at a place among fields. */
type Place = { readonly after: Buffer } | { readonly cursor: number };

/**
 * Writes all that is known of a key as batches (record/batch-format.ts), page by page: each stands alone, and whoever merges all of them has the entry. Between two
 * pages the key may change: then they say what was there all the time, and of the rest the one or the other.
 *
 *     page    = deletedUpTo, expiry, a list's removals: in the first one
 *             | cells
 */
export class EntryPages {
  private readonly keyspace: Keyspace;
  private readonly db: Database;
  private readonly key: Buffer;
  private readonly bytesMax: number;
  private readonly batch: WriteBatch;
  private place: Place | undefined;
  private isAtEnd = false;

  /** A page has about `bytesMax` bytes at most, unless it is a single cell, or a string. */
  constructor(keyspace: Keyspace, db: Database, key: Buffer, bytesMax: number) {
    this.keyspace = keyspace;
    this.db = db;
    this.key = key;
    this.bytesMax = bytesMax;
    this.batch = new WriteBatch(keyspace.origin);
  }

  /** The next page; `undefined` at the end, and if nothing is known of the key. REQUIRES: for the first one, the key is in memory. */
  next(): Buffer | undefined {
    for (;;) {
      if (this.isAtEnd) return undefined;
      const page = this.place === undefined ? this.first() : { ...EMPTY_ENTRY, cells: this.cellsFrom(this.place) };
      this.batch.wholeEntry(this.db.id, this.key, this.withoutDead(page));
      // Perhaps there was nothing on it that counts.
      if (!this.batch.isEmpty) break;
    }
    const bytes = Buffer.from(this.batch.buffer.subarray(this.batch.start, this.batch.end));
    this.batch.reset();
    return bytes;
  }

  private get ref(): number {
    return this.db.table.find(this.key, 0, this.key.length);
  }

  private first(): Entry {
    const { keyspace, ref } = this;
    const { heap } = keyspace;
    const floor = { ...EMPTY_ENTRY, deletedUpTo: flushedPair(this.db) };
    if (ref === 0 || !heap.isLarge(ref)) {
      this.isAtEnd = true;
      return merge(ref === 0 ? EMPTY_ENTRY : keyspace.entryOf(ref), floor);
    }
    const cells = new Map<string, Cell>();
    if (heap.type(ref) === CellType.LIST) keyspace.lists.collectRemovals(ref, (cell) => addTo(cells, cell));
    const { deletedUpTo, expiry } = merge({ ...heap.registers(ref), cells: new Map() }, floor);
    for (const [name, cell] of this.cellsFrom({ cursor: 0 })) cells.set(name, cell);
    return { deletedUpTo, expiry, cells };
  }

  /** What everybody knows to be dead is told to nobody: who has dropped it would have it again. */
  private withoutDead(entry: Entry): Entry {
    const { hasher, deadUpTo } = this.keyspace;
    if (deadUpTo === undefined || deadUpTo.highest === 0) return entry;
    hasher.hash(this.key, 0, this.key.length);
    const stamp = deadUpTo.at(hasher.position);
    return { ...withoutMarks(entry, stamp), deletedUpTo: aboveStamp(entry.deletedUpTo, stamp) };
  }

  private cellsFrom(place: Place): Map<string, Cell> {
    const { keyspace, ref } = this;
    const cells = new Map<string, Cell>();
    this.isAtEnd = true;
    // It may have gone meanwhile, or become small: what is left of it fits on a page.
    if (ref === 0) return cells;
    const type = keyspace.heap.type(ref);
    if (type === CellType.LIST) this.addElements(ref, 'after' in place ? place.after : undefined, cells);
    else if (keyspace.heap.isLarge(ref)) this.addFields(ref, 'cursor' in place ? place.cursor : 0, cells);
    else for (const [name, cell] of keyspace.entryOf(ref).cells) cells.set(name, cell);
    return cells;
  }

  private addElements(ref: number, after: Buffer | undefined, cells: Map<string, Cell>): void {
    let bytes = 0;
    let last = after;
    this.keyspace.lists.collectElements(ref, after, (cell) => {
      bytes += bytesOf(cell);
      if (bytes > this.bytesMax && cells.size > 0) {
        this.isAtEnd = false;
        return false;
      }
      addTo(cells, cell);
      last = cell.field;
      return true;
    });
    if (last !== undefined) this.place = { after: last };
  }

  private addFields(ref: number, cursor: number, cells: Map<string, Cell>): void {
    const { keyspace, bytesMax } = this;
    const { heap } = keyspace;
    const large = heap.large.get(heap.largeIndex(ref));
    const collection = this.fieldCells(heap.type(ref));
    if (!(large instanceof FieldTable)) return;
    const count = Math.max(1, Math.floor(bytesMax / (large.usedBytes / Math.max(1, large.table.count) + CELL_BYTES)));
    const next = collection.collectFrom(ref, cursor, count, (cell) => {
      addTo(cells, cell);
    });
    this.isAtEnd = next === 0;
    this.place = { cursor: next };
  }

  private fieldCells(type: CellType): Keyspace['hashes'] {
    const { hashes, sets, sortedSets } = this.keyspace;
    return type === CellType.HASH ? hashes : type === CellType.SET ? sets : sortedSets;
  }
}

function addTo(cells: Map<string, Cell>, cell: Cell): void {
  cells.set(cellKey(cell.type, cell.field), cell);
}

function bytesOf({ field, value }: Cell): number {
  return CELL_BYTES + field.length + (value?.length ?? 0);
}
