/**
 * A small list: the value of a record.
 *
 *     value = removals element* offset:u16{count} count:u16        numbers little-endian
 *
 * The offsets are those of the elements (list-element.ts), counted from the value's begin; what lies before the first one is what is known to be
 * gone, as `encodeRemovals` has it, or nothing.
 *
 * A change is put together in a buffer of its own, from which the record's value is written anew.
 */

import type { ListElement } from './list-element.js';

/** A list that has more becomes large. */
export const LIST_PACK_COUNT_MAX = 128;
export const LIST_PACK_BYTES_MAX = 2048;

const OFFSET_BYTES = 2;

/** What `splice` has put together. */
const draft = Buffer.alloc(LIST_PACK_BYTES_MAX);

export class ListPack {
  count = 0;
  /** The buffer that a change is put together in: valid until the next one. */
  readonly draft = draft;
  private bytes: Buffer = Buffer.alloc(0);
  private base = 0;
  /** Where the elements end, from `base`. */
  private end = 0;
  /** Of the value that is begun: its elements, where they begin, and where they end. */
  private built = 0;
  private readonly offsets = new Uint16Array(LIST_PACK_COUNT_MAX);
  private builtEnd = 0;

  /** Looks at the value `bytes[start, end)`; an empty one has no elements. Valid until the record is written. */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.base = start;
    this.count = end === start ? 0 : this.u16(end - OFFSET_BYTES);
    this.end = end === start ? 0 : end - start - OFFSET_BYTES * (this.count + 1);
  }

  /** Reads the element at `index`. */
  read(index: number, element: ListElement): void {
    element.read(this.bytes, this.base + this.offset(index), this.base + this.offset(index + 1));
  }

  readPayload(index: number, element: ListElement): void {
    element.readPayload(this.bytes, this.base + this.offset(index), this.base + this.offset(index + 1));
  }

  /** The bytes of what is known to be gone are `bytes[start, end)`. */
  get removals(): Buffer {
    return this.bytes.subarray(this.base, this.base + this.offset(0));
  }

  /** Whether there is room for a change: `splice` of that many elements for that many others of so many bytes. */
  fits(removed: number, added: number, addedBytes: number): boolean {
    const count = this.count - removed + added;
    const bytes = this.end + addedBytes + OFFSET_BYTES * (count + 1);
    return count <= LIST_PACK_COUNT_MAX && bytes <= LIST_PACK_BYTES_MAX;
  }

  /**
   * Puts together in `draft` the value with `removed` elements from `index` on taken out, and `element` (if there is one) in their place. Returns its length. What
   * is open stays as it is.
   */
  splice(index: number, removed: number, element: ListElement | undefined): number {
    const { bytes, base, count, end } = this;
    const from = this.offset(index);
    const to = this.offset(index + removed);
    bytes.copy(draft, 0, base, base + from);
    const added = element === undefined ? 0 : element.write(draft, from, 0) - from;
    bytes.copy(draft, from + added, base + to, base + end);
    const moved = from + added - to;
    let at = end + moved;
    for (let i = 0; i < index; i++) at = writeOffset(at, this.offset(i));
    if (element !== undefined) at = writeOffset(at, from);
    for (let i = index + removed; i < count; i++) at = writeOffset(at, this.offset(i) + moved);
    return writeOffset(at, count - removed + Number(element !== undefined));
  }

  /** Begins a value in `draft` that has these removals and no elements yet; `append` and `finish` follow. False if there is no room. */
  begin(removals: Uint8Array): boolean {
    if (removals.length + OFFSET_BYTES > LIST_PACK_BYTES_MAX) return false;
    draft.set(removals);
    this.built = 0;
    this.builtEnd = removals.length;
    return true;
  }

  /** Adds an element behind the others; false if there is no room. */
  append(element: ListElement): boolean {
    const bytes = element.encodedBytes(false);
    const count = this.built + 1;
    if (count > LIST_PACK_COUNT_MAX || this.builtEnd + bytes + OFFSET_BYTES * (count + 1) > LIST_PACK_BYTES_MAX) {
      return false;
    }
    this.offsets[this.built++] = this.builtEnd;
    this.builtEnd = element.write(draft, this.builtEnd, 0);
    return true;
  }

  /** The length of the value in `draft`. */
  finish(): number {
    let at = this.builtEnd;
    for (let i = 0; i < this.built; i++) at = writeOffset(at, this.offsets[i]);
    return writeOffset(at, this.built);
  }

  /** Whether there is room for other removals. */
  fitsRemovals(removals: Uint8Array): boolean {
    const bytes = this.end - this.offset(0) + removals.length + OFFSET_BYTES * (this.count + 1);
    return bytes <= LIST_PACK_BYTES_MAX;
  }

  /** Puts together the value with other removals in front of the same elements. Returns its length. REQUIRES: they fit. */
  spliceRemovals(removals: Uint8Array): number {
    const { bytes, base, count, end } = this;
    const from = this.offset(0);
    const moved = removals.length - from;
    draft.set(removals);
    bytes.copy(draft, removals.length, base + from, base + end);
    let at = end + moved;
    for (let i = 0; i < count; i++) at = writeOffset(at, this.offset(i) + moved);
    return writeOffset(at, count);
  }

  /** Where an element begins, from `base`; where the elements end, for the one behind the last. */
  private offset(index: number): number {
    return index === this.count ? this.end : this.u16(this.base + this.end + OFFSET_BYTES * index);
  }

  private u16(at: number): number {
    return this.bytes[at] | (this.bytes[at + 1] << 8);
  }
}

function writeOffset(at: number, offset: number): number {
  draft[at] = offset;
  draft[at + 1] = offset >>> 8;
  return at + OFFSET_BYTES;
}
