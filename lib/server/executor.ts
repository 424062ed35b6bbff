import { AssertionError } from '../base/assert.js';
import type { ReplyMode } from '../commands/ports.js';
import { RING_CHANGED } from '../commands/error-texts.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import { COLD_KEY } from '../data/cold-data.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import { WRONG_TYPE, WRONG_TYPE_ERROR } from '../data/wrong-type.js';
import type { Clock } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Blocking, Waiter } from './blocking.js';
import { CallTimes, RUN_MAX } from './call-times.js';
import type { CommandEntry, CommandTable } from './command-table.js';
import type { Connection } from './connection.js';
import type { Guards, RingExecution } from './executor-ports.js';
import { OwnedCall } from './owned-call.js';
import type { HeldRequests } from './held-requests.js';
import type { KeptEffects } from './kept-effects.js';
import { levelsOfWith, readLevels } from './level-words.js';
import type { Transaction } from './transaction.js';

/** Longest part of an unknown command, and of its arguments, that is shown in the error. */
const SHOWN_BYTES = 128;
/** What Redis lets a client of RESP2 do that has subscribed to something. */
const WHILE_SUBSCRIBED: ReadonlySet<string> = new Set([
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'sunsubscribe',
  'ping',
  'quit',
  'reset',
]);
/** A call is short that copies less than this. */
const SMALL_BYTES = 4096;

/**
 * Runs requests: finds the command, checks that it may run as it was sent, runs it, and counts. A command that waits blocks its
 * connection until its promise settles.
 */
export class Executor {
  readonly times: CallTimes;
  /** In a ring of nodes. */
  ring: RingExecution | undefined;
  readonly errors = new Map<string, number>();

  private readonly commands: CommandTable;
  private readonly keyspace: Keyspace;
  private readonly guards: Guards;
  private readonly held: HeldRequests;
  private readonly blocking: Blocking;
  private readonly effects: KeptEffects;
  /** What the running command answers to, and the errors that were counted of it. */
  private running: ReplyWriter | undefined;
  private errorsCounted = 0;
  private hasCountedError = false;
  /** What runs has not happened yet (`runAside`). */
  private isAside = false;

  constructor(
    commands: CommandTable,
    keyspace: Keyspace,
    guards: Guards,
    clock: Clock,
    held: HeldRequests,
    blocking: Blocking,
    effects: KeptEffects,
  ) {
    this.commands = commands;
    this.keyspace = keyspace;
    this.guards = guards;
    this.times = new CallTimes(clock, effects);
    this.effects = effects;
    this.held = held;
    this.blocking = blocking;
  }

  resetFigures(): void {
    this.times.commandsProcessed = 0;
    this.errors.clear();
  }

  execute(connection: Connection, args: Args): void {
    const entry = this.resolve(connection, args);
    if (entry === undefined) return;
    if (!connection.authenticated && !entry.needsNoPassword) {
      this.reject(connection, entry, 'NOAUTH Authentication required.');
      return;
    }
    if (connection.subscriptions !== undefined && connection.reply.resp === 2 && !WHILE_SUBSCRIBED.has(entry.name)) {
      this.reject(connection, entry, subscribedError(entry));
      return;
    }
    if (connection.transaction !== undefined) {
      this.executeInTransaction(connection, connection.transaction, entry, args);
      return;
    }
    if (entry.isPrefix) {
      this.executeWith(connection, entry, args);
      return;
    }
    if (this.guards.alert && this.ring?.hasBegun(args) !== true) {
      if (!this.mayRun(connection, entry, args, entry.isWrite)) return;
    }
    if (this.ring?.admit(connection, entry, args) === false) return;
    if (this.guards.alert && entry.isWrite && !this.mayChange(connection, entry)) return;
    if (entry.needsMemory && !this.hasRoom(connection, entry, args)) return;
    if (args.count > 2 && this.loadsFirst(entry) && this.held.isCold(connection, entry.command, args)) {
      this.held.load(connection, entry.command, args);
      return;
    }
    if (entry.gather !== undefined && this.gathers(connection, entry, args)) return;
    this.start(connection, entry, args);
  }

