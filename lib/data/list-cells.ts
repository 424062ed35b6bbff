import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import { VARINT_BYTES_MAX, writeVarint } from '../base/varint.js';
import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import type { Cell } from '../record/entry.js';
import { CellType } from '../record/entry.js';
import {
  ListId,
  ListSide,
  REMOVALS_FIELD_BYTES,
  idBetween,
  isElementField,
  removalsField,
  writeRemovalsField,
} from '../record/list-id.js';
import { Removals, StampSet, writeInterval } from '../record/removals.js';
import { ListElement } from '../storage/memory/list-element.js';
import { ID_BYTES_MAX, ListNodes } from '../storage/memory/list-nodes.js';
import { LARGE, LARGE_VALUE_BYTES, RecordHead } from '../storage/memory/record-heap.js';
import type { BuiltValue, Collection, LargeAdder } from './collection.js';
import type { Keyspace } from './keyspace.js';
import { ListReader } from './list-reader.js';

const NOTHING = Buffer.alloc(0);
const NONE = -1;
/** A large list that has become so small is packed again. It is looked at when its length is a power of two. */
const REPACKED_COUNT_MAX = 32;
/** Larger values are put together in memory of their own. */
const SCRATCH_BYTES = 64 * 1024;

const valueScratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const fieldScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const otherScratch = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const removalScratch = Buffer.allocUnsafeSlow(REMOVALS_FIELD_BYTES + 2 * VARINT_BYTES_MAX);
const largeValue = Buffer.allocUnsafeSlow(LARGE_VALUE_BYTES);

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
export class ListCells extends ListReader implements Collection {
  readonly type = CellType.LIST;
  private readonly keyspace: Keyspace;
  /** For conversions: what `element` holds stays. */
  private readonly other: ListElement;
  private readonly head = new RecordHead();
  private readonly id = new ListId();

  constructor(keyspace: Keyspace) {
    super(keyspace);
    this.keyspace = keyspace;
    this.other = new ListElement(keyspace.heap.slab, keyspace.origin);
  }

  /** Turns to the key under the cursor: its record is a list, or there is none. */
  use(): void {
    this.open(this.keyspace.cellsAt(this.type));
  }

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

  build(cells: Iterable<Cell>): BuiltValue {
    const list = [...cells].filter((cell) => cell.value !== undefined);
    const removals = new Removals();
    for (const { field, value, pair } of list) if (!isElementField(field)) removals.add(field, value, pair);
    const elements = list.filter(({ field }) => isElementField(field));
    elements.sort((a, b) => Buffer.compare(a.field, b.field));
    return this.buildPacked(elements, removals.encodeAll()) ?? this.buildLarge(elements, removals);
  }

