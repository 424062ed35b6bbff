/** The connection itself: PING, HELLO, AUTH and their kin. */

import { authenticate, DEFAULT_USER, WRONG_PASSWORD } from './authentication.js';
import type { Call } from './call.js';
import { nameArgument } from './client-name.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { REDIS_VERSION } from './redis-version.js';

const NO_PASSWORD_SET =
  'ERR AUTH <password> called without any password configured for the default user. ' +
  'Are you sure your configuration is correct?';
const HELLO_NEEDS_PASSWORD =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> ' +
  'option can be used to authenticate the client and select the RESP protocol version at the same time';
const HELLO_PAIRS = 7;

/** PING [message]: among messages, in RESP2, the answer looks like one. */
function ping(call: Call): void {
  const { args, reply, client } = call;
  if (args.count > 2) reply.error("ERR wrong number of arguments for 'ping' command");
  else if (client.subscriptions !== undefined && reply.resp === 2) {
    reply.array(2);
    reply.bulkText('pong');
    if (args.count === 2) reply.bulk(args.buffer, args.start[1], args.end[1]);
    else reply.bulkText('');
  } else if (args.count === 2) reply.bulk(args.buffer, args.start[1], args.end[1]);
  else reply.simple('PONG');
}

/** ECHO message */
function echo(call: Call): void {
  const { args, reply } = call;
  reply.bulk(args.buffer, args.start[1], args.end[1]);
}

/** QUIT */
function quit(call: Call): void {
  call.reply.ok();
  call.client.closeAfterReplies();
}

/** RESET */
function reset(call: Call): void {
  const { client, server } = call;
  if (client.isMonitor) server.setMonitor(client, false);
  server.pubsub.unsubscribeAll(client);
  client.reset();
  client.authenticated = server.config.requirepass === '';
  call.reply.simple('RESET');
}

/** AUTH [username] password */
function auth(call: Call): void {
  const { args, reply, client } = call;
  const { config } = call.server;
  if (args.count > 3) reply.error(SYNTAX_ERROR);
  else if (args.count === 2 && config.requirepass === '') reply.error(NO_PASSWORD_SET);
  else {
    const user = args.count === 3 ? args.text(1) : DEFAULT_USER;
    if (authenticate(client, config, user, args.text(args.count - 1))) reply.ok();
    else reply.error(WRONG_PASSWORD);
  }
}

/** HELLO [protover [AUTH username password] [SETNAME clientname]] */
function hello(call: Call): void {
  const { args, reply, client } = call;
  let version: number = reply.resp;
  if (args.count > 1) {
    version = integerArgument(call, 1, 'ERR Protocol version is not an integer or out of range');
    if (Number.isNaN(version)) return;
  }
  if (version !== 2 && version !== 3) {
    reply.error('NOPROTO unsupported protocol version');
    return;
  }
  if (!applyHelloOptions(call)) return;
  if (!client.authenticated) {
    reply.error(HELLO_NEEDS_PASSWORD);
    return;
  }
  reply.resp = version;
  introduce(call);
}

/** False after an error reply. What stands before the mistake counts, as in Redis. */
function applyHelloOptions(call: Call): boolean {
  const { args, reply, client, server } = call;
  for (let i = 2; i < args.count; i++) {
    const more = args.count - 1 - i;
    if (args.is(i, 'auth') && more >= 2) {
      if (!authenticate(client, server.config, args.text(i + 1), args.text(i + 2))) {
        reply.error(WRONG_PASSWORD);
        return false;
      }
      i += 2;
    } else if (args.is(i, 'setname') && more >= 1) {
      const name = nameArgument(call, i + 1, 'Client names');
      if (name === undefined) return false;
      client.name = name;
      i++;
    } else {
      reply.error(`ERR Syntax error in HELLO option '${args.text(i)}'`);
      return false;
    }
  }
  return true;
}

/** Clients look for `server: redis` and for a version of Redis. */
function introduce(call: Call): void {
  const { reply, client, server } = call;
  reply.map(HELLO_PAIRS);
  reply.bulkText('server');
  reply.bulkText('redis');
  reply.bulkText('version');
  reply.bulkText(REDIS_VERSION);
  reply.bulkText('proto');
  reply.integer(reply.resp);
  reply.bulkText('id');
  reply.integer(client.id);
  reply.bulkText('mode');
  reply.bulkText(server.config.clusterEnabled ? 'cluster' : 'standalone');
  reply.bulkText('role');
  reply.bulkText('master');
  reply.bulkText('modules');
  reply.array(0);
}

/** What may be said without a password, and at any time. */
const ALWAYS: readonly CommandFlag[] = ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'];

export const connectionCommands: readonly Command[] = [
  { name: 'ping', arity: -1, flags: ['fast'], keys: NO_KEYS, run: ping },
  { name: 'echo', arity: 2, flags: ['loading', 'stale', 'fast'], keys: NO_KEYS, run: echo },
  { name: 'quit', arity: -1, flags: ALWAYS, keys: NO_KEYS, run: quit },
  { name: 'reset', arity: 1, flags: ALWAYS, keys: NO_KEYS, run: reset },
  { name: 'auth', arity: -2, flags: ALWAYS, keys: NO_KEYS, run: auth },
  { name: 'hello', arity: -1, flags: ALWAYS, keys: NO_KEYS, run: hello },
];
