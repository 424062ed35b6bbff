/**
 * One node: everything put together, from the ports up.
 *
 *     connections -> executor -> commands -> keyspace -> persistence -> log
 *          ^------------- turn: log first, then replies ------------------'
 */

import { ConfigError } from '../base/errors.js';
import { PositionHasher } from '../base/position.js';
import { HybridClock } from '../base/stamp.js';
import type { ClockWatch } from '../cluster/coordination/clock-watch.js';
import { StampBound } from '../cluster/topology/stamp-bound.js';
import type { Config } from '../config/config.js';
import { AccessPolicy } from '../data/access.js';
import { ActiveExpiry } from '../data/active-expiry.js';
import { Keyspace } from '../data/keyspace.js';
import { MarkSweeper } from '../data/mark-sweeper.js';
import { PacedRounds } from '../data/paced-rounds.js';
import { Sweeper } from '../data/sweeper.js';
import { readLuaBinary } from '../host/node-lua-binary.js';
import type { Clock, Disk, Network, ProcessProbe, Random, Timer, Timers, TlsSettings } from '../host/ports.js';
import { BufferPool } from '../protocol/buffer-pool.js';
import { RequestLimits } from '../protocol/request-limits.js';
import { WriteBatch } from '../record/write-batch.js';
import { Store } from '../storage/engine/store.js';
import { SlotBounds } from '../cluster/repair/slot-bounds.js';
import type { Identity } from '../storage/identity.js';
import { openIdentity } from '../storage/identity.js';
import type { BackgroundJobs } from '../storage/jobs/job-runner.js';
import { FRAME_HEADER_BYTES } from '../storage/log/aof-frame.js';
import { BackgroundWork } from './background-work.js';
import { Changes } from './changes.js';
import { ClientDoor } from './client-door.js';
import { ClientHost } from './client-host.js';
import { ClientListeners } from './client-listeners.js';
import { Clients } from './clients.js';
import { CommandEngine } from './command-engine.js';
import { limitConnections } from './connection-limit.js';
import { takeDirectory } from './data-directory.js';
import { KeptEffects } from './kept-effects.js';
import { KeyspaceNotifier } from './keyspace-notifier.js';
import { followSettings } from './live-settings.js';
import type { Log } from './log.js';
import { Memory } from './memory.js';
import { Persistence } from './persistence.js';
import { PubSubRegistry } from './pubsub.js';
import { makeRing, watchClocks } from './ring/make-ring.js';
import type { RingMembership } from './ring/ring-membership.js';
import type { RingPart } from './ring/ring-part.js';
import { ServerPort } from './server-port.js';
import { StoragePort } from './storage-port.js';
import { storeSettings } from './store-settings.js';
import { Turn } from './turn.js';
import { Watches } from './watches.js';

/** The only writer of a single node's data. */
const SINGLE_ORIGIN = 1;
const FREE_STEP_RECORDS = 4096;
/** Before it stops, a member of a ring waits so long for clients that are busy. */
const DISMISSAL_MS = 1000;
/** So many times write-timeout is more than what is under way may take: it reads, and then writes. What goes on may never end: nobody answers a node that is no member any more, and a client may read no replies. */
const DISMISSAL_TIMEOUTS = 2;

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

export class Node {
  readonly keyspace: Keyspace;
  readonly server: ServerPort;

  private readonly options: NodeOptions;
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly store: Store;
  private readonly persistence: Persistence;
  private readonly changes: Changes;
  private readonly watches: Watches;
  private readonly turn: Turn;
  private readonly engine: CommandEngine;
  private readonly clients: ClientHost;
  private readonly listeners: ClientListeners;
  private readonly door: ClientDoor;
  private readonly registry = new Clients();
  private readonly access: AccessPolicy;
  private readonly memory: Memory;
  private readonly background: BackgroundWork;
  private ticks = 0;
  private ticker: Timer | undefined;
  private stopped: Promise<string | undefined> | undefined;
  /** The origin of all pairs that this node makes. */
  private readonly origin: number;
  /** In a ring of nodes. */
  private readonly ring: RingPart | undefined;
  private readonly clockWatch: ClockWatch | undefined;
  private readonly stampBound: StampBound | undefined;
  /** Of a member: what is settled among the replicas of its slots. */
  private readonly bounds: SlotBounds | undefined;

