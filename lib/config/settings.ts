/**
 * What the server reads of its configuration: plain fields, cheap enough for the hot path. Config fills them
 * from the table of options (options.ts), where their meaning and defaults stand, and keeps them up to date;
 * what stands here is only the empty value of each type. 0 turns a limit off, unless a comment says more.
 */

import type { ConflictRule } from './key-patterns-option.js';
import type { OutputBufferLimits } from './list-option.js';

const NO_LIMIT = { hardBytes: 0, softBytes: 0, softSeconds: 0 } as const;

export class Settings {
  // Network
  readonly port: number = 0;
  /** Addresses; `*` is all of them; a leading `-` allows that the machine has none such. */
  readonly bind: readonly string[] = [];
  readonly protectedMode: boolean = false;
  /** Empty: none. */
  readonly unixsocket: string = '';
  /** 0: what the umask leaves. */
  readonly unixsocketPermissions: number = 0;
  readonly tcpBacklog: number = 0;
  readonly tcpKeepaliveSeconds: number = 0;
  readonly timeoutSeconds: number = 0;
  readonly maxclients: number = 0;

  // Security
  /** Byte text (byte-text.ts), as a client sends it; empty: none is asked for. */
  readonly requirepass: string = '';
  readonly enableDebugCommand: LocalOrAll = 'no';
  readonly enableProtectedConfigs: LocalOrAll = 'no';
  readonly acllogMaxLen: number = 0;

  // The process
  readonly databases: number = 0;
  readonly dir: string = '';
  /** Empty: none is written. */
  readonly pidfile: string = '';
  readonly loglevel: 'debug' | 'verbose' | 'notice' | 'warning' = 'notice';
  /** Empty: standard output. */
  readonly logfile: string = '';
  readonly hz: number = 0;
  readonly activeExpireEffort: number = 0;

  // The ring
  readonly clusterEnabled: boolean = false;
  /** `host:port` or `host:port@bus-port` words, parted by commas. */
  readonly clusterSeeds: string = '';
  readonly clusterSecret: string = '';
  /** Of these, 0 and empty: what is not announced otherwise. */
  readonly clusterPort: number = 0;
  readonly clusterAnnounceIp: string = '';
  readonly clusterAnnouncePort: number = 0;
  readonly clusterAnnounceTlsPort: number = 0;
  readonly clusterAnnounceBusPort: number = 0;
  readonly clusterZone: string = '';
  readonly clusterReplicas: number = 0;
  readonly clusterTokens: number = 0;
  readonly clusterReplaces: string = '';
  readonly transferRateBytes: number = 0;
  readonly joinTimeoutSeconds: number = 0;
  readonly clusterNodeTimeoutMs: number = 0;
  readonly clusterRedirects: boolean = false;
  readonly readConsistency: 'one' | 'quorum' | 'all' = 'quorum';
  readonly writeConsistency: 'any' | 'one' | 'quorum' | 'all' = 'quorum';
  readonly writeTimeoutMs: number = 0;
  readonly decidedScripts: 'yes' | 'untagged' | 'no' = 'untagged';
  readonly sloppyQuorum: boolean = false;
  readonly hintSizeMaxBytes: number = 0;
  readonly hintWindowSeconds: number = 0;
  readonly awayMaxSeconds: number = 0;
  readonly repairIntervalSeconds: number = 0;
  readonly repairRateBytes: number = 0;
  readonly repairDeletes: boolean = true;
  readonly maxClockDriftMs: number = 0;

  /** Patterns of keys; byte text. */
  readonly counters: readonly string[] = [];
  readonly conflicts: readonly ConflictRule[] = [];
  readonly siblingsMax: number = 0;

  // TLS
  readonly tlsPort: number = 0;
  readonly tlsCluster: boolean = false;
  readonly tlsCertFile: string = '';
  readonly tlsKeyFile: string = '';
  /** Byte text; empty: the key is not encrypted. */
  readonly tlsKeyFilePass: string = '';
  readonly tlsCaCertFile: string = '';
  readonly tlsAuthClients: 'no' | 'yes' | 'optional' = 'yes';

  // The log
  readonly appendonly: boolean = false;
  readonly appendfsync: 'everysec' | 'always' | 'no' = 'no';
  readonly aofSegmentSizeBytes: number = 0;
  readonly stopWritesOnBgsaveError: boolean = false;

  // Tables
  readonly tableCompression: 'no' | 'snappy' = 'no';
  readonly blockCacheSizeBytes: number = 0;
  readonly compactionRateLimitBytes: number = 0;

  // Memory
  readonly maxmemoryBytes: number = 0;
  readonly maxmemoryPolicy: MaxmemoryPolicy = 'noeviction';
  readonly maxmemorySamples: number = 0;
  readonly lfuLogFactor: number = 0;
  readonly lfuDecayTimeMinutes: number = 0;
  readonly lazyfreeLazyEviction: boolean = false;
  readonly lazyfreeLazyExpire: boolean = false;
  readonly lazyfreeLazyServerDel: boolean = false;
  readonly lazyfreeLazyUserDel: boolean = false;
  readonly lazyfreeLazyUserFlush: boolean = false;

  // Clients
  readonly clientOutputBufferLimits: OutputBufferLimits = { normal: NO_LIMIT, replica: NO_LIMIT, pubsub: NO_LIMIT };
  readonly clientQueryBufferLimitBytes: number = 0;
  readonly protoMaxBulkLenBytes: number = 0;
  readonly trackingTableMaxKeys: number = 0;
  readonly busyReplyThresholdMs: number = 0;

  // Watching
  /** Negative: nothing is logged; 0: everything. */
  readonly slowlogLogSlowerThanUs: number = 0;
  readonly slowlogMaxLen: number = 0;
  readonly latencyMonitorThresholdMs: number = 0;
  readonly latencyTracking: boolean = false;
  readonly latencyTrackingInfoPercentiles: readonly number[] = [];
  /** Bits of KEYSPACE_EVENT. */
  readonly notifyKeyspaceEvents: number = 0;

  // Up to which size a collection is kept packed
  readonly hashMaxListpackEntries: number = 0;
  readonly hashMaxListpackValueBytes: number = 0;
  /** Positive: entries a chunk; -1 to -5: 4, 8, 16, 32 or 64 KiB a chunk. */
  readonly listMaxListpackSize: number = 0;
  readonly listCompressDepth: number = 0;
  readonly setMaxIntsetEntries: number = 0;
  readonly zsetMaxListpackEntries: number = 0;
  readonly zsetMaxListpackValueBytes: number = 0;
  readonly hllSparseMaxBytes: number = 0;
  readonly streamNodeMaxBytes: number = 0;
  readonly streamNodeMaxEntries: number = 0;
}

/** Whether something is allowed to nobody, to everybody, or to connections from this machine. */
export type LocalOrAll = 'no' | 'yes' | 'local';

export type MaxmemoryPolicy =
  | 'volatile-lru'
  | 'volatile-lfu'
  | 'volatile-random'
  | 'volatile-ttl'
  | 'allkeys-lru'
  | 'allkeys-lfu'
  | 'allkeys-random'
  | 'noeviction';
