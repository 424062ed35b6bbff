/** Strings as numbers: INCR and its kin. */

import { parseInteger, parseInteger64, writeInteger } from '../base/integer.js';
import { addLongDouble, isFiniteSum } from '../base/long-double.js';
import { KEEP_EXPIRY } from '../data/keyspace.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NOT_AN_INTEGER } from './error-texts.js';
import { findString, stringView } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Where the digits of a new value are written. */
const digits = Buffer.alloc(32);

/** INCR key */
function incr(call: Call): void {
  add(call, 1);
}

/** DECR key */
function decr(call: Call): void {
  add(call, -1);
}

/** INCRBY key increment */
function incrby(call: Call): void {
  const { args } = call;
  const increment = parseInteger(args.buffer, args.start[2], args.end[2]);
  if (!Number.isNaN(increment)) {
    add(call, increment);
    return;
  }
  const long = parseInteger64(args.buffer, args.start[2], args.end[2]);
  if (long === undefined) call.reply.error(NOT_AN_INTEGER);
  else addLong(call, findString(call, 1), long);
}

/** DECRBY key decrement */
function decrby(call: Call): void {
  const { args, reply } = call;
  const decrement = parseInteger(args.buffer, args.start[2], args.end[2]);
  if (!Number.isNaN(decrement)) {
    add(call, -decrement);
    return;
  }
  const long = parseInteger64(args.buffer, args.start[2], args.end[2]);
  if (long === undefined) reply.error(NOT_AN_INTEGER);
  else if (long === INT64_MIN) reply.error('ERR decrement would overflow');
  else addLong(call, findString(call, 1), -long);
}

/** INCRBYFLOAT key increment: in long doubles, as Redis does it on a PC. */
function incrbyfloat(call: Call): void {
  const { args, reply, keyspace } = call;
  const ref = findString(call, 1);
  const value = ref === 0 ? '0' : stringView(call, ref).toString('latin1');
  const sum = addLongDouble(value, args.text(2));
  if (sum === undefined) {
    reply.error('ERR value is not a valid float');
    return;
  }
  if (!isFiniteSum(sum)) {
    reply.error('ERR increment would produce NaN or Infinity');
    return;
  }
  const bytes = Buffer.from(sum, 'latin1');
  keyspace.put(bytes, 0, bytes.length, KEEP_EXPIRY);
  notify(call, KEYSPACE_EVENT.string, 'incrbyfloat', 1);
  reply.bulkBuffer(bytes);
}

/** Adds a safe integer. */
function add(call: Call, increment: number): void {
  const { keyspace } = call;
  const ref = findString(call, 1);
  if (isCounter(call, ref)) {
    addLong(call, ref, BigInt(increment));
    return;
  }
  let value = 0;
  if (ref !== 0) {
    const { heap } = keyspace;
    const start = heap.valueStart(ref);
    value = parseInteger(heap.bytes(ref), start, start + heap.valueLength(ref));
  }
  const sum = value + increment;
  if (!Number.isSafeInteger(sum)) {
    addLong(call, ref, BigInt(increment));
    return;
  }
  keyspace.put(digits, 0, writeInteger(sum, digits, 0), KEEP_EXPIRY);
  notify(call, KEYSPACE_EVENT.string, 'incrby', 1);
  call.reply.integer(sum);
}

/** Whether each node counts for itself at the key under the cursor (record/composed-string.ts). */
function isCounter({ keyspace, args }: Call, ref: number): boolean {
  if (ref !== 0 && keyspace.heap.type(ref) === CellType.COUNTER) return true;
  return keyspace.declared.isCounter(args.buffer, args.start[1], args.end[1]);
}

/** Adds to the string at `ref` (0: to nothing) what may need all 64 bits. */
function addLong(call: Call, ref: number, increment: bigint): void {
  const { reply, keyspace } = call;
  const { heap } = keyspace;
  let value: bigint | undefined = 0n;
  if (ref !== 0) {
    const start = heap.valueStart(ref);
    value = parseInteger64(heap.bytes(ref), start, start + heap.valueLength(ref));
  }
  if (value === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const sum = value + increment;
  if (sum < INT64_MIN || sum > INT64_MAX) {
    reply.error('ERR increment or decrement would overflow');
    return;
  }
  if (isCounter(call, ref)) keyspace.counters.add(ref, value, increment);
  else keyspace.put(digits, 0, digits.write(sum.toString(), 'latin1'), KEEP_EXPIRY);
  notify(call, KEYSPACE_EVENT.string, 'incrby', 1);
  reply.bigInteger(sum);
}

export const counterCommands: readonly Command[] = [
  { name: 'incr', arity: 2, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: incr },
  { name: 'decr', arity: 2, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: decr },
  { name: 'incrby', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: incrby },
  { name: 'decrby', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: decrby },
  { name: 'incrbyfloat', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: incrbyfloat },
];
