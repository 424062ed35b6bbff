/**
 * INCRBYFLOAT's arithmetic: x87 long doubles (64 bits of mantissa, 15 of exponent), emulated exactly with
 * BigInt, because the digits that clients see depend on it (0.1 + 0.2 is 0.3 there).
 *
 * Reading, adding and writing each round once, to nearest, half to even, as strtold, the FPU and printf do.
 * Not for hot paths: a sum takes a few microseconds.
 */
import { divideHalfEven, isOverflow, roundFloat, roundRatio, scanFloat, type BinaryFormat } from './float-text.js';

/** The 80-bit extended format, denormals included. */
const EXTENDED: BinaryFormat = { mantissaBits: 64, exponentMin: -16445, overflowExponent: 16384 };

/** Redis refuses longer texts, and so does this. */
const LENGTH_MAX = 5 * 1024 - 1;

/** Digits after the point that Redis prints before it cuts trailing zeros. */
const FRACTION_DIGITS = 17;

/** A long double that is not NaN: `mantissa * 2^exponent`, or an infinity, whose mantissa is 1n or -1n for its sign. */
export interface LongDouble {
  readonly infinite: boolean;
  /** Signed; zero has one sign only, since no output of Redis shows the other. */
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Reads `text` as Redis reads a float argument; undefined when that would be "not a valid float". */
export function parseLongDouble(text: string): LongDouble | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const scanned = scanFloat(text);
  if (scanned === undefined) return undefined;
  const sign = scanned.negative ? -1n : 1n;
  if (scanned.infinite) return { infinite: true, mantissa: sign, exponent: 0 };
  const rounded = roundFloat(scanned, EXTENDED);
  if (rounded === 'overflow' || rounded === 'underflow') return undefined;
  return { infinite: false, mantissa: sign * rounded.mantissa, exponent: rounded.exponent };
}

/** The sum as the FPU rounds it; undefined for NaN, which is the sum of opposite infinities. */
export function sumLongDoubles(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (a.infinite || b.infinite) {
    if (a.infinite && b.infinite && a.mantissa !== b.mantissa) return undefined;
    return a.infinite ? a : b;
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const exact = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  const sign = exact < 0n ? -1n : 1n;
  const rounded = roundRatio(sign * exact, 1n, exponent, EXTENDED);
  if (isOverflow(rounded, EXTENDED)) return { infinite: true, mantissa: sign, exponent: 0 };
  return { infinite: false, mantissa: sign * rounded.mantissa, exponent: rounded.exponent };
}

/** As Redis writes it for people: no exponent, 17 digits after the point at most, no trailing zeros; `inf`, `-inf`. */
export function formatLongDouble(value: LongDouble): string {
  if (value.infinite) return value.mantissa < 0n ? '-inf' : 'inf';
  const negative = value.mantissa < 0n;
  const magnitude = negative ? -value.mantissa : value.mantissa;
  const scaled = divideHalfEven(magnitude * 10n ** BigInt(FRACTION_DIGITS), 1n, -value.exponent);
  if (scaled === 0n) return '0';
  const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, '0');
  const whole = digits.slice(0, -FRACTION_DIGITS);
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '');
  return (negative ? '-' : '') + (fraction === '' ? whole : `${whole}.${fraction}`);
}

/**
 * INCRBYFLOAT's sum of two texts, in the form that is stored and answered. Undefined when one of them is
 * not a valid float. `inf`, `-inf` or `nan` when the sum is no finite number: nothing of that may be stored
 * (`isFiniteSum`).
 */
export function addLongDouble(a: string, b: string): string | undefined {
  const left = parseLongDouble(a);
  const right = parseLongDouble(b);
  if (left === undefined || right === undefined) return undefined;
  const sum = sumLongDoubles(left, right);
  return sum === undefined ? 'nan' : formatLongDouble(sum);
}

/** Whether a sum from `addLongDouble` is a number, not `inf`, `-inf` or `nan`. */
export function isFiniteSum(sum: string): boolean {
  return !sum.endsWith('f') && !sum.endsWith('n');
}
