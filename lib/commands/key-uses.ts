/** How commands use their keys, as COMMAND INFO (its key specifications) and COMMAND GETKEYSANDFLAGS say it. */

import type { Args } from '../protocol/args.js';
import { NO_KEYS } from './command.js';
import type { Command, KeyRange } from './command.js';
import { countedKeys } from './counted-keys.js';

/**
 * What happens to keys: RO (read only), RW (read and write), OW (overwritten), RM (removed), and whether the value is looked at
 * (`access`) or changed (`update`, `insert`, `delete`).
 */
export type KeyFlags = readonly string[];

export interface KeyUse {
  readonly flags: KeyFlags;
  /** Where they are, or what tells it; NO_KEYS: the arguments tell, but in no way that could be described. */
  readonly range: KeyRange;
  /** The first of the range is the number of keys, which are right behind it. */
  readonly isCounted?: true;
  /** The key is right behind this word (in upper case), which is the first of the range or comes later. */
  readonly word?: string;
}

const LOOKED_AT: KeyFlags = ['RO'];
const READ: KeyFlags = ['RO', 'access'];
const CHANGED: KeyFlags = ['RW', 'access', 'update'];
const READ_AND_DELETED: KeyFlags = ['RW', 'access', 'delete'];
const UPDATED: KeyFlags = ['RW', 'update'];
const DELETED: KeyFlags = ['RW', 'delete'];
const OVERWRITTEN: KeyFlags = ['OW', 'update'];
const INSERTED: KeyFlags = ['OW', 'insert'];
const PUSHED: KeyFlags = ['RW', 'insert'];
const REMOVED: KeyFlags = ['RM', 'delete'];
/** Names that only say which slot is meant. */
const NO_KEY: KeyFlags = ['not_key'];
const BY_ARGUMENTS: KeyFlags = [...CHANGED, 'variable_flags'];

/** What neither `readonly` nor `write` tells: by full name. */
const FLAGS: ReadonlyMap<string, KeyFlags> = new Map([
  ['append', ['RW', 'insert']],
  ['bitfield', BY_ARGUMENTS],
  ['cad', READ_AND_DELETED],
  ['del', REMOVED],
  ['delex', READ_AND_DELETED],
  ['delifeq', READ_AND_DELETED],
  ['exists', LOOKED_AT],
  ['expire', UPDATED],
  ['expireat', UPDATED],
  ['getdel', READ_AND_DELETED],
  ['memory|usage', LOOKED_AT],
  ['mset', OVERWRITTEN],
  ['msetnx', INSERTED],
  ['object|encoding', LOOKED_AT],
  ['object|freq', LOOKED_AT],
  ['object|idletime', LOOKED_AT],
  ['object|refcount', LOOKED_AT],
  ['persist', UPDATED],
  ['pexpire', UPDATED],
  ['pexpireat', UPDATED],
  ['pfadd', ['RW', 'insert']],
  ['pfcount', ['RW', 'access']],
  ['pfdebug', ['RW', 'access']],
  ['psetex', OVERWRITTEN],
  ['restore', OVERWRITTEN],
  ['set', BY_ARGUMENTS],
  ['setex', OVERWRITTEN],
  ['setnx', INSERTED],
  ['setrange', UPDATED],
  ['spublish', NO_KEY],
  ['ssubscribe', NO_KEY],
  ['strlen', LOOKED_AT],
  ['sunsubscribe', NO_KEY],
  ['touch', LOOKED_AT],
  ['type', LOOKED_AT],
  ['unlink', REMOVED],
  ['watch', LOOKED_AT],
  ['blpop', READ_AND_DELETED],
  ['brpop', READ_AND_DELETED],
  ['linsert', PUSHED],
  ['llen', LOOKED_AT],
  ['lpop', READ_AND_DELETED],
  ['lpush', PUSHED],
  ['lpushx', PUSHED],
  ['lrem', DELETED],
  ['lset', UPDATED],
  ['ltrim', DELETED],
  ['rpop', READ_AND_DELETED],
  ['rpush', PUSHED],
  ['rpushx', PUSHED],
  ['bzpopmax', READ_AND_DELETED],
  ['bzpopmin', READ_AND_DELETED],
  ['hdel', DELETED],
  ['hexists', LOOKED_AT],
  ['hexpire', UPDATED],
  ['hexpireat', UPDATED],
  ['hlen', LOOKED_AT],
  ['hmset', UPDATED],
  ['hpersist', UPDATED],
  ['hpexpire', UPDATED],
  ['hpexpireat', UPDATED],
  ['hset', UPDATED],
  ['hsetnx', ['RW', 'insert']],
  ['hstrlen', LOOKED_AT],
  ['sadd', ['RW', 'insert']],
  ['scard', LOOKED_AT],
  ['sismember', LOOKED_AT],
  ['spop', READ_AND_DELETED],
  ['srem', DELETED],
  ['geoadd', UPDATED],
  ['zadd', UPDATED],
  ['zcard', LOOKED_AT],
  ['zpopmax', READ_AND_DELETED],
  ['zpopmin', READ_AND_DELETED],
  ['zrem', DELETED],
  ['zremrangebylex', DELETED],
  ['zremrangebyrank', DELETED],
  ['zremrangebyscore', DELETED],
]);

