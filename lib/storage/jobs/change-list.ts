import { assert } from '../../base/assert.js';
import type { PositionHasher } from '../../base/position.js';
import type { BatchReader } from '../../record/batch-reader.js';
import { ChangeKind } from '../../record/batch-format.js';
import { CellType } from '../../record/entry.js';
import type { SortColumns } from './position-sort.js';
import type { Scratch } from '../../base/scratch.js';

const ROWS_MIN = 1024;
/** How many rows there will be is judged by how much of the bytes is read when there is no more room. */
const GROWTH_MIN = 1.25;
const CACHE_LINE_BYTES = 64;
const TOUCHED_BYTES = 3 * CACHE_LINE_BYTES;
const DB_LIMIT = 2 ** 32;
/** Longer keys are compared by a call into the engine, which costs more than a short loop. */
const LOOP_BYTES_MAX = 64;

// A row is 64 bytes, a line of the processor's cache, because rows are visited in the order of positions, each of them far from the last.
// These are the places of its numbers, first the doubles, then the words.
const ROW_DOUBLES = 8;
const ROW_BYTES = 64;
const COLUMN_BYTES = 4;
/** No change takes less in a log. */
const CHANGE_BYTES_MIN = 4;
const STAMP = 0;
const AT_MS = 1;
const POSITION = 2;
const ROW_WORDS = 16;
const KEY_START = 6;
const KEY_END = 7;
const VALUE_START = 8;
const VALUE_END = 9;
const FIELD_START = 10;
const FIELD_END = 11;
const DB = 12;
const ORIGIN = 13;
/** kind | type << 8 | REPLACES | PLAIN */
const TRAITS = 14;
const TYPE_SHIFT = 8;
const REPLACES = 1 << 16;
const PLAIN = 1 << 17;

/**
 * The changes of a segment as numbers, a row a change in the order of the log: hundreds of thousands of objects would keep the collector
 * busy. What is longer than a number stays in the segment's bytes, where the rows point to.
 */
export class ChangeList implements SortColumns {
  /** Rows. */
  count = 0;
  /** What the rows point into. */
  readonly bytes: Buffer;
  groups: Uint32Array;
  highs: Uint32Array;
  lows: Uint32Array;
  /** Is there a change that was not stamped by this node when it was logged? */
  hasForeign = false;

  private capacity: number;
  private doubles: Float64Array;
  private words: Uint32Array;
  private readonly scratch: Scratch;
  private readonly ownOrigin: number;
  private readonly hasher: PositionHasher;
  private hashedStart = -1;
  private highestStamp = 0;

  /** `origin` is this node's. `bytes` are shorter than 4 GiB. The rows are in `scratch`. */
  constructor(bytes: Buffer, origin: number, hasher: PositionHasher, scratch: Scratch) {
    this.bytes = bytes;
    this.scratch = scratch;
    this.ownOrigin = origin;
    this.hasher = hasher;
    // What an earlier list has left is taken as it is, unless it is beyond all that this one can need.
    const rowsMax = Math.max(ROWS_MIN, bytes.length / CHANGE_BYTES_MIN);
    const take = (name: string, rowBytes: number): ArrayBuffer =>
      scratch.take(name, ROWS_MIN * rowBytes, rowsMax * rowBytes);
    this.groups = new Uint32Array(take('groups', COLUMN_BYTES));
    this.highs = new Uint32Array(take('highs', COLUMN_BYTES));
    this.lows = new Uint32Array(take('lows', COLUMN_BYTES));
    this.doubles = new Float64Array(take('rows', ROW_BYTES));
    this.words = new Uint32Array(this.doubles.buffer);
    this.capacity = this.commonCapacity;
  }

  /** Adds the change that `reader` stands on. REQUIRES: it reads `bytes`; the change is one of a key. */
  add(reader: BatchReader): void {
    assert(reader.db < DB_LIMIT, 'a database has a small number');
    const row = this.count++;
    // A record may have millions of changes: its key says nothing of how far it was read.
    if (row === this.capacity) this.grow(Math.max(reader.keyEnd, reader.valueEnd));
    const { hasher, doubles, words } = this;
    // All changes of a record have one key, and the same place.
    if (reader.keyStart !== this.hashedStart) {
      hasher.hash(this.bytes, reader.keyStart, reader.keyEnd);
      this.hashedStart = reader.keyStart;
    }
    this.groups[row] = reader.db;
    this.highs[row] = hasher.high;
    this.lows[row] = hasher.low;
    const double = row * ROW_DOUBLES;
    doubles[double + STAMP] = reader.stamp;
    doubles[double + AT_MS] = reader.atMs;
    doubles[double + POSITION] = hasher.position;
    const word = row * ROW_WORDS;
    words[word + KEY_START] = reader.keyStart;
    words[word + KEY_END] = reader.keyEnd;
    words[word + VALUE_START] = reader.valueStart;
    words[word + VALUE_END] = reader.valueEnd;
    words[word + FIELD_START] = reader.fieldStart;
    words[word + FIELD_END] = reader.fieldEnd;
    words[word + DB] = reader.db;
    words[word + ORIGIN] = reader.origin;
    words[word + TRAITS] = this.traitsOf(reader);
    if (reader.origin !== this.ownOrigin || reader.stamp < this.highestStamp) this.hasForeign = true;
    else this.highestStamp = reader.stamp;
  }

  db(row: number): number {
    return this.words[row * ROW_WORDS + DB];
  }

  position(row: number): number {
    return this.doubles[row * ROW_DOUBLES + POSITION];
  }

