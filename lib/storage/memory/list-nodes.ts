/**
 * A large list: nodes of 4 KiB in the slab, in a directory (list-directory.ts).
 *
 *     node    = first:u32  count:u32  start:u32  end:u32              the header
 *               slot:u16{248}                                         offsets of elements: slots first .. first + count - 1
 *               free bytes, elements in order [start, end), free bytes
 *
 * So a node takes elements at both ends, and gives them, without moving others. Nodes that a push has made begin at one end of their room;
 * what is put between others moves what lies behind it in its node, and parts the node when that is full.
 *
 * There is no object for an element: `seek`, `next` and `previous` stand on one, and `read` says of it what there is to say. The place is valid
 * until the list is changed.
 *
 * Invariants:
 *  1. no node is without elements;
 *  2. the directory's counts are those of the nodes;
 *  3. elements are in the order of their ids.
 */

import { assert } from '../../base/assert.js';
import type { CellDigest } from '../../record/cell-digest.js';
import { CellType } from '../../record/entry.js';
import { ListSide } from '../../record/list-id.js';
import type { Removals } from '../../record/removals.js';
import type { LargeValue } from './large-values.js';
import { ListDirectory } from './list-directory.js';
import type { ListElement } from './list-element.js';
import { INLINE_BYTES_MAX, isBetween, placeOf } from './list-element.js';
import type { Slab } from './slab.js';

const NODE_BYTES = 4096;
const HEADER_BYTES = 16;
const SLOTS = 248;
const DATA = HEADER_BYTES + 2 * SLOTS;
const DATA_BYTES = NODE_BYTES - DATA;
/** Two nodes that fill no more than this between them become one. */
const MERGED_BYTES_MAX = (DATA_BYTES * 3) / 4;
const MERGED_SLOTS_MAX = (SLOTS * 3) / 4;
/** The longest id: a node has room for any two elements. */
export const ID_BYTES_MAX = 640;

// The words of a node's header.
const FIRST = 0;
const COUNT = 1;
const START = 2;
const END = 3;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));
const NO_WORDS = new Int32Array(4);

/** What a list whose digest others ask for keeps of its elements. */
export interface ElementsDigest {
  readonly cells: CellDigest;
  /** For elements that go. */
  readonly element: ListElement;
}

const digestField = Buffer.allocUnsafeSlow(ID_BYTES_MAX);

export class ListNodes implements LargeValue {
  /** What is known to be gone; there only while memory must remember it. */
  removals: Removals | undefined;
  /** The last stamps that this node has used here, by side: a push leads back to them. */
  readonly lastStamps = new Float64Array(3);
  /** Elements that were put between others. */
  betweenCount = 0;
  private readonly slab: Slab;
  private readonly directory: ListDirectory;
  /** Payloads in places of their own, and their bytes. */
  private placeCount = 0;
  private placeBytes = 0;

  // The node that was opened last, and the element in it.
  private node = 0;
  private at = 0;
  /** Where it ends in `bytes`, once it was read. */
  private hereEnd = 0;
  private bytes: Buffer = NO_BYTES;
  private view: DataView = NO_VIEW;
  private base = 0;
  private words: Int32Array = NO_WORDS;
  private header = 0;

  /** Of the elements, without the removals. */
  readonly digest: ElementsDigest | undefined;

  constructor(slab: Slab, digest?: ElementsDigest) {
    this.slab = slab;
    this.digest = digest;
    this.directory = new ListDirectory(slab);
  }

  /** Elements. */
  get count(): number {
    return this.directory.total;
  }

  /** Bytes of nodes, payloads elsewhere and directory. */
  get usedBytes(): number {
    return this.directory.length * NODE_BYTES + this.placeBytes + this.directory.usedBytes;
  }

  /** Forgets what is gone for good (Removals.forget). */
  forgetRemovals(stamp: number): void {
    this.removals?.forget(stamp);
    if (this.removals?.isEmpty === true) this.removals = undefined;
  }

