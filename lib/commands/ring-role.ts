/** What a command means to a ring of nodes: where it may run, and what must be known before. */

import type { Args } from '../protocol/args.js';
import type { Command } from './command.js';

/**
 * - `here`: it is about the node that it came to, or about its connection.
 * - `read`: it reads keys of one slot; any replica of it may, when it has what a quorum has.
 * - `change`: it changes keys of one slot, and looks at them before; one replica does, when it has what a quorum has.
 * - `put`: it changes keys of one slot, whatever they hold; any replica may, at once.
 * - `everywhere`: every node runs it, and answers for itself; the answers are put together.
 * - `nowhere`: it makes no sense in a ring.
 */
export type RingRole = 'here' | 'read' | 'change' | 'put' | 'everywhere' | 'nowhere';

/** By full name, where flags and keys do not tell. */
const ROLES: ReadonlyMap<string, RingRole> = new Map([
  ['setex', 'put'],
  ['psetex', 'put'],
  ['mset', 'put'],
  ['flushall', 'everywhere'],
  ['flushdb', 'everywhere'],
  ['dbsize', 'everywhere'],
  ['keys', 'everywhere'],
  ['scan', 'everywhere'],
  ['randomkey', 'everywhere'],
  ['publish', 'here'],
  ['spublish', 'here'],
  ['script|load', 'everywhere'],
  ['script|flush', 'everywhere'],
  ['script|kill', 'everywhere'],
  ['swapdb', 'nowhere'],
  ['move', 'nowhere'],
  ['ssubscribe', 'here'],
  ['sunsubscribe', 'here'],
  ['watch', 'change'],
]);

/** Commands whose keys may lie in several slots: what is done to one has nothing to do with the others. */
const SEVERAL_SLOTS: ReadonlySet<string> = new Set(['mget', 'mset', 'del', 'unlink', 'exists', 'touch']);

/** Options of SET that ask what is there. */
const ASKING = ['nx', 'xx', 'get', 'keepttl', 'ifeq', 'ifne'] as const;

/** Commands whose outcome depends on what is there, and on nobody coming between: consensus decides about them. SET is one with some of its options. */
const COMPARING: ReadonlySet<string> = new Set(['cas', 'cad', 'setnx', 'getset', 'delex', 'delifeq']);
const COMPARING_OPTIONS = ['nx', 'xx', 'get', 'ifeq', 'ifne'] as const;

/** Whether a request compares and sets. */
export function isComparing(fullName: string, args: Args): boolean {
  if (fullName !== 'set') return COMPARING.has(fullName);
  for (let i = 3; i < args.count; i++) {
    for (const word of COMPARING_OPTIONS) if (args.is(i, word)) return true;
  }
  return false;
}

/** The role of a command, by its full name (`client|list`). That of SET depends on its arguments: roleOfSet. */
export function ringRoleOf(command: Command, fullName: string): RingRole {
  const role = ROLES.get(fullName);
  if (role !== undefined) return role;
  if (command.keys.first === 0 && command.keysOf === undefined) return 'here';
  return command.flags.includes('readonly') ? 'read' : 'change';
}

export function mayHaveSeveralSlots(fullName: string): boolean {
  return SEVERAL_SLOTS.has(fullName);
}

/** `put` for a plain SET, `change` for one that asks what is there. */
export function roleOfSet(args: Args): RingRole {
  for (let i = 3; i < args.count; i++) {
    for (const word of ASKING) if (args.is(i, word)) return 'change';
  }
  return 'put';
}
