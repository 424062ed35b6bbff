import type { Cell, Entry } from './entry.js';
import { CellType, NO_EXPIRY, cellKey, holdsValue } from './entry.js';
import { ageOf } from './merge.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO, comparePairs, maxPair } from './pair.js';

/** Of these types, a cell goes by a tombstone of its own. */
const WITH_TOMBSTONES: ReadonlySet<CellType> = new Set([CellType.HASH, CellType.SET, CellType.SORTED_SET]);

/**
 * What a copy of an entry has to be told that has lost deletes: whatever it has up to a stamp, and `others`, who have all there is up to there, do not have, was deleted.
 *
 * What was deleted with the whole entry is older than all that lives of it, so it can be deleted so again; a field above that, by a tombstone with its own pair. (Removals of a list, and
 * what was seen of a versioned string, nobody drops: `others` say them.)
 */
export function lostDeletes(mine: Entry, others: Entry, stamp: number): Entry {
  const oldest = oldestOf(others);
  const isOlder = (pair: Pair): boolean => oldest === undefined || comparePairs(pair, oldest) < 0;
  let deletedUpTo = PAIR_ZERO;
  const cells = new Map<string, Cell>();
  for (const [key, cell] of mine.cells) {
    if (!holdsValue(cell) || cell.pair.stamp > stamp || others.cells.has(key)) continue;
    if (isOlder(ageOf(cell))) deletedUpTo = maxPair(deletedUpTo, ageOf(cell));
    else if (WITH_TOMBSTONES.has(cell.type)) {
      cells.set(cellKey(cell.type, cell.field), { ...cell, value: undefined, expiresAtMs: 0 });
    }
  }
  const { pair } = mine.expiry;
  const isLost = pair.stamp <= stamp && comparePairs(others.expiry.pair, pair) < 0;
  if (isLost && isOlder(pair)) deletedUpTo = maxPair(deletedUpTo, pair);
  return { deletedUpTo, expiry: NO_EXPIRY, cells };
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
