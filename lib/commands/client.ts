/** CLIENT: what a connection says of itself, and what one may do to others. */

import type { Call } from './call.js';
import { clientKill } from './client-kill.js';
import { clientLine } from './client-line.js';
import { nameArgument } from './client-name.js';
import { clientType, typeOf } from './client-type.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { helpCommand, wrongSubcommand } from './help.js';
import { integerArgument } from './integer-argument.js';
import type { Client } from './ports.js';
import { timeoutArgument } from './timeout-argument.js';

const HELP: readonly HelpEntry[] = [
  ['CACHING (YES|NO)', 'Whether the keys of the next command are tracked (OPTIN and OPTOUT).'],
  ['GETNAME', 'The name of this connection.'],
  ['GETREDIR', 'The connection that gets the invalidation messages of this one.'],
  ['ID', 'The number of this connection.'],
  ['INFO', 'Describe this connection.'],
  ['KILL <ip:port>', 'Close the connection from that address.'],
  [
    'KILL <option> <value> [<option> <value> [...]]',
    'Close the connections that meet all options:',
    '* ID <client-id>',
    '* ADDR (<ip:port>|<unixsocket>:0), the address it comes from',
    '* LADDR (<ip:port>|<unixsocket>:0), the address it came to',
    '* TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '* USER <username>',
    '* SKIPME (YES|NO), whether this connection is spared (default: yes)',
  ],
  ['LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [...]]', 'Describe connections, a line each.'],
  ['NO-EVICT (ON|OFF)', 'Whether this connection is spared when memory for clients runs out.'],
  ['NO-TOUCH (ON|OFF)', 'Whether reads of this connection leave no trace on keys.'],
  ['PAUSE <timeout> [WRITE|ALL]', 'Hold commands back for <timeout> milliseconds, all or those that write.'],
  ['REPLY (ON|OFF|SKIP)', 'Whether this connection gets replies.'],
  ['SETINFO (LIB-NAME|LIB-VER) <value>', 'Name the client library of this connection, or its version.'],
  ['SETNAME <name>', 'Name this connection.'],
  [
    'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]',
    'Send a message when a key changes that this connection has read.',
  ],
  ['TRACKINGINFO', 'How the keys of this connection are tracked.'],
  ['UNBLOCK <client-id> [TIMEOUT|ERROR]', 'End the wait of a connection.'],
  ['UNPAUSE', 'End a pause.'],
];

/** CLIENT ID */
function id(call: Call): void {
  call.reply.integer(call.client.id);
}

/** CLIENT GETNAME */
function getname(call: Call): void {
  const { client, reply } = call;
  if (client.name === '') reply.nullBulk();
  else reply.bulkText(client.name);
}

/** CLIENT SETNAME name: an empty one takes it away. */
function setname(call: Call): void {
  const name = nameArgument(call, 2, 'Client names');
  if (name === undefined) return;
  call.client.name = name;
  call.reply.ok();
}

/** CLIENT SETINFO LIB-NAME name | LIB-VER version */
function setinfo(call: Call): void {
  const { args, client, reply } = call;
  const isName = args.is(2, 'lib-name');
  if (!isName && !args.is(2, 'lib-ver')) {
    reply.error(`ERR Unrecognized option '${args.text(2)}'`);
    return;
  }
  const value = nameArgument(call, 3, isName ? 'lib-name' : 'lib-ver');
  if (value === undefined) return;
  if (isName) client.libraryName = value;
  else client.libraryVersion = value;
  reply.ok();
}

/** CLIENT INFO */
function info(call: Call): void {
  call.reply.verbatim('txt', `${clientLine(call.client, call)}\n`);
}

/** CLIENT LIST [TYPE type | ID id [id ...]] */
function list(call: Call): void {
  const { args, reply } = call;
  let clients: Iterable<Client> | undefined;
  if (args.count === 2) clients = call.server.clients();
  else if (args.count === 4 && args.is(2, 'type')) {
    const type = clientType(call, 3);
    if (type !== undefined) clients = [...call.server.clients()].filter((client) => typeOf(client) === type);
  } else if (args.count > 3 && args.is(2, 'id')) clients = clientsById(call);
  else reply.error(SYNTAX_ERROR);
  if (clients === undefined) return;
  let text = '';
  for (const client of clients) text += `${clientLine(client, call)}\n`;
  reply.verbatim('txt', text);
}

/** Those whose numbers stand from argument 3 on, in that order; undefined after an error reply. */
function clientsById(call: Call): Client[] | undefined {
  const clients: Client[] = [];
  for (let i = 3; i < call.args.count; i++) {
    const number = integerArgument(call, i, 'ERR Invalid client ID');
    if (Number.isNaN(number)) return undefined;
    const client = call.server.clientById(number);
    if (client !== undefined) clients.push(client);
  }
  return clients;
}

