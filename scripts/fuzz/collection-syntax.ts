/** Commands on collections, and what runs several commands, in the language of syntax.ts. Keys are mostly of the type that the command is for. */

const FIELDS = 'FIELDS (1 field|2 field field)';
const FIELD_CONDITION = '[NX|XX|GT|LT]';

export const HASHES: Record<string, string> = {
  hdel: 'hash field...',
  hexists: 'hash field',
  hexpire: `hash seconds ${FIELD_CONDITION} ${FIELDS}`,
  hexpireat: `hash unix-seconds ${FIELD_CONDITION} ${FIELDS}`,
  hexpiretime: `hash ${FIELDS}`,
  hget: 'hash field',
  hgetall: 'hash',
  hincrby: 'hash field integer',
  hincrbyfloat: 'hash field float',
  hkeys: 'hash',
  hlen: 'hash',
  hmget: 'hash field...',
  hmset: 'hash (field element)...',
  hpersist: `hash ${FIELDS}`,
  hpexpire: `hash milliseconds ${FIELD_CONDITION} ${FIELDS}`,
  hpexpireat: `hash unix-milliseconds ${FIELD_CONDITION} ${FIELDS}`,
  hpexpiretime: `hash ${FIELDS}`,
  hpttl: `hash ${FIELDS}`,
  hrandfield: 'hash [few [WITHVALUES]]',
  hscan: 'hash cursor [MATCH pattern] [COUNT count]',
  hset: 'hash (field element)...',
  hsetnx: 'hash field element',
  hstrlen: 'hash field',
  httl: `hash ${FIELDS}`,
  hvals: 'hash',
};

const LISTS_GIVEN = '(1 list|2 list list)';
const SIDE = '(LEFT|RIGHT)';

export const LISTS: Record<string, string> = {
  lindex: 'list index',
  linsert: 'list (BEFORE|AFTER) element element',
  llen: 'list',
  lmove: `list list ${SIDE} ${SIDE}`,
  lmpop: `${LISTS_GIVEN} ${SIDE} [COUNT few]`,
  lpop: 'list [few]',
  lpos: 'list element [RANK few] [COUNT few] [MAXLEN few]',
  lpush: 'list element...',
  lpushx: 'list element...',
  lrange: 'list index index',
  lrem: 'list few element',
  lset: 'list index element',
  ltrim: 'list index index',
  rpop: 'list [few]',
  rpoplpush: 'list list',
  rpush: 'list element...',
  rpushx: 'list element...',
};

export const BLOCKING: Record<string, string> = {
  blmove: `list list ${SIDE} ${SIDE} wait-seconds`,
  blmpop: `wait-seconds ${LISTS_GIVEN} ${SIDE} [COUNT few]`,
  blpop: 'list... wait-seconds',
  brpop: 'list... wait-seconds',
  brpoplpush: 'list list wait-seconds',
  bzmpop: 'wait-seconds (1 zset|2 zset zset) (MIN|MAX) [COUNT few]',
  bzpopmax: 'zset... wait-seconds',
  bzpopmin: 'zset... wait-seconds',
};

export const SETS: Record<string, string> = {
  sadd: 'set element...',
  scard: 'set',
  sdiff: 'set...',
  sdiffstore: 'set set...',
  sinter: 'set...',
  sintercard: '(1 set|2 set set) [LIMIT few]',
  sinterstore: 'set set...',
  sismember: 'set element',
  smembers: 'set',
  smismember: 'set element...',
  smove: 'set set element',
  spop: 'set [few]',
  srandmember: 'set [few]',
  srem: 'set element...',
  sscan: 'set cursor [MATCH pattern] [COUNT count]',
  sunion: 'set...',
  sunionstore: 'set set...',
};

const WINDOW = 'LIMIT index index';
const RANGE = `(index index|score-bound score-bound BYSCORE [${WINDOW}]|lex lex BYLEX [${WINDOW}]) [REV]`;
const MERGED = '(1 zset [WEIGHTS float]|2 zset zset [WEIGHTS float score]|2 zset set) [AGGREGATE (SUM|MIN|MAX)]';
const SUBTRACTED = '(1 zset|2 zset zset|3 zset set zset)';