  /** Stands on the element at `index`. REQUIRES: there is one. */
  seek(index: number): void {
    const { directory } = this;
    directory.find(index);
    this.open(directory.node);
    this.at = directory.at;
  }

  /** The index of the element that it stands on. */
  get index(): number {
    return this.directory.elementsBefore(this.node) + this.at;
  }

  /** Moves to the next element; false if there is none. */
  next(): boolean {
    if (++this.at < this.words[this.header + COUNT]) return true;
    if (this.node + 1 === this.directory.length) return false;
    this.open(this.node + 1);
    return true;
  }

  /** Moves to the element before; false if there is none. */
  previous(): boolean {
    if (--this.at >= 0) return true;
    if (this.node === 0) return false;
    this.open(this.node - 1);
    this.at = this.words[this.header + COUNT] - 1;
    return true;
  }

  /** Reads the element that it stands on. */
  read(element: ListElement): void {
    this.hereEnd = this.endOf(this.at);
    element.read(this.bytes, this.startOf(this.at), this.hereEnd);
  }

  /** Reads only where its payload is. */
  readPayload(element: ListElement): void {
    this.hereEnd = this.endOf(this.at);
    element.readPayload(this.bytes, this.startOf(this.at), this.hereEnd);
  }

  /** The memory that the payload of an element lies in, unless that is in a place of its own. Valid as long as it stands on the element. */
  viewOf(element: ListElement): DataView | undefined {
    return element.payload === this.bytes ? this.view : undefined;
  }

  /** `next` and `readPayload` in one, for long walks: an element begins where the one before ends. REQUIRES: that one was read. */
  nextPayload(element: ListElement): boolean {
    if (++this.at >= this.words[this.header + COUNT]) {
      if (this.node + 1 === this.directory.length) return false;
      this.open(this.node + 1);
      this.readPayload(element);
      return true;
    }
    const start = this.hereEnd;
    this.hereEnd = this.endOf(this.at);
    element.readPayload(this.bytes, start, this.hereEnd);
    return true;
  }

  /** Adds an element behind all others. REQUIRES (here and below): its bytes do not lie in this list. Throws RangeError if there is no memory. */
  pushRight(element: ListElement): void {
    const place = this.placeFor(element);
    const bytes = element.encodedBytes(place !== 0);
    this.openRight(bytes);
    const { words, header, base } = this;
    const end = words[header + END];
    this.setSlot(words[header + FIRST] + words[header + COUNT]++, end);
    words[header + END] = end + bytes;
    this.directory.add(this.node, 1);
    element.write(this.bytes, base + end, place);
    this.noteAdded(element);
  }

  /** Adds an element before all others. */
  pushLeft(element: ListElement): void {
    const place = this.placeFor(element);
    const bytes = element.encodedBytes(place !== 0);
    this.openLeft(bytes);
    const { words, header, base } = this;
    const start = words[header + START] - bytes;
    this.setSlot(--words[header + FIRST], start);
    words[header + COUNT]++;
    words[header + START] = start;
    this.directory.add(this.node, 1);
    element.write(this.bytes, base + start, place);
    this.noteAdded(element);
  }

  /** Adds an element so that it is at `index` then. */
  insertAt(index: number, element: ListElement): void {
    if (index === this.count) this.pushRight(element);
    else if (index === 0) this.pushLeft(element);
    else {
      const place = this.placeFor(element);
      const bytes = element.encodedBytes(place !== 0);
      this.openFor(index, bytes);
      this.makeGap(bytes);
      element.write(this.bytes, this.startOf(this.at), place);
      this.noteAdded(element);
    }
  }

  /** Puts an element in the place of the one at `index`. */
  replaceAt(index: number, element: ListElement): void {
    this.removeRange(index, 1);
    this.insertAt(index, element);
  }

