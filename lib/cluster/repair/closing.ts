import type { MemberId } from '../ring/member.js';

/** What is known of one of the others. */
interface Answers {
  /** Of the process that has closed the slots, and of the one that has made durable what it had. */
  closedBy: number | undefined;
  sealedBy: number | undefined;
  /** The slots in which it had something else than this node, when both were compared; undefined: they were not. */
  differing: ReadonlySet<number> | undefined;
}

/** Decides which slots are settled up to a stamp (closer.ts): of those that are to be, where all the other replicas have the same as this node, and have it for good. */
export class Closing {
  readonly stamp: number;
  /** Of each slot, the other replicas. */
  private readonly slots: ReadonlyMap<number, readonly MemberId[]>;
  private readonly answers = new Map<MemberId, Answers>();
  private readonly stirred: ReadonlySet<number>;

  /**
   * `members`: all others of the ring, replicas of these slots or not. `stirred`: slots of which this node was told something up to the stamp since they are closed: it may not have
   * had it when it was compared with the first replica, and have had it when it was with the next.
   */
  constructor(
    stamp: number,
    slots: ReadonlyMap<number, readonly MemberId[]>,
    members: readonly MemberId[],
    stirred: ReadonlySet<number>,
  ) {
    this.stamp = stamp;
    this.slots = slots;
    this.stirred = stirred;
    for (const id of members) {
      this.answers.set(id, { closedBy: undefined, sealedBy: undefined, differing: undefined });
    }
  }

  /** The others that hold any of the slots. */
  get replicas(): readonly MemberId[] {
    return [...new Set([...this.slots.values()].flat())];
  }

  /** Nothing up to the stamp is under way from there any more, nor kept there for anybody; and nothing is taken. */
  closed(member: MemberId, incarnation: number): void {
    const answers = this.answers.get(member);
    if (answers !== undefined) answers.closedBy = incarnation;
  }

  /** Whether that is so of all members: what comes to light after it is not news of others. */
  get isClosed(): boolean {
    return [...this.answers.values()].every(({ closedBy }) => closedBy !== undefined);
  }

  /** What a replica has was compared with what this node has. REQUIRES: it is closed since before both were summed up. */
  compared(member: MemberId, differing: ReadonlySet<number>): void {
    const answers = this.answers.get(member);
    if (answers !== undefined) answers.differing = differing;
  }

  /** All that a replica had when it was compared is durable. */
  sealed(member: MemberId, incarnation: number): void {
    const answers = this.answers.get(member);
    if (answers !== undefined) answers.sealedBy = incarnation;
  }

  /** The slots of which all replicas have the same: they are worth being made durable. */
  get same(): readonly number[] {
    return this.isClosed ? this.slotsWhere((slot, { differing }) => differing?.has(slot) === false) : [];
  }

  /** The slots that are settled. */
  get settled(): readonly number[] {
    if (!this.isClosed) return [];
    return this.slotsWhere(
      (slot, { differing, closedBy, sealedBy }) =>
        // A process that was started anew meanwhile may have lost what it had.
        differing?.has(slot) === false && closedBy !== undefined && sealedBy === closedBy,
    );
  }

  private slotsWhere(holds: (slot: number, answers: Answers) => boolean): number[] {
    const isSo = (slot: number, id: MemberId): boolean => {
      const answers = this.answers.get(id);
      return answers !== undefined && holds(slot, answers);
    };
    const slots = [...this.slots].filter(([slot]) => !this.stirred.has(slot));
    return slots.filter(([slot, others]) => others.every((id) => isSo(slot, id))).map(([slot]) => slot);
  }
}
