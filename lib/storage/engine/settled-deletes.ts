import { SlotStamps } from '../../record/slot-stamps.js';

export interface SettledDeletesOptions {
  /** Up to where all other nodes that have the data know what is dead. */
  readonly deadUpTo: SlotStamps;
  /** Everything that is known now is stamped up to this. */
  readonly knownUpTo: () => number;
  /** What is stamped up to this is in tables. */
  readonly cleanUpTo: () => number;
}

/** What was settled at one time. */
export interface Settled {
  readonly deadUpTo: SlotStamps;
  /** Everything that was known then is stamped up to this. */
  readonly knownUpTo: number;
  /** That of the stamps. */
  readonly riseCount: number;
}

/**
 * What was settled when all that was known by then has come to tables.
 *
 * A delete may hide what is stamped above it: an element of a list that somebody changed (LSET) who had not heard of the delete is as old as it was (record/merge.ts). When the delete is
 * settled, all such changes are here, for nobody makes one any more; but they are above what is settled. So it counts when they are in tables, too.
 */
export class SettledDeletes {
  private readonly options: SettledDeletesOptions;
  private stored: Settled | undefined;
  private next: Settled | undefined;

  constructor(options: SettledDeletesOptions) {
    this.options = options;
  }

  /** More may have been settled just now. */
  note(): void {
    const { deadUpTo, knownUpTo } = this.options;
    const { riseCount, highest } = deadUpTo;
    if (this.next !== undefined || highest === 0 || this.stored?.riseCount === riseCount) return;
    this.next = { deadUpTo: SlotStamps.ofRuns(deadUpTo.runs()), knownUpTo: knownUpTo(), riseCount };
  }

  /** Undefined: there is nothing of that yet. */
  get current(): Settled | undefined {
    this.note();
    if (this.next !== undefined && this.options.cleanUpTo() >= this.next.knownUpTo) {
      this.stored = this.next;
      this.next = undefined;
    }
    return this.stored;
  }

  /** The stamps of what is current, none higher than `limit`, but for slots that are not settled any more: they were given up meanwhile. */
  runs(limit: number): Float64Array {
    const { current } = this;
    if (current === undefined) return new Float64Array(0);
    const stamps = SlotStamps.ofRuns(current.deadUpTo.runs(limit));
    stamps.retain((slot) => this.options.deadUpTo.of(slot) >= stamps.of(slot));
    return stamps.runs();
  }
}
