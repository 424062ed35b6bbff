import * as lists from './list-option.js';
import { boolean, count, INT_MAX, integer, LONG_MAX, longCount, memory } from './option.js';
import { memoryOrPercent, oneOf, text, UINT_MAX, ULONG_MAX, whom } from './option.js';
import type { Kind } from './option.js';
import { FIXED, inert } from './option-row.js';
import type { Extra, Option } from './option-row.js';

const HIDDEN: Extra = { hidden: true };

// Why they do nothing here.
const RDB = 'there are no RDB files';
const AOF_FORMAT = 'the append-only file has a format and a layout of its own';
const NO_REWRITE = 'the log is not rewritten, its segments become tables';
const REPLICATION = 'replicas are members of the ring, not followers of a master';
const BUS = "Redis Cluster's bus is not spoken, the ring has its own";
const TLS = 'TLS 1.2 and 1.3 are as Node has them';
const THREADS = 'one thread runs the commands, helpers are started as needed';
const DEFRAGMENTATION = "memory is managed in slabs, not by Redis's allocator";
const SUPERVISION = 'run ringkv under a supervisor such as systemd';
const SYSLOG = 'log lines go to standard output or the logfile';
const NO_USERS = 'users cannot be defined yet';
const MODULES = 'Redis modules cannot be loaded';
const DEBUGGING = "it steers the insides of Redis's own process";
const TITLE = 'the title of the process stays as it is';
const SHUTDOWN = 'shutting down always completes the log and waits for nobody';

