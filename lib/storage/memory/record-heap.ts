/**
 * Records: the entries in memory, packed.
 *
 *      0  stamp, low 32 bits                           the cell's pair
 *      4  stamp, high 21 bits | form << 21 | flags << 25
 *      8  origin : 16 | access, low 16 bits << 16
 *     12  access, high 8 bits | key length : 8 << 8 | value length : 16 << 16      lengths: 0 with LONG
 *     16  [key length : 32, value length : 32]         LONG
 *         [expires at : f64]                           EXPIRY: Unix ms; 0 is never
 *         [stamp : f64, origin : f64]                  EXPIRY_PAIR: of the expiry; without it, the cell's pair
 *         [stamp : f64, origin : f64]                  DELETED: deletedUpTo
 *         key, value
 *
 * With REPLACES, deletedUpTo is the highest pair below the cell's. With EMPTY there is no cell and no value, and the pair in front is
 * deletedUpTo: what is left of a deleted key until everybody who looks on the disk finds it deleted too, or of one that is known not to be
 * there; with another form than a string's, it is what is left of a collection without a live cell: the pair is then the highest of its
 * tombstones, and the value may hold them. With PARTIAL the record holds what has been written since, and what is on the disk is yet to be merged
 * into it.
 *
 * The value of a string are its bytes; of a composed one, what it shows, and behind that stand its cells: `length:u32 cells` (data/composed-strings.ts). The value of a small collection are its cells (packed-fields.ts); of a large one, the number of a structure of its own
 * (large-values.ts). The pair of a collection is the highest of its cells'.
 */

import { assert } from '../../base/assert.js';
import { copyBytes } from '../../base/bytes.js';
import type { Cell, Entry, Expiry } from '../../record/entry.js';
import { CellType, WHOLE, cellKey, isComposedType } from '../../record/entry.js';
import type { Pair } from '../../record/pair.js';
import { ChunkPairs, pairsBytes } from './chunk-pairs.js';
import { LargeValues } from './large-values.js';
import {
  CHUNKED,
  DELETED,
  EMPTY,
  EXPIRY,
  EXPIRY_PAIR,
  LARGE,
  LONG,
  PARTIAL,
  REPLACES,
  RecordHead,
  SHORT_VALUE_MAX,
  headOfCells,
  headOfString,
} from './record-head.js';
import { Slab } from './slab.js';

const STAMP_HIGH_MASK = 0x1fffff;
const FORM_SHIFT = 21;
const FORM_MASK = 15;
const FLAGS_SHIFT = 25;
const HEADER_BYTES = 16;
const TWO_32 = 4294967296;

/** What the value of a record in large form takes: its number among `large`. */
export const LARGE_VALUE_BYTES = 4;

const ALIGNMENT = 8;
const TAIL_LENGTH_BYTES = 4;

/** Bytes that the optional fields take, by flags. */
const optionalBytes = Uint8Array.from(
  { length: 128 },
  (_, flags) =>
    (flags & LONG ? 8 : 0) + (flags & EXPIRY ? 8 : 0) + (flags & EXPIRY_PAIR ? 16 : 0) + (flags & DELETED ? 16 : 0),
);

/** Where a record's key lies, which may be the field of a cell. */
export interface KeyPlace {
  bytes: Buffer;
  fieldStart: number;
  fieldEnd: number;
}

/** The same in words: it begins with `words[at]`, and is `length` bytes long. */
export interface KeyWords {
  words: Int32Array;
  at: number;
  length: number;
}

export class RecordHeap {
  readonly slab = new Slab();
  readonly large = new LargeValues();
  private readonly pairs = new ChunkPairs(this.slab);

  /** Forgets every record at once. */
  clear(): void {
    this.slab.clear();
    this.large.clear();
  }

  /** Takes a record back, and the large value that it holds. */
  free(ref: number): void {
    this.letGo(ref);
    this.slab.free(ref);
  }

  /** Takes back the large value that a record holds, if it does: what the record says of it does not count any more. */
  letGo(ref: number): void {
    if (this.isLarge(ref)) this.large.release(this.largeIndex(ref));
  }

  type(ref: number): CellType {
    const form = this.form(ref);
    return (form > LARGE ? form - LARGE : form) as CellType;
  }

