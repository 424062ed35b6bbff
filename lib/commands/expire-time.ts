/**
 * Times at which keys expire, as commands take and answer them: 64-bit integers, in seconds or milliseconds, from
 * now on or absolute. Inside they are Unix milliseconds in a double: exact for 285,000 years, near enough up to the
 * limit of 64 bits.
 */

import { parseInteger, parseInteger64 } from '../base/integer.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Call } from './call.js';
import { NOT_AN_INTEGER } from './error-texts.js';

export const SECONDS = 1000;
export const MILLISECONDS = 1;
/** Milliseconds in what an argument counts in. */
export type TimeUnit = typeof SECONDS | typeof MILLISECONDS;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/**
 * The time in argument i, counted from `baseMs` (0 for absolute times), in Unix milliseconds; NaN after an error
 * reply. `command` is its name in that reply. A time that is not above zero is refused where it has to be `positive`.
 */
export function expireTime(
  call: Call,
  i: number,
  unit: TimeUnit,
  baseMs: number,
  positive: boolean,
  command: string,
): number {
  const { args } = call;
  const time = parseInteger(args.buffer, args.start[i], args.end[i]);
  if (Number.isNaN(time)) return longExpireTime(call, i, unit, baseMs, positive, command);
  if (positive && time <= 0) return refused(call, command);
  // A safe integer of seconds, in milliseconds, is still below the limit of 64 bits.
  return time * unit + baseMs;
}

/** Answers with a time or a duration in milliseconds, an integer in a double. */
export function replyMilliseconds(reply: ReplyWriter, ms: number): void {
  if (Number.isSafeInteger(ms)) reply.integer(ms);
  else reply.bigInteger(toInt64(ms));
}

/** The same in whole seconds, rounded to the nearest. */
export function replySeconds(reply: ReplyWriter, ms: number): void {
  if (Number.isSafeInteger(ms)) reply.integer(Math.floor((ms + 500) / 1000));
  else reply.bigInteger((toInt64(ms) + 500n) / 1000n);
}

/** The limit of 64 bits itself is no double: the nearest one lies just above. */
function toInt64(ms: number): bigint {
  return ms >= Number(INT64_MAX) ? INT64_MAX : BigInt(ms);
}

/** What `expireTime` makes of an argument that is no safe integer. */
function longExpireTime(
  call: Call,
  i: number,
  unit: TimeUnit,
  baseMs: number,
  positive: boolean,
  command: string,
): number {
  const { args } = call;
  const time = parseInteger64(args.buffer, args.start[i], args.end[i]);
  if (time === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return NaN;
  }
  const atMs = time * BigInt(unit) + BigInt(baseMs);
  if ((positive && time <= 0n) || time * BigInt(unit) < INT64_MIN || atMs > INT64_MAX) return refused(call, command);
  return Number(atMs);
}

function refused(call: Call, command: string): number {
  call.reply.error(`ERR invalid expire time in '${command}' command`);
  return NaN;
}