  /** WITH level command ...: the command runs as if it had come alone, but for its level, which `connection.ring` has until the next request. */
  private executeWith(connection: Connection, entry: CommandEntry, args: Args): void {
    const { ring } = connection;
    const words = levelsOfWith(args);
    const level = readLevels(words, ring.chosen);
    if (typeof level === 'string') {
      this.reject(connection, entry, level);
      return;
    }
    if (args.count === 1 + words.length) {
      this.reject(connection, entry, `ERR wrong number of arguments for '${entry.name}' command`);
      return;
    }
    args.drop(1 + words.length);
    const inner = this.commands.find(args);
    if (inner?.isTransactional === true || inner?.isPrefix === true) {
      const name = inner.name.toUpperCase();
      this.reject(connection, entry, `ERR ${name} has no level of its own: CONSISTENCY sets that of the connection`);
      return;
    }
    ring.once = level;
    this.execute(connection, args);
  }

  private start(connection: Connection, entry: CommandEntry, args: Args): void {
    connection.lastCommand = entry.name;
    connection.lastUsedMs = this.keyspace.clock.nowMs;
    if (entry.run !== undefined) this.run(connection, entry, args);
    else this.wait(connection, entry, args);
  }

  /** A request that comes behind MULTI: it is queued, unless it is EXEC or the like. */
  private executeInTransaction(
    connection: Connection,
    transaction: Transaction,
    entry: CommandEntry,
    args: Args,
  ): void {
    const { isTransactional, isExec } = entry;
    if (!isTransactional && (entry.staysOutOfTransactions || entry.runNested === undefined)) {
      this.reject(connection, entry, 'ERR Command not allowed inside a transaction');
      return;
    }
    const isWrite = isExec ? transaction.isWrite : entry.isWrite;
    if (this.guards.alert && !this.mayRun(connection, entry, args, isWrite)) return;
    // Whatever is queued takes memory.
    const needsMemory = isExec ? transaction.needsMemory && !transaction.hasFailed : !isTransactional;
    if (needsMemory && !this.hasRoom(connection, entry, args)) return;
    if (!isTransactional) this.enqueue(connection, transaction, entry, args);
    else if (!isExec || this.mayExec(connection, transaction, entry, args)) this.start(connection, entry, args);
  }

  /** Whether a transaction may run now. If not, it was answered, or waits. */
  private mayExec(connection: Connection, transaction: Transaction, entry: CommandEntry, args: Args): boolean {
    if (this.ring?.admitExec(connection, transaction, args) === false) return false;
    if (this.guards.alert && transaction.isWrite && !this.mayChange(connection, entry)) return false;
    return !this.held.loadTransaction(connection, transaction, args);
  }

  private enqueue(connection: Connection, transaction: Transaction, entry: CommandEntry, args: Args): void {
    if (this.ring?.admitQueued(connection, transaction, entry, args) === false) return;
    transaction.add(entry, args);
    connection.lastCommand = entry.name;
    connection.lastUsedMs = this.keyspace.clock.nowMs;
    const { reply, replyMode } = connection;
    const start = reply.length;
    reply.simple('QUEUED');
    if (replyMode !== 'on') muteReply(connection, replyMode, start);
    // A turn has to know the time that passes.
    if (transaction.count % RUN_MAX === 0) this.times.read();
    connection.limitTransaction();
  }

  /** Whether the guards let a request run now, here or elsewhere; if not, it was answered, or is held back. */
  private mayRun(connection: Connection, entry: CommandEntry, args: Args, isWrite: boolean): boolean {
    if (this.guards.postpone(connection, entry, args, isWrite)) return false;
    // Whoever sends requests on has not heard yet that this node leaves: it finds another one.
    const isElsewhere = this.guards.isStopping && this.ring !== undefined && connection.ring.isForwarded;
    const refusal = isElsewhere ? RING_CHANGED : this.guards.refusal(entry, isWrite && this.ring === undefined);
    if (refusal === undefined) return true;
    this.reject(connection, entry, refusal);
    return false;
  }

  /** Whether a request that changes something may run here; if not, it was answered. In a ring, it might have run elsewhere. */
  private mayChange(connection: Connection, entry: CommandEntry): boolean {
    const refusal = this.ring === undefined ? undefined : this.guards.refusal(entry, true);
    if (refusal === undefined) return true;
    this.reject(connection, entry, refusal);
    return false;
  }

  /** Whether all keys of a command must be there before it runs: because it changes some first, or what it tells of one would be told again. */
  private loadsFirst(entry: CommandEntry): boolean {
    return entry.loadsFirst || this.keyspace.events.wants(KEYSPACE_EVENT.keyMiss);
  }