  /** How the value lies in memory: the number of its type; 8 more if it is large. */
  form(ref: number): number {
    return (this.slab.words(ref)[(this.slab.offset(ref) >>> 2) + 1] >>> FORM_SHIFT) & FORM_MASK;
  }

  isLarge(ref: number): boolean {
    return this.form(ref) > CHUNKED;
  }

  /** The number of a record's large value. REQUIRES: `isLarge`. */
  largeIndex(ref: number): number {
    const bytes = this.bytes(ref);
    const at = this.valueStart(ref);
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  stamp(ref: number): number {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    return (words[at + 1] & STAMP_HIGH_MASK) * TWO_32 + (words[at] >>> 0);
  }

  origin(ref: number): number {
    return this.slab.words(ref)[(this.slab.offset(ref) >>> 2) + 2] & 0xffff;
  }

  /** Whether the record is a value that does not expire, and all that there is of its key. */
  isPlain(ref: number): boolean {
    return (this.flags(ref) & (EXPIRY | EMPTY | PARTIAL)) === 0;
  }

  /** Whether nothing is there: the record says so, and until when things were deleted. */
  isEmpty(ref: number): boolean {
    return (this.flags(ref) & EMPTY) !== 0;
  }

  /** Whether what is on the disk is yet to be merged into the record. */
  isPartial(ref: number): boolean {
    return (this.flags(ref) & PARTIAL) !== 0;
  }

  /** The highest stamp in the record. */
  newestStamp(ref: number): number {
    const stamp = this.stamp(ref);
    const flags = this.flags(ref);
    return flags & EXPIRY_PAIR
      ? Math.max(stamp, this.slab.doubles(ref)[this.optional(ref, flags, EXPIRY_PAIR)])
      : stamp;
  }

  /** The 24-bit access field of the eviction policies. */
  access(ref: number): number {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    return (words[at + 2] >>> 16) | ((words[at + 3] & 0xff) << 16);
  }

  setAccess(ref: number, access: number): void {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    words[at + 2] = (words[at + 2] & 0xffff) | (access << 16);
    words[at + 3] = (words[at + 3] & ~0xff) | (access >>> 16);
  }

  keyLength(ref: number): number {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    return (words[at + 1] >>> FLAGS_SHIFT) & LONG ? words[at + 4] : (words[at + 3] >>> 8) & 0xff;
  }

  valueLength(ref: number): number {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    return (words[at + 1] >>> FLAGS_SHIFT) & LONG ? words[at + 5] : words[at + 3] >>> 16;
  }

  /** Where the key begins in `bytes(ref)`; the value follows it. */
  keyStart(ref: number): number {
    return this.slab.offset(ref) + HEADER_BYTES + optionalBytes[this.flags(ref)];
  }

  /** Fills `place` with where the key lies: `bytes`, `keyStart` and `valueStart` at once. */
  locateKey(ref: number, place: KeyPlace): void {
    const { slab } = this;
    const words = slab.words(ref);
    const offset = slab.offset(ref);
    const at = offset >>> 2;
    const flags = words[at + 1] >>> FLAGS_SHIFT;
    const start = offset + HEADER_BYTES + optionalBytes[flags];
    place.bytes = slab.bytes(ref);
    place.fieldStart = start;
    place.fieldEnd = start + (flags & LONG ? words[at + 4] : (words[at + 3] >>> 8) & 0xff);
  }

  /** The same in words, on one of which every key begins. */
  locateWords(ref: number, place: KeyWords): void {
    const { slab } = this;
    const words = slab.words(ref);
    const at = slab.offset(ref) >>> 2;
    const flags = words[at + 1] >>> FLAGS_SHIFT;
    place.words = words;
    place.at = at + ((HEADER_BYTES + optionalBytes[flags]) >>> 2);
    place.length = flags & LONG ? words[at + 4] : (words[at + 3] >>> 8) & 0xff;
  }

  valueStart(ref: number): number {
    return this.keyStart(ref) + this.keyLength(ref);
  }

  /** The memory that `keyStart` and `valueStart` count in. Valid until the record is written or freed. */
  bytes(ref: number): Buffer {
    return this.slab.bytes(ref);
  }

  /** Unix milliseconds; 0 is never. */
  expiresAtMs(ref: number): number {
    const flags = this.flags(ref);
    return flags & EXPIRY ? this.slab.doubles(ref)[this.optional(ref, flags, EXPIRY)] : 0;
  }

  /** Whether the record says when its key expires, or that it does not. One that is whole and does not say so does not expire. */
  hasExpiry(ref: number): boolean {
    return (this.flags(ref) & EXPIRY) !== 0;
  }

  keyEquals(ref: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.keyLength(ref) !== end - start) return false;
    const mine = this.slab.bytes(ref);
    let at = this.keyStart(ref);
    for (let i = start; i < end; i++) if (mine[at++] !== bytes[i]) return false;
    return true;
  }

