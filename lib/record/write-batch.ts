import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import { VARINT_BYTES_MAX, varintLength, writeVarint } from '../base/varint.js';
import { Attribute, BATCH_FORMAT, BATCH_HEADER_BYTES, ChangeHead, ChangeKind, RecordHead } from './batch-format.js';
import type { StringHead } from './change-writer.js';
import { CHANGE_OVERHEAD_BYTES, ChangeWriter, hasDelete, hasExpiry, shapeOf } from './change-writer.js';
import type { Entry } from './entry.js';
import { CellType } from './entry.js';

const NOT_BELOW_BASE = 'no stamp of a batch is below its first';

/**
 * Collects the changes of a turn of the loop. The bytes are `buffer[start, end)`; `headroom` bytes in front of
 * `start` are free for the frame header of whoever stores them. Valid until `reset`.
 */
export class WriteBatch extends ChangeWriter {
  /** Grows with every entry, flush, map and cell that is written; 0 is nothing. */
  recordCount = 0;
  /** Where the record ends that `cellEntry` has begun last: -1 if something else was begun since, 0 while its change is not written. */
  private openEnd = -1;
  /** Its database, its head and key, and where its count of changes stands, or would. */
  private openDb = 0;
  private openHead = 0;
  private openKey = 0;
  private openCountAt = 0;
  private openCount = 0;

  constructor(origin: number, headroom = 0) {
    super(origin, headroom);
  }

  get isEmpty(): boolean {
    return this.recordCount === 0;
  }

  get byteLength(): number {
    return this.end - this.start;
  }

  /** The records so far are read by somebody: no change joins them any more. */
  closeRecord(): void {
    this.openEnd = -1;
  }

  /** Forgets everything. */
  reset(): void {
    this.recordCount = 0;
    this.openEnd = -1;
    this.rewind();
  }

  /**
   * Begins a change of a cell: exactly one call of `cellValue`, `tombstone` or `expiry` follows. Changes of one key one after the other share a
   * record. `stamp` is the change's.
   */
  cellEntry(db: number, key: Uint8Array, keyStart: number, keyEnd: number, stamp: number): void {
    if (this.goesOn(db, key, keyStart, keyEnd)) {
      this.addToCount();
      return;
    }
    this.begin(stamp);
    this.openHead = this.end;
    this.entryHead(db, key, keyStart, keyEnd, 1);
    this.openDb = db;
    this.openCountAt = this.end;
    this.openKey = this.end - (keyEnd - keyStart);
    this.openCount = 1;
    this.openEnd = 0;
  }

  /** A cell, written at `stamp` by this node. `expiresAtMs`: 0 is never. */
  cellValue(
    stamp: number,
    type: CellType,
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    expiresAtMs = 0,
  ): void {
    this.reserve(fieldEnd - fieldStart + valueEnd - valueStart + CHANGE_OVERHEAD_BYTES);
    const { buffer } = this;
    const expires = expiresAtMs !== 0;
    const kind = ChangeKind.VALUE | (expires ? ChangeHead.ATTRIBUTES : 0);
    this.cellHead(kind, stamp, type, field, fieldStart, fieldEnd);
    if (expires) {
      this.end = writeVarint(buffer, this.end, Attribute.EXPIRY);
      this.float64(expiresAtMs);
    }
    const at = writeVarint(buffer, this.end, valueEnd - valueStart);
    this.openEnd = this.end = copyBytes(value, valueStart, valueEnd, buffer, at);
  }

  /** The cell of an element of a list, written at `stamp` by this node: its value is `gap`, as ListElement has it, and `payload[start, end)`. */
  element(
    stamp: number,
    field: Uint8Array,
    fieldEnd: number,
    gap: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.reserve(fieldEnd + end - start + CHANGE_OVERHEAD_BYTES);
    const { buffer } = this;
    this.cellHead(ChangeKind.VALUE, stamp, CellType.LIST, field, 0, fieldEnd);
    let at = writeVarint(buffer, this.end, varintLength(gap) + end - start);
    at = writeVarint(buffer, at, gap);
    this.openEnd = this.end = copyBytes(payload, start, end, buffer, at);
  }

  /** A cell that was removed at `stamp` by this node. */
  tombstone(stamp: number, type: CellType, field: Uint8Array, fieldStart: number, fieldEnd: number): void {
    this.reserve(fieldEnd - fieldStart + CHANGE_OVERHEAD_BYTES);
    this.cellHead(ChangeKind.TOMBSTONE, stamp, type, field, fieldStart, fieldEnd);
    this.openEnd = this.end;
  }

  /**
   * Begins an entry: exactly `changes` calls of `string`, `delete` or `expiry` belong to it. `stamp` is the first of its
   * stamps.
   */
  entry(db: number, key: Uint8Array, keyStart: number, keyEnd: number, changes: number, stamp: number): void {
    this.begin(stamp);
    this.entryHead(db, key, keyStart, keyEnd, changes);
  }

