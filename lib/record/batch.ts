/**
 * The write batch: the one record of a write. These bytes go into the log, to the replicas, into a hint,
 * through transfer and repair.
 *
 *     batch      = format:u8 (1)  origin:u16  base:f64  record*            numbers little-endian
 *     record     = entry | flush | databases
 *     entry      = head:u8 [db:varint] keyLength:varint key [count:varint] change{count, or 1}
 *     flush      = head:u8 [db:varint] partition:varint pair               0: all partitions; p+1: partition p
 *     databases  = head:u8 pair count:varint physical:varint{count}        SELECT's number -> physical database
 *     change     = head:u8 pair body
 *     pair       = delta:varint                  stamp = base + delta, origin the batch's
 *                | stamp:f64 origin:u16          with FOREIGN
 *     body       = type:u8 [fieldLength:varint field] [attributes] valueLength:varint value      VALUE
 *                | type:u8 [fieldLength:varint field]                                            TOMBSTONE
 *                |                                                          DELETE: deletedUpTo is the pair
 *                | atMs:f64                                                 EXPIRY: 0 is never
 *     attributes = mask:varint, then for each bit from the lowest:  1: expiresAtMs:f64 (the cell's own expiry)
 *
 *     head of a record:  bits 0-3 kind, 0x10 DB (db is not 0), 0x20 MANY (count is not 1)
 *     head of a change:  bits 0-3 kind, 0x10 REPLACES, 0x20 FOREIGN, 0x40 ATTRIBUTES, 0x80 FIELD
 *
 * REPLACES, on a value: the write deleted what the key held, so deletedUpTo is the pair just below (plain SET).
 *
 * Reserved, and refused by this version by name instead of being skipped: record kinds 3 (clock bound) and
 * 4 (partition watermark); record bits 0x40 (an operation id follows the key) and 0x80 (ballot and era);
 * change kinds 5 (tombstone run of a list: origin, first and last position), 6 (counter part), 7 (version
 * vector with dots); attribute bits 2 (dots), 4 (ballot), 8 (operation id). String fields: empty is the whole value, `L`
 * the length of a chunked one, `C` + u32 one of its 16 KiB chunks.
 */

import { CorruptionError } from '../base/errors.js';
import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import { STAMP_LIMIT } from '../base/stamp.js';
import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../base/varint.js';
import type { Cell, CellType, Entry } from './entry.js';
import { CellType as Types, NO_EXPIRY, WHOLE, cellKey } from './entry.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO, comparePairs, pairBefore } from './pair.js';

export const BATCH_FORMAT = 1;

/** What a BatchReader stands on. */
export const ChangeKind = { VALUE: 1, TOMBSTONE: 2, DELETE: 3, EXPIRY: 4, FLUSH: 16, DATABASES: 17 } as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

const RECORD_ENTRY = 0;
const RECORD_FLUSH = 1;
const RECORD_DATABASES = 2;
const RECORD_DB = 0x10;
const RECORD_MANY = 0x20;
const RECORD_RESERVED = 0xc0;

const CHANGE_REPLACES = 0x10;
const CHANGE_FOREIGN = 0x20;
const CHANGE_ATTRIBUTES = 0x40;
const CHANGE_FIELD = 0x80;

const ATTRIBUTE_EXPIRY = 1;

const BATCH_HEADER_BYTES = 11;
/** Above what one change takes besides its field and value. */
const CHANGE_OVERHEAD_BYTES = 64;
const SHRINK_ABOVE_BYTES = 4 * 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;

/** What `wholeString` takes of a string besides its key and value: its pairs and expiry, 0 where there is none. */
export interface StringHead {
  readonly stamp: number;
  readonly origin: number;
  /** deletedUpTo is the pair just below. */
  readonly replaces: boolean;
  readonly deletedStamp: number;
  readonly deletedOrigin: number;
  readonly expiresAtMs: number;
  readonly expiryStamp: number;
  readonly expiryOrigin: number;
}

/**
 * Collects the changes of a turn of the loop. The bytes are `buffer[start, end)`; `headroom` bytes in front of
 * `start` are free for the frame header of whoever stores them. Valid until `reset`.
 */
