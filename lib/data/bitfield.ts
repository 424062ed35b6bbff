/**
 * BITFIELD: integers of 1 to 64 bits (63 when unsigned) at any bit of a string.
 *
 * Up to 53 bits are numbers, wider ones BigInt: a reply can print either. Bit 0 is the highest bit of the
 * first byte, and a field's highest bit comes first. Bits behind the end of the string read as 0.
 */

/** The type of a field: `i<width>` or `u<width>`. */
export interface BitfieldType {
  readonly signed: boolean;
  /** Bits: 1..64, unsigned 1..63. */
  readonly width: number;
}

/** What becomes of a value that its field cannot hold: cut to its low bits, moved to the nearest limit, or refused. */
export type BitfieldOverflow = 'wrap' | 'sat' | 'fail';

/** The widest field that is a number. */
const NUMBER_WIDTH_MAX = 53;

const INT64_HALF = 2n ** 63n;

/** BITFIELD's type argument (`i8`, `u63`), or undefined when Redis refuses it. */
export function parseBitfieldType(text: string): BitfieldType | undefined {
  const match = /^([iu])([1-9]\d?)$/.exec(text);
  if (match === null) return undefined;
  const signed = match[1] === 'i';
  const width = Number(match[2]);
  return width <= (signed ? 64 : 63) ? { signed, width } : undefined;
}

/** The field at bit `offset` of `buffer[start, end)`. */
export function getBitfield(
  buffer: Uint8Array,
  start: number,
  end: number,
  offset: number,
  type: BitfieldType,
): number | bigint {
  const { signed, width } = type;
  if (width <= NUMBER_WIDTH_MAX) {
    const value = readBits(buffer, start, end, offset, width);
    return signed && value >= 2 ** (width - 1) ? value - 2 ** width : value;
  }
  const high = readBits(buffer, start, end, offset, width - 32);
  const low = readBits(buffer, start, end, offset + width - 32, 32);
  const value = (BigInt(high) << 32n) | BigInt(low);
  return signed ? BigInt.asIntN(width, value) : value;
}

/**
 * Writes the low `type.width` bits of `value` at bit `offset`, counted from byte `start`. REQUIRES: the buffer holds
 * the field (`bitfieldEnd`). `value` is what `fitBitfield` or `addToBitfield` gave.
 */
export function setBitfield(
  buffer: Uint8Array,
  start: number,
  offset: number,
  type: BitfieldType,
  value: number | bigint,
): void {
  const { width } = type;
  if (width <= 32) {
    writeBits(buffer, start, offset, width, Number(value) >>> 0);
    return;
  }
  const bits = BigInt.asUintN(width, BigInt(value));
  writeBits(buffer, start, offset, width - 32, Number(bits >> 32n));
  writeBits(buffer, start, offset + width - 32, 32, Number(bits & 0xffffffffn));
}

/** Bytes that a string must have to hold the field at bit `offset`. */
export function bitfieldEnd(offset: number, type: BitfieldType): number {
  return Math.floor((offset + type.width - 1) / 8) + 1;
}

/**
 * What SET stores for its argument `value`, a signed 64-bit integer: undefined when it does not fit and
 * `overflow` is `fail`. Two oddities are Redis's own: to an unsigned field a negative value is one of the largest of 64
 * bits, and to a signed one a value so low that its distance from the field's maximum exceeds 63 bits counts as
 * too high. Saturation makes both the field's maximum.
 */
export function fitBitfield(
  value: number | bigint,
  type: BitfieldType,
  overflow: BitfieldOverflow,
): number | bigint | undefined {
  const exact = BigInt(value);
  if (!type.signed) return fit(BigInt.asUintN(64, exact), type, overflow);
  const half = 2n ** BigInt(type.width - 1);
  if (overflow === 'sat' && type.width < 64 && exact < half - INT64_HALF) return narrow(half - 1n, type.width);
  return fit(exact, type, overflow);
}

/** What INCRBY by `increment`, a signed 64-bit integer, makes of a field that holds `value`; undefined as in `fitBitfield`. */
export function addToBitfield(
  value: number | bigint,
  increment: number | bigint,
  type: BitfieldType,
  overflow: BitfieldOverflow,
): number | bigint | undefined {
  if (typeof value === 'number' && typeof increment === 'number' && type.width <= 32) {
    const sum = value + increment;
    if (sum >= (type.signed ? -(2 ** (type.width - 1)) : 0) && sum < 2 ** (type.width - (type.signed ? 1 : 0))) {
      return sum;
    }
  }
  return fit(BigInt(value) + BigInt(increment), type, overflow);
}

/** `exact` as the field can hold it. */
function fit(exact: bigint, type: BitfieldType, overflow: BitfieldOverflow): number | bigint | undefined {
  const { signed, width } = type;
  const max = 2n ** BigInt(signed ? width - 1 : width) - 1n;
  const min = signed ? -max - 1n : 0n;
  if (exact >= min && exact <= max) return narrow(exact, width);
  switch (overflow) {
    case 'fail':
      return undefined;
    case 'sat':
      return narrow(exact > max ? max : min, width);
    case 'wrap':
      return narrow(signed ? BigInt.asIntN(width, exact) : BigInt.asUintN(width, exact), width);
  }
}

function narrow(value: bigint, width: number): number | bigint {
  return width <= NUMBER_WIDTH_MAX ? Number(value) : value;
}

/** `width` bits (at most 53) from bit `offset` of `buffer[start, end)`, unsigned. */
function readBits(buffer: Uint8Array, start: number, end: number, offset: number, width: number): number {
  let at = start + Math.floor(offset / 8);
  let skip = offset % 8;
  let value = 0;
  for (let rest = width; rest > 0; at++) {
    const taken = Math.min(8 - skip, rest);
    const byte = at < end ? buffer[at] : 0;
    value = value * (1 << taken) + ((byte >> (8 - skip - taken)) & ((1 << taken) - 1));
    rest -= taken;
    skip = 0;
  }
  return value;
}

/** Writes the low `width` bits (at most 32) of `value` at bit `offset` from byte `start` on. */
function writeBits(buffer: Uint8Array, start: number, offset: number, width: number, value: number): void {
  let at = start + Math.floor(offset / 8);
  let skip = offset % 8;
  for (let rest = width; rest > 0; at++) {
    const taken = Math.min(8 - skip, rest);
    const shift = 8 - skip - taken;
    const mask = ((1 << taken) - 1) << shift;
    rest -= taken;
    buffer[at] = (buffer[at] & ~mask) | (((value >>> rest) << shift) & mask);
    skip = 0;
  }
}
