/** Keys, whatever they hold: DEL, EXISTS and their kin. */

import type { Call } from './call.js';
import type { Command } from './command.js';
import { typeName } from './type-name.js';
import { ALL_KEYS, ONE_KEY } from './command.js';
import { findKey, peekKey } from './lookup.js';
import { notifyDel } from './notify.js';

/** DEL key [key ...]. Memory of a record is given back at once either way, so UNLINK is the same. */
function del(call: Call): void {
  const { args, keyspace } = call;
  let removed = 0;
  for (let i = 1; i < args.count; i++) {
    if (findKey(call, i) === 0) continue;
    keyspace.remove();
    notifyDel(call, i);
    removed++;
  }
  call.reply.integer(removed);
}

/** EXISTS key [key ...]: a key that is named twice counts twice. */
function exists(call: Call): void {
  const { args } = call;
  let found = 0;
  for (let i = 1; i < args.count; i++) if (peekKey(call, i) !== 0) found++;
  call.reply.integer(found);
}

/** TOUCH key [key ...]: a use, even for a client that asked for none (CLIENT NO-TOUCH). */
function touch(call: Call): void {
  const { args, keyspace } = call;
  let found = 0;
  for (let i = 1; i < args.count; i++) {
    if (keyspace.read(call.db, args.buffer, args.start[i], args.end[i]) !== 0) found++;
  }
  call.reply.integer(found);
}

/** TYPE key */
function type(call: Call): void {
  const ref = peekKey(call, 1);
  call.reply.simple(ref === 0 ? 'none' : typeName(call.keyspace.heap.type(ref)));
}

export const keyCommands: readonly Command[] = [
  { name: 'del', arity: -2, flags: ['write'], keys: ALL_KEYS, run: del, loadsFirst: true },
  { name: 'unlink', arity: -2, flags: ['write', 'fast'], keys: ALL_KEYS, run: del, loadsFirst: true },
  { name: 'exists', arity: -2, flags: ['readonly', 'fast'], keys: ALL_KEYS, run: exists },
  { name: 'touch', arity: -2, flags: ['readonly', 'fast'], keys: ALL_KEYS, run: touch },
  { name: 'type', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: type },
];