  /** The command and subcommand of a request; `undefined` after an error reply. */
  private resolve(connection: Connection, args: Args): CommandEntry | undefined {
    const entry = this.find(connection, args);
    if (entry === undefined) {
      if (isHttp(args)) connection.kill();
      else this.fail(connection, unknownCommand(args));
      return undefined;
    }
    if (entry.subcommands !== undefined && args.count > 1) return this.resolveSubcommand(connection, entry, args);
    if (entry.takes(args.count)) return entry;
    this.reject(connection, entry, `ERR wrong number of arguments for '${entry.name}' command`);
    return undefined;
  }

  /** The command that a request names: another member may call it by its own name. */
  private find(connection: Connection, args: Args): CommandEntry | undefined {
    const entry = this.commands.find(args);
    if (entry !== undefined || this.ring === undefined || !connection.ring.isForwarded) return entry;
    return this.commands.findOwn(args);
  }

  private resolveSubcommand(connection: Connection, entry: CommandEntry, args: Args): CommandEntry | undefined {
    const sub = entry.subcommands?.get(args.text(1).toLowerCase());
    if (sub === undefined) {
      const shown = printable(args.text(1).slice(0, SHOWN_BYTES));
      this.fail(connection, `ERR unknown subcommand '${shown}'. Try ${entry.name.toUpperCase()} HELP.`);
      return undefined;
    }
    if (sub.takes(args.count)) return sub;
    this.reject(connection, sub, `ERR wrong number of arguments for '${sub.name}' command`);
    return undefined;
  }

  /** Whether there is room in memory; if not, the request was answered, or is held until there is. */
  private hasRoom(connection: Connection, entry: CommandEntry, args: Args): boolean {
    const { roomLookCount } = this.guards;
    const room = this.guards.makeRoom();
    // That takes as long as many commands do: the turn has to know.
    if (this.guards.roomLookCount !== roomLookCount) this.times.read();
    if (room === true) return true;
    if (room === false) this.reject(connection, entry, "OOM command not allowed when used memory > 'maxmemory'.");
    else this.held.hold(connection, args, room);
    return false;
  }

  /** Whether the request waits until what it needs of the disk is listed. */
  private gathers(connection: Connection, entry: CommandEntry, args: Args): boolean {
    if (connection.listing !== undefined) return false;
    const owned = args.clone();
    const listing = entry.gather?.(new OwnedCall(connection, owned))?.();
    if (listing === undefined) return false;
    this.held.holdForListing(connection, owned, listing);
    return true;
  }

  /**
   * Runs a request on another database than its client has chosen, and takes back what it has answered. REQUIRES: its keys are in memory, and it was admitted.
   */
  runAside(connection: Connection, args: Args, db: Database): Buffer {
    const found = this.find(connection, args);
    const entry = found?.subcommands === undefined ? found : found.subcommands.get(args.text(1).toLowerCase());
    const { reply, replyMode } = connection;
    const { databaseNumber } = connection;
    const start = reply.length;
    connection.enterCommand();
    connection.replyMode = 'on';
    connection.db = db;
    this.isAside = true;
    this.times.start();
    const refusal = entry && this.guards.refusal(entry, entry.isWrite);
    if (entry?.run === undefined) reply.error(`ERA ${entry?.name.toUpperCase()} is not possible here`);
    else if (refusal !== undefined) reply.error(refusal);
    else this.run(connection, entry, args);
    this.times.settle();
    this.isAside = false;
    connection.select(databaseNumber);
    connection.replyMode = replyMode;
    const answer = reply.copyFrom(start);
    reply.truncate(start);
    connection.leaveCommand();
    return answer;
  }

