/**
 * One node: everything put together, from the ports up.
 *
 *     connections -> executor -> commands -> keyspace -> persistence -> log
 *          ^------------- turn: log first, then replies ------------------'
 */

import { PositionHasher } from '../base/position.js';
import { HybridClock } from '../base/stamp.js';
import { dataCommands } from '../commands/data-commands.js';
import type { Command } from '../commands/command.js';
import type { LoopFigures, ProcessFigures, Server, ServerFigures } from '../commands/ports.js';
import { serverCommands } from '../commands/server-commands.js';
import type { Config } from '../config/config.js';
import { AccessPolicy } from '../data/access.js';
import { ActiveExpiry } from '../data/active-expiry.js';
import { evictOne } from '../data/eviction.js';
import { Keyspace } from '../data/keyspace.js';
import type {
  ByteStream,
  Clock,
  Disk,
  ListenAddress,
  Listener,
  Network,
  ProcessProbe,
  Random,
  StreamHandler,
  Timers,
} from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import { BufferPool } from '../protocol/buffer-pool.js';
import { RequestLimits } from '../protocol/request-limits.js';
import { WriteBatch } from '../record/batch.js';
import { FRAME_HEADER_BYTES } from '../storage/aof-frame.js';
import { openIdentity } from '../storage/identity.js';
import { Clients, isOverLimit } from './clients.js';
import type { CommandEntry } from './command-table.js';
import { CommandTable } from './command-table.js';
import type { ConnectionHost } from './connection.js';
import { Connection } from './connection.js';
import type { Guards } from './executor.js';
import { Executor } from './executor.js';
import { LatencyEvents } from './latency-monitor.js';
import type { Log } from './log.js';
import { Memory } from './memory.js';
import { formatMonitorLine } from './monitor.js';
import { Pause } from './pause.js';
import { Persistence } from './persistence.js';
import { RecentSlowCommands } from './slow-log.js';
import { Turn } from './turn.js';

/** The only writer of a single node's data. */
const ORIGIN = 1;
const TICK_MS = 100;
const TICKS_PER_SECOND = 10;
/** How long the background work of a tick runs at a time, and how long it lets the loop go on then. */
const SLICE_US = 1000;
const SLICE_REST_MS = 3;
const FREE_STEP_RECORDS = 4096;
/** Keys that one command makes room by removing, at most. */
const EVICTIONS_PER_COMMAND = 64;

export interface NodeOptions {
  readonly config: Config;
  readonly configFile: string;
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly process: ProcessProbe;
  readonly log: Log;
  /** Writes the configuration file anew (CONFIG REWRITE); throws ConfigError or DiskError. */
  readonly rewriteConfig: () => void;
  /** Called when the node has ended of itself (SHUTDOWN, a failure): the process should. */
  readonly onStopped: (exitCode: number) => void;
}

export class Node implements Server, ConnectionHost, Guards {
  readonly config: Config;
  readonly timers: Timers;
  readonly keyspace: Keyspace;
  readonly durability: Persistence;
  readonly pool = new BufferPool();
  readonly limits = new RequestLimits();
  readonly version: string;
  readonly runId: string;
  readonly configFile: string;
  readonly slowLog = new RecentSlowCommands();
  readonly latency = new LatencyEvents();
  readonly memory: Memory;
  alert = false;
  port = 0;

  private readonly options: NodeOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly turn: Turn;
  private readonly executor: Executor;
  private readonly table: CommandTable;
  private readonly registry = new Clients();
  private readonly pause: Pause;
  private readonly expiry: ActiveExpiry;
  private readonly access: AccessPolicy;
  private readonly monitors = new Set<Connection>();
  private readonly startedMs: number;
  private listeners: Listener[] = [];
  private ticks = 0;
  private slicing = false;
  private stopping = false;
  private readonly perSecond = { commands: 0, input: 0, output: 0, ops: 0, inputBytes: 0, outputBytes: 0 };

