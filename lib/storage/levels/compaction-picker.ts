/**
 * Chooses the next compaction.
 *
 * 1. What is dead as a whole is dropped first: that costs nothing.
 * 2. Then the level that is most too large: level 0 by its tables, the others by their bytes (level-targets.ts). Of level 0 all tables
 *    are compacted together; of another level one table, with those of the next level that it overlaps. A level gives up first the tables
 *    that are mostly deletes, then one after the other in the order of positions.
 * 3. With nothing to do, tables with many deletes, or in which everything has expired, or much is of slots that were given up, are compacted to win back space.
 *
 * A merge always takes everything of its output level between its first and its last position, and of level 0 everything that
 * is older than what it takes: so the outputs fit into the output level, and newer stays above older.
 */

import type { TableMeta } from '../sstable/table-meta.js';
import type { Compaction, CompactionReason, CompactionState, Cursor } from './compaction.js';
import { cursorKey, isBlocked, mergeOf } from './compaction.js';
import { dropDead } from './dead-tables.js';
import type { Level } from './level.js';
import { hullOf } from './level.js';
import type { LevelsConfig } from './level-targets.js';
import { levelScore, levelTargets } from './level-targets.js';
import { compactLevelZero } from './level-zero.js';
import { BOTTOM_LEVEL } from './version-edit.js';
import type { Version } from './version.js';

/** A table of a full level goes out of turn if this part of its records are deletes. */
const MANY_DELETES = 0.5;
/** With nothing else to do, a table is compacted for its deletes if they are this part of its records. */
const WORTHWHILE_DELETES = 0.2;
/** The same if about this part of a table is of slots that were given up. */
const WORTHWHILE_GIVEN_UP = 0.1;
/** No merge is widened beyond this many tables' bytes. */
const WIDE_TABLES = 32;

/** A level that is too large. */
interface Candidate {
  readonly db: number;
  readonly level: Level;
  readonly score: number;
}

export function pickCompaction(version: Version, config: LevelsConfig, state: CompactionState): Compaction | undefined {
  const databases = version.databasesWithTables();
  for (const db of databases) {
    const drop = dropDead(version, db, state);
    if (drop !== undefined) return drop;
  }
  const candidates = databases.flatMap((db) => tooLargeLevels(version, db, config));
  candidates.sort((a, b) => b.score - a.score);
  for (const candidate of candidates) {
    const compaction = compactLevel(version, candidate, config, state);
    if (compaction !== undefined) return compaction;
  }
  return state.isIdle ? pickForSpace(version, config, state) : undefined;
}

function tooLargeLevels(version: Version, db: number, config: LevelsConfig): Candidate[] {
  const levels = version.levels(db);
  const targets = levelTargets(levels, config);
  return levels.flatMap((level) => {
    const score = level.number === 0 ? level.count / config.level0Tables : levelScore(level, targets, config);
    return score >= 1 ? [{ db, level, score }] : [];
  });
}

function compactLevel(
  version: Version,
  { db, level, score }: Candidate,
  config: LevelsConfig,
  state: CompactionState,
): Compaction | undefined {
  if (level.number === 0) return compactLevelZero(version, db, config, state, 'level 0');
  for (const table of inTurn(level, state.cursors.get(cursorKey(db, level.number)) ?? -1, state)) {
    const compaction = compactTable(version, level, table, config, state, 'size', score);
    if (compaction !== undefined) return compaction;
  }
  return undefined;
}

/** The tables of a level: first those with many deletes, then those behind the cursor, then those before it. */
function inTurn({ tables }: Level, cursor: number, { mayLoseDeletes }: CompactionState): TableMeta[] {
  const hasMany = (table: TableMeta): boolean => deletesOf(table) >= MANY_DELETES && mayLoseDeletes(table);
  const urgent = tables.filter(hasMany).sort((a, b) => deletesOf(b) - deletesOf(a));
  const rest = tables.filter((table) => !hasMany(table));
  const isBehind = ({ smallest }: TableMeta): boolean => smallest > cursor;
  return [...urgent, ...rest.filter(isBehind), ...rest.filter((table) => !isBehind(table))];
}

/** How much of a table is deletes, by keys, or marks, by bytes. One of whose marks nobody knows comes behind those of which it is known that they are worth it: then it is known, too. */
function deletesOf({ emptyCount, recordCount, markBytes, fileBytes }: TableMeta): number {
  if (recordCount === 0) return 0;
  const marks = markBytes === undefined ? WORTHWHILE_DELETES : markBytes / fileBytes;
  return Math.min(1, Math.max(emptyCount / recordCount, marks));
}

