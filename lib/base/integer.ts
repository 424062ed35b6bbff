/**
 * Integers as Redis writes them: an optional `-`, then digits without leading zeros; nothing else.
 *
 *   integer = "0" | ["-"] nonzero-digit *digit
 *
 * So `+1`, `01`, `-0`, ` 1` and the empty string are no integers. A JS number is exact up to 2^53 only:
 * `parseInteger` is for the hot path and for small arguments, `parseInteger64` for all 64 bits.
 */

const ZERO = 0x30;
const MINUS = 0x2d;

/** Digits of 2^53 - 1, the largest safe integer. */
const SAFE_DIGITS_MAX = 16;
/** Digits of 2^63. */
const INT64_DIGITS_MAX = 19;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT64_LIMIT = 2 ** 63;

const BILLION = 1_000_000_000;

/**
 * The integer that `bytes[start, end)` spell in canonical form, or NaN: when they are none, and when it is
 * beyond +-(2^53 - 1). Allocates nothing. Tell the two kinds of NaN apart with `parseInteger64`.
 */
export function parseInteger(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return NaN;
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (!isCanonical(bytes, first, end, negative) || end - first > SAFE_DIGITS_MAX) return NaN;
  const magnitude = parseDigits(bytes, first, end);
  // 17 digits and more were refused above, so a sum that had to be rounded is still above the limit.
  if (!(magnitude <= Number.MAX_SAFE_INTEGER)) return NaN;
  return negative ? -magnitude : magnitude;
}

/** The same for the whole signed 64-bit range; undefined when the bytes are no such integer. */
export function parseInteger64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (start >= end) return undefined;
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (!isCanonical(bytes, first, end, negative) || end - first > INT64_DIGITS_MAX) return undefined;
  const split = Math.max(first, end - 9);
  const high = parseDigits(bytes, first, split);
  const low = parseDigits(bytes, split, end);
  if (Number.isNaN(high) || Number.isNaN(low)) return undefined;
  const magnitude = BigInt(high) * BigInt(BILLION) + BigInt(low);
  const value = negative ? -magnitude : magnitude;
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** How many bytes `writeInteger` needs for `value`, a safe integer. */
export function integerLength(value: number): number {
  const sign = value < 0 ? 1 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < BILLION) return sign + digitCount(magnitude);
  return sign + 9 + digitCount(Math.floor(magnitude / BILLION));
}

/**
 * Writes `value`, a safe integer, at `target[at]`, in `integerLength(value)` bytes; returns the offset after
 * the last one. Makes no string. -0 is written as 0.
 */
export function writeInteger(value: number, target: Uint8Array, at: number): number {
  let magnitude = value;
  if (value < 0) {
    target[at++] = MINUS;
    magnitude = -value;
  }
  if (magnitude < BILLION) {
    const end = at + digitCount(magnitude);
    writeDigits(magnitude, target, at, end);
    return end;
  }
  // Exact: up to 2^53, no quotient lies so near below a whole number that the division rounds up to it.
  const high = Math.floor(magnitude / BILLION);
  const middle = at + digitCount(high);
  writeDigits(high, target, at, middle);
  writeDigits(magnitude - high * BILLION, target, middle, middle + 9);
  return middle + 9;
}

/** Whether the first digit may stand there; the others are checked by `parseDigits`. */
function isCanonical(bytes: Uint8Array, first: number, end: number, negative: boolean): boolean {
  if (first === end) return false;
  return bytes[first] !== ZERO || (end - first === 1 && !negative);
}

/** The number that the digits `bytes[start, end)` spell, 0 if there are none, rounded beyond 2^53; NaN if one is no digit. */
function parseDigits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Decimal digits of a whole number in [0, 10^9). */
function digitCount(value: number): number {
  if (value < 100_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    if (value < 1_000) return 3;
    return value < 10_000 ? 4 : 5;
  }
  if (value < 10_000_000) return value < 1_000_000 ? 6 : 7;
  return value < 100_000_000 ? 8 : 9;
}

/** Fills `target[start, end)` with the last digits of `value`, a whole number in [0, 10^9), zeros in front. */
function writeDigits(value: number, target: Uint8Array, start: number, end: number): void {
  let rest = value | 0;
  for (let i = end - 1; i >= start; i--) {
    const quotient = (rest / 10) | 0;
    target[i] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
}

/** `value` as C makes a 64-bit integer of a double: cut, and the lowest of all where there is none. */
export function int64Of(value: number): bigint {
  const whole = Math.trunc(value);
  return whole >= -INT64_LIMIT && whole < INT64_LIMIT ? BigInt(whole) : INT64_MIN;
}
