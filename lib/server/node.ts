/**
 * One node: everything put together, from the ports up.
 *
 *     connections -> executor -> commands -> keyspace -> persistence -> log
 *          ^------------- turn: log first, then replies ------------------'
 */

import type { ClockWatch } from '../cluster/coordination/clock-watch.js';
import type { Consistency } from '../cluster/coordination/consistency.js';
import { levelNamed } from '../cluster/coordination/consistency.js';
import { ConfigError } from '../base/errors.js';
import { PositionHasher } from '../base/position.js';
import { HybridClock } from '../base/stamp.js';
import { dataCommands } from '../commands/data-commands.js';
import { serverCommands } from '../commands/server-commands.js';
import type { Config } from '../config/config.js';
import { AccessPolicy } from '../data/access.js';
import { ActiveExpiry } from '../data/active-expiry.js';
import { Keyspace } from '../data/keyspace.js';
import { Loader } from '../data/loader.js';
import { Sweeper } from '../data/sweeper.js';
import { readLuaBinary } from '../host/node-lua-binary.js';
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
  Timer,
  Timers,
  TlsSettings,
} from '../host/ports.js';
import { TLS_HANDSHAKES_MAX } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import { BufferPool } from '../protocol/buffer-pool.js';
import { RequestLimits } from '../protocol/request-limits.js';
import { WriteBatch } from '../record/write-batch.js';
import { FRAME_HEADER_BYTES } from '../storage/log/aof-frame.js';
import { scriptCommands } from '../scripting/script-commands.js';
import { Scripts } from '../scripting/scripts.js';
import { Store } from '../storage/engine/store.js';
import type { Identity } from '../storage/identity.js';
import { openIdentity } from '../storage/identity.js';
import type { BackgroundJobs } from '../storage/jobs/job-runner.js';
import { isOptional, keyOf, listenAddresses } from './addresses.js';
import { Blocking } from './blocking.js';
import { Changes } from './changes.js';
import { ClientDoor } from './client-door.js';
import { Clients, isOverLimit } from './clients.js';
import { CommandTable } from './command-table.js';
import type { ConnectionHost } from './connection.js';
import { Connection } from './connection.js';
import { Executor } from './executor.js';
import { takeDirectory } from './data-directory.js';
import { Gate } from './gate.js';
import { HeldRequests } from './held-requests.js';
import { KeyspaceNotifier } from './keyspace-notifier.js';
import { LatencyEvents } from './latency-monitor.js';
import type { Log } from './log.js';
import { Memory } from './memory.js';
import { NestedExecutor } from './nested-executor.js';
import { Pause } from './pause.js';
import { Persistence } from './persistence.js';
import { PubSubRegistry } from './pubsub.js';
import { ScriptPort } from './script-port.js';
import { ServerPort } from './server-port.js';
import { StampBound } from '../cluster/topology/stamp-bound.js';
import { RecentSlowCommands } from './slow-log.js';
import { StoragePort } from './storage-port.js';
import { storeSettings } from './store-settings.js';
import { makeRing, watchClocks } from './ring/make-ring.js';
import { RingClient } from './ring/ring-client.js';
import type { RingMembership } from './ring/ring-membership.js';
import type { RingPart } from './ring/ring-part.js';
import { Turn } from './turn.js';
import { Watches } from './watches.js';

/** The only writer of a single node's data. */
const SINGLE_ORIGIN = 1;
/** How long the background work of a tick runs at a time, and how long it lets the loop go on then. */
const SLICE_US = 1000;
const SLICE_REST_MS = 3;
const FREE_STEP_RECORDS = 4096;
/** Before it stops, a member of a ring waits so long for clients that are busy. */
const DISMISSAL_MS = 1000;
/** Open files that are not connections: Node's own, the log's, and those that a rewrite of it needs. */
const FILES_RESERVED = 64;

export interface NodeOptions {
  readonly config: Config;
  /** Empty if there is none. */
  readonly configFile: string;
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly process: ProcessProbe;
  readonly log: Log;
  /** For `tls-port`, and how to read it again when the configuration names other files, or they have changed. Throws ConfigError. */
  readonly tls?: TlsSettings | undefined;
  readonly readTls?: () => TlsSettings | undefined;
  /** Makes who flushes the log and compacts tables, off the main thread. */
  readonly jobs: () => BackgroundJobs;
  /** Writes the configuration file anew (CONFIG REWRITE); throws ConfigError or DiskError. */
  readonly rewriteConfig: () => void;
  /** Called when the node has ended of itself (SHUTDOWN): the process should. */
  readonly onStopped: (exitCode: number) => void;
  /** Without it, the node is all there is. */
  readonly membership?: RingMembership | undefined;
}

