/** EVAL, EVALSHA, their read-only forms, and SCRIPT. */

import { parseInteger } from '../base/integer.js';
import type { Call } from '../commands/call.js';
import type { Command, CommandFlag, SyncCommand } from '../commands/command.js';
import { NO_KEYS } from '../commands/command.js';
import type { HelpEntry } from '../commands/help.js';
import { helpCommand } from '../commands/help.js';
import { integerArgument } from '../commands/integer-argument.js';
import type { Args } from '../protocol/args.js';
import type { Evaluation, Scripts } from './scripts.js';

const SCRIPT = 1;
const COUNT = 2;
const FIRST_KEY = 3;
/** In hexadecimal digits. */
const SHA1_LENGTH = 40;

const NO_SCRIPT = 'NOSCRIPT No matching script. Please use EVAL.';

const FLAGS: readonly CommandFlag[] = ['noscript', 'stale', 'skip_monitor', 'no_mandatory_keys', 'movablekeys'];

const HELP: readonly HelpEntry[] = [
  ['DEBUG (YES|SYNC|NO)', 'Set the debug mode for subsequent scripts executed.'],
  ['EXISTS <sha1> [<sha1> ...]', 'Return information about the existence of the scripts in the script cache.'],
  [
    'FLUSH [ASYNC|SYNC]',
    'Flush the Lua scripts cache. Very dangerous on replicas.',
    'When called without the optional mode argument, the behavior is determined by the',
    'lazyfree-lazy-user-flush configuration directive. Valid modes are:',
    '* ASYNC: Asynchronously flush the scripts cache.',
    '* SYNC: Synchronously flush the scripts cache.',
  ],
  ['KILL', 'Kill the currently executing Lua script.'],
  ['LOAD <script>', 'Load a script into the scripts cache without executing it.'],
];

/** The rows of the scripting commands, which work on `scripts`. */
export function scriptCommands(scripts: Scripts): readonly Command[] {
  return [
    evalRow(
      'eval',
      (call) => evaluate(scripts, call, false),
      (args) => !scripts.isReadOnly(args.view(SCRIPT)),
    ),
    evalRow(
      'evalsha',
      (call) => evaluateSha(scripts, call, false),
      (args) => !scripts.isShaReadOnly(args.view(SCRIPT)),
    ),
    evalRow('eval_ro', (call) => evaluate(scripts, call, true)),
    evalRow('evalsha_ro', (call) => evaluateSha(scripts, call, true)),
    {
      name: 'script',
      arity: -2,
      flags: [],
      keys: NO_KEYS,
      subcommands: [
        row('debug', 3, ['noscript'], debug),
        row('exists', -3, ['noscript'], (call) => exists(scripts, call)),
        row('flush', -2, ['noscript'], (call) => flush(scripts, call)),
        helpCommand('SCRIPT', HELP),
        row('kill', 2, ['noscript', 'allow_busy'], (call) => kill(scripts, call)),
        row('load', 3, ['noscript', 'stale'], (call) => load(scripts, call)),
      ],
    },
  ];
}

/** Without `mayWrite`: a form that never writes. */
function evalRow(name: string, run: (call: Call) => void, mayWrite?: (args: Args) => boolean): SyncCommand {
  const base = { name, arity: -3, keys: NO_KEYS, keysOf, loadsFirst: true, run } as const;
  return mayWrite === undefined ? { ...base, flags: ['readonly', ...FLAGS] } : { ...base, flags: FLAGS, mayWrite };
}

function row(name: string, arity: number, flags: readonly CommandFlag[], run: (call: Call) => void): SyncCommand {
  return { name, arity, flags, keys: NO_KEYS, run };
}

/** The keys that the request declares. */
function keysOf(args: Args): number[] {
  const count = parseInteger(args.buffer, args.start[COUNT], args.end[COUNT]);
  const keys: number[] = [];
  for (let i = FIRST_KEY; i < FIRST_KEY + count && i < args.count; i++) keys.push(i);
  return keys;
}

/** EVAL script numkeys [key ...] [arg ...] */
function evaluate(scripts: Scripts, call: Call, isReadOnly: boolean): void {
  const { args } = call;
  const evaluation = evaluationOf(call, isReadOnly);
  if (evaluation === undefined) return;
  const script = scripts.load(call, args.buffer, args.start[1], args.end[1]);
  if (script !== undefined) scripts.run(call, script, evaluation);
}

/** EVALSHA sha1 numkeys [key ...] [arg ...] */
function evaluateSha(scripts: Scripts, call: Call, isReadOnly: boolean): void {
  const { args, reply } = call;
  if (args.end[SCRIPT] - args.start[SCRIPT] !== SHA1_LENGTH) {
    reply.error(NO_SCRIPT);
    return;
  }
  const evaluation = evaluationOf(call, isReadOnly);
  if (evaluation === undefined) return;
  const script = scripts.cache.findSha(args.buffer, args.start[1], args.end[1]);
  if (script === undefined) reply.error(NO_SCRIPT);
  else scripts.run(call, script, evaluation);
}

/** Where the keys and arguments are; undefined after an error reply. */
function evaluationOf(call: Call, isReadOnly: boolean): Evaluation | undefined {
  const { args, reply } = call;
  const keyCount = integerArgument(call, COUNT);
  if (Number.isNaN(keyCount)) return undefined;
  if (keyCount > args.count - FIRST_KEY) reply.error("ERR Number of keys can't be greater than number of args");
  else if (keyCount < 0) reply.error("ERR Number of keys can't be negative");
  else return { firstKey: FIRST_KEY, firstArgument: FIRST_KEY + keyCount, isReadOnly };
  return undefined;
}

/** SCRIPT LOAD script */
function load(scripts: Scripts, call: Call): void {
  const { args, reply } = call;
  const script = scripts.load(call, args.buffer, args.start[2], args.end[2]);
  if (script === undefined) return;
  scripts.cache.keep(script);
  reply.bulkText(script.sha);
}

/** SCRIPT EXISTS sha1 [sha1 ...] */
function exists(scripts: Scripts, { args, reply }: Call): void {
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    reply.integer(scripts.cache.findSha(args.buffer, args.start[i], args.end[i]) === undefined ? 0 : 1);
  }
}

/** SCRIPT FLUSH [ASYNC | SYNC] */
function flush(scripts: Scripts, { args, reply }: Call): void {
  if (args.count > 3 || (args.count === 3 && !args.is(2, 'async') && !args.is(2, 'sync'))) {
    reply.error('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
    return;
  }
  scripts.flush();
  reply.ok();
}

/** SCRIPT KILL */
function kill(scripts: Scripts, { reply }: Call): void {
  const refusal = scripts.kill();
  if (refusal === undefined) reply.ok();
  else reply.error(refusal);
}

/** SCRIPT DEBUG: there is no debugger. */
function debug({ args, reply }: Call): void {
  if (args.is(2, 'no')) reply.ok();
  else if (args.is(2, 'yes') || args.is(2, 'sync')) reply.error('ERR The Lua debugger is not supported');
  else reply.error('ERR Use SCRIPT DEBUG YES/SYNC/NO');
}
