import type { Cell, Entry, Expiry } from './entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, cellKey } from './entry.js';
import { ListId, creationPairOf, isElementField } from './list-id.js';
import type { Pair } from './pair.js';
import { comparePairs, maxPair } from './pair.js';
import { Removals } from './removals.js';
import { Seen, isSeenCell } from './seen.js';
import { dropOldChunks } from './string-chunks.js';

/**
 * The merge: two states of one key become the state that knows what both knew.
 *
 * Commutative, associative and idempotent, so replay, duplicates and reordering change nothing:
 *  - of two cells of one field, the higher pair wins;
 *  - deletedUpTo is the higher of both, and rises to the highest pair of any cell whose type lost: the
 *    type of the cell with the highest pair is the entry's;
 *  - of two expiries the one with the higher pair wins;
 *  - what is not above deletedUpTo is dead.
 *
 * A list's element is as old as its creation pair (list-id.ts), which LSET does not change: that one is compared with deletedUpTo, and counts for
 * the type. An element that is among the removals of its origin and side is dead; of two cells of removals the union lives, with the higher pair.
 *
 * Parts of a string that are not above its whole value are dead (string-chunks.ts). Siblings that were superseded are dead: of two seen cells the union lives,
 * with the higher pair (seen.ts).
 *
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
  let removals: Removals | undefined;
  let seen: Seen | undefined;
  const cells = new Map<string, Cell>();
  for (const entry of entries) {
    deletedUpTo = maxPair(deletedUpTo, entry.deletedUpTo);
    if (compareExpiries(entry.expiry, expiry) > 0) expiry = entry.expiry;
    for (const [key, cell] of entry.cells) {
      if (cell.type === CellType.LIST && !isElementField(cell.field)) {
        removals ??= new Removals();
        removals.add(cell.field, cell.value, cell.pair);
        continue;
      }
      if (isSeenCell(cell)) {
        seen ??= new Seen();
        seen.add(cell.value, cell.pair);
        continue;
      }
      const other = cells.get(key);
      if (other === undefined || compareCells(cell, other) > 0) cells.set(key, cell);
    }
  }
  const floor = applyTypes(deletedUpTo, cells, removals, seen);
  if (removals !== undefined) applyRemovals(cells, removals, floor);
  if (seen !== undefined) applySeen(cells, seen, floor);
  if (cells.size > 1) dropOldChunks(cells);
  return { deletedUpTo: floor, expiry: comparePairs(expiry.pair, floor) > 0 ? expiry : NO_EXPIRY, cells };
}

/** Takes out the cells that were deleted, or whose type has lost. Returns up to where all are dead. */
function applyTypes(
  deletedUpTo: Pair,
  cells: Map<string, Cell>,
  removals: Removals | undefined,
  seen: Seen | undefined,
): Pair {
  let topPair = removals?.highestPair;
  let topType: CellType = CellType.LIST;
  if (seen !== undefined && (topPair === undefined || comparePairs(seen.pair, topPair) >= 0)) {
    topPair = seen.pair;
    topType = CellType.VERSIONED;
  }
  for (const cell of cells.values()) {
    const pair = ageOf(cell);
    if (topPair !== undefined && (comparePairs(pair, topPair) || cell.type - topType) <= 0) continue;
    topPair = pair;
    topType = cell.type;
  }
  let floor = deletedUpTo;
  if (removals !== undefined && topType !== CellType.LIST) floor = maxPair(floor, removals.highestPair);
  if (seen !== undefined && topType !== CellType.VERSIONED) floor = maxPair(floor, seen.pair);
  for (const cell of cells.values()) if (cell.type !== topType) floor = maxPair(floor, ageOf(cell));
  for (const [key, cell] of cells) if (comparePairs(ageOf(cell), floor) <= 0) cells.delete(key);
  return floor;
}

/** The pair that decides whether a cell is dead. */
export function ageOf({ type, field, pair }: Cell): Pair {
  return type === CellType.LIST && isElementField(field) ? creationPairOf(field) : pair;
}

/** Takes out the elements that are gone, and adds the cells that say so. */
function applyRemovals(cells: Map<string, Cell>, removals: Removals, floor: Pair): void {
  const id = new ListId();
  for (const [key, { type, field }] of cells) {
    if (type !== CellType.LIST) continue;
    id.read(field, 0, field.length);
    if (removals.has(id)) cells.delete(key);
  }
  removals.forEachCell(floor, (cell) => cells.set(cellKey(cell.type, cell.field), cell));
}

/** The same for siblings that were superseded. */
function applySeen(cells: Map<string, Cell>, seen: Seen, floor: Pair): void {
  for (const [key, { type, field }] of cells) {
    if (type === CellType.VERSIONED && seen.covers(field, 0, field.length)) cells.delete(key);
  }
  const cell = seen.cell(floor);
  if (cell !== undefined) cells.set(cellKey(cell.type, cell.field), cell);
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
