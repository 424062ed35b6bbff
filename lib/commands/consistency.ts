/** How many replicas commands ask for: of a connection, and of one command. On a single node every level means the same. */

import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';

/** CONSISTENCY [level | R=n W=n] */
function consistency({ args, client, reply }: Call): void {
  if (args.count === 1) {
    reply.bulkText(client.consistency);
    return;
  }
  const words = Array.from({ length: args.count - 1 }, (_, i) => args.text(i + 1));
  const error = client.chooseConsistency(words);
  if (error === undefined) reply.ok();
  else reply.error(error);
}

export const consistencyCommands: readonly Command[] = [
  {
    name: 'consistency',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_multi', 'allow_busy'],
    keys: NO_KEYS,
    run: consistency,
  },
  { name: 'with', arity: -3, flags: ['noscript', 'loading', 'stale', 'no_multi'], keys: NO_KEYS, isPrefix: true },
];
