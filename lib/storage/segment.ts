import { assert } from '../base/assert.js';

const TWO_32 = 4294967296;
const INITIAL_CAPACITY = 8;
const LOAD_MAX = 0.75;
const LOAD_MIN = 0.2;
const GROWTH = 1.5;
/** Odd, near 2^32 divided by the golden ratio: spreads keys whose positions share their upper bits. */
const MIX = 0x9e3779b1;
const SAMPLE = 255;

/**
 * The index over a contiguous range of positions: open addressing with linear probing on typed arrays, 10 bytes
 * a slot. A slot holds a record's ref (0: empty) and its position: the lower 32 bits, and the upper bits less
 * those of the range's first position (so a segment spans at most 2^16 upper values).
 *
 * A slot number is valid until the next insert, remove or split.
 */
export class Segment {
  /** The upper 21 bits of the first position of the range. */
  readonly baseHigh: number;
  /** The first position of the range. */
  readonly base: number;
  count = 0;
  /** Records that have an expiry, and a time that none of them expires before (Unix ms). */
  expiring = 0;
  nextExpiryMs = Infinity;
  capacity = INITIAL_CAPACITY;
  /** Low half of the position and ref, alternating. */
  private slots = new Int32Array(2 * INITIAL_CAPACITY);
  private highs = new Uint16Array(INITIAL_CAPACITY);

  constructor(base: number) {
    this.base = base;
    this.baseHigh = Math.floor(base / TWO_32);
  }

  get indexBytes(): number {
    return this.capacity * 10;
  }

  /** The slot at which probing for `low` begins. */
  home(low: number): number {
    return Math.floor(((Math.imul(low, MIX) >>> 0) / TWO_32) * this.capacity);
  }

  after(slot: number): number {
    return slot + 1 === this.capacity ? 0 : slot + 1;
  }

  /** The ref in a slot; 0 if it is empty. */
  ref(slot: number): number {
    return this.slots[2 * slot + 1];
  }

  low(slot: number): number {
    return this.slots[2 * slot];
  }

  position(slot: number): number {
    return (this.baseHigh + this.highs[slot]) * TWO_32 + (this.slots[2 * slot] >>> 0);
  }

  setRef(slot: number, ref: number): void {
    this.slots[2 * slot + 1] = ref;
  }

  /** Adds a record; returns its slot. */
  insert(high: number, low: number, ref: number): number {
    if (this.count + 1 > this.capacity * LOAD_MAX) this.resize(Math.ceil(this.capacity * GROWTH));
    this.count++;
    return this.place(high - this.baseHigh, low, ref);
  }

  /** Empties a slot, and closes the gap so that probing never meets one. */
  remove(slot: number): void {
    const { slots, highs } = this;
    let gap = slot;
    for (let next = this.after(gap); slots[2 * next + 1] !== 0; next = this.after(next)) {
      const home = this.home(slots[2 * next]);
      // Moves back what would not be found past the gap: its home is not in (gap, next], cyclically.
      const between = gap <= next ? home > gap && home <= next : home > gap || home <= next;
      if (between) continue;
      slots[2 * gap] = slots[2 * next];
      slots[2 * gap + 1] = slots[2 * next + 1];
      highs[gap] = highs[next];
      gap = next;
    }
    slots[2 * gap + 1] = 0;
    this.count--;
    if (this.capacity > 64 && this.count < this.capacity * LOAD_MIN) this.resize(Math.ceil(this.capacity / 2));
  }

  /**
   * Moves the upper part of the range into a new segment that begins near the median; `undefined` if all positions
   * are equal. The expiry figures of both are left as upper bounds for the caller to recount.
   */
  split(): Segment | undefined {
    const median = this.samplePosition();
    if (median === undefined) return undefined;
    const upper = new Segment(median);
    const { slots, highs, capacity, count } = this;
    let upperCount = 0;
    for (let slot = 0; slot < capacity; slot++) {
      if (slots[2 * slot + 1] !== 0 && this.position(slot) >= median) upperCount++;
    }
    // Both get their size beforehand: filled in the order of homes, a table that grew step by step would be one long cluster.
    upper.clear(upperCount);
    this.clear(count - upperCount);
    for (let slot = 0; slot < capacity; slot++) {
      const ref = slots[2 * slot + 1];
      if (ref === 0) continue;
      const low = slots[2 * slot];
      const high = this.baseHigh + highs[slot];
      if (high * TWO_32 + (low >>> 0) >= median) upper.insert(high, low, ref);
      else this.insert(high, low, ref);
    }
    assert(this.count + upper.count === count, 'a split loses nothing');
    upper.nextExpiryMs = this.nextExpiryMs;
    return upper;
  }

  /** A position that parts the segment in two that are not empty: the median of a sample. */
  private samplePosition(): number | undefined {
    const sample: number[] = [];
    const stride = Math.max(1, Math.floor(this.capacity / SAMPLE / 2));
    for (let slot = 0; slot < this.capacity; slot += stride) if (this.ref(slot) !== 0) sample.push(this.position(slot));
    sample.sort((a, b) => a - b);
    const median = sample[sample.length >>> 1];
    if (sample.length > 0 && sample[0] < median) return median;
    // The sample met one position only: part above it if anything is.
    let above: number | undefined;
    let lowest = Infinity;
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.ref(slot) === 0) continue;
      const position = this.position(slot);
      if (position < lowest) {
        if (lowest !== Infinity) above = lowest;
        lowest = position;
      } else if (position > lowest && (above === undefined || position < above)) above = position;
    }
    return above;
  }

  /** Makes the table empty, with room for `count`. */
  private clear(count: number): void {
    this.capacity = Math.max(INITIAL_CAPACITY, Math.ceil((count + 1) / LOAD_MAX));
    this.slots = new Int32Array(2 * this.capacity);
    this.highs = new Uint16Array(this.capacity);
    this.count = 0;
  }

  private place(high: number, low: number, ref: number): number {
    let slot = this.home(low);
    while (this.slots[2 * slot + 1] !== 0) slot = this.after(slot);
    this.slots[2 * slot] = low;
    this.slots[2 * slot + 1] = ref;
    this.highs[slot] = high;
    return slot;
  }

  private resize(capacity: number): void {
    const { slots, highs, capacity: old } = this;
    this.capacity = capacity;
    this.slots = new Int32Array(2 * capacity);
    this.highs = new Uint16Array(capacity);
    for (let slot = 0; slot < old; slot++) {
      if (slots[2 * slot + 1] !== 0) this.place(highs[slot], slots[2 * slot], slots[2 * slot + 1]);
    }
  }
}
