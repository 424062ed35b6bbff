import { assert } from '../../base/assert.js';
import { SLOT_COUNT } from '../../base/position.js';
import type { Member, MemberId, Ordinal } from './member.js';
import { PreferenceLists } from './preference-list.js';
import type { RingDocument } from './ring-document.js';
import { TokenCircle } from './token-circle.js';

/** Slots whose replicas are the same set, in whatever order: what is written to them goes to the same members. */
export interface SlotGroup {
  /** Indexes of members, ascending. */
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
 * Members are named by their index in `members`. Those that are joining are in no list.
 */
export class Ring {
  readonly document: RingDocument;
  readonly members: readonly Member[];
  /** The replicas that each slot has: N, or all members if they are fewer. */
  readonly replicasPerSlot: number;
  readonly groups: readonly SlotGroup[];

  private readonly lists: readonly Uint16Array[];
  /** Of each slot, the index in `lists` and in `groups`. */
  private readonly listNumbers = new Uint16Array(SLOT_COUNT);
  private readonly groupNumbers = new Uint16Array(SLOT_COUNT);
  private readonly indexes: ReadonlyMap<MemberId, number>;
  private readonly ordinalIndexes: ReadonlyMap<Ordinal, number>;

  /** REQUIRES: `document` is valid (ring-document.ts). */
  constructor(document: RingDocument) {
    const { members } = document;
    this.document = document;
    this.members = members;
    this.indexes = new Map(members.map(({ id }, index) => [id, index]));
    this.ordinalIndexes = new Map(members.map(({ ordinal }, index) => [ordinal, index]));

    const placed = members.flatMap(({ state }, index) => (state === 'joining' ? [] : [index]));
    const circle = new TokenCircle();
    placed.forEach((index, place) => members[index].tokens.forEach((slot) => circle.add(slot, place)));
    const zones = placed.map((index) => members[index].zone);
    const walk = new PreferenceLists(circle, zones, document.replicaCount);
    this.replicasPerSlot = walk.length;

    const lists = new NumberedSets();
    const groups = new NumberedSets();
    const list = new Uint16Array(walk.length);
    let token = -1;
    let listNumber = 0;
    let groupNumber = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (circle.tokenOf(slot) !== token) {
        token = circle.tokenOf(slot);
        walk.fill(token, list);
        const replicas = list.map((place) => placed[place]);
        listNumber = lists.numberOf(replicas);
        groupNumber = groups.numberOf(replicas.toSorted());
      }
      this.listNumbers[slot] = listNumber;
      this.groupNumbers[slot] = groupNumber;
    }
    this.lists = lists.all;
    this.groups = groups.all.map((indexes) => ({ members: indexes }));
  }

  /** The preference list of a slot: indexes of members, the first replica first. Not to be changed. */
  replicas(slot: number): Uint16Array {
    return this.lists[this.listNumbers[slot]];
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
      if (slot < SLOT_COUNT && this.listNumbers[slot] === this.listNumbers[start]) continue;
      ranges.push({ start, end: slot - 1, replicas: this.replicas(start) });
      start = slot;
    }
    return ranges;
  }
}

/** Sequences of indexes, each kept once and numbered from 0. */
class NumberedSets {
  readonly all: Uint16Array[] = [];
  private readonly numbers = new Map<string, number>();

  numberOf(indexes: Uint16Array): number {
    const key = indexes.join();
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.all.length);
    return this.all.push(indexes) - 1;
  }
}