export class Node implements ConnectionHost {
  readonly keyspace: Keyspace;
  readonly server: ServerPort;
  readonly blocking: Blocking;
  readonly watches: Watches;
  readonly pool = new BufferPool();
  readonly limits = new RequestLimits();

  private readonly options: NodeOptions;
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly store: Store;
  private readonly persistence: Persistence;
  private readonly held: HeldRequests;
  private readonly changes: Changes;
  private readonly turn: Turn;
  private readonly executor: Executor;
  private readonly registry = new Clients();
  private readonly pubsub = new PubSubRegistry(this.pool);
  private readonly notifier: KeyspaceNotifier;
  private readonly gate: Gate;
  private readonly pause: Pause;
  private readonly expiry: ActiveExpiry;
  private readonly sweeper: Sweeper;
  private readonly access: AccessPolicy;
  private readonly memory: Memory;
  private tls: TlsSettings | undefined;
  /** By address. */
  private listeners = new Map<string, Listener>();
  private ticks = 0;
  private ticker: Timer | undefined;
  private slicing = false;
  private stopped: Promise<string | undefined> | undefined;
  /** The origin of all pairs that this node makes. */
  private readonly origin: number;
  /** In a ring of nodes. */
  private readonly ring: RingPart | undefined;
  private readonly clockWatch: ClockWatch | undefined;
  private readonly stampBound: StampBound | undefined;
  /** Connections that come by way of other members, or of this one. */
  private readonly forwarded = new WeakSet<Connection>();
  private readonly door: ClientDoor;

  /** Takes the data directory; `start` reads it. Throws CorruptionError and DiskError. */
  constructor(options: NodeOptions) {
    const { config, clock, timers, random } = options;
    this.options = options;
    this.config = config;
    this.clock = clock;
    this.log = options.log;
    this.tls = options.tls;
    this.origin = originOf(options.membership);
    this.access = new AccessPolicy(random);
    this.access.tick(clock.wallMs());
    const identity = this.openDirectory();
    this.store = this.makeStore(identity);
    this.clockWatch = options.membership && watchClocks({ ...options, membership: options.membership });
    this.keyspace = this.makeKeyspace(identity);
    this.stampBound = this.makeStampBound();
    this.notifier = new KeyspaceNotifier(this.keyspace, this.pubsub);
    this.changes = new Changes(this.keyspace.batch);
    this.watches = new Watches(this.keyspace, this.changes);
    this.persistence = this.makePersistence();
    this.turn = new Turn(clock, timers, this.persistence);
    this.pause = new Pause((connection, args) => {
      this.executor.startTimer();
      this.execute(connection, args);
    });
    this.expiry = new ActiveExpiry(this.keyspace, clock);
    this.sweeper = new Sweeper(this.keyspace, clock);
    this.memory = new Memory(
      this.keyspace,
      options.process,
      () => this.registry.bufferBytes(),
      () => this.store.memoryBytes,
    );
    const slowLog = new RecentSlowCommands();
    const latency = new LatencyEvents();
    this.gate = new Gate({
      config,
      clock,
      keyspace: this.keyspace,
      pause: this.pause,
      memory: this.memory,
      slowLog,
      latency,
      logFailure: () => this.persistence.failure ?? this.stampBound?.failure,
      whenFlushed: () => this.persistence.whenFlushed(),
      reloading: () => this.persistence.reloading,
      hold: (connection, args, ready) => {
        this.held.hold(connection, args, ready);
      },
    });
    const scripts = new Scripts(
      new ScriptPort({
        ...options,
        gate: this.gate,
        turn: this.turn,
        persistence: this.persistence,
        readBinary: readLuaBinary,
        onChanged: (connection, start) => {
          this.executor.ring?.ran(connection, true, start);
          if (this.blocking.isNeeded) this.blocking.serve();
        },
      }),
    );
    const table = new CommandTable(
      [...dataCommands, ...serverCommands, ...scriptCommands(scripts)],
      config.renamedCommands,
    );
    const loader = new Loader(this.keyspace, this.store);
    this.held = new HeldRequests({
      keyspace: this.keyspace,
      loader,
      execute: (connection, args) => {
        this.turn.begin();
        this.executor.startTimer();
        this.execute(connection, args);
      },
      fail: (connection, args, error) => {
        this.executor.failHeld(connection, args, error);
      },
      commandOf: (args) => {
        const entry = table.find(args);
        return entry?.takes(args.count) === true ? entry.command : undefined;
      },
    });
    this.blocking = new Blocking({
      keyspace: this.keyspace,
      clock,
      timers,
      onWork: () => {
        this.turn.begin();
        this.keyspace.clock.tick();
      },
      changes: this.changes,
      nested: () => nested,
      onChanged: (connection, start) => {
        this.executor.ring?.ran(connection, true, start);
      },
    });
    this.executor = new Executor(table, this.keyspace, this.gate, clock, this.held, this.blocking);
    const nested = new NestedExecutor(table, this.keyspace, loader, this.gate, clock, this.executor);
    this.server = new ServerPort({
      ...options,
      runId: randomHex(random, 20),
      keyspace: this.keyspace,
      persistence: this.persistence,
      storage: new StoragePort(this.store, loader, this.persistence.throttle, this.gate),
      table,
      executor: this.executor,
      nested,
      scripts,
      watches: this.watches,
      registry: this.registry,
      pubsub: this.pubsub,
      turn: this.turn,
      gate: this.gate,
      pause: this.pause,
      expiry: this.expiry,
      memory: this.memory,
      slowLog,
      latency,
      shutdown: (how) => this.shutdown(how),
      listen: () => this.listen(),
    });
    this.door = new ClientDoor({
      clock,
      timers,
      clients: this.registry,
      isOwn: (connection) => !this.forwarded.has(connection),
      stopListening: () => {
        this.stopListening();
      },
      listen: () => {
        this.listen().catch((error: unknown) => {
          this.log.warning(`Clients cannot connect: ${error instanceof Error ? error.message : String(error)}`);
        });
      },
    });
    this.ring = this.makeRing(loader, table);
    this.followConfig(slowLog);
    this.leaveFilesToTheLog();
  }

