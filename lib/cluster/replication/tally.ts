import type { ReplicaProgress } from './replica-progress.js';

/** Who is told how a tally ends. */
export interface TallyWaiter {
  /** Enough replicas have it. */
  settle(): void;
  /** They did not say so in time: nobody knows. */
  giveUp(tally: Tally): void;
}

/** One set of replicas, of which so many must have what a batch says of one group. */
export interface Need {
  readonly group: number;
  readonly replicas: readonly ReplicaProgress[];
  readonly needed: number;
  /** The batch that it is in. */
  readonly sequence: number;
  /** It was overwritten, and is not in the batch itself: what is in that has tallies of its own. */
  readonly isOvertaken: boolean;
}

/** What happened in one turn to the slots of one group: whether all sets of its replicas have it that must, and who waits for that. */
export class Tally {
  readonly level: number;
  readonly sinceMs: number;
  readonly waiters: TallyWaiter[] = [];
  /** Whether somebody waits for it who has written it; else it was answered before, and is only waited for by who has read it. */
  isOfWriter = false;
  /** Of one group at one batch, at first; of more batches when something of that was sent again, with new stamps; of other groups and batches when the ring has changed. There is at least one. */
  needs: readonly Need[];
  /** Puts of it that replicas have refused, and that consensus decides about. */
  undecided = 0;

  constructor(needs: readonly Need[], level: number, sinceMs: number) {
    this.needs = needs;
    this.level = level;
    this.sinceMs = sinceMs;
  }

  /** How many replicas are to have it, of the set that lacks most; and how many of them have it, or a hint for it that counts. */
  get needed(): number {
    return this.weakest.needed;
  }

  get count(): number {
    return countOf(this.weakest);
  }

  get isDone(): boolean {
    return this.undecided === 0 && this.needs.every((need) => countOf(need) >= need.needed);
  }

  /** Whether it is of a group at a batch, and of nothing else. */
  isOf(group: number, sequence: number): boolean {
    return this.needs.every((need) => need.group === group && need.sequence === sequence && !need.isOvertaken);
  }

  /** Whether it waits for something of a group at a batch. */
  has(group: number, sequence: number): boolean {
    return this.needs.some((need) => isOf(need, group, sequence));
  }

  /** Whether what it waits for is in that itself. */
  isIn(group: number, sequence: number): boolean {
    return this.needs.some((need) => isOf(need, group, sequence) && !need.isOvertaken);
  }

  /** Something of a group at a batch is in a later one, too, or (`isOvertaken`) was overwritten by what is in that: waits for both. */
  follow(group: number, from: number, to: number, isOvertaken: boolean): void {
    const { needs } = this;
    const wasIn = this.isIn(group, from);
    if (!this.has(group, to)) {
      const moved = needs.filter((need) => isOf(need, group, from));
      this.needs = [...needs, ...moved.map((need) => ({ ...need, sequence: to, isOvertaken: isOvertaken || !wasIn }))];
    } else if (wasIn && !isOvertaken) {
      this.needs = needs.map((need) => (isOf(need, group, to) ? { ...need, isOvertaken } : need));
    }
  }

  private get weakest(): Need {
    const lack = (need: Need): number => need.needed - countOf(need);
    return this.needs.reduce((weakest, need) => (lack(need) > lack(weakest) ? need : weakest));
  }
}

function isOf(need: Need, group: number, sequence: number): boolean {
  return need.group === group && need.sequence === sequence;
}

function countOf({ replicas, sequence }: Need): number {
  let count = 0;
  for (const replica of replicas) if (replica.counts(sequence)) count++;
  return count;
}

/** The tallies that are open, oldest first. */
export class Tallies {
  private open: Tally[] = [];

  get count(): number {
    return this.open.length;
  }

  /** The tally for a group at its newest batch, of that level, if it is open. */
  find(group: number, sequence: number, level: number): Tally | undefined {
    for (let i = this.open.length - 1; i >= 0; i--) {
      const tally = this.open[i];
      if (tally.level === level && tally.isOf(group, sequence)) return tally;
    }
    return undefined;
  }

  /** Whether anybody who has written something of a batch waits for it to reach the replicas of a group. */
  isOpen(group: number, sequence: number): boolean {
    return this.open.some((tally) => tally.isOfWriter && tally.isIn(group, sequence));
  }

  /** Those that wait for that. */
  of(group: number, sequence: number): Tally[] {
    return this.open.filter((tally) => tally.has(group, sequence));
  }

  /** Those that wait for anything of a batch. */
  ofBatch(sequence: number): Tally[] {
    return this.open.filter(({ needs }) => needs.some((need) => need.sequence === sequence));
  }

  add(tally: Tally): void {
    this.open.push(tally);
  }

  /** Something of a batch is sent again in a later one, to the replicas of `group`; or (`isOvertaken`) was overwritten by what is in that. */
  follow(group: number, from: number, to: number, isOvertaken: boolean): void {
    for (const tally of this.open) tally.follow(group, from, to, isOvertaken);
  }

  /** Puts other needs in the place of each one for a batch. */
  replace(sequence: number, others: (need: Need, level: number) => readonly Need[]): void {
    for (const tally of this.ofBatch(sequence)) {
      tally.needs = tally.needs.flatMap((need) => {
        if (need.sequence !== sequence) return [need];
        return others(need, tally.level).map((other) => ({ ...other, isOvertaken: need.isOvertaken }));
      });
    }
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

  /** What these are for cannot be had by enough replicas any more. */
  fail(failed: readonly Tally[]): void {
    this.close(
      (tally) => failed.includes(tally),
      (waiter, tally) => {
        waiter.giveUp(tally);
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
