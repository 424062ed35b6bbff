import { parseInteger } from '../base/integer.js';
import type { Args } from '../protocol/args.js';

/** The indexes of the keys behind their number in argument i; none if there are not so many arguments. */
export function countedKeys(args: Args, i: number): number[] {
  const count = i < args.count ? parseInteger(args.buffer, args.start[i], args.end[i]) : NaN;
  if (!(count >= 1) || count > args.count - i - 1) return [];
  return Array.from({ length: count }, (_, n) => i + 1 + n);
}
