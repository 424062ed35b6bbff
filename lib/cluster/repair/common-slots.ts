import { SLOT_COUNT } from '../../base/position.js';
import type { LeafSums, Sum } from '../../record/leaf-sums.js';
import { LEAVES_PER_SLOT } from '../../record/leaf-sums.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';
import { PARTITION_COUNT, SLOTS_PER_PARTITION } from './repair-messages.js';

/** The slots that two members both hold: what they compare. */
export class CommonSlots {
  /** 1 for each of them. */
  private readonly slots = new Uint8Array(SLOT_COUNT);

  constructor(ring: Ring, one: MemberId, other: MemberId) {
    const indexes = [one, other].map((id) => ring.indexOf(id));
    const isCommon = ring.groups.map(({ current }) =>
      indexes.every((index) => index !== undefined && current.includes(index)),
    );
    for (let slot = 0; slot < SLOT_COUNT; slot++) this.slots[slot] = Number(isCommon[ring.groupOf(slot)]);
  }

  has(slot: number): boolean {
    return this.slots[slot] === 1;
  }

  get isEmpty(): boolean {
    return !this.slots.includes(1);
  }

  /** Leaves out the slots before `first` and behind `last`. */
  limit(first: number, last: number): void {
    this.slots.fill(0, 0, first);
    this.slots.fill(0, last + 1);
  }

  /** The sum of a partition: of those of its slots that both hold. Most often that is one run of slots. */
  partition(sums: LeafSums, partition: number): Sum {
    const total: Sum = { high: 0, low: 0 };
    const end = (partition + 1) * SLOTS_PER_PARTITION;
    for (let slot = partition * SLOTS_PER_PARTITION; slot < end; slot++) {
      const first = slot;
      while (slot < end && this.has(slot)) slot++;
      if (slot === first) continue;
      const { high, low } = sums.sumOf(first * LEAVES_PER_SLOT, slot * LEAVES_PER_SLOT);
      total.high = (total.high + high) | 0;
      total.low = (total.low + low) | 0;
    }
    return total;
  }

  /** Whether both hold any slot of a partition. */
  hasAnyOf(partition: number): boolean {
    const at = this.slots.indexOf(1, partition * SLOTS_PER_PARTITION);
    return at >= 0 && at < (partition + 1) * SLOTS_PER_PARTITION;
  }

  /** The sum of a slot; of one that not both hold, nothing. */
  slot(sums: LeafSums, slot: number): Sum {
    if (!this.has(slot)) return { high: 0, low: 0 };
    return sums.sumOf(slot * LEAVES_PER_SLOT, (slot + 1) * LEAVES_PER_SLOT);
  }
}

export function slotsOf(partition: number): number[] {
  return Array.from({ length: SLOTS_PER_PARTITION }, (_, i) => partition * SLOTS_PER_PARTITION + i);
}

export const PARTITIONS: readonly number[] = Array.from({ length: PARTITION_COUNT }, (_, i) => i);