  beginLarge(): LargeAdder {
    const { large, slab } = this.keyspace.heap;
    const nodes = new ListNodes(slab);
    const removals = new Removals();
    return {
      value: nodes,
      add: (reader) => {
        if (reader.kind !== ChangeKind.VALUE) return;
        const { other } = this;
        const { bytes, fieldStart, fieldEnd } = reader;
        if (!isElementField(bytes.subarray(fieldStart, fieldEnd))) {
          removals.addCell(reader);
          return;
        }
        other.setField(bytes, fieldStart, fieldEnd);
        other.setValue(bytes, reader.valueStart, reader.valueEnd);
        other.pairStamp = reader.stamp;
        other.pairOrigin = reader.origin;
        nodes.pushRight(other);
      },
      finish: () => {
        if (!removals.isEmpty) nodes.removals = removals;
        const value = Buffer.allocUnsafe(LARGE_VALUE_BYTES);
        value.writeInt32LE(large.add(nodes), 0);
        return { form: this.type + LARGE, value };
      },
    };
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

  apply(reader: BatchReader): void {
    this.use();
    const { bytes, fieldStart, fieldEnd, valueStart, valueEnd } = reader;
    if (reader.kind !== ChangeKind.VALUE) return;
    if (isElementField(bytes.subarray(fieldStart, fieldEnd))) this.applyElement(reader);
    else this.applyRemovals(bytes.subarray(fieldStart, fieldEnd), bytes.subarray(valueStart, valueEnd), reader);
  }

  // ---- Changes of this node ----

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
    const length = payloadEnd - payloadStart + VARINT_BYTES_MAX;
    const value = length > SCRATCH_BYTES ? Buffer.allocUnsafe(length) : valueScratch;
    const valueEnd = copyBytes(payload, payloadStart, payloadEnd, value, writeVarint(value, 0, gap));
    const fieldEnd = element.copyField(fieldScratch);
    keyspace.batch.cellValue(stamp, this.type, fieldScratch, 0, fieldEnd, value, 0, valueEnd);
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

  // ---- Changes of others ----

  private applyElement(reader: BatchReader): void {
    const { element, id } = this;
    const { bytes, fieldStart, fieldEnd } = reader;
    id.read(bytes, fieldStart, fieldEnd);
    if (this.isDeleted(id) || this.removals?.has(id) === true) return;
    const index = this.place(bytes, fieldStart, fieldEnd);
    const isKnown = this.isPlaceTaken;
    if (isKnown && isAtLeast(element, reader)) return;
    element.setField(bytes, fieldStart, fieldEnd);
    element.setValue(bytes, reader.valueStart, reader.valueEnd);
    element.pairStamp = reader.stamp;
    element.pairOrigin = reader.origin;
    if (isKnown) this.replaceElement(index);
    else this.insertElement(index);
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

  /** Whether `place` has found the id itself, and not only where it would be. */
  private isPlaceTaken = false;

  private placeOfPush(side: ListSide, stamp: number, origin: number): number {
    const { other } = this;
    other.side = side;
    other.stamp = stamp;
    other.origin = origin;
    const end = other.copyField(otherScratch);
    return this.place(otherScratch, 0, end);
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

  // ---- Memory ----

  /** Puts `element` at `index`. */
  private insertElement(index: number): void {
    const { element, pack, keyspace } = this;
    if (this.nodes === undefined && pack.fits(0, 1, element.encodedBytes(false))) {
      const length = pack.splice(index, 0, element);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    const nodes = this.nodes ?? this.enlarge();
    nodes.insertAt(index, element);
    this.count = nodes.count;
  }

  /** Puts `element` in the place of the one at `index`, of which it may have the field in a scratch. */
  private replaceElement(index: number): void {
    const { element, pack, keyspace } = this;
    if (this.nodes === undefined && pack.fits(0, 1, element.encodedBytes(false))) {
      const length = pack.splice(index, 1, element);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    (this.nodes ?? this.enlarge()).replaceAt(index, element);
  }

  private removeElements(index: number, count: number): void {
    const { nodes, pack, keyspace } = this;
    if (nodes === undefined) {
      const length = pack.splice(index, count, undefined);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    nodes.removeRange(index, count);
    this.count = nodes.count;
    if (this.count <= REPACKED_COUNT_MAX && (this.count & (this.count - 1)) === 0) this.repack(nodes);
  }

  /** Takes out the elements at ascending places: from the right, so that the places of the others stay, and neighbours at once. */
  private removeAt(indexes: readonly number[]): void {
    for (let i = indexes.length - 1; i >= 0;) {
      let first = i;
      while (first > 0 && indexes[first - 1] === indexes[first] - 1) first--;
      this.removeElements(indexes[first], i - first + 1);
      i = first - 1;
    }
  }

  /** Keeps the field of the element that was read where changes of the list do not touch it. */
  private keepField(): void {
    const { element } = this;
    if (element.side !== ListSide.BETWEEN) return;
    const length = element.copyField(otherScratch);
    element.field = otherScratch;
    element.fieldStart = 0;
    element.fieldEnd = length;
  }

  /** Gives the list the large form. */
  private enlarge(): ListNodes {
    const { keyspace, pack, other } = this;
    const nodes = new ListNodes(keyspace.heap.slab);
    nodes.removals = this.removals;
    for (let i = 0; i < pack.count; i++) {
      pack.read(i, other);
      nodes.pushRight(other);
    }
    largeValue.writeInt32LE(keyspace.heap.large.add(nodes), 0);
    this.open(keyspace.rewriteValue(this.type + LARGE, largeValue, 0, LARGE_VALUE_BYTES));
    return nodes;
  }

  /** Gives a list that has become small the packed form, if it fits well. */
  private repack(nodes: ListNodes): void {
    const { keyspace, pack, other } = this;
    if (nodes.removals !== undefined) return;
    pack.begin(NOTHING);
    for (let i = 0; i < nodes.count; i++) {
      nodes.seek(i);
      nodes.read(other);
      if (!pack.append(other)) return;
    }
    const ref = keyspace.cellsAt(this.type);
    const index = keyspace.heap.largeIndex(ref);
    this.open(keyspace.rewriteValue(this.type, pack.draft, 0, pack.finish()));
    keyspace.heap.large.release(index);
  }

  private buildPacked(elements: readonly Cell[], removals: Buffer): BuiltValue | undefined {
    const { pack } = this;
    if (!pack.begin(removals)) return undefined;
    for (const cell of elements) if (!pack.append(this.elementOf(cell))) return undefined;
    return { form: this.type, value: Buffer.from(pack.draft.subarray(0, pack.finish())) };
  }

  private buildLarge(elements: readonly Cell[], removals: Removals): BuiltValue {
    const { large, slab } = this.keyspace.heap;
    const nodes = new ListNodes(slab);
    if (!removals.isEmpty) nodes.removals = removals;
    for (const cell of elements) nodes.pushRight(this.elementOf(cell));
    const value = Buffer.allocUnsafe(LARGE_VALUE_BYTES);
    value.writeInt32LE(large.add(nodes), 0);
    return { form: this.type + LARGE, value };
  }

  /** The element of a cell. */
  private elementOf({ field, value = NOTHING, pair }: Cell): ListElement {
    const { other } = this;
    other.setField(field, 0, field.length);
    other.setValue(value, 0, value.length);
    other.pairStamp = pair.stamp;
    other.pairOrigin = pair.origin;
    return other;
  }

  /** Remembers that elements are gone: what is on the disk, or with other nodes, may still have them. */
  private remember(field: Buffer, value: Buffer, pair: { stamp: number; origin: number }): void {
    const removals = this.removals ?? new Removals();
    removals.add(field, value, pair);
    if (this.nodes === undefined) {
      const encoded = removals.encodeAll();
      if (this.pack.fitsRemovals(encoded)) {
        const length = this.pack.spliceRemovals(encoded);
        this.open(this.keyspace.rewriteValue(this.type, this.pack.draft, 0, length));
        return;
      }
      this.enlarge();
    }
    assert(this.nodes !== undefined, 'what is not packed is large');
    this.nodes.removals = removals;
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

/** Whether the pair of the element is that of the change, or above it. */
function isAtLeast({ pairStamp, pairOrigin }: ListElement, { stamp, origin }: BatchReader): boolean {
  return pairStamp > stamp || (pairStamp === stamp && pairOrigin >= origin);
}
