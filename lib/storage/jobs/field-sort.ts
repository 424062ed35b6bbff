/**
 * Sorts rows by their fields, as bytes: eight bytes at a time, behind those that all have in common, as two numbers and how many of the eight there are. That
 * is a radix sort (position-sort.ts), and tells most fields apart at once. Rows that are still alike are equal if their fields end there, or are
 * sorted by what follows. Rows of one field stay in the order in which they came.
 */

import type { Scratch } from '../../base/scratch.js';
import { radixSort } from './position-sort.js';

/** What is sorted: row `row` has the field `bytes[fieldStart(row), fieldEnd(row))`. */
export interface FieldRows {
  readonly bytes: Buffer;
  fieldStart(row: number): number;
  fieldEnd(row: number): number;
}

const WINDOW_BYTES = 8;
/** Fewer rows than these are sorted by comparing them. */
const INSERTION_ROWS_MAX = 24;
const COMPARED_ROWS_MAX = 256;
/** Beyond this many windows that are alike, rows are compared too. */
const DEPTH_MAX = 64;

/** Brings `rows` into the order of their fields. Uses `scratch` meanwhile. */
export function sortByField(list: FieldRows, rows: Uint32Array, scratch: Scratch): void {
  sortFrom(list, rows, 0, 0, scratch);
}

/** The order of the fields of two rows, of which the first `from` bytes are alike. */
export function compareFieldsFrom(list: FieldRows, a: number, b: number, from: number): number {
  const { bytes } = list;
  return bytes.compare(bytes, list.fieldStart(b) + from, list.fieldEnd(b), list.fieldStart(a) + from, list.fieldEnd(a));
}

/** Whether two rows are of one field. */
export function isSameField(list: FieldRows, a: number, b: number): boolean {
  const { bytes } = list;
  let at = list.fieldStart(a);
  let other = list.fieldStart(b);
  const end = list.fieldEnd(a);
  if (end - at !== list.fieldEnd(b) - other) return false;
  if (end - at > INSERTION_ROWS_MAX) return compareFieldsFrom(list, a, b, 0) === 0;
  while (at < end && bytes[at] === bytes[other]) {
    at++;
    other++;
  }
  return at === end;
}

function sortFrom(list: FieldRows, rows: Uint32Array, from: number, depth: number, scratch: Scratch): void {
  if (rows.length <= INSERTION_ROWS_MAX) insertionSort(list, rows, from);
  else if (rows.length <= COMPARED_ROWS_MAX || depth > DEPTH_MAX) {
    rows.sort((a, b) => compareFieldsFrom(list, a, b, from));
  } else sortWindows(list, rows, from + commonBytes(list, rows, from), depth, scratch);
}

/** How many bytes behind `from` are the same in all rows. */
function commonBytes(list: FieldRows, rows: Uint32Array, from: number): number {
  const { bytes } = list;
  const start = list.fieldStart(rows[0]) + from;
  let common = list.fieldEnd(rows[0]) - start;
  for (let i = 1; i < rows.length && common > 0; i++) {
    const other = list.fieldStart(rows[i]) + from;
    common = Math.min(common, list.fieldEnd(rows[i]) - other);
    let at = 0;
    while (at < common && bytes[start + at] === bytes[other + at]) at++;
    common = at;
  }
  return common;
}

/** Sorts by the eight bytes at `from`, and those that have the same by what follows. */
function sortWindows(list: FieldRows, rows: Uint32Array, from: number, depth: number, scratch: Scratch): void {
  const count = rows.length;
  const take = (name: string): Uint32Array =>
    // Deeper down there are fewer rows, and the arrays above are in use.
    depth === 0
      ? new Uint32Array(scratch.take(`field ${name}`, count * 4, count * 8), 0, count)
      : new Uint32Array(count);
  const highs = take('highs');
  const lows = take('lows');
  const lengths = take('lengths');
  const unsorted = take('rows');
  unsorted.set(rows);
  const { bytes } = list;
  for (let i = 0; i < count; i++) {
    const start = list.fieldStart(rows[i]) + from;
    const length = Math.min(WINDOW_BYTES, list.fieldEnd(rows[i]) - start);
    highs[i] = wordAt(bytes, start, length);
    lows[i] = wordAt(bytes, start + 4, length - 4);
    lengths[i] = length;
  }
  const order = radixSort([lengths, lows, highs], count, take('order'), take('order before'));
  for (let i = 0; i < count; i++) rows[i] = unsorted[order[i]];
  for (let start = 0, end: number; start < count; start = end) {
    const first = order[start];
    for (end = start + 1; end < count; end++) {
      const other = order[end];
      if (lows[other] !== lows[first] || highs[other] !== highs[first] || lengths[other] !== lengths[first]) break;
    }
    if (end - start === 1 || lengths[first] < WINDOW_BYTES) continue;
    const alike = rows.subarray(start, end);
    if (!areSame(list, alike)) sortFrom(list, alike, from + WINDOW_BYTES, depth + 1, scratch);
  }
}

/** Up to four bytes as a number, the first one the highest, zeros for those that are missing. */
function wordAt(bytes: Buffer, at: number, length: number): number {
  if (length >= 4) return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  let word = 0;
  for (let i = 0; i < length; i++) word |= bytes[at + i] << (24 - 8 * i);
  return word >>> 0;
}

function areSame(list: FieldRows, rows: Uint32Array): boolean {
  for (let i = 1; i < rows.length; i++) if (!isSameField(list, rows[0], rows[i])) return false;
  return true;
}

function insertionSort(list: FieldRows, rows: Uint32Array, from: number): void {
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i];
    let at = i;
    while (at > 0 && compareFieldsFrom(list, rows[at - 1], row, from) > 0) {
      rows[at] = rows[at - 1];
      at--;
    }
    rows[at] = row;
  }
}
