import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';

/** Who has closed slots, or made durable what there is of them. */
export interface Witness {
  /** Of the process. */
  readonly incarnation: number;
  /** How often it has handed on a hint that it was sent. */
  readonly handedOn: number;
}

/** What is known of a member. */
interface Answers {
  closedBy: Witness | undefined;
  sealedBy: Witness | undefined;
  /** The slots in which it had something else than this node, when both were compared; undefined: they were not. */
  differing: ReadonlySet<number> | undefined;
}

/** Decides which slots are settled up to a stamp (closer.ts): of those that are to be, where all the other replicas have the same as this node, and have it for good. */
export class Closing {
  /** It begins and ends in this one. */
  readonly ring: Ring;
  readonly stamp: number;
  /** Of each slot, the other replicas. */
  private readonly slots: ReadonlyMap<number, readonly MemberId[]>;
  private readonly answers = new Map<MemberId, Answers>();
  private readonly stirred: ReadonlySet<number>;

  /**
   * All members of the ring take part, replicas of these slots or not, but for those who were away for too long. `stirred`: slots of which this node was told something up to the stamp since they are closed: it may not have
   * had it when it was compared with the first replica, and have had it when it was with the next.
   */
  constructor(
    ring: Ring,
    stamp: number,
    slots: ReadonlyMap<number, readonly MemberId[]>,
    stirred: ReadonlySet<number>,
  ) {
    this.ring = ring;
    this.stamp = stamp;
    this.slots = slots;
    this.stirred = stirred;
    for (const { id } of ring.members.filter((member) => !ring.absent.has(member.id))) {
      this.answers.set(id, { closedBy: undefined, sealedBy: undefined, differing: undefined });
    }
  }

  get members(): readonly MemberId[] {
    return [...this.answers.keys()];
  }

  /** The others that hold any of the slots. */
  get replicas(): readonly MemberId[] {
    return [...new Set([...this.slots.values()].flat())];
  }

  /** Nothing up to the stamp is under way from there any more, nor kept there for anybody. */
  closed(member: MemberId, by: Witness): void {
    const answers = this.answers.get(member);
    if (answers !== undefined) answers.closedBy = by;
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

  /** All that a member had when it was compared is durable. REQUIRES: it is closed. */
  sealed(member: MemberId, by: Witness): void {
    const answers = this.answers.get(member);
    if (answers !== undefined) answers.sealedBy = by;
  }

  /**
   * Whether all members have stayed as they were from when all had closed. A process that was started anew meanwhile may have lost what it had. And a hint that was handed on may have been
   * with one that was still to close, and then with one that had closed: so nobody would have said that it is kept.
   */
  private get isStill(): boolean {
    return [...this.answers.values()].every(
      ({ closedBy, sealedBy }) =>
        closedBy !== undefined &&
        closedBy.incarnation === sealedBy?.incarnation &&
        closedBy.handedOn === sealedBy.handedOn,
    );
  }

  /** The slots of which all replicas have the same: they are worth being made durable. */
  get same(): readonly number[] {
    return this.isClosed ? this.slotsWhere((slot, { differing }) => differing?.has(slot) === false) : [];
  }

  /** The slots that are settled. */
  get settled(): readonly number[] {
    return this.isStill ? this.same : [];
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