  /** Whether the pair of the record is below (stamp, origin). */
  isOlder(ref: number, stamp: number, origin: number): boolean {
    const mine = this.stamp(ref);
    return mine < stamp || (mine === stamp && this.origin(ref) < origin);
  }

  read(ref: number, head: RecordHead): void {
    const flags = this.flags(ref);
    head.form = this.form(ref);
    head.stamp = this.stamp(ref);
    head.origin = this.origin(ref);
    head.access = this.access(ref);
    head.replaces = (flags & REPLACES) !== 0;
    head.isEmpty = (flags & EMPTY) !== 0;
    head.isPartial = (flags & PARTIAL) !== 0;
    const doubles = this.slab.doubles(ref);
    head.deletedStamp = head.deletedOrigin = 0;
    if (flags & DELETED) {
      const at = this.optional(ref, flags, DELETED);
      head.deletedStamp = doubles[at];
      head.deletedOrigin = doubles[at + 1];
    }
    head.expiresAtMs = head.expiryStamp = head.expiryOrigin = 0;
    if (flags & EXPIRY) {
      head.expiresAtMs = doubles[this.optional(ref, flags, EXPIRY)];
      const at = this.optional(ref, flags, EXPIRY_PAIR);
      head.expiryStamp = flags & EXPIRY_PAIR ? doubles[at] : head.stamp;
      head.expiryOrigin = flags & EXPIRY_PAIR ? doubles[at + 1] : head.origin;
    }
  }

  /**
   * Writes a record, over the one at `old` if there is one (not 0) and it fits well; returns where it is now. If that is elsewhere,
   * the caller puts it in the old one's place and frees that. `tailBytes` of room are left behind the value. REQUIRES: the value does not lie in the
   * record at `old`.
   */
  write(
    old: number,
    head: RecordHead,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    tailBytes = 0,
  ): number {
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    const flags = head.flags(keyLength, valueLength);
    const valueOffset = HEADER_BYTES + optionalBytes[flags] + keyLength;
    const length = valueOffset + valueLength + tailBytes;
    const ref = this.fits(old, length) ? old : this.slab.allocate(length);
    const bytes = this.slab.bytes(ref);
    const offset = this.slab.offset(ref);
    if (ref !== old || this.flags(ref) !== flags) {
      copyBytes(key, keyStart, keyEnd, bytes, offset + valueOffset - keyLength);
    }
    this.writeHead(ref, flags, head, keyLength, valueLength);
    copyBytes(value, valueStart, valueEnd, bytes, offset + valueOffset);
    return ref;
  }

  /** Writes the head of a record anew; returns where it is now (see `write`). */
  rewriteHead(ref: number, head: RecordHead): number {
    const keyStart = this.keyStart(ref);
    const valueStart = this.valueStart(ref);
    const valueEnd = valueStart + this.valueLength(ref);
    const flags = head.flags(valueStart - keyStart, valueEnd - valueStart);
    if (flags === this.flags(ref)) {
      this.writeHead(ref, flags, head, valueStart - keyStart, valueEnd - valueStart);
      return ref;
    }
    const bytes = this.bytes(ref);
    if (isComposedType(head.form as CellType)) return this.rewriteWithTail(ref, head);
    if (head.form !== CHUNKED) return this.write(0, head, bytes, keyStart, valueStart, bytes, valueStart, valueEnd);
    const tailBytes = this.tailBytes(ref);
    const place = this.write(0, head, bytes, keyStart, valueStart, bytes, valueStart, valueEnd, tailBytes);
    this.pairs.open(place);
    this.pairs.copy(ref);
    return place;
  }

  /** Writes a record with what stands behind its value (see `write`). REQUIRES: its form is that of a composed string. */
  writeWithTail(old: number, head: RecordHead, key: Uint8Array, value: Uint8Array, tail: Uint8Array): number {
    const ref = this.write(old, head, key, 0, key.length, value, 0, value.length, TAIL_LENGTH_BYTES + tail.length);
    const bytes = this.bytes(ref);
    const at = bytes.writeUInt32LE(tail.length, this.valueStart(ref) + value.length);
    copyBytes(tail, 0, tail.length, bytes, at);
    return ref;
  }

