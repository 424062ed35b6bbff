/** Examples of all commands that have to do with data, for cold-commands.spec.ts. */

import { encodeListDump } from '../../lib/data/list-dump.js';
import { encodeStringDump } from '../../lib/data/string-dump.js';
import type { Words } from './cold-examples.js';
import { HASH_AND_SET_DATA, HASH_AND_SET_EXAMPLES, HASH_AND_SET_NAMES } from './cold-examples.js';
import { SORTED_SET_DATA, SORTED_SET_EXAMPLES, SORTED_SET_NAMES } from './cold-sorted-sets.js';

const DUMP = encodeStringDump(Buffer.from('restored'));
const LIST_DUMP = encodeListDump(
  ['3', '1', '2'].map((text) => Buffer.from(text)),
  -2,
);

/** What is there before each example. */
export const DATA: readonly Words[] = [
  ['SET', 'text', 'hello world'],
  ['SET', 'other', 'yellow world'],
  ['SET', 'number', 10],
  ['SET', 'float', '1.5'],
  ['SET', 'bits', '\xf0\x0f\xaa'],
  ['SET', 'empty', ''],
  ['SET', 'timed', 'soon gone', 'EX', 100],
  ['SET', 'expired', 'gone', 'PX', 500],
  ['SET', 'deleted', 'gone'],
  ['DEL', 'deleted'],
  ['SET', 'a{slot}', 1],
  ['PFADD', 'sketch', 'a', 'b', 'c'],
  ['PFADD', 'dense', 'b', 'd'],
  ['PFDEBUG', 'TODENSE', 'dense'],
  ['RESTORE', 'numbers', 0, LIST_DUMP],
  ['SET', 'weight_1', 30],
  ['SET', 'weight_2', 20],
  ...HASH_AND_SET_DATA,
  ...SORTED_SET_DATA,
  ['RPUSH', 'list', 'a', 'b', 'c', 'b', 'd'],
  ['RPUSH', 'single', 'a'],
  ['CONFIG', 'SET', 'counters', 'hits*', 'conflicts', 'siblings kept*'],
  ['VSET', 'versions', '', 'a'],
  ['VSET', 'versions', '', 'b'],
  ['SET', 'kept', 'old'],
  ['SET', 'kept', 'new'],
  ['INCRBY', 'hits', 40],
  ['SET', 'hits:set', 5, 'EX', 100],
  ['INCRBY', 'hits:set', 2],
  ['SELECT', 1],
  ['SET', 'text', 'in database 1'],
  ['SELECT', 0],
];
/** The keys of all that. */
export const NAMES = [
  'text',
  'other',
  'number',
  'float',
  'bits',
  'empty',
  'timed',
  'expired',
  'deleted',
  'a{slot}',
  'sketch',
  'dense',
  'versions',
  'kept',
  'hits',
  'hits:set',
  ...HASH_AND_SET_NAMES,
  ...SORTED_SET_NAMES,
  'new',
];

