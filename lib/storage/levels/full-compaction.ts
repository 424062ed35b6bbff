/**
 * COMPACT: everything that a database had when it was asked for gets to the bottom, in a sequence of compactions that are
 * each bounded in size (but for level 0, whose tables go all at once).
 *
 *   level 0   [=============]      1. all tables of level 0 together
 *   level 4   [==][===][===]       2. the first level with tables: some of them, with those that they overlap in the next level
 *   level 6   [=][==][=][==][=]    3. tables of the bottom that may have something dead
 */

import type { TableMeta } from '../sstable/table-meta.js';
import type { Compaction, CompactionState } from './compaction.js';
import { isBlocked, mergeOf } from './compaction.js';
import { dropDead } from './dead-tables.js';
import type { Level } from './level.js';
import { hullOf } from './level.js';
import type { LevelsConfig } from './level-targets.js';
import { compactLevelZero } from './level-zero.js';
import { BOTTOM_LEVEL } from './version-edit.js';
import type { Version } from './version.js';

/** What a COMPACT is about: the database as it was. */
export interface FullCompaction {
  readonly db: number;
  /** What was there has stamps up to this one, */
  readonly lastStamp: number;
  /** and its tables have lower ids. */
  readonly nextTableId: number;
}

/** A compaction has at most so many tables' bytes, unless a single table overlaps more. */
const JOB_TABLES = 32;

/** The next compaction of a COMPACT. Undefined: it is done, or what is left is in use by running jobs or quarantined. */
export function nextOfFullCompaction(
  version: Version,
  full: FullCompaction,
  config: LevelsConfig,
  state: CompactionState,
): Compaction | undefined {
  const { db } = full;
  const drop = dropDead(version, db, state);
  if (drop !== undefined) return drop;
  const isOld = ({ minStamp }: TableMeta): boolean => minStamp <= full.lastStamp;
  const levels = version.levels(db);
  if (levels[0].tables.some(isOld)) {
    const compaction = compactLevelZero(version, db, config, state, 'full');
    if (compaction !== undefined) return compaction;
  }
  for (const level of levels.slice(1, BOTTOM_LEVEL)) {
    for (const [index, table] of level.tables.entries()) {
      const compaction = isOld(table) ? sink(version, level, index, config, state) : undefined;
      if (compaction !== undefined) return compaction;
    }
  }
  return rewriteBottom(version, full, config, state);
}

/** Takes tables of the level from `first` on to the next level in which there is something in the way, or to the bottom. */
function sink(
  version: Version,
  level: Level,
  first: number,
  config: LevelsConfig,
  state: CompactionState,
): Compaction | undefined {
  const { db } = level.tables[first];
  let chosen: Compaction | undefined;
  for (let end = first + 1; end <= level.count; end++) {
    const upper = level.tables.slice(first, end);
    const outputLevel = nextInTheWay(version, level, upper);
    const lower = version.level(db, outputLevel).overlapping(hullOf(upper));
    const inputs = [...upper, ...lower];
    if (chosen !== undefined && bytesOf(inputs) > JOB_TABLES * config.tableBytes) break;
    if (inputs.some((table) => isBlocked(version, state, table))) break;
    const common = { db, reason: 'full', score: 0, outputLevel } as const;
    const losesNothing = !upper.some((table) => mayLose(table, state));
    const isMove = lower.length === 0 && losesNothing;
    chosen = isMove
      ? { ...common, kind: 'move', tables: upper }
      : mergeOf(version, state, { ...common, runs: [upper, lower] });
  }
  return chosen;
}

function nextInTheWay(version: Version, level: Level, tables: readonly TableMeta[]): number {
  const deeper = version.levels(tables[0].db).slice(level.number + 1);
  return deeper.find((each) => each.overlaps(hullOf(tables)))?.number ?? BOTTOM_LEVEL;
}

/** Tables of the bottom that have not been written again since, and that may lose something. */
function rewriteBottom(
  version: Version,
  full: FullCompaction,
  config: LevelsConfig,
  state: CompactionState,
): Compaction | undefined {
  const { db } = full;
  const { floor } = version.facts(db);
  const isWorthIt = (table: TableMeta): boolean =>
    table.id < full.nextTableId &&
    (mayLose(table, state) || table.minStamp <= floor || state.slots.deadPart(table) > 0) &&
    !isBlocked(version, state, table);
  const chosen: TableMeta[] = [];
  for (const table of version.level(db, BOTTOM_LEVEL).tables) {
    if (!isWorthIt(table) && chosen.length > 0) break;
    if (bytesOf(chosen) + table.fileBytes > JOB_TABLES * config.tableBytes && chosen.length > 0) break;
    if (isWorthIt(table)) chosen.push(table);
  }
  if (chosen.length === 0) return undefined;
  return mergeOf(version, state, { db, reason: 'full', score: 0, runs: [chosen], outputLevel: BOTTOM_LEVEL });
}

/** Whether a table may hold deletes that may go, or what has expired. */
function mayLose(table: TableMeta, { keepsExpired, mayLoseDeletes }: CompactionState): boolean {
  return mayLoseDeletes(table) || (!keepsExpired && table.expiringCount > 0);
}

function bytesOf(tables: readonly TableMeta[]): number {
  return tables.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
}
