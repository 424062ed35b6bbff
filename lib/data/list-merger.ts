import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import { ListId, ListSide, isElementField } from '../record/list-id.js';
import { Removals, StampSet } from '../record/removals.js';
import type { ListElement } from '../storage/memory/list-element.js';
import { ID_BYTES_MAX } from '../storage/memory/list-nodes.js';
import { RecordHead } from '../storage/memory/record-head.js';
import { ListEditor } from './list-editor.js';

const fieldScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const pushScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);

/** Merges the changes of others, and of the log, into the list under the keyspace's cursor. */
export class ListMerger extends ListEditor {
  private readonly head = new RecordHead();
  private readonly id = new ListId();
  /** Whether `place` has found the id itself, and not only where it would be. */
  private isPlaceTaken = false;

  /** Merges a change (collection.ts). */
  apply(reader: BatchReader): boolean {
    this.use();
    const { bytes, fieldStart, fieldEnd, valueStart, valueEnd } = reader;
    if (reader.kind !== ChangeKind.VALUE) return false;
    if (isElementField(bytes.subarray(fieldStart, fieldEnd))) return this.applyElement(reader);
    this.applyRemovals(bytes.subarray(fieldStart, fieldEnd), bytes.subarray(valueStart, valueEnd), reader);
    return true;
  }

  private applyElement(reader: BatchReader): boolean {
    const { element, id } = this;
    const { bytes, fieldStart, fieldEnd } = reader;
    id.read(bytes, fieldStart, fieldEnd);
    if (this.isDeleted(id) || this.removals?.has(id) === true) return false;
    const index = this.place(bytes, fieldStart, fieldEnd);
    const isKnown = this.isPlaceTaken;
    if (isKnown && isAtLeast(element, reader)) return false;
    element.setField(bytes, fieldStart, fieldEnd);
    element.setValue(bytes, reader.valueStart, reader.valueEnd);
    element.pairStamp = reader.stamp;
    element.pairOrigin = reader.origin;
    if (isKnown) this.replaceElement(index);
    else this.insertElement(index);
    return true;
  }

  /** Whether an element was made before what the record under the cursor says was deleted. */
  private isDeleted({ stamp, origin }: ListId): boolean {
    const ref = this.keyspace.cellsAt(this.type);
    if (ref === 0) return false;
    const { head } = this;
    this.keyspace.heap.read(ref, head);
    return stamp < head.deletedStamp || (stamp === head.deletedStamp && origin <= head.deletedOrigin);
  }

  private applyRemovals(field: Buffer, value: Buffer, { stamp, origin }: BatchReader): void {
    const removals = new Removals();
    removals.add(Buffer.from(field), value, { stamp, origin });
    const side = field[1] as ListSide;
    const by = field.readUInt16BE(2);
    const stamps = new StampSet();
    stamps.addEncoded(value, 0, value.length);
    if (side === ListSide.BETWEEN) this.removeKnown(removals, 0, this.count);
    else {
      stamps.forEach((first, last) => {
        const low = side === ListSide.RIGHT ? first : last;
        const high = side === ListSide.RIGHT ? last : first;
        const from = this.placeOfPush(side, low, 0);
        // Behind the last that may be it: its origin counts.
        const to = this.placeOfPush(side, high, by);
        this.removeKnown(removals, from, to + Number(this.isPlaceTaken));
      });
    }
    if (this.keyspace.mustKeepTombstones) this.remember(Buffer.from(field), value, { stamp, origin });
  }

  /** Takes out the elements from `from` up to `to` that are among the removals. */
  private removeKnown(removals: Removals, from: number, to: number): void {
    const { id, element } = this;
    const indexes: number[] = [];
    if (from >= to) return;
    this.readAt(from);
    do {
      id.side = element.side;
      id.stamp = element.stamp;
      id.origin = element.origin;
      if (removals.has(id)) indexes.push(this.index);
    } while (this.index + 1 < to && this.readNext());
    this.removeAt(indexes);
  }

  private placeOfPush(side: ListSide, stamp: number, origin: number): number {
    const { other } = this;
    other.side = side;
    other.stamp = stamp;
    other.origin = origin;
    const end = other.copyField(pushScratch);
    return this.place(pushScratch, 0, end);
  }

  /** The index of the element with that id, or where it would be. Reads the element that has it. */
  private place(field: Uint8Array, start: number, end: number): number {
    this.isPlaceTaken = false;
    let low = 0;
    let high = this.count;
    // Most changes are at the ends.
    if (high > 0 && this.compareAt(high - 1, field, start, end) < 0) low = high;
    else if (high > 0 && this.compareAt(0, field, start, end) > 0) high = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareAt(middle, field, start, end) < 0) low = middle + 1;
      else high = middle;
    }
    if (low < this.count) this.isPlaceTaken = this.compareAt(low, field, start, end) === 0;
    return low;
  }

  /** The order of the id of the element at `index` and another one. */
  private compareAt(index: number, field: Uint8Array, start: number, end: number): number {
    this.readAt(index);
    const length = this.element.copyField(fieldScratch);
    return fieldScratch.compare(field, start, end, 0, length);
  }
}

/** Whether the pair of the element is that of the change, or above it. */
function isAtLeast({ pairStamp, pairOrigin }: ListElement, { stamp, origin }: BatchReader): boolean {
  return pairStamp > stamp || (pairStamp === stamp && pairOrigin >= origin);
}
