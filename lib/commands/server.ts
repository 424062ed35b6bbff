/** Small commands about the server: TIME, ROLE, WAIT, MONITOR, SHUTDOWN and others. */

import type { Call } from './call.js';
import type { Command, CommandFlag } from './command.js';
import { NO_KEYS } from './command.js';
import { NOT_POSITIVE, SYNTAX_ERROR, UNBLOCKED } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';
import { integerArgument } from './integer-argument.js';
import { timeoutArgument } from './timeout-argument.js';

const PORT_MAX = 65535;
const NO_MODULES = 'ERR ringkv cannot load modules of Redis';

/** TIME: Unix seconds, and microseconds of the second. */
function time(call: Call): void {
  const wallUs = call.server.wallUs();
  call.reply.array(2);
  call.reply.bulkInteger(Math.floor(wallUs / 1e6));
  call.reply.bulkInteger(wallUs % 1e6);
}

/** ROLE: no node follows another one. */
function role(call: Call): void {
  call.reply.array(3);
  call.reply.bulkText('master');
  call.reply.integer(0);
  call.reply.array(0);
}

/** WAIT numreplicas timeout: there are no replicas to wait for, so that any number but 0 waits in vain. */
async function wait(call: Call): Promise<void> {
  const { client, reply } = call;
  const replicas = integerArgument(call, 1);
  if (Number.isNaN(replicas)) return;
  const timeoutMs = timeoutArgument(call, 2);
  if (Number.isNaN(timeoutMs)) return;
  if (replicas > 0 && (await client.pauseFor(timeoutMs)) === 'error') reply.error(UNBLOCKED);
  else reply.integer(0);
}

/** The same inside of a transaction: it does not wait. */
function waitNested(call: Call): void {
  if (!Number.isNaN(integerArgument(call, 1)) && !Number.isNaN(timeoutArgument(call, 2))) call.reply.integer(0);
}

/**
 * WAITAOF numlocal numreplicas timeout: answers how many copies are durable, here and on replicas. What was written is made durable first,
 * however long that takes: the time-out is for replicas.
 */
async function waitaof(call: Call): Promise<void> {
  const { client, reply, server } = call;
  const local = integerArgument(call, 1);
  if (Number.isNaN(local)) return;
  const replicas = integerArgument(call, 2, NOT_POSITIVE);
  if (Number.isNaN(replicas)) return;
  const timeoutMs = timeoutArgument(call, 3);
  if (Number.isNaN(timeoutMs)) return;
  const refusal = waitaofRefusal(local, replicas, server.config.appendonly);
  if (refusal !== undefined) {
    reply.error(refusal);
    return;
  }
  const { appendonly } = server.config;
  if (appendonly) await server.durability.sync();
  if (replicas > 0 && (await client.pauseFor(timeoutMs)) === 'error') reply.error(UNBLOCKED);
  else {
    reply.array(2);
    reply.integer(appendonly ? 1 : 0);
    reply.integer(0);
  }
}

function waitaofRefusal(local: number, replicas: number, appendonly: boolean): string | undefined {
  if (local < 0 || local > 1) return 'ERR value is out of range, value must between 0 and 1';
  if (replicas < 0) return NOT_POSITIVE;
  if (local === 1 && !appendonly) return 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';
  return undefined;
}

/** REPLICAOF NO ONE | host port */
function replicaof(call: Call): void {
  const { args, reply } = call;
  if (args.is(1, 'no') && args.is(2, 'one')) {
    reply.ok();
    return;
  }
  const port = integerArgument(call, 2, 'ERR Invalid master port');
  if (Number.isNaN(port)) return;
  if (port < 0 || port > PORT_MAX) reply.error('ERR Invalid master port');
  else reply.error('ERR ringkv does not follow a master: its nodes replicate among themselves, as a ring');
}

/** MONITOR */
function monitor(call: Call): void {
  const { client, server } = call;
  call.reply.ok();
  if (client.isMonitor) return;
  client.isMonitor = true;
  server.setMonitor(client, true);
}

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: answers only if the server goes on. */
async function shutdown(call: Call): Promise<void> {
  const { args, reply, server } = call;
  const options = { save: false, nosave: false, now: false, force: false, abort: false };
  for (let i = 1; i < args.count; i++) {
    const option = (Object.keys(options) as (keyof typeof options)[]).find((name) => args.is(i, name));
    if (option === undefined) {
      reply.error(SYNTAX_ERROR);
      return;
    }
    options[option] = true;
  }
  const { save, nosave, now, force, abort } = options;
  if ((save && nosave) || (abort && args.count > 2)) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (save && !(await rewritten(call)) && !force) {
    reply.error('ERR Errors trying to SHUTDOWN. Check logs.');
    return;
  }
  const error = await server.shutdown({ force, nowait: now, abort });
  if (error !== undefined) reply.error(error);
}

/** Saves all data; false if that failed. */
async function rewritten(call: Call): Promise<boolean> {
  try {
    await call.server.durability.save();
    return true;
  } catch {
    return false; // the server has logged why
  }
}

/** MODULE LIST */
function moduleList(call: Call): void {
  call.reply.array(0);
}

/** MODULE LOAD, LOADEX and UNLOAD */
function refuseModule(call: Call): void {
  call.reply.error(NO_MODULES);
}

const MODULE_HELP: readonly HelpEntry[] = [
  ['LIST', 'The modules that are loaded: none, ever.'],
  ['LOAD <path> [<arg> ...]', 'Refused: modules of Redis cannot be loaded.'],
  ['LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]', 'The same.'],
  ['UNLOAD <name>', 'The same.'],
];

const MODULE: readonly CommandFlag[] = ['admin', 'noscript'];
const LOADER: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading'];
const FOLLOWER: readonly CommandFlag[] = ['admin', 'noscript', 'stale', 'no_async_loading'];

export const smallServerCommands: readonly Command[] = [
  { name: 'time', arity: 1, flags: ['loading', 'stale', 'fast'], keys: NO_KEYS, run: time },
  { name: 'role', arity: 1, flags: ['noscript', 'loading', 'stale', 'fast'], keys: NO_KEYS, run: role },
  { name: 'wait', arity: 3, flags: ['noscript'], keys: NO_KEYS, wait, runNested: waitNested },
  { name: 'waitaof', arity: 4, flags: ['noscript'], keys: NO_KEYS, wait: waitaof },
  { name: 'replicaof', arity: 3, flags: FOLLOWER, keys: NO_KEYS, run: replicaof },
  { name: 'slaveof', arity: 3, flags: FOLLOWER, keys: NO_KEYS, run: replicaof },
  { name: 'monitor', arity: 1, flags: ['admin', 'noscript', 'loading', 'stale'], keys: NO_KEYS, run: monitor },
  {
    name: 'shutdown',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    keys: NO_KEYS,
    wait: shutdown,
  },
  {
    name: 'module',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      helpCommand('module', MODULE_HELP),
      { name: 'list', arity: 2, flags: MODULE, keys: NO_KEYS, run: moduleList },
      { name: 'load', arity: -3, flags: LOADER, keys: NO_KEYS, run: refuseModule },
      { name: 'loadex', arity: -3, flags: LOADER, keys: NO_KEYS, run: refuseModule },
      { name: 'unload', arity: 3, flags: LOADER, keys: NO_KEYS, run: refuseModule },
    ],
  },
];
