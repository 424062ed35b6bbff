/**
 * Which elements of a list are gone: no tombstone an element, but for each origin and side a set of creation stamps, in one cell.
 *
 *     value  = interval*
 *     interval = skipped:varint  more:varint        first = (last of the one before, or 0) + skipped; last = first + more
 *
 * Who takes an element out claims more than its stamp: all stamps from the one behind `prev` on, the last one that the same origin had used on
 * this side of the list before (each element says how far back that is). The chain proves that nothing else lies between. So
 * what has gone through a queue is one interval, however much it was.
 *
 * An interval's stamps are below the stamp of the cell's pair: one takes out what one has seen.
 */

import { CorruptionError } from '../base/errors.js';
import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../base/varint.js';
import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell } from './entry.js';
import { CellType } from './entry.js';
import { ANCHOR_BYTES, ListId, REMOVALS_FIELD_BYTES } from './list-id.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO, comparePairs, maxPair } from './pair.js';

const input = new VarintReader();
const elementId = new ListId();

/** A set of whole numbers as intervals. Additions are cheap, in any order; a question sorts them first. */
export class StampSet {
  /** First and last of each interval, alternating. */
  private bounds: number[] = [];
  /** Are they in order, and is there a gap between any two? */
  private isSettled = true;

  /** Adds the numbers `first` .. `last`. REQUIRES: 0 < first <= last. */
  add(first: number, last: number): void {
    const { bounds } = this;
    const end = bounds.length - 1;
    if (end > 0 && first >= bounds[end - 1] && first <= bounds[end] + 1) {
      if (last > bounds[end]) bounds[end] = last;
      return;
    }
    if (end > 0 && first < bounds[end]) this.isSettled = false;
    bounds.push(first, last);
  }

  /** Adds the set that was encoded as `bytes[start, end)`. Throws CorruptionError. */
  addEncoded(bytes: Uint8Array, start: number, end: number): void {
    input.failed = false;
    input.buffer = bytes;
    input.offset = start;
    input.end = end;
    let last = 0;
    while (input.offset < end) {
      const first = last + input.read();
      last = first + input.read();
      if (input.failed || first <= 0 || last > Number.MAX_SAFE_INTEGER) {
        throw new CorruptionError(
          'removals',
          input.offset - start,
          'not intervals of stamps: written by a newer ringkv?',
        );
      }
      this.add(first, last);
    }
  }

  has(stamp: number): boolean {
    this.settle();
    const { bounds } = this;
    // The first interval that ends at or behind the stamp.
    let low = 0;
    let high = bounds.length >>> 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[2 * middle + 1] < stamp) low = middle + 1;
      else high = middle;
    }
    return 2 * low < bounds.length && bounds[2 * low] <= stamp;
  }

  /** Calls `visit` with the first and the last number of each interval. */
  forEach(visit: (first: number, last: number) => void): void {
    this.settle();
    const { bounds } = this;
    for (let i = 0; i < bounds.length; i += 2) visit(bounds[i], bounds[i + 1]);
  }

  /** Forgets what is not above `upTo`. */
  prune(upTo: number): void {
    this.settle();
    const { bounds } = this;
    let from = 0;
    while (from < bounds.length && bounds[from + 1] <= upTo) from += 2;
    if (from > 0) bounds.splice(0, from);
    if (bounds.length > 0 && bounds[0] <= upTo) bounds[0] = upTo + 1;
  }

  get intervalCount(): number {
    this.settle();
    return this.bounds.length >>> 1;
  }

  /** The one form of the set in bytes. */
  encode(): Buffer {
    this.settle();
    const { bounds } = this;
    const bytes = Buffer.allocUnsafe(bounds.length * VARINT_BYTES_MAX);
    let end = 0;
    let last = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      end = writeInterval(bytes, end, bounds[i] - last, bounds[i + 1] - bounds[i]);
      last = bounds[i + 1];
    }
    return Buffer.from(bytes.subarray(0, end));
  }

  private settle(): void {
    if (this.isSettled) return;
    const { bounds } = this;
    const starts = Float64Array.from({ length: bounds.length >>> 1 }, (_, i) => i);
    starts.sort((a, b) => bounds[2 * a] - bounds[2 * b]);
    this.bounds = [];
    this.isSettled = true;
    for (const i of starts) this.add(bounds[2 * i], bounds[2 * i + 1]);
  }
}

/** Writes one interval behind another one that ended at `first - skipped`, or the first one. Returns the offset behind it. */
export function writeInterval(target: Uint8Array, at: number, skipped: number, more: number): number {
  return writeVarint(target, writeVarint(target, at, skipped), more);
}

interface RemovalsOfOrigin {
  readonly field: Buffer;
  readonly origin: number;
  readonly stamps: StampSet;
  pair: Pair;
}

