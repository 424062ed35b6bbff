/** SINTER, SUNION, SDIFF, what they store, and SINTERCARD. */

import { FieldReader } from '../data/field-reader.js';
import type { MemberList } from '../data/member-list.js';
import { difference, intersection, union } from '../data/set-algebra.js';
import type { Args } from '../protocol/args.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ALL_KEYS, NO_KEYS } from './command.js';
import { countedKeys } from './counted-keys.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { checked, findKey, readKey } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { replyMembers } from './set-replies.js';

const NOTHING = Buffer.alloc(0);

type Operation = (sets: readonly FieldReader[]) => MemberList;

/** SINTER key [key ...] */
function sinter(call: Call): void {
  replyMembers(call, combine(call, 1, intersection));
}

/** SUNION key [key ...] */
function sunion(call: Call): void {
  replyMembers(call, combine(call, 1, union));
}

/** SDIFF key [key ...] */
function sdiff(call: Call): void {
  replyMembers(call, combine(call, 1, difference));
}

/** SINTERSTORE destination key [key ...] */
function sinterstore(call: Call): void {
  store(call, combine(call, 2, intersection), 'sinterstore');
}

/** SUNIONSTORE destination key [key ...] */
function sunionstore(call: Call): void {
  store(call, combine(call, 2, union), 'sunionstore');
}

/** SDIFFSTORE destination key [key ...] */
function sdiffstore(call: Call): void {
  store(call, combine(call, 2, difference), 'sdiffstore');
}

/** SINTERCARD numkeys key [key ...] [LIMIT limit] */
function sintercard(call: Call): void {
  const { args, reply } = call;
  const keyCount = integerArgument(call, 1, 'ERR numkeys should be greater than 0');
  if (Number.isNaN(keyCount)) return;
  if (keyCount < 1) reply.error('ERR numkeys should be greater than 0');
  else if (keyCount > args.count - 2) reply.error("ERR Number of keys can't be greater than number of args");
  else {
    const limit = parseLimit(call, keyCount + 2);
    if (!Number.isNaN(limit)) {
      reply.integer(intersection(readSets(call, 2, keyCount + 2), limit === 0 ? Infinity : limit).count);
    }
  }
}

/** LIMIT, from argument `first` on; 0 is no limit; NaN after an error reply. */
function parseLimit(call: Call, first: number): number {
  const { args, reply } = call;
  let limit = 0;
  for (let i = first; i < args.count; i += 2) {
    if (!args.is(i, 'limit') || i + 1 === args.count) {
      reply.error(SYNTAX_ERROR);
      return NaN;
    }
    limit = integerArgument(call, i + 1, NEGATIVE_LIMIT);
    if (limit < 0) reply.error(NEGATIVE_LIMIT);
    if (!(limit >= 0)) return NaN;
  }
  return limit;
}

const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";

function combine(call: Call, first: number, operation: Operation): MemberList {
  return operation(readSets(call, first, call.args.count));
}

/** The sets at the keys in arguments [first, end). Throws WRONG_TYPE, when all have been looked for. */
function readSets(call: Call, first: number, end: number): FieldReader[] {
  const refs: number[] = [];
  for (let i = first; i < end; i++) refs.push(checked(call, readKey(call, i), CellType.SET));
  return refs.map((ref) => {
    const reader = new FieldReader(call.keyspace);
    reader.open(ref);
    return reader;
  });
}

/** Puts a set of these members in the place of what key 1 holds; without members, the key is removed. */
function store(call: Call, members: MemberList, event: string): void {
  const { keyspace, reply } = call;
  const wasThere = findKey(call, 1) !== 0;
  if (wasThere) {
    if (members.count === 0) keyspace.remove();
    else keyspace.clear();
    findKey(call, 1);
  }
  reply.integer(members.count);
  if (members.count === 0) {
    if (wasThere) notifyDel(call, 1);
    return;
  }
  const cells = keyspace.sets;
  cells.use();
  for (let i = 0; i < members.count; i++) {
    cells.find(members.bytes, members.start(i), members.end(i));
    cells.put(NOTHING, 0, 0);
  }
  notify(call, KEYSPACE_EVENT.set, event, 1);
}

function keysOfSintercard(args: Args): number[] {
  return countedKeys(args, 1);
}

export const setOperationCommands: readonly Command[] = [
  { name: 'sinter', arity: -2, flags: ['readonly'], keys: ALL_KEYS, run: sinter },
  { name: 'sunion', arity: -2, flags: ['readonly'], keys: ALL_KEYS, run: sunion },
  { name: 'sdiff', arity: -2, flags: ['readonly'], keys: ALL_KEYS, run: sdiff },
  { name: 'sinterstore', arity: -3, flags: ['write', 'denyoom'], keys: ALL_KEYS, run: sinterstore },
  { name: 'sunionstore', arity: -3, flags: ['write', 'denyoom'], keys: ALL_KEYS, run: sunionstore },
  { name: 'sdiffstore', arity: -3, flags: ['write', 'denyoom'], keys: ALL_KEYS, run: sdiffstore },
  {
    name: 'sintercard',
    arity: -3,
    flags: ['readonly', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: keysOfSintercard,
    run: sintercard,
  },
];