  /** Takes out `count` elements from `index` on. REQUIRES: there are so many. */
  removeRange(index: number, count: number): void {
    const { directory } = this;
    assert(index + count <= this.count, 'only what is there is removed');
    if (count === 0) return;
    const isInside = index > 0 && index + count < this.count;
    this.seek(index);
    let left = count;
    let { node } = this;
    if (this.at > 0) {
      const taken = Math.min(left, directory.count(node) - this.at);
      this.cut(this.at, taken);
      left -= taken;
      node++;
    }
    const firstWhole = node;
    for (; left > 0 && left >= directory.count(node); node++) {
      left -= directory.count(node);
      this.freeNode(node);
    }
    if (node > firstWhole) directory.remove(firstWhole, node - firstWhole);
    if (left > 0) {
      this.open(firstWhole);
      this.cut(0, left);
    }
    if (isInside) this.tidy(firstWhole);
  }

  /** Takes out the element that it stands on, which is the list's first or last. False if it is alone in its node: then nothing is done. */
  removeHere(): boolean {
    if (this.words[this.header + COUNT] === 1) return false;
    this.cut(this.at, 1);
    return true;
  }

  drain(recordsMax: number): number {
    const { directory } = this;
    const freed = Math.min(recordsMax, directory.length);
    for (let i = 0; i < freed; i++) {
      const last = directory.length - 1;
      this.freeNode(last);
      directory.remove(last, 1);
    }
    if (directory.length === 0) directory.release();
    return freed;
  }

  private noteAdded(element: ListElement): void {
    const { side, stamp } = element;
    if (side === ListSide.BETWEEN) this.betweenCount++;
    if (element.isOwn && stamp > this.lastStamps[side]) this.lastStamps[side] = stamp;
    if (this.digest !== undefined) countElement(this.digest.cells, element, 1);
  }

  /** Gives a long payload a place of its own; 0 for any other. */
  private placeFor(element: ListElement): number {
    assert(element.fieldBytes <= ID_BYTES_MAX, 'an id fits a node');
    const length = element.payloadEnd - element.payloadStart;
    if (length <= INLINE_BYTES_MAX) return 0;
    const place = element.placePayload();
    this.placeCount++;
    this.placeBytes += this.slab.capacity(place);
    return place;
  }

  private open(node: number): void {
    const { slab } = this;
    const ref = this.directory.ref(node);
    this.node = node;
    this.at = 0;
    this.bytes = slab.bytes(ref);
    this.view = slab.view(ref);
    this.base = slab.offset(ref);
    this.words = slab.words(ref);
    this.header = this.base >>> 2;
  }

  /** Where an element of the open node begins in `bytes`. */
  private startOf(at: number): number {
    const slot = this.base + HEADER_BYTES + 2 * (this.words[this.header + FIRST] + at);
    return this.base + (this.bytes[slot] | (this.bytes[slot + 1] << 8));
  }

  private endOf(at: number): number {
    const { words, header } = this;
    return at + 1 < words[header + COUNT] ? this.startOf(at + 1) : this.base + words[header + END];
  }

  private setSlot(slot: number, offset: number): void {
    const at = this.base + HEADER_BYTES + 2 * slot;
    this.bytes[at] = offset;
    this.bytes[at + 1] = offset >>> 8;
  }

  /** Opens the last node, or a new one behind it, with room for an element at its end. */
  private openRight(bytes: number): void {
    const last = this.directory.length - 1;
    if (last >= 0) {
      this.open(last);
      if (this.hasRoomAtEnd(bytes)) return;
      if (this.isHalfEmpty(bytes)) {
        this.slide(0, DATA);
        return;
      }
    }
    this.addNode(last + 1, 0, DATA);
  }

  /** Opens the first node, or a new one before it, with room for an element at its start. */
  private openLeft(bytes: number): void {
    if (this.directory.length > 0) {
      this.open(0);
      const { words, header } = this;
      if (words[header + FIRST] > 0 && words[header + START] - bytes >= DATA) return;
      if (this.isHalfEmpty(bytes)) {
        this.slide(SLOTS - words[header + COUNT], NODE_BYTES - (words[header + END] - words[header + START]));
        return;
      }
    }
    this.addNode(0, SLOTS, NODE_BYTES);
  }

