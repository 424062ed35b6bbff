import { expect } from 'chai';
import fc from 'fast-check';

import type { Option } from '../../lib/config/option-row.js';
import { findOption, OPTION_NAMES, OPTIONS } from '../../lib/config/options.js';
import { parseValue } from '../../lib/config/option.js';
import { Settings } from '../../lib/config/settings.js';

/** Every name that redis-server 7.0.15 gives to CONFIG GET *. */
const REDIS_NAMES = `
  acl-pubsub-default aclfile acllog-max-len active-defrag-cycle-max active-defrag-cycle-min active-defrag-ignore-bytes
  active-defrag-max-scan-fields active-defrag-threshold-lower active-defrag-threshold-upper active-expire-effort
  activedefrag activerehashing always-show-logo aof-disable-auto-gc aof-load-truncated aof-rewrite-incremental-fsync
  aof-timestamp-enabled aof-use-rdb-preamble aof_rewrite_cpulist appenddirname appendfilename appendfsync appendonly
  auto-aof-rewrite-min-size auto-aof-rewrite-percentage bgsave_cpulist bind bind-source-addr bio_cpulist
  busy-reply-threshold client-output-buffer-limit client-query-buffer-limit cluster-allow-pubsubshard-when-down
  cluster-allow-reads-when-down cluster-allow-replica-migration cluster-announce-bus-port cluster-announce-hostname
  cluster-announce-ip cluster-announce-port cluster-announce-tls-port cluster-config-file cluster-enabled
  cluster-link-sendbuf-limit cluster-migration-barrier cluster-node-timeout cluster-port
  cluster-preferred-endpoint-type cluster-replica-no-failover cluster-replica-validity-factor
  cluster-require-full-coverage cluster-slave-no-failover cluster-slave-validity-factor crash-log-enabled
  crash-memcheck-enabled daemonize databases dbfilename dir disable-thp dynamic-hz enable-debug-command
  enable-module-command enable-protected-configs hash-max-listpack-entries hash-max-listpack-value
  hash-max-ziplist-entries hash-max-ziplist-value hll-sparse-max-bytes hz ignore-warnings io-threads
  io-threads-do-reads jemalloc-bg-thread latency-monitor-threshold latency-tracking latency-tracking-info-percentiles
  lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del lazyfree-lazy-user-flush
  lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size list-max-ziplist-size logfile loglevel
  lua-time-limit masterauth masteruser maxclients maxmemory maxmemory-clients maxmemory-eviction-tenacity
  maxmemory-policy maxmemory-samples min-replicas-max-lag min-replicas-to-write min-slaves-max-lag min-slaves-to-write
  no-appendfsync-on-rewrite notify-keyspace-events oom-score-adj oom-score-adj-values pidfile port proc-title-template
  propagation-error-behavior protected-mode proto-max-bulk-len rdb-del-sync-files rdb-save-incremental-fsync
  rdbchecksum rdbcompression repl-backlog-size repl-backlog-ttl repl-disable-tcp-nodelay repl-diskless-load
  repl-diskless-sync repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-ping-replica-period
  repl-ping-slave-period repl-timeout replica-announce-ip replica-announce-port replica-announced
  replica-ignore-disk-write-errors replica-ignore-maxmemory replica-lazy-flush replica-priority replica-read-only
  replica-serve-stale-data replicaof requirepass sanitize-dump-payload save server_cpulist set-max-intset-entries
  set-proc-title shutdown-on-sigint shutdown-on-sigterm shutdown-timeout slave-announce-ip slave-announce-port
  slave-ignore-maxmemory slave-lazy-flush slave-priority slave-read-only slave-serve-stale-data slaveof
  slowlog-log-slower-than slowlog-max-len socket-mark-id stop-writes-on-bgsave-error stream-node-max-bytes
  stream-node-max-entries supervised syslog-enabled syslog-facility syslog-ident tcp-backlog tcp-keepalive timeout
  tls-auth-clients tls-ca-cert-dir tls-ca-cert-file tls-cert-file tls-ciphers tls-ciphersuites tls-client-cert-file
  tls-client-key-file tls-client-key-file-pass tls-cluster tls-dh-params-file tls-key-file tls-key-file-pass tls-port
  tls-prefer-server-ciphers tls-protocols tls-replication tls-session-cache-size tls-session-cache-timeout
  tls-session-caching tracking-table-max-keys unixsocket unixsocketperm zset-max-listpack-entries
  zset-max-listpack-value zset-max-ziplist-entries zset-max-ziplist-value
`;

