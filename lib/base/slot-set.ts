import { SLOT_COUNT } from './position.js';

/** Slots from `first` to `last`, both included. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Some of the slots. */
export class SlotSet {
  private readonly bits = new Uint8Array(SLOT_COUNT);
  private count = 0;

  static of(ranges: readonly SlotRange[]): SlotSet {
    const set = new SlotSet();
    for (const { first, last } of ranges) for (let slot = first; slot <= last; slot++) set.add(slot);
    return set;
  }

  /** The slots for which `isIn` says so. */
  static where(isIn: (slot: number) => boolean): SlotSet {
    const set = new SlotSet();
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (isIn(slot)) set.add(slot);
    return set;
  }

  get size(): number {
    return this.count;
  }

  has(slot: number): boolean {
    return this.bits[slot] === 1;
  }

  add(slot: number): void {
    if (this.bits[slot] === 1) return;
    this.bits[slot] = 1;
    this.count++;
  }

  delete(slot: number): void {
    if (this.bits[slot] === 0) return;
    this.bits[slot] = 0;
    this.count--;
  }

  clear(): void {
    this.bits.fill(0);
    this.count = 0;
  }

  /** As the fewest ranges, rising. */
  ranges(): SlotRange[] {
    const ranges: SlotRange[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (!this.has(slot)) continue;
      const first = slot;
      while (slot + 1 < SLOT_COUNT && this.has(slot + 1)) slot++;
      ranges.push({ first, last: slot });
    }
    return ranges;
  }
}