  /** Opens the node that holds the element at `index`, and makes sure that it has room for another one somewhere. */
  private openFor(index: number, bytes: number): void {
    this.seek(index);
    while (!this.hasRoom(bytes)) {
      this.split();
      this.seek(index);
    }
    if (!this.hasRoomAtEnd(bytes)) this.slide(0, DATA);
  }

  private hasRoom(bytes: number): boolean {
    const { words, header } = this;
    return words[header + END] - words[header + START] + bytes <= DATA_BYTES && words[header + COUNT] < SLOTS;
  }

  private hasRoomAtEnd(bytes: number): boolean {
    const { words, header } = this;
    return words[header + END] + bytes <= NODE_BYTES && words[header + FIRST] + words[header + COUNT] < SLOTS;
  }

  /** Whether the open node is better moved within its room than followed by another one. */
  private isHalfEmpty(bytes: number): boolean {
    const { words, header } = this;
    const used = words[header + END] - words[header + START];
    return 2 * used <= DATA_BYTES && used + bytes <= DATA_BYTES && 2 * words[header + COUNT] <= SLOTS;
  }

  /** Makes a node without elements, and opens it: slots and data begin where pushes come next. */
  private addNode(node: number, first: number, start: number): void {
    const ref = this.slab.allocate(NODE_BYTES);
    this.directory.insert(node, ref);
    this.open(node);
    const { words, header } = this;
    words[header + FIRST] = first;
    words[header + COUNT] = 0;
    words[header + START] = words[header + END] = start;
  }

  /** Moves all elements of the open node, so that the first one has slot `first` and begins at `start`. */
  private slide(first: number, start: number): void {
    const { words, header, bytes, base } = this;
    const oldFirst = words[header + FIRST];
    const oldStart = words[header + START];
    const count = words[header + COUNT];
    const slots = base + HEADER_BYTES;
    bytes.copyWithin(base + start, base + oldStart, base + words[header + END]);
    bytes.copyWithin(slots + 2 * first, slots + 2 * oldFirst, slots + 2 * (oldFirst + count));
    words[header + FIRST] = first;
    words[header + START] = start;
    words[header + END] += start - oldStart;
    this.addToSlots(first, first + count, start - oldStart);
  }

  private addToSlots(from: number, to: number, offset: number): void {
    const { bytes } = this;
    let at = this.base + HEADER_BYTES + 2 * from;
    for (let slot = from; slot < to; slot++, at += 2) {
      const moved = (bytes[at] | (bytes[at + 1] << 8)) + offset;
      bytes[at] = moved;
      bytes[at + 1] = moved >>> 8;
    }
  }

  /** Moves the elements of the open node from `at` on: there is then an element of `length` bytes at `at`, to be written. */
  private makeGap(length: number): void {
    const { words, header, bytes, at, base } = this;
    const start = this.startOf(at);
    const slot = words[header + FIRST] + at;
    const slotsEnd = words[header + FIRST] + words[header + COUNT];
    const slots = base + HEADER_BYTES;
    bytes.copyWithin(start + length, start, base + words[header + END]);
    bytes.copyWithin(slots + 2 * (slot + 1), slots + 2 * slot, slots + 2 * slotsEnd);
    this.addToSlots(slot + 1, slotsEnd + 1, length);
    words[header + END] += length;
    words[header + COUNT]++;
    this.directory.add(this.node, 1);
  }

  /** Takes elements out of the open node. REQUIRES: some are left. */
  private cut(at: number, count: number): void {
    const { words, header, bytes, base } = this;
    this.forget(at, count);
    const before = words[header + COUNT];
    const start = this.startOf(at);
    const end = this.endOf(at + count - 1);
    const first = words[header + FIRST];
    if (at === 0) {
      words[header + FIRST] += count;
      words[header + START] = end - base;
    } else {
      const slots = base + HEADER_BYTES;
      bytes.copyWithin(start, end, base + words[header + END]);
      bytes.copyWithin(slots + 2 * (first + at), slots + 2 * (first + at + count), slots + 2 * (first + before));
      this.addToSlots(first + at, first + before - count, start - end);
      words[header + END] -= end - start;
    }
    words[header + COUNT] = before - count;
    this.directory.add(this.node, -count);
  }

