/**
 * The resident table of one database: every key in memory, by position.
 *
 * An array of segments, each a contiguous range of positions with at most SEGMENT_COUNT_MAX records. A full one splits
 * near its median, so no rehash ever stops the world, and SCAN is a walk in the order of positions. The first
 * split is fixed: into blocks of 2^16 upper position values, 512 slots each, so that a segment's own numbers
 * stay 16 bits wide.
 *
 * `find` leaves where it looked; `insert`, `replace`, `expiryChanged` and `remove` act on that place, which stays the key's
 * through all but `remove`. It is valid until the next `find`, here or with another table of the same hasher.
 */

import { assert } from '../../base/assert.js';
import type { PositionHasher } from '../../base/position.js';
import { POSITION_LIMIT } from '../../base/position.js';
import type { RecordHeap } from './record-heap.js';
import { Segment, homeOf } from './segment.js';

/** Records in a segment before it splits; more only if their positions are all equal. */
export const SEGMENT_COUNT_MAX = 2048;
const BLOCK_HIGHS_SHIFT = 16;
const BLOCKS = 32;
const BLOCK_SPAN = POSITION_LIMIT / BLOCKS;
const DIRECTORY_MIN = 4;

export class ResidentTable {
  count = 0;
  /** Records with an expiry. */
  expiring = 0;
  private readonly heap: RecordHeap;
  private readonly hasher: PositionHasher;
  private readonly segments: Segment[] = [];
  /** Positions are below this: it is the cursor at the end of a walk. */
  readonly limit: number;
  /** First position of each segment; longer than there are segments. */
  private bases: Float64Array;
  /** Where the arrays of each segment lie, and their capacity: `find` reads these, which stay in the cache, and not the segments. */
  private memories: Int32Array;
  private capacities: Int32Array;
  /** Index of the first segment of each block; one more at the end. */
  private readonly blockStart: Int32Array;

  private foundIndex = 0;
  private foundSlot = 0;

  /** `blocks`: how many blocks the hasher's positions lie in. */
  constructor(heap: RecordHeap, hasher: PositionHasher, blocks = BLOCKS) {
    this.heap = heap;
    this.hasher = hasher;
    this.limit = blocks * BLOCK_SPAN;
    const size = Math.max(blocks, DIRECTORY_MIN);
    this.bases = new Float64Array(size);
    this.memories = new Int32Array(size);
    this.capacities = new Int32Array(size);
    this.blockStart = new Int32Array(blocks + 1);
    for (let block = 0; block < blocks; block++) this.addSegment(block, new Segment(block * BLOCK_SPAN, heap));
  }

  get segmentCount(): number {
    return this.segments.length;
  }

  /** Bytes of all indexes. */
  get indexBytes(): number {
    let bytes = 0;
    for (const segment of this.segments) bytes += segment.indexBytes;
    return bytes;
  }

  /** No record expires before this (Unix ms); Infinity: none does at all. */
  get nextExpiryMs(): number {
    let next = Infinity;
    for (const segment of this.segments) if (segment.expiring > 0) next = Math.min(next, segment.nextExpiryMs);
    return next;
  }

  /** The ref of a key; 0 if it is not there. Leaves the key's position in the hasher. */
  find(key: Uint8Array, start: number, end: number): number {
    const hasher = this.hasher;
    hasher.hash(key, start, end);
    const index = this.locate(hasher.high, hasher.low);
    const memory = this.memories[index];
    this.foundIndex = index;
    this.foundSlot = 0;
    if (memory === 0) return 0;
    const low = hasher.low;
    const capacity = this.capacities[index];
    const { slab } = this.heap;
    const words = slab.words(memory);
    const base = slab.offset(memory) >>> 2;
    let slot = homeOf(low, capacity);
    let ref = words[base + 2 * slot + 1];
    while (ref !== 0) {
      if (words[base + 2 * slot] === low && this.heap.keyEquals(ref, key, start, end)) break;
      slot = slot + 1 === capacity ? 0 : slot + 1;
      ref = words[base + 2 * slot + 1];
    }
    this.foundSlot = slot;
    return ref;
  }

