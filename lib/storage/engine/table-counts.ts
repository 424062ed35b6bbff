import type { Version } from '../levels/version.js';
import type { HeldSlots } from './held-slots.js';

/** Keys that the tables of a database hold, and those of them that have an expiry. */
export interface TableCounts {
  readonly db: number;
  readonly keyCount: number;
  readonly expiringCount: number;
}

/** Counts the keys of a database without reading. Undefined unless all its tables are of one level and can be read, and nothing in them is of slots that were given up. */
export function countTables(version: Version, slots: Pick<HeldSlots, 'deadPart'>, db: number): TableCounts | undefined {
  const levels = version.levels(db).filter((level) => level.count > 0);
  if (levels.length > 1 || levels[0]?.number === 0) return undefined;
  const counts = { db, keyCount: 0, expiringCount: 0 };
  for (const table of version.tablesIn(db)) {
    if (version.quarantined.has(table.id) || slots.deadPart(table) > 0) return undefined;
    counts.keyCount += table.recordCount - table.emptyCount;
    counts.expiringCount += table.expiringCount;
  }
  return counts;
}
