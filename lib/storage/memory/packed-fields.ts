import { copyBytes } from '../../base/bytes.js';
import { varintLength, writeVarint } from '../../base/varint.js';

/**
 * The cells of a small hash, set or sorted set, packed one behind the other in the value of one record.
 *
 *     value = base:u56 live:u16 total:u16 flags:u8 cell{total}                       numbers little-endian
 *     cell  = head:u8 delta:varint [origin:u16] [expiresAtMs:f64] fieldLength:varint field valueLength:varint value
 *
 *     base   what stamps count from: no cell's stamp is below it
 *     live   cells that are not tombstones
 *     flags  1: there are, or were, cells with an expiry
 *     head   1 tombstone, 2 EXPIRES, 4 ORIGIN (else it is the node's own)
 */

export const PACKED_HEADER_BYTES = 12;
/** More cells than this, or more bytes, and the collection gets structures of its own. */
export const PACKED_CELLS_MAX = 128;
export const PACKED_BYTES_MAX = 4096;

const TOMBSTONE = 1;
const EXPIRES = 2;
const ORIGIN = 4;
const LIVE = 7;
const TOTAL = 9;
const FLAGS = 11;
const HAS_EXPIRING = 1;
const TWO_24 = 2 ** 24;
const TWO_32 = 2 ** 32;

const doubleBytes = new Uint8Array(8);
const doubleView = new DataView(doubleBytes.buffer);

/** What a cell says of itself besides field and value. */
export interface CellPair {
  readonly stamp: number;
  readonly origin: number;
  /** Unix milliseconds; 0 is never. */
  readonly expiresAtMs: number;
  readonly isTombstone: boolean;
}

/** Reads packed cells: after `next` or `find` returns true, the fields describe one. Reused, allocates nothing. */
export class PackedFields {
  bytes: Buffer = Buffer.alloc(0);
  /** Of the whole value. */
  start = 0;
  end = 0;

  cellStart = 0;
  cellEnd = 0;
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  stamp = 0;
  origin = 0;
  expiresAtMs = 0;
  isTombstone = false;

  private readonly ownOrigin: number;
  private base = 0;
  private at = 0;

  constructor(ownOrigin: number) {
    this.ownOrigin = ownOrigin;
  }

