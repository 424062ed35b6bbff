/**
 * An element of a list as it lies in memory, in a record's value (list-pack.ts) and in nodes (list-nodes.ts) alike:
 *
 *     element = head:u8  id  gap:varint  [pair]  content
 *     head    = side (2 bits)  4 OWN  8 CHANGED  16 ELSEWHERE
 *     id      = stamp:u56 [origin:u16]                   RIGHT, LEFT; no origin with OWN: it is this node's
 *             | length:varint field                      BETWEEN: the whole id (record/list-id.ts)
 *     pair    = stamp:u56  origin:u16                    CHANGED: LSET has given the cell another pair than the creation pair
 *     content = payload                                  to the element's end, which its holder knows
 *             | ref:i32  length:u32                      ELSEWHERE: a place of its own in the slab
 *                                                        numbers little-endian
 *
 * The gap leads back to the stamp that the same origin had used on this side before: what a removal of the element claims (record/removals.ts).
 */

import { copyBytes } from '../../base/bytes.js';
import { VarintReader, varintLength, writeVarint } from '../../base/varint.js';
import { ANCHOR_BYTES, ListId, ListSide, writeAnchor } from '../../record/list-id.js';
import type { Slab } from './slab.js';

const SIDE_MASK = 3;
const OWN = 4;
const CHANGED = 8;
const ELSEWHERE = 16;

const STAMP_BYTES = 7;
const ORIGIN_BYTES = 2;
const PAIR_BYTES = STAMP_BYTES + ORIGIN_BYTES;
const PLACE_BYTES = 8;
const TWO_24 = 2 ** 24;
const TWO_48 = 2 ** 48;

/** Longer payloads lie elsewhere, where nodes hold the element. */
export const INLINE_BYTES_MAX = 1024;

/** One element, read or to be written. One object for many. */
export class ListElement {
  side: ListSide = ListSide.RIGHT;
  /** The creation pair. */
  stamp = 0;
  origin = 0;
  /** How far back the same origin's stamp before on that side is; 0: there is none. */
  gap = 0;
  /** The cell's pair: the creation pair, unless LSET has changed the element. */
  pairStamp = 0;
  pairOrigin = 0;
  /** Of BETWEEN: the id is `field[fieldStart, fieldEnd)`. */
  field: Uint8Array = new Uint8Array(0);
  fieldStart = 0;
  fieldEnd = 0;
  /** The payload is `payload[payloadStart, payloadEnd)`. Of one that was read: a view, valid until its list changes. */
  payload: Uint8Array = new Uint8Array(0);
  payloadStart = 0;
  payloadEnd = 0;

  private readonly slab: Slab;
  private readonly ownOrigin: number;
  private readonly input = new VarintReader();
  private readonly id = new ListId();

  /** `ownOrigin` is this node's. Payloads elsewhere are in `slab`. */
  constructor(slab: Slab, ownOrigin: number) {
    this.slab = slab;
    this.ownOrigin = ownOrigin;
  }

  /** The stamp before: a removal claims what is above it, up to `stamp`. */
  get previousStamp(): number {
    return this.gap === 0 ? 0 : this.stamp - this.gap;
  }

  /** Whether this node has made it. */
  get isOwn(): boolean {
    return this.origin === this.ownOrigin;
  }

  /** An element that is made now: its cell's pair is its creation pair. The payload and a field of BETWEEN are set besides. */
  create(side: ListSide, stamp: number, origin: number, previousStamp: number): void {
    this.side = side;
    this.stamp = this.pairStamp = stamp;
    this.origin = this.pairOrigin = origin;
    this.gap = previousStamp === 0 ? 0 : stamp - previousStamp;
  }

  /** What the field of a cell says of the element. REQUIRES: `isElementField`. */
  setField(field: Uint8Array, start: number, end: number): void {
    const { id } = this;
    id.read(field, start, end);
    this.side = id.side;
    this.stamp = id.stamp;
    this.origin = id.origin;
    this.field = field;
    this.fieldStart = start;
    this.fieldEnd = end;
  }

  /** What the value of a cell says: the gap, and where the payload is. */
  setValue(value: Uint8Array, start: number, end: number): void {
    const { input } = this;
    input.buffer = value;
    input.offset = start;
    input.end = end;
    this.gap = input.read();
    this.payload = value;
    this.payloadStart = input.offset;
    this.payloadEnd = end;
  }

  /** The field of the element's cell, copied to `target`; returns its length. REQUIRES: room for it. */
  copyField(target: Uint8Array): number {
    if (this.side === ListSide.BETWEEN) return copyBytes(this.field, this.fieldStart, this.fieldEnd, target, 0);
    return writeAnchor(target, 0, this.side, this.stamp, this.origin);
  }

  get fieldBytes(): number {
    return this.side === ListSide.BETWEEN ? this.fieldEnd - this.fieldStart : ANCHOR_BYTES;
  }

  private get head(): number {
    let head: number = this.side;
    if (this.side !== ListSide.BETWEEN && this.origin === this.ownOrigin) head |= OWN;
    if (this.pairStamp !== this.stamp || this.pairOrigin !== this.origin) head |= CHANGED;
    return head;
  }

  /** Bytes that the element takes when it is written. `elsewhere`: with its payload in a place of its own. */
  encodedBytes(elsewhere: boolean): number {
    const { head } = this;
    let bytes = 1 + varintLength(this.gap);
    if (this.side === ListSide.BETWEEN) {
      const length = this.fieldEnd - this.fieldStart;
      bytes += varintLength(length) + length;
    } else bytes += (head & OWN) === 0 ? PAIR_BYTES : STAMP_BYTES;
    if ((head & CHANGED) !== 0) bytes += PAIR_BYTES;
    return bytes + (elsewhere ? PLACE_BYTES : this.payloadEnd - this.payloadStart);
  }

