/** ACL: users and what they may do. There is one user, who may do everything; its password is the option `requirepass`. */

import { createHash } from 'node:crypto';

import type { AclCategory } from './acl-categories.js';
import { ACL_CATEGORIES, categoriesOf } from './acl-categories.js';
import { DEFAULT_USER } from './authentication.js';
import type { Call } from './call.js';
import { allCommands } from './command-names.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { helpCommand, wrongSubcommand } from './help.js';
import { integerArgument } from './integer-argument.js';

const NO_USERS = 'ERR ringkv has no users but the default one: its password is set by CONFIG SET requirepass';
const PASSWORD_BITS = 256;
const PASSWORD_BITS_MAX = 4096;

const HELP: readonly HelpEntry[] = [
  ['CAT [<category>]', 'The categories of commands, or the commands of one.'],
  ['GENPASS [<bits>]', 'A random password, in hexadecimal digits (default: 256 bits).'],
  ['GETUSER <username>', 'What a user may do.'],
  ['LIST', 'The users, as lines of a configuration file.'],
  ['USERS', 'The names of the users.'],
  ['WHOAMI', 'The user of this connection.'],
];

/** ACL WHOAMI */
function whoami(call: Call): void {
  call.reply.bulkText(DEFAULT_USER);
}

/** ACL USERS */
function users(call: Call): void {
  call.reply.array(1);
  call.reply.bulkText(DEFAULT_USER);
}

/** ACL LIST */
function list(call: Call): void {
  const hash = passwordHash(call);
  const password = hash === undefined ? 'nopass' : `#${hash}`;
  call.reply.array(1);
  call.reply.bulkText(`user ${DEFAULT_USER} on ${password} ~* &* +@all`);
}

/** ACL GETUSER username */
function getuser(call: Call): void {
  const { args, reply } = call;
  if (args.text(2) !== DEFAULT_USER) {
    reply.nullBulk();
    return;
  }
  const hash = passwordHash(call);
  const flags = hash === undefined ? ['on', 'nopass'] : ['on'];
  reply.map(6);
  reply.bulkText('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText('passwords');
  reply.array(hash === undefined ? 0 : 1);
  if (hash !== undefined) reply.bulkText(hash);
  reply.bulkText('commands');
  reply.bulkText('+@all');
  reply.bulkText('keys');
  reply.bulkText('~*');
  reply.bulkText('channels');
  reply.bulkText('&*');
  reply.bulkText('selectors');
  reply.array(0);
}

/** SHA-256 of the password, in hexadecimal digits; undefined if there is none. */
function passwordHash(call: Call): string | undefined {
  const { requirepass } = call.server.config;
  return requirepass === '' ? undefined : createHash('sha256').update(requirepass, 'latin1').digest('hex');
}

/** ACL CAT [category] */
function cat(call: Call): void {
  const { args, reply } = call;
  if (args.count > 3) {
    wrongSubcommand(call, 'acl');
    return;
  }
  if (args.count === 2) {
    replyTexts(call, ACL_CATEGORIES);
    return;
  }
  const wanted = args.text(2).toLowerCase();
  if (!(ACL_CATEGORIES as readonly string[]).includes(wanted)) {
    reply.error(`ERR Unknown category '${args.text(2)}'`);
    return;
  }
  const names: string[] = [];
  for (const { command, fullName } of allCommands(call)) {
    if (categoriesOf(command, fullName).includes(wanted as AclCategory)) names.push(fullName);
  }
  replyTexts(call, names);
}

function replyTexts({ reply }: Call, texts: readonly string[]): void {
  reply.array(texts.length);
  for (const text of texts) reply.bulkText(text);
}

/** ACL GENPASS [bits] */
function genpass(call: Call): void {
  const { args, keyspace, reply } = call;
  if (args.count > 3) {
    wrongSubcommand(call, 'acl');
    return;
  }
  const bits = args.count === 3 ? integerArgument(call, 2) : PASSWORD_BITS;
  if (Number.isNaN(bits)) return;
  if (bits <= 0 || bits > PASSWORD_BITS_MAX) {
    reply.error(
      'ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ' +
        String(PASSWORD_BITS_MAX),
    );
    return;
  }
  const digits = Math.ceil(bits / 4);
  const random = Buffer.alloc(Math.ceil(digits / 2));
  keyspace.random.fill(random);
  reply.bulkText(random.toString('hex').slice(0, digits));
}

/** ACL SETUSER, DELUSER and others that there would have to be more users for. */
function refuse(call: Call): void {
  call.reply.error(NO_USERS);
}

const ANYBODY: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];

function row(name: string, arity: number, flags: readonly CommandFlag[], run: SyncCommand['run']): SyncCommand {
  return { name, arity, flags, keys: NO_KEYS, run };
}

export const aclCommands: readonly Command[] = [
  {
    name: 'acl',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      row('cat', -2, ANYBODY, cat),
      row('deluser', -3, ADMIN, refuse),
      row('dryrun', -4, ADMIN, refuse),
      row('genpass', -2, ANYBODY, genpass),
      row('getuser', 3, ADMIN, getuser),
      helpCommand('acl', HELP),
      row('list', 2, ADMIN, list),
      row('load', 2, ADMIN, refuse),
      row('log', -2, ADMIN, refuse),
      row('save', 2, ADMIN, refuse),
      row('setuser', -3, ADMIN, refuse),
      row('users', 2, ADMIN, users),
      row('whoami', 2, ANYBODY, whoami),
    ],
  },
];
