import type { Config } from '../config/config.js';
import type { AccessPolicy } from '../data/access.js';
import type { ActiveExpiry } from '../data/active-expiry.js';
import type { Keyspace } from '../data/keyspace.js';
import type { RequestLimits } from '../protocol/request-limits.js';
import type { Store } from '../storage/engine/store.js';
import type { Clients } from './clients.js';
import type { Executor } from './executor.js';
import type { KeyspaceNotifier } from './keyspace-notifier.js';
import type { Log } from './log.js';
import type { Persistence } from './persistence.js';
import type { RecentSlowCommands } from './slow-log.js';

/** What options act on. */
export interface LiveSettingsParts {
  readonly config: Config;
  readonly executor: Executor;
  readonly expiry: ActiveExpiry;
  readonly slowLog: RecentSlowCommands;
  readonly access: AccessPolicy;
  readonly limits: RequestLimits;
  readonly store: Store;
  readonly notifier: KeyspaceNotifier;
  readonly keyspace: Keyspace;
  readonly log: Log;
  readonly registry: Clients;
  readonly persistence: Persistence;
  readonly isInRing: boolean;
  /** Reads certificates again; answers what is wrong with them. */
  readonly renewTls: () => string | undefined;
}

/** Brings what depends on options into force, now and whenever they change. */
export function followSettings(parts: LiveSettingsParts): void {
  const { config } = parts;
  applyNowAndLater(parts);
  for (const name of ['tls-cert-file', 'tls-key-file', 'tls-key-file-pass', 'tls-ca-cert-file']) {
    config.onChange(name, parts.renewTls);
  }
  config.onChange('requirepass', () => {
    // Without a password nobody has to show one, whoever is connected already included.
    if (config.requirepass === '') for (const connection of parts.registry.all()) connection.authenticated = true;
    return undefined;
  });
  config.onChange('appendonly', () => {
    if (parts.isInRing && !config.appendonly) return 'a node of a ring needs its log';
    parts.persistence.setEnabled(config.appendonly);
    return undefined;
  });
}

function applyNowAndLater(parts: LiveSettingsParts): void {
  const { config, executor, access, limits, keyspace } = parts;
  const follow = (names: readonly string[], apply: () => void): void => {
    apply();
    for (const name of names) {
      config.onChange(name, () => {
        apply();
        return undefined;
      });
    }
  };
  follow(['slowlog-log-slower-than', 'latency-monitor-threshold'], () => {
    const slow = config.slowlogLogSlowerThanUs < 0 ? Infinity : config.slowlogLogSlowerThanUs;
    const late = config.latencyMonitorThresholdMs === 0 ? Infinity : config.latencyMonitorThresholdMs * 1000;
    executor.times.slowUs = Math.min(slow, late);
  });
  follow(['active-expire-effort'], () => {
    parts.expiry.effort = config.activeExpireEffort;
  });
  follow(['latency-tracking'], () => {
    executor.times.tracksLatency = config.latencyTracking;
  });
  follow(['slowlog-max-len'], () => {
    parts.slowLog.trim(config.slowlogMaxLen);
  });
  follow(['maxmemory-policy', 'lfu-log-factor', 'lfu-decay-time'], () => {
    access.usesFrequency = config.maxmemoryPolicy.endsWith('lfu');
    access.logFactor = config.lfuLogFactor;
    access.decayMinutes = config.lfuDecayTimeMinutes;
  });
  follow(['proto-max-bulk-len', 'client-query-buffer-limit'], () => {
    limits.protoMaxBulkLength = config.protoMaxBulkLenBytes;
    limits.clientQueryBufferLimit = config.clientQueryBufferLimitBytes;
  });
  follow(['block-cache-size', 'compaction-rate-limit', 'maxmemory'], () => {
    parts.store.applySettings();
  });
  follow(['notify-keyspace-events'], () => {
    parts.notifier.configure(config.notifyKeyspaceEvents);
  });
  follow(['counters', 'conflicts', 'siblings-max'], () => {
    keyspace.declared.declare(config.counters, config.conflicts);
    keyspace.siblings.siblingsMax = config.siblingsMax;
  });
  follow(['loglevel'], () => {
    parts.log.level = config.loglevel;
  });
}
