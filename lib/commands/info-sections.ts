/**
 * The sections of INFO, each a list of fields. Names are Redis's where a figure means what it means there; the sections `Loop`, `Storage` and `Ring` and
 * the fields that begin with `ringkv_` are ringkv's own. What only Redis's way of working has (forks, jemalloc, Lua) is left out, but for
 * fields that are asked for by many tools.
 */

import { lruClock } from '../data/lfu.js';
import { ratio } from '../base/ratio.js';
import type { Call } from './call.js';
import { clientBytes } from './client-bytes.js';
import { humanBytes } from './human-bytes.js';
import { ring } from './info-ring.js';
import { storage } from './info-storage.js';
import type { CommandUse } from './ports.js';
import { REDIS_VERSION } from './redis-version.js';

export type InfoField = readonly [name: string, value: string | number];

export interface InfoSection {
  readonly title: string;
  /** Whether INFO without arguments shows it. */
  readonly isDefault: boolean;
  fields(call: Call): InfoField[];
}

const NO_REPLICATION_ID = '0'.repeat(40);
const SECONDS_A_DAY = 24 * 60 * 60;

function server({ server }: Call): InfoField[] {
  const { config } = server;
  const process = server.processFigures();
  const nowMs = server.wallMs();
  const uptimeSeconds = Math.max(0, Math.floor((nowMs - server.figures.startedMs) / 1000));
  return [
    ['redis_version', REDIS_VERSION],
    ['redis_mode', config.clusterEnabled ? 'cluster' : 'standalone'],
    ['server_name', 'ringkv'],
    ['ringkv_version', server.version],
    ['os', process.osName],
    ['arch_bits', process.architectureBits],
    ['process_id', process.processId],
    ['run_id', server.runId],
    ['tcp_port', server.port || server.tlsPort],
    ['server_time_usec', server.wallUs()],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / SECONDS_A_DAY)],
    ['hz', config.hz],
    ['configured_hz', config.hz],
    ['lru_clock', lruClock(nowMs)],
    ['config_file', server.configFile],
    ...listeners(server),
  ];
}

/** Numbered by kind, as in Redis. */
function listeners({ config, port, tlsPort }: Call['server']): InfoField[] {
  const hosts = config.bind.map((host) => `bind=${host},`).join('');
  const fields: InfoField[] = [];
  if (port !== 0) fields.push(['listener0', `name=tcp,${hosts}port=${port}`]);
  if (config.unixsocket !== '') fields.push(['listener1', `name=unix,bind=${config.unixsocket}`]);
  if (tlsPort !== 0) fields.push(['listener2', `name=tls,${hosts}port=${tlsPort}`]);
  return fields;
}

function clients({ server }: Call): InfoField[] {
  let connected = 0;
  let blocked = 0;
  let watching = 0;
  let inputMax = 0;
  let outputMax = 0;
  for (const client of server.clients()) {
    connected++;
    if (client.isBlocked) blocked++;
    if (client.watchedCount > 0) watching++;
    inputMax = Math.max(inputMax, client.inputBytes);
    outputMax = Math.max(outputMax, client.outputBytes);
  }
  return [
    ['connected_clients', connected],
    ['cluster_connections', 0],
    ['maxclients', server.config.maxclients],
    ['client_recent_max_input_buffer', inputMax],
    ['client_recent_max_output_buffer', outputMax],
    ['blocked_clients', blocked],
    ['tracking_clients', 0],
    ['watching_clients', watching],
    ['total_watched_keys', server.figures.watchedKeys],
  ];
}

