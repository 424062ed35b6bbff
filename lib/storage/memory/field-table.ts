import { assert } from '../../base/assert.js';
import type { PositionHasher } from '../../base/position.js';
import type { DigestSum } from '../../record/aged-digests.js';
import { AgedDigests } from '../../record/aged-digests.js';
import type { CellDigest } from '../../record/cell-digest.js';
import type { LargeValue } from './large-values.js';
import type { RecordHeap } from './record-heap.js';
import { RecordHead } from './record-head.js';
import { ResidentTable } from './resident-table.js';

const digestHead = new RecordHead();

/**
 * The cells of a large hash, set or sorted set: a table of records, as a database is. The key of a record is the cell's field, its value the cell's
 * value, its pair the cell's pair, its expiry the cell's own; an empty record is a tombstone.
 */
export class FieldTable implements LargeValue {
  readonly table: ResidentTable;
  /** Of all cells, where others ask for it. */
  readonly digest: CellDigest | undefined;
  /** Of the tombstones among them. */
  private readonly tombstones: AgedDigests | undefined;
  tombstoneCount = 0;
  /** The earliest expiry of a cell that somebody waits for, Unix ms. */
  awaitedMs = Infinity;
  /** No segment has more records. */
  countBound = 0;
  /** Records when `countBound` was looked for last. */
  private boundedCount = Infinity;
  protected readonly heap: RecordHeap;

  /** `hasher` is one of fields. `digest`, if there is one, is kept up to date. */
  constructor(heap: RecordHeap, hasher: PositionHasher, digest?: CellDigest) {
    this.heap = heap;
    this.digest = digest;
    this.tombstones = digest && new AgedDigests();
    this.table = new ResidentTable(heap, hasher, 1);
  }

  get liveCount(): number {
    return this.table.count - this.tombstoneCount;
  }

  /** The index, and the records: as long as those of one segment are, on the whole. */
  get usedBytes(): number {
    const { heap, table } = this;
    let sampled = 0;
    let bytes = 0;
    for (let index = 0; index < table.segmentCount && sampled === 0; index++) {
      for (let slot = 0; slot < table.slotCount(index); slot++) {
        const ref = table.refInSlot(index, slot);
        if (ref === 0) continue;
        sampled++;
        bytes += heap.slab.capacity(ref);
      }
    }
    return table.indexBytes + (sampled === 0 ? 0 : Math.round((bytes / sampled) * table.count));
  }

  /** The record of a field, a tombstone too; 0 if there is none. `put` and `remove` act there. */
  find(field: Uint8Array, start: number, end: number): number {
    return this.table.find(field, start, end);
  }

  /** Writes the cell of the field that `find` was asked for; `old` is what it found. Returns its record. */
  put(
    old: number,
    head: RecordHead,
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const { heap, table } = this;
    const hadExpiry = old !== 0 && heap.expiresAtMs(old) !== 0;
    if (old !== 0 && heap.isEmpty(old)) this.tombstoneCount--;
    if (head.isEmpty) this.tombstoneCount++;
    if (this.digest !== undefined && old !== 0) this.count(this.digest, old, -1);
    const ref = heap.write(old, head, field, fieldStart, fieldEnd, value, valueStart, valueEnd);
    if (old === 0) {
      table.insert(ref);
      this.countBound = Math.max(this.countBound, table.foundCount);
    } else if (ref === old) table.expiryChanged(ref, hadExpiry);
    else {
      table.replace(ref, hadExpiry);
      heap.slab.free(old);
    }
    if (this.digest !== undefined) this.count(this.digest, ref, 1);
    return ref;
  }

  /** Looks for a lower `countBound`, if many records have gone since it was looked for last. */
  tightenBound(): void {
    const { table } = this;
    if (table.count > this.boundedCount / 2 && this.boundedCount !== Infinity) return;
    this.boundedCount = table.count;
    this.countBound = 0;
    for (let i = 0; i < table.segmentCount; i++) this.countBound = Math.max(this.countBound, table.countOf(i));
  }

  /** Takes out the record that `find` found, without a trace. */
  remove(ref: number): void {
    if (this.heap.isEmpty(ref)) this.tombstoneCount--;
    if (this.digest !== undefined) this.count(this.digest, ref, -1);
    this.table.remove();
    this.heap.slab.free(ref);
  }

  /** What the tombstones up to a stamp come to in `digest`. REQUIRES: there is one. */
  tombstonesUpTo(stamp: number): DigestSum {
    const { digest, tombstones, heap } = this;
    assert(digest !== undefined && tombstones !== undefined, 'the digest is kept');
    const known = tombstones.upTo(stamp);
    if (known !== undefined) return known;
    const { high, low } = digest;
    let count = 0;
    this.table.forEach((ref) => {
      if (!heap.isEmpty(ref) || heap.stamp(ref) > stamp) return;
      this.addTo(digest, ref, 1);
      count++;
    });
    const sum = { count, high: (digest.high - high) | 0, low: (digest.low - low) | 0 };
    digest.high = high;
    digest.low = low;
    return sum;
  }

  /** Takes out tombstones up to a stamp, among about `count` cells from `cursor` on (0 begins); returns where to go on, `table.limit` at the end. */
  removeTombstones(stamp: number, cursor: number, count: number): number {
    const { heap, table } = this;
    const fields: Buffer[] = [];
    const next = table.walk(cursor, count, (ref) => {
      if (heap.isEmpty(ref) && heap.stamp(ref) <= stamp) fields.push(heap.key(ref));
    });
    for (const field of fields) this.remove(this.find(field, 0, field.length));
    return next;
  }

  /** Adds a cell to the digest that is kept, or takes it away. */
  private count(digest: CellDigest, ref: number, sign: 1 | -1): void {
    const { high, low } = digest;
    this.addTo(digest, ref, sign);
    if (this.heap.isEmpty(ref)) this.tombstones?.add(sign, this.heap.stamp(ref), high, low, digest);
  }

  private addTo(digest: CellDigest, ref: number, sign: 1 | -1): void {
    const { heap } = this;
    heap.read(ref, digestHead);
    const { form, isEmpty, stamp, origin, expiresAtMs } = digestHead;
    const start = heap.keyStart(ref);
    const end = start + heap.keyLength(ref);
    digest.cell(sign, form, heap.bytes(ref), start, end, isEmpty, stamp, origin, isEmpty ? 0 : expiresAtMs);
  }

  drain(recordsMax: number): number {
    return this.table.drain(recordsMax, (ref) => {
      this.heap.slab.free(ref);
    });
  }
}
