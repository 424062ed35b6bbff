/** Parts of strings: APPEND, GETRANGE, SETRANGE. */

import { KEEP_EXPIRY } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { STRING_TOO_LONG } from './error-texts.js';
import { fromStart, isReversed } from './index-range.js';
import { integerArgument } from './integer-argument.js';
import { findString, readString } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

/** APPEND key value */
function append(call: Call): void {
  const ref = findString(call, 1);
  const length = ref === 0 ? 0 : call.keyspace.heap.valueLength(ref);
  overwrite(call, ref, length, 2, 'append');
}

/** SETRANGE key offset value */
function setrange(call: Call): void {
  const { args, keyspace, reply } = call;
  const offset = integerArgument(call, 2);
  if (Number.isNaN(offset)) return;
  if (offset < 0) {
    reply.error('ERR offset is out of range');
    return;
  }
  const ref = findString(call, 1);
  if (args.lengthOf(3) === 0) reply.integer(ref === 0 ? 0 : keyspace.heap.valueLength(ref));
  else overwrite(call, ref, offset, 3, 'setrange');
}

/**
 * Writes argument i over the string at `ref` (0: over nothing), from `offset` on, zeros in between where it is shorter; answers with
 * the length. `event`: what happens to the key.
 */
function overwrite(call: Call, ref: number, offset: number, i: number, event: string): void {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  const length = ref === 0 ? 0 : heap.valueLength(ref);
  const newLength = Math.max(length, offset + args.lengthOf(i));
  if (newLength > call.server.valueBytesMax) {
    reply.error(STRING_TOO_LONG);
    return;
  }
  if (args.lengthOf(i) > 0) keyspace.overwrite(offset, args.buffer, args.start[i], args.end[i]);
  else if (ref === 0) keyspace.put(args.buffer, 0, 0, KEEP_EXPIRY);
  notify(call, KEYSPACE_EVENT.string, event, 1);
  reply.integer(newLength);
}

/** GETRANGE key start end */
function getrange(call: Call): void {
  const { keyspace, reply } = call;
  const first = integerArgument(call, 2);
  if (Number.isNaN(first)) return;
  const last = integerArgument(call, 3);
  if (Number.isNaN(last)) return;
  const ref = readString(call, 1);
  const length = ref === 0 ? 0 : keyspace.heap.valueLength(ref);
  const from = fromStart(first, length);
  const until = Math.min(fromStart(last, length) + 1, length);
  if (ref === 0 || from >= until || isReversed(first, last)) {
    reply.bulkText('');
    return;
  }
  const start = keyspace.heap.valueStart(ref);
  reply.bulk(keyspace.heap.bytes(ref), start + from, start + until);
}

export const stringRangeCommands: readonly Command[] = [
  { name: 'append', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: append },
  { name: 'setrange', arity: 4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: setrange },
  { name: 'getrange', arity: 4, flags: ['readonly'], keys: ONE_KEY, run: getrange },
  { name: 'substr', arity: 4, flags: ['readonly'], keys: ONE_KEY, run: getrange },
];
