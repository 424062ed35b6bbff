import type { Config } from '../config/config.js';
import { evictOne, spillSome } from '../data/eviction.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Clock } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { CommandEntry } from './command-table.js';
import type { Connection } from './connection.js';
import type { Guards } from './executor-ports.js';
import type { KeptEffects } from './kept-effects.js';
import type { LatencyEvents } from './latency-monitor.js';
import type { Memory } from './memory.js';
import type { MonitoredClient } from './monitor.js';
import { formatMonitorLine } from './monitor.js';
import type { Pause } from './pause.js';
import type { RecentSlowCommands, SlowLogClient } from './slow-log.js';

/** How long one command makes room, at most: a little; longer when much is missing, for large values take the place of small ones. */
const EVICTION_US = 100;
const EVICTION_LONG_US = 250;
const MUCH_BYTES = 1024 * 1024;
const EVICTIONS_PER_LOOK = 2;
/** Writes wait when so many times maxmemory is used: a little more than it, so that they are slowed down before they wait. */
const OVERSHOOT = 1.05;

const BUSY = 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.';

export interface GateOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly keyspace: Keyspace;
  readonly pause: Pause;
  readonly memory: Memory;
  readonly slowLog: RecentSlowCommands;
  readonly latency: LatencyEvents;
  readonly effects: KeptEffects;
  /** Resolves when data that was written has reached the tables; `undefined` if that will not happen: there is no log. */
  readonly whenFlushed: () => Promise<void> | undefined;
  /** Why the log takes no more writes, if it does not. */
  readonly logFailure: () => string | undefined;
  /** Whether data has changed in a way that is not logged yet. */
  readonly hasUnlogged: () => boolean;
  /** Resolves when the data is there again, while it is read anew. */
  readonly reloading: () => Promise<void> | undefined;
  /** Holds a request until then. */
  readonly hold: (connection: Connection, args: Args, ready: Promise<void>) => void;
}

/** Stands before every command: says whether it may run now, shows it to monitors, and notes if it was slow. */
export class Gate implements Guards {
  alert = false;
  /** How often records were looked for that may go. */
  roomLookCount = 0;
  /** Commands that waited until data had left the memory. */
  roomWaitCount = 0;
  private readonly options: GateOptions;
  private readonly monitors = new Set<Connection>();
  private stopping = false;
  private busy = false;

  constructor(options: GateOptions) {
    this.options = options;
  }

  /** Nothing runs any more. */
  close(): void {
    this.stopping = true;
    this.update();
  }

