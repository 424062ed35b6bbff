/** CONFIG: the options, as lib/config keeps them. */

import { AssertionError } from '../base/assert.js';
import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';

const HELP: readonly HelpEntry[] = [
  ['GET <pattern> [<pattern> ...]', 'The options that match a pattern, and their values.'],
  ['RESETSTAT', 'Set the counters of INFO back.'],
  ['REWRITE', 'Write the options in force to the configuration file.'],
  ['SET <option> <value> [<option> <value> ...]', 'Change options: all of them or none.'],
];

/** CONFIG GET pattern [pattern ...] */
function get(call: Call): void {
  const { args, reply, server } = call;
  const patterns: string[] = [];
  for (let i = 2; i < args.count; i++) patterns.push(args.text(i));
  const found = server.config.get(patterns);
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.bulkLatin1(name);
    reply.bulkLatin1(value);
  }
}

/** CONFIG SET option value [option value ...]: all of them or none; waits for new addresses to be had. */
async function set(call: Call): Promise<void> {
  const { client, reply, server } = call;
  const pairs = pairsOf(call);
  if (pairs === undefined) return;
  const before = pairs.map(([name]): [string, string] => [name, server.config.get([name])[0]?.[1] ?? '']);
  const addresses = addressesOf(call);
  const error = server.config.set(pairs, client.isLocal);
  const failure = error === undefined && addressesOf(call) !== addresses ? await server.listenAgain() : undefined;
  if (failure !== undefined) {
    server.config.set(before, true);
    const name = pairs.find(([option]) => /^(port|bind)$/i.test(option))?.[0].toLowerCase() ?? 'port';
    const what =
      name === 'bind' ? 'Failed to bind to specified addresses.' : 'Unable to listen on this port. Check server logs.';
    reply.error(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${what}`);
  } else if (error === undefined) reply.ok();
  else reply.error(error);
}

/** The same inside of a transaction, which cannot wait until addresses are there. */
function setAtOnce(call: Call): void {
  const { client, reply, server } = call;
  const pairs = pairsOf(call);
  if (pairs === undefined) return;
  const before = pairs.map(([name]): [string, string] => [name, server.config.get([name])[0]?.[1] ?? '']);
  const addresses = addressesOf(call);
  const error = server.config.set(pairs, client.isLocal);
  if (error !== undefined) reply.error(error);
  else if (addressesOf(call) === addresses) reply.ok();
  else {
    server.config.set(before, true);
    reply.error('ERR CONFIG SET failed - addresses cannot be changed inside a transaction');
  }
}

/** Options and their values; undefined after an error reply. */
function pairsOf({ args, reply }: Call): [string, string][] | undefined {
  if (args.count % 2 === 1) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const pairs: [string, string][] = [];
  for (let i = 2; i < args.count; i += 2) pairs.push([args.text(i), args.text(i + 1)]);
  return pairs;
}

function addressesOf({ server }: Call): string {
  return `${server.config.port} ${server.config.bind.join(' ')}`;
}

/** CONFIG RESETSTAT */
function resetstat(call: Call): void {
  call.server.resetFigures();
  call.reply.ok();
}

/** CONFIG REWRITE */
function rewrite(call: Call): void {
  const { reply, server } = call;
  if (server.configFile === '') {
    reply.error('ERR The server is running without a config file');
    return;
  }
  try {
    server.rewriteConfig();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AssertionError) throw error;
    reply.error(`ERR Rewriting config file: ${error.message}`);
    return;
  }
  reply.ok();
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];

export const configCommands: readonly Command[] = [
  {
    name: 'config',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      { name: 'get', arity: -3, flags: ADMIN, keys: NO_KEYS, run: get },
      helpCommand('config', HELP),
      { name: 'resetstat', arity: 2, flags: ADMIN, keys: NO_KEYS, run: resetstat },
      { name: 'rewrite', arity: 2, flags: ADMIN, keys: NO_KEYS, run: rewrite },
      { name: 'set', arity: -4, flags: ADMIN, keys: NO_KEYS, wait: set, runNested: setAtOnce },
    ],
  },
];
