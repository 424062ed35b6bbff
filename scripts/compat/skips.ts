/**
 * The tests of Redis's suite that ringkv is not expected to pass, each by its name and with the reason.
 *
 * There are three kinds, and no others:
 * - `later`: uses a command of an area that ringkv does not have yet. The entry names the areas, and must go when they
 *   are all built (a spec says so).
 * - `inside`: looks at Redis from within: its replication stream, reference counts, buffers, allocator.
 * - `stock`: fails on redis-server too.
 *
 * A test on the list still runs, so that an entry which nothing speaks for any more shows. It is not started only if
 * its failing would hang the unit, spoil it for the tests after it, or take very long: `hold`.
 */
import type { Area } from './units.js';

export interface Skip {
  readonly unit: string;
  /** The test's name, as the runner prints it. */
  readonly test: string;
  readonly category: 'later' | 'inside' | 'stock';
  /** For `later`: the areas that it waits for. */
  readonly needs: readonly Area[];
  readonly reason: string;
  /** Whether it must not even be started. */
  readonly held: boolean;
}

type Entry = Omit<Skip, 'unit'>;

const LISTPACK_ORDER = 'expects a hash of 70 KB in the order of a listpack, which ringkv has not';
const REPLICATION_STREAM = 'reads the stream that Redis sends to its replicas';

