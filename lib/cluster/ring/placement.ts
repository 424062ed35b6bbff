import { SLOT_COUNT } from '../../base/position.js';
import type { Member } from './member.js';
import { PreferenceLists } from './preference-list.js';
import type { SlotRange } from './slot-range.js';
import { TokenCircle } from './token-circle.js';

/** Who holds each slot, if these members have their tokens on the circle and nobody else has. Never changes. */
export class Placement {
  /** The replicas that each slot has: N, or all who are placed if they are fewer. */
  readonly replicasPerSlot: number;
  /** All slots as the fewest ranges, rising. Equal preference lists are the same object. */
  readonly ranges: readonly SlotRange[];
  /** Of each slot, the index in `ranges`. */
  private readonly rangeNumbers = new Uint16Array(SLOT_COUNT);

  /** `placed`: indexes in `members`, ascending. REQUIRES: there are some, and no two of their tokens are in one slot. */
  constructor(members: readonly Member[], placed: readonly number[], replicaCount: number) {
    const circle = TokenCircle.of(placed.map((index) => members[index].tokens));
    const zones = placed.map((index) => members[index].zone);
    const walk = new PreferenceLists(circle, zones, replicaCount);
    this.replicasPerSlot = walk.length;
    this.ranges = rangesOf(circle, walk, placed);
    this.ranges.forEach(({ start, end }, number) => this.rangeNumbers.fill(number, start, end + 1));
  }

  /** The preference list of a slot: indexes of members, the first replica first. Not to be changed. The same object for equal lists. */
  replicas(slot: number): Uint16Array {
    return this.ranges[this.rangeNumbers[slot]].replicas;
  }
}

/** From token to token: the slots up to one have its list. */
function rangesOf(circle: TokenCircle, walk: PreferenceLists, placed: readonly number[]): SlotRange[] {
  const ranges: SlotRange[] = [];
  const lists = new Map<string, Uint16Array>();
  const list = new Uint16Array(walk.length);
  for (let start = 0; start < SLOT_COUNT;) {
    const token = circle.tokenOf(start);
    walk.fill(token, list);
    const key = list.join();
    const replicas = lists.get(key) ?? list.map((place) => placed[place]);
    lists.set(key, replicas);
    // Those behind the last token are of the first one.
    const end = token < start ? SLOT_COUNT - 1 : token;
    const before = ranges.at(-1);
    if (before?.replicas === replicas) ranges[ranges.length - 1] = { start: before.start, end, replicas };
    else ranges.push({ start, end, replicas });
    start = end + 1;
  }
  return ranges;
}
