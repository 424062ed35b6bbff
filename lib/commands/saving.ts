/**
 * SAVE, BGSAVE and BGREWRITEAOF: one thing here. Everything that is in the log, or in memory alone, is moved to tables, which are a snapshot
 * that needs no log; the log is as short as it can be then. They never run at a time.
 */

import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';

const IN_PROGRESS = 'ERR Background save already in progress';

/** SAVE: other clients are served meanwhile. */
async function save(call: Call): Promise<void> {
  const { reply } = call;
  const { durability } = call.server;
  if (durability.isSaving) {
    reply.error(IN_PROGRESS);
    return;
  }
  try {
    await durability.save();
    reply.ok();
  } catch {
    reply.error('ERR'); // all that Redis says: the log of the server tells why
  }
}

/** BGSAVE [SCHEDULE] */
function bgsave(call: Call): void {
  const { args, reply } = call;
  if (args.count > 2 || (args.count === 2 && !args.is(1, 'schedule'))) reply.error(SYNTAX_ERROR);
  else if (call.server.durability.isSaving) reply.error(IN_PROGRESS);
  else {
    saveInBackground(call);
    reply.simple('Background saving started');
  }
}

/** BGREWRITEAOF */
function bgrewriteaof(call: Call): void {
  const { reply } = call;
  if (call.server.durability.isSaving) {
    reply.error('ERR Background append only file rewriting already in progress');
    return;
  }
  saveInBackground(call);
  reply.simple('Background append only file rewriting started');
}

/** How it went is in INFO (`aof_last_bgrewrite_status`) and in the server's log. */
function saveInBackground(call: Call): void {
  void call.server.durability.save().catch(() => undefined);
}

/** LASTSAVE */
function lastsave(call: Call): void {
  call.reply.integer(Math.floor(call.server.durability.lastSaveMs / 1000));
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading'];

export const savingCommands: readonly Command[] = [
  { name: 'save', arity: 1, flags: [...ADMIN, 'no_multi'], keys: NO_KEYS, wait: save },
  { name: 'bgsave', arity: -1, flags: ADMIN, keys: NO_KEYS, run: bgsave },
  { name: 'bgrewriteaof', arity: 1, flags: ADMIN, keys: NO_KEYS, run: bgrewriteaof },
  { name: 'lastsave', arity: 1, flags: ['loading', 'stale', 'fast'], keys: NO_KEYS, run: lastsave },
];
