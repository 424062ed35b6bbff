import type { PositionHasher } from '../../base/position.js';
import type { CellDigest } from '../../record/cell-digest.js';
import { FieldTable } from './field-table.js';
import { OrderTree } from './order-tree.js';
import type { RecordHead } from './record-head.js';
import type { RecordHeap } from './record-heap.js';

/** Bytes of a score in the value of a cell: a double, little-endian. */
export const SCORE_BYTES = 8;

/** Members drained at once, of each of both structures in turn. */
const DRAIN_SLICE = 64;

/** The cells of a large sorted set: a table of them by member, and a tree of those that are not tombstones by score and member. */
export class SortedTable extends FieldTable {
  readonly tree: OrderTree;

  constructor(heap: RecordHeap, hasher: PositionHasher, digest?: CellDigest) {
    super(heap, hasher, digest);
    this.tree = new OrderTree(heap);
  }

  override get usedBytes(): number {
    return super.usedBytes + this.tree.usedBytes;
  }

  /** The score of a cell. REQUIRES: it is no tombstone. */
  score(ref: number): number {
    return this.heap.bytes(ref).readDoubleLE(this.heap.valueStart(ref));
  }

  override put(
    old: number,
    head: RecordHead,
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    if (old !== 0) this.takeFromTree(old);
    const ref = super.put(old, head, field, fieldStart, fieldEnd, value, valueStart, valueEnd);
    if (!head.isEmpty) this.tree.insert(this.score(ref), ref);
    return ref;
  }

  override remove(ref: number): void {
    this.takeFromTree(ref);
    super.remove(ref);
  }

  override drain(recordsMax: number): number {
    let freed = 0;
    while (freed < recordsMax) {
      const step = super.drain(DRAIN_SLICE) + this.tree.drain(DRAIN_SLICE);
      if (step === 0) break;
      freed += step;
    }
    return freed;
  }

  private takeFromTree(ref: number): void {
    if (!this.heap.isEmpty(ref)) this.tree.remove(this.score(ref), ref);
  }
}