/** CLIENT REPLY ON | OFF | SKIP: only ON answers. */
function reply(call: Call): void {
  const { args, client } = call;
  if (args.is(2, 'on')) {
    client.replyMode = 'on';
    call.reply.ok();
  } else if (args.is(2, 'off')) client.replyMode = 'off';
  else if (args.is(2, 'skip')) {
    if (client.replyMode !== 'off') client.replyMode = 'skip_next';
  } else call.reply.error(SYNTAX_ERROR);
}

/** CLIENT NO-EVICT ON | OFF: noted, and shown in CLIENT LIST; no connection is closed to make room for others. */
function noEvict(call: Call): void {
  const on = onOrOff(call);
  if (on === undefined) return;
  call.client.noEvict = on;
  call.reply.ok();
}

/** CLIENT NO-TOUCH ON | OFF */
function noTouch(call: Call): void {
  const on = onOrOff(call);
  if (on === undefined) return;
  call.client.noTouch = on;
  call.reply.ok();
}

/** Whether argument 2 is ON; undefined after an error reply. */
function onOrOff(call: Call): boolean | undefined {
  if (call.args.is(2, 'on')) return true;
  if (call.args.is(2, 'off')) return false;
  call.reply.error(SYNTAX_ERROR);
  return undefined;
}

/** CLIENT PAUSE timeout [WRITE | ALL] */
function pause(call: Call): void {
  const { args, server } = call;
  if (args.count > 4) {
    wrongSubcommand(call, 'client');
    return;
  }
  const writesOnly = args.count === 4 && args.is(3, 'write');
  if (args.count === 4 && !writesOnly && !args.is(3, 'all')) {
    call.reply.error('ERR CLIENT PAUSE mode must be WRITE or ALL');
    return;
  }
  const timeoutMs = timeoutArgument(call, 2);
  if (Number.isNaN(timeoutMs)) return;
  server.pauseClients(server.wallMs() + timeoutMs, writesOnly);
  call.reply.ok();
}

/** CLIENT UNPAUSE */
function unpause(call: Call): void {
  call.reply.ok();
  call.server.unpauseClients();
}

/** CLIENT UNBLOCK id [TIMEOUT | ERROR] */
function unblock(call: Call): void {
  const { args } = call;
  if (args.count > 4) {
    wrongSubcommand(call, 'client');
    return;
  }
  const withError = args.count === 4 && args.is(3, 'error');
  if (args.count === 4 && !withError && !args.is(3, 'timeout')) {
    call.reply.error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
    return;
  }
  const number = integerArgument(call, 2);
  if (Number.isNaN(number)) return;
  const woken = call.server.clientById(number)?.wake(withError ? 'error' : 'unblocked') ?? false;
  call.reply.integer(woken ? 1 : 0);
}

/** CLIENT TRACKING ON | OFF ...: keys are not tracked, so that OFF is all there is. */
function tracking(call: Call): void {
  const { args } = call;
  if (args.is(2, 'off')) call.reply.ok();
  else if (args.is(2, 'on')) call.reply.error('ERR CLIENT TRACKING is not supported by this version of ringkv');
  else call.reply.error(SYNTAX_ERROR);
}

/** CLIENT CACHING YES | NO */
function caching(call: Call): void {
  call.reply.error(
    'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
  );
}

/** CLIENT TRACKINGINFO */
function trackinginfo(call: Call): void {
  const { reply: writer } = call;
  writer.map(3);
  writer.bulkText('flags');
  writer.set(1);
  writer.bulkText('off');
  writer.bulkText('redirect');
  writer.integer(NO_REDIRECT);
  writer.bulkText('prefixes');
  writer.array(0);
}

/** CLIENT GETREDIR */
function getredir(call: Call): void {
  call.reply.integer(NO_REDIRECT);
}

const NO_REDIRECT = -1;

const SELF: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const OTHERS: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];

function row(name: string, arity: number, flags: readonly CommandFlag[], run: SyncCommand['run']): SyncCommand {
  return { name, arity, flags, keys: NO_KEYS, run };
}

export const clientCommands: readonly Command[] = [
  {
    name: 'client',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      row('caching', 3, SELF, caching),
      row('getname', 2, SELF, getname),
      row('getredir', 2, SELF, getredir),
      helpCommand('client', HELP),
      row('id', 2, SELF, id),
      row('info', 2, SELF, info),
      row('kill', -3, OTHERS, clientKill),
      row('list', -2, OTHERS, list),
      row('no-evict', 3, OTHERS, noEvict),
      row('no-touch', 3, SELF, noTouch),
      row('pause', -3, OTHERS, pause),
      row('reply', 3, SELF, reply),
      row('setinfo', 4, SELF, setinfo),
      row('setname', 3, SELF, setname),
      row('tracking', -3, SELF, tracking),
      row('trackinginfo', 2, SELF, trackinginfo),
      row('unblock', -3, OTHERS, unblock),
      row('unpause', 2, OTHERS, unpause),
    ],
  },
];
