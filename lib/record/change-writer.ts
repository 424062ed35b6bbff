import { copyBytes } from '../base/bytes.js';
import { writeVarint } from '../base/varint.js';
import { Attribute, ChangeHead, ChangeKind, RecordHead } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell, Entry } from './entry.js';
import { CellType } from './entry.js';
import { PAIR_ZERO, comparePairs, pairBefore } from './pair.js';

/** Above what one change takes besides its field and value. */
export const CHANGE_OVERHEAD_BYTES = 64;
const SHRINK_ABOVE_BYTES = 4 * 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;

/** What is known of a whole string besides its key and value: its pairs and expiry, 0 where there is none. */
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

/** What there is to write of an entry. */
export interface EntryShape {
  /** deletedUpTo goes without saying: the only cell replaces. */
  readonly replaces: boolean;
  readonly hasDelete: boolean;
  readonly hasExpiry: boolean;
  readonly changeCount: number;
}

export function shapeOf(entry: Entry): EntryShape {
  const single = entry.cells.size === 1 ? [...entry.cells.values()][0] : undefined;
  const replaces = single?.value !== undefined && comparePairs(entry.deletedUpTo, pairBefore(single.pair)) === 0;
  const hasDelete = !replaces && comparePairs(entry.deletedUpTo, PAIR_ZERO) > 0;
  const hasExpiry = comparePairs(entry.expiry.pair, PAIR_ZERO) > 0;
  return { replaces, hasDelete, hasExpiry, changeCount: entry.cells.size + Number(hasDelete) + Number(hasExpiry) };
}

export function hasDelete(head: StringHead): boolean {
  return !head.replaces && (head.deletedStamp !== 0 || head.deletedOrigin !== 0);
}

export function hasExpiry(head: StringHead): boolean {
  return head.expiryStamp !== 0 || head.expiryOrigin !== 0;
}

/** Writes records by the grammar of batch-format.ts into a buffer that grows: what is common to batches and to records that stand alone. */
export class ChangeWriter {
  buffer: Buffer;
  end: number;
  readonly start: number;
  protected readonly origin: number;
  /** What stamps are counted from. */
  protected base = 0;
  private view: DataView;

  /** `origin` is that of the pairs written relative; `headroom` bytes stay free in front of `start`. */
  constructor(origin: number, headroom: number) {
    this.origin = origin;
    this.start = headroom;
    this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.view = new DataView(this.buffer.buffer);
    this.end = headroom;
  }

  /** Starts over; gives back a buffer that a large value made large. */
  protected rewind(): void {
    this.end = this.start;
    if (this.buffer.length > SHRINK_ABOVE_BYTES) this.resize(INITIAL_BYTES);
  }

  protected entryHead(db: number, key: Uint8Array, keyStart: number, keyEnd: number, changes: number): void {
    const keyLength = keyEnd - keyStart;
    this.reserve(keyLength + CHANGE_OVERHEAD_BYTES);
    const buffer = this.buffer;
    let at = this.end;
    buffer[at++] = RecordHead.ENTRY | (db === 0 ? 0 : RecordHead.DB) | (changes === 1 ? 0 : RecordHead.MANY);
    if (db !== 0) at = writeVarint(buffer, at, db);
    at = writeVarint(buffer, at, keyLength);
    this.end = copyBytes(key, keyStart, keyEnd, buffer, at);
    if (changes !== 1) this.end = writeVarint(buffer, this.end, changes);
  }

  /** The value of a whole string. */
  protected stringCell(head: StringHead, bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + CHANGE_OVERHEAD_BYTES);
    this.stamped(ChangeKind.VALUE | (head.replaces ? ChangeHead.REPLACES : 0), head.stamp, head.origin);
    this.buffer[this.end++] = CellType.STRING;
    this.end = writeVarint(this.buffer, this.end, end - start);
    this.end = copyBytes(bytes, start, end, this.buffer, this.end);
  }

  protected cell(cell: Cell, replaces: boolean): void {
    const { field, value } = cell;
    this.reserve(field.length + (value?.length ?? 0) + CHANGE_OVERHEAD_BYTES);
    const attributes = value !== undefined && cell.expiresAtMs !== 0;
    this.stamped(
      (value === undefined ? ChangeKind.TOMBSTONE : ChangeKind.VALUE) |
        (replaces ? ChangeHead.REPLACES : 0) |
        (attributes ? ChangeHead.ATTRIBUTES : 0) |
        (field.length === 0 ? 0 : ChangeHead.FIELD),
      cell.pair.stamp,
      cell.pair.origin,
    );
    this.buffer[this.end++] = cell.type;
    if (field.length !== 0) this.lengthPrefixed(field);
    if (attributes) {
      this.end = writeVarint(this.buffer, this.end, Attribute.EXPIRY);
      this.float64(cell.expiresAtMs);
    }
    if (value !== undefined) this.lengthPrefixed(value);
  }

  /** The cell that `reader` stands on. */
  protected cellOf(reader: BatchReader): void {
    const { kind, bytes, fieldStart, fieldEnd, valueStart, valueEnd, atMs } = reader;
    const isValue = kind === ChangeKind.VALUE;
    const fieldBytes = fieldEnd - fieldStart;
    const valueBytes = isValue ? valueEnd - valueStart : 0;
    this.reserve(fieldBytes + valueBytes + CHANGE_OVERHEAD_BYTES);
    const expires = isValue && atMs !== 0;
    const head = kind | (expires ? ChangeHead.ATTRIBUTES : 0) | (fieldBytes === 0 ? 0 : ChangeHead.FIELD);
    this.stamped(head, reader.stamp, reader.origin);
    const { buffer } = this;
    buffer[this.end++] = reader.type;
    if (fieldBytes > 0) {
      const at = writeVarint(buffer, this.end, fieldBytes);
      this.end = copyBytes(bytes, fieldStart, fieldEnd, buffer, at);
    }
    if (!isValue) return;
    if (expires) {
      this.end = writeVarint(buffer, this.end, Attribute.EXPIRY);
      this.float64(atMs);
    }
    const at = writeVarint(buffer, this.end, valueBytes);
    this.end = copyBytes(bytes, valueStart, valueEnd, buffer, at);
  }

  protected deletedUpTo(stamp: number, origin: number): void {
    this.reserve(CHANGE_OVERHEAD_BYTES);
    this.stamped(ChangeKind.DELETE, stamp, origin);
  }

  protected expiryOf(stamp: number, origin: number, atMs: number): void {
    this.reserve(CHANGE_OVERHEAD_BYTES);
    this.stamped(ChangeKind.EXPIRY, stamp, origin);
    this.float64(atMs);
  }

  /** REQUIRES: 8 bytes of room. */
  protected float64(value: number): void {
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  protected reserve(bytes: number): void {
    const needed = this.end + bytes;
    if (needed > this.buffer.length) this.resize(Math.max(needed, this.buffer.length * 2));
  }

  /** The head of a change and its pair. */
  private stamped(head: number, stamp: number, origin: number): void {
    const own = origin === this.origin && stamp >= this.base;
    this.buffer[this.end++] = own ? head : head | ChangeHead.FOREIGN;
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

  private resize(size: number): void {
    const old = this.buffer;
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.buffer.buffer);
    old.copy(this.buffer, 0, 0, Math.min(this.end, size));
  }
}