/** What it hides from patterns. */
const REDIS_HIDDEN_NAMES = `
  key-load-delay loading-process-events-interval-bytes lua-enable-deprecated-api rdb-key-save-delay use-exit-on-panic
  watchdog-period
`;

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function initialText(option: Option): string {
  return typeof option.initial === 'string' ? option.initial : option.initial({ totalMemoryBytes: 2 ** 34 });
}

describe('OPTIONS', () => {
  it('knows every option of Redis 7.0, by every name', () => {
    const unknown = words(REDIS_NAMES + REDIS_HIDDEN_NAMES).filter((name) => findOption(name) === undefined);
    expect(unknown).deep.equal([]);
    expect(words(REDIS_NAMES)).lengthOf(192);
  });

  it('has no name of its own but where ringkv has an option of its own', () => {
    const redis = new Set(words(REDIS_NAMES + REDIS_HIDDEN_NAMES));
    expect(OPTION_NAMES.filter((name) => !redis.has(name))).deep.equal([
      'aof-segment-size',
      'table-compression',
      'block-cache-size',
      'compaction-rate-limit',
      'cluster',
      'cluster-seeds',
      'seeds',
      'cluster-secret',
      'cluster-zone',
      'zone',
      'cluster-replicas',
      'cluster-tokens',
      'cluster-replaces',
      'replaces',
      'transfer-rate',
      'join-timeout',
      'cluster-redirects',
      'read-consistency',
      'write-consistency',
      'write-timeout',
      'decided-scripts',
      'sloppy-quorum',
      'hint-size-max',
      'hint-window',
      'away-max',
      'repair-interval',
      'repair-rate',
      'repair-deletes',
      'max-clock-drift',
      'conflicts',
      'siblings-max',
      'counters',
    ]);
  });

  it('hides what Redis hides', () => {
    const hidden = OPTIONS.filter((option) => option.hidden).map((option) => option.name);
    expect(hidden.sort()).deep.equal(words(REDIS_HIDDEN_NAMES).sort());
  });

  it('gives no name twice', () => {
    const names = OPTIONS.flatMap((option) => [option.name, ...option.aliases]);
    expect(new Set(names).size).equal(names.length);
  });

  it('gives every field of Settings to one option', () => {
    const settings = new Settings();
    const fields = Object.keys(settings);
    const marks = OPTIONS.filter((option) => !option.inert).map((option) => {
      const probe = new Settings();
      const mark = Symbol(option.name);
      option.store(probe, mark);
      const stored = Object.entries(probe).filter(([, value]) => value === mark);
      expect(stored, option.name).lengthOf(1);
      return stored[0][0];
    });
    expect(marks.sort()).deep.equal(fields.sort());
  });

  it('reads every default, every canonical text and every file line to the same value', () => {
    for (const option of OPTIONS) {
      const parsed = parseValue(option.kind, [initialText(option)], undefined);
      if (typeof parsed === 'string') throw new Error(`${option.name}: ${parsed}`);
      expect(parseValue(option.kind, [parsed.text], undefined), option.name).deep.equal(parsed);
      const lines = option.kind.lines(parsed);
      expect(parseValue(option.kind, lines.flat(), undefined), option.name).deep.equal(parsed);
    }
  });

  it('reads whatever a canonical text it makes of odd values to the same value', () => {
    const number = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String);
    const piece = fc.constantFrom(
      'yes',
      'NO',
      '0',
      '1',
      '64kb',
      '5%',
      'normal 1k 2 3',
      '900 1',
      'KEA',
      'a',
      ' ',
      'x y',
    );
    const value = fc.oneof(
      number,
      fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...OPTIONS), value, (option, given) => {
        const parsed = parseValue(option.kind, [given], undefined);
        if (typeof parsed === 'string') return;
        expect(parseValue(option.kind, [parsed.text], undefined)).deep.equal(parsed);
        expect(parseValue(option.kind, option.kind.lines(parsed).flat(), undefined)).deep.equal(parsed);
      }),
      { numRuns: 3000 },
    );
  });

  it('says of every option what it does or why it does nothing, in one line', () => {
    for (const option of OPTIONS) expect(option.doc, option.name).match(/^[^\n]{5,}$/);
  });

  it('marks passwords as secret', () => {
    const secret = OPTIONS.filter((option) => option.secret).map((option) => option.name);
    expect(secret.sort()).deep.equal([
      'cluster-secret',
      'masterauth',
      'requirepass',
      'tls-client-key-file-pass',
      'tls-key-file-pass',
    ]);
  });
});

describe('findOption', () => {
  it('minds neither case nor age of a name', () => {
    expect(findOption('SLAVE-Priority')).equal(findOption('replica-priority'));
    expect(findOption('lua-time-limit')?.name).equal('busy-reply-threshold');
    expect(findOption('constructor')).equal(undefined);
    expect(findOption('__proto__')).equal(undefined);
  });
});
