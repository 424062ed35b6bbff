import type { ChangeList } from './change-list.js';
import { sortByPosition } from './position-sort.js';

/** The rows of a list in the order of tables: by database, position and key, and within a key as they were logged. */
export function sortChanges(list: ChangeList): Uint32Array {
  const order = sortByPosition(list);
  for (let start = 0; start < order.length;) {
    const end = endOfPosition(list, order, start);
    if (!isOneKey(list, order, start, end)) sortByKey(list, order.subarray(start, end));
    start = end;
  }
  return order;
}

/** Where the rows end that are of one key with `order[start]`. REQUIRES: `order` is that of `sortChanges`. */
export function endOfKey(list: ChangeList, order: Uint32Array, start: number): number {
  let end = start + 1;
  while (
    end < order.length &&
    isSamePlace(list, order[start], order[end]) &&
    list.haveSameKey(order[start], order[end])
  )
    end++;
  return end;
}

function endOfPosition(list: ChangeList, order: Uint32Array, start: number): number {
  let end = start + 1;
  while (end < order.length && isSamePlace(list, order[start], order[end])) end++;
  return end;
}

function isSamePlace(list: ChangeList, a: number, b: number): boolean {
  return list.lows[a] === list.lows[b] && list.highs[a] === list.highs[b] && list.groups[a] === list.groups[b];
}

function isOneKey(list: ChangeList, order: Uint32Array, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) if (!list.haveSameKey(order[start], order[at])) return false;
  return true;
}

/** Two keys at one position are as rare as a collision of the hash: any sort will do. Rows rise in the order of the log. */
function sortByKey(list: ChangeList, rows: Uint32Array): void {
  rows.sort((a, b) => list.compareKeys(a, b) || a - b);
}
