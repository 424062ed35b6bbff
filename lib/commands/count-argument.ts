import { parseInteger64 } from '../base/integer.js';
import type { Call } from './call.js';
import { integerArgument } from './integer-argument.js';

const INT64_MAX = 2n ** 63n - 1n;

/** Argument i: how many elements are wanted at random, negative if they may come several times; NaN after an error reply. */
export function countArgument(call: Call, i: number): number {
  const { args, reply } = call;
  const count = integerArgument(call, i);
  if (parseInteger64(args.buffer, args.start[i], args.end[i]) !== -INT64_MAX - 1n) return count;
  reply.error(`ERR value is out of range, value must between -${String(INT64_MAX)} and ${String(INT64_MAX)}`);
  return NaN;
}
