/**
 * How large the levels of a database should be. The bottom has most of the data; each level above it a tenth of the one
 * below, up to the first level in use, the base; the levels above the base are empty.
 *
 *   level     1    2    3    4 (base)    5         6 (bottom)
 *   target    0    0    0    250 MiB     2.5 GiB   25 GiB: what it has
 *
 * So what is superseded in deeper levels is at most about a ninth of the data, however large that is, and it needs no more
 * levels than it must. (RocksDB calls it dynamic level sizes:
 * https://rocksdb.org/blog/2015/07/23/dynamic-level.html)
 */

import type { Level } from './level.js';
import { BOTTOM_LEVEL } from './version-edit.js';

export interface LevelsConfig {
  /** Level 0 is compacted when it has so many tables. */
  readonly level0Tables: number;
  /** The base has roughly this size: between a quarter of it and `levelFanout` quarters. */
  readonly levelBaseBytes: number;
  /** So many times larger is each level than the one above it. */
  readonly levelFanout: number;
  /** What a table of level 1 and below has. */
  readonly tableBytes: number;
}

export const DEFAULT_LEVELS_CONFIG: LevelsConfig = {
  level0Tables: 4,
  levelBaseBytes: 256 * 2 ** 20,
  levelFanout: 10,
  tableBytes: 32 * 2 ** 20,
};

const BASE_PARTS = 4;

export interface LevelTargets {
  /** The first level that should have tables. */
  readonly base: number;
  /** By level: bytes. 0 above the base, Infinity for the bottom. */
  readonly bytes: readonly number[];
}

export function levelTargets(levels: readonly Level[], config: LevelsConfig): LevelTargets {
  const bytes = new Array<number>(levels.length).fill(0);
  bytes[BOTTOM_LEVEL] = Infinity;
  let target = levels.slice(1).reduce((largest, level) => Math.max(largest, level.bytes), 0);
  let base = BOTTOM_LEVEL;
  while (base > 1 && target / config.levelFanout >= config.levelBaseBytes / BASE_PARTS) {
    target /= config.levelFanout;
    base--;
    bytes[base] = target;
  }
  return { base, bytes };
}

/** How much too large a level below 0 is: 1 or more if it should become smaller. */
export function levelScore(level: Level, { base, bytes }: LevelTargets, config: LevelsConfig): number {
  if (level.bytes === 0) return 0;
  return level.number < base ? 1 + level.bytes / config.levelBaseBytes : level.bytes / bytes[level.number];
}
