import { assert } from '../../base/assert.js';
import { SLOT_COUNT } from '../../base/position.js';
import type { Member, MemberId, MemberState, Ordinal } from './member.js';
import { Placement } from './placement.js';
import type { RingDocument } from './ring-document.js';
import type { SlotRange } from './slot-range.js';
import { overlaid } from './slot-range.js';

/**
 * Slots whose replicas are the same set, in whatever order, now and after the change that is under way: what is written to them goes to the same members. Indexes of
 * members, ascending.
 */
export interface SlotGroup {
  /** Who holds them now. */
  readonly current: Uint16Array;
  /** Who holds them after the change; the same object if that is nobody else, and none of them returns. */
  readonly next: Uint16Array;
  /** All of these. */
  readonly members: Uint16Array;
}

/**
 * A ring: a document, and what follows from it for each slot, computed once. Never changes.
 *
 * Members are named by their index in `members`. While members join or leave there are two placements: `replicas` has who holds a slot, without those that are
 * joining; `nextReplicas` who will hold it, without those that are leaving. What that means for reads and writes: topology/ring-change.ts. A member that returns is
 * among both, and its slots change, as if it took its own place.
 */
export class Ring {
  readonly document: RingDocument;
  readonly members: readonly Member[];
  readonly groups: readonly SlotGroup[];
  /** Members that were away for too long, and are not rebuilt yet (topology/absence.ts): they count as replicas, and nobody hears of them. */
  readonly absent: ReadonlySet<MemberId>;

  private readonly current: Placement;
  /** The same object as `current`, if nobody joins, leaves or returns. */
  private readonly next: Placement;
  /** Of each slot, the index in `groups`. */
  private readonly groupNumbers = new Uint16Array(SLOT_COUNT);
  private readonly indexes: ReadonlyMap<MemberId, number>;
  private readonly ordinalIndexes: ReadonlyMap<Ordinal, number>;

  /** REQUIRES: `document` is valid (ring-document.ts). */
  constructor(document: RingDocument) {
    const { members, replicaCount } = document;
    this.document = document;
    this.members = members;
    this.indexes = new Map(members.map(({ id }, index) => [id, index]));
    this.ordinalIndexes = new Map(members.map(({ ordinal }, index) => [ordinal, index]));
    const placed = (not: MemberState): number[] =>
      members.flatMap(({ state }, index) => (state === not ? [] : [index]));
    this.current = new Placement(members, placed('joining'), replicaCount);
    this.absent = new Set(members.flatMap(({ id, absence }) => (absence === undefined ? [] : [id])));
    const isChanging = members.some(({ state, absence }) => state !== 'up' || absence === 'returning');
    this.next = isChanging ? new Placement(members, placed('leaving'), replicaCount) : this.current;
    this.groups = this.makeGroups();
  }

  /** The replicas that each slot has: N, or all members if they are fewer. */
  get replicasPerSlot(): number {
    return this.current.replicasPerSlot;
  }

  /** The same after the change that is under way. */
  get nextReplicasPerSlot(): number {
    return this.next.replicasPerSlot;
  }

  /** Whether members join, leave or return. */
  get isChanging(): boolean {
    return this.next !== this.current;
  }

  /** The preference list of a slot: indexes of members, the first replica first. Not to be changed. */
  replicas(slot: number): Uint16Array {
    return this.current.replicas(slot);
  }

  /** The same after the change that is under way. */
  nextReplicas(slot: number): Uint16Array {
    return this.next.replicas(slot);
  }

  /** The index in `groups` of the group that a slot is in. */
  groupOf(slot: number): number {
    return this.groupNumbers[slot];
  }

  /** The index of a member; undefined if it is none of this ring. */
  indexOf(id: MemberId): number | undefined {
    return this.indexes.get(id);
  }

  indexOfOrdinal(ordinal: Ordinal): number | undefined {
    return this.ordinalIndexes.get(ordinal);
  }

  /** REQUIRES: `id` is a member. */
  member(id: MemberId): Member {
    const index = this.indexes.get(id);
    assert(index !== undefined, 'the id is of a member');
    return this.members[index];
  }

  /** Does the member with this index hold the slot? */
  holds(index: number, slot: number): boolean {
    return this.replicas(slot).includes(index);
  }

  /** All slots as the fewest ranges, rising. */
  get ranges(): readonly SlotRange[] {
    return this.current.ranges;
  }

  /** The same after the change that is under way. */
  get nextRanges(): readonly SlotRange[] {
    return this.next.ranges;
  }

  /** The replicas of a slot, but for those that were away for too long; none, if the others are no majority. */
  presentReplicas(slot: number): MemberId[] {
    const { members, absent } = this;
    const ids = Array.from(this.replicas(slot), (index) => members[index].id);
    const present = ids.filter((id) => !absent.has(id));
    return present.length * 2 > ids.length ? present : [];
  }

  /** The member with this index is being rebuilt: of the slots that it holds, it has nothing yet. */
  isReturning(index: number): boolean {
    return this.members[index].absence === 'returning';
  }

  private makeGroups(): SlotGroup[] {
    const { current, next, groupNumbers } = this;
    const isReturning = (index: number): boolean => this.isReturning(index);
    const groups: SlotGroup[] = [];
    const numbers = new Map<string, number>();
    for (const pair of overlaid(current.ranges, next.ranges)) {
      const made = groupOf(pair.old, pair.next, isReturning);
      const key = `${made.current.join()}/${made.next.join()}`;
      const group = numbers.get(key) ?? groups.push(made) - 1;
      numbers.set(key, group);
      groupNumbers.fill(group, pair.start, pair.end + 1);
    }
    return groups;
  }
}

function groupOf(replicas: Uint16Array, nextReplicas: Uint16Array, isReturning: (index: number) => boolean): SlotGroup {
  const current = replicas.toSorted();
  const next = nextReplicas.toSorted();
  const isSame = next.join() === current.join() && !current.some(isReturning);
  if (isSame) return { current, next: current, members: current };
  return { current, next, members: Uint16Array.from(new Set([...current, ...next])).sort() };
}
