/**
 * How much writers are to be slowed down: 0 not at all, 1 as much as possible. What comes in faster than it is flushed and
 * compacted shows in three places; each has a soft limit, from which on it counts, and a hard one:
 *
 *                                          soft                  hard (1)
 *   tables in a database's level 0         2 x level0Tables      6 x level0Tables            8, 24
 *   bytes by which levels are too large    4 x levelBaseBytes    32 x levelBaseBytes         1 GiB, 8 GiB
 *   dirty bytes in memory                  half of the maximum   the maximum
 *
 * Between the two it rises with the square, so that the first delays are slight. The worst of the three counts. Tables
 * that quarantined ones keep from being compacted do not: no waiting would help.
 */

import type { Level } from './level.js';
import type { LevelsConfig } from './level-targets.js';
import { levelTargets } from './level-targets.js';
import { levelZeroInputs } from './level-zero.js';
import type { Version } from './version.js';

const LEVEL_ZERO = { soft: 2, hard: 6 } as const;
const DEBT = { soft: 4, hard: 32 } as const;
const DIRTY = { soft: 0.5, hard: 1 } as const;

export function writePressure(
  version: Version,
  config: LevelsConfig,
  dirtyBytes: number,
  dirtyBytesMax: number,
): number {
  let level0Tables = 0;
  let debtBytes = 0;
  for (const db of version.databasesWithTables()) {
    level0Tables = Math.max(level0Tables, levelZeroInputs(version, db, config)?.tables.length ?? 0);
    debtBytes += debtOf(version.levels(db), config);
  }
  return Math.max(
    rise(level0Tables / config.level0Tables, LEVEL_ZERO),
    rise(debtBytes / config.levelBaseBytes, DEBT),
    rise(dirtyBytes / dirtyBytesMax, DIRTY),
  );
}

/** The bytes by which the levels below 0 are larger than they should be. */
export function debtOf(levels: readonly Level[], config: LevelsConfig): number {
  const targets = levelTargets(levels, config);
  return levels.slice(1).reduce((sum, { number, bytes }) => sum + Math.max(0, bytes - targets.bytes[number]), 0);
}

function rise(value: number, { soft, hard }: { readonly soft: number; readonly hard: number }): number {
  const part = Math.min(1, Math.max(0, (value - soft) / (hard - soft)));
  return part * part;
}