/** Commands that are told how many keys follow: by the index of that number. */
const COUNTED: ReadonlyMap<string, { readonly flags: KeyFlags; readonly at: number }> = new Map([
  ['blmpop', { flags: READ_AND_DELETED, at: 2 }],
  ['bzmpop', { flags: READ_AND_DELETED, at: 2 }],
  ['eval', { flags: CHANGED, at: 2 }],
  ['eval_ro', { flags: READ, at: 2 }],
  ['evalsha', { flags: CHANGED, at: 2 }],
  ['evalsha_ro', { flags: READ, at: 2 }],
  ['lmpop', { flags: READ_AND_DELETED, at: 1 }],
  ['sintercard', { flags: READ, at: 1 }],
  ['zdiff', { flags: READ, at: 1 }],
  ['zinter', { flags: READ, at: 1 }],
  ['zintercard', { flags: READ, at: 1 }],
  ['zmpop', { flags: READ_AND_DELETED, at: 1 }],
  ['zunion', { flags: READ, at: 1 }],
]);

/** The options of a GEORADIUS begin at argument `from`. */
function radiusUses(from: number): readonly KeyUse[] {
  const range = { first: from, last: from, step: 1 };
  const stored = { flags: OVERWRITTEN, range };
  return [
    { flags: READ, range: { first: 1, last: 1, step: 1 } },
    { ...stored, word: 'STORE' },
    { ...stored, word: 'STOREDIST' },
  ];
}

function countedUse(flags: KeyFlags, at: number): KeyUse {
  return { flags, range: { first: at, last: at, step: 1 }, isCounted: true };
}

const FIRST: KeyRange = { first: 1, last: 1, step: 1 };
const SECOND: KeyRange = { first: 2, last: 2, step: 1 };
const FROM_SECOND: KeyRange = { first: 2, last: -1, step: 1 };

const MOVED: readonly KeyUse[] = [
  { flags: READ_AND_DELETED, range: FIRST },
  { flags: PUSHED, range: SECOND },
];

