import { VARINT_BYTES_MAX } from '../base/varint.js';
import { ListSide, REMOVALS_FIELD_BYTES, idBetween, removalsField, writeRemovalsField } from '../record/list-id.js';
import { StampSet, writeInterval } from '../record/removals.js';
import type { ListElement } from '../storage/memory/list-element.js';
import { ID_BYTES_MAX } from '../storage/memory/list-nodes.js';
import type { Collection } from './collection.js';
import { REPACKED_COUNT_MAX } from './list-editor.js';
import { ListMerger } from './list-merger.js';

const NONE = -1;

const fieldScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const otherScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const removalScratch = Buffer.allocUnsafeSlow(REMOVALS_FIELD_BYTES + 2 * VARINT_BYTES_MAX);

/**
 * The list under the keyspace's cursor: read and changed there.
 *
 *     keyspace.find(db, key, ...)     puts the cursor on the key; 0, or the ref of its record
 *     lists.use()                     turns to it
 *     lists.seek(index), next() ...   stand on an element
 *     lists.push(side, ...), set(index, ...), insert(index, ...), remove(index, count)
 *
 * A list comes into being with its first element, and is gone with its last one. Every change takes a stamp and goes into the write batch.
 * REQUIRES: what is added does not lie in a list.
 */
export class ListCells extends ListMerger implements Collection {
  /** Adds the element `bytes[start, end)` at an end. */
  push(side: typeof ListSide.LEFT | typeof ListSide.RIGHT, bytes: Uint8Array, start: number, end: number): void {
    const { keyspace, element } = this;
    const previousStamp = this.lastStamp(side);
    const stamp = keyspace.beginCell();
    element.create(side, stamp, keyspace.origin, previousStamp);
    this.add(side === ListSide.LEFT ? 0 : this.count, stamp, bytes, start, end);
  }

  /** Adds an element so that it is at `index` then. */
  insert(index: number, bytes: Uint8Array, start: number, end: number): void {
    if (index === 0) this.push(ListSide.LEFT, bytes, start, end);
    else if (index === this.count) this.push(ListSide.RIGHT, bytes, start, end);
    else this.insertBetween(index, bytes, start, end);
  }

  /** Changes the element at `index`. REQUIRES: there is one. */
  set(index: number, bytes: Uint8Array, start: number, end: number): void {
    const { keyspace, element } = this;
    this.readAt(index);
    this.keepField();
    const stamp = keyspace.beginCell();
    element.pairStamp = stamp;
    element.pairOrigin = keyspace.origin;
    this.setPayload(bytes, start, end);
    this.writeCell(stamp);
    this.replaceElement(index);
    this.changed(stamp);
  }

  /** Takes out `count` elements from `index` on. REQUIRES: there are so many. */
  remove(index: number, count: number): void {
    if (count === 1) {
      this.removeOne(index);
      return;
    }
    if (count === 0) return;
    this.readAt(index);
    const claims = new Claims();
    claims.add(this.element);
    for (let i = 1; i < count; i++) {
      this.readNext();
      claims.add(this.element);
    }
    const stamp = this.writeClaims(claims);
    this.removeElements(index, count);
    this.changed(stamp);
  }

  /** The same for elements here and there: `indexes` ascend. */
  removeAll(indexes: readonly number[]): void {
    if (indexes.length === 0) return;
    const claims = new Claims();
    for (const index of indexes) {
      this.readAt(index);
      claims.add(this.element);
    }
    const stamp = this.writeClaims(claims);
    this.removeAt(indexes);
    this.changed(stamp);
  }

  copier(ref: number): () => void {
    const elements: Buffer[] = [];
    this.open(ref);
    for (let isThere = this.seek(0); isThere; isThere = this.next()) elements.push(this.copy());
    return () => {
      this.use();
      for (const element of elements) this.push(ListSide.RIGHT, element, 0, element.length);
    };
  }

  private removeOne(index: number): void {
    const { nodes } = this;
    const isRead = this.wholeIndex === index;
    if (!isRead) this.readAt(index);
    const stamp = this.claimOne();
    const isEnd = index === 0 || index === this.count - 1;
    if (isEnd && nodes !== undefined && nodes.count > REPACKED_COUNT_MAX + 1 && nodes.removeHere()) this.count--;
    else this.removeElements(index, 1);
    this.changed(stamp);
  }

