/**
 * Which siblings of a versioned string have been superseded: for each origin, all that it wrote up to a stamp.
 *
 *     cells of a versioned string, by field:
 *         (empty)                   seen: value = (origin:varint stamp:varint)*, by origin
 *         stamp:u64 origin:u16      a sibling; big-endian. The two are its dot, and the pair of the cell
 *
 *  1. A dot is the pair of the write: no two writes share one, and those of one origin rise.
 *  2. Who writes sends all siblings that live along with what it has seen. So whoever knows a dot knows what else its origin had written before, or that it was superseded: one
 *     stamp an origin says it all.
 *  3. A seen cell is younger than all dots that it names.
 */

import { CorruptionError } from '../base/errors.js';
import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../base/varint.js';
import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell } from './entry.js';
import { CellType, WHOLE } from './entry.js';
import type { Pair } from './pair.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs } from './pair.js';

const DOT_BYTES = 10;
const TWO_32 = 2 ** 32;
const input = new VarintReader();

/** The highest stamp of each origin: a version vector. */
export class VersionVector {
  private readonly stamps = new Map<number, number>();

  get isEmpty(): boolean {
    return this.stamps.size === 0;
  }

  /** Covers what `origin` has written up to `stamp`. */
  add({ stamp, origin }: Pair): void {
    if (stamp > (this.stamps.get(origin) ?? 0)) this.stamps.set(origin, stamp);
  }

  addAll(other: VersionVector): void {
    for (const pair of other.pairs()) this.add(pair);
  }

  covers({ stamp, origin }: Pair): boolean {
    return stamp <= (this.stamps.get(origin) ?? -1);
  }

  coversAll(other: VersionVector): boolean {
    return other.pairs().every((pair) => this.covers(pair));
  }

  /** By origin. */
  pairs(): Pair[] {
    return [...this.stamps].map(([origin, stamp]) => ({ stamp, origin })).sort((a, b) => a.origin - b.origin);
  }

  /** Without what is not above `floor`. */
  above(floor: Pair): VersionVector {
    const rest = new VersionVector();
    for (const pair of this.pairs()) if (comparePairs(pair, floor) > 0) rest.add(pair);
    return rest;
  }

  /** The one form of it in bytes. */
  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.stamps.size * 2 * VARINT_BYTES_MAX);
    let end = 0;
    for (const { stamp, origin } of this.pairs()) end = writeVarint(bytes, writeVarint(bytes, end, origin), stamp);
    return Buffer.from(bytes.subarray(0, end));
  }

  /** Adds what was encoded as `bytes[start, end)`. Throws CorruptionError. */
  addEncoded(bytes: Uint8Array, start: number, end: number): void {
    input.failed = false;
    input.buffer = bytes;
    input.offset = start;
    input.end = end;
    while (input.offset < end) {
      const origin = input.read();
      const stamp = input.read();
      if (input.failed || origin > ORIGIN_MAX || stamp > Number.MAX_SAFE_INTEGER) {
        throw new CorruptionError('seen', input.offset - start, 'no version vector: written by a newer ringkv?');
      }
      this.add({ stamp, origin });
    }
  }
}

/** What any number of seen cells come to. */
export class Seen {
  /** The highest of the cells; zero if there were none. */
  pair: Pair = PAIR_ZERO;
  private readonly vector = new VersionVector();

  add(value: Buffer | undefined, pair: Pair): void {
    if (value !== undefined) this.vector.addEncoded(value, 0, value.length);
    this.notePair(pair);
  }

  /** Adds the cell that `reader` stands on. */
  addCell({ kind, bytes, valueStart, valueEnd, stamp, origin }: BatchReader): void {
    if (kind === ChangeKind.VALUE) this.vector.addEncoded(bytes, valueStart, valueEnd);
    this.notePair({ stamp, origin });
  }

  /** Whether the sibling with that dot is dead. */
  covers(dot: Pair): boolean {
    return this.vector.covers(dot);
  }

  /** The cell that says so, without what is dead anyway; `undefined` if nothing is left. */
  cell(deletedUpTo: Pair): Cell | undefined {
    return comparePairs(this.pair, deletedUpTo) <= 0 ? undefined : seenCell(this.vector.above(deletedUpTo), this.pair);
  }

  private notePair(pair: Pair): void {
    if (comparePairs(pair, this.pair) > 0) this.pair = pair;
  }
}

export function isSeenCell({ type, field }: Pick<Cell, 'type' | 'field'>): boolean {
  return type === CellType.VERSIONED && field.length === 0;
}

export function seenCell(vector: VersionVector, pair: Pair): Cell {
  return { type: CellType.VERSIONED, field: WHOLE, value: vector.encode(), pair, expiresAtMs: 0 };
}

export function siblingCell(value: Buffer, dot: Pair): Cell {
  const field = Buffer.allocUnsafe(DOT_BYTES);
  field.writeUInt32BE(Math.floor(dot.stamp / TWO_32), 0);
  field.writeUInt32BE(dot.stamp % TWO_32, 4);
  field.writeUInt16BE(dot.origin, 8);
  return { type: CellType.VERSIONED, field, value, pair: dot, expiresAtMs: 0 };
}
