import type { PositionHasher } from '../base/position.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import type { Cell, CellType } from '../record/entry.js';
import { FieldTable } from '../storage/memory/field-table.js';
import type { CellPair } from '../storage/memory/packed-fields.js';
import {
  PACKED_BYTES_MAX,
  PACKED_CELLS_MAX,
  PACKED_HEADER_BYTES,
  PackedFields,
} from '../storage/memory/packed-fields.js';
import type { RecordHeap } from '../storage/memory/record-heap.js';
import { LARGE, RecordHead } from '../storage/memory/record-head.js';
import { LARGE_VALUE_BYTES } from '../storage/memory/record-heap.js';
import type { BuiltValue, Collection, LargeAdder } from './collection.js';
import { FieldReader } from './field-reader.js';
import type { Keyspace } from './keyspace.js';

const NOTHING = Buffer.alloc(0);
/** Expired cells that are removed before a command sees a collection. */
const PURGE_MAX = 1000;

/** A pair that is filled anew for each cell. */
class MutablePair implements CellPair {
  stamp = 0;
  origin = 0;
  expiresAtMs = 0;
  isTombstone = false;
}

/**
 * The cells of the hash or set under the keyspace's cursor: read and changed there.
 *
 *     keyspace.find(db, key, ...)         puts the cursor on the key; 0, or the ref of its record
 *     cells.use()                         turns to it
 *     cells.find(field, ...)              stands on the cell, or where it would be
 *     cells.put(value, ...), remove()     act on the field of the last `find`
 *
 * A collection comes into being with its first cell, and is gone with its last one. Every change takes a stamp and goes into the write batch.
 */
export class FieldCells extends FieldReader implements Collection {
  readonly type: CellType;
  /** Cells that expired by themselves and were removed. */
  expiredCount = 0;
  protected readonly keyspace: Keyspace;
  private readonly hasher: PositionHasher;
  protected readonly pair = new MutablePair();
  private readonly head = new RecordHead();
  /** For conversions and moves: a value that does not lie in the heap. */
  private readonly other: PackedFields;

  // The field of the last `find`.
  protected field: Uint8Array = NOTHING;
  protected start = 0;
  protected end = 0;
  /** Whether there is a cell of it, a tombstone or an expired one included. */
  protected hasCell = false;

  /** `hasher` is one of fields. */
  constructor(keyspace: Keyspace, type: CellType, hasher: PositionHasher) {
    super(keyspace);
    this.keyspace = keyspace;
    this.type = type;
    this.hasher = hasher;
    this.other = new PackedFields(keyspace.origin);
  }

  /** Turns to the key under the cursor: its record is of this type, or there is none. Removes what has expired first, where nobody else has the data. */
  use(): void {
    this.open(this.keyspace.cellsAt(this.type));
    if (this.hasExpiring && !this.keyspace.isReplicated) this.purge(PURGE_MAX);
  }

  override find(field: Uint8Array, start: number, end: number): boolean {
    this.field = field;
    this.start = start;
    this.end = end;
    if (this.table === undefined) {
      this.hasCell = this.packed.find(field, start, end);
      return this.hasCell && this.describePacked();
    }
    const cellRef = this.table.find(field, start, end);
    this.hasCell = cellRef !== 0;
    return this.describe(cellRef);
  }

  /** Sets the cell of the field of the last `find`. REQUIRES: neither field nor value lies in this collection. */
  put(value: Uint8Array, valueStart: number, valueEnd: number, expiresAtMs = 0): void {
    const { keyspace, field, start, end } = this;
    const stamp = keyspace.beginCell();
    keyspace.batch.cellValue(stamp, this.type, field, start, end, value, valueStart, valueEnd, expiresAtMs);
    this.setPair(stamp, keyspace.origin, expiresAtMs, false);
    this.write(value, valueStart, valueEnd);
    if (expiresAtMs !== 0) this.noteExpiry(expiresAtMs);
    this.changed(stamp);
  }