function memory({ server, keyspace }: Call): InfoField[] {
  const { config, scripts, usedMemoryBytes: used, peakMemoryBytes: peak } = server;
  const process = server.processFigures();
  const dataset = keyspace.usedBytes - keyspace.indexBytes;
  const overhead = used - dataset;
  return [
    ...bytesTwice('used_memory', used),
    ...bytesTwice('used_memory_rss', process.residentBytes),
    ...bytesTwice('used_memory_peak', peak),
    ['used_memory_peak_perc', percent(used, peak)],
    ['used_memory_overhead', overhead],
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', percent(dataset, used)],
    ['used_memory_heap', process.heapBytes],
    ['used_memory_index', keyspace.indexBytes],
    ...bytesTwice('total_system_memory', process.systemMemoryBytes),
    ['used_memory_lua', scripts.memoryBytes],
    ['used_memory_vm_eval', scripts.memoryBytes],
    ['used_memory_lua_human', humanBytes(scripts.memoryBytes)],
    ['used_memory_scripts_eval', scripts.sourceBytes],
    ['number_of_cached_scripts', scripts.cachedCount],
    ['number_of_functions', 0],
    ['used_memory_vm_functions', 0],
    ['used_memory_vm_total', scripts.memoryBytes],
    ...bytesTwice('used_memory_scripts', scripts.sourceBytes),
    ...bytesTwice('maxmemory', config.maxmemoryBytes),
    ['maxmemory_policy', config.maxmemoryPolicy],
    ['mem_fragmentation_ratio', ratio(process.residentBytes, used).toFixed(2)],
    ['mem_fragmentation_bytes', process.residentBytes - used],
    ['mem_clients_normal', clientBytes(server.clients())],
    ['mem_allocator', 'slab'],
    ['lazyfree_pending_objects', 0],
  ];
}

function persistence({ server, keyspace }: Call): InfoField[] {
  const { durability, config } = server;
  const rewriting = durability.isSaving ? 1 : 0;
  const lastRewrite = durability.lastSaveOk ? 'ok' : 'err';
  const fields: InfoField[] = [
    ['loading', 0],
    ['async_loading', 0],
    ['rdb_changes_since_last_save', keyspace.changeCount - durability.savedChangeCount],
    ['rdb_bgsave_in_progress', rewriting],
    ['rdb_last_save_time', Math.floor(durability.lastSaveMs / 1000)],
    ['rdb_last_bgsave_status', lastRewrite],
    ['rdb_last_bgsave_time_sec', durability.lastSaveSeconds],
    ['rdb_current_bgsave_time_sec', -1],
    ['aof_enabled', config.appendonly ? 1 : 0],
    ['aof_rewrite_in_progress', rewriting],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', durability.lastSaveSeconds],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', lastRewrite],
    ['aof_last_write_status', durability.failure === undefined ? 'ok' : 'err'],
  ];
  if (config.appendonly) {
    fields.push(['aof_current_size', durability.logBytes], ['aof_base_size', 0]);
  }
  return fields;
}

function stats({ server, keyspace }: Call): InfoField[] {
  const { figures, pubsub } = server;
  return [
    ['total_connections_received', figures.connectionsReceived],
    ['total_commands_processed', figures.commandsProcessed],
    ['instantaneous_ops_per_sec', figures.opsPerSecond],
    ['total_net_input_bytes', figures.inputBytes],
    ['total_net_output_bytes', figures.outputBytes],
    ['instantaneous_input_kbps', (figures.inputBytesPerSecond / 1024).toFixed(2)],
    ['instantaneous_output_kbps', (figures.outputBytesPerSecond / 1024).toFixed(2)],
    ['rejected_connections', figures.connectionsRejected],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', keyspace.expiredCount],
    ['evicted_keys', keyspace.evictedCount],
    ['evicted_clients', 0],
    ['keyspace_hits', keyspace.hits],
    ['keyspace_misses', keyspace.misses],
    ['pubsub_channels', pubsub.count('channel')],
    ['pubsub_patterns', pubsub.count('pattern')],
    ['pubsubshard_channels', pubsub.count('shard')],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['tracking_total_keys', 0],
    ['total_error_replies', sum(figures.errors.values())],
  ];
}

function replication({ server }: Call): InfoField[] {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', server.runId],
    ['master_replid2', NO_REPLICATION_ID],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 0],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}

function cpu({ server }: Call): InfoField[] {
  const process = server.processFigures();
  return [
    ['used_cpu_sys', process.systemCpuSeconds.toFixed(6)],
    ['used_cpu_user', process.userCpuSeconds.toFixed(6)],
    ['used_cpu_sys_children', (0).toFixed(6)],
    ['used_cpu_user_children', (0).toFixed(6)],
    ['used_cpu_sys_main_thread', process.mainThreadSystemCpuSeconds.toFixed(6)],
    ['used_cpu_user_main_thread', process.mainThreadUserCpuSeconds.toFixed(6)],
  ];
}

