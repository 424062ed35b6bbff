/** MULTI and EXEC, DISCARD, WATCH and UNWATCH. The executor queues what comes between MULTI and EXEC. */

import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { ALL_KEYS, NO_KEYS } from './command.js';
import { findKey } from './lookup.js';

const ABORTED = 'EXECABORT Transaction discarded because of previous errors.';

/** MULTI */
function multi({ client, reply }: Call): void {
  if (client.transaction !== undefined) {
    reply.error('ERR MULTI calls can not be nested');
    return;
  }
  client.beginTransaction();
  reply.ok();
}

/** EXEC: all that was queued, in one turn; a command that fails does not keep the others from running. */
function exec({ client, reply }: Call): void {
  const { transaction } = client;
  if (transaction === undefined) reply.error('ERR EXEC without MULTI');
  else if (transaction.hasFailed) {
    client.endTransaction();
    reply.error(ABORTED);
  } else if (client.isTouched) {
    client.endTransaction();
    reply.nullArray();
  } else client.runTransaction();
}

/** DISCARD */
function discard({ client, reply }: Call): void {
  if (client.transaction === undefined) {
    reply.error('ERR DISCARD without MULTI');
    return;
  }
  client.endTransaction();
  reply.ok();
}

/** WATCH key [key ...] */
function watch(call: Call): void {
  const { args, client, reply } = call;
  if (client.transaction !== undefined) {
    reply.error('ERR WATCH inside MULTI is not allowed');
    return;
  }
  // Whatever has to be loaded is asked for before anything is noted.
  for (let i = 1; i < args.count; i++) findKey(call, i);
  for (let i = 1; i < args.count; i++) client.watch(args.copy(i));
  reply.ok();
}

/** UNWATCH */
function unwatch({ client, reply }: Call): void {
  client.unwatch();
  reply.ok();
}

const FLAGS: readonly CommandFlag[] = ['noscript', 'loading', 'stale', 'fast', 'allow_busy'];

export const transactionCommands: readonly Command[] = [
  { name: 'multi', arity: 1, flags: FLAGS, keys: NO_KEYS, run: multi },
  { name: 'exec', arity: 1, flags: ['noscript', 'loading', 'stale', 'skip_slowlog'], keys: NO_KEYS, run: exec },
  { name: 'discard', arity: 1, flags: FLAGS, keys: NO_KEYS, run: discard },
  { name: 'watch', arity: -2, flags: FLAGS, keys: ALL_KEYS, run: watch },
  { name: 'unwatch', arity: 1, flags: FLAGS, keys: NO_KEYS, run: unwatch },
];