  private get foundSegment(): Segment {
    return this.segments[this.foundIndex];
  }

  /** Adds the record of the key that `find` did not find. */
  insert(ref: number): void {
    const { foundSegment: segment, hasher } = this;
    this.foundSlot = segment.insert(hasher.high, hasher.low, ref);
    this.mirror(this.foundIndex);
    this.count++;
    this.noteExpiry(segment, ref);
    if (segment.count <= SEGMENT_COUNT_MAX) return;
    this.split(this.foundIndex);
    this.findRef(ref);
  }

  /** The records of the segment in which the found one lies. */
  get foundCount(): number {
    return this.foundSegment.count;
  }

  /** Makes a slot of a segment, by its index, the found one. */
  select(index: number, slot: number): void {
    this.foundIndex = index;
    this.foundSlot = slot;
  }

  /** Puts another record in the place of the one that `find` found. `hadExpiry`: whether that one had an expiry. */
  replace(ref: number, hadExpiry: boolean): void {
    this.foundSegment.setRef(this.foundSlot, ref);
    this.expiryChanged(ref, hadExpiry);
  }

  /** Keeps the expiry figures true after the record that `find` found was changed in place. */
  expiryChanged(ref: number, hadExpiry: boolean): void {
    if (hadExpiry) this.dropExpiry(this.foundSegment);
    this.noteExpiry(this.foundSegment, ref);
  }

  /** Takes out the record that `find` found. The caller frees it. */
  remove(): void {
    const segment = this.foundSegment;
    const ref = segment.ref(this.foundSlot);
    assert(ref !== 0, 'remove follows a find that found');
    if (this.heap.expiresAtMs(ref) !== 0) this.dropExpiry(segment);
    segment.remove(this.foundSlot);
    this.mirror(this.foundIndex);
    this.count--;
  }

  /** Calls `visit` with every record, in no order. `visit` must not change the table. */
  forEach(visit: (ref: number) => void): void {
    for (const segment of this.segments) visitAll(segment, visit);
  }

  /**
   * Takes apart a table that is no longer used: calls `visit` with at least `recordsMax` records (fewer only when none are left),
   * each once over all calls, and returns how many.
   */
  drain(recordsMax: number, visit: (ref: number) => void): number {
    let drained = 0;
    while (drained < recordsMax && this.segments.length > 0) {
      const segment = this.segments.pop();
      if (segment === undefined) break;
      visitAll(segment, visit);
      drained += segment.count;
      segment.release();
    }
    return drained;
  }

  /**
   * Calls `visit` with every record of the segment that holds `position`, in no order, and returns where the next segment
   * begins; `limit` after the last. `visit` must not change the table.
   */
  forEachInSegmentAt(position: number, visit: (ref: number) => void): number {
    const index = this.indexOf(position);
    visitAll(this.segments[index], visit);
    return this.startOf(index + 1);
  }

  /**
   * Walks on from `cursor` in the order of positions: calls `visit` with at least `count` records (fewer only at the
   * end), all records of one position together, and returns the cursor to go on from; `limit` at the end. Records that are
   * there from a walk's begin to its end are visited whatever happens between its calls.
   */
  walk(cursor: number, count: number, visit: (ref: number, position: number) => void): number {
    if (cursor >= this.limit) return this.limit;
    let visited = 0;
    let from = cursor;
    let last = -1;
    for (let index = this.indexOf(cursor); index < this.segments.length; index++) {
      const segment = this.segments[index];
      for (;;) {
        const slots = slotsInOrder(segment, from, this.startOf(index + 1), Math.max(0, count - visited));
        if (slots.length === 0) break;
        for (const slot of slots) {
          const position = segment.position(slot);
          if (visited >= count && position !== last) return position;
          visit(segment.ref(slot), position);
          visited++;
          last = position;
        }
        from = last + 1;
      }
      from = this.startOf(index + 1);
      if (visited >= count) return from;
    }
    return this.limit;
  }

