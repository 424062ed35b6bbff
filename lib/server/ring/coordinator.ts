/**
 * Decides where a request runs, in a ring of nodes, and has it run there (design, section 5):
 *
 *     put (SET)         this node is a replica ─▶ here, at once
 *     read              this node is a replica ─▶ refresh from a quorum ─▶ here
 *     change (INCR)     this node is the first live replica ─▶ refresh from a quorum ─▶ here
 *     any of them       else ─▶ the first live replica, over a session of this client's own
 *     put at level ANY  no replica can be reached ─▶ hints for all of them, here
 *     several slots     split by who runs them, and put together
 *     a script that names one key: the first live replica ─▶ refresh from a quorum ─▶ tried out there ─▶ linearizer, if it changes anything (one-key-scripts.ts)
 *     CAS and its kin, any level LINEARIZABLE, any key in era 1: the first live replica, or this one, if it was left the key ─▶ linearizer, key by key
 *
 * Requests that wait block their connection, as those do that wait for the disk. Requests of other members (`isForwarded`) go no further.
 */

import { slotOf } from '../../base/position.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import type { Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { RingRole } from '../../commands/ring-role.js';
import { mayHaveSeveralSlots } from '../../commands/ring-role.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Clock, Random } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs } from '../../protocol/request-encoder.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { RingExecution } from '../executor-ports.js';
import type { HeldReply } from '../held-reply.js';
import type { Transaction } from '../transaction.js';
import { Advances } from './advances.js';
import { DecidedKeys } from './decided-keys.js';
import { DecidedRequests } from './decided-requests.js';
import type { RequestWait } from './forwarder.js';
import { Forwarder } from './forwarder.js';
import { Forwards } from './forwards.js';
import { HintedPuts } from './hinted-puts.js';
import type { Linearizer } from './linearizer.js';
import type { ScriptsMode } from './one-key-scripts.js';
import { OneKeyScripts } from './one-key-scripts.js';
import { OwnWrites } from './own-writes.js';
import { PartedRequests } from './parted-requests.js';
import { Pipeline } from './pipeline.js';
import { NOT_DECIDED } from './pipeline-order.js';
import { QuorumReads } from './quorum-reads.js';
import { ReadNeeds } from './read-needs.js';
import { NOBODY_LIVES, Refusals } from './refusals.js';
import type { RemoteSession } from './remote-session.js';
import { shortageOf } from './replica-shortage.js';
import { ReplyMarker } from './reply-marker.js';
import type { ReplyMarks } from './reply-marks.js';
import { RequestRoles } from './request-roles.js';
import { SEVERAL, commonSlot, isWhole, keysOf, namesAt } from './request-slots.js';
import { NO_SLOT } from './ring-client.js';
import { CROSSSLOT, RingTransactions } from './ring-transactions.js';
import { RingWideRequests } from './ring-wide-requests.js';
import { ScriptBodies } from './script-bodies.js';
import { splitRequest } from './split-request.js';
import { StartUp } from './start-up.js';

/** What tells of who acts for which slots. */
const OF_SLOTS: ReadonlySet<string> = new Set(['cluster|slots', 'cluster|shards']);

export interface CoordinatorOptions {
  readonly view: () => RingView;
  readonly random: Random;
  readonly replicator: Replicator;
  readonly hints: HintKeeper;
  /** Whether hints count as replicas that cannot be reached (sloppy-quorum). */
  readonly isSloppy: () => boolean;
  /** Those that this node knows. */
  readonly scripts: Pick<Scripts, 'learn' | 'cache'>;
  readonly decidedScripts: () => ScriptsMode;
  readonly refresher: Refresher;
  readonly consensus: Pick<Consensus, 'isEraOne' | 'isLeft' | 'mayHold'>;
  readonly linearizer: Linearizer;
  /** What the configuration says of keys. */
  readonly declared: DeclaredKeys;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
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

export class Coordinator implements RingExecution {
  /** What other members run. */
  readonly forwards: Forwards;
  readonly startUp: StartUp;
  readonly refusals: Refusals;

  private readonly options: CoordinatorOptions;
  private readonly advances = new Advances();
  private readonly roles: RequestRoles;
  private readonly marker: ReplyMarker;
  private readonly forwarder: Forwarder;
  private readonly parts: PartedRequests;
  private readonly needs: ReadNeeds;
  private readonly pipeline: Pipeline;
  private readonly everywhere: RingWideRequests;
  private readonly decided: DecidedKeys;
  private readonly decisions: DecidedRequests;
  private readonly reads: QuorumReads;
  private readonly hinted: HintedPuts;
  private readonly scripts: OneKeyScripts;
  private readonly transactions: RingTransactions;

