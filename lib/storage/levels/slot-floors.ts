/**
 * What is dead of slots because this node has given them up: by where it stands, and not by its stamps, which may be older than those of what comes when a slot is
 * taken over again.
 *
 *     tables   1 ... 41 │ 42 ...          a job's tables have numbers above all that were drawn before it
 *     log      1 ...  6 │  7 ...
 *        dead of slot 5 │ counts          { first: 5, last: 5, tables: 42, segment: 6 }
 *
 *  1. A table with a lower number than `tables` was made of what there was before: by a job that was ordered before, whenever it ends. Whatever is ordered later leaves out
 *     what is dead, so that a table's number says all.
 *  2. Floors only rise. One is forgotten when nothing is left that it lies above.
 */

import { assert } from '../../base/assert.js';
import { SLOT_SPAN } from '../../base/position.js';
import type { SlotRange } from '../../base/slot-set.js';
import type { TableMeta } from '../sstable/table-meta.js';

/** Of these slots, what is in tables with lower numbers than `tables`, and in the log up to segment `segment`, is dead. */
export interface SlotFloor extends SlotRange {
  readonly tables: number;
  readonly segment: number;
}

/** Never changes. */
export class SlotFloors {
  static readonly none = new SlotFloors([]);
  /** Rising; they do not overlap. */
  readonly list: readonly SlotFloor[];

  /** REQUIRES: as `list` is. */
  constructor(list: readonly SlotFloor[]) {
    this.list = list;
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /** What tables with lower numbers say of a slot is dead; 0: nothing is. */
  tablesBelow(slot: number): number {
    return this.list.length === 0 ? 0 : (this.at(slot)?.tables ?? 0);
  }

  /** What the log says of a slot is dead up to this segment; 0: nothing is. */
  segmentUpTo(slot: number): number {
    return this.list.length === 0 ? 0 : (this.at(slot)?.segment ?? 0);
  }

  /** The log must go on behind this segment: what is written to it would be dead. */
  get lastSegment(): number {
    return this.list.reduce((last, { segment }) => Math.max(last, segment), 0);
  }

  /** The slots of which everything in a segment of the log is dead. */
  slotsDeadIn(segment: number): SlotRange[] {
    return this.list.filter((floor) => floor.segment >= segment).map(({ first, last }) => ({ first, last }));
  }

  /** First and last position (inclusive), in pairs, rising: what is dead in a table. */
  positionsDeadIn(table: number): Float64Array {
    const pairs = this.list
      .filter(({ tables }) => table < tables)
      .flatMap(({ first, last }) => [first * SLOT_SPAN, (last + 1) * SLOT_SPAN - 1]);
    return Float64Array.from(pairs);
  }

  /** Whether everything in a table is dead. */
  coverWhole({ id, smallest, largest }: TableMeta): boolean {
    const pairs = this.isEmpty ? [] : this.positionsDeadIn(id);
    let from = smallest;
    for (let i = 0; i < pairs.length && pairs[i] <= from; i += 2) from = Math.max(from, pairs[i + 1] + 1);
    return from > largest;
  }

  /** About how much of a table is dead, 0 to 1, if nothing is in it but of the slots that are `held`, and of those that were given up. */
  deadPart({ id, smallest, largest }: TableMeta, held: readonly SlotRange[]): number {
    const dead = lengthWithin(this.list, smallest, largest, id);
    return dead === 0 ? 0 : dead / (dead + lengthWithin(held, smallest, largest, -1));
  }

  /** Those that result if `slots`, which are rising, are given up now. */
  raised(slots: readonly SlotRange[], tables: number, segment: number): SlotFloors {
    const floors = slots.map(({ first, last }): SlotFloor => ({ first, last, tables, segment }));
    let at = 0;
    for (const floor of this.list) {
      while (at < slots.length && slots[at].last < floor.first) at++;
      // What is left of it between those.
      let { first } = floor;
      for (let i = at; i < slots.length && slots[i].first <= floor.last; i++) {
        assert(floor.tables <= tables && floor.segment <= segment, 'floors only rise');
        if (first < slots[i].first) floors.push({ ...floor, first, last: slots[i].first - 1 });
        first = slots[i].last + 1;
      }
      if (first <= floor.last) floors.push({ ...floor, first });
    }
    return new SlotFloors(joined(floors.sort((a, b) => a.first - b.first)));
  }

  /** Those that lie above something: above one of these tables, or above the log, of which everything up to segment `flushed` is in tables. */
  needed(tables: Iterable<TableMeta>, flushed: number): SlotFloors {
    if (this.isEmpty) return this;
    const all = [...tables];
    const isOver = ({ first, last, tables: below, segment }: SlotFloor): boolean =>
      segment > flushed ||
      all.some(
        ({ id, smallest, largest }) => id < below && smallest < (last + 1) * SLOT_SPAN && largest >= first * SLOT_SPAN,
      );
    const list = this.list.filter(isOver);
    return list.length === this.list.length ? this : new SlotFloors(list);
  }

  private at(slot: number): SlotFloor | undefined {
    const { list } = this;
    let low = 0;
    let high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list[middle].last < slot) low = middle + 1;
      else high = middle;
    }
    const floor = list[low];
    return floor.first <= slot && slot <= floor.last ? floor : undefined;
  }
}

/** How many of the positions from `smallest` to `largest` lie in ranges; of floors, those that lie above `table` alone. */
function lengthWithin(
  ranges: readonly (SlotRange & Partial<SlotFloor>)[],
  smallest: number,
  largest: number,
  table: number,
): number {
  let sum = 0;
  for (const { first, last, tables = 0 } of ranges) {
    const start = first * SLOT_SPAN;
    const end = (last + 1) * SLOT_SPAN;
    if (start > largest) break;
    if (end > smallest && table < tables) sum += Math.min(largest + 1, end) - Math.max(smallest, start);
  }
  return sum;
}

/** The fewest floors that say the same as these, which are rising. */
function joined(floors: readonly SlotFloor[]): SlotFloor[] {
  const list: SlotFloor[] = [];
  for (const floor of floors) {
    const before = list.at(-1);
    const isOne =
      before?.last === floor.first - 1 && before.tables === floor.tables && before.segment === floor.segment;
    if (isOne) list[list.length - 1] = { ...before, last: floor.last };
    else list.push(floor);
  }
  return list;
}