export class WriteBatch {
  buffer: Buffer;
  end: number;
  readonly start: number;
  /** Entries, flushes and maps written. */
  recordCount = 0;
  private readonly origin: number;
  private base = 0;
  private view: DataView;

  constructor(origin: number, headroom = 0) {
    this.origin = origin;
    this.start = headroom;
    this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.view = new DataView(this.buffer.buffer);
    this.end = headroom;
  }

  get isEmpty(): boolean {
    return this.recordCount === 0;
  }

  get byteLength(): number {
    return this.end - this.start;
  }

  /** Forgets everything; gives back a buffer that a large value made large. */
  reset(): void {
    this.end = this.start;
    this.recordCount = 0;
    if (this.buffer.length > SHRINK_ABOVE_BYTES) this.resize(INITIAL_BYTES);
  }

  /**
   * Begins an entry: exactly `changes` calls of `value`, `tombstone`, `delete` or `expiry` belong to it.
   * `stamp` is the first of its stamps.
   */
  entry(db: number, key: Uint8Array, keyStart: number, keyEnd: number, changes: number, stamp: number): void {
    const keyLength = keyEnd - keyStart;
    this.begin(stamp, keyLength + CHANGE_OVERHEAD_BYTES);
    let at = this.end;
    const buffer = this.buffer;
    buffer[at++] = RECORD_ENTRY | (db === 0 ? 0 : RECORD_DB) | (changes === 1 ? 0 : RECORD_MANY);
    if (db !== 0) at = writeVarint(buffer, at, db);
    at = writeVarint(buffer, at, keyLength);
    this.end = copyBytes(key, keyStart, keyEnd, buffer, at);
    if (changes !== 1) this.end = writeVarint(buffer, this.end, changes);
  }

