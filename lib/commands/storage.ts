/** COMPACT and BACKUP: what an operator asks of the data on disk. Both answer when it is done; others are served meanwhile. */

import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';

/** COMPACT: merges all tables, until nothing in them is superseded, deleted or expired. */
function compact(call: Call): Promise<void> {
  return answer(call, () => call.server.durability.compact());
}

/** BACKUP directory: makes a copy of all data there. */
function backup(call: Call): Promise<void> {
  const directory = call.args.copy(1).toString('utf8');
  return answer(call, () => call.server.durability.backup(directory));
}

async function answer({ reply }: Call, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    reply.ok();
  } catch (error) {
    reply.error(`ERR ${error instanceof Error ? error.message : String(error)}`);
  }
}

const FLAGS: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading', 'no_multi'];

export const storageCommands: readonly Command[] = [
  { name: 'backup', arity: 2, flags: FLAGS, keys: NO_KEYS, wait: backup },
  { name: 'compact', arity: 1, flags: FLAGS, keys: NO_KEYS, wait: compact },
];
