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
 * two of them the second one waits. Whatever consensus does not decide about begins when all before it is answered, so it finds what they have done.
 */
export class PipelineOrder {
  /** Who runs all so far; undefined: several do, or this node. */
  private member: number | undefined;
  /** The key of each slot, if consensus decides about all so far. */
  private keys: Map<number, Buffer> | undefined;

  /** `first` has begun, and all before it is answered. */
  constructor(self: number, first: Step) {
    this.member = first.member === self ? undefined : first.member;
    this.keys = first.isDecided ? new Map([[first.slot, first.key]]) : undefined;
  }

  /** Whether the next request may begin, too: it does then. */
  admits({ slot, key, member, isDecided }: Step): boolean {
    const { keys } = this;
    const isInOrder = member === this.member;
    const before = keys?.get(slot);
    const isFree = isDecided && keys !== undefined && (before === undefined || before.equals(key));
    if (!isInOrder && !isFree) return false;
    if (!isInOrder) this.member = undefined;
    if (isFree) keys.set(slot, key);
    else this.keys = undefined;
    return true;
  }
}
