/**
 * The reads that are under way, by what each of them can see: everything in memory stamped up to a stamp is in the tables that it
 * began with. As long as one goes on, nothing newer may leave the memory: it would be neither here nor there.
 */
export interface Hold {
  readonly stamp: number;
  count: number;
}

export class Holds {
  /** Oldest first; the stamps rise. */
  private readonly holds: Hold[] = [];
  private waiters: (() => void)[] = [];

  /** A read begins that sees everything up to `stamp`. REQUIRES: stamps never fall. */
  add(stamp: number): Hold {
    const newest = this.holds.at(-1);
    if (newest?.stamp === stamp) {
      newest.count++;
      return newest;
    }
    const hold = { stamp, count: 1 };
    this.holds.push(hold);
    return hold;
  }

  remove(hold: Hold): void {
    const before = this.oldestStamp;
    hold.count--;
    while (this.holds.length > 0 && this.holds[0].count === 0) this.holds.shift();
    if (this.oldestStamp > before) for (const wake of this.waiters.splice(0)) wake();
  }

  /** Resolves when the oldest read has ended, and all that see no more than it. REQUIRES: one is under way. */
  whenOldestEnds(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** What the oldest read can see; Infinity if none is under way. */
  get oldestStamp(): number {
    return this.holds.length === 0 ? Infinity : this.holds[0].stamp;
  }
}
