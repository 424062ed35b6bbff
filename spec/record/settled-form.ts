/** What counts of entries when all is settled up to a stamp: the dumb twin of what digests leave out. */

import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, holdsValue } from '../../lib/record/entry.js';
import { isElementField } from '../../lib/record/list-id.js';
import { withoutMarks } from '../../lib/record/marks.js';
import { aboveStamp, comparePairs, pairBefore } from '../../lib/record/pair.js';
import { StampSet } from '../../lib/record/removals.js';
import { VersionVector, isSeenCell } from '../../lib/record/seen.js';

/** What there is to be read of it. */
export function liveOf({ expiry, cells }: Entry): unknown {
  const live = [...cells].filter(([, cell]) => holdsValue(cell));
  return {
    expiry: expiry.atMs === 0 ? undefined : expiry,
    cells: live
      .map(([cellName, { pair, value }]) => JSON.stringify([cellName, pair, value?.toString('latin1')]))
      .sort(),
  };
}

/** What of an entry makes a difference when all is settled up to a stamp. */
export function settledForm(entry: Entry, stamp: number): Entry {
  const { deletedUpTo, expiry, cells } = withoutMarks(entry, stamp);
  const [first] = cells.values();
  const isString = cells.size === 1 && first.type === CellType.STRING && first.field.length === 0;
  const isImplied = isString && comparePairs(pairBefore(first.pair), deletedUpTo) === 0;
  const kept = [...cells].map(([cellName, cell]): [string, Cell] => {
    if (cell.value === undefined) return [cellName, cell];
    if (isSeenCell(cell)) return [cellName, { ...cell, value: dotsAbove(cell.value, stamp) }];
    const isRemovals = cell.type === CellType.LIST && !isElementField(cell.field);
    return [cellName, isRemovals ? { ...cell, value: intervalsAbove(cell.value, stamp) } : cell];
  });
  return { deletedUpTo: isImplied ? deletedUpTo : aboveStamp(deletedUpTo, stamp), expiry, cells: new Map(kept) };
}

/** The intervals of removals above a stamp, number by number where that is inside of one. */
function intervalsAbove(value: Buffer, stamp: number): Buffer {
  const all = new StampSet();
  const above = new StampSet();
  all.addEncoded(value, 0, value.length);
  all.forEach((first, last) => {
    if (last > stamp) above.add(Math.max(first, stamp + 1), last);
  });
  return above.encode();
}

/** The dots of what was seen above a stamp. */
function dotsAbove(value: Buffer, stamp: number): Buffer {
  const all = new VersionVector();
  const above = new VersionVector();
  all.addEncoded(value, 0, value.length);
  for (const dot of all.dots()) if (dot.stamp > stamp) above.add(dot);
  return above.encode();
}
