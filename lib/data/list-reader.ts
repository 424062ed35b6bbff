import { assert } from '../base/assert.js';
import { varintLength, writeVarint } from '../base/varint.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Cell } from '../record/entry.js';
import { CellType } from '../record/entry.js';
import { Removals } from '../record/removals.js';
import { ListElement } from '../storage/memory/list-element.js';
import { ListNodes } from '../storage/memory/list-nodes.js';
import { ListPack } from '../storage/memory/list-pack.js';
import type { RecordHeap } from '../storage/memory/record-heap.js';

/** What reading a list takes. */
export interface ListSource {
  readonly heap: RecordHeap;
  /** This node's ordinal. */
  readonly origin: number;
}

/** From this length on, a call to the engine copies an element faster than a loop over its words. */
const WORDS_BYTES_MAX = 128;

const NOTHING = Buffer.alloc(0);
const NONE = -1;

/**
 * Reads a list, whichever way it lies in memory. `seek`, `next` and `previous` stand on one element after the other: it is
 * `bytes[start, end)`, a view that is valid until the next change of any data.
 */
export class ListReader {
  /** Elements. */
  count = 0;
  /** The element that it stands on, counted from the left. */
  index = 0;

  protected readonly source: ListSource;
  protected readonly element: ListElement;
  protected readonly pack = new ListPack();
  /** The large form; `undefined`: it is packed. */
  protected nodes: ListNodes | undefined;
  /** The index of the element that `element` says everything of; NONE: only of its payload, or nothing. */
  protected wholeIndex = NONE;

  constructor(source: ListSource) {
    this.source = source;
    this.element = new ListElement(source.heap.slab, source.origin);
  }

  /** Turns to a list; 0 is one without elements. */
  open(ref: number): void {
    const { heap } = this.source;
    this.nodes = undefined;
    this.wholeIndex = NONE;
    if (ref !== 0 && heap.isLarge(ref)) {
      const nodes = heap.large.get(heap.largeIndex(ref));
      assert(nodes instanceof ListNodes, 'the large value of a list is its nodes');
      this.nodes = nodes;
      this.count = nodes.count;
      return;
    }
    if (ref === 0) this.pack.open(NOTHING, 0, 0);
    else {
      const start = heap.valueStart(ref);
      this.pack.open(heap.bytes(ref), start, start + heap.valueLength(ref));
    }
    this.count = this.pack.count;
  }

  get bytes(): Uint8Array {
    return this.element.payload;
  }

  get start(): number {
    return this.element.payloadStart;
  }

  get end(): number {
    return this.element.payloadEnd;
  }

  /** Stands on the element at `index`, from 0 at the left; false if there is none. */
  seek(index: number): boolean {
    if (index < 0 || index >= this.count) return false;
    this.index = index;
    this.wholeIndex = NONE;
    if (this.nodes === undefined) this.pack.readPayload(index, this.element);
    else {
      this.nodes.seek(index);
      this.nodes.readPayload(this.element);
    }
    return true;
  }

  /** Stands on the element at `index`, for one that is removed next: what that needs of it is read at once. REQUIRES: there is one. */
  seekWhole(index: number): void {
    this.readAt(index);
    this.wholeIndex = index;
  }

  /** To the next element to the right; false if there is none. */
  next(): boolean {
    const { nodes } = this;
    if (nodes === undefined) return this.seek(this.index + 1);
    this.wholeIndex = NONE;
    if (!nodes.nextPayload(this.element)) return false;
    this.index++;
    return true;
  }

  /** To the next element to the left; false if there is none. */
  previous(): boolean {
    const { nodes } = this;
    if (nodes === undefined) return this.seek(this.index - 1);
    this.wholeIndex = NONE;
    if (!nodes.previous()) return false;
    this.index--;
    nodes.readPayload(this.element);
    return true;
  }

  /** Writes the element that it stands on and those to its right, `count` of them, as bulk strings. Stands on none then. REQUIRES: there are so many. */
  writeRight(reply: ReplyWriter, count: number): void {
    const { element, nodes } = this;
    if (nodes === undefined) {
      for (let left = count; left > 0; left--, this.next()) reply.bulk(this.bytes, this.start, this.end);
      return;
    }
    for (let left = count; left > 0; left--, nodes.nextPayload(element)) {
      const { payload, payloadStart, payloadEnd } = element;
      const view = payloadEnd - payloadStart <= WORDS_BYTES_MAX ? nodes.viewOf(element) : undefined;
      if (view === undefined) reply.bulk(payload, payloadStart, payloadEnd);
      else reply.bulkView(view, payloadStart, payloadEnd);
    }
  }

