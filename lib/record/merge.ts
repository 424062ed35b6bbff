import type { Cell, Entry, Expiry } from './entry.js';
import { EMPTY_ENTRY, NO_EXPIRY } from './entry.js';
import type { Pair } from './pair.js';
import { comparePairs, maxPair } from './pair.js';

/**
 * The merge: two states of one key become the state that knows what both knew.
 *
 * Commutative, associative and idempotent, so replay, duplicates and reordering change nothing:
 *  - of two cells of one field, the higher pair wins;
 *  - deletedUpTo is the higher of both, and rises to the highest pair of any cell whose type lost: the
 *    type of the cell with the highest pair is the entry's;
 *  - of two expiries the one with the higher pair wins;
 *  - what is not above deletedUpTo is dead.
 * Time plays no part: that an entry has expired is judged by its reader (entry.ts, `isLive`).
 *
 * No two writes share a pair, so ties occur between copies of one write only. They are decided all the
 * same, by content, so that the laws hold for any input.
 */
export function merge(a: Entry, b: Entry): Entry {
  return mergeAll([a, b]);
}

/** The merge of any number of states, in one pass over their cells. */
export function mergeAll(entries: readonly Entry[]): Entry {
  let { deletedUpTo, expiry } = EMPTY_ENTRY;
  const cells = new Map<string, Cell>();
  for (const entry of entries) {
    deletedUpTo = maxPair(deletedUpTo, entry.deletedUpTo);
    if (compareExpiries(entry.expiry, expiry) > 0) expiry = entry.expiry;
    for (const [key, cell] of entry.cells) {
      const other = cells.get(key);
      if (other === undefined || compareCells(cell, other) > 0) cells.set(key, cell);
    }
  }
  return normalise(deletedUpTo, expiry, cells);
}

/** Brings the parts of an entry into normal form. Takes over `cells`. */
function normalise(deletedUpTo: Pair, expiry: Expiry, cells: Map<string, Cell>): Entry {
  let top: Cell | undefined;
  for (const cell of cells.values()) {
    if (top === undefined || (comparePairs(cell.pair, top.pair) || cell.type - top.type) > 0) top = cell;
  }
  let floor = deletedUpTo;
  for (const cell of cells.values()) if (cell.type !== top?.type) floor = maxPair(floor, cell.pair);
  for (const [key, cell] of cells) if (comparePairs(cell.pair, floor) <= 0) cells.delete(key);
  return { deletedUpTo: floor, expiry: comparePairs(expiry.pair, floor) > 0 ? expiry : NO_EXPIRY, cells };
}

function compareCells(a: Cell, b: Cell): number {
  return comparePairs(a.pair, b.pair) || compareValues(a.value, b.value) || a.expiresAtMs - b.expiresAtMs;
}

/** A tombstone is above every value. */
function compareValues(a: Buffer | undefined, b: Buffer | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return Buffer.compare(a, b);
}

function compareExpiries(a: Expiry, b: Expiry): number {
  return comparePairs(a.pair, b.pair) || a.atMs - b.atMs;
}
