/** Examples of the commands of hashes and sets for cold-commands.spec.ts. */

export type Words = readonly (string | number | Buffer)[];

/** What is there before each example: small and large ones, and hashes of which fields have expired or will. */
export const HASH_AND_SET_DATA: readonly Words[] = [
  ['HSET', 'hash', 'name', 'ringkv', 'count', 7, 'ratio', '1.5', 'old', 'gone'],
  ['HDEL', 'hash', 'old'],
  ['HSET', 'fields', 'short', 'gone', 'long', 'stays a while', 'ever', 'stays'],
  ['HPEXPIRE', 'fields', 500, 'FIELDS', 1, 'short'],
  ['HEXPIRE', 'fields', 500, 'FIELDS', 1, 'long'],
  ['HSET', 'brief', 'f', 'gone'],
  ['HPEXPIRE', 'brief', 500, 'FIELDS', 1, 'f'],
  ['HSET', 'wide', ...Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? `field:${i / 2}` : `value ${i}`))],
  ['SADD', 'letters', 'a', 'b', 'c', 'gone'],
  ['SREM', 'letters', 'gone'],
  ['SADD', 'more', 'b', 'c', 'd'],
  ['SADD', 'many', ...Array.from({ length: 300 }, (_, i) => i)],
  ['SADD', 'left', 'x'],
  ['SREM', 'left', 'x'],
];

export const HASH_AND_SET_NAMES = ['hash', 'fields', 'brief', 'wide', 'letters', 'more', 'many', 'left'];

/** Commands whose replies have no order. */
export const UNORDERED: ReadonlySet<string> = new Set([
  'HGETALL',
  'HKEYS',
  'HRANDFIELD',
  'HVALS',
  'SDIFF',
  'SINTER',
  'SMEMBERS',
  'SPOP',
  'SRANDMEMBER',
  'SUNION',
]);

