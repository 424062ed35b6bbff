/**
 * When fields of hashes expire, as Redis 7.4 has it (https://redis.io/docs/latest/commands/hexpire/): HEXPIRE, HTTL and their kin. All of them take
 * `FIELDS numfields field [field ...]` and answer with a number for each field.
 */

import type { FieldCells } from '../data/field-cells.js';
import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NOT_AN_INTEGER } from './error-texts.js';
import { conditionOf, conditionsHold } from './expire-conditions.js';
import type { TimeUnit } from './expire-time.js';
import { MILLISECONDS, SECONDS } from './expire-time.js';
import { findField } from './hashes.js';
import { integerArgument } from './integer-argument.js';
import { findHash, readHash } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';

const NO_FIELD = -2;
const NO_EXPIRY = -1;
/** What HEXPIRE answers: a condition did not hold, the expiry was set, the field is gone at once. */
const UNCHANGED = 0;
const CHANGED = 1;
const GONE = 2;

/** Redis keeps the times of fields in 46 bits. */
const EXPIRY_LIMIT_MS = 2 ** 46;
const NOT_POSITIVE = 'ERR Parameter `numFields` should be greater than 0';

/** HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...] */
function hexpire(call: Call): void {
  expireAt(call, SECONDS, call.keyspace.clock.nowMs, 'hexpire');
}

/** HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...] */
function hpexpire(call: Call): void {
  expireAt(call, MILLISECONDS, call.keyspace.clock.nowMs, 'hpexpire');
}

/** HEXPIREAT key unix-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...] */
function hexpireat(call: Call): void {
  expireAt(call, SECONDS, 0, 'hexpireat');
}

/** HPEXPIREAT key unix-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...] */
function hpexpireat(call: Call): void {
  expireAt(call, MILLISECONDS, 0, 'hpexpireat');
}

function expireAt(call: Call, unit: TimeUnit, baseMs: number, command: string): void {
  const { args, reply } = call;
  const cells = findHash(call, 1);
  const atMs = timeArgument(call, unit, baseMs, command);
  if (Number.isNaN(atMs)) return;
  const condition = conditionOf(args, 3);
  const first = firstField(call, condition === 0 ? 3 : 4, NOT_POSITIVE);
  if (first === 0) return;
  let changed = 0;
  let gone = 0;
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const outcome = expireField(call, cells, i, atMs, condition);
    reply.integer(outcome);
    if (outcome === CHANGED) changed++;
    else if (outcome === GONE) gone++;
  }
  if (changed > 0) notify(call, KEYSPACE_EVENT.hash, 'hexpire', 1);
  if (gone > 0) notify(call, KEYSPACE_EVENT.hash, 'hdel', 1);
  if (gone > 0 && cells.count === 0) notifyDel(call, 1);
}

/** Lets the field in argument i expire, if the condition holds; returns what is answered. */
function expireField(call: Call, cells: FieldCells, i: number, atMs: number, condition: number): number {
  if (!findField(call, cells, i)) return NO_FIELD;
  if (!conditionsHold(condition, cells.expiresAtMs, atMs)) return UNCHANGED;
  if (atMs <= call.keyspace.clock.nowMs) {
    cells.remove();
    return GONE;
  }
  cells.expire(atMs);
  return CHANGED;
}

/** The time in argument 2 in Unix milliseconds; NaN after an error reply. */
function timeArgument(call: Call, unit: TimeUnit, baseMs: number, command: string): number {
  const time = integerArgument(call, 2, NOT_AN_INTEGER);
  if (Number.isNaN(time)) return NaN;
  const atMs = time * unit + baseMs;
  if (time >= 0 && atMs < EXPIRY_LIMIT_MS) return atMs;
  const error = time < 0 ? 'invalid expire time, must be >= 0' : `invalid expire time in '${command}' command`;
  call.reply.error(`ERR ${error}`);
  return NaN;
}

/** HTTL key FIELDS numfields field [field ...] */
function httl(call: Call): void {
  answerExpiries(call, (atMs) => Math.ceil((atMs - call.keyspace.clock.nowMs) / SECONDS));
}

/** HPTTL key FIELDS numfields field [field ...] */
function hpttl(call: Call): void {
  answerExpiries(call, (atMs) => atMs - call.keyspace.clock.nowMs);
}

/** HEXPIRETIME key FIELDS numfields field [field ...] */
function hexpiretime(call: Call): void {
  answerExpiries(call, (atMs) => Math.ceil(atMs / SECONDS));
}

/** HPEXPIRETIME key FIELDS numfields field [field ...] */
function hpexpiretime(call: Call): void {
  answerExpiries(call, (atMs) => atMs);
}

function answerExpiries(call: Call, answer: (atMs: number) => number): void {
  const { args, reply } = call;
  const cells = readHash(call, 1);
  const first = firstField(call, 2, 'ERR Number of fields must be a positive integer');
  if (first === 0) return;
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    if (!findField(call, cells, i)) reply.integer(NO_FIELD);
    else reply.integer(cells.expiresAtMs === NEVER ? NO_EXPIRY : answer(cells.expiresAtMs));
  }
}

/** HPERSIST key FIELDS numfields field [field ...] */
function hpersist(call: Call): void {
  const { args, reply } = call;
  const cells = findHash(call, 1);
  const first = firstField(call, 2, 'ERR Number of fields must be a positive integer');
  if (first === 0) return;
  let changed = 0;
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    if (!findField(call, cells, i)) reply.integer(NO_FIELD);
    else if (cells.expiresAtMs === NEVER) reply.integer(NO_EXPIRY);
    else {
      cells.expire(NEVER);
      reply.integer(CHANGED);
      changed++;
    }
  }
  if (changed > 0) notify(call, KEYSPACE_EVENT.hash, 'hpersist', 1);
}

/** Reads FIELDS and the number behind it at argument i; the index of the first field, 0 after an error reply. */
function firstField(call: Call, i: number, refusal: string): number {
  const { args, reply } = call;
  if (i + 1 >= args.count || !args.is(i, 'fields')) {
    reply.error('ERR Mandatory argument FIELDS is missing or not at the right position');
    return 0;
  }
  const count = integerArgument(call, i + 1, refusal);
  if (Number.isNaN(count)) return 0;
  if (count >= 1 && count === args.count - i - 2) return i + 2;
  reply.error(count < 1 ? refusal : 'ERR The `numfields` parameter must match the number of arguments');
  return 0;
}

export const hashExpiryCommands: readonly Command[] = [
  { name: 'hexpire', arity: -6, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hexpire },
  { name: 'hpexpire', arity: -6, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hpexpire },
  { name: 'hexpireat', arity: -6, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hexpireat },
  { name: 'hpexpireat', arity: -6, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hpexpireat },
  { name: 'httl', arity: -5, flags: ['readonly', 'fast'], keys: ONE_KEY, run: httl },
  { name: 'hpttl', arity: -5, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hpttl },
  { name: 'hexpiretime', arity: -5, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hexpiretime },
  { name: 'hpexpiretime', arity: -5, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hpexpiretime },
  { name: 'hpersist', arity: -5, flags: ['write', 'fast'], keys: ONE_KEY, run: hpersist },
];