const ORIGINS = 65536;
const PAIR_AND_LENGTH_BYTES = 14;
const NOTHING = Buffer.alloc(0);

/** All removals of a list: the union of any number of cells. */
export class Removals {
  /** By side and origin. */
  private readonly known = new Map<number, RemovalsOfOrigin>();

  /** Adds what a cell of removals says. Throws CorruptionError. */
  add(field: Buffer, value: Buffer | undefined, pair: Pair): void {
    const removals = this.of(field, 0, field.length, pair.stamp, pair.origin);
    if (value !== undefined) removals.stamps.addEncoded(value, 0, value.length);
  }

  /** Adds what the cell that `reader` stands on says. Throws CorruptionError. */
  addCell({ kind, bytes, fieldStart, fieldEnd, valueStart, valueEnd, stamp, origin }: BatchReader): void {
    const { stamps } = this.of(bytes, fieldStart, fieldEnd, stamp, origin);
    if (kind === ChangeKind.VALUE) stamps.addEncoded(bytes, valueStart, valueEnd);
  }

  /** Whether the element with that id is gone. */
  has(id: ListId): boolean {
    const removals = this.known.get(id.side * ORIGINS + id.origin);
    return removals?.stamps.has(id.stamp) === true;
  }

  /** Whether a cell is that of an element that is gone. */
  hasElement({ type, field }: Cell): boolean {
    if (this.isEmpty || type !== CellType.LIST || field.length < ANCHOR_BYTES) return false;
    elementId.read(field, 0, field.length);
    return this.has(elementId);
  }

  get isEmpty(): boolean {
    return this.known.size === 0;
  }

  /** Forgets cells with a pair up to a stamp. */
  forget(stamp: number): void {
    for (const [key, { pair }] of this.known) if (pair.stamp <= stamp) this.known.delete(key);
  }

  get highestPair(): Pair {
    let highest = PAIR_ZERO;
    for (const { pair } of this.known.values()) highest = maxPair(highest, pair);
    return highest;
  }

  /** All cells in one piece, for memory. */
  encodeAll(): Buffer {
    const parts: Buffer[] = [];
    this.forEachCell(PAIR_ZERO, ({ field, value = NOTHING, pair }) => {
      const head = Buffer.alloc(REMOVALS_FIELD_BYTES + PAIR_AND_LENGTH_BYTES);
      field.copy(head);
      let at = head.writeDoubleLE(pair.stamp, REMOVALS_FIELD_BYTES);
      at = head.writeUInt16LE(pair.origin, at);
      head.writeUInt32LE(value.length, at);
      parts.push(head, value);
    });
    return Buffer.concat(parts);
  }

  /** Adds what `encodeAll` has made. */
  addAll(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const field = Buffer.from(bytes.subarray(at, at + REMOVALS_FIELD_BYTES));
      at += REMOVALS_FIELD_BYTES;
      const pair = { stamp: bytes.readDoubleLE(at), origin: bytes.readUInt16LE(at + 8) };
      const length = bytes.readUInt32LE(at + 10);
      at += PAIR_AND_LENGTH_BYTES;
      this.add(field, bytes.subarray(at, at + length), pair);
      at += length;
    }
  }

  /** What is known of the origin and side of a field, from a cell with that pair too. */
  private of(bytes: Uint8Array, start: number, end: number, stamp: number, by: number): RemovalsOfOrigin {
    if (end - start !== REMOVALS_FIELD_BYTES || bytes[start] !== 0) {
      throw new CorruptionError('list', 0, `a field of ${end - start} bytes: written by a newer ringkv?`);
    }
    const origin = (bytes[start + 2] << 8) | bytes[start + 3];
    const key = bytes[start + 1] * ORIGINS + origin;
    let removals = this.known.get(key);
    if (removals === undefined) {
      const field = Buffer.from(bytes.subarray(start, end));
      removals = { field, origin, stamps: new StampSet(), pair: { stamp, origin: by } };
      this.known.set(key, removals);
    } else if ((stamp - removals.pair.stamp || by - removals.pair.origin) > 0) removals.pair = { stamp, origin: by };
    return removals;
  }

  /** Calls `visit` with the cells of what is above `deletedUpTo`, without the stamps that are dead anyway. */
  forEachCell(deletedUpTo: Pair, visit: (cell: Cell) => void): void {
    for (const { field, origin, stamps, pair } of this.known.values()) {
      if (comparePairs(pair, deletedUpTo) <= 0) continue;
      stamps.prune(origin <= deletedUpTo.origin ? deletedUpTo.stamp : deletedUpTo.stamp - 1);
      visit({ type: CellType.LIST, field, value: stamps.encode(), pair, expiresAtMs: 0 });
    }
  }
}
