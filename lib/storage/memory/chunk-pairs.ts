import type { Slab } from './slab.js';

/** In place of a chunk's index: the whole value that the chunks lie over. */
export const WHOLE_PAIR = -1;

const ENTRY_DOUBLES = 4;

/** Bytes that the pairs of so many parts take behind a value. */
export function pairsBytes(count: number): number {
  return 8 * (1 + ENTRY_DOUBLES * count);
}

/**
 * The pairs of the parts of a string in chunks, and their lengths in bytes. The record's value is the string as a whole; the pairs stand behind it, at the end of the
 * record's room, where nobody who reads the value sees them.
 *
 *     ... (index : f64  stamp : f64  origin : f64  length : f64){count}  count : f64         sorted by index, the last one first
 */
export class ChunkPairs {
  private readonly slab: Slab;
  private doubles: Float64Array = new Float64Array(1);
  /** Index of the count; entry i begins at `end - ENTRY_DOUBLES * (i + 1)`. */
  private end = 0;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  /** Turns to the record at `ref`. */
  open(ref: number): void {
    const { slab } = this;
    this.doubles = slab.doubles(ref);
    this.end = Math.floor((slab.offset(ref) + slab.capacity(ref)) / 8) - 1;
  }

  get count(): number {
    return this.doubles[this.end];
  }

  /** There are none yet. */
  clear(): void {
    this.doubles[this.end] = 0;
  }

  index(i: number): number {
    return this.doubles[this.at(i)];
  }

  stamp(i: number): number {
    return this.doubles[this.at(i) + 1];
  }

  origin(i: number): number {
    return this.doubles[this.at(i) + 2];
  }

  length(i: number): number {
    return this.doubles[this.at(i) + 3];
  }

  /** Where the pair of `index` stands, or ~i if it would stand at i. */
  find(index: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.index(middle);
      if (found === index) return middle;
      if (found < index) low = middle + 1;
      else high = middle - 1;
    }
    return ~low;
  }

  /** Sets the pair of `index`. REQUIRES: there is room for one more, if it has none. */
  set(index: number, stamp: number, origin: number, length: number): void {
    const { doubles, count } = this;
    let i = this.find(index);
    if (i < 0) {
      i = ~i;
      const first = this.at(count - 1);
      if (i < count) doubles.copyWithin(first - ENTRY_DOUBLES, first, this.at(i) + ENTRY_DOUBLES);
      doubles[this.end] = count + 1;
    }
    const at = this.at(i);
    doubles[at] = index;
    doubles[at + 1] = stamp;
    doubles[at + 2] = origin;
    doubles[at + 3] = length;
  }

  /** Takes over the pairs of the record at `from`. */
  copy(from: number): void {
    const { slab } = this;
    const source = slab.doubles(from);
    const end = Math.floor((slab.offset(from) + slab.capacity(from)) / 8) - 1;
    const length = ENTRY_DOUBLES * source[end];
    this.doubles.set(source.subarray(end - length, end + 1), this.end - length);
  }

  private at(i: number): number {
    return this.end - ENTRY_DOUBLES * (i + 1);
  }
}
