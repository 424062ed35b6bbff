import { assert } from '../../base/assert.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';
import { replicasNeeded } from './consistency.js';

/** Nobody. */
export const NOBODY = -1;

/** So many of these must be told, or have the same. */
export interface Quorum {
  readonly members: readonly MemberId[];
  /** At least 1. */
  readonly needed: number;
}

/** A set of replicas of which too few can be reached. */
export interface Shortage {
  readonly needed: number;
  readonly live: number;
}

/** The ring as one of its members sees it now: who holds a slot, and who of them can be reached. Members are named by their index in the ring. */
export class RingView {
  readonly ring: Ring;
  /** This node. */
  readonly self: number;
  private readonly up: boolean[];
  /** Those that leave, and run no requests any more while others can. */
  private readonly retiring: boolean[];
  /** What `quorumsOf` has found, by level and group. */
  private readonly quorums = new Map<number, Quorum[][]>();

  /** REQUIRES: `self` is a member. `isUp` says who can be reached; of this node, whether it serves as a replica. Who was away for too long is not up (topology/absence.ts). */
  constructor(ring: Ring, self: MemberId, isUp: (id: MemberId) => boolean) {
    const index = ring.indexOf(self);
    assert(index !== undefined, 'this node is a member of its ring');
    this.ring = ring;
    this.self = index;
    this.up = ring.members.map(({ id }) => isUp(id) && !ring.absent.has(id));
    this.retiring = ring.members.map(() => false);
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
    const isUsed = isUp && !this.ring.absent.has(id);
    if (member === undefined || this.up[member] === isUsed) return false;
    this.up[member] = isUsed;
    this.quorums.clear();
    return true;
  }

  /** A member retires: others run what it has run, as far as there are any. Whether that is news. */
  retire(id: MemberId): boolean {
    const member = this.ring.indexOf(id);
    if (member === undefined || this.retiring[member]) return false;
    this.retiring[member] = true;
    return true;
  }

  /** Whether this node serves as a replica of a slot, and runs requests for it. */
  serves(slot: number): boolean {
    const { self, up, retiring } = this;
    if (!up[self]) return false;
    if (retiring[self]) return this.firstLive(slot) === self;
    const replicas = this.ring.replicas(slot);
    for (const member of replicas) if (member === self) return true;
    return false;
  }

  /** The first replica of a slot that can be reached, and does not retire if another one does not: who acts for it. NOBODY if none can. */
  firstLive(slot: number): number {
    const { up, retiring } = this;
    const replicas = this.ring.replicas(slot);
    for (const member of replicas) if (up[member] && !retiring[member]) return member;
    for (const member of replicas) if (up[member]) return member;
    return NOBODY;
  }

  /** How many replicas of a slot can be reached. */
  liveCount(slot: number): number {
    return this.liveAmong(this.ring.replicas(slot));
  }

  /** Whether of every slot a majority of the replicas can be reached. */
  get hasMajorities(): boolean {
    return this.ring.groups.every(({ current }) => this.liveAmong(current) * 2 > current.length);
  }

  /** Whether the replicas of a slot are about to be others: then two sets of them must have what is written, and what is read. */
  isMoving(slot: number): boolean {
    const { ring } = this;
    if (!ring.isChanging) return false;
    const { current, next } = ring.groups[ring.groupOf(slot)];
    return current !== next;
  }

  /** The other members that must have what this node has of a slot, before it is read at a level: a quorum of its replicas, and of those that it will have. */
  quorumsOf(slot: number, level: number): readonly Quorum[] {
    let known = this.quorums.get(level);
    if (known === undefined) this.quorums.set(level, (known = []));
    return (known[this.ring.groupOf(slot)] ??= this.findQuorums(slot, level));
  }

  private findQuorums(slot: number, level: number): Quorum[] {
    const sets = [this.ring.replicas(slot)];
    if (this.isMoving(slot)) sets.push(this.ring.nextReplicas(slot));
    return sets.flatMap((replicas) => {
      const others = replicas.filter((member) => member !== this.self);
      const needed = replicasNeeded(level, replicas.length) - (replicas.length - others.length);
      const members = Array.from(
        others.filter((member) => this.up[member]),
        (member) => this.idOf(member),
      );
      return needed > 0 ? [{ members, needed }] : [];
    });
  }

  /**
   * Who decides about the keys of a slot (consensus/): its replicas, and those that it will have. Who leaves, and cannot be reached, is none of them if the others are some
   * (topology/ring-change.ts).
   */
  acceptorsOf(slot: number): readonly (readonly MemberId[])[] {
    const { ring, up, self } = this;
    const ids = (members: Uint16Array): MemberId[] => Array.from(members, (member) => this.idOf(member));
    const replicas = ring.replicas(slot);
    if (!this.isMoving(slot)) return [ids(replicas)];
    const there = replicas.filter(
      (member) => up[member] || member === self || ring.members[member].state !== 'leaving',
    );
    return [ids(there.length > 0 ? there : replicas), ids(ring.nextReplicas(slot))];
  }

  /** Whether so many can be reached as a level needs, of the replicas that a slot has, and of those that it will have. Allocates nothing. */
  reaches(slot: number, level: number): boolean {
    const { ring } = this;
    const replicas = ring.replicas(slot);
    if (this.liveAmong(replicas) < replicasNeeded(level, replicas.length)) return false;
    const next = ring.nextReplicas(slot);
    return next === replicas || this.liveAmong(next) >= replicasNeeded(level, next.length);
  }

  /** Of which set of replicas a level needs more than can be reached. REQUIRES: it does (`reaches`). */
  shortageOf(slot: number, level: number): Shortage {
    const { ring } = this;
    const [now, next] = [ring.replicas(slot), ring.nextReplicas(slot)].map((replicas) => ({
      needed: replicasNeeded(level, replicas.length),
      live: this.liveAmong(replicas),
    }));
    return now.live < now.needed ? now : next;
  }

  /** Members that can be reached, this node included if it serves. */
  live(): number[] {
    return this.up.flatMap((isUp, member) => (isUp ? [member] : []));
  }

  /** Those of them that have a share of the slots: all but those that are joining. */
  liveHolders(): number[] {
    return this.live().filter((member) => this.ring.members[member].state !== 'joining');
  }

  private liveAmong(replicas: Uint16Array): number {
    let count = 0;
    for (const member of replicas) if (this.up[member]) count++;
    return count;
  }
}
