import Denque from 'denque';

import type { LoopFigures } from '../commands/ports.js';
import type { Clock, Timers } from '../host/ports.js';
import type { Connection } from './connection.js';
import type { HeldReply } from './held-reply.js';

/** What the turn needs of the log. Positions are bytes logged. */
export interface TurnLog {
  /** Logs the batch of the turn. False if the log has failed: what the turn's commands wrote may be lost. */
  commit(): boolean;
  /** Replies that leave now must wait until the log is durable up to here; 0 if they need not wait. */
  readonly waitPosition: number;
  /** There was no room to log the batch: replies to what is in it wait until it is logged, up to this position. 0 if there was. */
  readonly fullPosition: number;
  /** Whether it takes what it is given, as far as is known: it has not failed, and the disk is not full. */
  readonly takes: boolean;
  /** For how long (milliseconds) those who wrote in the turn that ends now are to wait before they go on; 0: not at all. */
  takeDelay(): number;
}

/** What the turn needs of replicas, in a ring of nodes. */
export interface TurnReplicas {
  /** Whether replies of the connection wait for replicas. */
  isAwaitedBy(connection: Connection): boolean;
  /** Has the reply, of such a connection, wait for them. */
  await(connection: Connection, reply: HeldReply): void;
  /** What others are to hear of the turn leaves, if the log has not failed. */
  endTurn(isLogged: boolean): void;
}

/** CPU time is read when so much time has passed since it was: reading it costs microseconds. */
const CPU_READ_EVERY_US = 2000;
const LONG_TURN_US = 10_000;
const VERY_LONG_TURN_US = 20_000;
/** Commands that arrive when the turn has gone on for so long, or has so many connections to serve, wait for the next one. */
const TURN_US = 3000;
const TURN_CONNECTIONS = 256;

/** A reply that waits until the log is durable up to a position. */
interface LogWait {
  readonly reply: HeldReply;
  readonly position: number;
}

/** The same, of one that was held because there was no room for what it says; since `sinceUs` of the monotonic time. */
interface RoomWait extends LogWait {
  readonly sinceUs: number;
}

/**
 * A turn of the event loop (design, section 1.6). Commands run as their bytes arrive; at the end of the turn, their changes are
 * logged with one write, and each connection's replies leave with one write. With `appendfsync always` they are
 * held until the log is durable, in order.
 */
export class Turn implements LoopFigures {
  turns = 0;
  cpuOver10Ms = 0;
  cpuOver20Ms = 0;
  cpuMaxUs = 0;
  wallMaxUs = 0;

  private readonly clock: Clock;
  private readonly timers: Timers;
  private readonly log: TurnLog;
  /** In a ring of nodes. */
  replicas: TurnReplicas | undefined;
  private connections: Connection[] = [];
  private spare: Connection[] = [];
  private releases: Connection[] = [];
  private readonly held = new Denque<LogWait>();
  private readonly heldForRoom = new Denque<RoomWait>();
  /** Connections that have more to execute, in order. */
  private readonly deferred = new Denque<Connection>();
  /** How many of them an earlier turn has left. */
  private deferredBefore = 0;
  private scheduled = false;
  /** Whether the log was known to take what it is given when the turn began. */
  private tookBefore = true;
  private startedUs = 0;
  /** What TURN_US counts from, and how many connections TURN_CONNECTIONS does not count. */
  private budgetFromUs = 0;
  private connectionsBefore = 0;
  /** The CPU time that was read last, and when. */
  private cpuUs = 0;
  private cpuReadAtUs = 0;
  private readonly onEnd: () => void;

  constructor(clock: Clock, timers: Timers, log: TurnLog) {
    this.clock = clock;
    this.timers = timers;
    this.log = log;
    this.readCpu(clock.monotonicUs());
    this.onEnd = () => {
      this.end();
    };
  }

  /** Begins the turn, if nothing has yet. Whoever does work calls it first. */
  begin(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.tookBefore = this.log.takes;
    this.startedUs = this.clock.monotonicUs();
    this.openBudget(this.startedUs);
    // What was used before is not the turn's.
    if (this.startedUs - this.cpuReadAtUs >= CPU_READ_EVERY_US) this.readCpu(this.startedUs);
    this.timers.endOfTurn(this.onEnd);
  }

  /** Whether commands should leave the rest to the next turn. `nowUs`: the monotonic time. */
  isOver(nowUs: number): boolean {
    return nowUs - this.budgetFromUs > TURN_US || this.connections.length - this.connectionsBefore > TURN_CONNECTIONS;
  }

  /** The connection has more to execute: it goes on in the next turn. */
  defer(connection: Connection): void {
    this.deferred.push(connection);
  }

  /** The connection has replies, or is to be closed: it is served at the end of the turn. */
  add(connection: Connection): void {
    this.begin();
    this.connections.push(connection);
  }

  /**
   * The same for a message of another connection. It does not count towards TURN_CONNECTIONS: more messages to it cost no further write in this turn,
   * and one in each of as many turns.
   */
  addListener(connection: Connection): void {
    this.add(connection);
    this.connectionsBefore++;
  }

  /** Some of what the connection holds waits no longer: it leaves at the end of the turn. */
  addRelease(connection: Connection): void {
    this.begin();
    this.releases.push(connection);
  }

  /** The log is durable up to `position`: what waited for that leaves. */
  release(position: number): void {
    settleUpTo(this.held, position);
    settleUpTo(this.heldForRoom, position);
  }

