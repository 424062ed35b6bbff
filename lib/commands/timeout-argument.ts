import { parseDouble } from '../base/double.js';
import type { Call } from './call.js';
import { integerArgument } from './integer-argument.js';

const NEGATIVE = 'ERR timeout is negative';
/** Redis counts in milliseconds since 1970, in 64 bits. */
const TIMEOUT_MS_LIMIT = 2 ** 63;

/** The time-out in argument i, in milliseconds, 0 and up; NaN after an error reply. */
export function timeoutArgument(call: Call, i: number): number {
  const timeoutMs = integerArgument(call, i, 'ERR timeout is not an integer or out of range');
  if (!(timeoutMs < 0)) return timeoutMs;
  call.reply.error(NEGATIVE);
  return NaN;
}

/** The time-out in argument i, seconds with a fraction, as BLPOP has it; in milliseconds, 0 and up; NaN after an error reply. */
export function blockingTimeout(call: Call, i: number): number {
  const { args, reply } = call;
  const timeoutMs = Math.ceil(parseDouble(args.text(i)) * 1000);
  if (Number.isNaN(timeoutMs)) reply.error('ERR timeout is not a float or out of range');
  else if (timeoutMs + call.server.wallMs() >= TIMEOUT_MS_LIMIT) reply.error('ERR timeout is out of range');
  else if (timeoutMs < 0) reply.error(NEGATIVE);
  else return timeoutMs;
  return NaN;
}
