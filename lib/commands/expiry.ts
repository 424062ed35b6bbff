/** When keys expire: EXPIRE, TTL and their kin. */

import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { ExpireCondition, conditionOf, conditionsHold } from './expire-conditions.js';
import type { TimeUnit } from './expire-time.js';
import { MILLISECONDS, SECONDS, expireTime, replyMilliseconds, replySeconds } from './expire-time.js';
import { peekKey, useKey } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

/** In place of a set of conditions: an error was replied. */
const REFUSED = -1;

/** EXPIRE key seconds [NX | XX | GT | LT] */
function expire(call: Call): void {
  expireAt(call, SECONDS, call.keyspace.clock.nowMs, 'expire');
}

/** PEXPIRE key milliseconds [NX | XX | GT | LT] */
function pexpire(call: Call): void {
  expireAt(call, MILLISECONDS, call.keyspace.clock.nowMs, 'pexpire');
}

/** EXPIREAT key unix-seconds [NX | XX | GT | LT] */
function expireat(call: Call): void {
  expireAt(call, SECONDS, 0, 'expireat');
}

/** PEXPIREAT key unix-milliseconds [NX | XX | GT | LT] */
function pexpireat(call: Call): void {
  expireAt(call, MILLISECONDS, 0, 'pexpireat');
}

function expireAt(call: Call, unit: TimeUnit, baseMs: number, command: string): void {
  const { keyspace, reply } = call;
  const conditions = parseConditions(call);
  if (conditions === REFUSED) return;
  const atMs = expireTime(call, 2, unit, baseMs, false, command);
  if (Number.isNaN(atMs)) return;
  const ref = useKey(call, 1);
  if (ref === 0 || !conditionsHold(conditions, keyspace.heap.expiresAtMs(ref), atMs)) {
    reply.integer(0);
    return;
  }
  // Not left to setExpiry: there, 0 is never.
  const isPast = atMs <= keyspace.clock.nowMs;
  if (isPast) keyspace.remove();
  else keyspace.setExpiry(atMs);
  notify(call, KEYSPACE_EVENT.generic, isPast ? 'del' : 'expire', 1);
  reply.integer(1);
}

/** The conditions from argument 3 on. */
function parseConditions(call: Call): number {
  const { args, reply } = call;
  let conditions = 0;
  for (let i = 3; i < args.count; i++) {
    const condition = conditionOf(args, i);
    if (condition === 0) {
      reply.error(`ERR Unsupported option ${args.text(i)}`);
      return REFUSED;
    }
    conditions |= condition;
  }
  if ((conditions & ExpireCondition.NX) !== 0 && conditions !== ExpireCondition.NX) {
    reply.error('ERR NX and XX, GT or LT options at the same time are not compatible');
    return REFUSED;
  }
  if ((conditions & ExpireCondition.GT) !== 0 && (conditions & ExpireCondition.LT) !== 0) {
    reply.error('ERR GT and LT options at the same time are not compatible');
    return REFUSED;
  }
  return conditions;
}

/** TTL key */
function ttl(call: Call): void {
  replyExpiry(call, replySeconds, call.keyspace.clock.nowMs);
}

/** PTTL key */
function pttl(call: Call): void {
  replyExpiry(call, replyMilliseconds, call.keyspace.clock.nowMs);
}

/** EXPIRETIME key */
function expiretime(call: Call): void {
  replyExpiry(call, replySeconds, 0);
}

/** PEXPIRETIME key */
function pexpiretime(call: Call): void {
  replyExpiry(call, replyMilliseconds, 0);
}

/** -2: no such key; -1: it does not expire. */
function replyExpiry(call: Call, answer: typeof replySeconds, baseMs: number): void {
  const { keyspace, reply } = call;
  const ref = peekKey(call, 1);
  const atMs = ref === 0 ? NEVER : keyspace.heap.expiresAtMs(ref);
  if (atMs === NEVER) reply.integer(ref === 0 ? -2 : -1);
  else answer(reply, atMs - baseMs);
}

/** PERSIST key */
function persist(call: Call): void {
  const { keyspace, reply } = call;
  const ref = useKey(call, 1);
  const expires = ref !== 0 && keyspace.heap.expiresAtMs(ref) !== NEVER;
  if (expires) {
    keyspace.setExpiry(NEVER);
    notify(call, KEYSPACE_EVENT.generic, 'persist', 1);
  }
  reply.integer(expires ? 1 : 0);
}

export const expiryCommands: readonly Command[] = [
  { name: 'expire', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: expire },
  { name: 'pexpire', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: pexpire },
  { name: 'expireat', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: expireat },
  { name: 'pexpireat', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: pexpireat },
  { name: 'ttl', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: ttl },
  { name: 'pttl', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: pttl },
  { name: 'expiretime', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: expiretime },
  { name: 'pexpiretime', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: pexpiretime },
  { name: 'persist', arity: 2, flags: ['write', 'fast'], keys: ONE_KEY, run: persist },
];
