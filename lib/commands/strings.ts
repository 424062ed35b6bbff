/** Strings as wholes: GET, SET and their kin. */

import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ALL_KEYS, ONE_KEY } from './command.js';
import type { TimeUnit } from './expire-time.js';
import { MILLISECONDS, SECONDS, expireTime } from './expire-time.js';
import { findBlind, findKey, isString, readKey, readString, replyString } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { Life, SetOptions } from './set-options.js';

/** Of the command that runs: commands do not overlap. */
const options = new SetOptions();

const PAIRS_OF_KEYS = { first: 1, last: -1, step: 2 };

/** GET key */
function get(call: Call): void {
  replyString(call, readString(call, 1));
}

/** SET key value [options] (set-options.ts). */
function set(call: Call): void {
  if (call.args.count > 3) {
    setWithOptions(call);
    return;
  }
  findBlind(call, 1);
  putArgument(call, 2, NEVER);
  notify(call, KEYSPACE_EVENT.string, 'set', 1);
  call.reply.ok();
}

function setWithOptions(call: Call): void {
  const { reply } = call;
  if (!options.parseSet(call, 3)) return;
  const expiry = options.expiry(call, 'set');
  if (Number.isNaN(expiry)) return;
  if (options.isBlind) {
    findBlind(call, 1);
    setArgument(call, 2, expiry);
    reply.ok();
    return;
  }
  const ref = options.get ? readString(call, 1) : findKey(call, 1);
  const holds = options.holds(call, ref);
  if (options.get) replyString(call, ref);
  else if (holds) reply.ok();
  else reply.nullBulk();
  if (holds) setArgument(call, 2, expiry);
}

/** SETNX key value */
function setnx(call: Call): void {
  const isNew = findKey(call, 1) === 0;
  if (isNew) setArgument(call, 2, NEVER);
  call.reply.integer(isNew ? 1 : 0);
}

/** SETEX key seconds value */
function setex(call: Call): void {
  setWithExpiry(call, SECONDS, 'setex');
}

/** PSETEX key milliseconds value */
function psetex(call: Call): void {
  setWithExpiry(call, MILLISECONDS, 'psetex');
}

function setWithExpiry(call: Call, unit: TimeUnit, command: string): void {
  const expiry = expireTime(call, 2, unit, call.keyspace.clock.nowMs, true, command);
  if (Number.isNaN(expiry)) return;
  findBlind(call, 1);
  setArgument(call, 3, expiry);
  call.reply.ok();
}

/** GETSET key value */
function getset(call: Call): void {
  replyString(call, readString(call, 1));
  setArgument(call, 2, NEVER);
}

/** GETEX key [options] (set-options.ts). */
function getex(call: Call): void {
  if (!options.parseGetex(call, 2)) return;
  const { keyspace } = call;
  const ref = readString(call, 1);
  const expiry = ref === 0 ? NEVER : options.expiry(call, 'getex');
  if (Number.isNaN(expiry)) return;
  replyString(call, ref);
  if (ref === 0 || options.life === Life.NONE) return;
  if (expiry === NEVER) {
    if (keyspace.heap.expiresAtMs(ref) === NEVER) return;
    keyspace.setExpiry(NEVER);
    notify(call, KEYSPACE_EVENT.generic, 'persist', 1);
    return;
  }
  const isPast = expiry <= keyspace.clock.nowMs;
  keyspace.setExpiry(expiry);
  notify(call, KEYSPACE_EVENT.generic, isPast ? 'del' : 'expire', 1);
}

/** GETDEL key */
function getdel(call: Call): void {
  const ref = readString(call, 1);
  replyString(call, ref);
  if (ref === 0) return;
  call.keyspace.remove();
  notifyDel(call, 1);
}

/** MGET key [key ...] */
function mget(call: Call): void {
  const { count } = call.args;
  call.reply.array(count - 1);
  for (let i = 1; i < count; i++) replyString(call, stringOrNone(call, readKey(call, i)));
}

function stringOrNone(call: Call, ref: number): number {
  return ref !== 0 && isString(call, ref) ? ref : 0;
}

/** MSET key value [key value ...] */
function mset(call: Call): void {
  const { count } = call.args;
  if (count % 2 === 0) {
    call.reply.error("ERR wrong number of arguments for 'mset' command");
    return;
  }
  putPairs(call);
  call.reply.ok();
}

/** MSETNX key value [key value ...]: all, or none if one of the keys is there. */
function msetnx(call: Call): void {
  const { count } = call.args;
  if (count % 2 === 0) {
    call.reply.error("ERR wrong number of arguments for 'msetnx' command");
    return;
  }
  for (let i = 1; i < count; i += 2) {
    if (findKey(call, i) === 0) continue;
    call.reply.integer(0);
    return;
  }
  putPairs(call);
  call.reply.integer(1);
}

/** STRLEN key */
function strlen(call: Call): void {
  const ref = readString(call, 1);
  call.reply.integer(ref === 0 ? 0 : call.keyspace.heap.valueLength(ref));
}

function putPairs(call: Call): void {
  const { count } = call.args;
  const { events, declared } = call.keyspace;
  // Who wants to hear of new keys has each looked for, and versioned strings are: none may be changed before the last was found.
  if (events.wants(KEYSPACE_EVENT.newKey) || !declared.isEmpty) for (let i = 1; i < count; i += 2) findKey(call, i);
  for (let i = 1; i < count; i += 2) {
    findBlind(call, i);
    putArgument(call, i + 1, NEVER);
    notify(call, KEYSPACE_EVENT.string, 'set', i);
  }
}

/** SET's change of key 1, on which the cursor is, to argument i. */
function setArgument(call: Call, i: number, expiry: number): void {
  putArgument(call, i, expiry);
  notify(call, KEYSPACE_EVENT.string, 'set', 1);
  if (expiry > NEVER) notify(call, KEYSPACE_EVENT.generic, 'expire', 1);
}

/** Sets the key under the cursor to argument i. */
function putArgument(call: Call, i: number, expiry: number): void {
  const { args } = call;
  call.keyspace.put(args.buffer, args.start[i], args.end[i], expiry);
}

export const stringCommands: readonly Command[] = [
  { name: 'get', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: get },
  { name: 'set', arity: -3, flags: ['write', 'denyoom'], keys: ONE_KEY, run: set },
  { name: 'setnx', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: setnx },
  { name: 'setex', arity: 4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: setex },
  { name: 'psetex', arity: 4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: psetex },
  { name: 'getset', arity: 3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: getset },
  { name: 'getex', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: getex },
  { name: 'getdel', arity: 2, flags: ['write', 'fast'], keys: ONE_KEY, run: getdel },
  { name: 'mget', arity: -2, flags: ['readonly', 'fast'], keys: ALL_KEYS, run: mget },
  { name: 'mset', arity: -3, flags: ['write', 'denyoom'], keys: PAIRS_OF_KEYS, run: mset },
  { name: 'msetnx', arity: -3, flags: ['write', 'denyoom'], keys: PAIRS_OF_KEYS, run: msetnx },
  { name: 'strlen', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: strlen },
];