  /**
   * A record chosen at random by two 32-bit numbers, of those with an expiry only if `expiringOnly`; 0 if there is none. Not quite uniform:
   * by segment, then by slot.
   */
  sample(random1: number, random2: number, expiringOnly = false): number {
    if ((expiringOnly ? this.expiring : this.count) === 0) return 0;
    let index = random1 % this.segments.length;
    const candidates = (segment: Segment): number => (expiringOnly ? segment.expiring : segment.count);
    while (candidates(this.segments[index]) === 0) index = index + 1 === this.segments.length ? 0 : index + 1;
    const segment = this.segments[index];
    let slot = random2 % segment.capacity;
    for (;;) {
      const ref = segment.ref(slot);
      if (ref !== 0 && (!expiringOnly || this.heap.expiresAtMs(ref) !== 0)) return ref;
      slot = segment.after(slot);
    }
  }

  /**
   * Fills `refs` with records that lie side by side, from a place on that is chosen at random by two 32-bit numbers; returns how many, fewer
   * only if there are no more. Cheaper than as many calls of `sample`, and the records have as little to do with each other.
   */
  sampleRun(random1: number, random2: number, refs: Int32Array): number {
    const { segments } = this;
    const wanted = Math.min(refs.length, this.count);
    let index = random1 % segments.length;
    let found = 0;
    // If it comes around to the segment that it began in, what lies before the place is still missing, and no more.
    for (let slot = random2 % segments[index].capacity; found < wanted; slot = 0) {
      found = segments[index].copyRefs(slot, refs, found, wanted);
      index = index + 1 === segments.length ? 0 : index + 1;
    }
    return found;
  }

  /**
   * Finds the next segment from `position` on in which a record may have expired at `nowMs`, calls `visit` with up to `max` of its records that
   * have, and returns where to go on: there again, if there may be more, else at the segment after it; `limit` when none is left. `visit` must
   * not change the table. REQUIRES: the caller then removes what was visited; it is not looked for again, unless
   * it `stays`: then there is no `max`.
   */
  forEachExpired(position: number, nowMs: number, max: number, visit: (ref: number) => void, stays = false): number {
    for (let index = this.indexOf(position); index < this.segments.length; index++) {
      const segment = this.segments[index];
      if (segment.expiring === 0 || segment.nextExpiryMs > nowMs) continue;
      let next = Infinity;
      let visited = 0;
      for (let slot = 0; slot < segment.capacity; slot++) {
        const ref = segment.ref(slot);
        const atMs = ref === 0 ? 0 : this.heap.expiresAtMs(ref);
        if (atMs === 0) continue;
        if (atMs > nowMs) next = Math.min(next, atMs);
        else {
          if (visited === max && !stays) return segment.base;
          visit(ref);
          visited++;
        }
      }
      if (!stays) segment.nextExpiryMs = next;
      return this.startOf(index + 1);
    }
    return this.limit;
  }

  /** The slots of a segment, by its index: for who visits all records and keeps his own place. */
  slotCount(index: number): number {
    return this.segments[index].capacity;
  }

  /** The record in a slot of a segment; 0 if there is none. */
  refInSlot(index: number, slot: number): number {
    return this.segments[index].ref(slot);
  }

  /** The records of a segment. */
  countOf(index: number): number {
    return this.segments[index].count;
  }

  /** Makes the place of a record the found one, wherever it has moved. REQUIRES: it is the last one that `find` was asked for. */
  private findRef(ref: number): void {
    const { high, low } = this.hasher;
    this.foundIndex = this.locate(high, low);
    const segment = this.segments[this.foundIndex];
    let slot = segment.home(low);
    while (segment.ref(slot) !== ref) slot = segment.after(slot);
    this.foundSlot = slot;
  }

  private locate(high: number, low: number): number {
    const block = high >>> BLOCK_HIGHS_SHIFT;
    let first = this.blockStart[block];
    let last = this.blockStart[block + 1] - 1;
    if (first === last) return first;
    const position = high * 4294967296 + (low >>> 0);
    const bases = this.bases;
    while (first < last) {
      const middle = (first + last + 1) >>> 1;
      if (bases[middle] <= position) first = middle;
      else last = middle - 1;
    }
    return first;
  }

