/** COMMAND: the commands, described to clients. */

import { globMatches } from '../base/glob.js';
import { Args } from '../protocol/args.js';
import { categoriesOf } from './acl-categories.js';
import type { Call } from './call.js';
import { replyDocs, replyInfo, replyWords } from './command-info.js';
import type { NamedCommand } from './command-names.js';
import { allCommands, findCommand } from './command-names.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';
import { keyFlags, keyIndexes } from './key-uses.js';

const HELP: readonly HelpEntry[] = [
  ['(no subcommand)', 'Describe all commands, for programs.'],
  ['COUNT', 'How many commands there are.'],
  ['DOCS [<command> ...]', 'Describe commands (default: all), for people.'],
  ['GETKEYS <command> [<arg> ...]', 'The keys in a command.'],
  ['GETKEYSANDFLAGS <command> [<arg> ...]', 'The keys in a command, and how it uses them.'],
  ['INFO [<command> ...]', 'Describe commands (default: all), for programs.'],
  ['LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]', 'The names of commands.'],
];

/** COMMAND: all there are, without subcommands of their own. */
function command(call: Call): void {
  const commands = [...call.server.commands()];
  call.reply.array(commands.length);
  for (const each of commands) replyInfo(call, { command: each, fullName: each.name });
}

/** COMMAND COUNT */
function count(call: Call): void {
  call.reply.integer([...call.server.commands()].length);
}

/** COMMAND INFO [command ...] */
function info(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) {
    command(call);
    return;
  }
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const found = findCommand(call, args.text(i));
    if (found === undefined) reply.nullBulk();
    else replyInfo(call, found);
  }
}

/** COMMAND DOCS [command ...]: of those that there are, each once: it is a map. */
function docs(call: Call): void {
  const { args, reply } = call;
  const found = new Map<string, NamedCommand>();
  if (args.count === 2) {
    for (const each of call.server.commands()) found.set(each.name, { command: each, fullName: each.name });
  }
  for (let i = 2; i < args.count; i++) {
    const named = findCommand(call, args.text(i));
    if (named !== undefined) found.set(named.fullName, named);
  }
  reply.map(found.size);
  for (const named of found.values()) {
    reply.bulkText(named.fullName);
    replyDocs(call, named);
  }
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern] */
function list(call: Call): void {
  const { reply } = call;
  const accepts = listFilter(call);
  if (accepts === undefined) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const names: string[] = [];
  for (const named of allCommands(call)) if (accepts(named)) names.push(named.fullName);
  reply.array(names.length);
  for (const name of names) reply.bulkText(name);
}

/** What the options ask for; undefined if they are wrong. */
function listFilter({ args }: Call): ((named: NamedCommand) => boolean) | undefined {
  if (args.count === 2) return () => true;
  if (args.count !== 5 || !args.is(2, 'filterby')) return undefined;
  if (args.is(3, 'module')) return () => false;
  if (args.is(3, 'aclcat')) {
    const category = args.text(4).toLowerCase();
    return ({ command, fullName }) => (categoriesOf(command, fullName) as string[]).includes(category);
  }
  if (!args.is(3, 'pattern')) return undefined;
  const pattern = args.copy(4);
  return ({ fullName }) => {
    const name = Buffer.from(fullName, 'latin1');
    return globMatches(pattern, 0, pattern.length, name, 0, name.length, true);
  };
}

/** COMMAND GETKEYS command [argument ...] */
function getkeys(call: Call): void {
  const found = requestWithKeys(call);
  if (found === undefined) return;
  const { request, keys } = found;
  call.reply.array(keys.length);
  for (const i of keys) call.reply.bulk(request.buffer, request.start[i], request.end[i]);
}

/** COMMAND GETKEYSANDFLAGS command [argument ...] */
function getkeysandflags(call: Call): void {
  const found = requestWithKeys(call);
  if (found === undefined) return;
  const { request, keys, named } = found;
  call.reply.array(keys.length);
  for (const i of keys) {
    call.reply.array(2);
    call.reply.bulk(request.buffer, request.start[i], request.end[i]);
    replyWords(call, keyFlags(named.command, named.fullName, request, i));
  }
}

/** The request that stands from argument 2 on, and where its keys are; undefined after an error reply. */
function requestWithKeys(call: Call): { request: Args; keys: number[]; named: NamedCommand } | undefined {
  const { reply } = call;
  const request = requestBehind(call.args, 2);
  const named = call.server.resolve(request);
  if (named === undefined) {
    reply.error('ERR Invalid command specified');
    return undefined;
  }
  const { arity, flags, keys, keysOf } = named.command;
  if (keys.first === 0 && keysOf === undefined) {
    reply.error('ERR The command has no key arguments');
    return undefined;
  }
  if (arity >= 0 ? request.count !== arity : request.count < -arity) {
    reply.error('ERR Invalid number of arguments specified for command');
    return undefined;
  }
  const indexes = keyIndexes(named.command, request);
  const isWrong = indexes.some((i) => i >= request.count) || indexes.length === 0;
  if (!isWrong || flags.includes('no_mandatory_keys')) return { request, keys: isWrong ? [] : indexes, named };
  reply.error('ERR Invalid arguments specified for command');
  return undefined;
}

/** A view of the arguments from `first` on; valid as long as `args`. */
function requestBehind(args: Args, first: number): Args {
  const request = new Args();
  request.buffer = args.buffer;
  for (let i = first; i < args.count; i++) request.push(args.start[i], args.end[i]);
  return request;
}

const PLAIN: readonly CommandFlag[] = ['loading', 'stale'];

function row(name: string, arity: number, run: SyncCommand['run']): SyncCommand {
  return { name, arity, flags: PLAIN, keys: NO_KEYS, run };
}

export const introspectionCommands: readonly Command[] = [
  {
    name: 'command',
    arity: -1,
    flags: PLAIN,
    keys: NO_KEYS,
    run: command,
    subcommands: [
      row('count', 2, count),
      row('docs', -2, docs),
      row('getkeys', -4, getkeys),
      row('getkeysandflags', -4, getkeysandflags),
      helpCommand('command', HELP),
      row('info', -2, info),
      row('list', -2, list),
    ],
  },
];
