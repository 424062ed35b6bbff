/**
 * The units of Redis's own suite that run against ringkv, one row each.
 *
 * Of Redis 7.0's units these hold nothing for a server that the suite did not start itself, and are no rows: acl,
 * acl-v2, auth, client-eviction, info, limits, maxmemory, memefficiency, networking, obuf-limits, pubsubshard, shutdown, wait.
 */

/** What ringkv can do, as far as the suite's tests tell it apart. */
export type Area =
  | 'strings'
  | 'keys'
  | 'server'
  | 'acl'
  | 'blocking'
  | 'cluster'
  | 'functions'
  | 'geo'
  | 'hashes'
  | 'hyperloglog'
  | 'lists'
  | 'migrate'
  | 'pubsub'
  | 'scripting'
  | 'sets'
  | 'sort'
  | 'sorted-sets'
  | 'streams'
  | 'tracking'
  | 'transactions';

/** The areas that ringkv has. Adding one makes every skip of `skips.ts` that waited for it alone an error. */
export const BUILT: ReadonlySet<Area> = new Set<Area>([
  'strings',
  'keys',
  'server',
  'blocking',
  'geo',
  'hashes',
  'hyperloglog',
  'lists',
  'pubsub',
  'scripting',
  'sets',
  'sort',
  'sorted-sets',
  'transactions',
]);

/** One file of the suite. */
export interface Unit {
  /** As the runner's `--single` takes it. */
  readonly name: string;
  readonly area: Area;
  /** Flags of the runner beyond those that every unit gets. */
  readonly flags: readonly string[];
  /** Seconds for the whole unit; several times what redis-server takes, on a machine that does other things, too. */
  readonly timeoutSeconds: number;
  /** Whether `--fast`, and so npm test, runs it: what takes seconds, and does not hold skipped tests alone. */
  readonly fast: boolean;
}

/** The encodings of collections are Redis's own affair; those of strings are not. */
const COLLECTIONS = ['--ignore-encoding', '--ignore-digest'];

export const UNITS: readonly Unit[] = [
  unit('unit/type/string', 'strings'),
  unit('unit/type/incr', 'strings'),
  unit('unit/bitops', 'strings'),
  unit('unit/bitfield', 'strings'),
  unit('unit/hyperloglog', 'hyperloglog', { timeoutSeconds: 600, fast: false }),
  unit('unit/type/hash', 'hashes', { flags: COLLECTIONS }),
  unit('unit/type/set', 'sets', { flags: COLLECTIONS }),
  unit('unit/sort', 'sort', { flags: COLLECTIONS }),
  unit('unit/expire', 'keys'),
  unit('unit/keyspace', 'keys', { flags: COLLECTIONS }),
  unit('unit/scan', 'keys', { flags: COLLECTIONS }),
  unit('unit/dump', 'keys'),
  unit('unit/lazyfree', 'keys', { fast: false }),
  unit('unit/violations', 'keys', { flags: COLLECTIONS, fast: false }),
  unit('unit/protocol', 'server'),
  unit('unit/quit', 'server'),
  unit('unit/querybuf', 'server', { fast: false }),
  unit('unit/info-command', 'server'),
  unit('unit/introspection', 'server'),
  unit('unit/introspection-2', 'server'),
  unit('unit/slowlog', 'server'),
  unit('unit/latency-monitor', 'server'),
  unit('unit/pause', 'server'),
  unit('unit/other', 'server', { flags: COLLECTIONS }),
  unit('unit/type/list', 'lists', { flags: COLLECTIONS }),
  unit('unit/type/list-2', 'lists', { flags: COLLECTIONS }),
  unit('unit/type/list-3', 'lists', { flags: COLLECTIONS, timeoutSeconds: 600, fast: false }),
  unit('unit/type/zset', 'sorted-sets', { flags: COLLECTIONS, timeoutSeconds: 600 }),
  unit('unit/geo', 'geo'),
  unit('unit/scripting', 'scripting'),
  unit('unit/pubsub', 'pubsub'),
  unit('unit/pubsubshard', 'pubsub'),
  unit('unit/multi', 'transactions'),
];

type Choices = Partial<Pick<Unit, 'flags' | 'timeoutSeconds' | 'fast'>>;

function unit(name: string, area: Area, choices: Choices = {}): Unit {
  return { name, area, flags: [], timeoutSeconds: 300, fast: true, ...choices };
}
