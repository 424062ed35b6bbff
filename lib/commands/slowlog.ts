/** SLOWLOG: the commands that took long. */

import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { helpCommand, wrongSubcommand } from './help.js';
import { integerArgument } from './integer-argument.js';

const COUNT_DEFAULT = 10;
const COUNT_TOO_SMALL = 'ERR count should be greater than or equal to -1';

const HELP: readonly HelpEntry[] = [
  [
    'GET [<count>]',
    'The last <count> slow commands (default: 10, -1: all). Of each:',
    'number, Unix time, duration in microseconds, arguments, address and name of the client.',
  ],
  ['LEN', 'How many there are.'],
  ['RESET', 'Forget them.'],
];

/** SLOWLOG GET [count] */
function get(call: Call): void {
  const { args, reply } = call;
  const { slowLog } = call.server;
  if (args.count > 3) {
    wrongSubcommand(call, 'slowlog');
    return;
  }
  let count = COUNT_DEFAULT;
  if (args.count === 3) {
    count = integerArgument(call, 2, COUNT_TOO_SMALL);
    if (Number.isNaN(count)) return;
    if (count < -1) {
      reply.error(COUNT_TOO_SMALL);
      return;
    }
  }
  const entries = slowLog.entries(count === -1 ? slowLog.length : count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.atSeconds);
    reply.integer(entry.durationUs);
    reply.array(entry.args.length);
    for (const argument of entry.args) reply.bulkBuffer(argument);
    reply.bulkText(entry.clientAddress);
    reply.bulkText(entry.clientName);
  }
}

/** SLOWLOG LEN */
function len(call: Call): void {
  call.reply.integer(call.server.slowLog.length);
}

/** SLOWLOG RESET */
function reset(call: Call): void {
  call.server.slowLog.reset();
  call.reply.ok();
}

const ADMIN: readonly CommandFlag[] = ['admin', 'loading', 'stale'];

export const slowlogCommands: readonly Command[] = [
  {
    name: 'slowlog',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      { name: 'get', arity: -2, flags: ADMIN, keys: NO_KEYS, run: get },
      helpCommand('slowlog', HELP),
      { name: 'len', arity: 2, flags: ADMIN, keys: NO_KEYS, run: len },
      { name: 'reset', arity: 2, flags: ADMIN, keys: NO_KEYS, run: reset },
    ],
  },
];
