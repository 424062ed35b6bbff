import type { Cell, Entry } from './entry.js';
import { NO_EXPIRY } from './entry.js';
import { PAIR_ZERO } from './pair.js';

/** What of an entry is stamped above `stamp`. */
export function entryAbove({ deletedUpTo, expiry, cells }: Entry, stamp: number): Entry {
  const above = new Map<string, Cell>();
  for (const [name, cell] of cells) if (cell.pair.stamp > stamp) above.set(name, cell);
  return {
    deletedUpTo: deletedUpTo.stamp > stamp ? deletedUpTo : PAIR_ZERO,
    expiry: expiry.pair.stamp > stamp ? expiry : NO_EXPIRY,
    cells: above,
  };
}