  /** Removes the cell of the field of the last `find`. REQUIRES: that has found it. */
  remove(): void {
    const { keyspace, field, start, end } = this;
    const stamp = keyspace.beginCell();
    keyspace.batch.tombstone(stamp, this.type, field, start, end);
    this.setPair(stamp, keyspace.origin, 0, true);
    if (keyspace.keepsTombstones) this.write(NOTHING, 0, 0);
    else this.drop();
    this.changed(stamp);
  }

  /**
   * Removes the cell that `next`, `pick` or `walk` stands on; goes on with `next` only if nothing was removed. The field's bytes are a view that ends here.
   */
  removeCurrent(): void {
    const { length } = this.copyField();
    this.find(fieldCopy, 0, length);
    this.remove();
  }

  /** The same for the cell that `pick` has just found, without looking for it again. */
  removePicked(): void {
    const { keyspace, table } = this;
    if (keyspace.keepsTombstones) {
      this.removeCurrent();
      return;
    }
    const stamp = keyspace.beginCell();
    keyspace.batch.tombstone(stamp, this.type, this.bytes, this.fieldStart, this.fieldEnd);
    table?.table.select(this.pickedSegment, this.pickedSlot);
    this.drop();
    this.changed(stamp);
  }

  /** Sets when the cell of the last `find` expires (Unix ms; 0: never), without another change of it. REQUIRES: it was found. */
  expire(expiresAtMs: number): void {
    const value = Buffer.from(this.bytes.subarray(this.valueStart, this.valueEnd));
    this.put(value, 0, value.length, expiresAtMs);
  }

  /** Turns to the key under the cursor, which is there, as `use` does, and sees to it that this will be done again when more has expired. */
  expireCells(): void {
    this.use();
    const { nextExpiryMs } = this;
    if (this.table !== undefined) this.table.awaitedMs = Infinity;
    if (nextExpiryMs !== Infinity) this.noteExpiry(nextExpiryMs);
  }

  /** Removes cells of the key under the cursor that have expired. REQUIRES: it is there. */
  removeExpired(): void {
    this.open(this.keyspace.cellsAt(this.type));
    if (this.hasExpiring) this.purge(PURGE_MAX);
  }

  /** Removes up to `max` cells that have expired. */
  private purge(max: number): void {
    const { keyspace } = this;
    const fields = keyspace.removesExpired ? this.expiredFields(max) : [];
    for (const field of fields) {
      this.findAny(field);
      this.remove();
      this.expiredCount++;
    }
    if (fields.length === 0) return;
    keyspace.tell(KEYSPACE_EVENT.hash, 'hexpired');
    if (this.cellCount === 0) keyspace.tell(KEYSPACE_EVENT.generic, 'del');
  }

  /** A cell has got this expiry: if it is the first to expire, somebody has to wait for it. */
  private noteExpiry(atMs: number): void {
    const { table } = this;
    if (table === undefined ? atMs > this.nextExpiryMs : atMs >= table.awaitedMs) return;
    if (table !== undefined) table.awaitedMs = atMs;
    this.keyspace.noteCellExpiry(atMs);
  }

  liveCount(ref: number): number {
    this.open(ref);
    return this.cellCount;
  }

  mayHaveMarks(ref: number): boolean {
    this.open(ref);
    const { packed, table } = this;
    return table === undefined ? packed.totalCount > packed.liveCount : table.tombstoneCount > 0;
  }

  collect(ref: number, visit: (cell: Cell) => void): void {
    this.open(ref);
    const { type, packed, table } = this;
    if (table === undefined) {
      this.rewind();
      while (packed.next()) {
        const { bytes, stamp, origin, expiresAtMs, isTombstone } = packed;
        const field = Buffer.from(bytes.subarray(packed.fieldStart, packed.fieldEnd));
        const value = isTombstone ? undefined : Buffer.from(bytes.subarray(packed.valueStart, packed.valueEnd));
        visit({ type, field, value, pair: { stamp, origin }, expiresAtMs });
      }
      return;
    }
    table.table.forEach((cellRef) => {
      visit(this.cellAt(cellRef));
    });
  }

