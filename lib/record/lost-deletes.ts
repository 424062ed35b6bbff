import type { Cell, Entry } from './entry.js';
import { CellType, NO_EXPIRY, cellKey, holdsValue } from './entry.js';
import { ListId, removalsField } from './list-id.js';
import { ageOf } from './merge.js';
import type { Pair } from './pair.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs, maxPair } from './pair.js';
import { Removals, StampSet } from './removals.js';
import { VersionVector, dotOf, seenCell } from './seen.js';

const elementId = new ListId();
/** Of these types, a cell goes by a tombstone of its own. */
const WITH_TOMBSTONES: ReadonlySet<CellType> = new Set([CellType.HASH, CellType.SET, CellType.SORTED_SET]);

/**
 * What a copy of an entry has to be told that has lost deletes: whatever it has up to a stamp, and `others`, who have all there is up to there, do not have, was deleted.
 *
 * What was deleted with the whole entry is older than all that lives of it, so it can be deleted so again; a field above that, by a tombstone with its own pair, an element of a list by
 * removals, and a sibling of a versioned string by what was seen, as young as it is; and that it expired, by
 * saying that it does not, just above.
 */
export function lostDeletes(mine: Entry, others: Entry, stamp: number): Entry {
  const oldest = oldestOf(others);
  const isOlder = (pair: Pair): boolean => oldest === undefined || comparePairs(pair, oldest) < 0;
  let deletedUpTo = PAIR_ZERO;
  const cells = new Map<string, Cell>();
  const removals = new Removals();
  const seen = new VersionVector();
  let seenPair = PAIR_ZERO;
  const add = (cell: Cell): unknown => cells.set(cellKey(cell.type, cell.field), cell);
  for (const [key, cell] of mine.cells) {
    if (!holdsValue(cell) || ageOf(cell).stamp > stamp || others.cells.has(key)) continue;
    if (isOlder(ageOf(cell))) deletedUpTo = maxPair(deletedUpTo, ageOf(cell));
    else if (WITH_TOMBSTONES.has(cell.type)) add({ ...cell, value: undefined, expiresAtMs: 0 });
    else if (cell.type === CellType.LIST) removeElement(removals, cell);
    else if (cell.type === CellType.VERSIONED) {
      seen.add(dotOf(cell.field, 0, cell.field.length));
      seenPair = maxPair(seenPair, cell.pair);
    }
  }
  removals.forEachCell(PAIR_ZERO, add);
  if (!seen.isEmpty) add(seenCell(seen, seenPair));
  const { pair } = mine.expiry;
  const isLost = pair.stamp <= stamp && comparePairs(others.expiry.pair, pair) < 0;
  if (!isLost) return { deletedUpTo, expiry: NO_EXPIRY, cells };
  if (isOlder(pair)) return { deletedUpTo: maxPair(deletedUpTo, pair), expiry: NO_EXPIRY, cells };
  return { deletedUpTo, expiry: { atMs: 0, pair: { ...pair, origin: ORIGIN_MAX } }, cells };
}

/** Adds what takes an element out. */
function removeElement(removals: Removals, cell: Cell): void {
  elementId.read(cell.field, 0, cell.field.length);
  const { side, origin, stamp } = elementId;
  const stamps = new StampSet();
  stamps.add(stamp, stamp);
  removals.add(removalsField(side, origin), stamps.encode(), ageOf(cell));
}

/** The age of the oldest part of an entry that lives. */
function oldestOf({ cells, expiry }: Entry): Pair | undefined {
  let oldest = comparePairs(expiry.pair, PAIR_ZERO) > 0 ? expiry.pair : undefined;
  for (const cell of cells.values()) {
    const age = ageOf(cell);
    if (holdsValue(cell) && (oldest === undefined || comparePairs(age, oldest) < 0)) oldest = age;
  }
  return oldest;
}
