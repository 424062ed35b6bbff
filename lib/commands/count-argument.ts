import { parseInteger64 } from '../base/integer.js';
import { REPLIES_BYTES_MAX } from '../protocol/reply-writer.js';
import type { Call } from './call.js';
import { integerArgument } from './integer-argument.js';

const INT64_MAX = 2n ** 63n - 1n;
/** An empty bulk string: no element takes less. */
const ELEMENT_BYTES_MIN = 6;
const REPEATED_MAX = Math.floor(REPLIES_BYTES_MAX / ELEMENT_BYTES_MIN);

/** Argument i: how many elements are wanted at random, negative if they may come several times; NaN after an error reply. */
export function countArgument(call: Call, i: number): number {
  const { args, reply } = call;
  const count = integerArgument(call, i);
  if (parseInteger64(args.buffer, args.start[i], args.end[i]) !== -INT64_MAX - 1n) return count;
  reply.error(`ERR value is out of range, value must between -${String(INT64_MAX)} and ${String(INT64_MAX)}`);
  return NaN;
}

/**
 * How many elements to answer if `count` are wanted of `size`, any of them several times; NaN after an error reply. Redis goes on for as
 * long as it has memory.
 */
export function repeatedCount({ reply }: Call, count: number, size: number): number {
  if (size === 0) return 0;
  if (count <= REPEATED_MAX) return count;
  reply.error('ERR value is out of range');
  return NaN;
}
