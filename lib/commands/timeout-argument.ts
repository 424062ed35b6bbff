import type { Call } from './call.js';
import { integerArgument } from './integer-argument.js';

/** The time-out in argument i, in milliseconds, 0 and up; NaN after an error reply. */
export function timeoutArgument(call: Call, i: number): number {
  const timeoutMs = integerArgument(call, i, 'ERR timeout is not an integer or out of range');
  if (!(timeoutMs < 0)) return timeoutMs;
  call.reply.error('ERR timeout is negative');
  return NaN;
}
