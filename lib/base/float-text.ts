/**
 * The syntax of floating point numbers as C's strtod reads them, and their rounding to binary:
 * what `double.ts` and `long-double.ts` share.
 *
 *   number   = [sign] (decimal | hex | "inf" | "infinity")          letter case does not matter
 *   decimal  = (digits ["." [digits]] | "." digits) ["e" [sign] digits]
 *   hex      = "0x" (hexits ["." [hexits]] | "." hexits) ["p" [sign] digits]
 *
 * Not a number for Redis: `nan`, surrounding spaces, anything left over.
 */

/** What a text spells: `digits * base^exponent`, or infinity. */
export interface FloatText {
  readonly negative: boolean;
  readonly infinite: boolean;
  readonly digits: bigint;
  readonly base: 2 | 10;
  /** May be as large as the text says, and is infinite when the text says more than a number can hold. */
  readonly exponent: number;
}

/** A rounded magnitude: `mantissa * 2^exponent`. */
export interface BinaryFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** A binary format: bits of its mantissa, the least exponent, and the first power of two that is too large. */
export interface BinaryFormat {
  readonly mantissaBits: number;
  readonly exponentMin: number;
  readonly overflowExponent: number;
}

// Every repetition is followed by something that it cannot match itself, so none of these can backtrack far.
const DECIMAL = /^(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const DECIMAL_FRACTION = /^()\.(\d+)(?:e([+-]?\d+))?$/i;
const HEX = /^0x([\da-f]+)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const HEX_FRACTION = /^0x()\.([\da-f]+)(?:p([+-]?\d+))?$/i;
const INFINITY = /^inf(?:inity)?$/i;

/** Whether `text` is a decimal number with an optional sign: what JS's `Number` reads to the same double as C does. */
export function isDecimalText(text: string): boolean {
  const unsigned = withoutSign(text);
  return DECIMAL.test(unsigned) || DECIMAL_FRACTION.test(unsigned);
}

/** Takes `text` (ASCII) apart; undefined when it is no number. Takes time in the square of its length: bound it before. */
export function scanFloat(text: string): FloatText | undefined {
  const negative = text.startsWith('-');
  const unsigned = withoutSign(text);
  if (INFINITY.test(unsigned)) return { negative, infinite: true, digits: 0n, base: 10, exponent: 0 };
  const decimal = DECIMAL.exec(unsigned) ?? DECIMAL_FRACTION.exec(unsigned);
  if (decimal !== null) return finite(negative, '', 10, 1, decimal);
  const hex = HEX.exec(unsigned) ?? HEX_FRACTION.exec(unsigned);
  if (hex !== null) return finite(negative, '0x', 2, 4, hex);
  return undefined;
}

function withoutSign(text: string): string {
  return text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
}

/** `match` holds whole digits, fraction digits, exponent; each fraction digit stands for `step` powers of `base`. */
function finite(negative: boolean, prefix: string, base: 2 | 10, step: number, match: RegExpExecArray): FloatText {
  const fraction = match[2] ?? '';
  const exponent = Number(match[3] ?? '0') - step * fraction.length;
  return { negative, infinite: false, digits: BigInt(prefix + match[1] + fraction), base, exponent };
}

/**
 * Rounds `scanned`, which is finite, to `format`, half to even. `overflow` when it is too large for it,
 * `underflow` when it is not zero but would become zero: C's ERANGE, which Redis refuses.
 */
export function roundFloat(scanned: FloatText, format: BinaryFormat): BinaryFloat | 'overflow' | 'underflow' {
  const { digits, base, exponent } = scanned;
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  // Decides what lies far outside, before a huge power is built.
  const magnitude = bitLength(digits) + exponent * (base === 2 ? 1 : Math.log2(10));
  if (magnitude > format.overflowExponent + 8) return 'overflow';
  if (magnitude < format.exponentMin - 8) return 'underflow';
  const power = BigInt(base) ** BigInt(Math.abs(exponent));
  const rounded = exponent >= 0 ? roundRatio(digits * power, 1n, 0, format) : roundRatio(digits, power, 0, format);
  return rounded.mantissa === 0n ? 'underflow' : isOverflow(rounded, format) ? 'overflow' : rounded;
}

/**
 * Rounds `numerator / denominator * 2^exponent` (numerator >= 0, denominator > 0) to `format`, half to even. Leaves
 * overflow to `isOverflow`.
 */
export function roundRatio(
  numerator: bigint,
  denominator: bigint,
  exponent: number,
  format: BinaryFormat,
): BinaryFloat {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 };
  // The quotient has `mantissaBits` bits with this shift, or one more: then the shift is one too small.
  let shift = Math.max(
    bitLength(numerator) - bitLength(denominator) - format.mantissaBits,
    format.exponentMin - exponent,
  );
  let mantissa = divideHalfEven(numerator, denominator, shift);
  if (bitLength(mantissa) > format.mantissaBits) mantissa = divideHalfEven(numerator, denominator, ++shift);
  return { mantissa, exponent: exponent + shift };
}

/** Whether a rounded value is beyond the largest of `format`. */
export function isOverflow(value: BinaryFloat, format: BinaryFormat): boolean {
  return bitLength(value.mantissa) + value.exponent > format.overflowExponent;
}

/** `numerator / (denominator * 2^shift)`, rounded to a whole number, half to even. */
export function divideHalfEven(numerator: bigint, denominator: bigint, shift: number): bigint {
  const dividend = shift < 0 ? numerator << BigInt(-shift) : numerator;
  const divisor = shift > 0 ? denominator << BigInt(shift) : denominator;
  const quotient = dividend / divisor;
  const twice = (dividend - quotient * divisor) * 2n;
  const up = twice > divisor || (twice === divisor && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

/** Bits of a magnitude; 0 for 0. */
function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(parseInt(hex[0], 16)) + 28;
}
