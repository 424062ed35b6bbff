/**
 * Doubles as Redis 7.0 reads them from clients (scores, coordinates, timeouts) and answers them.
 */
import { isDecimalText, roundFloat, scanFloat, type BinaryFormat } from './float-text.js';

const DOUBLE: BinaryFormat = { mantissaBits: 53, exponentMin: -1074, overflowExponent: 1024 };

/** Longer texts are taken in decimal only, where reading them takes linear time. */
const HEX_LENGTH_MAX = 5 * 1024 - 1;

/** Decimal digits that tell any two doubles apart; Redis 7.0 prints that many, whether needed or not. */
const SIGNIFICANT_DIGITS = 17;

/** 17 digits, the last one even, then a half and nothing more (60 digits are more than any such double has). */
const HALF_ABOVE_EVEN = /^-?\d\.\d{15}[02468]50*e/;

/** A decimal number with a digit other than 0 before its exponent. */
const NONZERO_DIGITS = /^[^e]*[1-9]/i;

/**
 * The double that the whole of `text` spells, or NaN when that would be "not a valid float": the syntax of
 * float-text.ts (so `1e3`, `.5`, `0x1p3`, `-inf`, but no `nan` and no spaces), neither beyond the largest double nor
 * rounded to zero.
 */
export function parseDouble(text: string): number {
  if (!isDecimalText(text)) return parseOther(text);
  const value = Number(text);
  if (!Number.isFinite(value) || (value === 0 && NONZERO_DIGITS.test(text))) return NaN;
  return value;
}

/**
 * `value` as C's `%.17g` writes it, which is how Redis 7.0 answers scores: 17 significant digits without
 * trailing zeros, an exponent of two digits or more below 1e-4 and from 1e17 on; `inf`, `-inf`, `nan`, `-0`.
 */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  // JS rounds a half up, C to even: there the digit too many, a 5, is kept and then cut.
  const extra = isHalfAboveEven(value) ? 1 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e17) {
    const digits = value.toPrecision(SIGNIFICANT_DIGITS + extra);
    return withoutTrailingZeros(digits.slice(0, digits.length - extra));
  }
  const [digits, exponent] = value.toExponential(SIGNIFICANT_DIGITS - 1 + extra).split('e');
  const mantissa = withoutTrailingZeros(digits.slice(0, digits.length - extra));
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** Whether `value` lies exactly half way between two decimals of 17 digits, the lower one even. */
function isHalfAboveEven(value: number): boolean {
  // Such a value has 18 digits, hence at most 25 binary places: with one more, 5^26 alone has 19 digits.
  if (!Number.isInteger(value * 2 ** 25)) return false;
  return HALF_ABOVE_EVEN.test(value.toExponential(60));
}

/** Hexadecimal numbers and infinities; NaN for the rest. */
function parseOther(text: string): number {
  const scanned = text.length > HEX_LENGTH_MAX ? undefined : scanFloat(text);
  if (scanned === undefined) return NaN;
  const sign = scanned.negative ? -1 : 1;
  if (scanned.infinite) return sign * Infinity;
  const rounded = roundFloat(scanned, DOUBLE);
  if (rounded === 'overflow' || rounded === 'underflow') return NaN;
  return sign * Number(rounded.mantissa) * 2 ** rounded.exponent;
}

/** Cuts zeros at the end of a decimal fraction, and the point when nothing else is behind it. */
function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
