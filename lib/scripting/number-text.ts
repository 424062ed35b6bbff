/** Numbers as C's %g writes them, and as strtod reads them. */

/** `value` with that many significant digits: %.14g is `formatGeneral(value, 14)`. */
export function formatGeneral(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponentText] = roundedHalfEven(value, digits).split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < digits) return withoutTrailingZeros(plain(mantissa, exponent));
  const magnitude = String(Math.abs(exponent)).padStart(2, '0');
  return `${withoutTrailingZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${magnitude}`;
}

/** `toExponential`, which rounds a half away from zero, as C rounds it: to the even digit. */
function roundedHalfEven(value: number, digits: number): string {
  const rounded = value.toExponential(digits - 1);
  // A value half way between two texts has its last digit, a 5, just behind them.
  const [exact] = value.toExponential(Math.min(100, digits + 40)).split('e');
  const rest = exact.replace('-', '').replace('.', '').slice(digits);
  if (!/^50*$/.test(rest)) return rounded;
  const [cut, exponent] = value.toExponential(digits).split('e');
  const lower = cut.slice(0, -1);
  return Number(lower.at(-1)) % 2 === 0 ? `${lower.replace(/\.$/, '')}e${exponent}` : rounded;
}

/** A mantissa with its point moved by `exponent`. */
function plain(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace('-', '').replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1);
  return exponent + 1 >= digits.length ? sign + whole : `${sign}${whole}.${digits.slice(exponent + 1)}`;
}

function withoutTrailingZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const NUMBER =
  /^[+-]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)/i;

/** The number that `text` begins with, and how many characters it has: 0 if it begins with none. */
export function readNumber(text: string): { value: number; length: number } {
  const found = NUMBER.exec(text)?.[0];
  if (found === undefined) return { value: 0, length: 0 };
  const isNegative = found.startsWith('-');
  const magnitude = magnitudeOf(found.replace(/^[+-]/, '').toLowerCase());
  return { value: isNegative ? -magnitude : magnitude, length: found.length };
}

function magnitudeOf(text: string): number {
  if (text.startsWith('inf')) return Infinity;
  if (text.startsWith('nan')) return NaN;
  return text.startsWith('0x') ? hexadecimal(text.slice(2)) : Number(text);
}

function hexadecimal(text: string): number {
  const [mantissa, exponent = '0'] = text.split('p');
  const [whole, fraction = ''] = mantissa.split('.');
  let value = 0;
  for (const digit of whole + fraction) value = value * 16 + parseInt(digit, 16);
  return value * 2 ** (Number(exponent) - 4 * fraction.length);
}
