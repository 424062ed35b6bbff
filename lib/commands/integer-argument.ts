import { parseInteger, parseInteger64 } from '../base/integer.js';
import type { Call } from './call.js';
import { NOT_AN_INTEGER } from './error-texts.js';

/**
 * Argument i, a 64-bit integer; NaN after an error reply. Rounded beyond 2^53, which is near enough for what only has to
 * be known as too large: offsets, lengths, counts.
 */
export function integerArgument(call: Call, i: number, refusal: string = NOT_AN_INTEGER): number {
  const { args } = call;
  const value = parseInteger(args.buffer, args.start[i], args.end[i]);
  if (!Number.isNaN(value)) return value;
  const long = parseInteger64(args.buffer, args.start[i], args.end[i]);
  if (long !== undefined) return Number(long);
  call.reply.error(refusal);
  return NaN;
}

/** An integer of at least `least`; NaN after an error reply, which is `refusal` for what is no integer too. */
export function integerAtLeast(call: Call, i: number, least: number, refusal: string): number {
  const value = integerArgument(call, i, refusal);
  if (!(value < least)) return value;
  call.reply.error(refusal);
  return NaN;
}
