/**
 * The ids of list elements: the field of an element's cell. Sorted by bytes they are in the order of the list, and none is ever given twice, in
 * no life of the list: each holds the pair that it was made with, the *creation* pair (LSET gives a cell a new pair, and leaves its id).
 *
 *     field    = anchor step*
 *     anchor   = place:u56  origin:u16         place: 2^54 + stamp of an element pushed at the right end, 2^54 - stamp at the left
 *     step     = digit+ 0  stamp:u56  origin:u16            digit: 1..255, the last one above 1
 *                                                           numbers big-endian
 *
 * A pushed element is an anchor alone, and later pushes lie further out. One that was put between two others begins with a whole id that is
 * there already and goes on by a step: so it sorts behind that one, and before the next anchor. The digits are a fraction, and the stamp
 * tells apart those that were put at the same place at the same time. The creation pair of an id stands in its last step, or anchor.
 *
 * Beside the elements a list has cells of removals (removals.ts), whose fields sort before all others:
 *
 *     field    = 0  side:u8  origin:u16
 */

import { assert } from '../base/assert.js';
import type { Pair } from './pair.js';

/** Where an element was put when it was made. The numbers stand on disk. */
export const ListSide = { RIGHT: 0, LEFT: 1, BETWEEN: 2 } as const;
export type ListSide = (typeof ListSide)[keyof typeof ListSide];

/** Length of an anchor: the id of an element that was pushed. */
export const ANCHOR_BYTES = 9;
export const REMOVALS_FIELD_BYTES = 4;

const TWO_32 = 4294967296;
/** 2^54, without its lower 32 bits. */
const MIDDLE_HIGH = 2 ** 22;
const STAMP_BYTES = 7;
/** The end of the digits, a stamp and an origin. */
const STEP_END_BYTES = 10;
const DIGIT_MIN = 1;
const DIGIT_LIMIT = 256;
/** How far apart digits are when one is put before or behind all others: room for some to come in between. */
const STRIDE = 8;

/** What an id says of how its element was made. One object for many ids. */
export class ListId {
  side: ListSide = ListSide.RIGHT;
  stamp = 0;
  origin = 0;

