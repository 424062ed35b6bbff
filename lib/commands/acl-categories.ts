/** The categories of commands that ACL rules speak of. Most follow from what the rows say anyway. */

import type { Command } from './command.js';
import { commandDocs } from './docs.js';

/** Every category, in the order in which Redis lists them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** What neither flags nor group of a command tell. */
const EXTRA: ReadonlyMap<string, readonly AclCategory[]> = new Map<string, AclCategory[]>([
  ['asking', ['connection']],
  ['command', ['connection']],
  ['dbsize', ['keyspace']],
  ['flushall', ['keyspace', 'dangerous']],
  ['flushdb', ['keyspace', 'dangerous']],
  ['info', ['dangerous']],
  ['keys', ['dangerous']],
  ['lastsave', ['admin', 'dangerous']],
  ['readonly', ['connection']],
  ['readwrite', ['connection']],
  ['restore', ['dangerous']],
  ['role', ['admin', 'dangerous']],
  ['sort', ['set', 'sortedset', 'list', 'dangerous']],
  ['sort_ro', ['set', 'sortedset', 'list', 'dangerous']],
  ['swapdb', ['keyspace', 'dangerous']],
  ['wait', ['connection']],
  ['waitaof', ['connection']],
]);

const OF_GROUP: ReadonlyMap<string, AclCategory> = new Map<string, AclCategory>([
  ['bitmap', 'bitmap'],
  ['connection', 'connection'],
  ['generic', 'keyspace'],
  ['hyperloglog', 'hyperloglog'],
  ['hash', 'hash'],
  ['scripting', 'scripting'],
  ['set', 'set'],
  ['list', 'list'],
  ['sorted-set', 'sortedset'],
  ['geo', 'geo'],
  ['string', 'string'],
  ['transactions', 'transaction'],
]);

/** They are in the group `generic`, and yet not among the commands of the keyspace. */
const NO_KEYSPACE: ReadonlySet<string> = new Set(['sort', 'sort_ro', 'wait', 'waitaof']);

/** The categories of a command, in their order. `fullName`: `client|list` for a subcommand. */
export function categoriesOf(command: Command, fullName: string): AclCategory[] {
  const { flags } = command;
  const found = new Set<AclCategory>(EXTRA.get(fullName));
  found.add(flags.includes('fast') ? 'fast' : 'slow');
  if (flags.includes('write')) found.add('write');
  if (flags.includes('readonly')) found.add('read');
  if (flags.includes('admin')) found.add('admin').add('dangerous');
  if (flags.includes('pubsub')) found.add('pubsub');
  if (flags.includes('blocking')) found.add('blocking');
  const ofGroup = groupCategory(command, fullName);
  if (ofGroup !== undefined) found.add(ofGroup);
  return ACL_CATEGORIES.filter((category) => found.has(category));
}

/** A container that does nothing itself has none. */
function groupCategory(command: Command, fullName: string): AclCategory | undefined {
  if (fullName.startsWith('command|')) return 'connection';
  const doesNothing = 'subcommands' in command && command.run === undefined;
  if (doesNothing || NO_KEYSPACE.has(fullName)) return undefined;
  return OF_GROUP.get(commandDocs.get(fullName)?.group ?? '');
}
