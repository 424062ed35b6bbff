import { assert } from '../../base/assert.js';
import type { Slab } from './slab.js';

const TWO_32 = 4294967296;
const CAPACITY_MIN = 6;
const SLOT_BYTES = 10;
const LOAD_MAX = 0.75;
const LOAD_MIN = 0.2;
const GROWTH = 1.5;
/** Odd, near 2^32 divided by the golden ratio: spreads keys whose positions share their upper bits. */
const MIX = 0x9e3779b1;
const SAMPLE = 255;

/** Who has the slab: another one after everything was forgotten at once. */
interface SlabHolder {
  readonly slab: Slab;
}

/** The slot of `capacity` at which probing for `low` begins. */
export function homeOf(low: number, capacity: number): number {
  return Math.floor(((Math.imul(low, MIX) >>> 0) / TWO_32) * capacity);
}

const NO_WORDS = new Int32Array(2);
const NO_HIGHS = new Uint16Array(1);

/**
 * The index over a contiguous range of positions: open addressing with linear probing on typed arrays, 10 bytes
 * a slot. A slot holds a record's ref (0: empty) and its position: the lower 32 bits, and the upper bits less
 * those of the range's first position (so a segment spans at most 2^16 upper values).
 *
 *     low, ref : 32 bits each, alternating, for each slot | upper bits : 16 bits for each slot
 *
 * The arrays lie in the slab, as records do: made of the engine's own memory, they would make its collector run each time that a
 * segment grows. An empty segment takes none.
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
  /** Slots; one of them, empty, while there are no arrays. */
  capacity = 1;
  private readonly heap: SlabHolder;
  /** Where the arrays lie; 0 if there are none. */
  memory = 0;
  private slots: Int32Array = NO_WORDS;
  private highs: Uint16Array = NO_HIGHS;

  constructor(base: number, heap: SlabHolder) {
    this.base = base;
    this.baseHigh = Math.floor(base / TWO_32);
    this.heap = heap;
  }

  /** Bytes of the arrays. */
  get indexBytes(): number {
    return this.memory === 0 ? 0 : this.heap.slab.capacity(this.memory);
  }

  /** The slot at which probing for `low` begins. */
  home(low: number): number {
    return homeOf(low, this.capacity);
  }

  after(slot: number): number {
    return slot + 1 === this.capacity ? 0 : slot + 1;
  }

  /** The ref in a slot; 0 if it is empty. */
  ref(slot: number): number {
    return this.slots[2 * slot + 1];
  }

  /** Copies the refs in `slot` and behind it to `refs[count, end)`, as many as there are and fit; returns how far that is filled then. */
  copyRefs(slot: number, refs: Int32Array, count: number, end: number): number {
    const { slots, capacity } = this;
    for (let at = slot; at < capacity && count < end; at++) {
      const ref = slots[2 * at + 1];
      if (ref !== 0) refs[count++] = ref;
    }
    return count;
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
    if (this.count + 1 > this.capacity * LOAD_MAX) this.resize(Math.max(CAPACITY_MIN, this.capacity * GROWTH));
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
    if (this.count === 0) this.release();
    else if (this.capacity > 64 && this.count < this.capacity * LOAD_MIN) this.resize(this.capacity / 2);
  }

  /**
   * Moves the upper part of the range into a new segment that begins near the median; `undefined` if all positions
   * are equal. The expiry figures of both are left as upper bounds for the caller to recount.
   */
  split(): Segment | undefined {
    const median = this.samplePosition();
    if (median === undefined) return undefined;
    const upper = new Segment(median, this.heap);
    const { slots, highs, capacity, count, memory } = this;
    let upperCount = 0;
    for (let slot = 0; slot < capacity; slot++) {
      if (slots[2 * slot + 1] !== 0 && this.position(slot) >= median) upperCount++;
    }
    // Both get their size beforehand: filled in the order of homes, a table that grew step by step would be one long cluster.
    upper.renew((upperCount + 1) / LOAD_MAX);
    this.renew((count - upperCount + 1) / LOAD_MAX);
    this.count = 0;
    for (let slot = 0; slot < capacity; slot++) {
      const ref = slots[2 * slot + 1];
      if (ref === 0) continue;
      const low = slots[2 * slot];
      const high = this.baseHigh + highs[slot];
      if (high * TWO_32 + (low >>> 0) >= median) upper.insert(high, low, ref);
      else this.insert(high, low, ref);
    }
    assert(this.count + upper.count === count, 'a split loses nothing');
    this.heap.slab.free(memory);
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

  /** Gives the arrays back. REQUIRES: nothing in them is needed any more. */
  release(): void {
    if (this.memory !== 0) this.heap.slab.free(this.memory);
    this.memory = 0;
    this.slots = NO_WORDS;
    this.highs = NO_HIGHS;
    this.capacity = 1;
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
    const { slots, highs, capacity: old, memory } = this;
    this.renew(capacity);
    for (let slot = 0; slot < old; slot++) {
      if (slots[2 * slot + 1] !== 0) this.place(highs[slot], slots[2 * slot], slots[2 * slot + 1]);
    }
    if (memory !== 0) this.heap.slab.free(memory);
  }

  /** Takes new arrays, all empty, for at least `capacity` slots; the old ones are the caller's to free. */
  private renew(capacity: number): void {
    const { slab } = this.heap;
    const memory = slab.allocate(Math.ceil(capacity) * SLOT_BYTES);
    this.memory = memory;
    this.capacity = Math.floor(slab.capacity(memory) / SLOT_BYTES);
    this.slots = slab.viewOfWords(memory, 2 * this.capacity).fill(0);
    this.highs = slab.viewOf16Bits(memory, 8 * this.capacity, this.capacity);
  }
}