  private insertBetween(index: number, bytes: Uint8Array, start: number, end: number): void {
    const { keyspace, element } = this;
    this.readAt(index - 1);
    const left = fieldScratch.subarray(0, element.copyField(fieldScratch));
    this.readAt(index);
    const right = otherScratch.subarray(0, element.copyField(otherScratch));
    const { origin } = keyspace;
    if (idBetween(left, right, 0, origin).length > ID_BYTES_MAX) {
      this.pushAgain(index, bytes, start, end);
      return;
    }
    const previousStamp = this.lastStamp(ListSide.BETWEEN);
    const stamp = keyspace.beginCell();
    const field = idBetween(left, right, stamp, origin);
    element.setField(field, 0, field.length);
    element.create(ListSide.BETWEEN, stamp, origin, previousStamp);
    this.add(index, stamp, bytes, start, end);
  }

  /** Inserts where no short id is left: what lies to the right is taken out, and pushed again. */
  private pushAgain(index: number, bytes: Uint8Array, start: number, end: number): void {
    const rest: Buffer[] = [];
    for (let isThere = this.seek(index); isThere; isThere = this.next()) rest.push(this.copy());
    this.remove(index, this.count - index);
    this.push(ListSide.RIGHT, bytes, start, end);
    for (const element of rest) this.push(ListSide.RIGHT, element, 0, element.length);
  }

  /** Writes the new element, whose id is known, to the batch and to memory. */
  private add(index: number, stamp: number, bytes: Uint8Array, start: number, end: number): void {
    this.setPayload(bytes, start, end);
    this.writeCell(stamp);
    this.insertElement(index);
    this.changed(stamp);
  }

  private setPayload(bytes: Uint8Array, start: number, end: number): void {
    const { element } = this;
    element.payload = bytes;
    element.payloadStart = start;
    element.payloadEnd = end;
  }

  /** Adds the cell of `element` to the batch. */
  private writeCell(stamp: number): void {
    const { element, keyspace } = this;
    const { gap, payload, payloadStart, payloadEnd } = element;
    const fieldEnd = element.copyField(fieldScratch);
    keyspace.batch.element(stamp, fieldScratch, fieldEnd, gap, payload, payloadStart, payloadEnd);
  }

  /** Writes the removal of the element that was read; returns its stamp. */
  private claimOne(): number {
    const { element } = this;
    const first = element.previousStamp + 1;
    const fieldEnd = writeRemovalsField(removalScratch, 0, element.side, element.origin);
    const end = writeInterval(removalScratch, fieldEnd, first, element.stamp - first);
    return this.writeRemovals(removalScratch, fieldEnd, removalScratch, fieldEnd, end);
  }

  /** Writes removals: a cell for each origin and side. Returns the last stamp. */
  private writeClaims(claims: Claims): number {
    let stamp = 0;
    for (const { field, stamps } of claims.removed.values()) {
      const value = stamps.encode();
      stamp = this.writeRemovals(field, field.length, value, 0, value.length);
    }
    return stamp;
  }

  private writeRemovals(field: Buffer, fieldEnd: number, value: Buffer, start: number, end: number): number {
    const { keyspace } = this;
    const stamp = keyspace.beginCell();
    keyspace.batch.cellValue(stamp, this.type, field, 0, fieldEnd, value, start, end);
    if (keyspace.mustKeepTombstones) {
      const pair = { stamp, origin: keyspace.origin };
      this.remember(Buffer.from(field.subarray(0, fieldEnd)), value.subarray(start, end), pair);
    }
    return stamp;
  }

  /** The key has changed: it may have come or gone, or its record have moved. */
  private changed(stamp: number): void {
    const { keyspace } = this;
    keyspace.cellsChanged(stamp, keyspace.origin, this.count);
    this.wholeIndex = NONE;
    // A record without elements may still know what is gone; and one of a large list says no more than where that is.
    if (this.nodes === undefined || this.count === 0) this.use();
  }

  /** The last stamp that this node has used at a side of this list, of those that are not known to be gone. */
  private lastStamp(side: ListSide): number {
    const { nodes, pack, other } = this;
    if (nodes !== undefined) return nodes.lastStamps[side];
    let last = 0;
    for (let i = pack.count - 1; i >= 0; i--) {
      // From the end where the side's latest one is.
      pack.read(side === ListSide.LEFT ? pack.count - 1 - i : i, other);
      if (other.side !== side || !other.isOwn) continue;
      if (side !== ListSide.BETWEEN) return other.stamp;
      last = Math.max(last, other.stamp);
    }
    return last;
  }
}

/** What a command takes out: the stamps by origin and side. */
class Claims {
  readonly removed = new Map<string, { readonly field: Buffer; readonly stamps: StampSet }>();

  /** Adds an element that was read, and what its origin had put there since the one before. */
  add({ side, origin, stamp, previousStamp }: ListElement): void {
    const name = `${side} ${origin}`;
    let removed = this.removed.get(name);
    if (removed === undefined) {
      removed = { field: removalsField(side, origin), stamps: new StampSet() };
      this.removed.set(name, removed);
    }
    removed.stamps.add(previousStamp + 1, stamp);
  }
}
