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
  /** Seconds without an end of any test after which the runner gives up; several times the longest test's own. */
  readonly stallSeconds: number;
  /** Seconds for the whole unit; several times what redis-server takes. */
  readonly timeoutSeconds: number;
  /** Whether `--fast`, and so npm test, runs it: what takes seconds, and does not hold skipped tests alone. */
  readonly fast: boolean;
}

/** The encodings of collections are Redis's own affair; those of strings are not. */
const COLLECTIONS = ['--ignore-encoding', '--ignore-digest'];

export const UNITS: readonly Unit[] = [
  unit('unit/type/string', 'strings', { timeoutSeconds: 120 }),
  unit('unit/type/incr', 'strings'),
  unit('unit/bitops', 'strings'),
  unit('unit/bitfield', 'strings'),
  unit('unit/hyperloglog', 'hyperloglog', { stallSeconds: 60, timeoutSeconds: 300, fast: false }),
  unit('unit/type/hash', 'hashes', { flags: COLLECTIONS }),
  unit('unit/type/set', 'sets', { flags: COLLECTIONS }),
  unit('unit/sort', 'sort', { flags: COLLECTIONS }),
  unit('unit/expire', 'keys', { timeoutSeconds: 120 }),
  unit('unit/keyspace', 'keys', { flags: COLLECTIONS }),
  unit('unit/scan', 'keys', { flags: COLLECTIONS, stallSeconds: 90, timeoutSeconds: 180 }),
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
  unit('unit/type/list', 'lists', { flags: COLLECTIONS, timeoutSeconds: 300 }),
  unit('unit/type/list-2', 'lists', { flags: COLLECTIONS, timeoutSeconds: 180 }),
  unit('unit/type/list-3', 'lists', { flags: COLLECTIONS, timeoutSeconds: 300, fast: false }),
  unit('unit/type/zset', 'sorted-sets', { flags: COLLECTIONS, timeoutSeconds: 300 }),
  unit('unit/geo', 'geo', { stallSeconds: 120, timeoutSeconds: 300 }),
  unit('unit/scripting', 'scripting', { timeoutSeconds: 300 }),
  unit('unit/pubsub', 'pubsub'),
  unit('unit/pubsubshard', 'pubsub'),
  unit('unit/multi', 'transactions'),
];

type Choices = Partial<Pick<Unit, 'flags' | 'stallSeconds' | 'timeoutSeconds' | 'fast'>>;

function unit(name: string, area: Area, choices: Choices = {}): Unit {
  return { name, area, flags: [], stallSeconds: 30, timeoutSeconds: 90, fast: true, ...choices };
}