export const HASH_AND_SET_EXAMPLES: Readonly<Record<string, readonly Words[]>> = {
  hdel: [
    ['HDEL', 'hash', 'name', 'nosuch', 'old'],
    ['HDEL', 'hash', 'name', 'count', 'ratio'],
    ['HDEL', 'wide', 'field:7', 'field:8'],
    ['HDEL', 'fields', 'short', 'long'],
    ['HDEL', 'text', 'f'],
  ],
  hexists: [
    ['HEXISTS', 'hash', 'name'],
    ['HEXISTS', 'fields', 'short'],
  ],
  hexpire: [
    ['HEXPIRE', 'hash', 100, 'FIELDS', 2, 'name', 'nosuch'],
    ['HEXPIRE', 'fields', 1000, 'GT', 'FIELDS', 3, 'short', 'long', 'ever'],
    ['HEXPIRE', 'brief', 0, 'FIELDS', 1, 'f'],
    ['HEXPIRE', 'wide', 0, 'FIELDS', 2, 'field:3', 'field:4'],
  ],
  hexpireat: [['HEXPIREAT', 'hash', 1_700_000_900, 'FIELDS', 1, 'name']],
  hexpiretime: [['HEXPIRETIME', 'fields', 'FIELDS', 3, 'short', 'long', 'ever']],
  hget: [
    ['HGET', 'hash', 'name'],
    ['HGET', 'fields', 'short'],
    ['HGET', 'wide', 'field:100'],
    ['HGET', 'expired', 'f'],
    ['HGET', 'text', 'f'],
  ],
  hgetall: [
    ['HGETALL', 'hash'],
    ['HGETALL', 'fields'],
    ['HGETALL', 'brief'],
    ['HGETALL', 'wide'],
    ['HGETALL', 'nosuch'],
  ],
  hincrby: [
    ['HINCRBY', 'hash', 'count', 5],
    ['HINCRBY', 'hash', 'name', 5],
    ['HINCRBY', 'fields', 'short', 5],
  ],
  hincrbyfloat: [['HINCRBYFLOAT', 'hash', 'ratio', 0.25]],
  hkeys: [['HKEYS', 'hash']],
  hlen: [
    ['HLEN', 'hash'],
    ['HLEN', 'fields'],
    ['HLEN', 'brief'],
    ['HLEN', 'wide'],
  ],
  hmget: [['HMGET', 'hash', 'name', 'old', 'count']],
  hmset: [['HMSET', 'hash', 'name', 'other', 'new', 1]],
  hpersist: [['HPERSIST', 'fields', 'FIELDS', 3, 'short', 'long', 'ever']],
  hpexpire: [['HPEXPIRE', 'hash', 5000, 'NX', 'FIELDS', 1, 'name']],
  hpexpireat: [['HPEXPIREAT', 'hash', 1_700_000_900_000, 'FIELDS', 1, 'name']],
  hpexpiretime: [['HPEXPIRETIME', 'fields', 'FIELDS', 1, 'long']],
  hpttl: [['HPTTL', 'fields', 'FIELDS', 1, 'long']],
  hrandfield: [
    ['HRANDFIELD', 'hash', 10],
    ['HRANDFIELD', 'fields', 10, 'WITHVALUES'],
    ['HRANDFIELD', 'brief'],
  ],
  hscan: [['HSCAN', 'hash', 0]],
  hset: [
    ['HSET', 'hash', 'name', 'other', 'new', 1],
    ['HSET', 'fields', 'long', 'for ever', 'short', 'again'],
    ['HSET', 'brief', 'f', 1],
    ['HSET', 'new', 'f', 1],
    ['HSET', 'wide', 'field:1', 'new', 'field:1000', 'new'],
    ['HSET', 'left', 'f', 'now a hash'],
    ['HSET', 'expired', 'f', 1],
    ['HSET', 'deleted', 'f', 1],
    ['HSET', 'text', 'f', 1],
  ],
  hsetnx: [
    ['HSETNX', 'hash', 'name', 'other'],
    ['HSETNX', 'hash', 'old', 'again'],
  ],
  hstrlen: [['HSTRLEN', 'hash', 'name']],
  httl: [['HTTL', 'fields', 'FIELDS', 3, 'short', 'long', 'ever']],
  hvals: [['HVALS', 'hash']],
  sadd: [
    ['SADD', 'letters', 'a', 'z'],
    ['SADD', 'left', 'y'],
    ['SADD', 'many', 'x', 7],
    ['SADD', 'brief', 'x'],
    ['SADD', 'expired', 'a'],
    ['SADD', 'text', 'a'],
  ],
  scard: [
    ['SCARD', 'letters'],
    ['SCARD', 'many'],
  ],
  sdiff: [['SDIFF', 'letters', 'more', 'nosuch']],
  sdiffstore: [
    ['SDIFFSTORE', 'new', 'letters', 'more'],
    ['SDIFFSTORE', 'text', 'letters', 'letters'],
  ],
  sinter: [
    ['SINTER', 'letters', 'more'],
    ['SINTER', 'letters', 'text'],
  ],
  sintercard: [['SINTERCARD', 2, 'letters', 'more', 'LIMIT', 1]],
  sinterstore: [
    ['SINTERSTORE', 'letters', 'letters', 'more'],
    ['SINTERSTORE', 'timed', 'letters', 'nosuch'],
  ],
  sismember: [
    ['SISMEMBER', 'letters', 'gone'],
    ['SISMEMBER', 'many', 299],
  ],
  smembers: [
    ['SMEMBERS', 'letters'],
    ['SMEMBERS', 'many'],
    ['SMEMBERS', 'left'],
  ],
  smismember: [['SMISMEMBER', 'letters', 'a', 'gone', 'c']],
  smove: [
    ['SMOVE', 'letters', 'more', 'a'],
    ['SMOVE', 'letters', 'text', 'a'],
    ['SMOVE', 'many', 'new', 7],
  ],
  spop: [
    ['SPOP', 'letters', 3],
    ['SPOP', 'left'],
    ['SPOP', 'nosuch', 1],
  ],
  srandmember: [
    ['SRANDMEMBER', 'letters', 5],
    ['SRANDMEMBER', 'left'],
  ],
  srem: [
    ['SREM', 'letters', 'a', 'gone'],
    ['SREM', 'letters', 'a', 'b', 'c'],
    ['SREM', 'many', 1, 2, 3],
  ],
  sscan: [['SSCAN', 'left', 0]],
  sunion: [['SUNION', 'letters', 'more', 'left']],
  sunionstore: [
    ['SUNIONSTORE', 'more', 'letters', 'more'],
    ['SUNIONSTORE', 'hash', 'letters', 'nosuch'],
  ],
};
