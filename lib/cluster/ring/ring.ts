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
  /** Who holds them after the change; the same object if that is nobody else. */
  readonly next: Uint16Array;
  /** All of these. */
  readonly members: Uint16Array;
}

/**
 * A ring: a document, and what follows from it for each slot, computed once. Never changes.
 *
 * Members are named by their index in `members`. While members join or leave there are two placements: `replicas` has who holds a slot, without those that are
 * joining; `nextReplicas` who will hold it, without those that are leaving. What that means for reads and writes: topology/ring-change.ts.
 */
export class Ring {
  readonly document: RingDocument;
  readonly members: readonly Member[];
  readonly groups: readonly SlotGroup[];

  private readonly current: Placement;
  /** The same object as `current`, if nobody joins or leaves. */
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
    const isChanging = members.some(({ state }) => state !== 'up');
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

  /** Whether members join or leave. */
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

  private makeGroups(): SlotGroup[] {
    const { current, next, groupNumbers } = this;
    const groups: SlotGroup[] = [];
    const numbers = new Map<string, number>();
    for (const pair of overlaid(current.ranges, next.ranges)) {
      const made = groupOf(pair.old, pair.next);
      const key = `${made.current.join()}/${made.next.join()}`;
      const group = numbers.get(key) ?? groups.push(made) - 1;
      numbers.set(key, group);
      groupNumbers.fill(group, pair.start, pair.end + 1);
    }
    return groups;
  }
}

function groupOf(replicas: Uint16Array, nextReplicas: Uint16Array): SlotGroup {
  const current = replicas.toSorted();
  const next = nextReplicas.toSorted();
  if (next.join() === current.join()) return { current, next: current, members: current };
  return { current, next, members: Uint16Array.from(new Set([...current, ...next])).sort() };
}
