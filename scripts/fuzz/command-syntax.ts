/**
 * What the arguments of each command look like (syntax.ts), as its documentation has it. A command that is not here is
 * fuzzed with what its row in COMMAND tells: the number of its arguments, and which are keys.
 */
import { BLOCKING, GEO, HASHES, LISTS, SCRIPTS, SETS, SORT, SORTED_SETS, TRANSACTIONS } from './collection-syntax.js';
import { parseSyntax, type Syntax } from './syntax.js';

const EXPIRY = 'EX seconds|PX milliseconds|EXAT unix-seconds|PXAT unix-milliseconds';
const EXPIRE_CONDITION = '[NX|XX|GT|LT]...';

const STRINGS: Record<string, string> = {
  append: 'key value',
  cad: 'key value',
  cas: `key value value [${EXPIRY}]`,
  decr: 'key',
  decrby: 'key integer',
  delex: 'key [(IFEQ|IFNE|IFDEQ|IFDNE) value]',
  delifeq: 'key value',
  get: 'key',
  getdel: 'key',
  getex: `key [${EXPIRY}|PERSIST]`,
  getrange: 'key index index',
  getset: 'key value',
  incr: 'key',
  incrby: 'key integer',
  incrbyfloat: 'key float',
  lcs: 'key key [LEN] [IDX] [MINMATCHLEN integer] [WITHMATCHLEN]',
  mget: 'key...',
  mset: '(key value)...',
  msetnx: '(key value)...',
  psetex: 'key milliseconds value',
  set: `key value [NX|XX|IFEQ value|IFNE value] [GET] [${EXPIRY}|KEEPTTL]`,
  setex: 'key seconds value',
  setnx: 'key value',
  setrange: 'key offset value',
  strlen: 'key',
  substr: 'key index index',
};

const FIELD = 'field-type field-offset';

const BITMAPS: Record<string, string> = {
  bitcount: 'key [index index [BYTE|BIT]]',
  bitfield: `key [GET ${FIELD}|SET ${FIELD} integer|INCRBY ${FIELD} integer|OVERFLOW (WRAP|SAT|FAIL)]...`,
  bitfield_ro: `key [GET ${FIELD}]...`,
  bitop: '(AND|OR|XOR|NOT) key key...',
  bitpos: 'key bit [index [index [BYTE|BIT]]]',
  getbit: 'key offset',
  setbit: 'key offset bit',
};

const HYPERLOGLOGS: Record<string, string> = {
  pfadd: 'key [value]...',
  pfcount: 'key...',
  pfdebug: '(GETREG|DECODE|ENCODING|TODENSE) key',
  pfmerge: 'key...',
};

const KEYS: Record<string, string> = {
  copy: 'any-key any-key [DB database] [REPLACE]',
  del: 'any-key...',
  dump: 'any-key',
  exists: 'any-key...',
  expire: `any-key seconds ${EXPIRE_CONDITION}`,
  expireat: `any-key unix-seconds ${EXPIRE_CONDITION}`,
  expiretime: 'any-key',
  keys: 'pattern',
  move: 'any-key database',
  'object|encoding': 'any-key',
  'object|freq': 'any-key',
  'object|idletime': 'any-key',
  'object|refcount': 'any-key',
  persist: 'any-key',
  pexpire: `any-key milliseconds ${EXPIRE_CONDITION}`,
  pexpireat: `any-key unix-milliseconds ${EXPIRE_CONDITION}`,
  pexpiretime: 'any-key',
  pttl: 'any-key',
  randomkey: '',
  rename: 'any-key any-key',
  renamenx: 'any-key any-key',
  restore: 'any-key restore-ttl dump [REPLACE] [ABSTTL] [IDLETIME integer|FREQ integer]',
  scan: 'cursor [MATCH pattern] [COUNT count] [TYPE type]',
  touch: 'any-key...',
  ttl: 'any-key',
  type: 'any-key',
  unlink: 'any-key...',
};

const DATABASES: Record<string, string> = {
  dbsize: '',
  flushall: '[ASYNC|SYNC]',
  flushdb: '[ASYNC|SYNC]',
  select: 'database',
  swapdb: 'database database',
};

const CONNECTION: Record<string, string> = {
  auth: '[value] value',
  'client|getname': '',
  'client|id': '',
  'client|info': '',
  'client|list': '[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|ID integer...]',
  'client|no-evict': '(ON|OFF)',
  'client|setname': 'value',
  'client|setinfo': '(LIB-NAME|LIB-VER) value',
  'client|unblock': 'integer [TIMEOUT|ERROR]',
  'client|unpause': '',
  echo: 'value',
  hello: '[(2|3|integer) [AUTH value value] [SETNAME value]]',
  ping: '[value]',
  reset: '',
};

const SERVER: Record<string, string> = {
  'acl|cat': '[value]',
  'acl|genpass': '[integer]',
  'acl|getuser': '(default|value)',
  bgrewriteaof: '',
  bgsave: '[SCHEDULE]',
  'command|docs': '[command...]',
  'command|getkeys': '(SET key value|MSET (key value)...|BITOP AND key key...|command [value]...)',
  'command|info': '[command...]',
  'command|list': '[FILTERBY (MODULE value|ACLCAT value|PATTERN pattern)]',
  'config|get': 'pattern...',
  info: '[section]...',
  'latency|graph': 'value',
  'latency|histogram': '[command]...',
  'latency|history': 'value',
  'latency|reset': '[value]...',
  lolwut: '[VERSION integer [integer]...]',
  'memory|usage': 'key [SAMPLES integer]',
  'slowlog|get': '[integer]',
};

const AREAS = {
  strings: STRINGS,
  bitmaps: BITMAPS,
  hyperloglogs: HYPERLOGLOGS,
  keys: KEYS,
  databases: DATABASES,
  hashes: HASHES,
  lists: LISTS,
  blocking: BLOCKING,
  sets: SETS,
  'sorted-sets': SORTED_SETS,
  geo: GEO,
  sort: SORT,
  transactions: TRANSACTIONS,
  scripts: SCRIPTS,
  connection: CONNECTION,
  server: SERVER,
} as const;

/** A part of all commands. */
export type Area = keyof typeof AREAS;

/** The commands of an area, in lower case (`container|subcommand`). */
export function commandsOfArea(area: Area): readonly string[] {
  return Object.keys(AREAS[area]);
}

/** Command, in lower case (`container|subcommand`), to its syntax. */
export const COMMAND_SYNTAX: ReadonlyMap<string, Syntax> = new Map(
  Object.values(AREAS).flatMap((area) => Object.entries(area).map(([name, text]) => [name, parseSyntax(text)])),
);