  private run(connection: Connection, entry: CommandEntry, args: Args): void {
    const { reply } = connection;
    const start = reply.length;
    const { keyspace } = this;
    const { hits, misses } = keyspace;
    const changes = keyspace.batch.recordCount;
    const mode = connection.replyMode;
    connection.args = args;
    this.running = reply;
    this.errorsCounted = reply.errors;
    this.times.enter(entry);
    if (this.guards.alert && entry.isScript) this.guards.watch(connection, entry, args);
    try {
      entry.run?.(connection);
    } catch (error) {
      // Nothing was changed yet.
      reply.truncate(start);
      if (error === COLD_KEY) {
        // When the key is in memory, the command runs again from the beginning.
        keyspace.hits = hits;
        keyspace.misses = misses;
        this.held.load(connection, entry.command, args, keyspace.missing);
        return;
      }
      if (error !== WRONG_TYPE) throw error;
      reply.error(WRONG_TYPE_ERROR);
    }
    const { waiter } = connection.waits;
    if (waiter !== undefined) {
      this.beginWait(connection, waiter, entry, args, mode);
      this.blocking.release(connection);
      return;
    }
    const hasChanged = keyspace.batch.recordCount !== changes;
    if (hasChanged && !this.isAside) connection.wroteInTurn = true;
    if (reply.errors !== this.errorsCounted) this.noteFailure(entry, reply);
    if (entry.isShort && !this.isAside && !this.times.timesEach && isSmall(args, reply.length - start))
      this.times.share(entry);
    else this.account(connection, entry, args);
    if (this.guards.alert && !entry.staysOutOfMonitor) this.guards.watch(connection, entry, args);
    if (mode !== 'on' || connection.replyMode !== 'on') muteReply(connection, mode, start);
    if (this.isAside) return;
    if (hasChanged || (entry.showsData && this.guards.hasUnlogged)) connection.replies.spans.add(start, reply.length);
    this.ring?.ran(connection, hasChanged, start);
    if (hasChanged && this.blocking.isNeeded) this.blocking.serve();
    if (entry.isBlocking) this.blocking.release(connection);
  }

  /** A command waits for keys: it counts when it has answered, for the time that it took before it waited. */
  private beginWait(connection: Connection, waiter: Waiter, entry: CommandEntry, args: Args, mode: ReplyMode): void {
    const durationUs = this.times.lap();
    const { reply } = connection;
    const { errors } = reply;
    waiter.onEnd = () => {
      this.times.count(entry, durationUs);
      if (reply.errors !== errors) this.noteFailure(entry, reply);
      if (durationUs >= this.times.slowUs) this.guards.onSlow(connection, entry, waiter.call.args, durationUs);
      if (mode !== 'on' || connection.replyMode !== 'on') muteReply(connection, mode, connection.replies.start);
    };
    if (this.guards.alert && !entry.staysOutOfMonitor) this.guards.watch(connection, entry, args);
  }

  /** Counts a call that is timed by itself. */
  private account(connection: Connection, entry: CommandEntry, args: Args): void {
    const durationUs = this.times.take(entry);
    if (durationUs >= this.times.slowUs) this.guards.onSlow(connection, entry, args, durationUs);
  }

  private noteFailure(entry: CommandEntry, reply: ReplyWriter): void {
    this.countFailure(entry, this.hasCountedError ? undefined : reply.lastErrorCode);
    this.hasCountedError = false;
  }

  /** `code`: of the error, unless it is counted already. */
  private countFailure(entry: CommandEntry, code: string | undefined, times = 1): void {
    if (this.effects.isKeeping) {
      this.effects.addUp(entry, `failure ${code ?? ''}`, 0, (all) => {
        this.countFailure(entry, code, all);
      });
      return;
    }
    entry.failedCalls += times;
    if (code !== undefined) this.countError(code, times);
  }

  /** Counts a call inside of another one, which had so many `errors` before it. If both answer to the same, an error is counted once. */
  countNested(entry: CommandEntry, durationUs: number, reply: ReplyWriter, errors: number): void {
    this.times.count(entry, durationUs);
    if (reply.errors === errors) return;
    this.noteFailure(entry, reply);
    if (reply === this.running) this.errorsCounted += reply.errors - errors;
  }

  /** See NestedCommands. */
  errorIsCounted(): void {
    this.hasCountedError = true;
  }

  /** Runs a command that waits, with a copy of its arguments. What it does before it waits counts as its duration. */
  private wait(connection: Connection, entry: CommandEntry, borrowed: Args): void {
    const args = borrowed.clone();
    const { reply } = connection;
    const mode = connection.replyMode;
    const errors = reply.errors;
    connection.block();
    const settle = (): void => {
      if (connection.isClosed) return;
      if (reply.errors !== errors) this.noteFailure(entry, reply);
      if (mode !== 'on') muteReply(connection, mode, connection.replies.start);
      if (entry.showsData) connection.replies.spans.add(connection.replies.start, reply.length);
      this.times.start();
      connection.unblock();
    };
    this.times.settle();
    const waiting = this.waitWarm(connection, entry, args);
    this.account(connection, entry, args);
    if (this.guards.alert && !entry.staysOutOfMonitor) this.guards.watch(connection, entry, args);
    void Promise.resolve(waiting).then(settle, (error: unknown) => {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      reply.error(`ERR ${error.message}`);
      settle();
    });
  }