  reopen(): void {
    this.stopping = false;
    this.update();
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  get hasUnlogged(): boolean {
    return this.options.hasUnlogged();
  }

  /** While a script goes on from turn to turn, little else runs. */
  setBusy(busy: boolean): void {
    this.busy = busy;
    this.update();
  }

  setMonitor(connection: Connection, on: boolean): void {
    connection.isMonitor = on;
    if (on) this.monitors.add(connection);
    else this.monitors.delete(connection);
    this.update();
  }

  /** Whether most requests run neither now nor soon. */
  get holdsBack(): boolean {
    const { pause, reloading } = this.options;
    return this.stopping || this.busy || pause.isOn || reloading() !== undefined;
  }

  /** Whether no data may change without a client asking for it: in a pause, amidst a script, without a log. */
  get isQuiet(): boolean {
    const { pause, logFailure, reloading } = this.options;
    return this.busy || pause.isOn || logFailure() !== undefined || reloading() !== undefined;
  }

  private get isShortOfMemory(): boolean {
    const { config, memory } = this.options;
    return config.maxmemoryBytes !== 0 && memory.usedBytes > config.maxmemoryBytes;
  }

  /** Called when anything that the gate looks at has changed. */
  update(): void {
    this.options.keyspace.removesExpired = !this.isQuiet;
    this.alert = this.stopping || this.monitors.size > 0 || this.isQuiet;
  }

  postpone(connection: Connection, entry: CommandEntry, args: Args, isWrite: boolean): boolean {
    const { pause, reloading, hold } = this.options;
    const reload = reloading();
    if (reload === undefined) return pause.postpone(connection, entry, args, isWrite);
    hold(connection, args, reload);
    return true;
  }

  refusal(entry: CommandEntry, isWrite: boolean): string | undefined {
    // A pause or a failure may have ended since the last look: nothing is written before expired keys are removed again.
    this.update();
    if (this.stopping) return 'ERR The server is shutting down';
    if (this.busy && !entry.allowsBusy) return BUSY;
    const failure = this.options.logFailure();
    return failure !== undefined && isWrite ? `MISCONF Errors writing to the AOF file: ${failure}` : undefined;
  }

  watch(client: MonitoredClient, entry: CommandEntry, args: Args): void {
    if (this.monitors.size === 0) return;
    const { clock, effects } = this.options;
    const line = formatMonitorLine(clock.wallUs(), client, entry.name, args);
    const show = (): void => {
      for (const monitor of this.monitors) {
        monitor.reply.simple(line);
        monitor.schedule();
      }
    };
    if (effects.isKeeping) effects.add(show);
    else show();
  }

  makeRoom(): boolean | Promise<void> {
    if (!this.isShortOfMemory) return true;
    const { config, memory, whenFlushed } = this.options;
    if (this.letGo() || memory.usedBytes <= config.maxmemoryBytes * OVERSHOOT) return true;
    // What was written last has to reach the disk before it can leave the memory.
    const flushed = whenFlushed();
    if (flushed === undefined) return false;
    this.roomWaitCount++;
    return flushed;
  }

  /** Makes room that commands have left to be made, for a while; returns whether there is more to do. */
  makeMoreRoom(): boolean {
    if (!this.isShortOfMemory) return false;
    if (this.letGo()) return this.isShortOfMemory;
    // Nothing may go as long as it is in the log alone.
    this.options.whenFlushed()?.catch(() => undefined); // reported; tried again by the store
    return false;
  }

  /** Lets go of records for a while, or until there is room. False if it finds none that may go. */
  private letGo(): boolean {
    const { config, keyspace, clock, memory } = this.options;
    const { maxmemoryPolicy: policy, maxmemorySamples: samples } = config;
    const isMuch = memory.usedBytes - config.maxmemoryBytes > MUCH_BYTES;
    const untilUs = clock.monotonicUs() + (isMuch ? EVICTION_LONG_US : EVICTION_US);
    this.roomLookCount++;
    do {
      for (let i = 0; i < EVICTIONS_PER_LOOK && this.isShortOfMemory; i++) {
        if (!evictOne(keyspace, policy, samples) && spillSome(keyspace, samples) === 0) return false;
      }
    } while (this.isShortOfMemory && clock.monotonicUs() < untilUs);
    return true;
  }

  onSlow(client: SlowLogClient, entry: CommandEntry, args: Args, durationUs: number): void {
    const { config, clock, slowLog, latency, effects } = this.options;
    if (effects.isKeeping) {
      const { address, name, lastCommand } = client;
      const owned = args.clone();
      effects.add(() => {
        this.onSlow({ address, name, lastCommand }, entry, owned, durationUs);
      });
      return;
    }
    const { slowlogLogSlowerThanUs, slowlogMaxLen, latencyMonitorThresholdMs } = config;
    const nowMs = clock.wallMs();
    if (slowlogLogSlowerThanUs >= 0 && durationUs >= slowlogLogSlowerThanUs && !entry.staysOutOfSlowLog) {
      slowLog.add(args, client, nowMs, durationUs, slowlogMaxLen);
    }
    if (latencyMonitorThresholdMs !== 0 && durationUs >= latencyMonitorThresholdMs * 1000) {
      latency.add(entry.isFast ? 'fast-command' : 'command', nowMs, Math.floor(durationUs / 1000));
    }
  }
}