  /** Whether the element that it stands on is these bytes. */
  equals(bytes: Uint8Array, start: number, end: number): boolean {
    const { payload, payloadStart, payloadEnd } = this.element;
    if (payloadEnd - payloadStart !== end - start) return false;
    for (let at = payloadStart, i = start; i < end; at++, i++) if (payload[at] !== bytes[i]) return false;
    return true;
  }

  /** A copy of the element that it stands on. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.start, this.end));
  }

  /** Elements of a record that holds a list. */
  liveCount(ref: number): number {
    this.open(ref);
    return this.count;
  }

  mayHaveMarks(ref: number): boolean {
    this.open(ref);
    return this.removals?.isEmpty === false;
  }

  /** Calls `visit` with every cell of a record, removals too. */
  collect(ref: number, visit: (cell: Cell) => void): void {
    this.open(ref);
    this.removals?.forEachCell(this.source.heap.registers(ref).deletedUpTo, visit);
    const { element } = this;
    if (this.count === 0) return;
    this.readAt(0);
    do {
      const field = Buffer.allocUnsafe(element.fieldBytes);
      element.copyField(field);
      const pair = { stamp: element.pairStamp, origin: element.pairOrigin };
      visit({ type: CellType.LIST, field, value: this.cellValue(), pair, expiresAtMs: 0 });
    } while (this.readNext());
  }

  /**
   * The same for the elements of a list behind the one with the id `after`, in order, until `visit` returns false; from the first one on without `after`,
   * which need not be there any more.
   */
  collectElements(ref: number, after: Buffer | undefined, visit: (cell: Cell) => boolean): void {
    this.open(ref);
    let index = after === undefined ? 0 : this.firstBehind(after);
    for (; index < this.count; index++) {
      this.readAt(index);
      const { element } = this;
      const field = Buffer.allocUnsafe(element.fieldBytes);
      element.copyField(field);
      const pair = { stamp: element.pairStamp, origin: element.pairOrigin };
      if (!visit({ type: CellType.LIST, field, value: this.cellValue(), pair, expiresAtMs: 0 })) return;
    }
  }

  /** Calls `visit` with what a record knows to be gone. */
  collectRemovals(ref: number, visit: (cell: Cell) => void): void {
    this.open(ref);
    this.removals?.forEachCell(this.source.heap.registers(ref).deletedUpTo, visit);
  }

  private firstBehind(field: Buffer): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      this.readAt(middle);
      const other = Buffer.allocUnsafe(this.element.fieldBytes);
      this.element.copyField(other);
      if (Buffer.compare(other, field) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What is known to be gone; `undefined`: nothing. */
  protected get removals(): Removals | undefined {
    if (this.nodes !== undefined) return this.nodes.removals;
    const { removals: encoded } = this.pack;
    if (encoded.length === 0) return undefined;
    const removals = new Removals();
    removals.addAll(encoded);
    return removals;
  }

  /** Reads all of the element at `index`. REQUIRES: there is one. */
  protected readAt(index: number): void {
    this.index = index;
    this.wholeIndex = NONE;
    if (this.nodes === undefined) this.pack.read(index, this.element);
    else {
      this.nodes.seek(index);
      this.nodes.read(this.element);
    }
  }

  /** Reads all of the next element to the right; false if there is none. REQUIRES: nothing was changed since the last was read. */
  protected readNext(): boolean {
    const { nodes } = this;
    if (this.index + 1 >= this.count) return false;
    this.index++;
    this.wholeIndex = NONE;
    if (nodes === undefined) this.pack.read(this.index, this.element);
    else {
      nodes.next();
      nodes.read(this.element);
    }
    return true;
  }

  /** The value of the cell of the element that was read. */
  private cellValue(): Buffer {
    const { gap, payload, payloadStart, payloadEnd } = this.element;
    const value = Buffer.allocUnsafe(varintLength(gap) + payloadEnd - payloadStart + 8);
    const at = writeVarint(value, 0, gap);
    value.set(payload.subarray(payloadStart, payloadEnd), at);
    return value.subarray(0, at + payloadEnd - payloadStart);
  }
}
