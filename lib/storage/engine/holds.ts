/**
 * The reads that are under way, by what each of them can see: what was in the tables when it began. As long as one goes on, nothing else may
 * leave the memory: it would be neither here nor there.
 */
export interface Hold {
  /** What was in tables: everything in memory stamped up to this, */
  readonly stamp: number;
  /** and the log up to this segment. */
  readonly segment: number;
  count: number;
}

export class Holds {
  /** Oldest first; stamps and segments rise. */
  private readonly holds: Hold[] = [];
  private waiters: (() => void)[] = [];

  /** A read begins that sees everything up to `stamp`, and up to `segment`. REQUIRES: neither ever falls. */
  add(stamp: number, segment = 0): Hold {
    const newest = this.holds.at(-1);
    if (newest?.stamp === stamp && newest.segment === segment) {
      newest.count++;
      return newest;
    }
    const hold = { stamp, segment, count: 1 };
    this.holds.push(hold);
    return hold;
  }

  remove(hold: Hold): void {
    const { oldest } = this;
    hold.count--;
    while (this.holds.length > 0 && this.holds[0].count === 0) this.holds.shift();
    if (this.oldest !== oldest) for (const wake of this.waiters.splice(0)) wake();
  }

  /** Resolves when the oldest read has ended, and all that see no more than it. REQUIRES: one is under way. */
  whenOldestEnds(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** What the oldest read can see; Infinity if none is under way. */
  get oldestStamp(): number {
    return this.oldest?.stamp ?? Infinity;
  }

  get oldestSegment(): number {
    return this.oldest?.segment ?? Infinity;
  }

  private get oldest(): Hold | undefined {
    return this.holds[0];
  }
}
