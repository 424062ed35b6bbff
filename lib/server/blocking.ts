/**
 * Clients that wait for keys (BLPOP and its kin).
 *
 * 1. Whoever has waited longest is served first; a client that waits for several keys by the one that became ready first.
 * 2. They are served right behind the command, transaction or script that fed them, in the same turn: so the log has both in one frame.
 * 3. Another member's client that is served is told so, and comes for what is there (key-wait.ts): until then, or for a while, what waits behind it is not served.
 * 4. A key is ready when something of the awaited type was written to it. While nobody waits, nobody looks.
 */

import { RING_CHANGED, UNBLOCKED } from '../commands/error-texts.js';
import type { Wait } from '../commands/ports.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Clock, Timer, Timers } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import { ChangeKind } from '../record/batch-format.js';
import type { BatchReader } from '../record/batch-reader.js';
import type { Changes } from './changes.js';
import type { Connection } from './connection.js';
import { withTimeLeft } from './ring/key-wait.js';
import { OwnedCall } from './owned-call.js';
import type { NestedExecutor } from './nested-executor.js';

/** How long a key is kept for somebody who was told that something is there. */
const PROMISE_MS = 300;

interface Promised {
  readonly connection: Connection;
  readonly timer: Timer;
}

/** A client that waits. */
export class Waiter {
  readonly connection: Connection;
  readonly call: OwnedCall;
  readonly wait: Wait;
  /** Of each key, what it is known by; as in `wait.keys`. */
  readonly names: readonly string[];
  readonly sinceUs: number;
  timer: Timer | undefined;
  /** Called when it waits no longer. */
  onEnd: (() => void) | undefined;

  constructor(connection: Connection, args: Args, wait: Wait, sinceUs: number) {
    this.connection = connection;
    this.sinceUs = sinceUs;
    this.call = new OwnedCall(connection, args);
    this.wait = wait;
    this.names = wait.keys.map((i) => nameOf(connection.databaseNumber, args.buffer, args.start[i], args.end[i]));
  }
}

export interface BlockingOptions {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly changes: Changes;
  readonly nested: () => NestedExecutor;
  /** Called before something is done that no request has asked for now. */
  readonly onWork: () => void;
  /** A command that has waited has changed something, and answered from `start` on if it is done. */
  readonly onChanged: (connection: Connection, start: number) => void;
}

export class Blocking {
  private readonly options: BlockingOptions;
  private readonly keyspace: Keyspace;
  /** By key: those who wait for it, in the order in which they came. */
  private readonly queues = new Map<string, Set<Waiter>>();
  /** How many wait for each type of value. */
  private readonly awaited: number[] = [];
  /** Keys that may serve somebody, in the order in which they became ready. */
  private readonly ready = new Set<string>();
  /** Keys that were promised to clients of other members. */
  private readonly promises = new Map<string, Promised>();
  private count = 0;

  constructor(options: BlockingOptions) {
    this.options = options;
    this.keyspace = options.keyspace;
    options.changes.listen((change) => {
      this.noteChange(change);
    });
  }

  /** Whether anybody waits for a key: then `serve` is to be called behind every command that changes something. */
  get isNeeded(): boolean {
    return this.count > 0;
  }

  /** The client runs nothing until it is served. */
  add(connection: Connection, args: Args, wait: Wait): Waiter {
    const waiter = new Waiter(connection, args.clone(), wait, this.options.clock.monotonicUs());
    // What was written before does not count any more.
    if (this.count === 0) this.options.changes.read();
    this.count++;
    this.awaited[wait.type] = (this.awaited[wait.type] ?? 0) + 1;
    for (const name of waiter.names) {
      let queue = this.queues.get(name);
      if (queue === undefined) this.queues.set(name, (queue = new Set()));
      queue.add(waiter);
    }
    if (wait.timeoutMs > 0) {
      waiter.timer = this.options.timers.after(wait.timeoutMs, () => {
        this.giveUp(waiter, 'timeout');
      });
    }
    connection.block();
    return waiter;
  }

  /** The client is gone. */
  forget(waiter: Waiter): void {
    waiter.timer?.cancel();
    waiter.connection.waits.waiter = undefined;
    for (const name of waiter.names) {
      const queue = this.queues.get(name);
      queue?.delete(waiter);
      if (queue?.size === 0) this.queues.delete(name);
    }
    this.count--;
    this.awaited[waiter.wait.type]--;
  }