  /** A whole string, set at `stamp` by this node. */
  string(stamp: number, replaces: boolean, value: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + CHANGE_OVERHEAD_BYTES);
    const buffer = this.buffer;
    let at = this.end;
    buffer[at++] = ChangeKind.VALUE | (replaces ? ChangeHead.REPLACES : 0);
    at = writeVarint(buffer, at, stamp - this.base);
    buffer[at++] = CellType.STRING;
    at = writeVarint(buffer, at, end - start);
    this.end = copyBytes(value, start, end, buffer, at);
  }

  /** Everything up to `stamp` of this node is deleted. */
  delete(stamp: number): void {
    this.deletedUpTo(stamp, this.origin);
  }

  /** The entry expires at `atMs` (0: never), set at `stamp` by this node. */
  expiry(stamp: number, atMs: number): void {
    this.expiryOf(stamp, this.origin, atMs);
    if (this.openEnd === 0) this.openEnd = this.end;
  }

  /** A database was emptied: everything in it up to `stamp` of this node is deleted. */
  flush(db: number, stamp: number): void {
    this.begin(stamp);
    assert(stamp >= this.base, NOT_BELOW_BASE);
    this.reserve(CHANGE_OVERHEAD_BYTES);
    this.buffer[this.end++] = RecordHead.FLUSH | (db === 0 ? 0 : RecordHead.DB);
    if (db !== 0) this.end = writeVarint(this.buffer, this.end, db);
    this.buffer[this.end++] = 0;
    this.end = writeVarint(this.buffer, this.end, stamp - this.base);
  }

  /** Which physical database each of SELECT's numbers stands for. */
  databases(stamp: number, physical: readonly number[]): void {
    this.begin(stamp);
    assert(stamp >= this.base, NOT_BELOW_BASE);
    this.reserve(CHANGE_OVERHEAD_BYTES + physical.length * VARINT_BYTES_MAX);
    this.buffer[this.end++] = RecordHead.DATABASES;
    this.end = writeVarint(this.buffer, this.end, stamp - this.base);
    this.end = writeVarint(this.buffer, this.end, physical.length);
    for (const id of physical) this.end = writeVarint(this.buffer, this.end, id);
  }

  /**
   * The whole entry of a string with the pairs that it has, from packed parts: its key is `bytes[keyStart, valueStart)`, its value
   * `bytes[valueStart, valueEnd)`. What `wholeEntry` does, for millions of records.
   */
  wholeString(
    db: number,
    head: StringHead,
    bytes: Uint8Array,
    keyStart: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const withDelete = hasDelete(head);
    const withExpiry = hasExpiry(head);
    this.entry(db, bytes, keyStart, valueStart, 1 + Number(withDelete) + Number(withExpiry), 0);
    this.stringCell(head, bytes, valueStart, valueEnd);
    if (withDelete) this.deletedUpTo(head.deletedStamp, head.deletedOrigin);
    if (withExpiry) this.expiryOf(head.expiryStamp, head.expiryOrigin, head.expiresAtMs);
  }

  /**
   * A whole entry with the pairs that it has: for snapshots, transfer and repair. Nothing is written for an empty one. The values come first: who
   * applies change by change has nothing to remember a delete by, as long as there is no value.
   */
  wholeEntry(db: number, key: Uint8Array, entry: Entry): void {
    this.change(db, key, entry, 0);
  }

  /** The same for what is new in an entry. `stamp` is the lowest stamp in it that was given now. */
  change(db: number, key: Uint8Array, entry: Entry, stamp: number): void {
    const shape = shapeOf(entry);
    if (shape.changeCount === 0) return;
    this.entry(db, key, 0, key.length, shape.changeCount, stamp);
    for (const cell of entry.cells.values()) this.cell(cell, shape.replaces);
    if (shape.hasDelete) this.deletedUpTo(entry.deletedUpTo.stamp, entry.deletedUpTo.origin);
    if (shape.hasExpiry) this.expiryOf(entry.expiry.pair.stamp, entry.expiry.pair.origin, entry.expiry.atMs);
  }

  /** Whether a change of a cell of this key can join the record before it. */
  private goesOn(db: number, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const { buffer, openKey, openCountAt } = this;
    if (this.openEnd !== this.end || this.openDb !== db || openCountAt - openKey !== keyEnd - keyStart) return false;
    for (let i = openKey, from = keyStart; i < openCountAt; i++, from++) if (buffer[i] !== key[from]) return false;
    return true;
  }

  /** Counts one change more in the record that is open: the number stands behind its key. */
  private addToCount(): void {
    const { openCountAt, openCount } = this;
    const before = openCount === 1 ? 0 : varintLength(openCount);
    const growth = varintLength(openCount + 1) - before;
    if (growth > 0) {
      this.reserve(growth);
      this.buffer.copyWithin(openCountAt + growth, openCountAt, this.end);
      this.end += growth;
    }
    this.buffer[this.openHead] |= RecordHead.MANY;
    writeVarint(this.buffer, openCountAt, ++this.openCount);
    this.recordCount++;
    this.openEnd = 0;
  }

  /** REQUIRES: there is room. */
  private cellHead(
    kind: number,
    stamp: number,
    type: CellType,
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
  ): void {
    const { buffer } = this;
    const length = fieldEnd - fieldStart;
    let at = this.end;
    buffer[at++] = kind | (length === 0 ? 0 : ChangeHead.FIELD);
    at = writeVarint(buffer, at, stamp - this.base);
    buffer[at++] = type;
    if (length > 0) {
      at = writeVarint(buffer, at, length);
      at = copyBytes(field, fieldStart, fieldEnd, buffer, at);
    }
    this.end = at;
  }

  /** Opens a record; the first one of a batch sets the base that its stamps count from. */
  private begin(stamp: number): void {
    this.openEnd = -1;
    if (this.recordCount++ > 0) return;
    this.reserve(BATCH_HEADER_BYTES);
    this.base = stamp;
    this.buffer[this.end++] = BATCH_FORMAT;
    this.end = this.buffer.writeUInt16LE(this.origin, this.end);
    this.float64(stamp);
  }
}