  /** A whole string, set at `stamp` by this node. */
  string(stamp: number, replaces: boolean, value: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + CHANGE_OVERHEAD_BYTES);
    const buffer = this.buffer;
    let at = this.end;
    buffer[at++] = ChangeKind.VALUE | (replaces ? CHANGE_REPLACES : 0);
    at = writeVarint(buffer, at, stamp - this.base);
    buffer[at++] = Types.STRING;
    at = writeVarint(buffer, at, end - start);
    this.end = copyBytes(value, start, end, buffer, at);
  }

  /** Everything up to `stamp` of this node is deleted. */
  delete(stamp: number): void {
    this.reserve(CHANGE_OVERHEAD_BYTES);
    this.buffer[this.end++] = ChangeKind.DELETE;
    this.end = writeVarint(this.buffer, this.end, stamp - this.base);
  }

  /** The entry expires at `atMs` (0: never), set at `stamp` by this node. */
  expiry(stamp: number, atMs: number): void {
    this.reserve(CHANGE_OVERHEAD_BYTES);
    this.buffer[this.end++] = ChangeKind.EXPIRY;
    this.end = writeVarint(this.buffer, this.end, stamp - this.base);
    this.float64(atMs);
  }

  /** A database was emptied: everything in it up to `stamp` of this node is deleted. */
  flush(db: number, stamp: number): void {
    this.begin(stamp, CHANGE_OVERHEAD_BYTES);
    this.buffer[this.end++] = RECORD_FLUSH | (db === 0 ? 0 : RECORD_DB);
    if (db !== 0) this.end = writeVarint(this.buffer, this.end, db);
    this.buffer[this.end++] = 0;
    this.end = writeVarint(this.buffer, this.end, stamp - this.base);
  }

  /** Which physical database each of SELECT's numbers stands for. */
  databases(stamp: number, physical: readonly number[]): void {
    this.begin(stamp, CHANGE_OVERHEAD_BYTES + physical.length * VARINT_BYTES_MAX);
    this.buffer[this.end++] = RECORD_DATABASES;
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
    const withDelete = !head.replaces && (head.deletedStamp !== 0 || head.deletedOrigin !== 0);
    const withExpiry = head.expiryStamp !== 0 || head.expiryOrigin !== 0;
    this.entry(db, bytes, keyStart, valueStart, 1 + Number(withDelete) + Number(withExpiry), 0);
    this.reserve(valueEnd - valueStart + CHANGE_OVERHEAD_BYTES * 3);
    this.stamped(ChangeKind.VALUE | (head.replaces ? CHANGE_REPLACES : 0), head.stamp, head.origin);
    this.buffer[this.end++] = Types.STRING;
    this.end = writeVarint(this.buffer, this.end, valueEnd - valueStart);
    this.end = copyBytes(bytes, valueStart, valueEnd, this.buffer, this.end);
    if (withDelete) this.stamped(ChangeKind.DELETE, head.deletedStamp, head.deletedOrigin);
    if (!withExpiry) return;
    this.stamped(ChangeKind.EXPIRY, head.expiryStamp, head.expiryOrigin);
    this.float64(head.expiresAtMs);
  }

  /**
   * A whole entry with the pairs that it has: for snapshots, transfer and repair. Nothing is written for an empty one. The values come first: who
   * applies change by change has nothing to remember a delete by, as long as there is no value.
   */
  wholeEntry(db: number, key: Uint8Array, entry: Entry): void {
    const single = entry.cells.size === 1 ? [...entry.cells.values()][0] : undefined;
    const replaces = single?.value !== undefined && comparePairs(entry.deletedUpTo, pairBefore(single.pair)) === 0;
    const withDelete = !replaces && comparePairs(entry.deletedUpTo, PAIR_ZERO) > 0;
    const withExpiry = comparePairs(entry.expiry.pair, PAIR_ZERO) > 0;
    const changes = entry.cells.size + Number(withDelete) + Number(withExpiry);
    if (changes === 0) return;
    this.entry(db, key, 0, key.length, changes, 0);
    for (const cell of entry.cells.values()) this.cell(cell, replaces);
    if (withDelete) {
      this.reserve(CHANGE_OVERHEAD_BYTES);
      this.pair(ChangeKind.DELETE, entry.deletedUpTo);
    }
    if (withExpiry) {
      this.reserve(CHANGE_OVERHEAD_BYTES);
      this.pair(ChangeKind.EXPIRY, entry.expiry.pair);
      this.float64(entry.expiry.atMs);
    }
  }

  private cell(cell: Cell, replaces: boolean): void {
    const { field, value } = cell;
    this.reserve(field.length + (value?.length ?? 0) + CHANGE_OVERHEAD_BYTES);
    const attributes = value !== undefined && cell.expiresAtMs !== 0;
    this.pair(
      (value === undefined ? ChangeKind.TOMBSTONE : ChangeKind.VALUE) |
        (replaces ? CHANGE_REPLACES : 0) |
        (attributes ? CHANGE_ATTRIBUTES : 0) |
        (field.length === 0 ? 0 : CHANGE_FIELD),
      cell.pair,
    );
    this.buffer[this.end++] = cell.type;
    if (field.length !== 0) this.lengthPrefixed(field);
    if (attributes) {
      this.end = writeVarint(this.buffer, this.end, ATTRIBUTE_EXPIRY);
      this.float64(cell.expiresAtMs);
    }
    if (value !== undefined) this.lengthPrefixed(value);
  }

  private pair(head: number, pair: Pair): void {
    this.stamped(head, pair.stamp, pair.origin);
  }

  private stamped(head: number, stamp: number, origin: number): void {
    const own = origin === this.origin && stamp >= this.base;
    this.buffer[this.end++] = own ? head : head | CHANGE_FOREIGN;
    if (own) {
      this.end = writeVarint(this.buffer, this.end, stamp - this.base);
      return;
    }
    this.float64(stamp);
    this.end = this.buffer.writeUInt16LE(origin, this.end);
  }

  private lengthPrefixed(bytes: Uint8Array): void {
    this.end = writeVarint(this.buffer, this.end, bytes.length);
    this.end = copyBytes(bytes, 0, bytes.length, this.buffer, this.end);
  }

  private float64(value: number): void {
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  /** Opens a record; the first one of a batch sets the base that its stamps count from. */
  private begin(stamp: number, bytes: number): void {
    this.reserve(bytes + BATCH_HEADER_BYTES);
    if (this.recordCount++ > 0) return;
    this.base = stamp;
    this.buffer[this.end++] = BATCH_FORMAT;
    this.end = this.buffer.writeUInt16LE(this.origin, this.end);
    this.float64(stamp);
  }

  private reserve(bytes: number): void {
    const needed = this.end + bytes;
    if (needed > this.buffer.length) this.resize(Math.max(needed, this.buffer.length * 2));
  }

  private resize(size: number): void {
    const old = this.buffer;
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.buffer.buffer);
    old.copy(this.buffer, 0, 0, Math.min(this.end, size));
  }
}