  constructor(options: CoordinatorOptions) {
    this.options = options;
    this.forwards = new Forwards(options);
    this.startUp = new StartUp({ ...options, limitMs: options.timeoutMs });
    this.refusals = new Refusals({ ...options, startUp: this.startUp });
    this.decided = new DecidedKeys(options);
    this.roles = new RequestRoles({ ...options, decided: this.decided });
    this.marker = new ReplyMarker(options);
    const { forwards, startUp, advances, roles, refusals, decided } = this;
    const own = new OwnWrites(options);
    const common = { ...options, forwards, startUp, advances, roles, refusals, decided, own };
    this.parts = new PartedRequests(common);
    this.needs = new ReadNeeds(options);
    this.pipeline = new Pipeline({ ...common, parts: this.parts, needs: this.needs });
    const { parts, needs, pipeline } = this;
    this.forwarder = new Forwarder({ ...common, pipeline, bodies: new ScriptBodies(options) });
    this.everywhere = new RingWideRequests({ ...common, parts });
    this.decisions = new DecidedRequests({ ...common, pipeline, parts, forwarder: this.forwarder });
    this.reads = new QuorumReads({ ...common, needs, pipeline });
    this.hinted = new HintedPuts(common);
    this.scripts = new OneKeyScripts({ ...common, needs, reads: this.reads, marker: this.marker });
    this.transactions = new RingTransactions({
      ...options,
      decided,
      redirect: (connection, slot, role) => this.redirect(connection, slot, role),
      routeExec: (...words) => this.routeExec(...words),
      refuse: (connection, args, error) => this.refusals.refuse(connection, args, error),
    });
  }

  /** Called some times a second. */
  tick(): void {
    const postponed = this.forwarder.takePostponed();
    this.forwards.tick();
    this.startUp.look();
    for (const execute of postponed) execute();
  }

