/**
 * The tables in which everything is dead: they may leave as a whole, without being read.
 *
 * 1. Emptied databases: every stamp in the table is at or below the floor.
 * 2. Slots that were given up: everything in the table lies below their floors, and so does whatever older tables have of them.
 * 3. Expired: the last thing in it has. But what has expired hides what older tables have of the same keys; and a newer table may have
 *    a PERSIST or EXPIRE that came in time, which would be left with nothing. So an expired table goes only together with every
 *    older table that it overlaps, and with every newer one that was not begun after its end; and these must not have records
 *    without a value (a PERSIST counts as one: the table would not be known to last).
 */

import type { TableMeta } from '../sstable/table-meta.js';
import type { CompactionState, DropCompaction } from './compaction.js';
import { isBlocked, settledMs, writtenSinceMs } from './compaction.js';
import type { Version } from './version.js';

/** The drop of all dead tables of a database; undefined if there are none. */
export function dropDead(version: Version, db: number, state: CompactionState): DropCompaction | undefined {
  const flushed = flushedTables(version, db, state);
  if (flushed.length > 0) return { kind: 'drop', db, reason: 'flushed', score: 0, tables: flushed };
  const givenUp = tablesGivenUp(version, db, state);
  if (givenUp.length > 0) return { kind: 'drop', db, reason: 'given up', score: 0, tables: givenUp };
  const expired = state.keepsExpired ? [] : expiredTables(version, db, state);
  return expired.length > 0 ? { kind: 'drop', db, reason: 'expired', score: 0, tables: expired } : undefined;
}

/** Quarantined ones too: whatever was in them is dead. */
function flushedTables(version: Version, db: number, { busy }: CompactionState): TableMeta[] {
  const { floor } = version.facts(db);
  if (floor === 0) return [];
  return version.tablesIn(db).filter(({ id, maxStamp }) => maxStamp <= floor && !busy.has(id));
}

function tablesGivenUp(version: Version, db: number, { busy, slots: { floors } }: CompactionState): TableMeta[] {
  if (floors.isEmpty) return [];
  return version.tablesIn(db).filter((table) => !busy.has(table.id) && floors.coverWhole(table));
}

function expiredTables(version: Version, db: number, state: CompactionState): TableMeta[] {
  const now = settledMs(state);
  const tables = version.tablesIn(db);
  const isExpired = (table: TableMeta): boolean =>
    table.expiresByMs > 0 && table.expiresByMs <= now && !isBlocked(version, state, table);
  const going = new Set(tables.filter(isExpired));
  // What another node has stamped may be older than its place says.
  if (going.size === 0 || tables.some(({ foreign }) => foreign)) return [];
  // Each table that stays may keep others: until nothing changes.
  for (let before = -1; before !== going.size;) {
    before = going.size;
    for (const table of going) if (mustStay(version, table, going)) going.delete(table);
  }
  return [...going];
}

function mustStay(version: Version, table: TableMeta, going: ReadonlySet<TableMeta>): boolean {
  let isOlder = false;
  for (const level of version.levels(table.db)) {
    for (const other of level.overlapping(table)) {
      if (other === table) isOlder = true;
      else if (isOlder ? !going.has(other) : mayProlong(other, table, going)) return true;
    }
  }
  return false;
}

/** May the newer table have made something in the other one last longer? */
function mayProlong(newer: TableMeta, { expiresByMs }: TableMeta, going: ReadonlySet<TableMeta>): boolean {
  return writtenSinceMs(newer) < expiresByMs && (newer.emptyCount > 0 || !going.has(newer));
}