  /** Calls `visit` with cells of a large record from `cursor` on (0 begins), tombstones too: about `count` of them. Returns where to go on; 0 at the end. */
  collectFrom(ref: number, cursor: number, count: number, visit: (cell: Cell) => void): number {
    this.open(ref);
    if (this.table === undefined) return 0;
    const { table } = this.table;
    const next = table.walk(cursor, count, (cellRef) => {
      visit(this.cellAt(cellRef));
    });
    return next >= table.limit ? 0 : next;
  }

  private cellAt(cellRef: number): Cell {
    const { head, type } = this;
    const { heap } = this.source;
    heap.read(cellRef, head);
    const { stamp, origin, expiresAtMs, isEmpty } = head;
    const start = heap.valueStart(cellRef);
    const value = isEmpty
      ? undefined
      : Buffer.from(heap.bytes(cellRef).subarray(start, start + heap.valueLength(cellRef)));
    return { type, field: heap.key(cellRef), value, pair: { stamp, origin }, expiresAtMs };
  }

  copier(ref: number): () => void {
    const cells: Cell[] = [];
    this.collect(ref, (cell) => cells.push(cell));
    return () => {
      this.use();
      for (const { field, value, expiresAtMs } of cells) {
        if (value === undefined || this.hasExpired(expiresAtMs)) continue;
        this.find(field, 0, field.length);
        this.put(value, 0, value.length, expiresAtMs);
      }
    };
  }

  build(cells: Iterable<Cell>): BuiltValue {
    const list = [...cells];
    if (list.length === 0) return { form: this.type, value: NOTHING };
    const { other } = this;
    const base = list.reduce((lowest, { pair }) => Math.min(lowest, pair.stamp), Infinity);
    const bytesMax = list.reduce(
      (bytes, { field, value }) => bytes + field.length + (value?.length ?? 0) + CELL_OVERHEAD_BYTES,
      PACKED_HEADER_BYTES,
    );
    if (list.length > PACKED_CELLS_MAX || bytesMax > PACKED_BYTES_MAX) return this.buildLarge(list);
    const value = Buffer.allocUnsafe(bytesMax);
    other.begin(value, 0, base);
    let at = PACKED_HEADER_BYTES;
    for (const cell of list) {
      const content = cell.value ?? NOTHING;
      this.setPair(cell.pair.stamp, cell.pair.origin, cell.expiresAtMs, cell.value === undefined);
      at = other.write(at, this.pair, cell.field, 0, cell.field.length, content, 0, content.length);
    }
    return { form: this.type, value: value.subarray(0, at) };
  }

  beginLarge(): LargeAdder {
    const { heap } = this.keyspace;
    const table = this.newTable(heap, this.hasher);
    return {
      value: table,
      add: ({ kind, bytes, fieldStart, fieldEnd, valueStart, valueEnd, stamp, origin, atMs }) => {
        const isTombstone = kind === ChangeKind.TOMBSTONE;
        this.setPair(stamp, origin, isTombstone ? 0 : atMs, isTombstone);
        this.fillHead(this.pair);
        table.find(bytes, fieldStart, fieldEnd);
        const end = isTombstone ? valueStart : valueEnd;
        table.put(0, this.head, bytes, fieldStart, fieldEnd, bytes, valueStart, end);
      },
      finish: () => ({ form: this.type + LARGE, value: largeValue(heap.large.add(table)) }),
    };
  }

