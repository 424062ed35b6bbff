/**
 * Changes on a condition, each atomic: CAS and CAD, which are ringkv's own; DELEX as in Redis 8.4, DELIFEQ as in Valkey 9.
 * SET's IFEQ and IFNE are in set-options.ts.
 */

import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { findKey, findString, stringEquals } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { SetOptions } from './set-options.js';

/** Of the command that runs: commands do not overlap. */
const options = new SetOptions();

/**
 * CAS key expected new [EX seconds | PX milliseconds]: 1 if the value was `expected` and is now `new`, 0 if it was something else, nil if
 * there is no key. As with SET, the key does not expire afterwards unless a time is given.
 */
function cas(call: Call): void {
  const { args, keyspace, reply } = call;
  if (!options.parseCas(call, 4)) return;
  const expiry = options.expiry(call, 'cas');
  if (Number.isNaN(expiry)) return;
  const ref = findString(call, 1);
  if (ref === 0) {
    reply.nullBulk();
    return;
  }
  const equal = stringEquals(call, ref, 2);
  if (equal) {
    keyspace.put(args.buffer, args.start[3], args.end[3], expiry);
    notify(call, KEYSPACE_EVENT.string, 'set', 1);
    if (expiry > NEVER) notify(call, KEYSPACE_EVENT.generic, 'expire', 1);
  }
  reply.integer(equal ? 1 : 0);
}

/** CAD key expected: 1 if the value was `expected` and the key is deleted, 0 if it was something else, nil if there is no key. */
function cad(call: Call): void {
  if (findString(call, 1) === 0) call.reply.nullBulk();
  else delifeq(call);
}

/** DELIFEQ key value: 1 if the value was that and the key is deleted, else 0. */
function delifeq(call: Call): void {
  const ref = findString(call, 1);
  removeIf(call, ref !== 0 && stringEquals(call, ref, 2));
}

/** DELEX key [IFEQ value | IFNE value]: 1 if the key was there, met the condition and is deleted, else 0. */
function delex(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) {
    removeIf(call, findKey(call, 1) !== 0);
    return;
  }
  if (args.count !== 4) {
    reply.error("ERR wrong number of arguments for 'delex' command");
    return;
  }
  const wantsEqual = args.is(2, 'ifeq');
  if (!wantsEqual && !args.is(2, 'ifne')) {
    reply.error('ERR Invalid condition. Use IFEQ or IFNE');
    return;
  }
  const ref = findString(call, 1);
  removeIf(call, ref !== 0 && stringEquals(call, ref, 3) === wantsEqual);
}

/** Removes the key under the cursor on a condition, and says so. */
function removeIf(call: Call, condition: boolean): void {
  if (condition) {
    call.keyspace.remove();
    notifyDel(call, 1);
  }
  call.reply.integer(condition ? 1 : 0);
}

export const compareAndSetCommands: readonly Command[] = [
  { name: 'cas', arity: -4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: cas },
  { name: 'cad', arity: 3, flags: ['write', 'fast'], keys: ONE_KEY, run: cad },
  { name: 'delex', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: delex },
  { name: 'delifeq', arity: 3, flags: ['write', 'fast'], keys: ONE_KEY, run: delifeq },
];