/** A table of a level between 0 and the bottom goes to the next level; undefined if something is in the way. */
function compactTable(
  version: Version,
  level: Level,
  table: TableMeta,
  config: LevelsConfig,
  state: CompactionState,
  reason: CompactionReason,
  score: number,
): Compaction | undefined {
  const { db } = table;
  const outputLevel = level.number + 1;
  const lower = version.level(db, outputLevel).overlapping(table);
  if ([table, ...lower].some((each) => isBlocked(version, state, each))) return undefined;
  const cursor = (last: TableMeta): Cursor => ({ db, level: level.number, position: last.largest });
  if (lower.length === 0 && mustKeepDeletes(version, outputLevel, table, state)) {
    return { kind: 'move', db, reason, score, tables: [table], outputLevel, cursor: cursor(table) };
  }
  const upper = widen(version, level, [table], lower, config, state);
  const common = { db, reason, score, cursor: cursor(upper[upper.length - 1]) };
  return mergeOf(version, state, { ...common, runs: [upper, lower], outputLevel });
}

/** Would a merge to `level` leave the deletes of the table as they are? */
function mustKeepDeletes(version: Version, level: number, table: TableMeta, state: CompactionState): boolean {
  return !state.mayLoseDeletes(table) || version.deeperOverlaps(table.db, level, table).length > 0;
}

/** More tables of the upper level, if they cost no more of the lower one: so that less is written in all. */
function widen(
  version: Version,
  level: Level,
  upper: readonly TableMeta[],
  lower: readonly TableMeta[],
  config: LevelsConfig,
  state: CompactionState,
): readonly TableMeta[] {
  const wider = level.overlapping(hullOf([...upper, ...lower]));
  const widerLower = version.level(upper[0].db, level.number + 1).overlapping(hullOf([...wider, ...lower]));
  const bytes = [...wider, ...lower].reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  const isWorse = widerLower.length > lower.length || bytes > WIDE_TABLES * config.tableBytes;
  return isWorse || wider.some((table) => isBlocked(version, state, table)) ? upper : wider;
}

/** The compaction that gives back the most for what it costs. */
function pickForSpace(version: Version, config: LevelsConfig, state: CompactionState): Compaction | undefined {
  const deletedOf = (table: TableMeta): number => {
    if (hasExpired(table, state)) return 1;
    return state.mayLoseDeletes(table) ? deletesOf(table) : 0;
  };
  const candidates = Array.from(version.tables(), (table) => {
    const deleted = deletedOf(table);
    const givenUp = state.slots.deadPart(table);
    const isWorthwhile = deleted >= WORTHWHILE_DELETES || givenUp >= WORTHWHILE_GIVEN_UP;
    return { table, worth: isWorthwhile ? Math.max(deleted, givenUp) : 0 };
  }).filter(({ worth }) => worth > 0);
  candidates.sort((a, b) => b.worth - a.worth || a.table.id - b.table.id);
  for (const { table } of candidates) {
    const compaction = compactForSpace(version, table, config, state);
    if (compaction !== undefined) return compaction;
  }
  return undefined;
}

function hasExpired({ expiresByMs }: TableMeta, { nowMs, keepsExpired }: CompactionState): boolean {
  return !keepsExpired && expiresByMs > 0 && expiresByMs <= nowMs;
}

function compactForSpace(
  version: Version,
  table: TableMeta,
  config: LevelsConfig,
  state: CompactionState,
): Compaction | undefined {
  const { db } = table;
  const level = version.placeOf(table.id)?.level ?? BOTTOM_LEVEL;
  const isGivenUp = state.slots.deadPart(table) >= WORTHWHILE_GIVEN_UP;
  const reason = isGivenUp ? 'given up' : hasExpired(table, state) ? 'expired' : 'deletes';
  if (level === 0) return compactLevelZero(version, db, config, state, reason);
  if (!isGivenUp && version.deeperOverlaps(db, level, table).length > 0) {
    return compactTable(version, version.level(db, level), table, config, state, reason, 0);
  }
  // It is written again without what was given up; or, as nothing is deeper, without its deletes. One that cannot lose them is left alone.
  const hasOrder = state.keepsExpired || !version.tablesIn(db).some(({ foreign }) => foreign);
  const canLose = isGivenUp || (state.mayLoseDeletes(table) && hasOrder);
  if (!canLose || isBlocked(version, state, table)) return undefined;
  return mergeOf(version, state, { db, reason, score: 0, runs: [[table]], outputLevel: level });
}