  /** Where in `bytes(ref)` that stands. REQUIRES: its form is that of a composed string. */
  tail(ref: number): { readonly start: number; readonly end: number } {
    const at = this.valueStart(ref) + this.valueLength(ref);
    const start = at + TAIL_LENGTH_BYTES;
    return { start, end: start + this.bytes(ref).readUInt32LE(at) };
  }

  private rewriteWithTail(ref: number, head: RecordHead): number {
    const bytes = this.bytes(ref);
    const { start, end } = this.tail(ref);
    const valueStart = this.valueStart(ref);
    const key = bytes.subarray(this.keyStart(ref), valueStart);
    const value = bytes.subarray(valueStart, valueStart + this.valueLength(ref));
    return this.writeWithTail(0, head, key, value, bytes.subarray(start, end));
  }

  /** The pairs of the record of a string in chunks. Valid until the next call. */
  chunkPairs(ref: number): ChunkPairs {
    this.pairs.open(ref);
    return this.pairs;
  }

  /**
   * Gives the value of a string in chunks another length, and makes room for the pairs of so many parts more; returns where it is now (see `write`). What the
   * value gets is zero.
   */
  resizeChunked(ref: number, valueLength: number, newPairs: number): number {
    const before = this.valueLength(ref);
    const start = this.valueStart(ref) - this.slab.offset(ref);
    const needed = start + valueLength + this.tailBytes(ref) + pairsBytes(newPairs);
    let place = ref;
    if (needed > this.slab.capacity(ref)) {
      place = this.slab.allocate(needed + (valueLength > before ? needed >>> 3 : 0));
      const offset = this.slab.offset(ref);
      this.slab.bytes(ref).copy(this.slab.bytes(place), this.slab.offset(place), offset, offset + start + before);
      this.pairs.open(place);
      this.pairs.copy(ref);
    }
    const from = this.slab.offset(place) + start;
    if (valueLength > before) this.slab.bytes(place).fill(0, from + before, from + valueLength);
    this.slab.words(place)[(this.slab.offset(place) >>> 2) + 5] = valueLength;
    return place;
  }

  private tailBytes(ref: number): number {
    this.pairs.open(ref);
    return this.form(ref) === CHUNKED ? ALIGNMENT + pairsBytes(this.pairs.count) : 0;
  }

  /** Sets the pair of a record, and nothing else: it holds cells, and this is the highest of their pairs. REQUIRES: not REPLACES, no EXPIRY. */
  setPair(ref: number, stamp: number, origin: number): void {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    const high = Math.floor(stamp / TWO_32);
    words[at] = stamp - high * TWO_32;
    words[at + 1] = (words[at + 1] & ~STAMP_HIGH_MASK) | high;
    words[at + 2] = (words[at + 2] & ~0xffff) | origin;
  }

  /**
   * Changes the length of a value; its first bytes stay, as many as there is room for. Returns where the record is now (see `write`). REQUIRES: the length
   * fits the record's form.
   */
  resize(ref: number, valueLength: number): number {
    const valueStart = this.valueStart(ref);
    const offset = this.slab.offset(ref);
    const bytesNeeded = valueStart - offset + valueLength;
    const kept = Math.min(valueLength, this.valueLength(ref));
    let place = ref;
    if (!this.fits(ref, bytesNeeded)) {
      place = this.slab.allocate(bytesNeeded);
      const bytes = this.slab.bytes(ref);
      bytes.copy(this.slab.bytes(place), this.slab.offset(place), offset, valueStart + kept);
    }
    const words = this.slab.words(place);
    const at = this.slab.offset(place) >>> 2;
    if (this.flags(place) & LONG) words[at + 5] = valueLength;
    else {
      assert(valueLength <= SHORT_VALUE_MAX, 'a long value has a record with long lengths');
      words[at + 3] = (words[at + 3] & 0xffff) | (valueLength << 16);
    }
    return place;
  }