  /** Called some times a second: while the log takes nothing, nobody waits for it for longer than `timeoutMs`. */
  giveUpRoom(timeoutMs: number): void {
    if (this.log.takes) return;
    const beforeUs = this.clock.monotonicUs() - timeoutMs * 1000;
    for (let first = this.heldForRoom.peekFront(); first !== undefined; first = this.heldForRoom.peekFront()) {
      if (first.sinceUs >= beforeUs) return;
      this.heldForRoom.shift();
      first.reply.giveUpRoom();
    }
  }

  /** The log has failed: whoever waits for it never hears. */
  abandonHeld(): void {
    for (const waits of [this.held, this.heldForRoom]) {
      for (let first = waits.shift(); first !== undefined; first = waits.shift()) first.reply.connection.kill();
    }
  }

  resetFigures(): void {
    this.turns = this.cpuOver10Ms = this.cpuOver20Ms = this.cpuMaxUs = this.wallMaxUs = 0;
  }

  private end(): void {
    this.runDeferred();
    this.scheduled = false;
    const { tookBefore } = this;
    const committed = this.log.commit();
    const { waitPosition, fullPosition } = this.log;
    // What was read in the turn in which the log has ceased to take anything may be what it did not take.
    const hasCeased = tookBefore && !this.log.takes;
    const delayMs = this.log.takeDelay();
    const { connections } = this;
    this.connections = this.spare;
    for (let i = 0; i < connections.length; i++) {
      const connection = connections[i];
      const { wroteInTurn } = connection;
      const isOfBatch = wroteInTurn || hasCeased;
      if (delayMs > 0 && wroteInTurn) this.delay(connection, delayMs);
      connection.leaveTurn();
      if (connection.isClosed) continue;
      if (isOfBatch && !committed) connection.kill();
      // Behind replies that are held, all others are: the order stays, also when `appendfsync` was changed meanwhile.
      else if (isOfBatch && fullPosition > 0) this.holdForRoom(connection, fullPosition);
      else if (waitPosition === 0 && !connection.holdsReplies && !this.awaitsReplicas(connection)) connection.flush();
      else this.hold(connection, waitPosition);
    }
    connections.length = 0;
    this.spare = connections;
    const { releases } = this;
    this.releases = [];
    for (const connection of releases) connection.releaseHeld();
    this.replicas?.endTurn(committed);
    this.measure();
    this.deferredBefore = this.deferred.length;
    if (this.deferredBefore > 0) this.begin();
  }

  private awaitsReplicas(connection: Connection): boolean {
    return this.replicas?.isAwaitedBy(connection) === true;
  }

  /** Holds what the connection was answered until the log is durable up to `position`, if that is not 0, and replicas have it. */
  private hold(connection: Connection, position: number): void {
    const reply = connection.holdReply();
    if (position > 0) {
      reply.await();
      this.held.push({ reply, position });
    }
    this.awaitReplicas(connection, reply);
    if (reply.isReady) connection.releaseHeld();
  }

  /** The same, until there is room for it, and it is durable if it must be. */
  private holdForRoom(connection: Connection, position: number): void {
    const reply = connection.holdForRoom();
    this.heldForRoom.push({ reply, position, sinceUs: this.clock.monotonicUs() });
    this.awaitReplicas(connection, reply);
  }

  private awaitReplicas(connection: Connection, reply: HeldReply): void {
    if (this.awaitsReplicas(connection)) this.replicas?.await(connection, reply);
  }

  /** Lets a connection execute nothing for a while. Its replies leave. */
  private delay(connection: Connection, delayMs: number): void {
    connection.hold();
    this.timers.after(delayMs, () => {
      connection.release();
    });
  }

  private openBudget(nowUs: number): void {
    this.budgetFromUs = nowUs;
    this.connectionsBefore = this.connections.length;
  }

  /** What the turn before has left over has a budget of its own, so that it gets on whatever arrives. */
  private runDeferred(): void {
    if (this.deferredBefore === 0) return;
    this.openBudget(this.clock.monotonicUs());
    for (; this.deferredBefore > 0; this.deferredBefore--) {
      if (this.isOver(this.clock.monotonicUs())) break;
      this.deferred.shift()?.goOn();
    }
  }

  private measure(): void {
    const nowUs = this.clock.monotonicUs();
    const wallUs = nowUs - this.startedUs;
    this.turns++;
    if (wallUs > this.wallMaxUs) this.wallMaxUs = wallUs;
    if (nowUs - this.cpuReadAtUs < CPU_READ_EVERY_US) return;
    const { cpuUs } = this;
    this.readCpu(nowUs);
    // An upper bound: it may count what was used within CPU_READ_EVERY_US before the turn, too.
    const usedUs = Math.min(wallUs, this.cpuUs - cpuUs);
    if (usedUs > this.cpuMaxUs) this.cpuMaxUs = usedUs;
    if (usedUs >= LONG_TURN_US) this.cpuOver10Ms++;
    if (usedUs >= VERY_LONG_TURN_US) this.cpuOver20Ms++;
  }

  private readCpu(nowUs: number): void {
    this.cpuUs = this.clock.threadCpuUs();
    this.cpuReadAtUs = nowUs;
  }
}

/** What waited for the log up to `position` waits no longer. */
function settleUpTo(waits: Denque<LogWait>, position: number): void {
  for (let first = waits.peekFront(); first !== undefined; first = waits.peekFront()) {
    if (first.position > position) return;
    waits.shift();
    first.reply.settleNow();
  }
}
