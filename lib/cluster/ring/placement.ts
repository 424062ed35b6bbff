import { SLOT_COUNT } from '../../base/position.js';
import type { Member } from './member.js';
import { PreferenceLists } from './preference-list.js';
import { TokenCircle } from './token-circle.js';

/** Who holds each slot, if these members have their tokens on the circle and nobody else has. Never changes. */
export class Placement {
  /** The replicas that each slot has: N, or all who are placed if they are fewer. */
  readonly replicasPerSlot: number;
  private readonly lists: readonly Uint16Array[];
  /** Of each slot, the index in `lists`. */
  private readonly listNumbers = new Uint16Array(SLOT_COUNT);

  /** `placed`: indexes in `members`, ascending. REQUIRES: there are some, and no two of their tokens are in one slot. */
  constructor(members: readonly Member[], placed: readonly number[], replicaCount: number) {
    const circle = TokenCircle.of(placed.map((index) => members[index].tokens));
    const zones = placed.map((index) => members[index].zone);
    const walk = new PreferenceLists(circle, zones, replicaCount);
    this.replicasPerSlot = walk.length;
    const lists = new NumberedSets();
    const list = new Uint16Array(walk.length);
    let token = -1;
    let listNumber = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (circle.tokenOf(slot) !== token) {
        token = circle.tokenOf(slot);
        walk.fill(token, list);
        listNumber = lists.numberOf(list.map((place) => placed[place]));
      }
      this.listNumbers[slot] = listNumber;
    }
    this.lists = lists.all;
  }

  /** The preference list of a slot: indexes of members, the first replica first. Not to be changed. The same object for equal lists. */
  replicas(slot: number): Uint16Array {
    return this.lists[this.listNumbers[slot]];
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