/** For each command that has to do with data, by its full name: requests on keys that are on disk alone, each on fresh data. */
export const EXAMPLES: Readonly<Record<string, readonly Words[]>> = {
  append: [
    ['APPEND', 'kept', '!'],
    ['APPEND', 'hits', '1'],
    ['APPEND', 'text', '!'],
    ['APPEND', 'timed', '!'],
    ['APPEND', 'expired', '!'],
    ['APPEND', 'new', '!'],
  ],
  bitcount: [
    ['BITCOUNT', 'bits'],
    ['BITCOUNT', 'bits', 1, -1],
    ['BITCOUNT', 'new'],
  ],
  bitfield: [
    ['BITFIELD', 'bits', 'GET', 'u8', 0],
    ['BITFIELD', 'bits', 'SET', 'u8', 8, 255, 'GET', 'u8', 8],
    ['BITFIELD', 'timed', 'INCRBY', 'u8', 0, 1],
  ],
  bitfield_ro: [['BITFIELD_RO', 'bits', 'GET', 'u4', 4]],
  bitop: [
    ['BITOP', 'AND', 'new', 'bits', 'text'],
    ['BITOP', 'XOR', 'timed', 'bits', 'text', 'nosuch'],
    ['BITOP', 'NOT', 'bits', 'bits'],
    ['BITOP', 'OR', 'text', 'nosuch', 'deleted'],
  ],
  bitpos: [
    ['BITPOS', 'bits', 1],
    ['BITPOS', 'bits', 0, 1],
    ['BITPOS', 'expired', 0],
  ],
  cad: [
    ['CAD', 'text', 'hello world'],
    ['CAD', 'text', 'x'],
    ['CAD', 'expired', 'gone'],
  ],
  cas: [
    ['CAS', 'text', 'hello world', 'new'],
    ['CAS', 'timed', 'x', 'new'],
    ['CAS', 'deleted', 'gone', 'new'],
  ],
  copy: [
    ['COPY', 'versions', 'new'],
    ['COPY', 'hits', 'text', 'REPLACE'],
    ['COPY', 'text', 'new'],
    ['COPY', 'timed', 'other'],
    ['COPY', 'timed', 'other', 'REPLACE'],
    ['COPY', 'number', 'text', 'DB', 1],
    ['COPY', 'number', 'text', 'DB', 1, 'REPLACE'],
  ],
  dbsize: [['DBSIZE']],
  decr: [
    ['DECR', 'number'],
    ['DECR', 'text'],
    ['DECR', 'deleted'],
  ],
  decrby: [['DECRBY', 'number', 5]],
  del: [
    ['DEL', 'versions', 'hits'],
    ['DEL', 'text'],
    ['DEL', 'text', 'nosuch', 'timed', 'expired', 'text', 'deleted'],
  ],
  delex: [
    ['DELEX', 'text'],
    ['DELEX', 'text', 'IFEQ', 'x'],
    ['DELEX', 'text', 'IFNE', 'x'],
  ],
  delifeq: [
    ['DELIFEQ', 'text', 'hello world'],
    ['DELIFEQ', 'text', 'x'],
  ],
  dump: [
    ['DUMP', 'text'],
    ['DUMP', 'expired'],
    ['DUMP', 'numbers'],
  ],
  exists: [
    ['EXISTS', 'text'],
    ['EXISTS', 'text', 'text', 'nosuch', 'expired', 'deleted', 'empty'],
  ],
  expire: [
    ['EXPIRE', 'text', 50],
    ['EXPIRE', 'timed', 50, 'GT'],
    ['EXPIRE', 'timed', -1],
    ['EXPIRE', 'expired', 50],
  ],
  expireat: [['EXPIREAT', 'text', 1_700_000_900]],
  expiretime: [
    ['EXPIRETIME', 'timed'],
    ['EXPIRETIME', 'text'],
    ['EXPIRETIME', 'expired'],
  ],
  flushall: [['FLUSHALL']],
  flushdb: [['FLUSHDB']],
  get: [
    ['GET', 'versions'],
    ['GET', 'hits'],
    ['GET', 'text'],
    ['GET', 'empty'],
    ['GET', 'timed'],
    ['GET', 'expired'],
    ['GET', 'deleted'],
    ['GET', 'nosuch'],
  ],
  getbit: [
    ['GETBIT', 'bits', 0],
    ['GETBIT', 'bits', 100],
  ],
  getdel: [
    ['GETDEL', 'text'],
    ['GETDEL', 'expired'],
  ],
  getex: [
    ['GETEX', 'text', 'EX', 50],
    ['GETEX', 'timed', 'PERSIST'],
    ['GETEX', 'timed'],
    ['GETEX', 'expired', 'EX', 50],
  ],
  getrange: [
    ['GETRANGE', 'text', 0, 4],
    ['GETRANGE', 'deleted', 0, -1],
  ],
  getset: [
    ['GETSET', 'timed', 'new'],
    ['GETSET', 'expired', 'new'],
  ],
  incr: [
    ['INCR', 'hits'],
    ['INCR', 'hits:set'],
    ['INCR', 'number'],
    ['INCR', 'text'],
    ['INCR', 'new'],
  ],
  incrby: [['INCRBY', 'number', 5]],
  incrbyfloat: [
    ['INCRBYFLOAT', 'float', '0.25'],
    ['INCRBYFLOAT', 'text', 1],
  ],
  keys: [
    ['KEYS', '*'],
    ['KEYS', 'te*'],
    ['KEYS', '*e*'],
  ],
  lcs: [
    ['LCS', 'text', 'other'],
    ['LCS', 'text', 'nosuch', 'LEN'],
    ['LCS', 'expired', 'text', 'IDX'],
  ],
  blmove: [
    ['BLMOVE', 'list', 'single', 'LEFT', 'RIGHT', 0],
    ['BLMOVE', 'single', 'new', 'LEFT', 'LEFT', 0],
    ['BLMOVE', 'list', 'text', 'LEFT', 'RIGHT', 0],
  ],
  blmpop: [
    ['BLMPOP', 0, 2, 'new', 'list', 'LEFT', 'COUNT', 2],
    ['BLMPOP', 0, 1, 'single', 'RIGHT'],
  ],
  blpop: [
    ['BLPOP', 'list', 0],
    ['BLPOP', 'deleted', 'single', 0],
    ['BLPOP', 'text', 0],
  ],
  brpop: [
    ['BRPOP', 'list', 0],
    ['BRPOP', 'deleted', 'single', 0],
  ],
  brpoplpush: [
    ['BRPOPLPUSH', 'list', 'single', 0],
    ['BRPOPLPUSH', 'single', 'list', 0],
  ],
  lindex: [
    ['LINDEX', 'list', -2],
    ['LINDEX', 'new', 0],
  ],
  linsert: [
    ['LINSERT', 'list', 'BEFORE', 'c', 'x'],
    ['LINSERT', 'list', 'AFTER', 'd', 'x'],
    ['LINSERT', 'new', 'BEFORE', 'c', 'x'],
  ],
  llen: [
    ['LLEN', 'list'],
    ['LLEN', 'deleted'],
    ['LLEN', 'text'],
  ],
  lmove: [
    ['LMOVE', 'list', 'single', 'LEFT', 'RIGHT'],
    ['LMOVE', 'list', 'list', 'LEFT', 'RIGHT'],
    ['LMOVE', 'single', 'expired', 'LEFT', 'LEFT'],
  ],
  lmpop: [
    ['LMPOP', 2, 'new', 'list', 'RIGHT', 'COUNT', 10],
    ['LMPOP', 1, 'deleted', 'LEFT'],
  ],
  lpop: [
    ['LPOP', 'list'],
    ['LPOP', 'list', 2],
    ['LPOP', 'single'],
    ['LPOP', 'expired'],
  ],
  lpos: [
    ['LPOS', 'list', 'b', 'RANK', -1],
    ['LPOS', 'list', 'b', 'COUNT', 0],
    ['LPOS', 'new', 'b'],
  ],
  lpush: [
    ['LPUSH', 'list', 'x', 'y'],
    ['LPUSH', 'new', 'x'],
    ['LPUSH', 'expired', 'x'],
    ['LPUSH', 'text', 'x'],
  ],
  lpushx: [
    ['LPUSHX', 'list', 'x'],
    ['LPUSHX', 'new', 'x'],
  ],
  lrange: [
    ['LRANGE', 'list', 1, -2],
    ['LRANGE', 'deleted', 0, -1],
  ],
  lrem: [
    ['LREM', 'list', 0, 'b'],
    ['LREM', 'list', -1, 'b'],
    ['LREM', 'single', 0, 'a'],
  ],
  lset: [
    ['LSET', 'list', -1, 'x'],
    ['LSET', 'new', 0, 'x'],
  ],
  ltrim: [
    ['LTRIM', 'list', 1, 2],
    ['LTRIM', 'single', 1, 0],
    ['LTRIM', 'expired', 0, 0],
  ],
  rpop: [
    ['RPOP', 'list'],
    ['RPOP', 'single', 5],
    ['RPOP', 'deleted'],
  ],
  rpoplpush: [
    ['RPOPLPUSH', 'list', 'single'],
    ['RPOPLPUSH', 'single', 'new'],
    ['RPOPLPUSH', 'text', 'list'],
  ],
  rpush: [
    ['RPUSH', 'list', 'x', 'y'],
    ['RPUSH', 'deleted', 'x'],
    ['RPUSH', 'text', 'x'],
  ],
  rpushx: [
    ['RPUSHX', 'list', 'x'],
    ['RPUSHX', 'deleted', 'x'],
  ],
  mget: [['MGET', 'text', 'nosuch', 'timed', 'expired', 'text', 'deleted']],
  move: [
    ['MOVE', 'number', 1],
    ['MOVE', 'text', 1],
    ['MOVE', 'timed', 1],
    ['MOVE', 'expired', 1],
  ],
  mset: [['MSET', 'text', 1, 'new', 2, 'timed', 3, 'text', 4]],
  msetnx: [
    ['MSETNX', 'new', 1, 'text', 2],
    ['MSETNX', 'new', 1, 'expired', 2, 'deleted', 3],
  ],
  'object|encoding': [
    ['OBJECT', 'ENCODING', 'number'],
    ['OBJECT', 'ENCODING', 'expired'],
    ['OBJECT', 'ENCODING', 'numbers'],
  ],
  'object|freq': [['OBJECT', 'FREQ', 'text']],
  'object|idletime': [['OBJECT', 'IDLETIME', 'nosuch']],
  'object|refcount': [
    ['OBJECT', 'REFCOUNT', 'text'],
    ['OBJECT', 'REFCOUNT', 'deleted'],
  ],
  persist: [
    ['PERSIST', 'timed'],
    ['PERSIST', 'text'],
    ['PERSIST', 'expired'],
  ],
  pfadd: [
    ['PFADD', 'sketch', 'a'],
    ['PFADD', 'sketch', 'a', 'x'],
    ['PFADD', 'dense', 'x'],
    ['PFADD', 'new'],
    ['PFADD', 'expired', 'x'],
    ['PFADD', 'text', 'x'],
  ],
  pfcount: [
    ['PFCOUNT', 'sketch'],
    ['PFCOUNT', 'sketch', 'dense', 'deleted'],
    ['PFCOUNT', 'expired'],
  ],
  pfdebug: [
    ['PFDEBUG', 'DECODE', 'sketch'],
    ['PFDEBUG', 'TODENSE', 'sketch'],
    ['PFDEBUG', 'ENCODING', 'nosuch'],
  ],
  pfmerge: [
    ['PFMERGE', 'new', 'sketch', 'dense'],
    ['PFMERGE', 'sketch', 'nosuch', 'expired'],
    ['PFMERGE', 'expired', 'sketch'],
  ],
  pfselftest: [['PFSELFTEST']],
  pexpire: [
    ['PEXPIRE', 'text', 50_000],
    ['PEXPIRE', 'timed', 50_000, 'NX'],
  ],
  pexpireat: [['PEXPIREAT', 'text', 1_700_000_900_000]],
  pexpiretime: [['PEXPIRETIME', 'timed']],
  psetex: [
    ['PSETEX', 'text', 50_000, 'new'],
    ['PSETEX', 'deleted', 50_000, 'new'],
  ],
  pttl: [
    ['PTTL', 'timed'],
    ['PTTL', 'text'],
    ['PTTL', 'expired'],
  ],
  randomkey: [],
  rename: [
    ['RENAME', 'versions', 'new'],
    ['RENAME', 'hits:set', 'versions'],
    ['RENAME', 'text', 'new'],
    ['RENAME', 'timed', 'other'],
    ['RENAME', 'text', 'text'],
    ['RENAME', 'expired', 'x'],
  ],
  renamenx: [
    ['RENAMENX', 'text', 'new'],
    ['RENAMENX', 'text', 'timed'],
    ['RENAMENX', 'timed', 'expired'],
  ],
  restore: [
    ['RESTORE', 'new', 0, DUMP],
    ['RESTORE', 'text', 0, DUMP],
    ['RESTORE', 'text', 5000, DUMP, 'REPLACE'],
    ['RESTORE', 'expired', 0, DUMP],
    ['RESTORE', 'text', 0, LIST_DUMP, 'REPLACE'],
    ['RESTORE', 'numbers', 5000, LIST_DUMP, 'REPLACE'],
  ],
  scan: [
    ['SCAN', 0, 'COUNT', 100],
    ['SCAN', 0, 'COUNT', 100, 'MATCH', '*e*'],
    ['SCAN', 0, 'COUNT', 100, 'TYPE', 'hash'],
  ],
  select: [['SELECT', 1]],
  set: [
    ['SET', 'text', 'new'],
    ['SET', 'timed', 'new'],
    ['SET', 'timed', 'new', 'KEEPTTL'],
    ['SET', 'text', 'new', 'NX'],
    ['SET', 'expired', 'new', 'NX'],
    ['SET', 'deleted', 'new', 'XX'],
    ['SET', 'text', 'new', 'XX', 'GET'],
    ['SET', 'text', 'new', 'GET', 'EX', 50],
    ['SET', 'text', 'new', 'IFEQ', 'hello world'],
    ['SET', 'text', 'new', 'IFNE', 'hello world'],
    ['SET', 'text', 'new', 'PXAT', 1],
    ['SET', 'kept', 'newer'],
    ['SET', 'versions', 'plain'],
    ['SET', 'hits', 7],
    ['SET', 'hits', 'text'],
  ],
  setbit: [
    ['SETBIT', 'bits', 0, 0],
    ['SETBIT', 'new', 7, 1],
  ],
  setex: [['SETEX', 'timed', 50, 'new']],
  setnx: [
    ['SETNX', 'text', 'new'],
    ['SETNX', 'expired', 'new'],
    ['SETNX', 'deleted', 'new'],
  ],
  setrange: [
    ['SETRANGE', 'text', 6, 'there'],
    ['SETRANGE', 'deleted', 2, 'x'],
    ['SETRANGE', 'timed', 0, 'S'],
  ],
  sort: [
    ['SORT', 'numbers', 'DESC'],
    ['SORT', 'numbers', 'BY', 'weight_*', 'GET', '#', 'GET', 'weight_*'],
    ['SORT', 'numbers', 'STORE', 'text'],
    ['SORT', 'nosuch', 'STORE', 'timed'],
    ['SORT', 'text'],
  ],
  sort_ro: [['SORT_RO', 'numbers', 'GET', 'weight_*']],
  strlen: [
    ['STRLEN', 'text'],
    ['STRLEN', 'expired'],
  ],
  substr: [['SUBSTR', 'text', 1, 3]],
  swapdb: [['SWAPDB', 0, 1]],
  touch: [['TOUCH', 'text', 'nosuch', 'expired', 'timed']],
  ttl: [
    ['TTL', 'timed'],
    ['TTL', 'text'],
    ['TTL', 'expired'],
    ['TTL', 'deleted'],
  ],
  type: [
    ['TYPE', 'text'],
    ['TYPE', 'expired'],
  ],
  vdel: [
    ['VDEL', 'versions', ''],
    ['VDEL', 'expired', ''],
  ],
  vget: [
    ['VGET', 'versions'],
    ['VGET', 'kept'],
    ['VGET', 'text'],
    ['VGET', 'hits'],
    ['VGET', 'expired'],
  ],
  vset: [
    ['VSET', 'versions', '', 'c'],
    ['VSET', 'kept', '', 'c', 'EX', 100],
    ['VSET', 'text', '', 'c'],
    ['VSET', 'hits', '', 'c'],
    ['VSET', 'expired', '', 'c'],
    ['VSET', 'deleted', '', 'c'],
  ],
  watch: [['WATCH', 'text', 'nosuch', 'timed', 'expired', 'deleted']],
  unlink: [['UNLINK', 'text', 'nosuch', 'timed', 'expired', 'text', 'deleted']],

  ...HASH_AND_SET_EXAMPLES,
  ...SORTED_SET_EXAMPLES,

  // Of the commands of the server.
  'memory|usage': [
    ['MEMORY', 'USAGE', 'nosuch'],
    ['MEMORY', 'USAGE', 'expired'],
  ],
  debug: [
    ['DEBUG', 'DIGEST'],
    ['DEBUG', 'DIGEST-VALUE', 'text', 'nosuch', 'expired', 'timed', 'deleted'],
    ['DEBUG', 'LISTPACK', 'text'],
    ['DEBUG', 'POPULATE', 3, 'text'],
  ],
};
