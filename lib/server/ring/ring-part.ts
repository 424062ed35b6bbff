/**
 * A node's part in a ring: its replicas' writes, what it asks and tells other members of keys, and where its clients' requests run.
 *
 *     executor ─▶ coordinator ─▶ refresher ─▶ ASK, REPAIR ─▶ responders of others
 *     batch ─▶ log ─▶ replicator ─▶ REPLICATE ─▶ intake of others ─▶ REPLICATED ─▶ replies
 *                         └─▶ hints ─▶ HINT ─▶ HINTED
 *
 * What is sent in a turn leaves at its end, behind the log.
 */

import { AssertionError } from '../../base/assert.js';
import { portFor } from '../../base/client-port.js';
import { slotOf } from '../../base/position.js';
import type { HybridClock } from '../../base/stamp.js';
import { firstStampOf } from '../../base/stamp.js';
import { PayloadBuffer } from '../../cluster/bus/payload-buffer.js';
import { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { Payload } from '../../cluster/bus/payload.js';
import type { ClockReading } from '../../cluster/bus/clock-reading.js';
import { Rejections } from '../../cluster/bus/rejections.js';
import type { ClockWatch } from '../../cluster/coordination/clock-watch.js';
import { replicasNeeded } from '../../cluster/coordination/consistency.js';
import { AcceptorLog, consensusDirectory } from '../../cluster/consensus/acceptor-log.js';
import type { EraStore } from '../../cluster/consensus/consensus.js';
import { Consensus } from '../../cluster/consensus/consensus.js';
import type { MemberSets } from '../../cluster/consensus/quorum.js';
import { Outboxes } from '../../cluster/coordination/outboxes.js';
import type { Answers, InquiryStore, KeySummary } from '../../cluster/coordination/inquiries.js';
import { Inquiries } from '../../cluster/coordination/inquiries.js';
import type { EntryStore } from '../../cluster/coordination/ports.js';
import { Refresher } from '../../cluster/coordination/refresher.js';
import { Responder } from '../../cluster/coordination/responder.js';
import { NOBODY, RingView } from '../../cluster/coordination/ring-view.js';
import type { RingMessage } from '../../cluster/coordination/versioned-links.js';
import { VersionedLinks } from '../../cluster/coordination/versioned-links.js';
import { EMPTY_PAYLOAD } from '../../cluster/bus/payload.js';
import type { RingVersion } from '../../cluster/ring/ring-version.js';
import { compareRingVersions } from '../../cluster/ring/ring-version.js';
import { AntiEntropy } from '../../cluster/repair/anti-entropy.js';
import type { RepairStore } from '../../cluster/repair/ports.js';
import type { Liveness } from '../../cluster/gossip/member.js';
import { MessageKind } from '../../cluster/message-kind.js';
import { Acknowledgement, ERA_STAMP, readAcknowledgement } from '../../cluster/replication/acknowledgement.js';
import type { Newer } from '../../cluster/replication/acknowledgement.js';
import { HINT_HEAD_BYTES } from '../../cluster/replication/hint-messages.js';
import { Hints } from '../../cluster/replication/hints.js';
import { Replicator } from '../../cluster/replication/replicator.js';
import { REPLICATE_HEAD_BYTES } from '../../cluster/replication/shipment.js';
import type { Address, MemberId } from '../../cluster/ring/member.js';
import type { TransferData } from '../../cluster/transfer/ports.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import type { Ring } from '../../cluster/ring/ring.js';
import type { PeerLink } from '../../commands/ports.js';
import type { Settings } from '../../config/settings.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { ByteStream, Clock, Disk, Random, StreamHandler, Timers, TlsSettings } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import type { WriteBatch } from '../../record/write-batch.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import { RingPresence } from './ring-presence.js';
import { RingResize } from './ring-resize.js';
import { Coordinator } from './coordinator.js';
import type { HeldReply } from '../held-reply.js';
import type { Superseded } from './foreign-batches.js';
import type { RefusedPut } from './refused-put.js';
import { RefusedPuts } from './refused-puts.js';
import type { LinearizerOptions } from './linearizer.js';
import { Linearizer } from './linearizer.js';
import { LogWaits } from './log-waits.js';
import { openLoop } from './loop-stream.js';
import { RemoteSession } from './remote-session.js';
import { NO_SLOT } from './ring-client.js';
import type { Turn, TurnReplicas } from '../turn.js';

/** A process that does nothing for so long, and misses so many of its ticks, stands still. */
const STANDSTILL_MS = 300;
const TICKS_MISSED = 2;
/** Before it goes, a node waits for others so long. */
const DRAIN_MS = 500;
const DRAIN_LOOK_MS = 10;

/** The other members, as this node reaches them. */
export interface RingLinks {
  send(member: MemberId, kind: number, payload: Payload): boolean;
  serve(kind: number, handler: (message: RingMessage) => void): void;
  /** Opens a stream to a member; `metadata` says whose requests it carries. */
  openChannel(member: MemberId, metadata: string, handler: StreamHandler): ByteStream;
  /** Has streams accepted that other members open. */
  serveChannels(accept: (stream: ByteStream) => StreamHandler): void;
  /** Whether a member is alive, as far as one knows, connected, and answers in time. */
  isUp(member: MemberId): boolean;
  /** `onDown`: what was sent and not answered is lost, or not. */
  watch(watcher: LinkWatcher): void;
  /** What a member has last said of its wall clock. */
  clockOf(member: MemberId): ClockReading | undefined;
  /** Sends what was queued. */
  flush(): void;
}

/** Who wants to know of other members that come and go. */
export interface LinkWatcher {
  onUp(member: MemberId): void;
  onDown(member: MemberId): void;
  /** It does not answer, or does again: what was sent is neither lost nor there. */
  onSilence(member: MemberId, isSilent: boolean): void;
}

/** What the ring must know of a member's data before it is changed. */
export interface RingData {
  /** Whether this node holds any key. */
  holdsData(): boolean;
  /** No client's write is taken for so long. */
  pauseWrites(durationMs: number): void;
}

/** What is known of a member beside what the ring says. */
export interface RingPeer {
  readonly liveness: Liveness | 'unknown';
  readonly link: PeerLink;
}

/** What makes a node a member of a ring. */
export interface RingMembership {
  readonly self: MemberId;
  readonly ring: Ring;
  readonly links: RingLinks;
  /** Where a member is now. REQUIRES, as of `peer`: it is one of the ring, this node or another. */
  addressOf(member: MemberId): Address;
  peer(member: MemberId): RingPeer;
  /** The node has its data. */
  attach(data: RingData): void;
  /** Says good-bye, so that the others send nothing here any more. Resolves when they have had time to hear it. */
  leave(): Promise<void>;
  /** Certificates have been read anew. */
  renewTls(tls: TlsSettings): void;
  /** Nothing is sent, and nothing comes, from now on. */
  stop(): void;
  /** A member has a ring of this version, which is newer. */
  heardOf(version: RingVersion, member: MemberId): void;
  /** Called with each newer ring. */
  onRing(listener: (ring: Ring) => void): void;
  /** Called when this node is no member of the newest ring any more. */
  onGone(listener: () => void): void;
  /** Has the voters decide about `next`, which is to follow `ring`. `onEnd` is called once, with the reason if it was not decided, or if that is not known. */
  change(ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void): void;
  /** Asks a member for the newest ring. */
  refresh(member: MemberId): void;
}

/** What became of the blind puts of a batch: those that are older than what is here; and, if that was not known at once, more of them. */
export interface Taken {
  readonly superseded: readonly Superseded[];
  readonly later: Promise<readonly Superseded[]> | undefined;
}

/** The data as the ring changes it. */
export interface RingStore extends Omit<EntryStore, 'whenLogged' | 'takeOver'>, InquiryStore {
  /** The key at a place in a batch of this node. */
  keyAt(batch: Buffer, start: number): Buffer | undefined;
  /** What consensus decides about. */
  eras: Pick<Consensus, 'isEmpty' | 'mayHold' | 'isEraOne'> | undefined;
  readonly eraStore: EraStore;
  /** Merges a batch that others have stamped, and logs it with this turn. */
  takeOver(batch: Buffer): Taken;
  /** See ReplicatorOptions. */
  putAgain(batch: Buffer, keyAt: number, stamp: number): number | undefined;
  /** What a batch of one record puts, that was put with other stamps before. Throws CorruptionError. */
  refusedPut(batch: Buffer, before: readonly number[]): RefusedPut;
}

export interface RingPartOptions {
  readonly membership: RingMembership;
  readonly store: RingStore;
  readonly repairStore: RepairStore;
  readonly batch: WriteBatch;
  readonly clock: Clock;
  /** What the configuration says of keys. */
  readonly declared: DeclaredKeys;
  /** What stamps are made by. */
  readonly hybridClock: HybridClock;
  readonly clockWatch: ClockWatch;
  /** How far clocks may differ. */
  readonly maxDriftMs: () => number;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly settings: Pick<
    Settings,
    | 'dir'
    | 'hz'
    | 'hintSizeMaxBytes'
    | 'hintWindowSeconds'
    | 'sloppyQuorum'
    | 'repairIntervalSeconds'
    | 'repairRateBytes'
    | 'transferRateBytes'
    | 'joinTimeoutSeconds'
  >;
  /** The data, as slots of it are given to others. */
  readonly transfer: Omit<TransferData, 'takeOver'>;
  readonly warn: (line: string) => void;
  readonly turn: Turn;
  /** Whether there is a log, and the data is what it and the tables say. */
  readonly isOpen: () => boolean;
  /** Why this node can be no replica, if that is so; `onFitness` is to be called when it changes. */
  readonly unfitness: () => string | undefined;
  /** Up to where the log must be durable before what this turn has logged may be told; 0 if it may at once. */
  readonly logPosition: () => number;
  readonly writeTimeoutMs: () => number;
  /** Whether clients are sent to another node instead of being served by way of this one. */
  readonly redirects: () => boolean;
  /** Serves a stream of requests of this node's own, or of another member. */
  readonly accept: (stream: ByteStream) => StreamHandler;
  /** The command that a request calls, if it calls one properly. */
  readonly entryOf: (args: Args) => CommandEntry | undefined;
  readonly execute: (connection: Connection, args: Args) => void;
  /** How commands run whose outcome consensus decides. */
  readonly drafts: Omit<LinearizerOptions, 'consensus' | 'execute' | 'fail'>;
  /** Whether something is being done to keys that goes on from turn to turn. */
  readonly isBusy: () => boolean;
  /** Consensus decides about a key of the slot from now on. */
  readonly onEra: (slot: number) => void;
  readonly fail: (connection: Connection, args: Args, error: string) => void;
  /** Other nodes may act for slots than before. */
  readonly onMoved: () => void;
  /** Sends a message of another member to the subscribers of this one. */
  readonly deliver: (kind: 'channel' | 'shard', channel: string, message: Buffer) => void;
  /** A message has arrived: called before it is looked at. */
  readonly onMessage: () => void;
}

const REPAIR_KINDS = [
  MessageKind.COMPARE_ROOTS,
  MessageKind.COMPARE_SLOTS,
  MessageKind.COMPARE_LEAVES,
  MessageKind.COMPARE_KEYS,
  MessageKind.TAKE_ENTRIES,
  MessageKind.COMPARED,
];

/** What changes data, or tells of it: nothing for a node that is no replica. */
const OF_DATA: ReadonlySet<number> = new Set<number>([
  MessageKind.REPLICATE,
  MessageKind.ASK,
  MessageKind.TELL,
  MessageKind.REPAIR,
  MessageKind.HINT,
  ...REPAIR_KINDS,
]);

const REFUSAL_WORDS = { ahead: 'Clock: refused a message that is further ahead of our clock than max-clock-drift,' };

/** Whose acknowledgement leaves at the end of the turn. */
interface Intake {
  sequence: number;
  newer: Newer[];
  /** Batches of which it is not known yet what they say of puts. */
  undecided: number;
}

export class RingPart implements TurnReplicas, EntryStore {
  readonly coordinator: Coordinator;
  readonly replicator: Replicator;
  readonly refresher: Refresher;
  readonly responder: Responder;
  readonly consensus: Consensus;
  readonly inquiries: Inquiries;
  readonly hints: Hints;
  readonly antiEntropy: AntiEntropy;
  readonly versioned: VersionedLinks;
  readonly resize: RingResize;
  view: RingView;

  private readonly options: RingPartOptions;
  private readonly links: RingLinks;
  private readonly acceptorLog: AcceptorLog;
  readonly linearizer: Linearizer;
  private readonly refusedPuts: RefusedPuts;
  private readonly presence: RingPresence;
  private readonly store: RingStore;
  private readonly hinted: Outboxes;
  private readonly intakes = new Map<MemberId, Intake>();
  /** What waits for the log of this turn, and of earlier ones. */
  private logged: (() => void)[] = [];
  private readonly waits = new LogWaits();
  /** Why this node is a replica for nobody, if it is none: its log takes nothing, or its clock is wrong. */
  private unfitness: string | undefined;
  private nextRing: Ring | undefined;
  /** Other nodes act for some slots now. */
  private hasMoved = false;
  /** The newest ring that anybody has been heard to have. */
  private newestVersion: RingVersion;
  /** Of each member, the last of its batches that was taken. */
  private readonly taken = new Map<MemberId, number>();
  private readonly refusals: Rejections<'ahead'>;
  private readonly payload = new PayloadBuffer();

  constructor(options: RingPartOptions) {
    const { membership, clock, writeTimeoutMs, random, settings } = options;
    const { links, self, ring } = membership;
    const nowMs = (): number => clock.monotonicUs() / 1000;
    this.options = options;
    this.links = links;
    this.store = options.store;
    this.presence = new RingPresence(links);
    this.view = new RingView(ring, self, (id) => this.isUp(id));
    this.newestVersion = ring.document;
    this.versioned = new VersionedLinks({
      links,
      version: () => this.view.ring.document,
      clock: options.hybridClock,
      stampMax: () => firstStampOf(options.clockWatch.wallMs() + options.maxDriftMs()),
    });
    this.refusals = new Rejections(clock, REFUSAL_WORDS, options.warn);
    this.hints = new Hints({
      ...options,
      links: {
        send: (member, kind, payload) => this.versioned.send(member, kind, payload),
        isUp: (member) => this.isNewest && this.isUp(member),
      },
      directory: settings.dir,
      bytesMax: () => settings.hintSizeMaxBytes,
      windowSeconds: () => settings.hintWindowSeconds,
      onWork: options.onMessage,
    });
    this.hinted = new Outboxes(this.versioned, MessageKind.HINTED);
    this.hints.retain(ring.members.map(({ id }) => id));
    this.replicator = new Replicator({
      self,
      batch: options.batch,
      links: this.versioned,
      hints: this.hints,
      isSloppy: () => settings.sloppyQuorum,
      random,
      nowMs,
      writeTimeoutMs,
      replicasNeeded,
      putAgain: (batch, keyAt, stamp) => this.putAgain(batch, keyAt, stamp),
      decidePut: (record, before, onDecided) => {
        this.refusedPuts.decide(record, before, onDecided);
      },
      isEraOne: (batch, keyAt, isTold) => this.isEraOneAt(batch, keyAt, isTold),
    });
    this.replicator.useRing(ring);
    this.acceptorLog = new AcceptorLog({
      disk: options.disk,
      random,
      directory: consensusDirectory(settings.dir),
      onFailed: (error) => {
        options.warn(`This node decides about no keys any more, until it is started again: ${error.message}`);
      },
      onSynced: options.onMessage,
    });
    this.consensus = new Consensus({
      self,
      ordinal: ring.member(self).ordinal,
      links: this.versioned,
      log: this.acceptorLog,
      store: options.store.eraStore,
      random,
      nowMs,
      timeoutMs: writeTimeoutMs,
      acceptorsOf: (slot) => this.acceptorsOf(slot),
      isMoving: (slot) => this.view.isMoving(slot),
      isUp: (id) => this.isUp(id),
      actsFor: (slot) => this.actsFor(slot),
      isBusy: options.isBusy,
      onEra: (key) => {
        options.onEra(slotOf(key, 0, key.length));
      },
    });
    options.store.eras = this.consensus;
    this.refusedPuts = new RefusedPuts({
      self,
      links: this.versioned,
      random,
      consensus: this.consensus,
      actorOf: (slot) => {
        const first = this.view.firstLive(slot);
        return first === NOBODY ? undefined : this.view.idOf(first);
      },
      putOf: (record, before) => this.store.refusedPut(record, before),
      nowMs,
      timeoutMs: writeTimeoutMs,
    });
    this.linearizer = new Linearizer({ ...options, ...options.drafts, consensus: this.consensus });
    this.refresher = new Refresher({
      store: this,
      links: this.versioned,
      random,
      nowMs,
      timeoutMs: writeTimeoutMs,
      standstillMs: () => Math.max(STANDSTILL_MS, TICKS_MISSED * (1000 / settings.hz)),
      onEraOne: (key) => {
        this.consensus.hear(key);
      },
    });
    this.responder = new Responder(this, this.versioned);
    this.inquiries = new Inquiries({ store: this, links: this.versioned, random, nowMs, timeoutMs: writeTimeoutMs });
    this.antiEntropy = new AntiEntropy({
      self,
      random,
      nowMs,
      store: options.repairStore,
      links: this.versioned,
      ring: () => this.view.ring,
      isUp: (member) => this.isUp(member),
      isServing: () => this.isServing && options.isOpen(),
      timeoutMs: writeTimeoutMs,
      intervalMs: () => settings.repairIntervalSeconds * 1000,
      bytesPerSecond: () => settings.repairRateBytes,
      onWork: options.onMessage,
      report: options.warn,
    });
    this.coordinator = new Coordinator({
      view: () => this.view,
      random,
      replicator: this.replicator,
      hints: this.hints,
      isSloppy: () => settings.sloppyQuorum,
      refresher: this.refresher,
      consensus: this.consensus,
      linearizer: this.linearizer,
      declared: options.declared,
      nowMs,
      timeoutMs: writeTimeoutMs,
      redirectTo: (slot, member, usesTls) => this.redirectTo(slot, member, usesTls),
      sessionAt: (connection, member) => this.sessionAt(connection, member),
      entryOf: options.entryOf,
      execute: options.execute,
      fail: options.fail,
    });
    this.resize = new RingResize({
      ...options,
      self,
      view: () => this.view,
      links: this.versioned,
      data: { ...options.transfer, takeOver: (batch) => this.takeOver(batch) },
      nowMs,
      onWork: options.onMessage,
      hasMovedEra: () => this.consensus.hasMoved,
      change: (before, next, onEnd) => {
        membership.change(before, next, onEnd);
      },
      refresh: (member) => {
        membership.refresh(member);
      },
    });
    this.serve();
    membership.onRing((newer) => {
      options.onMessage();
      if (compareRingVersions(newer.document, this.newestVersion) > 0) this.newestVersion = newer.document;
      this.nextRing = newer;
    });
  }

  /** The data was read: this node takes part from now on. What others have sent in vain before, they send again. */
  open(): void {
    const { links, options } = this;
    options.onMessage();
    this.consensus.open();
    links.serveChannels((stream) => options.accept(stream));
    this.presence.open(this.others());
    this.askForMissed();
    this.coordinator.startUp.begin();
  }

  /** This node may be no replica any more, or be one again. */
  onFitness(): void {
    const { options } = this;
    const before = this.unfitness;
    this.unfitness = options.unfitness();
    if ((before === undefined) === this.isServing) return;
    options.onMessage();
    options.warn(
      this.isServing ? 'This node is a replica again' : `This node is no replica for now: ${this.unfitness}`,
    );
    if (this.view.setUp(options.membership.self, this.isServing)) this.hasMoved = true;
    this.presence.setAway(!this.isServing, this.others());
    if (this.isServing) this.askForMissed();
  }

  // For the turn.

  isAwaitedBy(connection: Connection): boolean {
    return connection.ring.marks.count > 0;
  }

  await(connection: Connection, reply: HeldReply): void {
    this.coordinator.await(reply, connection.ring.takeMarks());
  }

  endTurn(isLogged: boolean): void {
    if (!isLogged) this.abandon();
    const position = this.options.logPosition();
    for (const [member, { sequence, newer, undecided }] of this.intakes) {
      if (undecided > 0) continue;
      this.intakes.delete(member);
      this.logged.push(() => {
        this.versioned.send(member, MessageKind.REPLICATED, new Acknowledgement(sequence, newer));
      });
    }
    const { logged } = this;
    this.logged = [];
    for (const then of logged) {
      if (position === 0) then();
      else this.waits.add(position, then);
    }
    // Not when the log says so: that is amidst something.
    if (!this.isServing) this.refresher.abandon(`NOREPLICAS this node is none any more: ${this.unfitness}`);
    if (this.nextRing !== undefined && this.replicator.isShipped) this.useRing(this.nextRing);
    if (this.isNewest) this.replicator.sendMissed();
    this.consensus.flush();
    this.flush();
  }

  /** The batch is about to be emptied: the log has it, or nobody will. */
  endBatch(isLogged: boolean): void {
    if (isLogged) this.replicator.ship();
    else this.replicator.abandon();
  }

  /** The log is durable up to there. */
  release(position: number): void {
    this.waits.release(position);
    this.flush();
  }

  /** What this node has promised is not asked for any more. */
  close(): void {
    this.acceptorLog.close();
  }

  /** The log has failed: nothing that waits for it is ever told. */
  abandon(): void {
    this.waits.clear();
    this.intakes.clear();
    this.logged = [];
  }

  tick(): void {
    this.options.clockWatch.look();
    this.onFitness();
    this.replicator.tick();
    this.hints.tick();
    this.antiEntropy.tick();
    this.refresher.tick();
    this.consensus.tick();
    this.refusedPuts.tick();
    this.inquiries.tick();
    this.resize.tick();
    this.coordinator.tick();
    for (const member of this.view.ring.members) this.setUp(member.id, this.isUp(member.id));
    if (!this.hasMoved) return;
    this.hasMoved = false;
    this.options.onMoved();
  }

  /** This node goes: says so to all that it reaches, so that they send nothing here any more. It serves on meanwhile. */
  leave(): void {
    this.presence.setAway(true, this.others());
    this.flush();
  }

  /** Resolves when no reply waits for other members any more, or after a while. REQUIRES: nothing new begins. */
  async drained(): Promise<void> {
    const { timers } = this.options;
    for (let leftMs = DRAIN_MS; leftMs > 0 && !this.isIdle; leftMs -= DRAIN_LOOK_MS) {
      await new Promise<void>((resolve) => {
        timers.after(DRAIN_LOOK_MS, resolve);
      });
    }
  }

  private get isIdle(): boolean {
    return this.replicator.isIdle && this.coordinator.forwards.isIdle;
  }

  /** Whether this node acts for the keys of a slot. */
  actsFor(slot: number): boolean {
    return slot === NO_SLOT || this.view.firstLive(slot) === this.view.self;
  }

  private get isServing(): boolean {
    return this.unfitness === undefined;
  }

  /** Whether a member can be reached, and has its data. */
  private isUp(member: MemberId): boolean {
    const { links, presence, options } = this;
    if (member === options.membership.self) return this.isServing;
    return links.isUp(member) && presence.has(member);
  }

  private others(): MemberId[] {
    return this.view.ring.members.map(({ id }) => id).filter((id) => id !== this.options.membership.self);
  }

  /** What others have sent in vain, they send again. */
  private askForMissed(): void {
    for (const id of this.others()) this.versioned.send(id, MessageKind.MISSED, EMPTY_PAYLOAD);
  }

  /** A member can be reached, or no longer: others act for its slots. */
  private setUp(member: MemberId, isUp: boolean): void {
    if (this.view.setUp(member, isUp)) this.hasMoved = true;
    this.coordinator.forwards.setUp(member, isUp);
    if (isUp) this.coordinator.startUp.look();
  }

  // The data, for those who ask and tell.

  digest(key: Buffer): ReturnType<EntryStore['digest']> {
    return this.store.digest(key);
  }

  load(key: Buffer): Promise<void> {
    return this.store.load(key).then(
      () => {
        this.options.onMessage();
      },
      (error: unknown) => {
        this.options.onMessage();
        throw error;
      },
    );
  }

  summary(key: Buffer): KeySummary | undefined {
    return this.store.summary(key);
  }

  /** What the replicas of a key know of it, as far as they answer, by their index; `undefined`: they cannot read it. */
  async inquire(key: Buffer): Promise<ReadonlyMap<number, KeySummary | undefined>> {
    const { view, inquiries } = this;
    const replicas = [...view.ring.replicas(slotOf(key, 0, key.length))];
    const others = replicas.filter((index) => index !== view.self && view.isUp(index));
    const ids = others.map((index) => view.idOf(index));
    const told = new Promise<Answers>((resolve) => {
      inquiries.begin(key, ids, resolve);
    });
    const known = new Map<number, KeySummary | undefined>();
    if (replicas.includes(view.self)) known.set(view.self, await this.summaryOf(key));
    const answers = await told;
    for (const [i, id] of ids.entries()) if (answers.has(id)) known.set(others[i], answers.get(id));
    return known;
  }

  private async summaryOf(key: Buffer): Promise<KeySummary | undefined> {
    try {
      if (this.summary(key) === undefined) await this.load(key);
      return this.summary(key);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      return undefined;
    }
  }

  batchesOf(key: Buffer): Buffer[] {
    return this.store.batchesOf(key);
  }

  takeOver(batch: Buffer): boolean {
    return this.store.takeOver(batch).superseded.every(({ stamp }) => stamp !== ERA_STAMP);
  }

  isEraOne(key: Buffer): boolean {
    return this.consensus.isEraOne(key);
  }

  foreignChanges(slot: number): number {
    return this.store.foreignChanges(slot);
  }

  whenLogged(then: () => void): void {
    this.logged.push(then);
  }

  /** Tells the other members of a message to a channel. */
  publish(kind: 'channel' | 'shard', channel: string, message: Uint8Array, start: number, end: number): void {
    const { payload } = this;
    payload.clear();
    payload.byte(kind === 'shard' ? 1 : 0);
    payload.bytes(Buffer.from(channel, 'latin1'));
    payload.bytes(message, start, end);
    for (const id of this.others()) this.versioned.send(id, MessageKind.PUBLISH, payload);
  }

  /** Whether nobody was heard of who has a newer ring. */
  private get isNewest(): boolean {
    return compareRingVersions(this.view.ring.document, this.newestVersion) >= 0;
  }

  private serve(): void {
    const { links, options, versioned } = this;
    const on = (kind: number, handle: (message: RingMessage, start: number) => void): void => {
      links.serve(kind, (message) => {
        options.onMessage();
        if (!this.isTaken(message) || (!this.isServing && OF_DATA.has(kind))) return;
        handle(message, versioned.payloadStart(message));
      });
    };
    const onRead = (kind: number, handle: (from: MemberId, reader: PayloadReader) => void): void => {
      on(kind, ({ from, buffer, end }, start) => {
        handle(from, new PayloadReader(buffer, start, end));
      });
    };
    on(MessageKind.REPLICATE, (message, start) => {
      this.onReplicate(message, start);
    });
    on(MessageKind.REPLICATED, ({ from, buffer, end }, start) => {
      const acknowledgement = readAcknowledgement(buffer, start, end);
      if (acknowledgement !== undefined) this.replicator.acknowledged(from, acknowledgement);
    });
    on(MessageKind.MISSED, ({ from }) => {
      this.replicator.missed(from);
      this.hints.lost(from);
    });
    onRead(MessageKind.PUBLISH, (_from, reader) => {
      const isShard = reader.byte() === 1;
      const channel = reader.bytes().toString('latin1');
      const message = reader.bytes();
      if (!reader.failed) options.deliver(isShard ? 'shard' : 'channel', channel, message);
    });
    onRead(MessageKind.ASK, (from, reader) => {
      this.responder.onAsk(from, reader);
    });
    onRead(MessageKind.TELL, (from, reader) => {
      this.refresher.onTell(from, reader);
    });
    onRead(MessageKind.REPAIR, (from, reader) => {
      this.responder.onRepair(from, reader);
    });
    onRead(MessageKind.PREPARE, (from, reader) => {
      this.consensus.onPrepare(from, reader);
    });
    onRead(MessageKind.PROMISED, (from, reader) => {
      this.consensus.onPromised(from, reader);
    });
    onRead(MessageKind.ACCEPT, (from, reader) => {
      this.consensus.onAccept(from, reader);
    });
    onRead(MessageKind.ACCEPTED, (from, reader) => {
      this.consensus.onAccepted(from, reader);
    });
    onRead(MessageKind.DECIDED, (_from, reader) => {
      this.consensus.onDecided(reader);
    });
    onRead(MessageKind.DECIDE_PUT, (from, reader) => {
      this.refusedPuts.onDecidePut(from, reader);
    });
    onRead(MessageKind.PUT_DECIDED, (_from, reader) => {
      this.refusedPuts.onPutDecided(reader);
    });
    onRead(MessageKind.INQUIRE, (from, reader) => {
      this.inquiries.onInquire(from, reader);
    });
    onRead(MessageKind.INFORM, (from, reader) => {
      this.inquiries.onInform(from, reader);
    });
    onRead(MessageKind.REPAIRED, (from, reader) => {
      this.refresher.onRepaired(from, reader);
    });
    for (const kind of REPAIR_KINDS) {
      onRead(kind, (from, reader) => {
        this.antiEntropy.receive(kind, from, reader);
      });
    }
    on(MessageKind.HINT, (message, start) => {
      this.onHint(message, start);
    });
    onRead(MessageKind.HINTED, (from, reader) => {
      while (!reader.isAtEnd) {
        const id = reader.word();
        if (!reader.failed) this.hints.acknowledged(from, id);
      }
      this.hints.replay(from);
    });
    const { PULL, CHUNK, TAKEN, UNABLE, FILLED } = MessageKind;
    for (const kind of [PULL, CHUNK, TAKEN, UNABLE, FILLED]) {
      on(kind, (message, start) => {
        // Whoever acts by another ring says nothing that counts for this one.
        if (compareRingVersions(versioned.versionOf(message), this.view.ring.document) !== 0) return;
        this.resize.onMessage(kind, message.from, new PayloadReader(message.buffer, start, message.end));
      });
    }
    links.serve(MessageKind.PRESENT, (message) => {
      options.onMessage();
      this.presence.onPresent(message);
      this.setUp(message.from, this.isUp(message.from));
      this.hints.replay(message.from);
    });
    links.watch({
      onUp: (member) => {
        options.onMessage();
        this.presence.connected(member);
        this.setUp(member, this.isUp(member));
      },
      onDown: (member) => {
        options.onMessage();
        this.presence.lost(member);
        this.setUp(member, false);
        this.replicator.lost(member);
        this.hints.lost(member);
        this.antiEntropy.lost(member);
        this.resize.lost(member);
      },
      onSilence: (member, isSilent) => {
        options.onMessage();
        // That it hears us does not mean that we hear it: it answers by a stream of its own.
        if (!isSilent) this.presence.connected(member);
        this.setUp(member, !isSilent && this.isUp(member));
      },
    });
  }

  /**
   * Whether a message is for our ring, or for a newer one. Else its sender is told that there is one. While the data is not there, nothing is taken: it would be in no log,
   * and not in what is read.
   */
  private isTaken(message: RingMessage): boolean {
    const { versioned } = this;
    if (!this.options.isOpen()) return false;
    const order = versioned.receive(message);
    if (order === 'ahead') this.refusals.add(order, `node ${message.from}`);
    if (typeof order !== 'number') return false;
    if (order < 0) {
      this.versioned.send(message.from, MessageKind.MISSED, EMPTY_PAYLOAD);
      this.taken.delete(message.from);
      return false;
    }
    if (order > 0) {
      const version = versioned.versionOf(message);
      if (compareRingVersions(version, this.newestVersion) > 0) this.newestVersion = version;
      this.options.membership.heardOf(version, message.from);
    }
    return true;
  }

  private onReplicate({ from, buffer, end }: RingMessage, start: number): void {
    const sequence = buffer.readDoubleLE(start);
    const previous = buffer.readDoubleLE(start + 8);
    if (previous !== 0 && previous !== this.taken.get(from)) {
      this.versioned.send(from, MessageKind.MISSED, EMPTY_PAYLOAD);
      return;
    }
    const { superseded, later } = this.store.takeOver(buffer.subarray(start + REPLICATE_HEAD_BYTES, end));
    this.taken.set(from, sequence);
    let intake = this.intakes.get(from);
    if (intake === undefined) this.intakes.set(from, (intake = { sequence, newer: [], undecided: 0 }));
    intake.sequence = sequence;
    note(intake, sequence, superseded);
    if (later !== undefined) this.noteLater(intake, sequence, later);
  }

  /** What this node has missed. Whether it was superseded matters to nobody any more. */
  private onHint({ from, buffer, end }: RingMessage, start: number): void {
    const id = buffer.readUInt32LE(start);
    this.store.takeOver(buffer.subarray(start + HINT_HEAD_BYTES, end));
    this.whenLogged(() => {
      this.hinted.to(from).word(id);
    });
  }

  /** The acknowledgement waits until it is known. */
  private noteLater(intake: Intake, sequence: number, later: Promise<readonly Superseded[]>): void {
    intake.undecided++;
    void later.then((superseded) => {
      this.options.onMessage();
      intake.undecided--;
      note(intake, sequence, superseded);
    });
  }

  private putAgain(batch: Buffer, keyAt: number, stamp: number): number | undefined {
    const given = this.store.putAgain(batch, keyAt, stamp);
    if (given !== undefined) this.replicator.noteUnknown(true);
    return given;
  }

  private isEraOneAt(batch: Buffer, keyAt: number, isTold: boolean): boolean {
    const key = isTold || !this.consensus.isEmpty ? this.store.keyAt(batch, keyAt) : undefined;
    if (key === undefined) return isTold;
    if (isTold) this.consensus.hear(key);
    return isTold || this.consensus.isEraOne(key);
  }

  /** The replicas of a slot, and those that it will have. */
  private acceptorsOf(slot: number): MemberSets {
    const { view } = this;
    const ids = (members: Uint16Array): MemberId[] => Array.from(members, (member) => view.idOf(member));
    const sets = [ids(view.ring.replicas(slot))];
    if (view.isMoving(slot)) sets.push(ids(view.ring.nextReplicas(slot)));
    return sets;
  }

  /** REQUIRES: what was changed was shipped. */
  private useRing(ring: Ring): void {
    const { membership } = this.options;
    // What is still to be said was said by the ring before.
    this.consensus.flush();
    this.flush();
    this.nextRing = undefined;
    this.hasMoved = true;
    this.view = new RingView(ring, membership.self, (id) => this.isUp(id));
    this.replicator.useRing(ring);
    this.refresher.restart();
    this.consensus.restart();
    this.resize.useRing();
    this.hints.retain(ring.members.map(({ id }) => id));
  }

  private redirectTo(slot: number, member: number, usesTls: boolean): string | undefined {
    if (!this.options.redirects()) return undefined;
    const address = this.options.membership.addressOf(this.view.idOf(member));
    return `MOVED ${slot} ${address.host}:${portFor(address, usesTls)}`;
  }

  private sessionAt(connection: Connection, member: number): RemoteSession {
    const { sessions } = connection.ring;
    const id = this.view.idOf(member);
    const known = sessions.get(id);
    if (known !== undefined) return known;
    const open = (handler: StreamHandler): ByteStream =>
      member === this.view.self
        ? openLoop(this.options.timers, this.options.accept, handler)
        : this.links.openChannel(id, JSON.stringify({ client: connection.address }), handler);
    const session = new RemoteSession(
      open,
      () => {
        sessions.delete(id);
      },
      () => {
        this.options.onMessage();
      },
    );
    sessions.set(id, session);
    return session;
  }

  /** What consensus has to say leaves at the end of a turn alone, behind what was changed before: who has promised takes no plain write any more. */
  private flush(): void {
    this.responder.flush();
    this.refresher.flush();
    this.inquiries.flush();
    this.hinted.flush();
    this.refusedPuts.flush();
    this.links.flush();
  }
}

function note(intake: Intake, sequence: number, superseded: readonly Superseded[]): void {
  for (const one of superseded) intake.newer.push({ sequence, ...one });
}
