import { assert } from '../../base/assert.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';

/** Nobody. */
export const NOBODY = -1;

/** The ring as one of its members sees it now: who holds a slot, and who of them can be reached. Members are named by their index in the ring. */
export class RingView {
  readonly ring: Ring;
  /** This node. */
  readonly self: number;
  private readonly up: boolean[];

  /** REQUIRES: `self` is a member. `isUp` says who can be reached; of this node, whether it serves as a replica. */
  constructor(ring: Ring, self: MemberId, isUp: (id: MemberId) => boolean) {
    const index = ring.indexOf(self);
    assert(index !== undefined, 'this node is a member of its ring');
    this.ring = ring;
    this.self = index;
    this.up = ring.members.map(({ id }) => isUp(id));
  }

  get memberCount(): number {
    return this.up.length;
  }

  /** The replicas that each slot has. */
  get replicaCount(): number {
    return this.ring.replicasPerSlot;
  }

  idOf(member: number): MemberId {
    return this.ring.members[member].id;
  }

  isUp(member: number): boolean {
    return this.up[member];
  }

  /** A member can be reached, or no longer; or this node serves. Whether that is news. */
  setUp(id: MemberId, isUp: boolean): boolean {
    const member = this.ring.indexOf(id);
    if (member === undefined || this.up[member] === isUp) return false;
    this.up[member] = isUp;
    return true;
  }

  /** Whether this node serves as a replica of a slot. */
  serves(slot: number): boolean {
    if (!this.up[this.self]) return false;
    const replicas = this.ring.replicas(slot);
    for (const member of replicas) if (member === this.self) return true;
    return false;
  }

  /** The first replica of a slot that can be reached: who acts for it. NOBODY if none can. */
  firstLive(slot: number): number {
    const replicas = this.ring.replicas(slot);
    for (const member of replicas) if (this.up[member]) return member;
    return NOBODY;
  }

  /** How many replicas of a slot can be reached. */
  liveCount(slot: number): number {
    let count = 0;
    const replicas = this.ring.replicas(slot);
    for (const member of replicas) if (this.up[member]) count++;
    return count;
  }

  /** The replicas of a slot that can be reached, but for this node. */
  othersOf(slot: number): MemberId[] {
    const others: MemberId[] = [];
    for (const member of this.ring.replicas(slot)) {
      if (member !== this.self && this.up[member]) others.push(this.idOf(member));
    }
    return others;
  }

  /** Members that can be reached, this node included if it serves. */
  live(): number[] {
    return this.up.flatMap((isUp, member) => (isUp ? [member] : []));
  }
}