  /** Reads the id `bytes[start, end)`. REQUIRES: `isElementField`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.origin = (bytes[end - 2] << 8) | bytes[end - 1];
    const high = readHigh(bytes, end - ANCHOR_BYTES);
    const low = readLow(bytes, end - ANCHOR_BYTES + 3);
    if (end - start > ANCHOR_BYTES) {
      this.side = ListSide.BETWEEN;
      this.stamp = high * TWO_32 + low;
    } else if (high >= MIDDLE_HIGH) {
      this.side = ListSide.RIGHT;
      this.stamp = (high - MIDDLE_HIGH) * TWO_32 + low;
    } else {
      this.side = ListSide.LEFT;
      this.stamp = (MIDDLE_HIGH - high) * TWO_32 - low;
    }
  }
}

/** The pair that an element was made with. REQUIRES: `isElementField`. */
export function creationPairOf(field: Uint8Array): Pair {
  const id = new ListId();
  id.read(field, 0, field.length);
  return { stamp: id.stamp, origin: id.origin };
}

/** Whether the field of a LIST cell is that of an element, and not of removals. */
export function isElementField(field: Uint8Array): boolean {
  return field.length >= ANCHOR_BYTES;
}

/** Writes the id of an element pushed at an end (RIGHT or LEFT): ANCHOR_BYTES; returns the offset behind it. REQUIRES: `stamp` is above 0. */
export function writeAnchor(target: Uint8Array, at: number, side: ListSide, stamp: number, origin: number): number {
  const high = Math.floor(stamp / TWO_32);
  const low = stamp - high * TWO_32;
  if (side === ListSide.RIGHT) writePlace(target, at, MIDDLE_HIGH + high, low, origin);
  else if (low === 0) writePlace(target, at, MIDDLE_HIGH - high, 0, origin);
  else writePlace(target, at, MIDDLE_HIGH - high - 1, TWO_32 - low, origin);
  return at + ANCHOR_BYTES;
}

/**
 * A new id between two neighbours, as short as it gets: `left` and `right` are ids, left sorts before right, and nothing known lies between them. What
 * is put before the first element or behind the last one is pushed instead.
 */
export function idBetween(left: Uint8Array, right: Uint8Array, stamp: number, origin: number): Buffer {
  const base = baseOf(left, right);
  const lower = digitsOf(left, base);
  const upper = startsAlike(left, right, base) ? digitsOf(right, base) : undefined;
  // Two that were put at the same place tell apart by their stamps only: then there is no room but right behind the left one.
  return lower !== undefined && upper !== undefined && lower.equals(upper)
    ? idUnder(left, fractionBetween(undefined, undefined), stamp, origin)
    : idUnder(left.subarray(0, base), fractionBetween(lower, upper), stamp, origin);
}

/** The field of the removals of what `origin` put at `side`. */
export function removalsField(side: ListSide, origin: number): Buffer {
  const field = Buffer.alloc(REMOVALS_FIELD_BYTES);
  writeRemovalsField(field, 0, side, origin);
  return field;
}

/** The same, written at `at`; returns the offset behind it. */
export function writeRemovalsField(target: Uint8Array, at: number, side: ListSide, origin: number): number {
  target[at] = 0;
  target[at + 1] = side;
  target[at + 2] = origin >>> 8;
  target[at + 3] = origin;
  return at + REMOVALS_FIELD_BYTES;
}

/** The length of the longest id that both begin with; of the left one's anchor, if the right one has another. */
function baseOf(left: Uint8Array, right: Uint8Array): number {
  let base = ANCHOR_BYTES;
  while (base < left.length) {
    const end = stepEnd(left, base);
    if (!startsAlike(left, right, end)) break;
    base = end;
  }
  return base;
}

function startsAlike(a: Uint8Array, b: Uint8Array, length: number): boolean {
  if (a.length < length || b.length < length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Where the step that begins at `at` ends. */
function stepEnd(id: Uint8Array, at: number): number {
  const zero = id.indexOf(0, at);
  assert(zero > at && zero + STEP_END_BYTES <= id.length, 'a step has digits and their end');
  return zero + STEP_END_BYTES;
}

/** The digits of the step at `base`; `undefined` if the id ends there. */
function digitsOf(id: Uint8Array, base: number): Buffer | undefined {
  return id.length <= base ? undefined : Buffer.from(id.subarray(base, id.indexOf(0, base)));
}

function idUnder(base: Uint8Array, digits: readonly number[], stamp: number, origin: number): Buffer {
  const id = Buffer.alloc(base.length + digits.length + STEP_END_BYTES);
  id.set(base);
  id.set(digits, base.length);
  const at = base.length + digits.length + 1;
  const high = Math.floor(stamp / TWO_32);
  writePlace(id, at, high, stamp - high * TWO_32, origin);
  return id;
}

/**
 * Digits above `lower` and below `upper`, where `undefined` is no bound. What comes before or behind all others keeps close to them, so that a row
 * of such ones grows slowly.
 */
function fractionBetween(lower: Buffer | undefined, upper: Buffer | undefined): number[] {
  const digits: number[] = [];
  let isBelowUpper = upper === undefined;
  for (let i = 0; ; i++) {
    const low = lower === undefined || i >= lower.length ? DIGIT_MIN : lower[i];
    const high = isBelowUpper || upper === undefined ? DIGIT_LIMIT : upper[i];
    // A digit in between ends it; it is above DIGIT_MIN, so that there is always room before it.
    if (high - low > 1) {
      const half = (high - low) >>> 1;
      const stride = Math.min(half, STRIDE);
      if (lower !== undefined && upper === undefined) digits.push(low + stride);
      else digits.push(lower === undefined && upper !== undefined ? high - stride : low + half);
      return digits;
    }
    digits.push(low);
    if (low < high) isBelowUpper = true;
  }
}

function writePlace(target: Uint8Array, at: number, high: number, low: number, origin: number): void {
  target[at] = high >>> 16;
  target[at + 1] = high >>> 8;
  target[at + 2] = high;
  target[at + 3] = low >>> 24;
  target[at + 4] = low >>> 16;
  target[at + 5] = low >>> 8;
  target[at + 6] = low;
  target[at + STAMP_BYTES] = origin >>> 8;
  target[at + STAMP_BYTES + 1] = origin;
}

function readHigh(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
}

function readLow(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
