/** HyperLogLogs, which are strings: PFADD, PFCOUNT, PFMERGE, and what looks inside them. */

import { HyperLogLog, Raised, denseWouldChange, raiseAll } from '../data/hyperloglog.js';
import { checkHyperLogLog } from '../data/hyperloglog-check.js';
import { countAt, countRegisters } from '../data/hyperloglog-count.js';
import {
  DENSE,
  DENSE_BYTES,
  REGISTER_COUNT,
  cacheCardinality,
  cachedCardinality,
  denseRegister,
  encodingAt,
  isHyperLogLog,
  isStale,
  markStale,
} from '../data/hyperloglog-format.js';
import { sparseText } from '../data/hyperloglog-text.js';
import { KEEP_EXPIRY } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ALL_KEYS, NO_KEYS, ONE_KEY } from './command.js';
import { findString, readString, stringView } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

const NOT_ONE = 'WRONGTYPE Key is not a valid HyperLogLog string value.';
const CORRUPT = 'INVALIDOBJ Corrupted HLL object detected';

const SECOND_KEY = { first: 2, last: 2, step: 1 };

/** The copy that the command works on: commands do not overlap. */
const sketch = new HyperLogLog();
/** The highest of the registers of several, a byte each. */
const highest = new Uint8Array(REGISTER_COUNT);

/** PFADD key [element ...]: 1 if that changed the count, or made the key. */
function pfadd(call: Call): void {
  const { args, reply } = call;
  const ref = findString(call, 1);
  if (ref !== 0 && knowsAll(call, ref)) {
    reply.integer(0);
    return;
  }
  if (!copy(call, ref)) return;
  let changed = ref === 0;
  for (let i = 2; i < args.count; i++) {
    const raised = sketch.add(args.buffer, args.start[i], args.end[i]);
    if (raised === Raised.CORRUPT) {
      reply.error(CORRUPT);
      return;
    }
    if (raised === Raised.YES) changed = true;
  }
  if (changed) putStale(call);
  reply.integer(changed ? 1 : 0);
}

/** Whether the HyperLogLog at `ref` is a dense one which the elements of the call do not change: mostly so, and that is told without a copy. */
function knowsAll(call: Call, ref: number): boolean {
  const { args, keyspace } = call;
  const { heap } = keyspace;
  const bytes = heap.bytes(ref);
  const start = heap.valueStart(ref);
  if (heap.valueLength(ref) !== DENSE_BYTES || !isHyperLogLog(bytes, start, DENSE_BYTES)) return false;
  if (encodingAt(bytes, start) !== DENSE) return false;
  for (let i = 2; i < args.count; i++) {
    if (denseWouldChange(bytes, start, args.buffer, args.start[i], args.end[i])) return false;
  }
  return true;
}

/** PFCOUNT key [key ...]: how many elements one has seen, or all of them together. */
function pfcount(call: Call): void {
  const { args, keyspace, reply } = call;
  if (args.count > 2) {
    if (raiseToAll(call) !== undefined) reply.bigInteger(countRegisters(highest));
    return;
  }
  const { heap } = keyspace;
  const ref = readString(call, 1);
  if (ref === 0) reply.integer(0);
  else if (isValid(call, ref)) {
    const bytes = heap.bytes(ref);
    const start = heap.valueStart(ref);
    if (isStale(bytes, start)) countAnew(call, ref);
    else replyCardinality(call, cachedCardinality(bytes, start));
  }
}

function replyCardinality({ reply }: Call, cardinality: number | bigint): void {
  if (typeof cardinality === 'number') reply.integer(cardinality);
  else reply.bigInteger(cardinality);
}

/** Answers with the count of the HyperLogLog at `ref`, under the cursor, and notes it there. */
function countAnew(call: Call, ref: number): void {
  const { keyspace, reply } = call;
  const { heap } = keyspace;
  const count = countAt(heap.bytes(ref), heap.valueStart(ref), heap.valueLength(ref));
  if (count === undefined) {
    reply.error(CORRUPT);
    return;
  }
  // A read that writes, as in Redis; nothing may be written in a pause, or without a log.
  if (keyspace.removesExpired && copy(call, ref)) {
    cacheCardinality(sketch.bytes, 0, count);
    keyspace.put(sketch.bytes, 0, sketch.length, KEEP_EXPIRY);
  }
  reply.bigInteger(count);
}

/** PFMERGE destination [source ...]: the destination has seen then what any of them has. */
function pfmerge(call: Call): void {
  const { reply } = call;
  const someDense = raiseToAll(call);
  if (someDense === undefined) return;
  if (!copy(call, findString(call, 1))) return;
  if (someDense) sketch.toDense();
  for (let i = 0; i < REGISTER_COUNT; i++) if (highest[i] !== 0) sketch.raise(i, highest[i]);
  putStale(call);
  reply.ok();
}