  /** Opens the data directory and reads it. Throws CorruptionError and DiskError. */
  constructor(options: NodeOptions) {
    const { config, clock, timers, random, disk } = options;
    this.options = options;
    this.config = config;
    this.clock = clock;
    this.timers = timers;
    this.log = options.log;
    this.version = options.version;
    this.configFile = options.configFile;
    this.startedMs = clock.wallMs();
    this.runId = randomHex(random, 20);
    if (!disk.exists(config.dir)) disk.makeDirectory(config.dir);
    disk.lock(`${config.dir}/lock`);
    const identity = openIdentity(disk, random, config.dir);
    this.access = new AccessPolicy(random);
    this.access.tick(this.startedMs);
    this.keyspace = new Keyspace({
      databaseCount: config.databases,
      clock: new HybridClock(() => clock.wallMs()),
      hasher: new PositionHasher(identity.positionKey),
      random,
      batch: new WriteBatch(ORIGIN, FRAME_HEADER_BYTES),
      access: this.access,
      origin: ORIGIN,
    });
    this.durability = new Persistence({
      config,
      keyspace: this.keyspace,
      disk,
      clock,
      timers,
      random,
      directory: config.dir,
      origin: ORIGIN,
      report: (message) => {
        this.log.notice(message);
      },
      onSynced: (position) => {
        this.turn.release(position);
      },
      onFailed: (error) => {
        this.onLogFailed(error);
      },
      onTurn: () => {
        this.turn.begin();
      },
    });
    this.turn = new Turn(clock, timers, this.durability);
    this.table = new CommandTable([...dataCommands, ...serverCommands], config.renamedCommands);
    this.executor = new Executor(this.table, this.keyspace, this, clock);
    this.pause = new Pause((connection, args) => {
      this.executor.startTimer();
      this.executor.execute(connection, args);
    });
    this.expiry = new ActiveExpiry(this.keyspace, clock);
    this.memory = new Memory(this.keyspace, options.process, () => this.pendingOutputBytes());
    this.followConfig();
  }

  /** Takes connections from now on. Rejects if an address cannot be had. */
  async start(): Promise<void> {
    for (const address of this.addresses()) {
      try {
        const listener = await this.options.network.listen(address, (stream) => this.accept(stream));
        this.listeners.push(listener);
        if (this.port === 0) this.port = listener.port;
      } catch (error) {
        if (!('host' in address) || !isOptional(this.config.bind, address.host) || !isMissingAddress(error))
          throw error;
      }
    }
    this.timers.every(TICK_MS, () => {
      this.tick();
    });
    const where = this.port === 0 ? this.config.unixsocket : `port ${this.port}`;
    this.log.notice(`Ready to accept connections on ${where}`);
  }

  // --- Server: what commands see ---

  get activeExpiry(): boolean {
    return this.expiry.enabled;
  }

  set activeExpiry(enabled: boolean) {
    this.expiry.enabled = enabled;
  }

  get valueBytesMax(): number {
    return this.config.protoMaxBulkLenBytes;
  }

  get usedMemoryBytes(): number {
    return this.memory.usedBytes;
  }

  get peakMemoryBytes(): number {
    return this.memory.peakBytes;
  }

  get figures(): ServerFigures {
    const { registry, executor, perSecond } = this;
    return {
      startedMs: this.startedMs,
      connectionsReceived: registry.received,
      connectionsRejected: registry.rejected,
      commandsProcessed: executor.commandsProcessed,
      inputBytes: registry.inputBytes,
      outputBytes: registry.outputBytes,
      loop: this.turn as LoopFigures,
      errors: executor.errors,
      opsPerSecond: perSecond.ops,
      inputBytesPerSecond: perSecond.inputBytes,
      outputBytesPerSecond: perSecond.outputBytes,
    };
  }

  clients(): Iterable<Connection> {
    return this.registry.all();
  }

  clientById(id: number): Connection | undefined {
    return this.registry.get(id);
  }

  *commands(): Iterable<Command> {
    for (const entry of this.table.all()) yield entry.command;
  }

