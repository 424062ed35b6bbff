/** What a compaction does, as data: chosen by compaction-picker.ts and full-compaction.ts, carried out elsewhere. */

import { stampMs } from '../../base/stamp.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { hullOf } from './level.js';
import type { SlotFloors } from './slot-floors.js';
import type { VersionEdit } from './version-edit.js';
import type { Version } from './version.js';

/**
 * Why: level 0 has many tables; a level is too large; many deletes; everything has expired; everything was emptied (FLUSHDB); slots were given up; COMPACT.
 */
export type CompactionReason = 'level 0' | 'size' | 'deletes' | 'expired' | 'flushed' | 'given up' | 'full';

/** The round of a level goes on behind this position. */
export interface Cursor {
  readonly db: number;
  readonly level: number;
  readonly position: number;
}

interface Common {
  readonly db: number;
  readonly reason: CompactionReason;
  /** How urgent it is: 1 or more, or 0 if there is nothing to gain but space. */
  readonly score: number;
}

/** Tables are merged into new ones. */
export interface MergeCompaction extends Common {
  readonly kind: 'merge';
  /** Newest first. The tables of a run rise and do not overlap. */
  readonly runs: readonly (readonly TableMeta[])[];
  readonly outputLevel: number;
  /**
   * First and last position, in pairs: there, what is dead must stay. They are those of the tables that are older than the
   * inputs; and of the neighbours of the upper inputs, down to the output level: these are newer than what is taken from there.
   */
  readonly deeper: Float64Array;
  /**
   * What expires up to this Unix millisecond may be dropped elsewhere. Whatever is newer than the inputs there was written
   * later: so there is no PERSIST or EXPIRE of it that came in time.
   */
  readonly expireUpToMs: number;
  readonly cursor?: Cursor;
}

/** Tables get to a deeper level as they are. */
export interface MoveCompaction extends Common {
  readonly kind: 'move';
  readonly tables: readonly TableMeta[];
  readonly outputLevel: number;
  readonly cursor?: Cursor;
}

/** Tables go: everything in them is dead, and nothing older comes to light. */
export interface DropCompaction extends Common {
  readonly kind: 'drop';
  readonly tables: readonly TableMeta[];
}

export type Compaction = MergeCompaction | MoveCompaction | DropCompaction;

/** What the choice depends on besides the version. */
export interface CompactionState {
  /** Ids of the tables that running jobs read. */
  readonly busy: ReadonlySet<number>;
  readonly nowMs: number;
  /** What is in no table yet has stamps of this Unix millisecond or later; Infinity if everything is in tables. */
  readonly unflushedSinceMs: number;
  /** By `cursorKey`: positions. */
  readonly cursors: ReadonlyMap<number, number>;
  /** Is there nothing else to do, so that space may be won back? */
  readonly isIdle: boolean;
  /** What has expired stays, for other nodes have it, too. */
  readonly keepsExpired: boolean;
  /** Whether compacting a table may drop deletes in it (engine/deletes-limit.ts). */
  readonly mayLoseDeletes: (table: TableMeta) => boolean;
  readonly slots: GivenUp;
}

/** What is dead in tables because its slots were given up. */
export interface GivenUp {
  readonly floors: SlotFloors;
  /** About how much of a table, 0 to 1. */
  deadPart(table: TableMeta): number;
}

/**
 * Stamps may be ahead of the clock by which expiry is judged: within one turn of the loop that stands still, and each write
 * has a stamp of its own.
 */
const STAMP_LEAD_MS = 10_000;

export function cursorKey(db: number, level: number): number {
  return db * 8 + level;
}

export function inputsOf(compaction: Compaction): readonly TableMeta[] {
  return compaction.kind === 'merge' ? compaction.runs.flat() : compaction.tables;
}

/** The edit of a compaction that is done; `outputs` are the tables that a merge has made. */
export function editOf(compaction: Compaction, outputs: readonly TableMeta[] = []): VersionEdit {
  const removed = inputsOf(compaction).map(({ id }) => id);
  if (compaction.kind === 'drop') return { removed };
  const tables = compaction.kind === 'move' ? compaction.tables : outputs;
  return { removed, added: tables.map((table) => ({ level: compaction.outputLevel, table })) };
}

/** May the table not be an input: because it is one already, or because it is damaged? */
export function isBlocked(version: Version, { busy }: CompactionState, { id }: TableMeta): boolean {
  return busy.has(id) || version.quarantined.has(id);
}

/** Says what a merge of `runs` must know of the rest. REQUIRES: there is a table in `runs`. */
export function mergeOf(
  version: Version,
  state: CompactionState,
  what: Common & Pick<MergeCompaction, 'runs' | 'outputLevel' | 'cursor'>,
): MergeCompaction {
  const runs = what.runs.filter((run) => run.length > 0);
  const inputs = new Set(runs.flat());
  const hull = hullOf([...inputs]);
  const upperLevel = version.placeOf(runs[0][0].id)?.level ?? 0;
  const keeping = version.deeperOverlaps(what.db, what.outputLevel, hull);
  let expireUpToMs = settledMs(state);
  for (const above of version.levels(what.db).slice(0, what.outputLevel)) {
    const newer = above.overlapping(hull).filter((table) => !inputs.has(table));
    if (above.number >= Math.max(1, upperLevel)) keeping.push(...newer);
    else for (const table of newer) expireUpToMs = Math.min(expireUpToMs, writtenSinceMs(table));
  }
  const deeper = Float64Array.from(keeping.flatMap(({ smallest, largest }) => [smallest, largest]));
  return { ...what, kind: 'merge', runs, deeper, expireUpToMs };
}

/** What has expired by this Unix millisecond had done so before anything was written that is in no table yet. */
export function settledMs({ nowMs, unflushedSinceMs }: CompactionState): number {
  return Math.min(nowMs, unflushedSinceMs - STAMP_LEAD_MS);
}

/** By the clock of expiry, everything in the table was written at this Unix millisecond or later. */
export function writtenSinceMs({ minStamp }: TableMeta): number {
  return stampMs(minStamp) - STAMP_LEAD_MS;
}
