/**
 * Which siblings of a versioned string have been superseded: for each writer, all that it wrote up to a stamp.
 *
 *     cells of a versioned string, by field:
 *         (empty)                                    seen: value = (origin:varint incarnation:varint stamp:varint)*, in order
 *         stamp:u64 origin:u16 incarnation:u32       a sibling; big-endian. That is its dot; stamp and origin are the pair of the cell
 *
 *  1. No two writes share a dot, and the stamps of one writer rise.
 *  2. Who writes sends all siblings that live along with what it has seen. So whoever knows a dot knows what else its writer had written before, or that it was superseded: one
 *     stamp a writer says it all.
 *  3. Therefore a node is another writer after each start: it may have lost the end of its log, and with it siblings that others have. Incarnation 0 is a string that is not
 *     versioned.
 *  4. A seen cell is younger than all dots that it names.
 */

import { CorruptionError } from '../base/errors.js';
import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../base/varint.js';
import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell } from './entry.js';
import { CellType, WHOLE } from './entry.js';
import type { Pair } from './pair.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs } from './pair.js';

const DOT_BYTES = 14;
const TWO_32 = 2 ** 32;
const input = new VarintReader();

/** What names a write: its pair, and which start of its node it comes from. */
export interface Dot extends Pair {
  readonly incarnation: number;
}

/** The highest stamp of each writer: a version vector. */
export class VersionVector {
  /** By origin and incarnation, in one number. */
  private readonly stamps = new Map<number, number>();

  get isEmpty(): boolean {
    return this.stamps.size === 0;
  }

  /** Covers what the writer of a dot has written up to it. */
  add(dot: Dot): void {
    const writer = writerOf(dot);
    if (dot.stamp > (this.stamps.get(writer) ?? 0)) this.stamps.set(writer, dot.stamp);
  }

  addAll(other: VersionVector): void {
    for (const dot of other.dots()) this.add(dot);
  }

  covers(dot: Dot): boolean {
    return dot.stamp <= (this.stamps.get(writerOf(dot)) ?? -1);
  }

  coversAll(other: VersionVector): boolean {
    return other.dots().every((dot) => this.covers(dot));
  }

  /** The youngest of each writer, in the order of writers. */
  dots(): Dot[] {
    return [...this.stamps]
      .sort(([a], [b]) => a - b)
      .map(([writer, stamp]) => ({ stamp, origin: Math.floor(writer / TWO_32), incarnation: writer % TWO_32 }));
  }

  /** Without what is not above `floor`. */
  above(floor: Pair): VersionVector {
    const rest = new VersionVector();
    for (const dot of this.dots()) if (comparePairs(dot, floor) > 0) rest.add(dot);
    return rest;
  }

  /** The one form of it in bytes. */
  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.stamps.size * 3 * VARINT_BYTES_MAX);
    let end = 0;
    for (const { stamp, origin, incarnation } of this.dots()) {
      end = writeVarint(bytes, writeVarint(bytes, end, origin), incarnation);
      end = writeVarint(bytes, end, stamp);
    }
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
      const incarnation = input.read();
      const stamp = input.read();
      if (input.failed || origin > ORIGIN_MAX || incarnation >= TWO_32) {
        throw new CorruptionError('seen', input.offset - start, 'no version vector: written by a newer ringkv?');
      }
      this.add({ stamp, origin, incarnation });
    }
  }
}

function writerOf({ origin, incarnation }: Dot): number {
  return origin * TWO_32 + incarnation;
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

  /** Whether the sibling whose field is `bytes[start, end)` is dead. */
  covers(bytes: Buffer, start: number, end: number): boolean {
    return this.vector.covers(dotOf(bytes, start, end));
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

export function siblingCell(value: Buffer, { stamp, origin, incarnation }: Dot): Cell {
  const field = Buffer.allocUnsafe(DOT_BYTES);
  field.writeUInt32BE(Math.floor(stamp / TWO_32), 0);
  field.writeUInt32BE(stamp % TWO_32, 4);
  field.writeUInt16BE(origin, 8);
  field.writeUInt32BE(incarnation, 10);
  return { type: CellType.VERSIONED, field, value, pair: { stamp, origin }, expiresAtMs: 0 };
}

/** The dot of the sibling whose field is `bytes[start, end)`. Throws CorruptionError. */
export function dotOf(bytes: Buffer, start: number, end: number): Dot {
  if (end - start !== DOT_BYTES) {
    throw new CorruptionError('sibling', 0, `a field of ${end - start} bytes: written by a newer ringkv?`);
  }
  return {
    stamp: bytes.readUInt32BE(start) * TWO_32 + bytes.readUInt32BE(start + 4),
    origin: bytes.readUInt16BE(start + 8),
    incarnation: bytes.readUInt32BE(start + 10),
  };
}