  /** Reads the data, and takes connections from then on. Rejects if the data is damaged, or an address cannot be had. */
  async start(): Promise<void> {
    await this.stampBound?.open();
    await this.persistence.open();
    await this.listen();
    if (this.listeners.size === 0)
      throw new ConfigError('port and tls-port are 0 and unixsocket is empty: there is nothing to listen on');
    this.startTicking();
    this.config.onChange('hz', () => {
      this.startTicking();
      return undefined;
    });
    this.log.notice(`Ready to accept connections on ${this.whereItListens()}`);
  }

  /** Stops taking commands and makes everything durable. Resolves to what went wrong, if anything did. */
  stop(): Promise<string | undefined> {
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  /** Listens where the configuration says, and nowhere else. Rejects, with nothing changed, if an address cannot be had. */
  private async listen(): Promise<void> {
    const listeners = new Map<string, Listener>();
    try {
      for (const address of listenAddresses(this.config, this.tls)) {
        const key = keyOf(address);
        const listener = this.listeners.get(key) ?? (await this.open(address));
        if (listener !== undefined) listeners.set(key, listener);
      }
    } catch (error) {
      for (const [key, listener] of listeners) if (!this.listeners.has(key)) listener.close();
      throw error;
    }
    for (const [key, listener] of this.listeners) if (!listeners.has(key)) listener.close();
    this.listeners = listeners;
    this.server.port = this.portOf('tcp');
    this.server.tlsPort = this.portOf('tls');
  }

  private stopListening(): void {
    for (const listener of this.listeners.values()) listener.close();
    this.listeners.clear();
  }

  /** The port of the listeners for TLS, or of the others; 0 without any. */
  private portOf(kind: 'tcp' | 'tls'): number {
    return Math.max(
      0,
      ...[...this.listeners].filter(([key]) => key.startsWith(`${kind} `)).map(([, { port }]) => port),
    );
  }

  private whereItListens(): string {
    const { port, tlsPort } = this.server;
    const places = [port && `port ${port}`, tlsPort && `port ${tlsPort} by TLS`, this.config.unixsocket];
    return places.filter((place) => place !== 0 && place !== '').join(', ');
  }

  private async open(address: ListenAddress): Promise<Listener | undefined> {
    try {
      return await this.options.network.listen(address, (stream) =>
        this.accept(stream, 'host' in address && address.tls !== undefined),
      );
    } catch (error) {
      if (isOptional(this.config, address, error)) return undefined;
      throw error;
    }
  }

  execute(connection: Connection, args: Args): void {
    connection.enterCommand();
    this.executor.execute(connection, args);
    connection.leaveCommand();
    this.persistence.relieve();
  }

  onInput(_connection: Connection, bytes: number): void {
    this.turn.begin();
    this.keyspace.clock.tick();
    this.executor.startTimer();
    this.registry.inputBytes += bytes;
  }

  onExecuted(): void {
    this.executor.settle();
  }

  isTurnOver(): boolean {
    return this.turn.isOver(this.executor.nowUs);
  }

  defer(connection: Connection): void {
    this.turn.defer(connection);
  }

  schedule(connection: Connection): void {
    this.turn.add(connection);
  }

  scheduleMessage(connection: Connection): void {
    this.turn.addListener(connection);
  }

  scheduleRelease(connection: Connection): void {
    this.turn.addRelease(connection);
  }

  isOverOutputLimit(connection: Connection, bytes: number): boolean {
    const over = isOverLimit(connection, bytes, this.config.clientOutputBufferLimits, this.clock.wallMs());
    if (over) this.log.warning(`Client ${connection.address} closed: its replies reached the output buffer limit`);
    return over;
  }

  onLostReplies(connection: Connection): void {
    this.log.warning(`Client ${connection.address} closed: its replies are too long to be sent`);
  }

  onOutput(bytes: number): void {
    this.registry.outputBytes += bytes;
  }

  onClosed(connection: Connection): void {
    this.registry.remove(connection);
    this.pubsub.unsubscribeAll(connection);
    if (connection.isMonitor) this.gate.setMonitor(connection, false);
  }

  ringClientOf(connection: Connection): RingClient {
    return new RingClient(this.forwarded.has(connection), this.usualConsistency());
  }

  onAnswered(connection: Connection, start: number): void {
    this.executor.muteAnswer(connection, start);
  }

  private makeRing(loader: Loader, table: CommandTable): RingPart | undefined {
    const { options, clockWatch, stampBound } = this;
    const { membership } = options;
    if (membership === undefined || clockWatch === undefined || stampBound === undefined) return undefined;
    return makeRing({
      ...options,
      membership,
      clockWatch,
      stampBound,
      loader,
      table,
      keyspace: this.keyspace,
      persistence: this.persistence,
      store: this.store,
      changes: this.changes,
      turn: this.turn,
      blocking: this.blocking,
      executor: this.executor,
      pubsub: this.pubsub,
      server: this.server,
      door: this.door,
      accept: (stream) => this.acceptForwarded(stream),
      execute: (connection, args) => {
        this.executor.startTimer();
        this.execute(connection, args);
      },
      onGone: () => {
        void this.shutdown({ force: true, nowait: false, abort: false });
      },
    });
  }

  /** What clients ask for that choose nothing. */
  private usualConsistency(): Consistency {
    const { readConsistency, writeConsistency } = this.config;
    return { read: levelNamed(readConsistency), write: levelNamed(writeConsistency) };
  }

  /** A stream of requests that another member sends on, or this one to itself. */
  private acceptForwarded(stream: ByteStream): StreamHandler {
    const connection = new Connection(this, stream, this.registry.nextId(), this.clock.wallMs());
    this.forwarded.add(connection);
    connection.authenticated = true;
    this.registry.add(connection);
    return connection;
  }

  private openDirectory(): Identity {
    const { config, random, disk } = this.options;
    // A member of a ring has taken it before.
    if (this.options.membership === undefined) takeDirectory(disk, config.dir);
    return openIdentity(disk, random, config.dir, this.positionKeyOfRing());
  }

  /** By which key all members of the ring hash keys. */
  private positionKeyOfRing(): Buffer | undefined {
    const { membership } = this.options;
    return membership === undefined ? undefined : Buffer.from(membership.ring.document.positionKey, 'hex');
  }

  private makeStore({ positionKey }: Identity): Store {
    const { config, log } = this;
    return new Store({
      ...this.options,
      directory: config.dir,
      positionKey,
      origin: this.origin,
      isReplicated: this.options.membership !== undefined,
      settings: storeSettings(config, this.options.process.filesMax),
      report: (message) => {
        log.notice(message);
      },
      onSynced: (position) => {
        this.turn.release(position);
        this.ring?.release(position);
      },
      onFailed: (error) => {
        log.warning(`The append-only file has failed, writes are refused from now on: ${error.message}`);
        this.turn.abandonHeld();
        this.ring?.abandon();
        this.ring?.onFitness();
        this.gate.update();
      },
    });
  }

  private makeKeyspace(identity: Identity): Keyspace {
    const { config, random } = this.options;
    const clock = this.clockWatch ?? this.options.clock;
    return new Keyspace({
      databaseCount: config.databases,
      clock: new HybridClock(() => clock.wallMs()),
      hasher: new PositionHasher(identity.positionKey),
      random,
      batch: new WriteBatch(this.origin, FRAME_HEADER_BYTES),
      access: this.access,
      cold: this.store,
      origin: this.origin,
      isReplicated: this.options.membership !== undefined,
    });
  }

  /** A single node has its log: nobody else has seen what a power failure takes from its end. */
  private makeStampBound(): StampBound | undefined {
    if (this.options.membership === undefined) return undefined;
    return new StampBound({
      ...this.options,
      directory: this.config.dir,
      stamps: this.keyspace.clock,
      report: (message) => {
        this.log.warning(message);
      },
    });
  }

  private makePersistence(): Persistence {
    return new Persistence({
      ...this.options,
      keyspace: this.keyspace,
      store: this.store,
      origin: this.origin,
      report: (message) => {
        this.log.notice(message);
      },
      onSynced: (position) => {
        this.turn.release(position);
        this.ring?.release(position);
      },
      onStateChange: () => {
        this.ring?.onFitness();
        this.gate.update();
      },
      onLost: (error) => {
        this.log.warning(`The data cannot be read: ${error.message}`);
        this.options.onStopped(1);
      },
      onTurn: () => {
        this.turn.begin();
      },
      onOpened: () => {
        this.ring?.open();
      },
      onBatchEnd: (isLogged) => {
        this.ring?.endBatch(isLogged);
        if (this.watches.isNeeded) this.changes.read();
        this.changes.restart();
      },
    });
  }

  private async shutdown(how: { force: boolean; nowait: boolean; abort: boolean }): Promise<string | undefined> {
    if (how.abort) return 'ERR No shutdown in progress.';
    this.log.notice('User requested shutdown...');
    const failure = await this.stop();
    if (failure !== undefined && !how.force) {
      this.stopped = undefined;
      this.gate.reopen();
      this.door.open();
      return 'ERR Errors trying to SHUTDOWN. Check logs.';
    }
    this.options.onStopped(0);
    return undefined;
  }

  private async stopInOrder(): Promise<string | undefined> {
    const { membership } = this.options;
    this.ring?.leave();
    if (membership !== undefined) {
      await membership.leave();
      await this.door.close(DISMISSAL_MS);
    }
    this.gate.close();
    await this.ring?.drained();
    try {
      await this.persistence.sync();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warning(`The log could not be made durable: ${message}`);
      return message;
    }
    this.ring?.antiEntropy.stop();
    membership?.stop();
    this.stopListening();
    for (const connection of [...this.registry.all()]) connection.closeAfterReplies();
    await this.persistence.close();
    await this.ring?.hints.close();
    this.ring?.close();
    this.stampBound?.close();
    this.log.notice('Everything is on disk, bye bye...');
    return undefined;
  }

  private accept(stream: ByteStream, usesTls: boolean): StreamHandler {
    const connection = new Connection(this, stream, this.registry.nextId(), this.clock.wallMs());
    connection.usesTls = usesTls;
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

  /** Brings what depends on options into force, now and whenever they change. */
  private followConfig(slowLog: RecentSlowCommands): void {
    const { config } = this;
    const renewTls = (): string | undefined => this.renewTls();
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
    follow(['active-expire-effort'], () => {
      this.expiry.effort = config.activeExpireEffort;
    });
    follow(['latency-tracking'], () => {
      this.executor.tracksLatency = config.latencyTracking;
    });
    follow(['slowlog-max-len'], () => {
      slowLog.trim(config.slowlogMaxLen);
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
    follow(['block-cache-size', 'compaction-rate-limit', 'maxmemory'], () => {
      this.store.applySettings();
    });
    follow(['notify-keyspace-events'], () => {
      this.notifier.configure(config.notifyKeyspaceEvents);
    });
    follow(['counters', 'conflicts', 'siblings-max'], () => {
      this.keyspace.declared.declare(config.counters, config.conflicts);
      this.keyspace.siblings.siblingsMax = config.siblingsMax;
    });
    follow(['loglevel'], () => {
      this.log.level = config.loglevel;
    });
    for (const name of ['tls-cert-file', 'tls-key-file', 'tls-key-file-pass', 'tls-ca-cert-file']) {
      config.onChange(name, renewTls);
    }
    config.onChange('requirepass', () => {
      // Without a password nobody has to show one, whoever is connected already included.
      if (config.requirepass === '') for (const connection of this.registry.all()) connection.authenticated = true;
      return undefined;
    });
    config.onChange('appendonly', () => {
      if (this.ring !== undefined && !config.appendonly) return 'a node of a ring needs its log';
      this.persistence.setEnabled(config.appendonly);
      return undefined;
    });
  }

  /** Reads certificates again, for connections to come. Answers what is wrong with them; then those from before stay. */
  private renewTls(): string | undefined {
    const { readTls, membership } = this.options;
    if (this.tls === undefined || readTls === undefined) return undefined;
    try {
      const tls = readTls();
      if (tls === undefined) return undefined;
      for (const listener of this.listeners.values()) listener.setTls?.(tls);
      membership?.renewTls(tls);
      this.tls = tls;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** A log that can open no file takes no more writes: so many connections are not let in. */
  private leaveFilesToTheLog(): void {
    const { config } = this;
    const { filesMax } = this.options.process;
    const reserved = FILES_RESERVED + (this.options.tls === undefined ? 0 : TLS_HANDSHAKES_MAX);
    const clientsMax = Math.max(1, filesMax - reserved);
    if (config.maxclients > clientsMax) {
      this.log.warning(
        `maxclients is ${clientsMax}, not ${config.maxclients}: the process may have ${filesMax} files open (ulimit -n)`,
      );
      config.set([['maxclients', String(clientsMax)]], true);
    }
    config.onChange('maxclients', () =>
      config.maxclients > clientsMax
        ? `The operating system is not able to handle the specified number of clients, try with ${clientsMax}`
        : undefined,
    );
  }

  private startTicking(): void {
    this.ticker?.cancel();
    this.ticker = this.options.timers.every(Math.round(1000 / this.config.hz), () => {
      this.tick();
    });
  }

  private tick(): void {
    this.turn.begin();
    this.keyspace.clock.tick();
    const nowMs = this.clock.wallMs();
    const second = ++this.ticks % this.config.hz === 0;
    this.pause.tick(nowMs);
    this.gate.update();
    this.memory.sample();
    this.persistence.tick(second);
    this.ring?.tick();
    if (second) {
      this.access.tick(nowMs);
      this.registry.closeIdle(nowMs, this.config.timeoutSeconds);
      this.registry.closeSlow(nowMs, this.config.clientOutputBufferLimits);
      this.server.sampleRates();
    }
    this.slice();
  }

  /** Background work, a slice at a time while there is more. */
  private slice(): void {
    if (this.slicing || this.gate.isQuiet) return;
    this.turn.begin();
    this.keyspace.clock.tick();
    const moreToFree = this.keyspace.freeFlushed(FREE_STEP_RECORDS);
    const moreToExpire = this.expiry.run(SLICE_US);
    const moreToSweep = this.sweeper.run(SLICE_US);
    const moreToEvict = this.gate.makeMoreRoom();
    if (!moreToFree && !moreToExpire && !moreToSweep && !moreToEvict) return;
    this.slicing = true;
    this.options.timers.after(SLICE_REST_MS, () => {
      this.slicing = false;
      this.slice();
    });
  }
}

function originOf(membership: RingMembership | undefined): number {
  return membership === undefined ? SINGLE_ORIGIN : membership.ring.member(membership.self).ordinal;
}

function randomHex(random: Random, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  random.fill(buffer);
  return buffer.toString('hex');
}
