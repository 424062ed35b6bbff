import { assert } from '../../base/assert.js';
import type { PositionHasher } from '../../base/position.js';
import type { BatchReader } from '../../record/batch-reader.js';
import { ChangeKind } from '../../record/batch-format.js';
import { CellType } from '../../record/entry.js';
import type { SortColumns } from './position-sort.js';

const INITIAL_ROWS = 4096;
const DB_LIMIT = 2 ** 32;
/** Longer keys are compared by a call into the engine, which costs more than a short loop. */
const LOOP_BYTES_MAX = 64;

/**
 * The changes of a segment as columns of numbers, a row a change in the order of the log: hundreds of thousands of objects would keep the
 * collector busy. What is longer than a number stays in the segment's bytes, where the rows point to.
 */
export class ChangeList implements SortColumns {
  /** Rows. */
  count = 0;
  /** What the rows point into. */
  readonly bytes: Buffer;
  /** The physical database: what is sorted by first. */
  groups = new Uint32Array(INITIAL_ROWS);
  highs = new Uint32Array(INITIAL_ROWS);
  lows = new Uint32Array(INITIAL_ROWS);
  stamps = new Float64Array(INITIAL_ROWS);
  atMs = new Float64Array(INITIAL_ROWS);
  keyStarts = new Uint32Array(INITIAL_ROWS);
  keyEnds = new Uint32Array(INITIAL_ROWS);
  valueStarts = new Uint32Array(INITIAL_ROWS);
  valueEnds = new Uint32Array(INITIAL_ROWS);
  /** A ChangeKind. */
  kinds = new Uint8Array(INITIAL_ROWS);
  /** 1: it replaces. */
  replaces = new Uint8Array(INITIAL_ROWS);
  /** 1: it is this node's, and of the whole key: a string's value, a delete, an expiry. */
  plain = new Uint8Array(INITIAL_ROWS);

  /** Is there a change that was not stamped by this node when it was logged? */
  hasForeign = false;

  private origins = new Uint16Array(INITIAL_ROWS);
  private types = new Uint8Array(INITIAL_ROWS);
  private fieldStarts = new Uint32Array(INITIAL_ROWS);
  private fieldEnds = new Uint32Array(INITIAL_ROWS);
  private readonly origin: number;
  private readonly hasher: PositionHasher;
  private hashedStart = -1;
  private highestStamp = 0;

  /** `origin` is this node's. `bytes` are shorter than 4 GiB. */
  constructor(bytes: Buffer, origin: number, hasher: PositionHasher) {
    this.bytes = bytes;
    this.origin = origin;
    this.hasher = hasher;
  }

  /** Adds the change that `reader` stands on. REQUIRES: it reads `bytes`; the change is one of a key. */
  add(reader: BatchReader): void {
    assert(reader.db < DB_LIMIT, 'a database has a small number');
    const row = this.count++;
    if (row === this.groups.length) this.grow();
    // All changes of a record have one key, and the same place.
    if (reader.keyStart !== this.hashedStart) {
      this.hasher.hash(this.bytes, reader.keyStart, reader.keyEnd);
      this.hashedStart = reader.keyStart;
    }
    this.groups[row] = reader.db;
    this.highs[row] = this.hasher.high;
    this.lows[row] = this.hasher.low;
    this.stamps[row] = reader.stamp;
    this.atMs[row] = reader.atMs;
    this.keyStarts[row] = reader.keyStart;
    this.keyEnds[row] = reader.keyEnd;
    this.valueStarts[row] = reader.valueStart;
    this.valueEnds[row] = reader.valueEnd;
    this.fieldStarts[row] = reader.fieldStart;
    this.fieldEnds[row] = reader.fieldEnd;
    this.kinds[row] = reader.kind;
    this.replaces[row] = Number(reader.replaces);
    this.types[row] = reader.type;
    this.origins[row] = reader.origin;
    this.plain[row] = Number(this.isPlain(reader));
    if (reader.origin !== this.origin || reader.stamp < this.highestStamp) this.hasForeign = true;
    else this.highestStamp = reader.stamp;
  }

  /** The position of a row's key. */
  position(row: number): number {
    return this.highs[row] * 2 ** 32 + this.lows[row];
  }

  /** Are two rows of one position and database of one key? */
  haveSameKey(a: number, b: number): boolean {
    const { bytes, keyStarts, keyEnds } = this;
    let at = keyStarts[a];
    let other = keyStarts[b];
    const end = keyEnds[a];
    if (end - at !== keyEnds[b] - other) return false;
    if (end - at > LOOP_BYTES_MAX) return this.compareKeys(a, b) === 0;
    while (at < end && bytes[at] === bytes[other]) {
      at++;
      other++;
    }
    return at === end;
  }

  /** The order of the keys of two rows, as bytes. */
  compareKeys(a: number, b: number): number {
    const { bytes, keyStarts, keyEnds } = this;
    return bytes.compare(bytes, keyStarts[b], keyEnds[b], keyStarts[a], keyEnds[a]);
  }

  /** Makes `reader` look as it did when the row was added. */
  describe(row: number, reader: BatchReader): void {
    reader.bytes = this.bytes;
    reader.kind = this.kinds[row] as ChangeKind;
    reader.db = this.groups[row];
    reader.keyStart = this.keyStarts[row];
    reader.keyEnd = this.keyEnds[row];
    reader.stamp = this.stamps[row];
    reader.origin = this.origins[row];
    reader.replaces = this.replaces[row] === 1;
    reader.type = this.types[row] as CellType;
    reader.fieldStart = this.fieldStarts[row];
    reader.fieldEnd = this.fieldEnds[row];
    reader.valueStart = this.valueStarts[row];
    reader.valueEnd = this.valueEnds[row];
    reader.atMs = this.atMs[row];
  }

  private isPlain(reader: BatchReader): boolean {
    if (reader.origin !== this.origin) return false;
    if (reader.kind === ChangeKind.DELETE || reader.kind === ChangeKind.EXPIRY) return true;
    return (
      reader.kind === ChangeKind.VALUE &&
      reader.type === CellType.STRING &&
      reader.fieldStart === reader.fieldEnd &&
      reader.atMs === 0
    );
  }

  private grow(): void {
    this.groups = doubled(this.groups, Uint32Array);
    this.highs = doubled(this.highs, Uint32Array);
    this.lows = doubled(this.lows, Uint32Array);
    this.stamps = doubled(this.stamps, Float64Array);
    this.atMs = doubled(this.atMs, Float64Array);
    this.keyStarts = doubled(this.keyStarts, Uint32Array);
    this.keyEnds = doubled(this.keyEnds, Uint32Array);
    this.valueStarts = doubled(this.valueStarts, Uint32Array);
    this.valueEnds = doubled(this.valueEnds, Uint32Array);
    this.fieldStarts = doubled(this.fieldStarts, Uint32Array);
    this.fieldEnds = doubled(this.fieldEnds, Uint32Array);
    this.kinds = doubled(this.kinds, Uint8Array);
    this.replaces = doubled(this.replaces, Uint8Array);
    this.plain = doubled(this.plain, Uint8Array);
    this.origins = doubled(this.origins, Uint16Array);
    this.types = doubled(this.types, Uint8Array);
  }
}

interface Column {
  readonly length: number;
  set(values: this): void;
}

function doubled<T extends Column>(column: T, Type: new (length: number) => T): T {
  const larger = new Type(column.length * 2);
  larger.set(column);
  return larger;
}
