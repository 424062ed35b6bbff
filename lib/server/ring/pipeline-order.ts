import { EMPTY } from '../../protocol/empty-buffer.js';

/** A request runs at this node when its turn has come; or consensus decides about it, from here. */
export const HERE = -2;
/** What has the slot begins when its turn has come, wherever that is. */
export const LATER = -3;

/** A request of a pipeline, as far as its order matters. */
export interface Step {
  /** Those of its keys. */
  readonly slots: readonly number[];
  /** Who runs what it asks of each of them: the index of a member that is asked over a session, or HERE, or LATER. */
  readonly members: readonly number[];
  /** Whether its outcome is decided by consensus: then it has one key. */
  readonly isDecided: boolean;
  /** Needed if it is. */
  readonly key: Buffer;
}

/** What consensus does not decide about. */
export const NOT_DECIDED: Pick<Step, 'key' | 'isDecided'> = { key: EMPTY, isDecided: false };

/** When a request of a pipeline begins: now; in its turn, while others behind it begin now; or in its turn, and before anything behind it. */
export const Start = { NOW: 0, IN_TURN: 1, ALONE: 2 } as const;
export type Start = (typeof Start)[keyof typeof Start];

/**
 * Which requests of a pipeline may begin before those in front of them have ended. Keys of one slot have an order, as in Redis Cluster, where they are at one node:
 *
 *  1. All of them may that run at one other member, which keeps their order.
 *  2. Of those that consensus does not decide about, each may, if all in front of it that have its slots run at the same members: over one session, or HERE, in their turns. What
 *     may not, and whatever is behind it in its slots, begins in its turn.
 *  3. Of those that consensus decides about, each may, if it has the slot alone, or one key of it is decided about at one member: there they wait in one queue.
 *  4. What its client has put before, and who runs it does not have yet, is waited for (own-writes.ts): such a request begins in its turn, or later.
 *  5. What consensus decides about, and what it does not, do not begin beside each other, unless by the first rule: so whoever holds a lock has written before it lets go of it.
 */
export class PipelineOrder {
  /** Who runs all so far; undefined: several do, or this node. */
  private sole: number | undefined;
  /** The last one of each slot, if consensus decides about all so far. */
  private decided: Map<number, Step> | undefined;
  /** Who runs what has a slot, if consensus decides about none so far. */
  private plain: Map<number, number> | undefined;

  /** `first` has begun, and all before it is answered. */
  constructor(first: Step) {
    this.sole = soleMemberOf(first);
    if (first.isDecided) this.decided = new Map();
    else this.plain = new Map();
    this.note(first);
  }

  /** Another member that runs all that has a slot so far; undefined if there is none. */
  memberFor(slot: number): number | undefined {
    const member = this.plain?.get(slot);
    return member === undefined || member < 0 ? undefined : member;
  }

  /** The next request has begun. */
  note(step: Step): void {
    const { slots, members, isDecided } = step;
    if (this.sole !== soleMemberOf(step)) this.sole = undefined;
    if (isDecided) this.plain = undefined;
    else this.decided = undefined;
    slots.forEach((slot, i) => {
      this.decided?.set(slot, step);
      this.plain?.set(slot, members[i]);
    });
  }

  /** When the next request may begin: it does then. `isHeldUp`: not now, whatever is in front of it. */
  admit(step: Step, isHeldUp = false): Start {
    const isInOrder = this.sole !== undefined && soleMemberOf(step) === this.sole;
    if (!isHeldUp && (isInOrder || (step.isDecided ? this.isFreeToDecide(step) : this.isFree(step)))) {
      this.note(step);
      return Start.NOW;
    }
    if (step.isDecided || this.plain === undefined) return Start.ALONE;
    this.sole = undefined;
    for (const slot of step.slots) this.plain.set(slot, LATER);
    return Start.IN_TURN;
  }

  private isFree({ slots, members }: Step): boolean {
    const { plain } = this;
    return plain !== undefined && slots.every((slot, i) => (plain.get(slot) ?? members[i]) === members[i]);
  }

  private isFreeToDecide(step: Step): boolean {
    const { decided } = this;
    const before = decided?.get(step.slots[0]);
    return decided !== undefined && (before === undefined || isOneQueue(before, step));
  }
}

/** The other member that runs all of a request; undefined if several do, or this node. */
function soleMemberOf({ members: [first, ...others] }: Step): number | undefined {
  return first >= 0 && others.every((member) => member === first) ? first : undefined;
}

/** Whether both wait in one queue: that of a key, where it is decided about. */
function isOneQueue(a: Step, b: Step): boolean {
  return a.members[0] === b.members[0] && a.key.equals(b.key);
}