  commandNamed(name: string): Command | undefined {
    return this.table.named(name)?.command;
  }

  resolve(args: Args): { command: Command; fullName: string } | undefined {
    const entry = this.table.find(args);
    if (entry?.subcommands === undefined || args.count < 2) {
      return entry === undefined ? undefined : { command: entry.command, fullName: entry.name };
    }
    const sub = entry.subcommands.get(args.text(1).toLowerCase());
    return sub === undefined ? undefined : { command: sub.command, fullName: sub.name };
  }

  *commandUses(): Iterable<CommandEntry> {
    for (const entry of this.table.all()) {
      yield entry;
      if (entry.subcommands !== undefined) yield* entry.subcommands.values();
    }
  }

  resetFigures(): void {
    for (const entry of this.table.all()) entry.resetUse();
    this.registry.resetFigures();
    this.turn.resetFigures();
    this.executor.commandsProcessed = 0;
    this.executor.errors.clear();
    this.keyspace.resetFigures();
    this.memory.resetPeak();
    Object.assign(this.perSecond, { commands: 0, input: 0, output: 0 });
  }

  processFigures(): ProcessFigures {
    const { process } = this.options;
    const all = process.cpu();
    const main = process.mainThreadCpu();
    return {
      residentBytes: process.residentBytes(),
      heapBytes: process.heapBytes(),
      systemMemoryBytes: process.totalMemoryBytes,
      userCpuSeconds: all.user,
      systemCpuSeconds: all.system,
      mainThreadUserCpuSeconds: main.user,
      mainThreadSystemCpuSeconds: main.system,
      processId: process.processId,
      osName: process.osName,
      architectureBits: 64,
    };
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  wallUs(): number {
    return this.clock.wallMs() * 1000 + Math.floor(this.clock.monotonicUs() % 1000);
  }

  pauseClients(untilMs: number, writesOnly: boolean): void {
    this.pause.start(untilMs, writesOnly);
    this.updateAlert();
  }

  unpauseClients(): void {
    this.pause.end();
    this.updateAlert();
  }

  rewriteConfig(): void {
    this.options.rewriteConfig();
  }

  /** Called when a client's isMonitor has changed. */
  setMonitor(connection: Connection, on: boolean): void {
    if (on) this.monitors.add(connection);
    else this.monitors.delete(connection);
    this.updateAlert();
  }

  async shutdown(options: { force: boolean; nowait: boolean; abort: boolean }): Promise<string | undefined> {
    if (options.abort) return 'ERR No shutdown in progress.';
    this.log.notice('User requested shutdown...');
    const failure = await this.stop();
    if (failure !== undefined && !options.force) {
      this.stopping = false;
      return `ERR Errors trying to SHUTDOWN. Check logs.`;
    }
    this.options.onStopped(0);
    return undefined;
  }

  /** Stops taking commands and makes everything durable. Resolves to what went wrong, if anything did. */
  async stop(): Promise<string | undefined> {
    if (this.stopping) return undefined;
    this.stopping = true;
    this.alert = true;
    try {
      await this.durability.sync();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warning(`The log could not be made durable: ${message}`);
      return message;
    }
    for (const listener of this.listeners) listener.close();
    this.listeners = [];
    for (const connection of [...this.registry.all()]) connection.closeAfterReplies();
    this.durability.close();
    this.log.notice('Everything is on disk, bye bye...');
    return undefined;
  }

  // --- ConnectionHost: what connections see ---

  get server(): this {
    return this;
  }

  execute(connection: Connection, args: Args): void {
    this.executor.execute(connection, args);
    this.durability.relieve();
  }

  onInput(_connection: Connection, bytes: number): void {
    this.turn.begin();
    this.keyspace.clock.tick();
    this.executor.startTimer();
    this.registry.inputBytes += bytes;
  }

  schedule(connection: Connection): void {
    this.turn.add(connection);
  }

  isOverOutputLimit(connection: Connection, bytes: number): boolean {
    const over = isOverLimit(connection, bytes, this.config.clientOutputBufferLimits, this.clock.wallMs());
    if (over) this.log.warning(`Client ${connection.address} closed: its replies reached the output buffer limit`);
    return over;
  }

  onOutput(bytes: number): void {
    this.registry.outputBytes += bytes;
  }

  onClosed(connection: Connection): void {
    this.registry.remove(connection);
    if (connection.isMonitor) this.setMonitor(connection, false);
  }

  // --- Guards: what the executor asks ---

  postpone(connection: Connection, entry: CommandEntry, args: Args): boolean {
    return this.pause.postpone(connection, entry, args);
  }

  refusal(_connection: Connection, entry: CommandEntry): string | undefined {
    if (this.stopping) return 'ERR The server is shutting down';
    const { failure } = this.durability;
    if (failure !== undefined && entry.isWrite) return `MISCONF Errors writing to the AOF file: ${failure}`;
    return undefined;
  }

  watch(connection: Connection, entry: CommandEntry, args: Args): void {
    if (this.monitors.size === 0) return;
    const line = formatMonitorLine(this.wallUs(), connection, entry.name, args);
    for (const monitor of this.monitors) {
      monitor.reply.simple(line);
      this.turn.add(monitor);
    }
  }

  makeRoom(): boolean {
    const { maxmemoryBytes, maxmemoryPolicy, maxmemorySamples } = this.config;
    if (maxmemoryBytes === 0) return true;
    for (let i = 0; this.memory.usedBytes > maxmemoryBytes; i++) {
      if (i === EVICTIONS_PER_COMMAND) return true;
      if (!evictOne(this.keyspace, maxmemoryPolicy, maxmemorySamples)) return false;
    }
    return true;
  }

  onSlow(connection: Connection, entry: CommandEntry, args: Args, durationUs: number): void {
    const { slowlogLogSlowerThanUs, slowlogMaxLen, latencyMonitorThresholdMs } = this.config;
    const nowMs = this.clock.wallMs();
    if (slowlogLogSlowerThanUs >= 0 && durationUs >= slowlogLogSlowerThanUs && !entry.staysOutOfSlowLog) {
      this.slowLog.add(args, connection, nowMs, durationUs, slowlogMaxLen);
    }
    if (latencyMonitorThresholdMs !== 0 && durationUs >= latencyMonitorThresholdMs * 1000) {
      this.latency.add(entry.isFast ? 'fast-command' : 'command', nowMs, Math.floor(durationUs / 1000));
    }
  }

  // --- the inside ---

  private accept(stream: ByteStream): StreamHandler {
    const connection = new Connection(this, stream, this.registry.nextId(), this.clock.wallMs());
    const refusal = this.refuseConnection(connection);
    if (refusal !== undefined) {
      this.registry.rejected++;
      connection.reply.error(refusal);
      connection.closeAfterReplies();
      return connection;
    }
    this.registry.add(connection);
    connection.authenticated = this.config.requirepass === '';
    if (this.config.tcpKeepaliveSeconds > 0) stream.setKeepAlive(this.config.tcpKeepaliveSeconds);
    return connection;
  }

  private refuseConnection(connection: Connection): string | undefined {
    if (this.registry.count >= this.config.maxclients) return 'ERR max number of clients reached';
    if (this.config.protectedMode && this.config.requirepass === '' && !connection.isLocal) {
      return (
        'DENIED ringkv is running in protected mode because no password is set. Connections are only accepted from ' +
        'the loopback interface. To accept others, set a password (requirepass), or turn protected-mode off.'
      );
    }
    return undefined;
  }

  private addresses(): ListenAddress[] {
    const { port, bind, tcpBacklog, unixsocket, unixsocketPermissions } = this.config;
    const addresses: ListenAddress[] = [];
    if (port !== 0) {
      for (const host of bind) addresses.push({ host: hostName(host), port, backlog: tcpBacklog });
    }
    if (unixsocket !== '') addresses.push({ path: unixsocket, mode: unixsocketPermissions || undefined });
    return addresses;
  }

  /** Brings what depends on options into force, now and whenever they change. */
  private followConfig(): void {
    const { config } = this;
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
      this.executor.slowUs = Math.min(slow, late);
    });
    follow(['slowlog-max-len'], () => {
      this.slowLog.trim(config.slowlogMaxLen);
    });
    follow(['maxmemory-policy', 'lfu-log-factor', 'lfu-decay-time'], () => {
      this.access.usesFrequency = config.maxmemoryPolicy.endsWith('lfu');
      this.access.logFactor = config.lfuLogFactor;
      this.access.decayMinutes = config.lfuDecayTimeMinutes;
    });
    follow(['proto-max-bulk-len', 'client-query-buffer-limit'], () => {
      this.limits.protoMaxBulkLength = config.protoMaxBulkLenBytes;
      this.limits.clientQueryBufferLimit = config.clientQueryBufferLimitBytes;
    });
    follow(['loglevel'], () => {
      this.log.level = config.loglevel;
    });
    config.onChange('appendonly', () => {
      this.durability.setEnabled(config.appendonly);
      return undefined;
    });
  }

  private tick(): void {
    this.turn.begin();
    this.keyspace.clock.tick();
    const nowMs = this.clock.wallMs();
    const second = ++this.ticks % TICKS_PER_SECOND === 0;
    this.pause.tick(nowMs);
    this.updateAlert();
    this.memory.sample();
    this.durability.tick(second);
    if (second) this.everySecond(nowMs);
    this.slice();
  }

  private everySecond(nowMs: number): void {
    const { perSecond, executor, registry } = this;
    this.access.tick(nowMs);
    registry.closeIdle(nowMs, this.config.timeoutSeconds);
    perSecond.ops = executor.commandsProcessed - perSecond.commands;
    perSecond.inputBytes = registry.inputBytes - perSecond.input;
    perSecond.outputBytes = registry.outputBytes - perSecond.output;
    perSecond.commands = executor.commandsProcessed;
    perSecond.input = registry.inputBytes;
    perSecond.output = registry.outputBytes;
  }

  /** Background work, a slice at a time while there is more. */
  private slice(): void {
    if (this.slicing || this.pause.isOn || this.durability.failure !== undefined) return;
    this.turn.begin();
    this.keyspace.clock.tick();
    const more = this.keyspace.freeFlushed(FREE_STEP_RECORDS);
    if (!this.expiry.run(SLICE_US) && !more) return;
    this.slicing = true;
    this.timers.after(SLICE_REST_MS, () => {
      this.slicing = false;
      this.slice();
    });
  }

  private updateAlert(): void {
    this.keyspace.removesExpired = !this.pause.isOn && this.durability.failure === undefined;
    this.alert = this.stopping || this.pause.isOn || this.monitors.size > 0 || this.durability.failure !== undefined;
  }

  private onLogFailed(error: Error): void {
    this.log.warning(`The append-only file has failed, writes are refused from now on: ${error.message}`);
    this.turn.abandonHeld();
    this.updateAlert();
  }

  private pendingOutputBytes(): number {
    let bytes = 0;
    for (const connection of this.registry.all()) bytes += connection.outputBytes + connection.inputBytes;
    return bytes;
  }
}

function randomHex(random: Random, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  random.fill(buffer);
  return buffer.toString('hex');
}

/** `bind` addresses in Redis's words: `*` is all of IPv4, `::*` all of IPv6; a leading `-` makes one optional. */
function hostName(bind: string): string {
  const name = bind.startsWith('-') ? bind.slice(1) : bind;
  if (name === '*') return '0.0.0.0';
  return name === '::*' ? '::' : name;
}

function isOptional(bind: readonly string[], host: string): boolean {
  return bind.some((address) => address.startsWith('-') && hostName(address) === host);
}

function isMissingAddress(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT';
}
