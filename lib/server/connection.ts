import { assert } from '../base/assert.js';
import { consistencyText } from '../cluster/coordination/consistency.js';
import type { Call } from '../commands/call.js';
import type { Client, ReplyMode, Subscriptions, Wait } from '../commands/ports.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import type { ByteStream, StreamHandler } from '../host/ports.js';
import type { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { Output } from '../protocol/reply-writer.js';
import { ReplyWriter } from '../protocol/reply-writer.js';
import { FAILED, PARSED } from '../protocol/request-parser.js';
import { encodeWords } from '../protocol/request-encoder.js';
import { isLocalAddress } from './addresses.js';
import type { ConnectionHost } from './connection-host.js';
import type { Away } from './connection-waits.js';
import { ConnectionWaits } from './connection-waits.js';
import { HeldReply } from './held-reply.js';
import { readLevels } from './level-words.js';
import { ReplyOutbox } from './reply-outbox.js';
import { RequestSource } from './request-source.js';
import type { RingClient } from './ring/ring-client.js';
import { WAITS, readiness } from './ring/key-wait.js';
import type { ServerPort } from './server-port.js';
import type { WakeReason } from './sleeper.js';
import { Transaction } from './transaction.js';
import { TurnReplies } from './turn-replies.js';
import type { Watch } from './watches.js';

/** A client whose replies reach this is not read from until it has taken them. */
const OUTPUT_PAUSE_BYTES = 1024 * 1024;
/** Pending replies are compared with the limits as soon as a message makes them this long; else at the end of the turn. */
const PUSHED_CHECK_BYTES = 256 * 1024;

/**
 * One client's connection: bytes in, requests executed as they are complete, replies out in order.
 *
 * It is read from unless it is blocked (a command waits), or its replies are not taken (back-pressure). What had arrived by then is kept
 * by the parser, and goes on from there. Replies collect in `reply` during a turn; at its end they are handed to
 * the stream, at most one buffer at a time.
 *
 * It is also the `Call` of its own commands, and the `Client` that they see.
 */
export class Connection implements StreamHandler, Call, Client {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly isLocal: boolean;
  /** Set before anything arrives. */
  usesTls = false;
  readonly createdMs: number;
  readonly reply: ReplyWriter;
  readonly keyspace: Keyspace;
  readonly server: ServerPort;
  args: Args;
  db: Database;
  lastUsedMs: number;
  lastCommand = '';
  databaseNumber = 0;
  name = '';
  libraryName = '';
  libraryVersion = '';
  noEvict = false;
  noTouch = false;
  isMonitor = false;
  subscriptions: Subscriptions | undefined;
  replyMode: ReplyMode = 'on';
  isClosed = false;
  /** A command of this turn changed data. */
  wroteInTurn = false;
  readonly replies: TurnReplies;
  /** A request that CLIENT PAUSE holds back. */
  postponed: Args | undefined;
  listing: Listing | undefined;
  transaction: Transaction | undefined;
  /** What it waits for; what begins and ends, it is told: see `block`, `hold` and `setAway`. */
  readonly waits = new ConnectionWaits();
  readonly watched = new Map<string, Watch>();
  wasTouched = false;
  /** When the replies pending passed the soft limit; 0 if they have not. */
  softLimitSinceMs = 0;

  private ringClient: RingClient | undefined;
  private readonly host: ConnectionHost;
  private readonly stream: ByteStream;
  private readonly requests: RequestSource;
  private isReleasing = false;
  /** A transaction is being executed: nothing waits. */
  private isNested = false;
  private inTurn = false;
  private closing = false;
  /** Closes before the next request. */
  private isDismissed = false;
  private readEnded = false;
  private readPaused = false;
  private processing = false;
  /** Goes on in the next turn. */
  private deferred = false;
  private readonly outbox: ReplyOutbox;

  constructor(host: ConnectionHost, stream: ByteStream, id: number, nowMs: number) {
    const { keyspace, server, pool, limits } = host.parts;
    this.host = host;
    this.stream = stream;
    this.id = id;
    this.address = stream.remoteAddress;
    this.localAddress = stream.localAddress;
    this.isLocal = isLocalAddress(stream.remoteAddress);
    this.createdMs = this.lastUsedMs = nowMs;
    this.reply = new ReplyWriter(pool);
    this.replies = new TurnReplies(this.reply, (at, length) => this.ringClient?.marks.shift(at, length));
    this.outbox = new ReplyOutbox(stream, pool, host);
    this.requests = new RequestSource(limits);
    this.args = this.requests.args;
    this.keyspace = keyspace;
    this.server = server;
    this.db = keyspace.database(0);
  }

  get client(): Client {
    return this;
  }

  /** What a ring of nodes knows of it; little, if this node is in none. */
  get ring(): RingClient {
    return (this.ringClient ??= this.host.ringClientOf(this));
  }

  get authenticated(): boolean {
    return this.requests.authenticated;
  }

  set authenticated(value: boolean) {
    this.requests.authenticated = value;
  }

  get inputBytes(): number {
    return this.requests.bufferedBytes;
  }

  /** Replies that the system has not taken. */
  get outputBytes(): number {
    return this.outbox.pendingBytes + this.reply.length;
  }

  get isBlocked(): boolean {
    return !this.waits.isEmpty;
  }

  onData(buffer: Buffer, length: number): void {
    if (this.isClosed || this.closing) return;
    this.host.onInput(this, length);
    this.requests.feed(buffer, length);
    this.process();
  }

  onDrain(): void {
    if (this.isClosed) return;
    this.outbox.drained();
    this.afterOutput();
  }

  onEnd(): void {
    this.readEnded = true;
    if (this.waits.isPointlessAlone) this.kill();
    else this.process();
  }

  onClose(): void {
    this.kill();
  }

  /** Closes once everything that has been answered is sent. */
  closeAfterReplies(): void {
    if (this.closing) return;
    this.closing = true;
    this.schedule();
  }

  /**
   * Closes if nothing of it is under way. `isUrgent`: between two requests, whatever belongs together, none of which may have begun. Who waits for keys may wait
   * elsewhere as well.
   */
  dismiss(isUrgent: boolean): void {
    if (this.waits.isForKeys) this.kill();
    else if (this.isAtRest || (isUrgent && this.waits.isEmpty && !this.requests.hasAhead)) this.closeAfterReplies();
    else this.isDismissed ||= isUrgent;
  }

  /** Whether there is neither a request, nor a reply, nor what more requests are to come for. */
  private get isAtRest(): boolean {
    const isBetweenRequests = this.waits.isEmpty && !this.deferred && !this.requests.hasAhead;
    const isTied =
      this.transaction !== undefined || this.watched.size > 0 || this.ringClient?.watchSession !== undefined;
    return isBetweenRequests && !isTied && this.inputBytes === 0 && this.outputBytes === 0;
  }

  kill(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stream.destroy();
    this.waits.sleeper.wake('error');
    this.letGo();
    this.outbox.clear();
    this.requests.clearAhead();
    this.replies.clear();
    this.host.onClosed(this);
  }

  reset(): void {
    this.endTransaction();
    this.name = '';
    this.select(0);
    this.noEvict = this.noTouch = this.isMonitor = false;
    this.replyMode = 'on';
    this.reply.resp = 2;
    this.ringClient?.reset();
  }

  get consistency(): string {
    return consistencyText(this.ring.consistency);
  }

  chooseConsistency(words: readonly string[]): string | undefined {
    const chosen = readLevels(words, this.ring.chosen);
    if (typeof chosen === 'string') return chosen;
    this.ring.chosen = chosen;
    return undefined;
  }

  select(number: number): void {
    this.databaseNumber = number;
    this.db = this.keyspace.database(number);
  }

  push(message: Buffer, length: number): void {
    if (this.isClosed || this.closing) return;
    const { reply, replies } = this;
    if (replies.keep(message, length)) return;
    if (this.isBlocked) replies.insert(message, length);
    else reply.raw(message, 0, length);
    if (reply.isLost) {
      this.killForLoss();
      return;
    }
    if (!this.inTurn) {
      this.inTurn = true;
      this.host.scheduleMessage(this);
    }
    const { outputBytes } = this;
    if (outputBytes > PUSHED_CHECK_BYTES && this.host.isOverOutputLimit(this, outputBytes)) this.kill();
  }

  /** A command begins to run. */
  enterCommand(): void {
    this.replies.enterCommand();
  }

  /** It has run, or waits. */
  leaveCommand(): void {
    const hasKept = this.replies.leaveCommand();
    if (this.reply.isLost) this.killForLoss();
    if (!hasKept || this.isClosed) return;
    this.replies.insertKept();
    this.schedule();
  }

  /** Nothing more is executed until `unblock`. */
  block(): void {
    this.waits.begin();
  }

  /** Goes on with what has arrived. */
  unblock(): void {
    this.waits.end();
    if (this.reply.isLost) this.killForLoss();
    if (this.isClosed || this.isBlocked) return;
    this.schedule();
    this.process();
  }

  /** A request waits to be executed again: nothing more is executed until `release`. */
  hold(): void {
    this.waits.beginHold();
  }

  release(): void {
    this.waits.endHold();
    this.unblock();
  }

  /** The request that was held is the next one to be executed. */
  releaseWith(args: Args): void {
    this.requests.putBack(args);
    if (!this.isClosed) this.host.onInput(this, 0);
    this.release();
  }

  /** See RequestSource. Shows none if what is behind is not to run soon. */
  lookAhead(visit: (args: Args) => boolean): void {
    if (!this.isDismissed && !this.isClosed && this.host.mayLookAhead()) this.requests.lookAhead(visit);
  }

  /** Whether this is so of a request that was shown by `lookAhead`, and has not had its turn. */
  isAnyAhead(isSo: (args: Args) => boolean): boolean {
    return this.requests.isAnyAhead(isSo);
  }

  pauseFor(timeoutMs: number): Promise<WakeReason> {
    return this.waits.sleeper.sleep(this.server.timers, timeoutMs);
  }

  get watchedCount(): number {
    return this.watched.size;
  }

  get isTouched(): boolean {
    return this.host.parts.watches.isTouched(this);
  }

  watch(key: Buffer): void {
    this.host.parts.watches.add(this, this.databaseNumber, key);
  }

  unwatch(): void {
    this.host.parts.watches.clear(this);
    this.ringClient?.watchSession?.ask(encodeWords(['UNWATCH']), () => undefined);
    this.ringClient?.forgetWatch();
  }

  beginTransaction(): void {
    this.transaction = new Transaction();
  }

  endTransaction(): void {
    this.transaction?.close();
    this.transaction = undefined;
    this.unwatch();
  }

  /** Closes the connection if what it has queued and sent is more than it may have waiting (client-query-buffer-limit). */
  limitTransaction(): void {
    const bytes = this.transaction?.bytes ?? 0;
    if (bytes + this.inputBytes > this.host.parts.limits.clientQueryBufferLimit) this.kill();
  }

  runTransaction(): void {
    const { transaction, reply } = this;
    assert(transaction !== undefined, 'EXEC comes behind MULTI');
    this.transaction = undefined;
    this.unwatch();
    this.isNested = true;
    reply.array(transaction.count);
    for (const { entry, args, listing } of transaction.queued) {
      this.args = args;
      this.listing = listing?.isOf(this.db) === true ? listing : undefined;
      this.server.nested.run(this, entry);
    }
    this.listing = undefined;
    this.isNested = false;
    transaction.close();
  }

  waitForKeys(call: Call, wait: Wait): void {
    const { blocking } = this.host.parts;
    if (this.isNested) wait.onTimeout(call);
    else if (this.ringClient?.isForwarded !== true) this.waits.waiter = blocking.add(this, call.args, wait);
    else {
      call.reply.simple(WAITS);
      this.waits.waiter = blocking.add(this, call.args, readiness(wait));
      this.schedule();
    }
  }

  /** The request that is held waits for keys elsewhere, maybe for ever, or does no longer: its client is listened to meanwhile, in case that it goes. */
  setAway(away: Away | undefined): void {
    this.waits.away = away;
    if (!this.isClosed) this.regulate();
  }

  /** The command that waited has answered. What comes behind it runs in the next turn, and not in the middle of another command. */
  endWait(): void {
    this.waits.end();
    if (this.isClosed) return;
    this.schedule();
    if (this.isBlocked || this.deferred) return;
    this.deferred = true;
    this.host.defer(this);
  }

  /** The command that waited is executed again, from the beginning. */
  waitElsewhere(args: Args): void {
    this.requests.putBack(args);
    this.endWait();
  }

  wake(reason: 'unblocked' | 'error' | 'woken'): boolean {
    return this.waits.wake(reason, this.host.parts.blocking);
  }

  /** Executes what it left over in the turn before. */
  goOn(): void {
    this.deferred = false;
    if (this.isClosed) return;
    this.host.onInput(this, 0);
    this.process();
  }

  /** The turn is over: what comes now belongs to the next one. */
  leaveTurn(): void {
    this.inTurn = false;
    this.wroteInTurn = false;
  }

  /** Whether replies wait: then those behind them do as well. */
  get holdsReplies(): boolean {
    return this.outbox.holdsReplies;
  }

  /** Sends what was answered. */
  flush(): void {
    assert(!this.holdsReplies, 'replies leave in order');
    if (this.reply.length > 0) this.deliver(this.takeOutput());
    else this.finish();
  }

  /** Takes what was answered, behind what is held already. The caller says what it waits for, and calls `releaseHeld` if that is nothing. */
  holdReply(): HeldReply {
    const held = new HeldReply(this, this.takeOutput());
    this.outbox.hold(held);
    return held;
  }

  /** The same, with what is to wait for room on the disk. The caller gives the wait up, or settles it. */
  holdForRoom(): HeldReply {
    const spans = this.replies.takeSpans();
    const held = this.holdReply();
    held.awaitRoom(spans);
    return held;
  }

  /** What waits no longer leaves at the end of the turn: all of it with one write. */
  scheduleRelease(): void {
    if (this.isReleasing || this.isClosed) return;
    this.isReleasing = true;
    this.host.scheduleRelease(this);
  }

  /** Sends what waits no longer. */
  releaseHeld(): void {
    this.isReleasing = false;
    for (let ready = this.outbox.nextReady(); ready !== undefined; ready = this.outbox.nextReady()) this.deliver(ready);
  }

  /** Answers with a reply that was written elsewhere. */
  answer(reply: Buffer): void {
    const start = this.reply.length;
    this.reply.raw(reply, 0, reply.length);
    this.host.onAnswered(this, start);
  }

  /** Executes what has arrived, as far as it may. */
  private process(): void {
    if (this.processing) return;
    if (this.deferred) {
      // Its reader may overwrite what has come before it goes on.
      this.requests.retain();
      return;
    }
    this.processing = true;
    const { requests, reply, host, outbox, waits } = this;
    while (waits.isEmpty && !this.closing && !this.isClosed) {
      if (reply.length + outbox.pendingBytes > OUTPUT_PAUSE_BYTES) break;
      if (this.isDismissed && !requests.hasAhead) {
        this.closeAfterReplies();
        break;
      }
      if (host.isTurnOver()) {
        this.deferred = true;
        host.defer(this);
        break;
      }
      if (!requests.isAgain) this.ringClient?.beginRequest();
      const status = requests.next();
      if (status === PARSED) {
        host.execute(this, requests.args);
      } else {
        if (status === FAILED) this.fail(requests.error);
        else if (this.readEnded) this.closeAfterReplies();
        break;
      }
    }
    this.processing = false;
    host.onExecuted();
    if (this.isClosed) return;
    if (reply.length > 0) this.schedule();
    requests.retain();
    this.regulate();
  }

  /** Reads while it may execute and its replies are taken. */
  private regulate(): void {
    const pause =
      (this.isBlocked && !this.listens) || this.deferred || this.closing || this.outputBytes > OUTPUT_PAUSE_BYTES;
    if (pause === this.readPaused) return;
    this.readPaused = pause;
    if (pause) this.stream.pause();
    else this.stream.resume();
  }

  /** It is closed: nobody keeps anything for it. */
  private letGo(): void {
    const { blocking } = this.host.parts;
    if (this.waits.waiter !== undefined) blocking.forget(this.waits.waiter);
    blocking.release(this);
    this.endTransaction();
    this.ringClient?.close();
  }

  /** Whether it reads although it executes nothing. */
  private get listens(): boolean {
    return this.waits.letsRead && !this.requests.isFull;
  }

  private fail(error: string): void {
    if (error === '') {
      this.kill();
      return;
    }
    this.reply.error(`ERR ${error}`);
    this.closeAfterReplies();
  }

  private killForLoss(): void {
    this.host.onLostReplies(this);
    this.kill();
  }

  /** Has the connection served at the end of the turn. */
  schedule(): void {
    if (this.inTurn || this.isClosed) return;
    this.inTurn = true;
    this.host.schedule(this);
  }

  private takeOutput(): Output {
    this.replies.begin();
    return this.outbox.take(this.reply);
  }

  private deliver(output: Output): void {
    if (this.isClosed) return;
    this.outbox.send(output);
    this.afterOutput();
  }

  private afterOutput(): void {
    if (this.isClosed) return;
    const { pendingBytes } = this.outbox;
    if (pendingBytes > 0 && this.host.isOverOutputLimit(this, pendingBytes)) {
      this.kill();
      return;
    }
    this.finish();
    if (!this.readPaused || this.outbox.pendingBytes > 0 || this.isBlocked) return;
    this.host.onInput(this, 0);
    this.process();
  }

  /** Closes when that was asked for and everything is out. */
  private finish(): void {
    if (!this.closing || this.isClosed || this.outputBytes > 0) return;
    this.isClosed = true;
    this.letGo();
    this.stream.end();
    this.host.onClosed(this);
  }
}
