import { assert } from '../base/assert.js';
import type { HybridClock } from '../base/stamp.js';
import type { Random } from '../host/ports.js';
import { FieldTable } from '../storage/memory/field-table.js';
import { PackedFields } from '../storage/memory/packed-fields.js';
import type { RecordHeap } from '../storage/memory/record-heap.js';
import type { ResidentTable } from '../storage/memory/resident-table.js';

/** What reading cells takes. */
export interface FieldSource {
  readonly heap: RecordHeap;
  readonly clock: HybridClock;
  readonly random: Random;
  /** This node's ordinal. */
  readonly origin: number;
}

/** Draws before the way that is exact at once, and slower. */
const DRAWS_MAX = 64;
/** So many in vain, and it is looked how full the segments of a table are. */
const DRAWS_OF_A_BOUND = 8;
/** Where one in so many cells is wanted, all are looked at in their order. */
const SCAN_PART = 4;
const TWO_32 = 2 ** 32;

/** Looks at packed cells without leaving the one that a reader stands on. */
const scan = new PackedFields(0);

/**
 * Reads the cells of a hash or a set, whichever way they lie in memory. `find`, `next`, `pick` and `walk` stand on one live cell after the other: its field
 * and value are `bytes[fieldStart, fieldEnd)` and `bytes[valueStart, valueEnd)`, views that are valid until the next change of any data. Cells that have
 * expired are not seen.
 *
 * Several readers may stand on several keys; nothing is allocated.
 */
export class FieldReader {
  bytes: Buffer = Buffer.alloc(0);
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** When the cell alone expires, Unix milliseconds; 0 is never. */
  expiresAtMs = 0;

  protected readonly source: FieldSource;
  protected readonly packed: PackedFields;
  protected table: FieldTable | undefined;
  /** The record that was opened; 0 if there is none. */
  protected ref = 0;
  /** The record of the large form's cell that the fields describe. */
  protected cellRef = 0;
  private segment = 0;
  private slot = 0;
  /** Where the cell lies that `pick` or `next` stands on, of the large form. */
  protected pickedSegment = 0;
  protected pickedSlot = 0;

  constructor(source: FieldSource) {
    this.source = source;
    this.packed = new PackedFields(source.origin);
  }

  /** Turns to a hash or set; 0 is one without cells. */
  open(ref: number): void {
    const { heap } = this.source;
    this.ref = ref;
    this.table = undefined;
    if (ref === 0) this.packed.open(this.packed.bytes, 0, 0);
    else if (heap.isLarge(ref)) this.table = tableAt(heap, ref);
    else {
      const start = heap.valueStart(ref);
      this.packed.open(heap.bytes(ref), start, start + heap.valueLength(ref));
    }
  }

  /** Cells that are there. */
  get count(): number {
    const { cellCount } = this;
    return cellCount === 0 || !this.hasExpiring ? cellCount : cellCount - this.countExpired();
  }

  /** Cells that are there, and those that have expired and were not removed yet. */
  get cellCount(): number {
    return this.table === undefined ? this.packed.liveCount : this.table.liveCount;
  }

  /** Whether some cell may have an expiry. */
  get hasExpiring(): boolean {
    return this.table === undefined ? this.packed.hasExpiring : this.table.table.expiring > 0;
  }

  /** No cell expires before this (Unix ms); Infinity: none does at all. */
  get nextExpiryMs(): number {
    if (!this.hasExpiring) return Infinity;
    if (this.table !== undefined) return this.table.table.nextExpiryMs;
    let next = Infinity;
    this.rewindScan();
    while (scan.next()) if (scan.expiresAtMs !== 0 && !scan.isTombstone) next = Math.min(next, scan.expiresAtMs);
    return next;
  }

  get isLarge(): boolean {
    return this.table !== undefined;
  }

  /** Stands on the cell of a field; false if there is none. */
  find(field: Uint8Array, start: number, end: number): boolean {
    if (this.table === undefined) return this.packed.find(field, start, end) && this.describePacked();
    return this.describe(this.table.find(field, start, end));
  }

  /** Back in front of all cells, for `next`. */
  rewind(): void {
    this.packed.rewind();
    this.segment = this.slot = 0;
  }

  /** The next cell, in no particular order. Nothing may change meanwhile. */
  next(): boolean {
    if (this.table === undefined) {
      while (this.packed.next()) if (this.describePacked()) return true;
      return false;
    }
    const { table } = this.table;
    for (; this.segment < table.segmentCount; this.segment++, this.slot = 0) {
      const slots = table.slotCount(this.segment);
      while (this.slot < slots) if (this.standOnSlot(table, this.segment, this.slot++)) return true;
    }
    return false;
  }

  /**
   * Goes on with a walk at `cursor` (0 begins it), by Redis's promise: what is there all the time is visited. Calls `visit` with at least `count` cells,
   * fewer only at the end, and returns the cursor to go on from; 0 at the end.
   */
  walk(cursor: number, count: number, visit: () => void): number {
    if (this.table === undefined) {
      this.rewind();
      while (this.next()) visit();
      return 0;
    }
    const { table } = this.table;
    const next = table.walk(cursor, count, (ref) => {
      if (this.describe(ref)) visit();
    });
    return next >= table.limit ? 0 : next;
  }