  apply(reader: BatchReader): boolean {
    const { keyspace } = this;
    this.open(keyspace.cellsAt(this.type));
    const { bytes, stamp, origin, fieldStart, fieldEnd } = reader;
    this.find(bytes, fieldStart, fieldEnd);
    if (this.hasCell && this.isNewer(stamp, origin)) return false;
    const isTombstone = reader.kind === ChangeKind.TOMBSTONE;
    this.setPair(stamp, origin, isTombstone ? 0 : reader.atMs, isTombstone);
    if (!isTombstone) {
      this.write(bytes, reader.valueStart, reader.valueEnd);
      if (reader.atMs !== 0) this.noteExpiry(reader.atMs);
    } else if (keyspace.mustKeepTombstones) this.write(NOTHING, 0, 0);
    else if (this.hasCell) this.drop();
    return true;
  }

  /** The key has changed: it may have come or gone, or its record have moved. */
  private changed(stamp: number): void {
    const { keyspace } = this;
    const { cellCount } = this;
    keyspace.cellsChanged(stamp, keyspace.origin, cellCount);
    const ref = keyspace.cellsAt(this.type);
    if (ref !== this.ref || cellCount === 0) this.open(ref);
  }

  /** Whether the cell that was found has a pair of at least (stamp, origin). */
  private isNewer(stamp: number, origin: number): boolean {
    if (this.table !== undefined) return !this.source.heap.isOlder(this.cellRef, stamp, origin);
    const { packed } = this;
    return packed.stamp > stamp || (packed.stamp === stamp && packed.origin >= origin);
  }

  /** Writes the cell of the field of the last `find`, with `pair`. */
  private write(value: Uint8Array, valueStart: number, valueEnd: number): void {
    if (this.table === undefined && !this.writePacked(value, valueStart, valueEnd)) {
      this.enlarge();
      this.find(this.field, this.start, this.end);
    }
    if (this.table !== undefined) this.writeLarge(this.table, value, valueStart, valueEnd);
  }

  private writeLarge(table: FieldTable, value: Uint8Array, valueStart: number, valueEnd: number): void {
    const { pair } = this;
    this.fillHead(pair);
    table.put(this.cellRef, this.head, this.field, this.start, this.end, value, valueStart, valueEnd);
  }

  private fillHead(pair: CellPair): void {
    const { head } = this;
    head.delete(pair.stamp, pair.origin);
    head.form = this.type;
    head.isEmpty = pair.isTombstone;
    if (pair.expiresAtMs !== 0) head.expire(pair.expiresAtMs, pair.stamp, pair.origin);
  }

  /** False if it does not fit the packed form. */
  protected writePacked(value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    const { packed, pair, hasCell, field, start, end, keyspace } = this;
    if (!packed.canHold(pair.stamp) || (!hasCell && packed.totalCount >= PACKED_CELLS_MAX)) return false;
    const oldBytes = hasCell ? packed.cellEnd - packed.cellStart : 0;
    const newBytes = packed.cellBytes(pair, end - start, valueEnd - valueStart);
    const isFirst = packed.start === packed.end;
    const before = isFirst ? PACKED_HEADER_BYTES : packed.end - packed.start;
    const length = before + newBytes - oldBytes;
    if (length > PACKED_BYTES_MAX) return false;
    const cellAt = hasCell ? packed.cellStart - packed.start : before;
    const tailAt = cellAt + oldBytes;
    if (hasCell) packed.uncount();
    if (length < before) packed.bytes.copyWithin(packed.start + cellAt + newBytes, packed.start + tailAt, packed.end);
    this.open(keyspace.resizeValue(this.type, length));
    if (isFirst) packed.begin(packed.bytes, packed.start, pair.stamp);
    if (length > before && hasCell) {
      packed.bytes.copyWithin(packed.start + cellAt + newBytes, packed.start + tailAt, packed.start + before);
    }
    packed.write(packed.start + cellAt, pair, field, start, end, value, valueStart, valueEnd);
    packed.end = packed.start + length;
    return true;
  }