const SKIPS_BY_UNIT: Readonly<Record<string, readonly Entry[]>> = {
  'unit/multi': [
    hold(inside('exec with write commands and state change', 'min-replicas-to-write counts replicas')),
    hold(inside('exec with read commands and stale replica state change', 'makes the server a replica')),
    inside('EXEC fails if there are errors while queueing commands #2', 'nothing is refused while data can go to disk'),
    inside('MULTI / EXEC is not propagated (single write command)', REPLICATION_STREAM),
    inside('MULTI / EXEC is propagated correctly (multiple commands)', REPLICATION_STREAM),
    inside('MULTI / EXEC is propagated correctly (multiple commands with SELECT)', REPLICATION_STREAM),
    inside('MULTI / EXEC is propagated correctly (empty transaction)', REPLICATION_STREAM),
    inside('MULTI / EXEC is propagated correctly (read-only commands)', REPLICATION_STREAM),
    inside('MULTI / EXEC is propagated correctly (write command, no effect)', REPLICATION_STREAM),
    inside('MULTI / EXEC with REPLICAOF', REPLICATION_STREAM),
    inside('MULTI propagation of PUBLISH', REPLICATION_STREAM),
    inside('MULTI propagation of SCRIPT LOAD', REPLICATION_STREAM),
    inside('MULTI propagation of EVAL', REPLICATION_STREAM),
    inside('MULTI propagation of SCRIPT FLUSH', REPLICATION_STREAM),
    inside('MULTI propagation of XREADGROUP', REPLICATION_STREAM),
    hold(later(['streams'], 'Blocking commands ignores the timeout', 'XGROUP')),
  ],

  'unit/type/string': [
    inside('GETDEL propagate as DEL command to replica', REPLICATION_STREAM),
    inside('GETEX without argument does not propagate to replica', REPLICATION_STREAM),
    inside('SETRANGE against integer-encoded key', 'whether SETRANGE made the integer shows in OBJECT ENCODING'),
    inside('trim on SET with big value', 'measures slack in jemalloc; runs only where INFO names jemalloc'),
  ],

  'unit/type/incr': [
    inside('INCR uses shared objects in the 0-9999 range', 'the reference counts of shared integer objects'),
  ],

  'unit/type/hash': [
    inside('Hash ziplist of various encodings', LISTPACK_ORDER),
    inside('Hash ziplist of various encodings - sanitize dump', LISTPACK_ORDER),
  ],

  'unit/type/set': [
    hold(
      inside('SRANDMEMBER with a dict containing long chain', 'waits for the rehashing that DEBUG HTSTATS-KEY shows'),
    ),
  ],

  'unit/type/list': [
    inside('SWAPDB wants to wake blocked client, but the key already expired', REPLICATION_STREAM),
    inside('MULTI + LPUSH + EXPIRE + DEBUG SLEEP on blocked client, key already expired', REPLICATION_STREAM),
    inside('BLMPOP propagate as pop with count command to replica', REPLICATION_STREAM),
    inside('LMPOP propagate as pop with count command to replica', REPLICATION_STREAM),
  ],

  'unit/type/zset': [
    inside('ZMPOP propagate as pop with count command to replica', REPLICATION_STREAM),
    inside('BZMPOP propagate as pop with count command to replica', REPLICATION_STREAM),
  ],

  'unit/latency-monitor': [
    inside(
      'LATENCY of expire events are correctly collected',
      'wants an expiry that takes 20 ms; here a million members are freed in slices',
    ),
  ],

  'unit/scripting': [
    later(['streams'], "EVAL - Scripts can't run XREAD and XREADGROUP with BLOCK option", 'XGROUP'),
    later(['cluster'], 'CLUSTER RESET can not be invoke from within a script', 'CLUSTER'),
    later(['acl'], 'Script ACL check', 'ACL SETUSER'),
    hold(inside('SPOP: We can call scripts rewriting client->argv from Lua', REPLICATION_STREAM)),
    hold(inside("MGET: mget shouldn't be propagated in Lua", REPLICATION_STREAM)),
    hold(inside('EXPIRE: We can call scripts rewriting client->argv from Lua', REPLICATION_STREAM)),
    hold(inside('INCRBYFLOAT: We can call scripts expanding client->argv from Lua', REPLICATION_STREAM)),
    inside('Script delete the expired key', 'sees with DEBUG OBJECT that an expired key is still there'),
    inside('not enough good replicas', 'min-replicas-to-write counts replicas'),
  ],

  'unit/expire': [
    inside('All TTL in commands are propagated as absolute timestamp in replication stream', REPLICATION_STREAM),
    inside('GETEX propagate as to replica as PERSIST, DEL, or nothing', REPLICATION_STREAM),
    hold(inside('SCAN: Lazy-expire should not be wrapped in MULTI/EXEC', REPLICATION_STREAM)),
    hold(inside('RANDOMKEY: Lazy-expire should not be wrapped in MULTI/EXEC', REPLICATION_STREAM)),
  ],

  'unit/keyspace': [
    later(['streams'], 'COPY basic usage for stream', 'XADD'),
    later(['streams'], 'COPY basic usage for stream-cgroups', 'XADD, XGROUP'),
    later(['streams'], 'MOVE basic usage', 'counts on the FLUSHDB with which the test before it ends'),
  ],

  'unit/dump': [
    hold(later(['migrate'], 'MIGRATE cached connections are released after some time', 'MIGRATE; sleeps for 15 s')),
  ],

  'unit/lazyfree': [
    later(['streams'], 'lazy free a stream with all types of metadata', 'XADD, XGROUP'),
    later(['streams'], 'lazy free a stream with deleted cgroup', 'XADD, XGROUP'),
  ],

  'unit/querybuf': [
    inside('query buffer resized correctly', 'the sizes of the buffers that Redis reads each client into'),
    inside(
      'query buffer resized correctly when not idle',
      'the sizes of the buffers that Redis reads each client into',
    ),
  ],

  'unit/introspection': [
    later(['functions'], 'MONITOR can log commands issued by functions', 'FUNCTION LOAD, FCALL'),
    later(['migrate'], 'MONITOR supports redacting command arguments', 'MIGRATE'),
  ],

  'unit/introspection-2': [
    later(['streams'], 'COMMAND GETKEYS XGROUP', 'the row of XGROUP'),
    later(['streams'], 'XREAD command is marked with movablekeys', 'the row of XREAD'),
    later(['migrate'], 'MIGRATE command is marked with movablekeys', 'the row of MIGRATE'),
  ],

  'unit/slowlog': [
    later(['acl'], 'SLOWLOG - Certain commands are omitted that contain sensitive information', 'ACL SETUSER'),
    later(['migrate'], 'SLOWLOG - Some commands can redact sensitive fields', 'MIGRATE'),
  ],

  'unit/pause': [
    later(['functions', 'scripting'], 'Test RO scripts are not blocked by pause RO', 'FUNCTION LOAD, EVAL'),
  ],

  'unit/pubsub': [later(['streams'], 'Keyspace notifications: stream events test', 'XADD, XGROUP')],

  'unit/other': [
    later(['tracking'], 'RESET clears client state', 'CLIENT TRACKING'),
    later(['acl'], 'RESET clears authenticated state', 'ACL SETUSER'),
  ],
};

/** Every entry, unit by unit. */
export const SKIPS: readonly Skip[] = Object.entries(SKIPS_BY_UNIT).flatMap(([unit, entries]) =>
  entries.map((entry) => ({ unit, ...entry })),
);

/** The entries of one unit. */
export function skipsOf(unit: string): readonly Skip[] {
  return SKIPS.filter((skip) => skip.unit === unit);
}

/** `commands` says what the test uses of the areas that it waits for. */
function later(needs: readonly Area[], test: string, commands: string): Entry {
  return { test, category: 'later', needs, reason: commands, held: false };
}

function inside(test: string, reason: string): Entry {
  return { test, category: 'inside', needs: [], reason, held: false };
}

/** The same entry, but the test is not started. */
function hold(entry: Entry): Entry {
  return { ...entry, held: true };
}