/**
 * Reads the changes of a batch one after the other, without allocating: after `next()` returns true the fields describe
 * one change. `bytes` and all ranges are views, valid as long as the buffer that `open` was given.
 */
export class BatchReader {
  kind: ChangeKind = ChangeKind.VALUE;
  db = 0;
  bytes: Buffer = Buffer.alloc(0);
  keyStart = 0;
  keyEnd = 0;
  stamp = 0;
  origin = 0;
  replaces = false;
  type: CellType = Types.STRING;
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The cell's own expiry, or the entry's with EXPIRY; Unix milliseconds, 0 is never. */
  atMs = 0;
  /** With FLUSH: 0 for all partitions, p + 1 for partition p. */
  partition = 0;
  /** With DATABASES: the physical database of each number. */
  physical: readonly number[] = [];

  private readonly input = new VarintReader();
  private source = '';
  private base = 0;
  private batchOrigin = 0;
  /** Changes of the current entry still to come. */
  private remaining = 0;

  /** Starts on a batch. `source` names it in errors. Throws CorruptionError. */
  open(bytes: Buffer, start: number, end: number, source: string): void {
    this.bytes = bytes;
    this.source = source;
    this.input.buffer = bytes;
    this.input.offset = start;
    this.input.end = end;
    this.input.failed = false;
    this.remaining = 0;
    if (end - start < BATCH_HEADER_BYTES) throw this.corrupt('a batch shorter than its header');
    const format = bytes[start];
    if (format !== BATCH_FORMAT) throw this.corrupt(`batch format ${format}, this ringkv reads ${BATCH_FORMAT}`);
    this.batchOrigin = bytes.readUInt16LE(start + 1);
    this.base = bytes.readDoubleLE(start + 3);
    this.input.offset = start + BATCH_HEADER_BYTES;
  }

  /** Moves to the next change; false at the end. Throws CorruptionError. */
  next(): boolean {
    const input = this.input;
    if (this.remaining === 0) {
      if (input.offset >= input.end) return false;
      if (this.record()) return true;
    }
    this.remaining--;
    this.change();
    return true;
  }

  /** Reads the head of a record; true if that was the whole of it. */
  private record(): boolean {
    const head = this.byte();
    if ((head & RECORD_RESERVED) !== 0) throw this.corrupt(`record head ${head}: written by a newer ringkv?`);
    const kind = head & 0x0f;
    this.db = (head & RECORD_DB) === 0 ? 0 : this.input.read();
    if (kind === RECORD_ENTRY) {
      const keyLength = this.input.read();
      this.keyStart = this.input.offset;
      this.keyEnd = this.skip(keyLength);
      this.remaining = (head & RECORD_MANY) === 0 ? 1 : this.input.read();
      if (this.remaining === 0) throw this.corrupt('an entry without changes');
      return false;
    }
    if (kind === RECORD_FLUSH) {
      this.kind = ChangeKind.FLUSH;
      this.partition = this.input.read();
      this.pair(false);
      return true;
    }
    if (kind !== RECORD_DATABASES) throw this.corrupt(`record kind ${kind}: written by a newer ringkv?`);
    this.kind = ChangeKind.DATABASES;
    this.pair(false);
    const count = this.input.read();
    if (count > this.input.end - this.input.offset) throw this.corrupt('a database map longer than its batch');
    this.physical = Array.from({ length: count }, () => this.input.read());
    this.check();
    return true;
  }

