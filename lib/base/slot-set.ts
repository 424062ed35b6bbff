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
    for (const range of ranges) set.addRange(range);
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

  addRange({ first, last }: SlotRange): void {
    const { bits } = this;
    for (let slot = first; slot <= last; slot++) this.count += 1 - bits[slot];
    bits.fill(1, first, last + 1);
  }

  /** Those that are not in `other`. */
  without(other: SlotSet): SlotSet {
    const set = new SlotSet();
    const { bits } = other;
    for (let slot = 0; slot < SLOT_COUNT; slot++) set.count += set.bits[slot] = this.bits[slot] & (1 - bits[slot]);
    return set;
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
    const { bits } = this;
    for (let first = bits.indexOf(1); first >= 0;) {
      const behind = bits.indexOf(0, first);
      const end = behind < 0 ? SLOT_COUNT : behind;
      ranges.push({ first, last: end - 1 });
      first = bits.indexOf(1, end);
    }
    return ranges;
  }
}