  stamp(row: number): number {
    return this.doubles[row * ROW_DOUBLES + STAMP];
  }

  /** Of an EXPIRY, and of a cell with an expiry of its own. */
  atMs(row: number): number {
    return this.doubles[row * ROW_DOUBLES + AT_MS];
  }

  kind(row: number): ChangeKind {
    return (this.words[row * ROW_WORDS + TRAITS] & 0xff) as ChangeKind;
  }

  replaces(row: number): boolean {
    return (this.words[row * ROW_WORDS + TRAITS] & REPLACES) !== 0;
  }

  /** Is it this node's, and of the whole key: a string's value, a delete, an expiry? */
  isPlain(row: number): boolean {
    return (this.words[row * ROW_WORDS + TRAITS] & PLAIN) !== 0;
  }

  /** The key is `bytes[keyStart, keyEnd)`. */
  keyStart(row: number): number {
    return this.words[row * ROW_WORDS + KEY_START];
  }

  keyEnd(row: number): number {
    return this.words[row * ROW_WORDS + KEY_END];
  }

  origin(row: number): number {
    return this.words[row * ROW_WORDS + ORIGIN];
  }

  /** Of a cell. */
  type(row: number): CellType {
    return ((this.words[row * ROW_WORDS + TRAITS] >>> TYPE_SHIFT) & 0xff) as CellType;
  }

  /** The field is `bytes[fieldStart, fieldEnd)`. REQUIRES: the row is a cell. */
  fieldStart(row: number): number {
    return this.words[row * ROW_WORDS + FIELD_START];
  }

  fieldEnd(row: number): number {
    return this.words[row * ROW_WORDS + FIELD_END];
  }

  /** The value is `bytes[valueStart, valueEnd)`. REQUIRES: the row is a VALUE. */
  valueStart(row: number): number {
    return this.words[row * ROW_WORDS + VALUE_START];
  }

  valueEnd(row: number): number {
    return this.words[row * ROW_WORDS + VALUE_END];
  }

  /** Looks at the beginning of the row's key and value, so that they are in the processor's cache. What it returns means nothing. */
  touch(row: number): number {
    const { bytes } = this;
    const start = this.keyStart(row);
    const end = Math.min(this.valueEnd(row), start + TOUCHED_BYTES);
    let seen = 0;
    for (let at = start; at < end; at += CACHE_LINE_BYTES) seen ^= bytes[at];
    return seen;
  }

  isSamePlace(a: number, b: number): boolean {
    return this.position(a) === this.position(b) && this.db(a) === this.db(b);
  }

  isSameKey(a: number, b: number): boolean {
    const { bytes } = this;
    let at = this.keyStart(a);
    let other = this.keyStart(b);
    const end = this.keyEnd(a);
    if (end - at !== this.keyEnd(b) - other) return false;
    if (end - at > LOOP_BYTES_MAX) return this.compareKeys(a, b) === 0;
    while (at < end && bytes[at] === bytes[other]) {
      at++;
      other++;
    }
    return at === end;
  }

  /** The order of the keys of two rows, as bytes. */
  compareKeys(a: number, b: number): number {
    const { bytes } = this;
    return bytes.compare(bytes, this.keyStart(b), this.keyEnd(b), this.keyStart(a), this.keyEnd(a));
  }

  /** Makes `reader` look as it did when the row was added. */
  describe(row: number, reader: BatchReader): void {
    const { words } = this;
    const word = row * ROW_WORDS;
    reader.bytes = this.bytes;
    reader.kind = this.kind(row);
    reader.db = this.db(row);
    reader.keyStart = this.keyStart(row);
    reader.keyEnd = this.keyEnd(row);
    reader.stamp = this.stamp(row);
    reader.origin = this.origin(row);
    reader.replaces = this.replaces(row);
    reader.type = this.type(row);
    reader.fieldStart = words[word + FIELD_START];
    reader.fieldEnd = words[word + FIELD_END];
    reader.valueStart = this.valueStart(row);
    reader.valueEnd = this.valueEnd(row);
    reader.atMs = this.atMs(row);
  }

  private traitsOf(reader: BatchReader): number {
    const { kind, type } = reader;
    let isWhole = kind === ChangeKind.DELETE || kind === ChangeKind.EXPIRY;
    if (kind === ChangeKind.VALUE && type === CellType.STRING) {
      isWhole = reader.fieldStart === reader.fieldEnd && reader.atMs === 0;
    }
    const plain = isWhole && reader.origin === this.ownOrigin ? PLAIN : 0;
    return kind | (type << TYPE_SHIFT) | (reader.replaces ? REPLACES : 0) | plain;
  }

  /** There is no more room, and of the bytes so many are read. */
  private grow(readBytes: number): void {
    const { scratch, count, bytes } = this;
    const rows = Math.ceil(count * Math.max(GROWTH_MIN, bytes.length / Math.max(1, readBytes)));
    this.groups = new Uint32Array(scratch.grow('groups', rows * COLUMN_BYTES));
    this.highs = new Uint32Array(scratch.grow('highs', rows * COLUMN_BYTES));
    this.lows = new Uint32Array(scratch.grow('lows', rows * COLUMN_BYTES));
    this.doubles = new Float64Array(scratch.grow('rows', rows * ROW_BYTES));
    this.words = new Uint32Array(this.doubles.buffer);
    this.capacity = this.commonCapacity;
  }

  private get commonCapacity(): number {
    return Math.min(
      this.groups.length,
      this.highs.length,
      this.lows.length,
      Math.floor(this.doubles.length / ROW_DOUBLES),
    );
  }
}