  /** Takes out the cell of the last `find`. */
  private drop(): void {
    if (this.table !== undefined) {
      this.table.remove(this.cellRef);
      return;
    }
    const { packed } = this;
    packed.uncount();
    packed.bytes.copyWithin(packed.cellStart, packed.cellEnd, packed.end);
    this.open(this.keyspace.resizeValue(this.type, packed.end - packed.start - (packed.cellEnd - packed.cellStart)));
  }

  /** What the cells of the large form lie in. */
  protected newTable(heap: RecordHeap, hasher: PositionHasher): FieldTable {
    return new FieldTable(heap, hasher, this.keyspace.newDigestOfCells());
  }

  /** Gives the collection the large form. */
  private enlarge(): void {
    const { keyspace, packed } = this;
    const table = this.newTable(keyspace.heap, this.hasher);
    packed.rewind();
    while (packed.next()) {
      this.fillHead(packed);
      const { bytes, fieldStart, fieldEnd, valueStart, valueEnd } = packed;
      table.find(bytes, fieldStart, fieldEnd);
      table.put(0, this.head, bytes, fieldStart, fieldEnd, bytes, valueStart, valueEnd);
    }
    const value = largeValue(keyspace.heap.large.add(table));
    this.open(keyspace.rewriteValue(this.type + LARGE, value, 0, value.length));
  }

  private buildLarge(cells: readonly Cell[]): BuiltValue {
    const { heap } = this.keyspace;
    const table = this.newTable(heap, this.hasher);
    for (const { field, value, pair, expiresAtMs } of cells) {
      const content = value ?? NOTHING;
      this.setPair(pair.stamp, pair.origin, expiresAtMs, value === undefined);
      this.fillHead(this.pair);
      table.find(field, 0, field.length);
      table.put(0, this.head, field, 0, field.length, content, 0, content.length);
    }
    return { form: this.type + LARGE, value: largeValue(heap.large.add(table)) };
  }

  private expiredFields(max: number): Buffer[] {
    const fields: Buffer[] = [];
    const { packed, table } = this;
    const { heap, clock } = this.source;
    if (table !== undefined) {
      for (let at = 0; at < table.table.limit && fields.length < max;) {
        at = table.table.forEachExpired(at, clock.nowMs, max - fields.length, (ref) => fields.push(heap.key(ref)));
      }
      return fields;
    }
    packed.rewind();
    let expiring = 0;
    while (packed.next()) {
      if (packed.isTombstone || packed.expiresAtMs === 0) continue;
      expiring++;
      if (!this.hasExpired(packed.expiresAtMs)) continue;
      fields.push(Buffer.from(packed.bytes.subarray(packed.fieldStart, packed.fieldEnd)));
    }
    if (expiring === 0) packed.clearExpiring();
    return fields;
  }

  /** `find` of a cell that may have expired. */
  private findAny(field: Buffer): void {
    this.find(field, 0, field.length);
  }

  private setPair(stamp: number, origin: number, expiresAtMs: number, isTombstone: boolean): void {
    const { pair } = this;
    pair.stamp = stamp;
    pair.origin = origin;
    pair.expiresAtMs = expiresAtMs;
    pair.isTombstone = isTombstone;
  }

  private copyField(): { length: number } {
    const length = this.fieldEnd - this.fieldStart;
    if (fieldCopy.length < length) fieldCopy = Buffer.allocUnsafeSlow(length);
    this.bytes.copy(fieldCopy, 0, this.fieldStart, this.fieldEnd);
    return { length };
  }
}

/** head, delta, origin, expiry and two lengths, at most. */
const CELL_OVERHEAD_BYTES = 1 + 8 + 2 + 8 + 5 + 5;

let fieldCopy = Buffer.allocUnsafeSlow(256);

function largeValue(index: number): Buffer {
  const value = Buffer.allocUnsafe(LARGE_VALUE_BYTES);
  value.writeInt32LE(index, 0);
  return value;
}