  /** Runs a command that waits; again, if it asks for a key that is not in memory, when that has been loaded. */
  private async waitWarm(connection: Connection, entry: CommandEntry, args: Args): Promise<void> {
    for (;;) {
      try {
        await entry.wait?.(new OwnedCall(connection, args));
        return;
      } catch (error) {
        if (error !== COLD_KEY && error !== WRONG_TYPE) throw error;
        // What was answered before may have been sent meanwhile.
        connection.reply.truncate(connection.replies.start);
        if (error === WRONG_TYPE) {
          connection.reply.error(WRONG_TYPE_ERROR);
          return;
        }
        await this.held.loadMissing();
      }
    }
  }

  /** A request that was held comes to nothing. */
  failHeld(connection: Connection, args: Args, error: string): void {
    const entry = this.find(connection, args);
    if (entry !== undefined) entry.failedCalls++;
    this.fail(connection, error, entry?.isExec);
  }

  /** A reply came from elsewhere, and begins at `start`: takes it back if its client does not want it. */
  muteAnswer(connection: Connection, start: number): void {
    if (connection.replyMode !== 'on') muteReply(connection, connection.replyMode, start);
  }

  /** See NestedCommands. */
  countRefusal(entry: CommandEntry | undefined, code: string, times = 1): void {
    if (this.effects.isKeeping) {
      this.effects.addUp(entry ?? this, `refusal ${code}`, 0, (all) => {
        this.countRefusal(entry, code, all);
      });
      return;
    }
    if (entry !== undefined) entry.rejectedCalls += times;
    this.countError(code, times);
  }

  private reject(connection: Connection, entry: CommandEntry, error: string): void {
    entry.rejectedCalls++;
    this.fail(connection, error, entry.isExec);
  }

  /** Answers with an error in place of a command. A transaction comes to nothing then, at once if it is the EXEC. */
  private fail(connection: Connection, error: string, isExec = false): void {
    const { reply, transaction } = connection;
    const start = reply.length;
    if (isExec) {
      connection.endTransaction();
      reply.error(`EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`);
    } else {
      if (transaction !== undefined) transaction.hasFailed = true;
      reply.error(error);
    }
    this.countError(reply.lastErrorCode);
    if (connection.replyMode !== 'on') muteReply(connection, connection.replyMode, start);
  }

  private countError(code: string, times = 1): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + times);
  }
}

/** Whether a short command is short in this call: its time does not go into copying. */
function isSmall(args: Args, replyBytes: number): boolean {
  return replyBytes < SMALL_BYTES && args.end[args.count - 1] - args.start[0] < SMALL_BYTES;
}

/** Takes a reply back that the client does not want (CLIENT REPLY). `mode`: what held when the command began. */
function muteReply(connection: Connection, mode: ReplyMode, start: number): void {
  const { replyMode } = connection;
  if (mode !== 'on' && replyMode !== 'on') connection.reply.truncate(start);
  if (replyMode === 'skip_next') connection.replyMode = 'skip';
  else if (replyMode === 'skip') connection.replyMode = 'on';
}

/** Whether a browser was made to send this (cross-protocol scripting): such a connection is closed. */
function isHttp(args: Args): boolean {
  return args.is(0, 'post') || args.is(0, 'host:');
}

function unknownCommand(args: Args): string {
  let shown = '';
  for (let i = 1; i < args.count && shown.length < SHOWN_BYTES; i++) {
    shown += `'${args.text(i).slice(0, SHOWN_BYTES - shown.length)}' `;
  }
  return `ERR unknown command '${args.text(0).slice(0, SHOWN_BYTES)}', with args beginning with: ${shown}`;
}

function subscribedError(entry: CommandEntry): string {
  return (
    `ERR Can't execute '${entry.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed ` +
    'in this context'
  );
}

function printable(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
