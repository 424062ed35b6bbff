import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';
import type { Ring } from '../ring/ring.js';
import { areEnough } from './fill-plan.js';
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
  /** Whether it has heard of all who matter that they are done. */
  readonly hasSeenAll: boolean;
}

/** What is to come from a member: in words, for the log. Who is `to join` is away; who acts by this epoch has had decided anew what it had accepted in consensus. */
export type Awaited =
  | 'to join'
  | 'to have what it takes over'
  | 'to give what others take over'
  | 'to act by this epoch'
  | 'to let its clients go';

/** How far a change of the ring is, from what members say who act by the ring that has it: pure. When it may end: topology/ring-change.ts. */
export class ChangeProgress {
  private readonly ring: Ring;
  private readonly moves: readonly Move[];
  private readonly receivers: ReadonlySet<MemberId>;
  private readonly states = new Map<MemberId, FillState>();

  /** `moves`: all that this change moves. */
  constructor(ring: Ring, moves: readonly Move[]) {
    this.ring = ring;
    this.moves = moves;
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

  /**
   * Whether this node has heard that everybody is filled, and that of the replicas of each slot that changes so many refuse what is sent for an older ring, and have seen to it that
   * what they had accepted in consensus is with the new replicas, that no majority is without one of them.
   */
  get hasSeenAll(): boolean {
    for (const receiver of this.receivers) if (!this.isFilled(receiver)) return false;
    return this.ring.groups.every(({ current, next }) => current === next || this.isFenced(current));
  }

  /**
   * Whether the next ring may be proposed: somebody has heard of all that they are done. What was done stays done: it is durable. So it counts, though who did it may be away by now, and who was
   * started since does not know.
   */
  get isComplete(): boolean {
    return this.hasSeenAll || [...this.states.values()].some(({ hasSeenAll }) => hasSeenAll);
  }

  /** From whom the change waits for what; empty: it may end. Of replicas of which some are enough, those that can be reached; all, if these are too few. */
  awaited(isUp: (member: MemberId) => boolean): Map<MemberId, Awaited> {
    const awaited = new Map<MemberId, Awaited>();
    const { members, groups } = this.ring;
    if (this.isComplete) {
      for (const { id, state } of members) {
        if (state === 'leaving' && isUp(id) && this.states.get(id)?.isRetired !== true)
          awaited.set(id, 'to let its clients go');
      }
      return awaited;
    }
    for (const { current, next } of groups) {
      if (current === next || this.isFenced(current)) continue;
      const holders = Array.from(current).filter((index) => !this.ring.isReturning(index));
      const ids = holders.map((index) => members[index].id);
      const able = ids.filter((id) => isUp(id) || this.acts(id));
      const asked = able.length < fenceOf(current.length) ? ids : able;
      for (const id of asked) if (!this.acts(id)) awaited.set(id, 'to act by this epoch');
    }
    for (const move of this.moves) {
      if (this.isFilled(move.to) || areEnough(move, isUp)) continue;
      for (const id of move.from) if (!isUp(id)) awaited.set(id, 'to give what others take over');
    }
    for (const receiver of this.receivers)
      if (!this.isFilled(receiver)) awaited.set(receiver, 'to have what it takes over');
    for (const { id, state } of members) if (state === 'joining' && !isUp(id)) awaited.set(id, 'to join');
    return awaited;
  }

  private isFilled(member: MemberId): boolean {
    return this.states.get(member)?.isFilled === true;
  }

  private acts(member: MemberId): boolean {
    return this.states.get(member)?.isRewritten === true;
  }

  /** Who returns has nothing of what it had accepted. */
  private isFenced(current: Uint16Array): boolean {
    const acting = current.filter((index) => !this.ring.isReturning(index) && this.acts(this.ring.members[index].id));
    return acting.length >= fenceOf(current.length);
  }
}

/** Of so many replicas, how many are in every majority: one of them, at least. */
function fenceOf(replicas: number): number {
  return replicas - majorityOf(replicas) + 1;
}