  /** The record of a string, or of a key that was deleted, as an entry in plain form. Copies the value. */
  entry(ref: number): Entry {
    const registers = this.registers(ref);
    if (this.isEmpty(ref)) return { ...registers, cells: new Map() };
    const pair: Pair = { stamp: this.stamp(ref), origin: this.origin(ref) };
    const start = this.valueStart(ref);
    const value = Buffer.from(this.bytes(ref).subarray(start, start + this.valueLength(ref)));
    const cell: Cell = { type: this.type(ref), field: WHOLE, value, pair, expiresAtMs: 0 };
    return { ...registers, cells: new Map([[cellKey(cell.type, WHOLE), cell]]) };
  }

  /** What a record says of its entry besides the cells. */
  registers(ref: number): { readonly deletedUpTo: Pair; readonly expiry: Expiry } {
    const head = new RecordHead();
    this.read(ref, head);
    return head.registers();
  }

  /** A copy of the key. */
  key(ref: number): Buffer {
    const start = this.keyStart(ref);
    return Buffer.from(this.bytes(ref).subarray(start, start + this.keyLength(ref)));
  }

  /** Writes the record of an entry (see `write`). REQUIRES: it holds one whole string, or nothing. */
  writeEntry(old: number, key: Uint8Array, entry: Entry, access: number, isPartial = false): number {
    const head = headOfString(entry);
    head.access = access;
    head.isPartial = isPartial;
    const value = entry.cells.get(cellKey(CellType.STRING, WHOLE))?.value ?? WHOLE;
    return this.write(old, head, key, 0, key.length, value, 0, value.length);
  }

  /** Writes the record of an entry with cells of a collection (see `write`): `form` and `value` hold them. */
  writeCells(
    old: number,
    key: Uint8Array,
    entry: Entry,
    form: number,
    value: Uint8Array,
    { access, isPartial, isEmpty }: { access: number; isPartial: boolean; isEmpty: boolean },
  ): number {
    const head = headOfCells(entry, form);
    head.access = access;
    head.isPartial = isPartial;
    head.isEmpty = isEmpty;
    return this.write(old, head, key, 0, key.length, value, 0, value.length);
  }

  /** Says whether a record that holds cells has a live one. */
  setEmpty(ref: number, isEmpty: boolean): void {
    const words = this.slab.words(ref);
    const at = (this.slab.offset(ref) >>> 2) + 1;
    if (isEmpty) words[at] |= EMPTY << FLAGS_SHIFT;
    else words[at] &= ~(EMPTY << FLAGS_SHIFT);
  }

  private flags(ref: number): number {
    return this.slab.words(ref)[(this.slab.offset(ref) >>> 2) + 1] >>> FLAGS_SHIFT;
  }

  /** In place, unless that would waste half of the room. */
  private fits(ref: number, bytes: number): boolean {
    if (ref === 0) return false;
    const capacity = this.slab.capacity(ref);
    return bytes <= capacity && bytes > capacity >>> 1;
  }

  private writeHead(ref: number, flags: number, head: RecordHead, keyLength: number, valueLength: number): void {
    const words = this.slab.words(ref);
    const at = this.slab.offset(ref) >>> 2;
    const high = Math.floor(head.stamp / TWO_32);
    words[at] = head.stamp - high * TWO_32;
    words[at + 1] = high | (head.form << FORM_SHIFT) | (flags << FLAGS_SHIFT);
    words[at + 2] = head.origin | (head.access << 16);
    if (flags & LONG) {
      words[at + 3] = head.access >>> 16;
      words[at + 4] = keyLength;
      words[at + 5] = valueLength;
    } else words[at + 3] = (head.access >>> 16) | (keyLength << 8) | (valueLength << 16);
    if ((flags & (EXPIRY | DELETED)) === 0) return;
    const doubles = this.slab.doubles(ref);
    let field = (at + 4 + (flags & LONG ? 2 : 0)) >>> 1;
    if (flags & EXPIRY) doubles[field++] = head.expiresAtMs;
    if (flags & EXPIRY_PAIR) {
      doubles[field++] = head.expiryStamp;
      doubles[field++] = head.expiryOrigin;
    }
    if (flags & DELETED) {
      doubles[field] = head.deletedStamp;
      doubles[field + 1] = head.deletedOrigin;
    }
  }

  /** Index, in doubles, of an optional field. */
  private optional(ref: number, flags: number, field: number): number {
    return (this.slab.offset(ref) + HEADER_BYTES + optionalBytes[flags & (field - 1)]) >>> 3;
  }
}