  private indexOf(position: number): number {
    return this.locate(Math.floor(position / 4294967296), (position % 4294967296) | 0);
  }

  private startOf(index: number): number {
    return index < this.segments.length ? this.bases[index] : this.limit;
  }

  private split(index: number): void {
    const lower = this.segments[index];
    const upper = lower.split();
    if (upper === undefined) return;
    this.addSegment(index + 1, upper);
    this.mirror(index);
    lower.expiring = upper.expiring = 0;
    const count = (segment: Segment): void => {
      visitAll(segment, (ref) => {
        if (this.heap.expiresAtMs(ref) !== 0) segment.expiring++;
      });
    };
    if (this.expiring > 0) {
      count(lower);
      count(upper);
    }
  }

  /** Takes a segment into the directory, at `index`. */
  private addSegment(index: number, segment: Segment): void {
    const count = this.segments.length;
    if (count === this.bases.length) this.growDirectory(count * 2);
    this.segments.splice(index, 0, segment);
    this.bases.copyWithin(index + 1, index, count);
    this.memories.copyWithin(index + 1, index, count);
    this.capacities.copyWithin(index + 1, index, count);
    this.bases[index] = segment.base;
    this.mirror(index);
    const { blockStart } = this;
    for (let block = Math.floor(segment.base / BLOCK_SPAN) + 1; block < blockStart.length; block++) blockStart[block]++;
  }

  private growDirectory(size: number): void {
    const { bases, memories, capacities } = this;
    this.bases = new Float64Array(size);
    this.memories = new Int32Array(size);
    this.capacities = new Int32Array(size);
    this.bases.set(bases);
    this.memories.set(memories);
    this.capacities.set(capacities);
  }

  /** Brings the directory up to date after a segment may have got other arrays. */
  private mirror(index: number): void {
    const segment = this.segments[index];
    this.memories[index] = segment.memory;
    this.capacities[index] = segment.capacity;
  }

  private noteExpiry(segment: Segment, ref: number): void {
    const atMs = this.heap.expiresAtMs(ref);
    if (atMs === 0) return;
    if (atMs < segment.nextExpiryMs) segment.nextExpiryMs = atMs;
    segment.expiring++;
    this.expiring++;
  }

  private dropExpiry(segment: Segment): void {
    segment.expiring--;
    this.expiring--;
    if (segment.expiring === 0) segment.nextExpiryMs = Infinity;
  }
}

/** Part of a table that a stride moves on by: the golden ratio's, so that the slots visited spread evenly all the time. */
const STRIDE = 0.618;

/**
 * Visits every record, far apart in the table one after the other: a table that is filled from another one's records in the order of
 * their homes becomes one long cluster while it grows.
 */
function visitAll(segment: Segment, visit: (ref: number) => void): void {
  const { capacity } = segment;
  let stride = Math.max(1, Math.floor(capacity * STRIDE));
  while (greatestCommonDivisor(stride, capacity) !== 1) stride++;
  let slot = 0;
  for (let i = 0; i < capacity; i++) {
    const ref = segment.ref(slot);
    if (ref !== 0) visit(ref);
    slot += stride;
    if (slot >= capacity) slot -= capacity;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * The slots of the first records at or behind `from`, sorted by position: at least `count + 1` of them, or all there are.
 * Positions lie evenly as a rule, so a window of the right size holds enough; it widens when it does not.
 */
function slotsInOrder(segment: Segment, from: number, end: number, count: number): Int32Array {
  let window = ((end - segment.base) * (2 * count + 16)) / Math.max(1, segment.count);
  for (;;) {
    const until = Math.min(end, from + window);
    const slots: number[] = [];
    for (let slot = 0; slot < segment.capacity; slot++) {
      if (segment.ref(slot) === 0) continue;
      const position = segment.position(slot);
      if (position >= from && position < until) slots.push(slot);
    }
    if (slots.length > count || until >= end) {
      return Int32Array.from(slots).sort((a, b) => segment.position(a) - segment.position(b));
    }
    window = Math.max(1, window * 4);
  }
}