  /** Stands on a cell chosen at random, each with the same chance. False if there is none. */
  pick(): boolean {
    const { count } = this;
    if (count === 0) return false;
    if (this.table === undefined) return this.pickAt(this.below(count));
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      if (draw === DRAWS_OF_A_BOUND) this.table.tightenBound();
      if (this.draw(this.table)) return true;
    }
    return this.pickAt(this.below(count));
  }

  /**
   * Draws a segment, so that each counts by the records in it, and a record of that. False if the segment's turn does not come, or the record is no live cell:
   * to be tried again.
   */
  private draw({ table, countBound }: FieldTable): boolean {
    const segment = this.below(table.segmentCount);
    const count = table.countOf(segment);
    if (count === 0 || (table.segmentCount > 1 && this.below(countBound) >= count)) return false;
    const slots = table.slotCount(segment);
    let slot = this.below(slots);
    while (table.refInSlot(segment, slot) === 0) slot = this.below(slots);
    return this.standOnSlot(table, segment, slot);
  }

  /**
   * Calls `visit` with `count` cells chosen at random, all different, each choice as likely as any other: in no order, and not in a random one. REQUIRES:
   * `count` is at most `this.count`.
   */
  pickSome(count: number, visit: () => void): void {
    let left = this.count;
    if (this.table !== undefined && count < left / SCAN_PART) {
      this.drawSome(count, visit);
      return;
    }
    let wanted = count;
    this.rewind();
    for (; wanted > 0 && this.next(); left--) {
      if (this.below(left) >= wanted) continue;
      wanted--;
      visit();
    }
  }

  /** `pickSome` of few among many. */
  private drawSome(count: number, visit: () => void): void {
    const drawn = new Set<number>();
    while (drawn.size < count && this.pick()) {
      if (drawn.has(this.cellRef)) continue;
      drawn.add(this.cellRef);
      visit();
    }
  }

  /** Stands on the cell that `index` others come before, in the order of `next`; on the last one there is, if some of those have expired. */
  private pickAt(index: number): boolean {
    let found = false;
    this.rewind();
    for (let i = 0; i <= index && this.next(); i++) found = true;
    return found;
  }

  /** A random whole number below `limit`. */
  private below(limit: number): number {
    return Math.floor((this.source.random.uint32() / TWO_32) * limit);
  }

  private standOnSlot(table: ResidentTable, segment: number, slot: number): boolean {
    if (!this.describe(table.refInSlot(segment, slot))) return false;
    this.pickedSegment = segment;
    this.pickedSlot = slot;
    return true;
  }

  protected describePacked(): boolean {
    const { packed } = this;
    if (packed.isTombstone || this.hasExpired(packed.expiresAtMs)) return false;
    this.bytes = packed.bytes;
    this.fieldStart = packed.fieldStart;
    this.fieldEnd = packed.fieldEnd;
    this.valueStart = packed.valueStart;
    this.valueEnd = packed.valueEnd;
    this.expiresAtMs = packed.expiresAtMs;
    return true;
  }

  protected describe(cellRef: number): boolean {
    this.cellRef = cellRef;
    if (cellRef === 0) return false;
    const { heap } = this.source;
    if (heap.isEmpty(cellRef)) return false;
    this.expiresAtMs = heap.expiresAtMs(cellRef);
    if (this.hasExpired(this.expiresAtMs)) return false;
    this.bytes = heap.bytes(cellRef);
    this.fieldStart = heap.keyStart(cellRef);
    this.fieldEnd = this.valueStart = this.fieldStart + heap.keyLength(cellRef);
    this.valueEnd = this.valueStart + heap.valueLength(cellRef);
    return true;
  }

  private countExpired(): number {
    const { table, source } = this;
    let expired = 0;
    if (table !== undefined) {
      if (table.table.nextExpiryMs > source.clock.nowMs) return 0;
      table.table.forEach((ref) => (expired += this.hasExpired(source.heap.expiresAtMs(ref)) ? 1 : 0));
      return expired;
    }
    this.rewindScan();
    while (scan.next()) if (!scan.isTombstone && this.hasExpired(scan.expiresAtMs)) expired++;
    return expired;
  }

  private rewindScan(): void {
    const { bytes, start, end } = this.packed;
    scan.open(bytes, start, end);
  }

  protected hasExpired(expiresAtMs: number): boolean {
    return expiresAtMs !== 0 && expiresAtMs <= this.source.clock.nowMs;
  }
}

/** The cells of a record in the large form. */
function tableAt(heap: RecordHeap, ref: number): FieldTable {
  const table = heap.large.get(heap.largeIndex(ref));
  assert(table instanceof FieldTable, 'hashes and sets lie in tables');
  return table;
}