/** What Redis 7.0 knows and ringkv accepts without doing anything. Kinds, bounds and defaults are Redis's. */
// prettier-ignore
export const INERT_OPTIONS: readonly Option[] = [
  // Snapshots
  inert('save', lists.savePoints(), '', RDB, { asIs: '' }),
  inert('dbfilename', fileName('dbfilename'), 'dump.rdb', RDB, { change: 'protected' }),
  inert('rdbcompression', boolean(), 'yes', RDB),
  inert('rdbchecksum', boolean(), 'yes', RDB, FIXED),
  inert('rdb-del-sync-files', boolean(), 'no', RDB, { asIs: 'no' }),
  inert('rdb-save-incremental-fsync', boolean(), 'yes', RDB),
  inert('rdb-key-save-delay', integer(-INT_MAX - 1, INT_MAX), '0', RDB, HIDDEN),
  inert('key-load-delay', integer(-INT_MAX - 1, INT_MAX), '0', RDB, HIDDEN),
  inert('sanitize-dump-payload', oneOf('no', 'yes', 'clients'), 'no', 'what RESTORE reads is always checked'),

  // Redis's append-only file
  inert('auto-aof-rewrite-percentage', count(), '100', NO_REWRITE),
  inert('auto-aof-rewrite-min-size', memory(0, LONG_MAX), '64mb', NO_REWRITE),
  inert('appendfilename', fileName('appendfilename'), 'appendonly.aof', AOF_FORMAT, FIXED),
  inert('appenddirname', fileName('appenddirname'), 'appendonlydir', AOF_FORMAT, FIXED),
  inert('aof-disable-auto-gc', boolean(), 'no', AOF_FORMAT, { asIs: 'no' }),
  inert('aof-load-truncated', boolean(), 'yes', 'a torn end of the log is always cut', { asIs: 'yes' }),
  inert('aof-rewrite-incremental-fsync', boolean(), 'yes', AOF_FORMAT),
  inert('aof-timestamp-enabled', boolean(), 'no', AOF_FORMAT, { asIs: 'no' }),
  inert('aof-use-rdb-preamble', boolean(), 'yes', AOF_FORMAT),
  inert('no-appendfsync-on-rewrite', boolean(), 'no', 'the log is synced whatever else is written', { asIs: 'no' }),

  // Master and replicas
  inert('replicaof', lists.hostAndPort(), '', REPLICATION, { ...FIXED, aliases: ['slaveof'], asIs: '' }),
  inert('masterauth', text(), '', REPLICATION, { secret: true, asIs: '' }),
  inert('masteruser', text(), '', REPLICATION, { asIs: '' }),
  inert('min-replicas-max-lag', count(), '10', REPLICATION, { aliases: ['min-slaves-max-lag'] }),
  inert('min-replicas-to-write', count(), '0', REPLICATION, { aliases: ['min-slaves-to-write'], asIs: '0' }),
  inert('propagation-error-behavior', oneOf('ignore', 'panic', 'panic-on-replicas'), 'ignore', REPLICATION),
  inert('repl-backlog-size', memory(1, LONG_MAX), '1mb', REPLICATION),
  inert('repl-backlog-ttl', longCount(), '3600', REPLICATION),
  inert('repl-disable-tcp-nodelay', boolean(), 'no', REPLICATION),
  inert('repl-diskless-load', oneOf('disabled', 'on-empty-db', 'swapdb'), 'disabled', REPLICATION),
  inert('repl-diskless-sync', boolean(), 'yes', REPLICATION),
  inert('repl-diskless-sync-delay', count(), '5', REPLICATION),
  inert('repl-diskless-sync-max-replicas', count(), '0', REPLICATION),
  inert('repl-ping-replica-period', count(1), '10', REPLICATION, { aliases: ['repl-ping-slave-period'] }),
  inert('repl-timeout', count(1), '60', REPLICATION),
  inert('replica-announce-ip', text(), '', REPLICATION, { aliases: ['slave-announce-ip'], asIs: '' }),
  inert('replica-announce-port', integer(0, 65535), '0', REPLICATION, { aliases: ['slave-announce-port'], asIs: '0' }),
  inert('replica-announced', boolean(), 'yes', REPLICATION),
  inert('replica-ignore-disk-write-errors', boolean(), 'no', REPLICATION),
  inert('replica-ignore-maxmemory', boolean(), 'yes', REPLICATION, { aliases: ['slave-ignore-maxmemory'] }),
  inert('replica-lazy-flush', boolean(), 'no', REPLICATION, { aliases: ['slave-lazy-flush'] }),
  inert('replica-priority', count(), '100', REPLICATION, { aliases: ['slave-priority'] }),
  inert('replica-read-only', boolean(), 'yes', REPLICATION, { aliases: ['slave-read-only'] }),
  inert('replica-serve-stale-data', boolean(), 'yes', REPLICATION, { aliases: ['slave-serve-stale-data'] }),

  // Redis Cluster
  inert('cluster-allow-pubsubshard-when-down', boolean(), 'yes', BUS),
  inert('cluster-allow-reads-when-down', boolean(), 'no', BUS),
  inert('cluster-allow-replica-migration', boolean(), 'yes', BUS),
  inert('cluster-announce-hostname', hostName(), '', BUS),
  inert('cluster-config-file', text(), 'nodes.conf', BUS, FIXED),
  inert('cluster-link-sendbuf-limit', memory(0, ULONG_MAX), '0', BUS),
  inert('cluster-migration-barrier', count(), '1', BUS),
  inert('cluster-preferred-endpoint-type', oneOf('ip', 'hostname', 'unknown-endpoint'), 'ip', BUS),
  inert('cluster-replica-no-failover', boolean(), 'no', BUS, { aliases: ['cluster-slave-no-failover'] }),
  inert('cluster-replica-validity-factor', count(), '10', BUS, { aliases: ['cluster-slave-validity-factor'] }),
  inert('cluster-require-full-coverage', boolean(), 'yes', BUS),

  // TLS
  inert('tls-ca-cert-dir', text(), '', TLS),
  inert('tls-ciphers', text(), '', TLS),
  inert('tls-ciphersuites', text(), '', TLS),
  inert('tls-client-cert-file', text(), '', TLS),
  inert('tls-client-key-file', text(), '', TLS),
  inert('tls-client-key-file-pass', text(), '', TLS, { secret: true }),
  inert('tls-dh-params-file', text(), '', TLS),
  inert('tls-prefer-server-ciphers', boolean(), 'no', TLS),
  inert('tls-protocols', text(), '', TLS),
  inert('tls-replication', boolean(), 'no', TLS, { asIs: 'no' }),
  inert('tls-session-cache-size', count(), '20480', TLS),
  inert('tls-session-cache-timeout', count(), '300', TLS),
  inert('tls-session-caching', boolean(), 'yes', TLS),

  // Access
  inert('aclfile', text(), '', NO_USERS, {
    ...FIXED, asIs: '',
    refusal: (file) => (file === '' ? undefined : `${NO_USERS}, and without them everyone could come in`),
  }),
  inert('acl-pubsub-default', oneOf('allchannels', 'resetchannels'), 'resetchannels', NO_USERS),
  inert('enable-module-command', whom(), 'no', MODULES, { ...FIXED, asIs: 'no' }),

  // Memory
  inert('maxmemory-clients', memoryOrPercent(), '0', 'clients are limited one by one', { asIs: '0' }),
  inert('maxmemory-eviction-tenacity', integer(0, 100), '10', 'eviction has its own share of time'),
  inert('activerehashing', boolean(), 'yes', 'tables grow in small steps', { asIs: 'yes' }),
  inert('activedefrag', boolean(), 'no', DEFRAGMENTATION, { asIs: 'no' }),
  inert('active-defrag-cycle-max', integer(1, 99), '25', DEFRAGMENTATION),
  inert('active-defrag-cycle-min', integer(1, 99), '1', DEFRAGMENTATION),
  inert('active-defrag-ignore-bytes', memory(1, LONG_MAX), '100mb', DEFRAGMENTATION),
  inert('active-defrag-max-scan-fields', longCount(1), '1000', DEFRAGMENTATION),
  inert('active-defrag-threshold-lower', integer(0, 1000), '10', DEFRAGMENTATION),
  inert('active-defrag-threshold-upper', integer(0, 1000), '100', DEFRAGMENTATION),
  inert('jemalloc-bg-thread', boolean(), 'yes', DEFRAGMENTATION),
  inert('disable-thp', boolean(), 'yes', 'huge pages are left to the operating system', FIXED),
  inert('oom-score-adj', oneOf('no', 'yes', 'relative', 'absolute'), 'no',
    'the score is left to the supervisor', { asIs: 'no' }),
  inert('oom-score-adj-values', lists.oomScores(), '0 200 800', 'the score is left to the supervisor'),

  // The process
  inert('daemonize', boolean(), 'no', SUPERVISION, { ...FIXED, asIs: 'no' }),
  inert('supervised', oneOf('upstart', 'systemd', 'auto', 'no'), 'no', SUPERVISION, { ...FIXED, asIs: 'no' }),
  inert('syslog-enabled', boolean(), 'no', SYSLOG, { ...FIXED, asIs: 'no' }),
  inert('syslog-facility', oneOf(
    'user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
  ), 'local0', SYSLOG, FIXED),
  inert('syslog-ident', text(), 'redis', SYSLOG, FIXED),
  inert('always-show-logo', boolean(), 'no', 'there is no logo', { ...FIXED, asIs: 'no' }),
  inert('set-proc-title', boolean(), 'yes', TITLE, FIXED),
  inert('proc-title-template', titleTemplate(), '{title} {listen-addr} {server-mode}', TITLE),
  inert('dynamic-hz', boolean(), 'yes', 'background work follows the load by itself', { asIs: 'yes' }),
  inert('io-threads', integer(1, 128), '1', THREADS, { ...FIXED, asIs: '1' }),
  inert('io-threads-do-reads', boolean(), 'no', THREADS, { ...FIXED, asIs: 'no' }),
  inert('server_cpulist', text(), '', THREADS, { ...FIXED, asIs: '' }),
  inert('bio_cpulist', text(), '', THREADS, { ...FIXED, asIs: '' }),
  inert('aof_rewrite_cpulist', text(), '', THREADS, { ...FIXED, asIs: '' }),
  inert('bgsave_cpulist', text(), '', THREADS, { ...FIXED, asIs: '' }),
  inert('bind-source-addr', text(), '', 'the system chooses the address of outgoing connections', { asIs: '' }),
  inert('socket-mark-id', integer(0, UINT_MAX), '0', 'sockets are not marked', { ...FIXED, asIs: '0' }),
  inert('shutdown-timeout', count(), '10', SHUTDOWN),
  inert('shutdown-on-sigint', lists.shutdownFlags(), 'default', SHUTDOWN, { asIs: 'default' }),
  inert('shutdown-on-sigterm', lists.shutdownFlags(), 'default', SHUTDOWN, { asIs: 'default' }),
  inert('ignore-warnings', text(), '', 'there are no such warnings', { asIs: '' }),
  inert('crash-log-enabled', boolean(), 'yes', DEBUGGING),
  inert('crash-memcheck-enabled', boolean(), 'yes', DEBUGGING),
  inert('watchdog-period', count(), '0', DEBUGGING, HIDDEN),
  inert('use-exit-on-panic', boolean(), 'no', DEBUGGING, HIDDEN),
  inert('loading-process-events-interval-bytes', integer(1024, INT_MAX), '2097152', DEBUGGING, HIDDEN),
  inert('lua-enable-deprecated-api', boolean(), 'no',
    'scripts get what Redis 7.0 gives them', { ...FIXED, hidden: true }),
];

function fileName(option: string): Kind<string> {
  return text('the name of a file, not a path', (name) => {
    if (name === '') return `${option} can't be empty`;
    return name.includes('/') ? `${option} can't be a path, just a filename` : undefined;
  });
}

function hostName(): Kind<string> {
  return text('a host name', (name) =>
    /^[A-Za-z0-9.-]*$/.test(name) ? undefined : 'Hostnames may only contain alphanumeric characters, hyphens or dots',
  );
}

function titleTemplate(): Kind<string> {
  const variables = /\{(title|listen-addr|server-mode|port|tls-port|unixsocket|config-file)\}/g;
  return text('a template of variables such as {title}', (template) =>
    template.trim() === '' || /[{}]/.test(template.replace(variables, ''))
      ? 'template format is invalid or contains unknown variables'
      : undefined,
  );
}
