/** Examples of the commands of sorted sets and places for cold-commands.spec.ts. */

import type { Words } from './cold-examples.js';

const PLACES = ['13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', 'Catania', '12.5', '41.9', 'Roma'];

/** What is there before each example: small and large ones, and one that has been emptied. */
export const SORTED_SET_DATA: readonly Words[] = [
  ['ZADD', 'board', 1, 'ann', 2, 'bob', '2.5', 'cid', 9, 'gone'],
  ['ZREM', 'board', 'gone'],
  ['ZADD', 'league', ...Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? i % 14 : `team:${i}`))],
  ['ZADD', 'words', 0, 'a', 0, 'b', 0, 'c', 0, 'd'],
  ['ZADD', 'over', 1, 'x'],
  ['ZREM', 'over', 'x'],
  ['GEOADD', 'places', ...PLACES],
];

export const SORTED_SET_NAMES = ['board', 'league', 'words', 'over', 'places'];

/** Commands whose replies have no order. */
export const UNORDERED_OF_SORTED_SETS: readonly string[] = ['ZSCAN', 'ZRANDMEMBER'];

export const SORTED_SET_EXAMPLES: Readonly<Record<string, readonly Words[]>> = {
  bzmpop: [['BZMPOP', 1, 2, 'nosuch', 'board', 'MIN', 'COUNT', 2]],
  bzpopmax: [['BZPOPMAX', 'over', 'board', 1]],
  bzpopmin: [['BZPOPMIN', 'league', 1]],
  geoadd: [['GEOADD', 'places', 'CH', '2.35', '48.85', 'Paris', '12.5', '41.9', 'Palermo']],
  geodist: [
    ['GEODIST', 'places', 'Palermo', 'Catania', 'km'],
    ['GEODIST', 'places', 'Palermo', 'nosuch'],
  ],
  geohash: [['GEOHASH', 'places', 'Palermo', 'nosuch']],
  geopos: [['GEOPOS', 'places', 'Palermo', 'nosuch']],
  georadius: [
    ['GEORADIUS', 'places', 15, 37, 200, 'km', 'WITHDIST'],
    ['GEORADIUS', 'places', 15, 37, 200, 'km', 'STORE', 'text'],
  ],
  georadius_ro: [['GEORADIUS_RO', 'places', 15, 37, 200, 'km']],
  georadiusbymember: [['GEORADIUSBYMEMBER', 'places', 'Roma', 500, 'km', 'STOREDIST', 'board']],
  georadiusbymember_ro: [['GEORADIUSBYMEMBER_RO', 'places', 'Roma', 500, 'km']],
  geosearch: [['GEOSEARCH', 'places', 'FROMMEMBER', 'Catania', 'BYBOX', 400, 400, 'km', 'ASC', 'WITHCOORD']],
  geosearchstore: [['GEOSEARCHSTORE', 'league', 'places', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km']],
  zadd: [
    ['ZADD', 'board', 'CH', 5, 'ann', 6, 'new', 2, 'bob'],
    ['ZADD', 'league', 'GT', 100, 'team:7', 0, 'team:9'],
    ['ZADD', 'over', 1, 'again'],
    ['ZADD', 'new', 1, 'a'],
    ['ZADD', 'text', 1, 'a'],
  ],
  zcard: [
    ['ZCARD', 'board'],
    ['ZCARD', 'over'],
  ],
  zcount: [['ZCOUNT', 'league', 3, '(5']],
  zdiff: [['ZDIFF', 2, 'board', 'words', 'WITHSCORES']],
  zdiffstore: [
    ['ZDIFFSTORE', 'new', 2, 'board', 'letters'],
    ['ZDIFFSTORE', 'text', 1, 'nosuch'],
  ],
  zincrby: [
    ['ZINCRBY', 'board', '1.5', 'ann'],
    ['ZINCRBY', 'board', 1, 'gone'],
  ],
  zinter: [['ZINTER', 2, 'words', 'letters', 'WITHSCORES']],
  zintercard: [['ZINTERCARD', 2, 'words', 'letters', 'LIMIT', 1]],
  zinterstore: [['ZINTERSTORE', 'board', 2, 'words', 'letters']],
  zlexcount: [['ZLEXCOUNT', 'words', '-', '(c']],
  zmpop: [['ZMPOP', 3, 'nosuch', 'over', 'league', 'MAX', 'COUNT', 3]],
  zmscore: [['ZMSCORE', 'board', 'ann', 'gone']],
  zpopmax: [['ZPOPMAX', 'board', 10]],
  zpopmin: [['ZPOPMIN', 'league', 3]],
  zrandmember: [['ZRANDMEMBER', 'board', 10, 'WITHSCORES']],
  zrange: [
    ['ZRANGE', 'board', 0, -1, 'WITHSCORES'],
    ['ZRANGE', 'league', '(3', 5, 'BYSCORE', 'LIMIT', 2, 5],
  ],
  zrangebylex: [['ZRANGEBYLEX', 'words', '[b', '+']],
  zrangebyscore: [['ZRANGEBYSCORE', 'board', 2, 3]],
  zrangestore: [
    ['ZRANGESTORE', 'text', 'board', 0, 1],
    ['ZRANGESTORE', 'board', 'over', 0, 1],
  ],
  zrank: [['ZRANK', 'league', 'team:77']],
  zrem: [
    ['ZREM', 'board', 'ann', 'gone'],
    ['ZREM', 'board', 'ann', 'bob', 'cid'],
  ],
  zremrangebylex: [['ZREMRANGEBYLEX', 'words', '[b', '[c']],
  zremrangebyrank: [['ZREMRANGEBYRANK', 'league', 10, -10]],
  zremrangebyscore: [['ZREMRANGEBYSCORE', 'board', '-inf', '+inf']],
  zrevrange: [['ZREVRANGE', 'board', 0, 1]],
  zrevrangebylex: [['ZREVRANGEBYLEX', 'words', '+', '[b']],
  zrevrangebyscore: [['ZREVRANGEBYSCORE', 'board', 3, 2, 'WITHSCORES']],
  zrevrank: [['ZREVRANK', 'board', 'ann']],
  zscan: [['ZSCAN', 'board', 0]],
  zscore: [
    ['ZSCORE', 'board', 'cid'],
    ['ZSCORE', 'board', 'gone'],
  ],
  zunion: [['ZUNION', 2, 'board', 'letters', 'WITHSCORES']],
  zunionstore: [
    ['ZUNIONSTORE', 'new', 2, 'board', 'league', 'WEIGHTS', 2, 1],
    ['ZUNIONSTORE', 'text', 1, 'nosuch'],
  ],
};