  /** Takes the data directory; `start` reads it. Throws CorruptionError and DiskError. */
  constructor(options: NodeOptions) {
    const { config, clock, timers, random } = options;
    this.options = options;
    this.config = config;
    this.clock = clock;
    this.log = options.log;
    this.origin = originOf(options.membership);
    this.access = new AccessPolicy(random);
    this.access.tick(clock.wallMs());
    const identity = this.openDirectory();
    this.bounds = this.readBounds();
    this.store = this.makeStore(identity);
    this.clockWatch = options.membership && watchClocks({ ...options, membership: options.membership });
    this.keyspace = this.makeKeyspace(identity);
    this.stampBound = this.makeStampBound();
    const pool = new BufferPool();
    const limits = new RequestLimits();
    const effects = new KeptEffects();
    const pubsub = new PubSubRegistry(pool, effects);
    const notifier = new KeyspaceNotifier(this.keyspace, pubsub);
    this.changes = new Changes(this.keyspace.batch);
    this.watches = new Watches(this.keyspace, this.changes);
    this.persistence = this.makePersistence();
    this.turn = new Turn(clock, timers, this.persistence);
    const expiry = new ActiveExpiry(this.keyspace, clock);
    const sweeper = new PacedRounds(new Sweeper(this.keyspace), clock);
    const markSweeper = new PacedRounds(new MarkSweeper(this.keyspace), clock);
    this.memory = new Memory(
      this.keyspace,
      options.process,
      () => this.registry.bufferBytes(),
      () => this.store.memoryBytes,
    );
    const parts = {
      ...options,
      keyspace: this.keyspace,
      store: this.store,
      persistence: this.persistence,
      changes: this.changes,
      watches: this.watches,
      turn: this.turn,
      memory: this.memory,
      registry: this.registry,
      access: this.access,
      pool,
      limits,
      pubsub,
      effects,
      notifier,
      expiry,
    };
    this.engine = new CommandEngine({
      ...parts,
      readBinary: readLuaBinary,
      writeFailure: () => this.persistence.failure ?? this.stampBound?.failure,
      execute: (connection, args) => {
        this.clients.execute(connection, args);
      },
    });
    const { table, gate, pause, slowLog, latency, loader, blocking, scripts, executor, nested } = this.engine;
    const commands = { table, gate, pause, slowLog, latency, loader, blocking, scripts, executor, nested };
    this.server = new ServerPort({
      ...parts,
      ...commands,
      runId: randomHex(random, 20),
      storage: new StoragePort(this.store, loader, this.persistence.throttle, gate),
      shutdown: (how) => this.shutdown(how),
      listen: () => this.listen(),
    });
    this.clients = new ClientHost({ ...parts, ...commands, server: this.server });
    this.listeners = new ClientListeners({
      ...options,
      tls: options.tls,
      accept: (stream, usesTls) => this.clients.accept(stream, usesTls),
    });
    this.door = new ClientDoor({
      ...options,
      clients: this.registry,
      isOwn: (connection) => !connection.ring.isForwarded,
      stopListening: () => {
        this.listeners.close();
      },
      listen: () => {
        this.listen().catch((error: unknown) => {
          this.log.warning(`Clients cannot connect: ${error instanceof Error ? error.message : String(error)}`);
        });
      },
    });
    this.background = new BackgroundWork({
      ...parts,
      gate,
      tasks: [
        () => this.keyspace.freeFlushed(FREE_STEP_RECORDS),
        (durationUs) => expiry.run(durationUs),
        (durationUs) => sweeper.run(durationUs),
        (durationUs) => markSweeper.run(durationUs),
        () => gate.makeMoreRoom(),
        (durationUs) => this.ring?.slots.run(durationUs) === true,
      ],
    });
    this.ring = this.makeRing(pubsub, effects);
    followSettings({
      ...parts,
      ...commands,
      isInRing: this.ring !== undefined,
      renewTls: () => this.renewTls(),
    });
    limitConnections(config, options.process.filesMax, options.tls !== undefined, this.log);
  }