  /** In a ring: clients whose keys another node acts for now wait there; `isHere` says of whom that is not so. */
  moveAway(isHere: (connection: Connection) => boolean): void {
    const waiters = new Set([...this.queues.values()].flatMap((queue) => [...queue]));
    for (const waiter of waiters) {
      const { connection, call, sinceUs } = waiter;
      if (isHere(connection)) continue;
      if (connection.ring.isForwarded) {
        call.reply.error(RING_CHANGED);
        this.end(waiter);
      } else {
        this.forget(waiter);
        connection.waitElsewhere(withTimeLeft(call.args, (this.options.clock.monotonicUs() - sinceUs) / 1000));
      }
    }
  }

  /** Nothing came. */
  giveUp(waiter: Waiter, reason: 'timeout' | 'error'): void {
    this.keyspace.clock.tick();
    if (reason === 'timeout') waiter.wait.onTimeout(waiter.call);
    else waiter.call.reply.error(UNBLOCKED);
    this.end(waiter);
  }

  /** Serves those whose keys are ready since the last look. What they do may feed others. */
  serve(): void {
    const { changes } = this.options;
    for (;;) {
      changes.read();
      if (this.ready.size === 0) return;
      const ready = [...this.ready];
      this.ready.clear();
      for (const name of ready) this.serveKey(name);
    }
  }

  /** A client of another member has come, or is gone: what was promised to it is there for others. */
  release(connection: Connection): void {
    if (this.promises.size === 0) return;
    for (const [name, promised] of this.promises) {
      if (promised.connection !== connection) continue;
      promised.timer.cancel();
      this.promises.delete(name);
      if (this.queues.has(name)) this.ready.add(name);
    }
    if (this.ready.size === 0) return;
    this.options.onWork();
    this.serve();
  }

  private promise(name: string, connection: Connection): void {
    const timer = this.options.timers.after(PROMISE_MS, () => {
      this.release(connection);
    });
    this.promises.set(name, { connection, timer });
  }

  private serveKey(name: string): void {
    if (this.promises.has(name)) return;
    for (const waiter of [...(this.queues.get(name) ?? [])]) {
      const { call, connection, wait, names } = waiter;
      if (connection.waits.waiter !== waiter) continue; // served by another key, or gone
      const i = wait.keys[names.indexOf(name)];
      const changeCount = this.keyspace.batch.recordCount;
      connection.enterCommand();
      this.options.nested().complete(call, () => {
        if (this.holdsType(call, i, wait)) wait.attempt(call, i);
      });
      const hasAnswered = connection.reply.length > connection.replies.start;
      connection.leaveCommand();
      connection.replies.spans.add(connection.replies.start, connection.reply.length);
      if (this.keyspace.batch.recordCount !== changeCount) {
        connection.wroteInTurn = true;
        this.options.onChanged(connection, connection.replies.start);
      }
      if (!hasAnswered) continue;
      this.end(waiter);
      if (wait.isOfMember !== true) continue;
      this.promise(name, connection);
      return;
    }
  }

  private holdsType({ args, db }: OwnedCall, i: number, { type }: Wait): boolean {
    const { keyspace } = this;
    const ref = keyspace.find(db, args.buffer, args.start[i], args.end[i]);
    return ref !== 0 && keyspace.heap.type(ref) === type;
  }

  /** It has been answered. */
  private end(waiter: Waiter): void {
    this.forget(waiter);
    waiter.onEnd?.();
    waiter.connection.endWait();
  }

  private noteChange(change: BatchReader): void {
    if (change.kind === ChangeKind.DATABASES) {
      for (const name of this.queues.keys()) this.ready.add(name);
    } else if (change.kind === ChangeKind.VALUE && this.awaited[change.type] > 0) {
      for (let number = 0; number < this.keyspace.databaseCount; number++) {
        if (this.keyspace.database(number).id !== change.db) continue;
        const name = nameOf(number, change.bytes, change.keyStart, change.keyEnd);
        if (this.queues.has(name)) this.ready.add(name);
      }
    }
  }
}

function nameOf(database: number, bytes: Buffer, start: number, end: number): string {
  return `${database}:${bytes.toString('latin1', start, end)}`;
}