  /** Writes the element; `place` is the ref of its payload, or 0: the payload itself is written. Returns the offset behind it. */
  write(target: Buffer, at: number, place: number): number {
    const { head } = this;
    target[at++] = place === 0 ? head : head | ELSEWHERE;
    if (this.side === ListSide.BETWEEN) {
      at = writeVarint(target, at, this.fieldEnd - this.fieldStart);
      at = copyBytes(this.field, this.fieldStart, this.fieldEnd, target, at);
    } else {
      writeStamp(target, at, this.stamp);
      at += STAMP_BYTES;
      if ((head & OWN) === 0) at = writeOrigin(target, at, this.origin);
    }
    at = writeVarint(target, at, this.gap);
    if ((head & CHANGED) !== 0) {
      writeStamp(target, at, this.pairStamp);
      at = writeOrigin(target, at + STAMP_BYTES, this.pairOrigin);
    }
    if (place === 0) return copyBytes(this.payload, this.payloadStart, this.payloadEnd, target, at);
    at = target.writeInt32LE(place, at);
    return target.writeUInt32LE(this.payloadEnd - this.payloadStart, at);
  }

  /** Copies the payload to a place of its own; returns its ref. */
  placePayload(): number {
    const { slab } = this;
    const ref = slab.allocate(this.payloadEnd - this.payloadStart);
    copyBytes(this.payload, this.payloadStart, this.payloadEnd, slab.bytes(ref), slab.offset(ref));
    return ref;
  }

  /** Reads the element `bytes[start, end)`. */
  read(bytes: Buffer, start: number, end: number): void {
    const head = bytes[start];
    let at = start + 1;
    if ((head & SIDE_MASK) === ListSide.BETWEEN) at = this.readField(bytes, at, end);
    else {
      this.side = (head & SIDE_MASK) as ListSide;
      this.stamp = readStamp(bytes, at);
      at += STAMP_BYTES;
      if ((head & OWN) !== 0) this.origin = this.ownOrigin;
      else {
        this.origin = readOrigin(bytes, at);
        at += ORIGIN_BYTES;
      }
    }
    this.gap = bytes[at++];
    if (this.gap > 0x7f) at = this.readGap(bytes, at - 1, end);
    this.pairStamp = this.stamp;
    this.pairOrigin = this.origin;
    if ((head & CHANGED) !== 0) {
      this.pairStamp = readStamp(bytes, at);
      this.pairOrigin = readOrigin(bytes, at + STAMP_BYTES);
      at += PAIR_BYTES;
    }
    this.setContent(head, bytes, at, end);
  }

  /** Reads where the payload of an element is, and nothing else. */
  readPayload(bytes: Buffer, start: number, end: number): void {
    const head = bytes[start];
    let at = start + 1;
    if ((head & SIDE_MASK) === ListSide.BETWEEN) at = this.readField(bytes, at, end);
    else at += (head & OWN) === 0 ? PAIR_BYTES : STAMP_BYTES;
    while (bytes[at++] > 0x7f);
    if ((head & CHANGED) !== 0) at += PAIR_BYTES;
    this.setContent(head, bytes, at, end);
  }

  private setContent(head: number, bytes: Buffer, at: number, end: number): void {
    if ((head & ELSEWHERE) === 0) {
      this.payload = bytes;
      this.payloadStart = at;
      this.payloadEnd = end;
      return;
    }
    const place = bytes.readInt32LE(at);
    this.payload = this.slab.bytes(place);
    this.payloadStart = this.slab.offset(place);
    this.payloadEnd = this.payloadStart + bytes.readUInt32LE(at + 4);
  }

  private readField(bytes: Uint8Array, at: number, end: number): number {
    const { input } = this;
    input.buffer = bytes;
    input.offset = at;
    input.end = end;
    const length = input.read();
    const fieldEnd = input.offset + length;
    this.setField(bytes, input.offset, fieldEnd);
    return fieldEnd;
  }

  private readGap(bytes: Uint8Array, at: number, end: number): number {
    const { input } = this;
    input.buffer = bytes;
    input.offset = at;
    input.end = end;
    this.gap = input.read();
    return input.offset;
  }
}

/** Whether the element that begins at `start` was put between others. */
export function isBetween(bytes: Buffer, start: number): boolean {
  return (bytes[start] & SIDE_MASK) === ListSide.BETWEEN;
}

/** The place of the payload of the element `bytes[start, end)`; 0 if it is in the element itself. */
export function placeOf(bytes: Buffer, start: number, end: number): number {
  return (bytes[start] & ELSEWHERE) === 0 ? 0 : bytes.readInt32LE(end - PLACE_BYTES);
}

function writeStamp(target: Uint8Array, at: number, stamp: number): void {
  const high = Math.floor(stamp / TWO_24);
  const low = stamp - high * TWO_24;
  const top = Math.floor(high / TWO_24);
  const middle = high - top * TWO_24;
  target[at] = low;
  target[at + 1] = low >>> 8;
  target[at + 2] = low >>> 16;
  target[at + 3] = middle;
  target[at + 4] = middle >>> 8;
  target[at + 5] = middle >>> 16;
  target[at + 6] = top;
}

function readStamp(bytes: Uint8Array, at: number): number {
  const low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
  const middle = bytes[at + 3] | (bytes[at + 4] << 8) | (bytes[at + 5] << 16);
  return bytes[at + 6] * TWO_48 + middle * TWO_24 + low;
}

function writeOrigin(target: Uint8Array, at: number, origin: number): number {
  target[at] = origin;
  target[at + 1] = origin >>> 8;
  return at + ORIGIN_BYTES;
}

function readOrigin(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}