  /** Elements of the open node go: so do the places of their payloads. */
  private forget(at: number, count: number): void {
    if (this.digest !== undefined) this.forgetDigest(this.digest, at, count);
    if (this.placeCount === 0 && this.betweenCount === 0) return;
    for (let i = at; i < at + count; i++) {
      const start = this.startOf(i);
      if (isBetween(this.bytes, start)) this.betweenCount--;
      const place = placeOf(this.bytes, start, this.endOf(i));
      if (place === 0) continue;
      this.placeCount--;
      this.placeBytes -= this.slab.capacity(place);
      this.slab.free(place);
    }
  }

  private forgetDigest({ cells, element }: ElementsDigest, at: number, count: number): void {
    for (let i = at; i < at + count; i++) {
      element.read(this.bytes, this.startOf(i), this.endOf(i));
      countElement(cells, element, -1);
    }
  }

  /** Moves about the second half of the open node's bytes to a new node behind it. REQUIRES: it has two elements or more. */
  private split(): void {
    const { words, header, bytes, base, node } = this;
    const count = words[header + COUNT];
    const middle = base + ((words[header + START] + words[header + END]) >>> 1);
    let kept = 1;
    while (kept + 1 < count && this.startOf(kept) < middle) kept++;
    const from = this.startOf(kept);
    const length = base + words[header + END] - from;
    const firstSlot = words[header + FIRST] + kept;
    this.addNode(node + 1, 0, DATA);
    bytes.copy(this.bytes, this.base + DATA, from, from + length);
    const slots = base + HEADER_BYTES;
    bytes.copy(this.bytes, this.base + HEADER_BYTES, slots + 2 * firstSlot, slots + 2 * (firstSlot + count - kept));
    this.addToSlots(0, count - kept, DATA - (from - base));
    this.words[this.header + COUNT] = count - kept;
    this.words[this.header + END] = DATA + length;
    words[header + COUNT] = kept;
    words[header + END] = from - base;
    this.directory.add(node, kept - count);
    this.directory.add(node + 1, count - kept);
  }

  /** Frees a node and its payloads. The directory still has it. */
  private freeNode(node: number): void {
    this.open(node);
    this.forget(0, this.words[this.header + COUNT]);
    this.slab.free(this.directory.ref(node));
  }

  /** Makes one node of those around `node`, where they have become small. */
  private tidy(node: number): void {
    this.mergeWithNext(node);
    this.mergeWithNext(node - 1);
  }

  private mergeWithNext(node: number): void {
    const { directory } = this;
    if (node < 0 || node + 1 >= directory.length) return;
    this.open(node + 1);
    const { words, header, bytes, base } = this;
    const count = words[header + COUNT];
    const first = words[header + FIRST];
    const start = words[header + START];
    const length = words[header + END] - start;
    this.open(node);
    const used = this.words[this.header + END] - this.words[this.header + START];
    const mine = this.words[this.header + COUNT];
    if (used + length > MERGED_BYTES_MAX || mine + count > MERGED_SLOTS_MAX) return;
    this.slide(0, DATA);
    const slots = base + HEADER_BYTES + 2 * first;
    bytes.copy(this.bytes, this.base + DATA + used, base + start, base + start + length);
    bytes.copy(this.bytes, this.base + HEADER_BYTES + 2 * mine, slots, slots + 2 * count);
    this.addToSlots(mine, mine + count, DATA + used - start);
    this.words[this.header + COUNT] += count;
    this.words[this.header + END] += length;
    this.slab.free(directory.ref(node + 1));
    directory.remove(node + 1, 1);
    directory.add(node, count);
  }
}

function countElement(cells: CellDigest, element: ListElement, sign: 1 | -1): void {
  const end = element.copyField(digestField);
  cells.cell(sign, CellType.LIST, digestField, 0, end, false, element.pairStamp, element.pairOrigin, 0);
}