  /** Whether a request may run, here and now. If not, it was answered, or waits. */
  admit(connection: Connection, entry: CommandEntry, args: Args): boolean {
    if (connection.ring.isCleared) {
      connection.ring.isCleared = false;
      return !entry.isScript || this.scripts.admit(connection, entry, args);
    }
    connection.ring.mayWait = entry.isBlocking;
    const role = this.roles.of(entry, args);
    const begun = this.advances.takeBegun(args);
    if (begun !== undefined) return this.forwarder.finish(connection, args, role, begun);
    if (connection.ring.hasRefused) return this.refusals.sendBack(connection, args);
    connection.ring.slot = NO_SLOT;
    connection.ring.slots = undefined;
    connection.ring.isBlind = false;
    connection.ring.refreshedTo = 0;
    if (entry.hasOneKey && role === 'put' && this.mayPut(connection, args)) return true;
    if (role === 'here') return this.startUp.isOver || !OF_SLOTS.has(entry.name) || this.startUp.hold(connection, args);
    if (role === 'nowhere')
      return this.refusals.refuse(connection, args, `ERR ${entry.name.toUpperCase()} is not allowed in cluster mode`);
    if (role === 'everywhere')
      return connection.ring.isForwarded || this.everywhere.route(connection, entry.name, args);
    const keys = keysOf(entry, args);
    const slot = commonSlot(args, keys);
    // What makes no sense says so itself.
    if (slot === NO_SLOT || !isWhole(entry.name, args)) return true;
    if (slot === SEVERAL) {
      if (mayHaveSeveralSlots(entry.name)) return this.routeSeveral(connection, entry.name, role, args, keys);
      return this.refusals.refuse(connection, args, CROSSSLOT);
    }
    connection.ring.slot = slot;
    const wait = entry.name === 'watch' ? 'watch' : entry.isBlocking ? 'keys' : 'reply';
    if (this.decided.concernsRequest(connection, entry.name, role, args, keys)) {
      return this.decisions.decide(
        connection,
        entry.name,
        args,
        namesAt(args, keys),
        () => [encodeArgs(args)],
        wait,
        keys,
      );
    }
    const isOneKeyScript = entry.isScript && this.scripts.isOne(connection, entry, args, keys);
    if (isOneKeyScript && this.isHere(connection, slot, role)) return this.scripts.begin(connection, args, keys);
    if (this.hinted.isOne(connection, role, [slot])) return this.hinted.keep(connection, entry.name, args);
    return this.route(
      connection,
      role,
      args,
      () => keys.map((i) => args.copy(i)),
      () => [encodeArgs(args)],
      wait,
      isOneKeyScript ? { key: args.copy(keys[0]), isDecided: true } : NOT_DECIDED,
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
    this.marker.ran(connection, hasChanged, start);
  }

  /** Has a reply wait for the replicas that its marks name. */
  await(reply: HeldReply, marks: ReplyMarks): void {
    this.marker.await(reply, marks);
  }

  private routeExec(
    connection: Connection,
    args: Args,
    keys: () => Buffer[],
    requests: () => Buffer[],
    isComparing: boolean,
  ): boolean {
    const names = isComparing || this.decided.mayConcern(connection, connection.ring.slot) ? keys() : [];
    if (this.decided.concernsTransaction(connection, names, isComparing)) {
      return this.decisions.decide(connection, 'exec', args, names, requests, 'exec');
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

  /** Runs a request on one slot where it belongs. `wait`: what it may wait for there beside its reply. `first`: what it is to those behind it, if it is sent on. */
  private route(
    connection: Connection,
    role: RingRole,
    args: Args,
    keys: () => Buffer[],
    requests: () => Buffer[],
    wait: RequestWait,
    first = NOT_DECIDED,
  ): boolean {
    const { slot, consistency } = connection.ring;
    const view = this.options.view();
    if (!this.isHere(connection, slot, role)) {
      if (connection.ring.isForwarded) return this.refusals.sendBack(connection, args);
      const redirect = this.redirect(connection, slot, role);
      if (redirect !== undefined) return this.refusals.refuse(connection, args, redirect);
      return this.forwarder.forward(connection, view.firstLive(slot), args, requests(), role, wait, first);
    }
    const refusal = this.shortageOf(connection, slot, role);
    if (refusal !== undefined) return this.refusals.lack(connection, args, refusal);
    connection.ring.isBlind = role === 'put';
    if (wait === 'watch') connection.ring.watchAt(slot, undefined);
    return (
      role === 'put' || this.needs.isRefreshed(slot, consistency.read) || this.reads.refresh(connection, args, keys)
    );
  }

  /** The common case of a put: one key, that this node holds, and enough replicas. Allocates nothing. */
  private mayPut(connection: Connection, args: Args): boolean {
    const view = this.options.view();
    const slot = slotOf(args.buffer, args.start[1], args.end[1]);
    if (!view.serves(slot)) return false;
    if (!this.options.isSloppy() && !view.reaches(slot, connection.ring.consistency.write)) return false;
    if (this.decided.mayConcern(connection, slot)) return false;
    connection.ring.slot = slot;
    connection.ring.isBlind = true;
    return true;
  }

  /** Runs a request on keys of several slots: here, or in parts. */
  private routeSeveral(connection: Connection, name: string, role: RingRole, args: Args, keys: number[]): boolean {
    const view = this.options.view();
    const targetOf = (slot: number): number =>
      view.serves(slot) && (role !== 'change' || connection.ring.isForwarded) ? view.self : view.firstLive(slot);
    const slots = keys.map((i) => slotOf(args.buffer, args.start[i], args.end[i]));
    if (this.decided.concernsRequest(connection, name, role, args, keys))
      return this.parts.askEach(connection, name, role, args, keys);
    if (this.hinted.isOne(connection, role, slots)) return this.hinted.keep(connection, name, args);
    if (!slots.every((slot) => targetOf(slot) === view.self)) {
      if (connection.ring.isForwarded) return this.refusals.sendBack(connection, args);
      if (slots.some((slot) => targetOf(slot) === NOBODY)) return this.refusals.lack(connection, args, NOBODY_LIVES);
      // What one other node runs, it may be asked itself; what several run, nobody can be asked but in parts.
      const [first] = slots;
      const redirect = slots.every((slot) => targetOf(slot) === targetOf(first))
        ? this.redirect(connection, first, role)
        : undefined;
      if (redirect !== undefined) return this.refusals.refuse(connection, args, redirect);
      const step = { slots, members: slots.map(targetOf), ...NOT_DECIDED };
      if (this.pipeline.holdBack(connection, args, step)) return false;
      this.parts.ask(connection, args, splitRequest(name, args, keys, targetOf), slots, role === 'read');
      this.pipeline.beginAhead(connection, step);
      return false;
    }
    for (const slot of slots) {
      const refusal = this.shortageOf(connection, slot, role);
      if (refusal !== undefined) return this.refusals.lack(connection, args, refusal);
    }
    connection.ring.slots = slots;
    connection.ring.isBlind = role === 'put';
    const { read } = connection.ring.consistency;
    if (role === 'put' || slots.every((slot) => this.needs.isRefreshed(slot, read))) return true;
    return this.reads.refresh(connection, args, () => keys.map((i) => args.copy(i)));
  }

  /** Why a command cannot have enough replicas of a slot. */
  private shortageOf({ ring }: Connection, slot: number, role: RingRole): string | undefined {
    return shortageOf(this.options.view(), ring.consistency, slot, role, this.options.isSloppy());
  }
}
