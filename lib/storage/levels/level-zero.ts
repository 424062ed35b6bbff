/** The compaction of level 0: its tables, all at once, with what they overlap in the level that they go to. */

import type { TableMeta } from '../sstable/table-meta.js';
import type { CompactionReason, CompactionState, MergeCompaction } from './compaction.js';
import { isBlocked, mergeOf } from './compaction.js';
import { hullOf } from './level.js';
import type { LevelsConfig } from './level-targets.js';
import { levelTargets } from './level-targets.js';
import type { Version } from './version.js';

interface LevelZeroInputs {
  /** Newest first; at least one. */
  readonly tables: readonly TableMeta[];
  readonly outputLevel: number;
  readonly lower: readonly TableMeta[];
}

/**
 * What can be compacted as far as quarantined tables let it: nothing goes past them, for that would change which of two versions
 * of a key is the newer one.
 */
export function levelZeroInputs(version: Version, db: number, config: LevelsConfig): LevelZeroInputs | undefined {
  const isDamaged = ({ id }: TableMeta): boolean => version.quarantined.has(id);
  const levels = version.levels(db);
  const all = levels[0].tables;
  const tables = all.slice(all.findLastIndex(isDamaged) + 1);
  if (tables.length === 0) return undefined;
  const { base } = levelTargets(levels, config);
  const outputLevel = levels.find(({ number, count }) => number === base || (number > 0 && count > 0))?.number ?? base;
  const lower = levels[outputLevel].overlapping(hullOf(tables));
  return lower.some(isDamaged) ? undefined : { tables, outputLevel, lower };
}

/** Undefined if there is nothing, or if a running job or a quarantined table is in the way. */
export function compactLevelZero(
  version: Version,
  db: number,
  config: LevelsConfig,
  state: CompactionState,
  reason: CompactionReason,
): MergeCompaction | undefined {
  const inputs = levelZeroInputs(version, db, config);
  if (inputs === undefined) return undefined;
  const { tables, outputLevel, lower } = inputs;
  if ([...tables, ...lower].some((table) => isBlocked(version, state, table))) return undefined;
  const runs = [...tables.map((table) => [table]), lower];
  return mergeOf(version, state, { db, reason, score: tables.length / config.level0Tables, runs, outputLevel });
}
