/**
 * Sorts rows of columns by (group, position) with a radix sort: from the last digit to the first, each pass keeping the order of the ones
 * before (stable), so that rows of one position stay in the order in which they came. It moves row numbers only, compares nothing, and leaves out
 * digits that are the same in all rows: that of the group most of the time, half of the position where one hash tag holds everything.
 */

import type { Scratch } from '../../base/scratch.js';

const DIGIT_BITS = 11;
const DIGIT_COUNT = 2 ** DIGIT_BITS;
const DIGIT_MASK = DIGIT_COUNT - 1;
const WORD_SHIFTS = [0, DIGIT_BITS, 2 * DIGIT_BITS];

/** What is sorted by: one row an index. */
export interface SortColumns {
  readonly count: number;
  /** Sorted by first. */
  readonly groups: Uint32Array;
  /** The upper 21 bits of the position, and the lower 32. */
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
}

/** The numbers of the rows in order, in `scratch`. */
export function sortByPosition({ count, groups, highs, lows }: SortColumns, scratch: Scratch): Uint32Array {
  const take = (name: string): ArrayBuffer => scratch.take(name, count * 4, count * 8);
  const rows = new Uint32Array(take('order'), 0, count);
  return radixSort([lows, highs, groups], count, rows, new Uint32Array(take('order before'), 0, count));
}

/**
 * The numbers 0 .. count - 1 sorted by the last of `columns`, then by those before it: in one of the two arrays of that length, whose contents do not
 * matter.
 */
export function radixSort(
  columns: readonly Uint32Array[],
  count: number,
  first: Uint32Array,
  second: Uint32Array,
): Uint32Array {
  let rows = first;
  let spare = second;
  for (let row = 0; row < count; row++) rows[row] = row;
  for (const words of columns) {
    for (const shift of WORD_SHIFTS) {
      const starts = startsOfDigits(words, count, shift);
      if (starts === undefined) continue;
      scatter(words, shift, starts, rows, spare);
      [rows, spare] = [spare, rows];
    }
  }
  return rows;
}

/** Where the rows of each digit begin once they are sorted by it; `undefined` if all have the same. */
function startsOfDigits(words: Uint32Array, count: number, shift: number): Uint32Array | undefined {
  const starts = new Uint32Array(DIGIT_COUNT);
  for (let row = 0; row < count; row++) starts[(words[row] >>> shift) & DIGIT_MASK]++;
  if (count === 0 || starts[(words[0] >>> shift) & DIGIT_MASK] === count) return undefined;
  let start = 0;
  for (let digit = 0; digit < DIGIT_COUNT; digit++) {
    const length = starts[digit];
    starts[digit] = start;
    start += length;
  }
  return starts;
}

function scatter(words: Uint32Array, shift: number, next: Uint32Array, from: Uint32Array, to: Uint32Array): void {
  for (let at = 0; at < from.length; at++) {
    const row = from[at];
    to[next[(words[row] >>> shift) & DIGIT_MASK]++] = row;
  }
}
