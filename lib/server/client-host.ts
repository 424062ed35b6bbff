import type { Consistency } from '../cluster/coordination/consistency.js';
import { levelNamed } from '../cluster/coordination/consistency.js';
import type { MemberId } from '../cluster/ring/member.js';
import type { Config } from '../config/config.js';
import type { ByteStream, Clock, StreamHandler } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { Clients } from './clients.js';
import { isOverLimit } from './clients.js';
import type { ConnectionHost, ConnectionParts } from './connection-host.js';
import { Connection } from './connection.js';
import type { Executor } from './executor.js';
import type { Gate } from './gate.js';
import type { Log } from './log.js';
import type { Persistence } from './persistence.js';
import type { PubSubRegistry } from './pubsub.js';
import { RingClient } from './ring/ring-client.js';
import type { Turn } from './turn.js';

/** The parts of a node that its connections reach. */
export interface ClientHostParts extends ConnectionParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly executor: Executor;
  readonly persistence: Persistence;
  readonly turn: Turn;
  readonly registry: Clients;
  readonly pubsub: PubSubRegistry;
  readonly gate: Gate;
}

/** Lets clients in, runs their requests, and has what they are sent leave with the turn. */
export class ClientHost implements ConnectionHost {
  readonly parts: ConnectionParts;
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly executor: Executor;
  private readonly persistence: Persistence;
  private readonly turn: Turn;
  private readonly registry: Clients;
  private readonly pubsub: PubSubRegistry;
  private readonly gate: Gate;
  /** Connections that come by way of other members, or of this one. */
  private readonly forwarded = new WeakMap<Connection, MemberId>();

  constructor(parts: ClientHostParts) {
    this.parts = parts;
    this.config = parts.config;
    this.clock = parts.clock;
    this.log = parts.log;
    this.executor = parts.executor;
    this.persistence = parts.persistence;
    this.turn = parts.turn;
    this.registry = parts.registry;
    this.pubsub = parts.pubsub;
    this.gate = parts.gate;
  }

  /** A client has connected: lets it in, or tells it why not. */
  accept(stream: ByteStream, usesTls: boolean): StreamHandler {
    const connection = new Connection(this, stream, this.registry.nextId(), this.clock.wallMs());
    connection.usesTls = usesTls;
    const refusal = this.refusalOf(connection);
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

  /** A stream of requests that another member sends on, or this one to itself. */
  acceptForwarded(stream: ByteStream, from: MemberId): StreamHandler {
    const connection = new Connection(this, stream, this.registry.nextId(), this.clock.wallMs());
    this.forwarded.set(connection, from);
    connection.authenticated = true;
    this.registry.add(connection);
    return connection;
  }

  execute(connection: Connection, args: Args): void {
    connection.enterCommand();
    this.executor.execute(connection, args);
    connection.leaveCommand();
    this.persistence.relieve();
  }

  onInput(_connection: Connection, bytes: number): void {
    this.turn.begin();
    this.parts.keyspace.clock.tick();
    this.executor.times.start();
    this.registry.inputBytes += bytes;
  }

  onExecuted(): void {
    this.executor.times.settle();
  }

  isTurnOver(): boolean {
    return this.turn.isOver(this.executor.times.nowUs);
  }

  mayLookAhead(): boolean {
    return !this.gate.holdsBack;
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
    return new RingClient(this.forwarded.get(connection), this.usualConsistency());
  }

  onAnswered(connection: Connection, start: number): void {
    this.executor.muteAnswer(connection, start);
  }

  /** What clients ask for that choose nothing. */
  private usualConsistency(): Consistency {
    const { readConsistency, writeConsistency } = this.config;
    return { read: levelNamed(readConsistency), write: levelNamed(writeConsistency) };
  }

  /** Why a client is not let in; undefined: it is. */
  private refusalOf(connection: Connection): string | undefined {
    if (this.registry.count >= this.config.maxclients) return 'ERR max number of clients reached';
    if (this.config.protectedMode && this.config.requirepass === '' && !connection.isLocal) {
      return (
        'DENIED ringkv is running in protected mode because no password is set. Connections are only accepted from ' +
        'the loopback interface. To accept others, set a password (requirepass), or turn protected-mode off.'
      );
    }
    return undefined;
  }
}
