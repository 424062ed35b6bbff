import type { ReplicaProgress } from './replica-progress.js';

/** Who is told how a tally ends. */
export interface TallyWaiter {
  /** Enough replicas have it. */
  settle(): void;
  /** They did not say so in time: nobody knows. */
  giveUp(tally: Tally): void;
}

/** What happened in one turn to the slots of one group: how many of their replicas have it, and who waits for `needed` of them. */
export class Tally {
  readonly group: number;
  readonly replicas: readonly ReplicaProgress[];
  readonly needed: number;
  readonly sinceMs: number;
  readonly waiters: TallyWaiter[] = [];
  /** The batch that it is in. Rises when something of it is sent again with new stamps. */
  sequence: number;

  constructor(group: number, replicas: readonly ReplicaProgress[], needed: number, sequence: number, sinceMs: number) {
    this.group = group;
    this.replicas = replicas;
    this.needed = needed;
    this.sequence = sequence;
    this.sinceMs = sinceMs;
  }

  /** How many replicas have it, or a hint for it that counts. */
  get count(): number {
    let count = 0;
    for (const replica of this.replicas) if (replica.counts(this.sequence)) count++;
    return count;
  }

  get isDone(): boolean {
    return this.count >= this.needed;
  }
}

/** The tallies that are open, oldest first. */
export class Tallies {
  private open: Tally[] = [];

  get count(): number {
    return this.open.length;
  }

  /** The tally for a group at its newest batch that wants `needed`, if it is open. */
  find(group: number, sequence: number, needed: number): Tally | undefined {
    for (let i = this.open.length - 1; i >= 0; i--) {
      const tally = this.open[i];
      if (tally.group === group && tally.sequence === sequence && tally.needed === needed) return tally;
    }
    return undefined;
  }

  /** Whether anybody waits for a batch to reach the replicas of a group. */
  isOpen(group: number, sequence: number): boolean {
    return this.open.some((tally) => tally.group === group && tally.sequence === sequence);
  }

  add(tally: Tally): void {
    this.open.push(tally);
  }

  /** Something of a batch was sent again in a later one, to the replicas of `group`. */
  move(group: number, from: number, to: number): void {
    for (const tally of this.open) if (tally.group === group && tally.sequence === from) tally.sequence = to;
  }

  /** Settles the tallies that have enough. Called when a replica has acknowledged something. */
  settle(): void {
    if (this.open.length === 0) return;
    this.close(
      (tally) => tally.isDone,
      (waiter) => {
        waiter.settle();
      },
    );
  }

  /** Gives up those that began before `beforeMs`. */
  expire(beforeMs: number): void {
    this.close(
      (tally) => tally.sinceMs < beforeMs,
      (waiter, tally) => {
        waiter.giveUp(tally);
      },
    );
  }

  private close(isOver: (tally: Tally) => boolean, tell: (waiter: TallyWaiter, tally: Tally) => void): void {
    const over: Tally[] = [];
    const { open } = this;
    let kept = 0;
    for (const tally of open) {
      if (isOver(tally)) over.push(tally);
      else open[kept++] = tally;
    }
    open.length = kept;
    for (const tally of over) for (const waiter of tally.waiters) tell(waiter, tally);
  }
}