export const SORTED_SETS: Record<string, string> = {
  zadd: 'zset [NX|XX] [GT|LT] [CH] ((score field)...|INCR score field)',
  zcard: 'zset',
  zcount: 'zset score-bound score-bound',
  zdiff: `${SUBTRACTED} [WITHSCORES]`,
  zdiffstore: `zset ${SUBTRACTED}`,
  zincrby: 'zset score field',
  zinter: `${MERGED} [WITHSCORES]`,
  zintercard: '(1 zset|2 zset zset) [LIMIT few]',
  zinterstore: `zset ${MERGED}`,
  zlexcount: 'zset lex lex',
  zmpop: '(1 zset|2 zset zset) (MIN|MAX) [COUNT few]',
  zmscore: 'zset field...',
  zpopmax: 'zset [few]',
  zpopmin: 'zset [few]',
  zrandmember: 'zset [few [WITHSCORES]]',
  zrange: `zset ${RANGE} [WITHSCORES]`,
  zrangebylex: `zset lex lex [${WINDOW}]`,
  zrangebyscore: `zset score-bound score-bound [WITHSCORES] [${WINDOW}]`,
  zrangestore: `zset zset ${RANGE}`,
  zrank: 'zset field',
  zrem: 'zset field...',
  zremrangebylex: 'zset lex lex',
  zremrangebyrank: 'zset index index',
  zremrangebyscore: 'zset score-bound score-bound',
  zrevrange: 'zset index index [WITHSCORES]',
  zrevrangebylex: `zset lex lex [${WINDOW}]`,
  zrevrangebyscore: `zset score-bound score-bound [WITHSCORES] [${WINDOW}]`,
  zrevrank: 'zset field',
  zscan: 'zset cursor [MATCH pattern] [COUNT count]',
  zscore: 'zset field',
  zunion: `${MERGED} [WITHSCORES]`,
  zunionstore: `zset ${MERGED}`,
};

const UNIT = '(M|KM|FT|MI)';
const SHOWN = '[WITHCOORD] [WITHDIST] [WITHHASH]';
const ORDER = '[ASC|DESC]';
const CENTER = '(FROMMEMBER place|FROMLONLAT longitude latitude)';
const SHAPE = `(BYRADIUS distance ${UNIT}|BYBOX distance distance ${UNIT})`;

export const GEO: Record<string, string> = {
  geoadd: 'geo [NX|XX] [CH] (longitude latitude place)...',
  geodist: `geo place place [${UNIT}]`,
  geohash: 'geo place...',
  geopos: 'geo place...',
  georadius: `geo longitude latitude distance ${UNIT} (${SHOWN} [COUNT few [ANY]] ${ORDER}|[COUNT few] ${ORDER} (STORE|STOREDIST) geo)`,
  georadius_ro: `geo longitude latitude distance ${UNIT} ${SHOWN} [COUNT few [ANY]] ${ORDER}`,
  georadiusbymember: `geo place distance ${UNIT} (${SHOWN} [COUNT few [ANY]] ${ORDER}|[COUNT few] ${ORDER} (STORE|STOREDIST) geo)`,
  georadiusbymember_ro: `geo place distance ${UNIT} ${SHOWN} [COUNT few [ANY]] ${ORDER}`,
  geosearch: `geo ${CENTER} ${SHAPE} ${ORDER} [COUNT few [ANY]] ${SHOWN}`,
  geosearchstore: `geo geo ${CENTER} ${SHAPE} ${ORDER} [COUNT few] [STOREDIST]`,
};

const SORTING = `(list|set|zset) [BY sort-pattern] [${WINDOW}] [GET sort-pattern]... [ASC|DESC] [ALPHA]`;

export const SORT: Record<string, string> = {
  sort: `${SORTING} [STORE list]`,
  sort_ro: SORTING,
};

export const TRANSACTIONS: Record<string, string> = {
  discard: '',
  exec: '',
  multi: '',
  unwatch: '',
  watch: 'any-key...',
};

const KEYS_AND_ARGUMENTS = '(0|1 any-key|2 any-key any-key) element integer field';

export const SCRIPTS: Record<string, string> = {
  eval: `script ${KEYS_AND_ARGUMENTS}`,
  eval_ro: `script ${KEYS_AND_ARGUMENTS}`,
  evalsha: `value ${KEYS_AND_ARGUMENTS}`,
  'script|exists': 'value...',
  'script|flush': '[ASYNC|SYNC]',
  'script|load': 'script',
};
