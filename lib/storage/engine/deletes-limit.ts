import { SlotStamps } from '../../record/slot-stamps.js';
import type { CompactionJob, CompactionResult } from '../jobs/job.js';
import type { MergeCompaction } from '../levels/compaction.js';
import { inputsOf } from '../levels/compaction.js';
import { hullOf } from '../levels/level.js';
import type { VersionSet } from '../levels/version-set.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { SettledDeletes } from './settled-deletes.js';

export interface DeletesLimitOptions {
  readonly versions: Pick<VersionSet, 'current'>;
  /** Up to where all other nodes that have the data know what is dead; undefined: nobody else has it. */
  readonly deadUpTo: SlotStamps | undefined;
  /** Everything that is known now is stamped up to this. */
  readonly knownUpTo: () => number;
  /** What is stamped up to this is in tables. */
  readonly cleanUpTo: () => number;
}

/** What was allowed to go when a table was written, as far as it was in tables, and how often nothing went in a row: then it takes more and more until it is tried again. */
interface Attempt {
  readonly bound: number;
  readonly highest: number;
  readonly riseCount: number;
  readonly failures: number;
}

const FAILURES_MAX = 20;

/**
 * Which deletes compactions may drop, and which marks (record/marks.ts), for these are like them.
 *
 * Where other nodes have the data, what a delete hides may lie above it: it came late, and is in the log, or in a table that was flushed later. So only what is stamped up to
 * `cleanUpTo` goes, and where nothing that old lies in any table beside the inputs; nor anything that was known when it
 * was settled (settled-deletes.ts). While a table is damaged, nothing goes: nobody knows what is in it.
 *
 * A record in memory that the disk is to complete may have come late, too, and hold what a delete on disk alone hides. The disk has all of the record by then, so that is not looked at any
 * more (`gone`).
 */
export class DeletesLimit {
  /** Up to where deletes of each slot may have gone. Everything in memory up to there was on disk before. */
  readonly gone = new SlotStamps();
  private readonly options: DeletesLimitOptions;
  private readonly settled: SettledDeletes | undefined;
  private readonly attempts = new WeakMap<TableMeta, Attempt>();

  constructor(options: DeletesLimitOptions) {
    const { deadUpTo } = options;
    this.options = options;
    this.settled = deadUpTo && new SettledDeletes({ ...options, deadUpTo });
  }

  /** More may have been settled just now. */
  onDeadRisen(): void {
    this.settled?.note();
  }

  /** Whether compacting a table may drop deletes in it. */
  readonly mayLose = (table: TableMeta): boolean => {
    if (table.emptyCount === 0 && (table.markBytes === 0 || this.options.deadUpTo === undefined)) return false;
    return this.options.deadUpTo === undefined || this.highest >= table.minStamp;
  };

  /** The same, and it is worth trying. */
  readonly isWorthwhile = (table: TableMeta): boolean => {
    const attempt = this.attempts.get(table);
    if (!this.mayLose(table) || attempt === undefined) return this.mayLose(table);
    const hasCaughtUp = attempt.highest < attempt.bound && this.highest >= attempt.bound;
    return hasCaughtUp || this.riseCount >= attempt.riseCount + 2 ** attempt.failures;
  };

  /** What a compaction that is about to begin may drop, and where. */
  rulesFor({ db, deeper, ...what }: MergeCompaction): Pick<CompactionJob, 'deadUpTo' | 'deeper'> {
    const { versions } = this.options;
    const { highest, settled } = this;
    if (settled === undefined) return { deadUpTo: undefined, deeper };
    const knownUpTo = settled.current?.knownUpTo ?? 0;
    if (highest === 0) return { deadUpTo: new Float64Array(0), deeper };
    const inputs = new Set(inputsOf({ db, deeper, ...what }));
    const hull = hullOf([...inputs]);
    const keeping = versions.current
      .levels(db)
      .flatMap((level) => level.overlapping(hull))
      .filter((table) => !inputs.has(table) && table.minStamp <= Math.max(highest, knownUpTo));
    const ranges = keeping.flatMap(({ smallest, largest }) => [smallest, largest]);
    const runs = settled.runs(highest);
    this.gone.raiseRuns(runs);
    return { deadUpTo: runs, deeper: Float64Array.from([...deeper, ...ranges]) };
  }

  /** A job begins: the returned function is called with what it has made. */
  begin(
    inputs: readonly TableMeta[],
  ): (result: Pick<CompactionResult, 'tables' | 'emptyDropped' | 'marksDropped'>) => void {
    const { highest, riseCount } = this;
    const bound = this.options.deadUpTo?.highest ?? 0;
    return ({ tables, emptyDropped, marksDropped }) => {
      if (this.options.deadUpTo === undefined) return;
      const failures = Math.max(...inputs.map((table) => this.attempts.get(table)?.failures ?? -1)) + 1;
      const isVain = emptyDropped + marksDropped === 0;
      const attempt = { bound, highest, riseCount, failures: isVain ? Math.min(failures, FAILURES_MAX) : 0 };
      for (const table of tables) this.attempts.set(table, attempt);
    };
  }

  private get riseCount(): number {
    return this.settled?.current?.riseCount ?? 0;
  }

  private get highest(): number {
    const { versions, cleanUpTo } = this.options;
    const settled = this.settled?.current;
    if (settled === undefined || versions.current.quarantined.size > 0) return 0;
    return Math.max(0, Math.min(settled.deadUpTo.highest, cleanUpTo()));
  }
}