/** PFDEBUG GETREG | DECODE | ENCODING | TODENSE key */
function pfdebug(call: Call): void {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  const ref = findString(call, 2);
  if (ref === 0) {
    reply.error('ERR The specified key does not exist');
    return;
  }
  if (!isValid(call, ref)) return;
  const isDense = encodingAt(heap.bytes(ref), heap.valueStart(ref)) === DENSE;
  if (args.is(1, 'getreg')) replyRegisters(call, ref);
  else if (args.is(1, 'encoding')) reply.simple(isDense ? 'dense' : 'sparse');
  else if (args.is(1, 'todense')) {
    if (makeDense(call, ref)) reply.integer(isDense ? 0 : 1);
  } else if (!args.is(1, 'decode')) reply.error(`ERR Unknown PFDEBUG subcommand '${args.text(1)}'`);
  else if (isDense) reply.error('ERR HLL encoding is not sparse');
  else reply.bulkText(sparseText(stringView(call, ref)));
}

function replyRegisters(call: Call, ref: number): void {
  const { keyspace, reply } = call;
  const { heap } = keyspace;
  if (!makeDense(call, ref)) return;
  const dense = findString(call, 2);
  reply.array(REGISTER_COUNT);
  for (let i = 0; i < REGISTER_COUNT; i++) {
    reply.integer(denseRegister(heap.bytes(dense), heap.valueStart(dense), i));
  }
}

/** PFSELFTEST */
function pfselftest(call: Call): void {
  const fault = checkHyperLogLog(call.keyspace.random);
  if (fault === undefined) call.reply.ok();
  else call.reply.error(fault);
}

/** Makes the HyperLogLog at `ref`, under the cursor, a dense one; false after an error reply. */
function makeDense(call: Call, ref: number): boolean {
  if (!copy(call, ref)) return false;
  if (sketch.isDense) return true;
  const done = sketch.toDense();
  if (done) call.keyspace.put(sketch.bytes, 0, sketch.length, KEEP_EXPIRY);
  else call.reply.error(CORRUPT);
  return done;
}

/** Fills `highest` over all keys of the call; whether one of them is dense. Undefined after an error reply. */
function raiseToAll(call: Call): boolean | undefined {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  let someDense = false;
  highest.fill(0);
  for (let i = 1; i < args.count; i++) {
    const ref = readString(call, i);
    if (ref === 0) continue;
    if (!isValid(call, ref)) return undefined;
    const bytes = heap.bytes(ref);
    const start = heap.valueStart(ref);
    if (encodingAt(bytes, start) === DENSE) someDense = true;
    if (raiseAll(highest, bytes, start, heap.valueLength(ref))) continue;
    reply.error(CORRUPT);
    return undefined;
  }
  return someDense;
}

/** Makes `sketch` a copy of the HyperLogLog at `ref`, an empty one if that is 0. False after an error reply. */
function copy(call: Call, ref: number): boolean {
  const { heap } = call.keyspace;
  sketch.sparseBytesMax = call.server.config.hllSparseMaxBytes;
  if (ref === 0) sketch.clear();
  else if (isValid(call, ref)) sketch.load(heap.bytes(ref), heap.valueStart(ref), heap.valueLength(ref));
  else return false;
  return true;
}

/** Whether the string at `ref` is a HyperLogLog; if not, after an error reply. */
function isValid(call: Call, ref: number): boolean {
  const { heap } = call.keyspace;
  const valid = isHyperLogLog(heap.bytes(ref), heap.valueStart(ref), heap.valueLength(ref));
  if (!valid) call.reply.error(NOT_ONE);
  return valid;
}

/** Puts the changed `sketch` in the first key, under the cursor. */
function putStale(call: Call): void {
  markStale(sketch.bytes, 0);
  call.keyspace.put(sketch.bytes, 0, sketch.length, KEEP_EXPIRY);
  notify(call, KEYSPACE_EVENT.string, 'pfadd', 1);
}

export const hyperloglogCommands: readonly Command[] = [
  { name: 'pfadd', arity: -2, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: pfadd },
  { name: 'pfcount', arity: -2, flags: ['readonly', 'may_replicate'], keys: ALL_KEYS, run: pfcount },
  { name: 'pfmerge', arity: -2, flags: ['write', 'denyoom'], keys: ALL_KEYS, run: pfmerge },
  { name: 'pfdebug', arity: 3, flags: ['write', 'denyoom', 'admin'], keys: SECOND_KEY, run: pfdebug },
  { name: 'pfselftest', arity: 1, flags: ['admin'], keys: NO_KEYS, run: pfselftest },
];