  private change(): void {
    const head = this.byte();
    const kind = head & 0x0f;
    this.pair((head & CHANGE_FOREIGN) !== 0);
    this.replaces = (head & CHANGE_REPLACES) !== 0;
    switch (kind) {
      case ChangeKind.VALUE:
      case ChangeKind.TOMBSTONE:
        this.kind = kind;
        this.cell(head);
        break;
      case ChangeKind.DELETE:
        this.kind = kind;
        break;
      case ChangeKind.EXPIRY:
        this.kind = kind;
        this.atMs = this.float64();
        break;
      default:
        throw this.corrupt(`change kind ${kind}: written by a newer ringkv?`);
    }
    this.check();
  }

  private cell(head: number): void {
    const type = this.byte();
    if (type < Types.STRING || type > Types.COUNTER)
      throw this.corrupt(`cell type ${type}: written by a newer ringkv?`);
    this.type = type as CellType;
    const fieldLength = (head & CHANGE_FIELD) === 0 ? 0 : this.input.read();
    this.fieldStart = this.input.offset;
    this.fieldEnd = this.skip(fieldLength);
    this.atMs = 0;
    if ((head & CHANGE_ATTRIBUTES) !== 0) {
      const mask = this.input.read();
      if (mask !== ATTRIBUTE_EXPIRY) throw this.corrupt(`cell attributes ${mask}: written by a newer ringkv?`);
      this.atMs = this.float64();
    }
    if (this.kind === ChangeKind.TOMBSTONE) return;
    const valueLength = this.input.read();
    this.valueStart = this.input.offset;
    this.valueEnd = this.skip(valueLength);
  }

  private pair(foreign: boolean): void {
    if (foreign) {
      this.stamp = this.float64();
      const low = this.byte();
      this.origin = low | (this.byte() << 8);
    } else {
      this.stamp = this.base + this.input.read();
      this.origin = this.batchOrigin;
    }
    if (!(this.stamp >= 0 && this.stamp < STAMP_LIMIT)) throw this.corrupt(`stamp ${this.stamp} is out of range`);
  }

  private byte(): number {
    const { input } = this;
    if (input.offset >= input.end) input.failed = true;
    return input.failed ? 0 : input.buffer[input.offset++];
  }

  private float64(): number {
    const at = this.input.offset;
    this.skip(8);
    return this.input.failed ? 0 : this.bytes.readDoubleLE(at);
  }

  /** Moves past `length` bytes; returns the offset behind them. */
  private skip(length: number): number {
    const { input } = this;
    if (length > input.end - input.offset) input.failed = true;
    else input.offset += length;
    return input.offset;
  }

  private check(): void {
    if (this.input.failed) throw this.corrupt('a record runs past the end of its batch');
  }

  private corrupt(message: string): CorruptionError {
    return new CorruptionError(this.source, this.input.offset, message);
  }
}

/** The change that `reader` stands on as an entry of its own: what `merge` takes. REQUIRES: not FLUSH or DATABASES. */
export function entryOfChange(reader: BatchReader): Entry {
  const pair = { stamp: reader.stamp, origin: reader.origin };
  if (reader.kind === ChangeKind.DELETE) return { deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map() };
  if (reader.kind === ChangeKind.EXPIRY) {
    return { deletedUpTo: PAIR_ZERO, expiry: { atMs: reader.atMs, pair }, cells: new Map() };
  }
  assert(reader.kind === ChangeKind.VALUE || reader.kind === ChangeKind.TOMBSTONE, 'a change of one key');
  const { bytes, type } = reader;
  const field =
    reader.fieldEnd === reader.fieldStart ? WHOLE : Buffer.from(bytes.subarray(reader.fieldStart, reader.fieldEnd));
  const dead = reader.kind === ChangeKind.TOMBSTONE;
  const value = dead ? undefined : Buffer.from(bytes.subarray(reader.valueStart, reader.valueEnd));
  const cell: Cell = { type, field, value, pair, expiresAtMs: dead ? 0 : reader.atMs };
  return {
    deletedUpTo: reader.replaces ? pairBefore(pair) : PAIR_ZERO,
    expiry: NO_EXPIRY,
    cells: new Map([[cellKey(type, field), cell]]),
  };
}