/** Commands whose keys are not all used alike. */
const SEVERAL: ReadonlyMap<string, readonly KeyUse[]> = new Map([
  [
    'bitop',
    [
      { flags: OVERWRITTEN, range: SECOND },
      { flags: READ, range: { first: 3, last: -1, step: 1 } },
    ],
  ],
  [
    'copy',
    [
      { flags: READ, range: FIRST },
      { flags: OVERWRITTEN, range: SECOND },
    ],
  ],
  [
    'pfmerge',
    [
      { flags: ['RW', 'access', 'insert'], range: FIRST },
      { flags: READ, range: { first: 2, last: -1, step: 1 } },
    ],
  ],
  [
    'rename',
    [
      { flags: READ_AND_DELETED, range: FIRST },
      { flags: OVERWRITTEN, range: SECOND },
    ],
  ],
  [
    'renamenx',
    [
      { flags: READ_AND_DELETED, range: FIRST },
      { flags: INSERTED, range: SECOND },
    ],
  ],
  [
    'sort',
    [
      { flags: READ, range: FIRST },
      { flags: READ, range: NO_KEYS },
      { flags: OVERWRITTEN, range: NO_KEYS },
    ],
  ],
  [
    'sort_ro',
    [
      { flags: READ, range: FIRST },
      { flags: READ, range: NO_KEYS },
    ],
  ],
  [
    'sdiffstore',
    [
      { flags: OVERWRITTEN, range: FIRST },
      { flags: READ, range: FROM_SECOND },
    ],
  ],
  [
    'sinterstore',
    [
      { flags: UPDATED, range: FIRST },
      { flags: READ, range: FROM_SECOND },
    ],
  ],
  [
    'smove',
    [
      { flags: READ_AND_DELETED, range: FIRST },
      { flags: ['RW', 'insert'], range: SECOND },
    ],
  ],
  [
    'sunionstore',
    [
      { flags: OVERWRITTEN, range: FIRST },
      { flags: READ, range: FROM_SECOND },
    ],
  ],
  ['blmove', MOVED],
  ['brpoplpush', MOVED],
  ['lmove', MOVED],
  ['rpoplpush', MOVED],
  ['georadius', radiusUses(6)],
  ['georadiusbymember', radiusUses(5)],
  [
    'geosearchstore',
    [
      { flags: OVERWRITTEN, range: FIRST },
      { flags: READ, range: SECOND },
    ],
  ],
  ['zdiffstore', [{ flags: OVERWRITTEN, range: FIRST }, countedUse(READ, 2)]],
  ['zinterstore', [{ flags: OVERWRITTEN, range: FIRST }, countedUse(READ, 2)]],
  [
    'zrangestore',
    [
      { flags: OVERWRITTEN, range: FIRST },
      { flags: READ, range: SECOND },
    ],
  ],
  ['zunionstore', [{ flags: OVERWRITTEN, range: FIRST }, countedUse(READ, 2)]],
]);

/** The keys of a command, in groups that are used alike; none if it has no keys, or not in fixed places. */
export function keyUses(command: Command, fullName: string): readonly KeyUse[] {
  const several = SEVERAL.get(fullName);
  if (several !== undefined) return several;
  const counted = COUNTED.get(fullName);
  if (counted !== undefined) return [countedUse(counted.flags, counted.at)];
  const range = command.keys;
  if (range.first === 0) return [];
  return [{ flags: FLAGS.get(fullName) ?? (command.flags.includes('write') ? CHANGED : READ), range }];
}

/** How the key in argument i of a request is used: what `variable_flags` come to is known then. */
export function keyFlags(command: Command, fullName: string, args: Args, i: number): KeyFlags {
  if (fullName === 'set') return hasArgument(args, 3, ['get']) ? CHANGED : OVERWRITTEN;
  if (fullName === 'sort') return i === 1 ? READ : OVERWRITTEN;
  if (fullName === 'bitfield') return hasArgument(args, 2, ['set', 'incrby']) ? CHANGED : READ;
  const use = keyUses(command, fullName).find((known) => indexesOf(known, args).includes(i));
  return use?.flags ?? (command.flags.includes('write') ? CHANGED : READ);
}

/** Whether what a key holds is written over, whatever it is. */
export function isOverwritten(flags: KeyFlags): boolean {
  return flags === OVERWRITTEN;
}

/** The indexes of the keys of a request; those beyond its arguments too, if there are too few of them. */
export function keyIndexes(command: Command, args: Args): number[] {
  return command.keysOf?.(args) ?? indexesIn(command.keys, args.count);
}

/** The indexes of the keys that are used in one way. */
function indexesOf({ range, isCounted, word }: KeyUse, args: Args): number[] {
  if (isCounted) return countedKeys(args, range.first);
  if (word === undefined) return indexesIn(range, args.count);
  for (let i = args.count - 2; i >= range.first; i--) if (args.is(i, word.toLowerCase())) return [i + 1];
  return [];
}

/** The indexes in a range, of a request with `count` arguments. */
function indexesIn({ first, last, step }: KeyRange, count: number): number[] {
  const indexes: number[] = [];
  if (first === 0) return indexes;
  const end = last < 0 ? count + last : last;
  for (let i = first; i <= end; i += step) indexes.push(i);
  return indexes;
}

function hasArgument(args: Args, from: number, words: readonly string[]): boolean {
  for (let i = from; i < args.count; i++) if (words.some((word) => args.is(i, word))) return true;
  return false;
}
