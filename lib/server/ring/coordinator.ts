/**
 * Decides where a request runs, in a ring of nodes, and has it run there (design, section 5):
 *
 *     put (SET)         this node is a replica ─▶ here, at once
 *     read              this node is a replica ─▶ refresh from a quorum ─▶ here
 *     change (INCR)     this node is the first live replica ─▶ refresh from a quorum ─▶ here
 *     any of them       else ─▶ the first live replica, over a session of this client's own
 *     put at level ANY  no replica can be reached ─▶ hints for all of them, here
 *     several slots     split by who runs them, and put together
 *     CAS and its kin, any level LINEARIZABLE, any key in era 1: the first live replica ─▶ linearizer, key by key
 *
 * Requests that wait block their connection, as those do that wait for the disk. Requests of other members (`isForwarded`) go no further.
 */

import { SLOT_COUNT, SLOT_SPAN, slotOf } from '../../base/position.js';
import { blindPuts } from '../../commands/blind-puts.js';
import { RING_CHANGED } from '../../commands/error-texts.js';
import { keyIndexes } from '../../commands/key-uses.js';
import type { RingRole } from '../../commands/ring-role.js';
import { isComparing, mayHaveSeveralSlots } from '../../commands/ring-role.js';
import { Level, replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import { ERA_ONE } from '../../cluster/coordination/refresher.js';
import type { RefreshRun, Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import { EVERY_GROUP } from '../../cluster/replication/batch-parts.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { Tally } from '../../cluster/replication/tally.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Random } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import { encodeArgs, encodeWords } from '../../protocol/request-encoder.js';
import { Advance, Advances } from './advances.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import { OwnedCall } from '../connection.js';
import type { RingClient } from './ring-client.js';
import { NO_SLOT } from './ring-client.js';
import { SEVERAL, commonSlot, keysOf, namesAt, roleOf } from './request-slots.js';
import { CROSSSLOT, RingTransactions, SEVERAL_KEYS } from './ring-transactions.js';
import type { RingExecution } from '../executor.js';
import { Forwards } from './forwards.js';
import { WAITS_REPLY } from './key-wait.js';
import type { HeldReply } from '../held-reply.js';
import { keepPuts } from './hinted-puts.js';
import type { ReplyMarks } from './reply-marks.js';
import type { OnReply, RemoteSession } from './remote-session.js';
import { RemoteWait } from './remote-wait.js';
import type { Merge } from './merged-replies.js';
import { textOf } from './merged-replies.js';
import { continued, mergeOf, parseCursor } from './ring-wide-replies.js';
import type { SplitRequest } from './split-request.js';
import { splitByKey, splitRequest } from './split-request.js';
import type { Linearizer } from './linearizer.js';
import type { Step } from './pipeline-order.js';
import { PipelineOrder } from './pipeline-order.js';
import { StartUp } from './start-up.js';
import type { Transaction } from '../transaction.js';

/** What concerns all members, and changes nothing. */
const READS_OF_ALL: ReadonlySet<string> = new Set(['dbsize', 'keys', 'randomkey']);

/** What tells of who acts for which slots. */
const OF_SLOTS: ReadonlySet<string> = new Set(['cluster|slots', 'cluster|shards']);

const NOBODY_LIVES = 'NOREPLICAS need 1, have 0';
const RING_CHANGED_REPLY = Buffer.from(`-${RING_CHANGED}\r\n`);
/** A request goes to so many members, one after the other, while nobody has it: to the first few at once. */
const ATTEMPTS_MAX = 16;
const ATTEMPTS_AT_ONCE = 3;
/** A request that is sent on as it is. */
const NOT_DECIDED = { key: EMPTY, isDecided: false };
const NO_WAITING = 'ERA nobody can wait for a key that consensus decides about';
/** A reply of nothing is no longer than this, in RESP2 and RESP3. */
const NIL_BYTES = 5;
const OK = Buffer.from('+OK\r\n');
const BROKEN = 'TIMEOUT the replica that ran the command is gone: the outcome is unknown';
const BROKEN_REPLY = Buffer.from(`-${BROKEN}\r\n`);

export interface CoordinatorOptions {
  readonly view: () => RingView;
  readonly random: Random;
  readonly replicator: Replicator;
  readonly hints: HintKeeper;
  /** Whether hints count as replicas that cannot be reached (sloppy-quorum). */
  readonly isSloppy: () => boolean;
  readonly refresher: Refresher;
  readonly consensus: Pick<Consensus, 'isEraOne' | 'mayHold'>;
  readonly linearizer: Linearizer;
  /** What the configuration says of keys. */
  readonly declared: DeclaredKeys;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** How long a forwarded request may take that does not wait for keys. */
  readonly timeoutMs: () => number;
  /** The error that sends a client to a member for a slot; undefined: it is served from here. */
  readonly redirectTo: (slot: number, member: number, usesTls: boolean) => string | undefined;
  /** The session of a client at a member, this node itself included. */
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
  /** The command that a request calls, if it calls one properly. */
  readonly entryOf: (args: Args) => CommandEntry | undefined;
  /** Executes a request as if it had just arrived. */
  readonly execute: (connection: Connection, args: Args) => void;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

/** A request with one key that waits for nothing else, and the index of who runs it. */
interface SimpleRequest extends Step {
  readonly role: RingRole;
}

export class Coordinator implements RingExecution {
  /** What other members run. */
  readonly forwards: Forwards;
  readonly startUp: StartUp;
  refusedCount = 0;

  private readonly options: CoordinatorOptions;
  private readonly advances = new Advances();
  private readonly transactions: RingTransactions;
  /** Requests that are executed again a little later. */
  private postponed: (() => void)[] = [];

  constructor(options: CoordinatorOptions) {
    this.options = options;
    this.forwards = new Forwards(options);
    this.transactions = new RingTransactions({
      ...options,
      redirect: (connection, slot, role) => this.redirect(connection, slot, role),
      routeExec: (connection, args, keys, requests) => this.routeExec(connection, args, keys, requests),
      refuse: (connection, args, error) => this.refuse(connection, args, error),
    });
    this.startUp = new StartUp({ ...options, limitMs: options.timeoutMs });
  }

  /** Called some times a second. */
  tick(): void {
    const { postponed } = this;
    this.postponed = [];
    this.forwards.tick();
    this.startUp.look();
    for (const execute of postponed) execute();
  }

  /** Whether a request may run, here and now. If not, it was answered, or waits. */
  admit(connection: Connection, entry: CommandEntry, args: Args): boolean {
    if (connection.ring.isCleared) {
      connection.ring.isCleared = false;
      return true;
    }
    const role = this.roleOf(entry, args);
    const begun = this.advances.takeBegun(args);
    if (begun !== undefined) return this.finish(connection, args, role, begun);
    connection.ring.slot = NO_SLOT;
    connection.ring.slots = undefined;
    connection.ring.isBlind = false;
    connection.ring.refreshedTo = 0;
    if (entry.hasOneKey && role === 'put' && this.mayPut(connection, args)) return true;
    if (role === 'here') return this.startUp.isOver || !OF_SLOTS.has(entry.name) || this.startUp.hold(connection, args);
    if (role === 'nowhere')
      return this.refuse(connection, args, `ERR ${entry.name.toUpperCase()} is not allowed in cluster mode`);
    if (role === 'everywhere') return connection.ring.isForwarded || this.routeEverywhere(connection, entry.name, args);
    const keys = keysOf(entry, args);
    const slot = commonSlot(args, keys);
    if (slot === NO_SLOT) return true;
    if (slot === SEVERAL) {
      if (mayHaveSeveralSlots(entry.name)) return this.routeSeveral(connection, entry.name, role, args, keys);
      return this.refuse(connection, args, CROSSSLOT);
    }
    connection.ring.slot = slot;
    const wait = entry.name === 'watch' ? 'watch' : entry.isBlocking ? 'keys' : 'reply';
    if (this.isDecided(connection, entry.name, role, args, keys)) {
      return this.decide(connection, entry.name, args, namesAt(args, keys), () => [encodeArgs(args)], wait, keys);
    }
    if (this.mayBeHint(connection, role, [slot])) return this.keepHints(connection, entry.name, args);
    return this.route(
      connection,
      role,
      args,
      () => keys.map((i) => args.copy(i)),
      () => [encodeArgs(args)],
      wait,
    );
  }

  hasBegun(args: Args): boolean {
    return this.advances.hasBegun(args);
  }

  admitQueued(connection: Connection, transaction: Transaction, entry: CommandEntry, args: Args): boolean {
    return this.transactions.admitQueued(connection, transaction, entry, args);
  }

  admitExec(connection: Connection, transaction: Transaction, args: Args): boolean {
    return this.transactions.admitExec(connection, transaction, args);
  }

  scriptRefusal(connection: Connection, entry: CommandEntry, args: Args): string | undefined {
    return this.transactions.scriptRefusal(connection, entry, args);
  }

  /** A command has run here: notes what it has changed, and what its reply, which begins at `start`, waits for. */
  ran(connection: Connection, hasChanged: boolean, start: number): void {
    const { replicator } = this.options;
    const { slot, slots, isBlind } = connection.ring;
    if (hasChanged) {
      if (slot !== NO_SLOT) replicator.note(slot, isBlind);
      else {
        for (const group of replicator.noteUnknown(isBlind)) this.markWritten(connection, group, start);
        return;
      }
    }
    if (slot !== NO_SLOT) this.mark(connection, slot, hasChanged, start);
    else if (slots !== undefined) for (const one of slots) this.mark(connection, one, hasChanged, start);
  }

  /**
   * The reply waits for what this node has written to a slot last, if that is not with enough replicas. What a read has refreshed is: earlier writes of this
   * node to its keys were compared, and repaired, then.
   */
  private mark(connection: Connection, slot: number, hasChanged: boolean, start: number): void {
    const { replicator, view } = this.options;
    const sequence = replicator.newestOf(slot);
    const { read, write } = connection.ring.consistency;
    const { ring, replicaCount } = view();
    const level = hasChanged ? write : read;
    const isAlone = replicasNeeded(level, replicaCount) < 2 && !(hasChanged && ring.isChanging);
    if (sequence === 0 || isAlone || (!hasChanged && sequence <= connection.ring.refreshedTo)) return;
    connection.ring.marks.add(ring.groupOf(slot), sequence, level, hasChanged, start, connection.reply.length);
  }

  private markWritten(connection: Connection, group: number, start: number): void {
    const { replicator, view } = this.options;
    const { write } = connection.ring.consistency;
    const { memberCount, replicaCount, ring } = view();
    const needed = replicasNeeded(write, group === EVERY_GROUP ? memberCount : replicaCount);
    if (needed < 2 && !ring.isChanging) return;
    connection.ring.marks.add(group, replicator.sequence + 1, write, true, start, connection.reply.length);
  }

  /** Has a reply wait for the replicas that its marks name. */
  await(reply: HeldReply, marks: ReplyMarks): void {
    const { replicator } = this.options;
    const tallies: (Tally | undefined)[] = [];
    for (let i = 0; i < marks.count; i++) {
      const { groups, sequences, levels, writes } = marks;
      tallies.push(replicator.await(groups[i], sequences[i], levels[i], writes[i], reply));
    }
    reply.awaitTallies(marks, tallies);
  }

  private routeExec(connection: Connection, args: Args, keys: () => Buffer[], requests: () => Buffer[]): boolean {
    const names = this.mayBeDecided(connection, connection.ring.slot) ? keys() : [];
    if (names.some((name) => this.isDecidedKey(connection, name))) {
      return this.decide(connection, 'exec', args, names, requests, 'exec');
    }
    return this.route(connection, 'change', args, keys, requests, 'exec');
  }

  /** Whether this node runs a request of this role for a slot itself. */
  private isHere({ ring }: Connection, slot: number, role: RingRole): boolean {
    const view = this.options.view();
    return view.serves(slot) && (role !== 'change' || ring.isForwarded || view.firstLive(slot) === view.self);
  }

  /** The error that sends a client to who runs its request; undefined: this node does, or sends it on. */
  private redirect(connection: Connection, slot: number, role: RingRole): string | undefined {
    const target = this.options.view().firstLive(slot);
    if (target === NOBODY || connection.ring.isForwarded || this.isHere(connection, slot, role)) return undefined;
    return this.options.redirectTo(slot, target, connection.usesTls);
  }

  /** Runs a request on one slot where it belongs. `wait`: what it may wait for there beside its reply. */
  private route(
    connection: Connection,
    role: RingRole,
    args: Args,
    keys: () => Buffer[],
    requests: () => Buffer[],
    wait: 'reply' | 'keys' | 'watch' | 'exec',
  ): boolean {
    const { slot, consistency } = connection.ring;
    const view = this.options.view();
    if (!this.isHere(connection, slot, role)) {
      if (connection.ring.isForwarded) return this.refuse(connection, args, RING_CHANGED);
      const redirect = this.redirect(connection, slot, role);
      if (redirect !== undefined) return this.refuse(connection, args, redirect);
      return this.forward(connection, view.firstLive(slot), args, requests(), role, wait);
    }
    const refusal = this.refusal(connection.ring, slot, role);
    if (refusal !== undefined) return this.lack(connection, args, refusal);
    connection.ring.isBlind = role === 'put';
    if (wait === 'watch') {
      connection.ring.watchSlot = slot;
      connection.ring.watchSession = undefined;
    }
    return role === 'put' || this.isRefreshed(slot, consistency.read) || this.refresh(connection, args, keys);
  }

  /**
   * Has the request wait until this node has of its keys what so many other replicas have, and runs it then. True if that is so already: it was begun ahead.
   */
  private refresh(connection: Connection, borrowed: Args, keys: () => Buffer[]): boolean {
    const advance = this.advances.take(borrowed);
    if (advance?.isOver === true && advance.run !== undefined && advance.error === undefined) {
      if (this.options.refresher.holds(advance.run)) {
        connection.ring.refreshedTo = advance.sequence;
        return true;
      }
    }
    const args = borrowed.clone();
    const { slot, slots, watchSlot } = connection.ring;
    const refreshedTo = advance?.isOver === false ? advance.sequence : this.options.replicator.sequence;
    const done = (error: string | undefined): void => {
      const view = this.options.view();
      const isDecided = error === undefined ? keys().some((key) => this.isEraOne(key)) : error === ERA_ONE;
      if (isDecided && !connection.isClosed && ++connection.ring.attempts <= ATTEMPTS_MAX) {
        connection.releaseWith(args);
        return;
      }
      if (!view.isUp(view.self) && !connection.isClosed) {
        // This node is no replica any more: somebody else is, perhaps.
        connection.releaseWith(args);
        return;
      }
      if (!connection.isClosed) {
        if (error !== undefined) this.options.fail(connection, args, error);
        else {
          connection.ring.slot = slot;
          connection.ring.slots = slots;
          connection.ring.isBlind = false;
          connection.ring.watchSlot = watchSlot;
          connection.ring.refreshedTo = refreshedTo;
          connection.ring.isCleared = true;
          this.options.execute(connection, args);
          connection.ring.isCleared = false;
        }
      }
      connection.release();
    };
    connection.hold();
    if (advance?.isOver === false && advance.run !== undefined) {
      advance.then = () => {
        done(advance.error);
      };
      return false;
    }
    this.beginRefresh(keys(), connection.ring.consistency.read, done);
    connection.lookAhead(this.runner(connection));
    return false;
  }

  private beginRefresh(keys: Buffer[], level: number, done: (error: string | undefined) => void): RefreshRun {
    const { view, refresher } = this.options;
    // The ring may change meanwhile.
    return refresher.begin({ keys, quorumsOf: (one) => view().quorumsOf(one, level), done });
  }

  /** Whether what this node has of a slot is all that a read at a level asks for. */
  private isRefreshed(slot: number, level: number): boolean {
    const view = this.options.view();
    if (replicasNeeded(level, view.replicaCount) > 1) return false;
    return level >= Level.ONE || view.quorumsOf(slot, level).length === 0;
  }

  /**
   * Begins what requests need that come later in a pipeline: as long as each is one that runs here, and so behind those before it, in the order in which
   * they were sent.
   */
  private runner(connection: Connection): (args: Args) => void {
    const view = this.options.view();
    const level = connection.ring.consistency.read;
    let isOver = !mayLookAhead(connection);
    return (args) => {
      const simple = isOver ? undefined : this.simpleRequest(connection, args);
      const isHere = simple?.member === view.self && view.reaches(simple.slot, level);
      if (simple === undefined || !isHere || simple.isDecided) {
        isOver = true;
        return;
      }
      if (simple.role === 'put' || this.isRefreshed(simple.slot, level)) return;
      const run = this.beginRefresh([args.copy(1)], level, (error) => {
        advance.end({ error });
      });
      const advance = new Advance(run, this.options.replicator.sequence);
      this.advances.add(args, advance);
    };
  }

  /** What a request means here: a put to a key that keeps siblings supersedes what is known, so all that is to be known first. */
  private roleOf(entry: CommandEntry, args: Args): RingRole {
    const role = roleOf(entry, args);
    const { declared } = this.options;
    if (role !== 'put' || declared.isEmpty) return role;
    const isBlind = keyIndexes(entry.command, args).every(
      (i) => i >= args.count || !declared.keepsSiblings(args.buffer, args.start[i], args.end[i]),
    );
    return isBlind ? role : 'change';
  }

  /** Undefined if it is no such. */
  private simpleRequest(connection: Connection, args: Args): SimpleRequest | undefined {
    const entry = this.options.entryOf(args);
    if (entry?.hasOneKey !== true || entry.isBlocking || entry.isTransactional || args.count < 2) return undefined;
    const role = this.roleOf(entry, args);
    const slot = slotOf(args.buffer, args.start[1], args.end[1]);
    const view = this.options.view();
    const isDecided = this.isDecided(connection, entry.name, role, args, [1]);
    const isHere = view.serves(slot) && ((role !== 'change' && !isDecided) || connection.ring.isForwarded);
    return { role, slot, key: args.copy(1), isDecided, member: isHere ? view.self : view.firstLive(slot) };
  }

  /** Has another member run a request, whose bytes are `requests`, of which the last one's reply is the reply. */
  private forward(
    connection: Connection,
    member: number,
    borrowed: Args,
    requests: Buffer[],
    role: RingRole,
    wait: 'reply' | 'keys' | 'watch' | 'exec',
    first: Pick<Step, 'key' | 'isDecided'> = NOT_DECIDED,
  ): boolean {
    const args = borrowed.clone();
    const answer = (reply: Buffer | undefined): void => {
      this.answer(connection, args, role, reply, wait === 'exec');
    };
    if (member === NOBODY) return this.lack(connection, borrowed, NOBODY_LIVES);
    const session = this.options.sessionAt(connection, member);
    connection.hold();
    session.adopt(connection.ring.sessionState(connection.reply.resp));
    if (wait === 'watch') {
      connection.ring.watchSlot = connection.ring.slot;
      connection.ring.watchSession = session;
    }
    const last = requests.pop() ?? encodeArgs(args);
    for (const request of requests) session.ask(request, ignore);
    if (wait === 'keys') this.askAndWait(connection, session, member, args, last, answer);
    else this.ask(session, member, last, role === 'read' && wait === 'reply', answer);
    if (wait === 'reply') this.beginAhead(connection, { slot: connection.ring.slot, member, ...first });
    return false;
  }

  /** Answers a request that somebody else has run, and releases its connection. It is executed again if nothing was done. */
  private answer(connection: Connection, args: Args, role: RingRole, reply: Buffer | undefined, isExec: boolean): void {
    if (!connection.isClosed) {
      if (this.startsOver(connection, role, reply)) {
        this.startOver(connection, args);
        return;
      }
      if (isExec) connection.endTransaction();
      if (reply !== undefined) connection.answer(reply);
      // Not an error as others are: EXEC would say that nothing was done.
      else if (isExec) connection.answer(BROKEN_REPLY);
      else this.options.fail(connection, args, BROKEN);
    }
    connection.release();
  }

  /** The turn of a request has come that was begun ahead: it is answered when it has ended. */
  private finish(connection: Connection, borrowed: Args, role: RingRole, advance: Advance): false {
    const args = borrowed.clone();
    const end = (): void => {
      if (advance.error === undefined) {
        this.answer(connection, args, role, advance.reply, false);
        return;
      }
      if (!connection.isClosed) this.options.fail(connection, args, advance.error);
      connection.release();
    };
    connection.hold();
    if (advance.isOver) {
      end();
      return false;
    }
    advance.then = end;
    const simple = this.simpleRequest(connection, args);
    if (simple !== undefined) this.beginAhead(connection, simple);
    return false;
  }

  /** Asks for what may wait for keys there: `answer` is called with the reply to the client; what waits in vain goes on where the keys are then. */
  private askAndWait(
    connection: Connection,
    session: RemoteSession,
    member: number,
    args: Args,
    request: Buffer,
    answer: OnReply,
  ): void {
    const { nowMs, view, fail } = this.options;
    const id = view().idOf(member);
    const sinceMs = nowMs();
    const postpone = (run: () => void): void => {
      this.postponed.push(run);
    };
    this.ask(session, member, request, false, (reply) => {
      if (reply?.equals(WAITS_REPLY) !== true) answer(reply);
      else {
        const wait = new RemoteWait({ connection, args, session, nowMs, sinceMs, postpone, answer, fail });
        this.forwards.wait(session, id, wait.onEnd);
      }
    });
  }

  /** A request that was sent on, and did nothing, is executed again: at once, or, if that has not helped before, when members may have come and gone. */
  private startOver(connection: Connection, args: Args): void {
    const execute = (): void => {
      connection.releaseWith(args);
    };
    if (connection.ring.attempts <= ATTEMPTS_AT_ONCE) execute();
    else this.postponed.push(execute);
  }

  /** Whether a request that was sent on did nothing, and goes where it belongs by now. */
  private startsOver({ ring }: Connection, role: RingRole, reply: Buffer | undefined): boolean {
    const didNothing = reply === undefined ? role === 'read' : reply.equals(RING_CHANGED_REPLY);
    return didNothing && ++ring.attempts <= ATTEMPTS_MAX;
  }

  /** A request has begun: so do those that come later in a pipeline, as far as their order allows that. */
  private beginAhead(connection: Connection, first: Step): void {
    if (!mayLookAhead(connection)) return;
    const { self } = this.options.view();
    const order = new PipelineOrder(self, first);
    let isOver = false;
    connection.lookAhead((args) => {
      const simple = isOver ? undefined : this.simpleRequest(connection, args);
      if (simple === undefined || !this.mayBegin(connection, simple) || !order.admits(simple)) {
        isOver = true;
        return;
      }
      const { slot, key, member, role } = simple;
      const advance = new Advance();
      this.advances.add(args, advance);
      if (member === self) {
        this.options.linearizer.begin(connection, args, key, slot, (ending) => {
          advance.end(ending);
        });
        return;
      }
      const session = this.options.sessionAt(connection, member);
      session.adopt(connection.ring.sessionState(connection.reply.resp));
      this.ask(session, member, encodeArgs(args), role === 'read', (reply) => {
        advance.end({ reply: reply && Buffer.from(reply) });
      });
    });
  }

  /** Whether a request may be begun ahead, as far as members go. */
  private mayBegin({ ring, usesTls }: Connection, { slot, member }: SimpleRequest): boolean {
    const view = this.options.view();
    if (member === view.self) return view.reaches(slot, Level.QUORUM);
    return member !== NOBODY && !ring.isForwarded && this.options.redirectTo(slot, member, usesTls) === undefined;
  }

  /** The common case of a put: one key, that this node holds, and enough replicas. Allocates nothing. */
  private mayPut(connection: Connection, args: Args): boolean {
    const view = this.options.view();
    const slot = slotOf(args.buffer, args.start[1], args.end[1]);
    if (!view.serves(slot)) return false;
    if (!this.options.isSloppy() && !view.reaches(slot, connection.ring.consistency.write)) return false;
    if (this.mayBeDecided(connection, slot)) return false;
    connection.ring.slot = slot;
    connection.ring.isBlind = true;
    return true;
  }

  /** Whether keys of a slot may be such that consensus decides about, or the client wants it to. */
  private mayBeDecided({ ring }: Connection, slot: number): boolean {
    return this.options.consensus.mayHold(slot) || ring.consistency.write === Level.LINEARIZABLE;
  }

  private isDecidedKey({ ring }: Connection, key: Buffer): boolean {
    return ring.consistency.write === Level.LINEARIZABLE || this.isEraOne(key);
  }

  private isEraOne(key: Buffer): boolean {
    return this.options.consensus.isEraOne(key);
  }

  /** Whether consensus decides about a request. A read of a single replica takes what that knows to be decided. */
  private isDecided(
    connection: Connection,
    name: string,
    role: RingRole,
    args: Args,
    keys: readonly number[],
  ): boolean {
    const { replicaCount, ring } = this.options.view();
    const { read, write } = connection.ring.consistency;
    if (replicaCount < 2 && !ring.isChanging) return false;
    if (write === Level.LINEARIZABLE || isComparing(name, args)) return true;
    if (role === 'read' && replicasNeeded(read, replicaCount) < 2) return false;
    return keys.some((i) => {
      const slot = slotOf(args.buffer, args.start[i], args.end[i]);
      return this.options.consensus.mayHold(slot) && this.isEraOne(args.copy(i));
    });
  }

  /** Has a request decided on by consensus, by who acts for its key. `indexes`: of its keys, if they are arguments of its own. */
  private decide(
    connection: Connection,
    name: string,
    args: Args,
    keys: readonly Buffer[],
    requests: () => Buffer[],
    wait: 'reply' | 'keys' | 'watch' | 'exec',
    indexes?: readonly number[],
  ): boolean {
    const { linearizer } = this.options;
    const view = this.options.view();
    const { slot, isForwarded } = connection.ring;
    const [key] = keys;
    if (keys.some((other) => !other.equals(key))) {
      const isOfEach = indexes !== undefined && mayHaveSeveralSlots(name);
      if (isOfEach) return this.askEach(connection, name, 'change', args, indexes);
      return this.refuse(connection, args, SEVERAL_KEYS);
    }
    const target = view.firstLive(slot);
    if (!view.serves(slot) || (target !== view.self && !isForwarded)) {
      if (isForwarded) return this.refuse(connection, args, RING_CHANGED);
      const redirect = target === NOBODY ? undefined : this.options.redirectTo(slot, target, connection.usesTls);
      if (redirect !== undefined) return this.refuse(connection, args, redirect);
      return this.forward(connection, target, args, requests(), 'change', wait, { key, isDecided: true });
    }
    if (wait === 'keys') return this.refuse(connection, args, NO_WAITING);
    if (!view.reaches(slot, Level.QUORUM)) {
      const { needed, live } = view.shortageOf(slot, Level.QUORUM);
      return this.lack(connection, args, `NOREPLICAS need ${needed}, have ${live}`);
    }
    if (wait === 'watch') {
      connection.ring.watchSlot = slot;
      connection.ring.watchSession = undefined;
      linearizer.runBehind(connection, args, key);
      return false;
    }
    linearizer.propose(connection, args, key, slot);
    if (wait === 'reply') this.beginAhead(connection, { slot, key, member: view.self, isDecided: true });
    return false;
  }

  /** Asks for each key by itself. */
  private askEach(connection: Connection, name: string, role: RingRole, args: Args, keys: readonly number[]): false {
    const view = this.options.view();
    const targetOf = (slot: number): number => (connection.ring.isForwarded ? view.self : view.firstLive(slot));
    if (keys.some((i) => targetOf(slotOf(args.buffer, args.start[i], args.end[i])) === NOBODY)) {
      return this.lack(connection, args, NOBODY_LIVES);
    }
    this.askParts(connection, args, splitByKey(name, args, keys, targetOf), role === 'read');
    return false;
  }

  /** Runs a request on keys of several slots: here, or in parts. */
  private routeSeveral(connection: Connection, name: string, role: RingRole, args: Args, keys: number[]): boolean {
    const view = this.options.view();
    const targetOf = (slot: number): number =>
      view.serves(slot) && (role !== 'change' || connection.ring.isForwarded) ? view.self : view.firstLive(slot);
    const slots = keys.map((i) => slotOf(args.buffer, args.start[i], args.end[i]));
    if (this.isDecided(connection, name, role, args, keys)) return this.askEach(connection, name, role, args, keys);
    if (this.mayBeHint(connection, role, slots)) return this.keepHints(connection, name, args);
    if (!slots.every((slot) => targetOf(slot) === view.self)) {
      if (connection.ring.isForwarded) return this.refuse(connection, args, RING_CHANGED);
      if (slots.some((slot) => targetOf(slot) === NOBODY)) return this.lack(connection, args, NOBODY_LIVES);
      // What one other node runs, it may be asked itself; what several run, nobody can be asked but in parts.
      const [first] = slots;
      const redirect = slots.every((slot) => targetOf(slot) === targetOf(first))
        ? this.redirect(connection, first, role)
        : undefined;
      if (redirect !== undefined) return this.refuse(connection, args, redirect);
      this.askParts(connection, args, splitRequest(name, args, keys, targetOf), role === 'read');
      return false;
    }
    for (const slot of slots) {
      const refusal = this.refusal(connection.ring, slot, role);
      if (refusal !== undefined) return this.lack(connection, args, refusal);
    }
    connection.ring.slots = slots;
    connection.ring.isBlind = role === 'put';
    const { read } = connection.ring.consistency;
    if (role === 'put' || slots.every((slot) => this.isRefreshed(slot, read))) return true;
    return this.refresh(connection, args, () => keys.map((i) => args.copy(i)));
  }

  /** Why a command cannot have enough replicas of a slot. */
  private refusal({ consistency }: RingClient, slot: number, role: RingRole): string | undefined {
    const view = this.options.view();
    const { replicaCount } = view;
    const isShort = (level: number): boolean => !view.reaches(slot, level);
    const mustReach = role !== 'read' && !this.options.isSloppy();
    const lacking =
      role !== 'put' && isShort(consistency.read)
        ? consistency.read
        : mustReach && isShort(consistency.write)
          ? consistency.write
          : undefined;
    if (lacking === undefined) return undefined;
    const shortage = view.shortageOf(slot, lacking);
    const readers = role === 'put' ? 1 : replicasNeeded(consistency.read, replicaCount);
    const writers = role === 'read' ? 1 : replicasNeeded(consistency.write, replicaCount);
    return `NOREPLICAS need ${Math.max(readers, writers, shortage.needed)}, have ${shortage.live}`;
  }

  /** Whether a hint is all that can be had of a request, and enough. */
  private mayBeHint({ ring }: Connection, role: RingRole, slots: readonly number[]): boolean {
    if (role !== 'put' || ring.consistency.write !== Level.ANY) return false;
    const view = this.options.view();
    return slots.every((slot) => view.firstLive(slot) === NOBODY);
  }

  /** Keeps what is put for each replica of its keys, and answers when one hint of each key is durable. */
  private keepHints(connection: Connection, name: string, borrowed: Args): false {
    const { view, hints, fail } = this.options;
    const args = borrowed.clone();
    const puts = blindPuts(new OwnedCall(connection, args), name);
    if (puts === undefined) return false;
    connection.hold();
    keepPuts(hints, view(), puts, (isKept) => {
      if (!isKept) fail(connection, args, NOBODY_LIVES);
      else if (!connection.isClosed) connection.answer(OK);
      connection.release();
    });
    return false;
  }

  /** `isRead`: if a member is lost on the way, or the replies are in vain, everything is done again. */
  private askParts(
    connection: Connection,
    borrowed: Args,
    { parts, merge }: SplitRequest,
    isRead: boolean,
    isInVain: (replies: readonly Buffer[]) => boolean = () => false,
  ): void {
    const args = borrowed.clone();
    const replies: Buffer[] = [];
    let remaining = parts.length;
    let isBroken = false;
    connection.hold();
    parts.forEach(({ target, request }, i) => {
      const session = this.options.sessionAt(connection, target);
      session.adopt(connection.ring.sessionState(connection.reply.resp));
      this.ask(session, target, request, isRead, (reply) => {
        if (reply === undefined || (isRead && reply.equals(RING_CHANGED_REPLY))) isBroken = true;
        else replies[i] = Buffer.from(reply);
        if (--remaining > 0) return;
        if (!connection.isClosed) {
          const mustAskAgain = isRead && (isBroken || isInVain(replies));
          if (mustAskAgain && ++connection.ring.attempts <= ATTEMPTS_MAX) {
            connection.releaseWith(args);
            return;
          }
          if (isBroken) this.options.fail(connection, args, BROKEN);
          else connection.answer(merge(replies));
        }
        connection.release();
      });
    });
  }

  /** Runs a request that concerns all members. */
  private routeEverywhere(connection: Connection, name: string, args: Args): boolean {
    const view = this.options.view();
    if (name === 'scan') return this.scan(connection, args);
    if (!this.startUp.isOver) return this.startUp.hold(connection, args);
    const isRead = READS_OF_ALL.has(name);
    const live = isRead ? view.liveHolders() : view.live();
    if (live.length === 0) return this.lack(connection, args, NOBODY_LIVES);
    const request = encodeArgs(args);
    const targets = name === 'randomkey' ? [live[this.options.random.uint32() % live.length]] : live;
    const parts = targets.map((target) => ({ target, request }));
    const holds = (i: number, key: Buffer): boolean => view.ring.holds(targets[i], slotOf(key, 0, key.length));
    const isStray = ([reply]: readonly Buffer[]): boolean => {
      return name === 'randomkey' && reply.length > NIL_BYTES && !holds(0, Buffer.from(textOf(reply), 'latin1'));
    };
    this.askParts(connection, args, { parts, merge: mergeOf(name, view.replicaCount, holds) }, isRead, isStray);
    return false;
  }

  /** SCAN: a cursor is a position, so it says who has the keys behind it; he lists them up to where somebody else has them. */
  private scan(connection: Connection, args: Args): boolean {
    const cursor = args.count < 2 ? undefined : parseCursor(args.text(1));
    if (cursor === undefined) return true; // the command says what is wrong
    const view = this.options.view();
    const slot = Math.floor(cursor / SLOT_SPAN);
    const target = view.firstLive(slot);
    if (target === NOBODY) return this.lack(connection, args, NOBODY_LIVES);
    let end = slot + 1;
    while (end < SLOT_COUNT && view.firstLive(end) === target) end++;
    const limit = end * SLOT_SPAN;
    const words = Array.from({ length: args.count }, (_, i) => args.text(i));
    const parts = [{ target, request: encodeWords([...words, 'BEFORE', String(limit)]) }];
    const merge: Merge = ([reply]) => continued(reply, end === SLOT_COUNT ? 0 : limit);
    this.askParts(connection, args, { parts, merge }, true);
    return false;
  }

  private ask(session: RemoteSession, member: number, request: Buffer, isRead: boolean, then: OnReply): void {
    this.forwards.ask(session, this.options.view().idOf(member), request, isRead, then);
  }

  /** Too few replicas can be reached. At the start it waits for them. */
  private lack(connection: Connection, args: Args, error: string): false {
    return this.startUp.isOver ? this.refuse(connection, args, error) : this.startUp.hold(connection, args);
  }

  private refuse(connection: Connection, args: Args, error: string): false {
    this.refusedCount++;
    this.options.fail(connection, args, error);
    return false;
  }
}

/** Whether the requests behind the one that waits are asked for the same: not if that has a level of its own, or opened a transaction. */
function mayLookAhead({ transaction, ring }: Connection): boolean {
  return transaction === undefined && ring.once === undefined;
}

function ignore(): void {
  // QUEUED, or an error that EXEC repeats.
}