/** What long turns cost everybody: as little as possible is the aim, so that it is measured always. */
function loop({ server }: Call): InfoField[] {
  const { turns, cpuOver10Ms, cpuOver20Ms, cpuMaxUs, wallMaxUs } = server.figures.loop;
  return [
    ['loop_turns', turns],
    ['loop_cpu_over_10ms', cpuOver10Ms],
    ['loop_cpu_over_20ms', cpuOver20Ms],
    ['loop_cpu_max_us', Math.round(cpuMaxUs)],
    ['loop_wall_max_us', Math.round(wallMaxUs)],
  ];
}

function commandstats({ server }: Call): InfoField[] {
  return usedCommands(server.commandUses()).map((use) => {
    const figures = [
      `calls=${use.calls}`,
      `usec=${Math.round(use.totalUs)}`,
      `usec_per_call=${ratio(use.totalUs, use.calls).toFixed(2)}`,
      `rejected_calls=${use.rejectedCalls}`,
      `failed_calls=${use.failedCalls}`,
    ];
    return [`cmdstat_${use.name}`, figures.join(',')];
  });
}

function errorstats({ server }: Call): InfoField[] {
  return [...server.figures.errors].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

function latencystats({ server }: Call): InfoField[] {
  const { latencyTracking, latencyTrackingInfoPercentiles: percentiles } = server.config;
  const fields: InfoField[] = [];
  if (!latencyTracking) return fields;
  for (const { name, latency } of server.commandUses()) {
    if (latency === undefined || latency.count === 0) continue;
    const figures = percentiles.map((percent) => `p${percent}=${latency.percentileUs(percent).toFixed(3)}`);
    fields.push([`latency_percentiles_usec_${name}`, figures.join(',')]);
  }
  return fields;
}

function cluster({ server }: Call): InfoField[] {
  return [['cluster_enabled', server.config.clusterEnabled ? 1 : 0]];
}

function keyspace({ keyspace }: Call): InfoField[] {
  const fields: InfoField[] = [];
  for (let number = 0; number < keyspace.databaseCount; number++) {
    const { size, expiringCount } = keyspace.database(number);
    if (size > 0) fields.push([`db${number}`, `keys=${size},expires=${Math.max(0, expiringCount)},avg_ttl=0`]);
  }
  return fields;
}

function usedCommands(uses: Iterable<CommandUse>): CommandUse[] {
  return [...uses].filter((use) => use.calls > 0 || use.rejectedCalls > 0 || use.failedCalls > 0);
}

function bytesTwice(name: string, bytes: number): InfoField[] {
  return [
    [name, bytes],
    [`${name}_human`, humanBytes(bytes)],
  ];
}

function percent(part: number, whole: number): string {
  return `${(ratio(part, whole) * 100).toFixed(2)}%`;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** In the order in which INFO shows them. */
export const INFO_SECTIONS: readonly InfoSection[] = [
  { title: 'Server', isDefault: true, fields: server },
  { title: 'Clients', isDefault: true, fields: clients },
  { title: 'Memory', isDefault: true, fields: memory },
  { title: 'Persistence', isDefault: true, fields: persistence },
  { title: 'Storage', isDefault: true, fields: storage },
  { title: 'Stats', isDefault: true, fields: stats },
  { title: 'Replication', isDefault: true, fields: replication },
  { title: 'CPU', isDefault: true, fields: cpu },
  { title: 'Loop', isDefault: true, fields: loop },
  { title: 'Modules', isDefault: true, fields: () => [] },
  { title: 'Commandstats', isDefault: false, fields: commandstats },
  { title: 'Errorstats', isDefault: true, fields: errorstats },
  { title: 'Latencystats', isDefault: false, fields: latencystats },
  { title: 'Cluster', isDefault: true, fields: cluster },
  { title: 'Ring', isDefault: true, fields: ring },
  { title: 'Keyspace', isDefault: true, fields: keyspace },
];
