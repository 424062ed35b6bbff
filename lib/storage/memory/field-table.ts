import type { PositionHasher } from '../../base/position.js';
import type { CellDigest } from '../../record/cell-digest.js';
import type { LargeValue } from './large-values.js';
import type { RecordHeap } from './record-heap.js';
import { RecordHead } from './record-heap.js';
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

  /** Adds a cell to the digest, or takes it away. */
  private count(digest: CellDigest, ref: number, sign: 1 | -1): void {
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
