import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';
import type { Ring } from '../ring/ring.js';
import { FILLED_PARTS } from './transfer-messages.js';

/** What a member has said of itself. */
export interface FillState {
  readonly isFilled: boolean;
  /** Whether the keys that consensus decides about, and that it knows of, were decided anew by both sets of replicas. */
  readonly isRewritten: boolean;
  /** How much it has of what it takes over, of FILLED_PARTS. */
  readonly parts: number;
  /** Whether it has no clients any more. */
  readonly isRetired: boolean;
}

/** How far a change of the ring is, from what members say who act by the ring that has it: pure. When it may end: topology/ring-change.ts. */
export class ChangeProgress {
  private readonly ring: Ring;
  private readonly receivers: ReadonlySet<MemberId>;
  private readonly states = new Map<MemberId, FillState>();

  /** `moves`: all that this change moves. */
  constructor(ring: Ring, moves: readonly Move[]) {
    this.ring = ring;
    this.receivers = new Set(moves.map(({ to }) => to));
  }

  /** A member acts by this ring, and says so. */
  note(member: MemberId, state: FillState): void {
    this.states.set(member, state);
  }

  /** What a member takes over, and has of it, 0 to 1; undefined if that is nothing. */
  progressOf(member: MemberId): number | undefined {
    if (!this.receivers.has(member)) return undefined;
    return (this.states.get(member)?.parts ?? 0) / FILLED_PARTS;
  }

  /** Whether a member is to have something that it has not yet. */
  waitsFor(member: MemberId): boolean {
    return this.receivers.has(member) && this.states.get(member)?.isFilled !== true;
  }

  /**
   * Whether the next ring may be proposed: everybody is filled, and of the replicas of each slot that changes a majority refuses what is sent for an older ring, and has seen to it that
   * what it had accepted in consensus is with the new replicas.
   */
  get isComplete(): boolean {
    for (const receiver of this.receivers) if (this.waitsFor(receiver)) return false;
    return this.isFenced;
  }

  /** Whether a member has said that it has no clients any more. */
  isRetired(member: MemberId): boolean {
    return this.states.get(member)?.isRetired === true;
  }

  private get isFenced(): boolean {
    const { members, groups } = this.ring;
    return groups.every(({ current, next }) => {
      if (current === next) return true;
      const acting = current.filter((index) => this.states.get(members[index].id)?.isRewritten === true);
      return acting.length >= majorityOf(current.length);
    });
  }
}