  /** Begins with the value `bytes[start, end)`, in front of its first cell. An empty one has no cells. */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.cellStart = this.cellEnd = this.at = Math.min(end, start + PACKED_HEADER_BYTES);
    this.base = start === end ? 0 : readBase(bytes, start);
  }

  get liveCount(): number {
    return this.start === this.end ? 0 : readU16(this.bytes, this.start + LIVE);
  }

  get totalCount(): number {
    return this.start === this.end ? 0 : readU16(this.bytes, this.start + TOTAL);
  }

  /** Whether a cell may expire. */
  get hasExpiring(): boolean {
    return this.start !== this.end && (this.bytes[this.start + FLAGS] & HAS_EXPIRING) !== 0;
  }

  /** Back in front of the first cell. */
  rewind(): void {
    this.at = Math.min(this.end, this.start + PACKED_HEADER_BYTES);
  }

  /** Goes on at the cell that begins at `at`. */
  seek(at: number): void {
    this.at = at;
  }

  /** The next cell, a tombstone too. */
  next(): boolean {
    if (this.at >= this.end) {
      this.cellStart = this.cellEnd = this.end;
      return false;
    }
    const { bytes } = this;
    let at = this.at;
    this.cellStart = at;
    const head = bytes[at++];
    let byte = bytes[at++];
    let delta = byte & 0x7f;
    for (let scale = 128; byte > 0x7f; scale *= 128) {
      byte = bytes[at++];
      delta += (byte & 0x7f) * scale;
    }
    this.stamp = this.base + delta;
    this.isTombstone = (head & TOMBSTONE) !== 0;
    this.origin = this.ownOrigin;
    this.expiresAtMs = 0;
    if ((head & (ORIGIN | EXPIRES)) !== 0) at = this.readOptional(head, at);
    byte = bytes[at++];
    let length = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
    }
    this.fieldStart = at;
    at += length;
    this.fieldEnd = at;
    byte = bytes[at++];
    length = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
    }
    this.valueStart = at;
    this.at = this.valueEnd = this.cellEnd = at + length;
    return true;
  }

  /** The cell of a field, if it is there: a tombstone too. */
  find(field: Uint8Array, start: number, end: number): boolean {
    this.rewind();
    const length = end - start;
    while (this.next()) {
      if (this.fieldEnd - this.fieldStart !== length) continue;
      const { bytes, fieldStart } = this;
      let i = 0;
      while (i < length && bytes[fieldStart + i] === field[start + i]) i++;
      if (i === length) return true;
    }
    return false;
  }

  /** Whether a cell of this stamp can be written here. */
  canHold(stamp: number): boolean {
    return this.start === this.end || stamp >= this.base;
  }

  /** Bytes that a cell takes. REQUIRES: `canHold(pair.stamp)`, or the value is empty. */
  cellBytes(pair: CellPair, fieldLength: number, valueLength: number): number {
    const delta = this.start === this.end ? 0 : pair.stamp - this.base;
    return (
      1 +
      varintLength(delta) +
      (pair.origin === this.ownOrigin ? 0 : 2) +
      (pair.expiresAtMs === 0 ? 0 : 8) +
      varintLength(fieldLength) +
      fieldLength +
      varintLength(valueLength) +
      valueLength
    );
  }

  /** Writes the header of a value without cells at `start`; stamps will count from `base`. Opens it. */
  begin(bytes: Buffer, start: number, base: number): void {
    const high = Math.floor(base / TWO_32);
    writeU32(bytes, start, base - high * TWO_32);
    bytes[start + 4] = high;
    bytes[start + 5] = high >>> 8;
    bytes[start + 6] = high >>> 16;
    bytes.fill(0, start + LIVE, start + PACKED_HEADER_BYTES);
    this.open(bytes, start, start + PACKED_HEADER_BYTES);
  }

  /**
   * Writes a cell at `at`, over bytes that do not count any more, and counts it; returns the offset behind it. REQUIRES: there are as many bytes of
   * room as `cellBytes` says.
   */
  write(
    at: number,
    pair: CellPair,
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const { bytes } = this;
    const hasOrigin = pair.origin !== this.ownOrigin;
    const expires = pair.expiresAtMs !== 0;
    bytes[at++] = (pair.isTombstone ? TOMBSTONE : 0) | (expires ? EXPIRES : 0) | (hasOrigin ? ORIGIN : 0);
    at = writeVarint(bytes, at, pair.stamp - this.base);
    if (hasOrigin) {
      bytes[at++] = pair.origin;
      bytes[at++] = pair.origin >>> 8;
    }
    if (expires) {
      doubleView.setFloat64(0, pair.expiresAtMs, true);
      at = copyBytes(doubleBytes, 0, 8, bytes, at);
      bytes[this.start + FLAGS] |= HAS_EXPIRING;
    }
    at = writeVarint(bytes, at, fieldEnd - fieldStart);
    at = copyBytes(field, fieldStart, fieldEnd, bytes, at);
    at = writeVarint(bytes, at, valueEnd - valueStart);
    at = copyBytes(value, valueStart, valueEnd, bytes, at);
    this.count(1, pair.isTombstone ? 0 : 1);
    return at;
  }

  /** The cell that the fields describe is not one any more: its bytes are the caller's to reuse or close up. */
  uncount(): void {
    this.count(-1, this.isTombstone ? 0 : -1);
  }

  /** No cell expires any more. */
  clearExpiring(): void {
    this.bytes[this.start + FLAGS] &= ~HAS_EXPIRING;
  }

  private count(total: number, live: number): void {
    const { bytes, start } = this;
    writeU16(bytes, start + TOTAL, readU16(bytes, start + TOTAL) + total);
    writeU16(bytes, start + LIVE, readU16(bytes, start + LIVE) + live);
  }

  private readOptional(head: number, at: number): number {
    const { bytes } = this;
    if (head & ORIGIN) {
      this.origin = readU16(bytes, at);
      at += 2;
    }
    if (head & EXPIRES) {
      copyBytes(bytes, at, at + 8, doubleBytes, 0);
      this.expiresAtMs = doubleView.getFloat64(0, true);
      at += 8;
    }
    return at;
  }
}

function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readBase(bytes: Uint8Array, at: number): number {
  const low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
  const high = bytes[at + 3] | (bytes[at + 4] << 8) | (bytes[at + 5] << 16) | (bytes[at + 6] << 24);
  return (high >>> 0) * TWO_24 + low;
}
