/**
 * The table of options. Names, kinds and bounds are Redis 7.0's where the meaning is the same; where our
 * default differs from Redis's, the row says so. What Redis knows and ringkv does not need stands in
 * inert-options.ts.
 */

import { INERT_OPTIONS } from './inert-options.js';
import { keyspaceEvents } from './keyspace-events.js';
import * as lists from './list-option.js';
import { boolean, count, INT_MAX, integer, LONG_MAX, longCount, memory, oneOf } from './option.js';
import { path, permissions, text, UINT_MAX, ULONG_MAX, whom } from './option.js';
import { FIXED, real } from './option-row.js';
import { RING_OPTIONS } from './ring-options.js';
import type { Machine, Option } from './option-row.js';

const KB = 1024;
const MB = 1024 * KB;

function halfOfMemory(machine: Machine): string {
  return String(Math.floor(machine.totalMemoryBytes / 2));
}

// prettier-ignore
const REAL_OPTIONS: readonly Option[] = [
  // Network
  real('port', 'port', integer(0, 65535), '6379', 'TCP port; 0 listens on none'),
  real('bind', 'bind', lists.addresses(), '127.0.0.1 -::1', 'addresses to listen on; Redis: all of them'),
  real('protected-mode', 'protectedMode', boolean(), 'yes', 'without a password, only this machine may connect'),
  real('unixsocket', 'unixsocket', path(), '', 'path of a Unix socket to listen on', FIXED),
  real('unixsocketperm', 'unixsocketPermissions', permissions(), '0', 'permissions of that socket', FIXED),
  real('tcp-backlog', 'tcpBacklog', count(), '511', 'connections that may wait to be accepted', FIXED),
  real('tcp-keepalive', 'tcpKeepaliveSeconds', count(), '300', 'seconds between probes of a silent connection'),
  real('timeout', 'timeoutSeconds', count(), '0', 'seconds after which an idle client is disconnected'),
  real('maxclients', 'maxclients', integer(1, UINT_MAX), '10000', 'connections at a time'),

  // Security
  real('requirepass', 'requirepass', text(), '', 'password that AUTH asks for', { secret: true }),
  real('enable-debug-command', 'enableDebugCommand', whom(), 'no', 'who may use DEBUG', FIXED),
  real('enable-protected-configs', 'enableProtectedConfigs', whom(), 'no', 'who may set protected options', FIXED),
  real('acllog-max-len', 'acllogMaxLen', longCount(), '128', 'entries that ACL LOG keeps'),

  // The process
  real('databases', 'databases', count(1), '16', 'how many numbers SELECT takes', FIXED),
  real('dir', 'dir', path(), './data', 'directory of the data; Redis: the working directory', FIXED),
  real('pidfile', 'pidfile', path(), '', 'file to write the process id to', FIXED),
  real('loglevel', 'loglevel', oneOf('debug', 'verbose', 'notice', 'warning'), 'notice',
    'least grave level that is logged'),
  real('logfile', 'logfile', path(), '', 'file to log to; empty: standard output', FIXED),
  real('hz', 'hz', integer(0, INT_MAX, { from: 1, to: 500 }), '10', 'rounds of background work a second'),
  real('active-expire-effort', 'activeExpireEffort', integer(1, 10), '1', 'how hard expired keys are looked for'),

  // The log
  real('appendonly', 'appendonly', boolean(), 'yes', 'whether writes are logged to disk; Redis: no'),
  real('appendfsync', 'appendfsync', oneOf('everysec', 'always', 'no'), 'everysec', 'when the log is made durable'),
  real('aof-segment-size', 'aofSegmentSizeBytes', memory(64 * KB, 1024n ** 3n), '256mb',
    'size of a segment of the log; not in Redis'),
  real('stop-writes-on-bgsave-error', 'stopWritesOnBgsaveError', boolean(), 'yes',
    'whether a failed background save stops writes'),

  // Tables
  real('table-compression', 'tableCompression', oneOf('no', 'snappy'), 'no',
    'how blocks of tables are compressed; not in Redis'),
  real('block-cache-size', 'blockCacheSizeBytes', memory(MB, LONG_MAX), '32mb',
    'memory for blocks of tables; not in Redis'),
  real('compaction-rate-limit', 'compactionRateLimitBytes', memory(0, LONG_MAX), '0',
    'bytes a second that compactions read and write, 0: no limit; not in Redis'),

  // Memory
  real('maxmemory', 'maxmemoryBytes', memory(0, ULONG_MAX), halfOfMemory,
    'memory for data; 0: no limit, the default of Redis'),
  real('maxmemory-policy', 'maxmemoryPolicy', oneOf(
    'volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl',
    'allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'noeviction',
  ), 'noeviction', 'which keys go when memory is full'),
  real('maxmemory-samples', 'maxmemorySamples', count(1), '5', 'keys compared for each that is evicted'),
  real('lfu-log-factor', 'lfuLogFactor', count(), '10', 'how slowly a frequency counter fills'),
  real('lfu-decay-time', 'lfuDecayTimeMinutes', count(), '1', 'minutes after which a frequency counter falls'),
  real('lazyfree-lazy-eviction', 'lazyfreeLazyEviction', boolean(), 'no', 'free evicted values in the background'),
  real('lazyfree-lazy-expire', 'lazyfreeLazyExpire', boolean(), 'no', 'free expired values in the background'),
  real('lazyfree-lazy-server-del', 'lazyfreeLazyServerDel', boolean(), 'no',
    'free overwritten values in the background'),
  real('lazyfree-lazy-user-del', 'lazyfreeLazyUserDel', boolean(), 'no', 'DEL works as UNLINK does'),
  real('lazyfree-lazy-user-flush', 'lazyfreeLazyUserFlush', boolean(), 'no', 'FLUSHALL and FLUSHDB work as with ASYNC'),

  // Clients
  real('client-output-buffer-limit', 'clientOutputBufferLimits', lists.outputBufferLimits(),
    'normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60', 'output that a client may leave waiting'),
  real('client-query-buffer-limit', 'clientQueryBufferLimitBytes', memory(MB, LONG_MAX), '1gb',
    'size of what a client has sent and we have not run'),
  real('proto-max-bulk-len', 'protoMaxBulkLenBytes', memory(MB, LONG_MAX), '512mb', 'size of one argument or value'),
  real('tracking-table-max-keys', 'trackingTableMaxKeys', longCount(), '1000000',
    'keys remembered for CLIENT TRACKING'),
  real('busy-reply-threshold', 'busyReplyThresholdMs', longCount(), '5000',
    'milliseconds after which a script is called busy', { aliases: ['lua-time-limit'] }),

  // Watching
  real('slowlog-log-slower-than', 'slowlogLogSlowerThanUs', longCount(-1), '10000',
    'microseconds from which a command is slow'),
  real('slowlog-max-len', 'slowlogMaxLen', longCount(), '128', 'entries that SLOWLOG keeps'),
  real('latency-monitor-threshold', 'latencyMonitorThresholdMs', longCount(), '0',
    'milliseconds from which LATENCY records an event'),
  real('latency-tracking', 'latencyTracking', boolean(), 'yes', 'whether the latency of each command is measured'),
  real('latency-tracking-info-percentiles', 'latencyTrackingInfoPercentiles', lists.percentiles(), '50 99 99.9',
    'percentiles that INFO shows'),
  real('notify-keyspace-events', 'notifyKeyspaceEvents', keyspaceEvents(), '',
    'changes that are published to subscribers'),

  // Up to which size a collection is kept packed
  real('hash-max-listpack-entries', 'hashMaxListpackEntries', longCount(), '512',
    'fields of a packed hash', { aliases: ['hash-max-ziplist-entries'] }),
  real('hash-max-listpack-value', 'hashMaxListpackValueBytes', memory(0, LONG_MAX), '64',
    'longest field or value of a packed hash', { aliases: ['hash-max-ziplist-value'] }),
  real('list-max-listpack-size', 'listMaxListpackSize', integer(-INT_MAX - 1, INT_MAX), '-2',
    'size of a chunk of a list', { aliases: ['list-max-ziplist-size'] }),
  real('list-compress-depth', 'listCompressDepth', count(), '0', 'chunks at the ends of a list that stay uncompressed'),
  real('set-max-intset-entries', 'setMaxIntsetEntries', longCount(), '512', 'members of a packed set of integers'),
  real('zset-max-listpack-entries', 'zsetMaxListpackEntries', longCount(), '128',
    'members of a packed sorted set', { aliases: ['zset-max-ziplist-entries'] }),
  real('zset-max-listpack-value', 'zsetMaxListpackValueBytes', memory(0, LONG_MAX), '64',
    'longest member of a packed sorted set', { aliases: ['zset-max-ziplist-value'] }),
  real('hll-sparse-max-bytes', 'hllSparseMaxBytes', memory(0, LONG_MAX), '3000', 'size of a sparse HyperLogLog'),
  real('stream-node-max-bytes', 'streamNodeMaxBytes', memory(0, LONG_MAX), '4096', 'size of a node of a stream'),
  real('stream-node-max-entries', 'streamNodeMaxEntries', longCount(), '100', 'entries of a node of a stream'),
];

/** Every option, in the order of CONFIG GET's answers. */
export const OPTIONS: readonly Option[] = [...REAL_OPTIONS, ...RING_OPTIONS, ...INERT_OPTIONS];

/** Lines that Redis 7.0 still reads and ignores, for old files; CONFIG knows nothing of them. */
export const IGNORED_DIRECTIVES: ReadonlySet<string> = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
]);

const BY_NAME: ReadonlyMap<string, Option> = new Map(
  OPTIONS.flatMap((option) => [option.name, ...option.aliases].map((name) => [name, option] as const)),
);

/** Every name and alias. */
export const OPTION_NAMES: readonly string[] = [...BY_NAME.keys()];

/** The option of that name or alias, letter case apart. */
export function findOption(name: string): Option | undefined {
  return BY_NAME.get(name.toLowerCase());
}