  /** Reads the data, and takes connections from then on. Rejects if the data is damaged, or an address cannot be had. */
  async start(): Promise<void> {
    await this.stampBound?.open();
    await this.persistence.open();
    await this.listen();
    if (this.listeners.isEmpty)
      throw new ConfigError('port and tls-port are 0 and unixsocket is empty: there is nothing to listen on');
    this.startTicking();
    this.config.onChange('hz', () => {
      this.startTicking();
      return undefined;
    });
    this.log.notice(`Ready to accept connections on ${this.listeners.describe()}`);
  }

  /** Stops taking commands and makes everything durable. Resolves to what went wrong, if anything did. */
  stop(): Promise<string | undefined> {
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  private async listen(): Promise<void> {
    const { listeners, server } = this;
    await listeners.listen();
    server.port = listeners.port;
    server.tlsPort = listeners.tlsPort;
  }

  private makeRing(pubsub: PubSubRegistry, effects: KeptEffects): RingPart | undefined {
    const { options, engine, clockWatch, stampBound, bounds } = this;
    const { membership } = options;
    if (membership === undefined || clockWatch === undefined) return undefined;
    if (stampBound === undefined || bounds === undefined) return undefined;
    return makeRing({
      ...options,
      membership,
      clockWatch,
      stampBound,
      bounds,
      pubsub,
      effects,
      loader: engine.loader,
      table: engine.table,
      blocking: engine.blocking,
      executor: engine.executor,
      scripts: engine.scripts,
      keyspace: this.keyspace,
      persistence: this.persistence,
      store: this.store,
      changes: this.changes,
      turn: this.turn,
      server: this.server,
      door: this.door,
      accept: (stream, from) => this.clients.acceptForwarded(stream, from),
      execute: (connection, args) => {
        engine.execute(connection, args);
      },
      onGone: () => {
        void this.shutdown({ force: true, nowait: false, abort: false });
      },
    });
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

  private readBounds(): SlotBounds | undefined {
    const { membership, disk } = this.options;
    return membership && new SlotBounds(disk, this.config.dir, membership.ring.document.generation);
  }

  private makeStore({ positionKey }: Identity): Store {
    const { config, log } = this;
    return new Store({
      ...this.options,
      directory: config.dir,
      positionKey,
      origin: this.origin,
      isReplicated: this.options.membership !== undefined,
      ...(this.bounds && { deadUpTo: this.bounds.dead }),
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
        this.engine.gate.update();
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
      ...(this.bounds && { deadUpTo: this.bounds.dead }),
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
        this.engine.gate.update();
      },
      onLost: (error) => {
        this.log.warning(`The data cannot be read: ${error.message}`);
        this.options.onStopped(1);
      },
      onTurn: () => {
        this.turn.begin();
      },
      onOpened: () => {
        this.options.membership?.enter();
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
      this.engine.gate.reopen();
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
      await this.door.close(DISMISSAL_MS, DISMISSAL_MS + DISMISSAL_TIMEOUTS * this.config.writeTimeoutMs);
    }
    this.engine.gate.close();
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
    this.listeners.close();
    for (const connection of [...this.registry.all()]) connection.closeAfterReplies();
    await this.persistence.close();
    await this.ring?.hints.close();
    this.ring?.close();
    this.stampBound?.close();
    this.log.notice('Everything is on disk, bye bye...');
    return undefined;
  }

  /** Reads certificates again, for connections to come. Answers what is wrong with them; then those from before stay. */
  private renewTls(): string | undefined {
    const { readTls, membership } = this.options;
    if (this.options.tls === undefined || readTls === undefined) return undefined;
    try {
      const tls = readTls();
      if (tls === undefined) return undefined;
      this.listeners.renewTls(tls);
      membership?.renewTls(tls);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
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
    this.engine.pause.tick(nowMs);
    this.engine.gate.update();
    this.memory.sample();
    this.persistence.tick(second);
    this.turn.giveUpRoom(this.config.writeTimeoutMs);
    this.ring?.tick();
    if (second) {
      this.access.tick(nowMs);
      this.registry.closeIdle(nowMs, this.config.timeoutSeconds);
      this.registry.closeSlow(nowMs, this.config.clientOutputBufferLimits);
      this.server.sampleRates();
    }
    this.background.run();
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
