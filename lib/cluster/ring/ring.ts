import { assert } from '../../base/assert.js';
import { SLOT_COUNT } from '../../base/position.js';
import type { Member, MemberId, MemberState, Ordinal } from './member.js';
import { Placement } from './placement.js';
import type { RingDocument } from './ring-document.js';

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

/** Slots from `start` to `end`, both included, that have the same preference list. */
export interface SlotRange {
  readonly start: number;
  readonly end: number;
  /** Indexes of members, the first replica first. */
  readonly replicas: Uint16Array;
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
  ranges(): SlotRange[] {
    const ranges: SlotRange[] = [];
    let start = 0;
    for (let slot = 1; slot <= SLOT_COUNT; slot++) {
      if (slot < SLOT_COUNT && this.replicas(slot) === this.replicas(start)) continue;
      ranges.push({ start, end: slot - 1, replicas: this.replicas(start) });
      start = slot;
    }
    return ranges;
  }

  private makeGroups(): SlotGroup[] {
    const { current, next, groupNumbers } = this;
    const groups: SlotGroup[] = [];
    const numbers = new Map<string, number>();
    let group = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const isSame =
        slot > 0 &&
        current.replicas(slot) === current.replicas(slot - 1) &&
        next.replicas(slot) === next.replicas(slot - 1);
      if (!isSame) {
        const made = groupOf(current.replicas(slot), next.replicas(slot));
        const key = `${made.current.join()}/${made.next.join()}`;
        const known = numbers.get(key);
        group = known ?? groups.push(made) - 1;
        if (known === undefined) numbers.set(key, group);
      }
      groupNumbers[slot] = group;
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
