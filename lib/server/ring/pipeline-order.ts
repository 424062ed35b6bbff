/** A request of a pipeline, as far as its order matters. */
export interface Step {
  readonly slot: number;
  /** Needed if consensus decides about it. */
  readonly key: Buffer;
  /** Who runs it. */
  readonly member: number;
  /** Whether its outcome is decided by consensus. */
  readonly isDecided: boolean;
}

/**
 * Which requests of a pipeline may begin before those in front of them have ended. Either all of them run at one other member, which keeps their order; or consensus
 * decides about each. These happen in any order, unless they have the same key. But keys of one slot have an order, as in Redis Cluster, where they are at one node: with
 * two of them the second one waits; and so it does with one key that is decided about at two members. Whatever consensus does not decide about begins when all before it is answered, so it finds what they have done.
 */
export class PipelineOrder {
  /** Who runs all so far; undefined: several do, or this node. */
  private member: number | undefined;
  /** The first one of each slot, if consensus decides about all so far. */
  private bySlot: Map<number, Step> | undefined;

  /** `first` has begun, and all before it is answered. */
  constructor(self: number, first: Step) {
    this.member = first.member === self ? undefined : first.member;
    this.bySlot = first.isDecided ? new Map([[first.slot, first]]) : undefined;
  }

  /** Whether the next request may begin, too: it does then. */
  admits(step: Step): boolean {
    const { bySlot } = this;
    const isInOrder = step.member === this.member;
    const before = bySlot?.get(step.slot);
    const isFree = step.isDecided && bySlot !== undefined && (before === undefined || isOneQueue(before, step));
    if (!isInOrder && !isFree) return false;
    if (!isInOrder) this.member = undefined;
    if (isFree) bySlot.set(step.slot, step);
    else this.bySlot = undefined;
    return true;
  }
}

/** Whether both wait in one queue: that of a key, where it is decided about. */
function isOneQueue(a: Step, b: Step): boolean {
  return a.member === b.member && a.key.equals(b.key);
}
