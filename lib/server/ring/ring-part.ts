/**
 * A node's part in a ring: its replicas' writes, what it asks and tells other members of keys, and where its clients' requests run.
 *
 *     executor ─▶ coordinator ─▶ refresher ─▶ ASK, REPAIR ─▶ responders of others
 *     batch ─▶ log ─▶ replicator ─▶ REPLICATE ─▶ intake of others ─▶ REPLICATED ─▶ replies
 *                         └─▶ hints ─▶ HINT ─▶ HINTED
 *
 * What is sent in a turn leaves at its end, behind the log.
 */

import { DiskError } from '../../base/errors.js';
import { portFor } from '../../base/client-port.js';
import { firstStampOf, stampMs } from '../../base/stamp.js';
import { EMPTY_PAYLOAD } from '../../cluster/bus/payload.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import { replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { KeySummary } from '../../cluster/coordination/inquiries.js';
import { Inquiries } from '../../cluster/coordination/inquiries.js';
import { Refresher } from '../../cluster/coordination/refresher.js';
import { Responder } from '../../cluster/coordination/responder.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { VersionedLinks } from '../../cluster/coordination/versioned-links.js';
import { MessageKind } from '../../cluster/message-kind.js';
import { AntiEntropy } from '../../cluster/repair/anti-entropy.js';
import { Hints } from '../../cluster/replication/hints.js';
import { Replicator } from '../../cluster/replication/replicator.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Ring } from '../../cluster/ring/ring.js';
import { absencesInWords } from '../../cluster/topology/absence.js';
import type { Connection } from '../connection.js';
import type { HeldReply } from '../held-reply.js';
import type { TurnReplicas } from '../turn.js';
import { isTakenDespiteAbsence } from './absent-members.js';
import { AwayWatch } from './away-watch.js';
import { ClientSessions } from './client-sessions.js';
import { Coordinator } from './coordinator.js';
import { InheritedHints } from './inherited-hints.js';
import { Intake } from './intake.js';
import { inquireAll } from './key-inquiry.js';
import type { Linearizer } from './linearizer.js';
import { LogWaits } from './log-waits.js';
import { MessageRelay } from './message-relay.js';
import { Rejoining } from './rejoining.js';
import { NO_SLOT } from './ring-client.js';
import { RingConsensus } from './ring-consensus.js';
import { RingEntries } from './ring-entries.js';
import { RingInForce } from './ring-in-force.js';
import type { RingLinks } from './ring-links.js';
import { RingMessages } from './ring-messages.js';
import type { RingPartOptions } from './ring-part-options.js';
import { RingPresence } from './ring-presence.js';
import { Retirement } from './retirement.js';
import { RingResize } from './ring-resize.js';
import { RingSlots } from './ring-slots.js';

/** A process that does nothing for so long, and misses so many of its ticks, stands still. */
const STANDSTILL_MS = 300;
const TICKS_MISSED = 2;
/** Before it goes, a node waits for others so long. */
const DRAIN_MS = 500;
const DRAIN_LOOK_MS = 10;
const BEING_REBUILT = 'it was away for longer than away-max, and is being rebuilt';

export class RingPart implements TurnReplicas {
  readonly coordinator: Coordinator;
  readonly replicator: Replicator;
  readonly refresher: Refresher;
  readonly consensus: Consensus;
  readonly linearizer: Linearizer;
  readonly hints: Hints;
  readonly antiEntropy: AntiEntropy;
  readonly versioned: VersionedLinks;
  readonly resize: RingResize;
  readonly slots: RingSlots;
  readonly rejoining: Rejoining;
  readonly relay: MessageRelay;
  /** The data of this node, key by key. */
  readonly entries: RingEntries;

  private readonly options: RingPartOptions;
  private readonly links: RingLinks;
  private readonly inForce: RingInForce;
  private readonly presence: RingPresence;
  private readonly intake: Intake;
  private readonly responder: Responder;
  private readonly inquiries: Inquiries;
  private readonly deciding: RingConsensus;
  private readonly sessions: ClientSessions;
  private readonly messages: RingMessages;
  private readonly awayWatch: AwayWatch;
  private readonly waits = new LogWaits();
  /** Why this node is a replica for nobody, if it is none: its log takes nothing, or its clock is wrong. */
  private unfitness: string | undefined;
  /** Other nodes act for some slots now. */
  private hasMoved = false;

  constructor(options: RingPartOptions) {
    const { membership, clock, writeTimeoutMs: timeoutMs, onMessage: onWork } = options;
    const { links, self, ring } = membership;
    const nowMs = (): number => clock.monotonicUs() / 1000;
    const view = (): RingView => this.view;
    const isUp = (member: MemberId): boolean => this.isUp(member);
    const whenLogged = (then: () => void): void => {
      this.waits.add(then);
    };
    this.options = options;
    this.links = links;
    this.presence = new RingPresence(links);
    this.inForce = new RingInForce(ring, self, isUp);
    this.versioned = new VersionedLinks({
      links,
      version: () => this.inForce.version,
      clock: options.hybridClock,
      stampMax: () => firstStampOf(options.clockWatch.wallMs() + options.maxDriftMs()),
    });
    const standstillMs = (): number => Math.max(STANDSTILL_MS, TICKS_MISSED * (1000 / options.settings.hz));
    const ways = { isUp, nowMs, timeoutMs, standstillMs, whenLogged, onWork };
    const common = { ...options, ...ways, self, view, links: this.versioned };
    this.entries = new RingEntries({ ...common, isEraOne: (key) => this.consensus.isEraOne(key) });
    const inherited = new InheritedHints({
      self,
      ring: () => this.view.ring,
      keep: (member, batch, then) => this.hints.keep(member, batch, then),
      takeOver: (batch) => {
        this.entries.takeOver(batch);
      },
      whenLogged,
    });
    this.intake = new Intake({ ...common, inherited });
    this.relay = new MessageRelay({ ...common, others: () => this.inForce.others() });
    this.sessions = new ClientSessions({ ...common, links });
    this.hints = this.makeHints(ring, inherited);
    this.replicator = this.makeReplicator(ring, nowMs);
    this.deciding = new RingConsensus({
      ...common,
      actsFor: (slot) => this.actsFor(slot),
      isReady: () => this.slots.isReady,
    });
    ({ consensus: this.consensus, linearizer: this.linearizer } = this.deciding);
    this.refresher = new Refresher({
      ...common,
      store: this.entries,
      onEraOne: (key) => {
        this.consensus.hear(key);
      },
    });
    this.responder = new Responder(this.entries, this.versioned);
    this.inquiries = new Inquiries({ ...common, store: this.entries });
    this.antiEntropy = this.makeAntiEntropy(nowMs, inherited);
    this.coordinator = new Coordinator({
      ...common,
      replicator: this.replicator,
      hints: this.hints,
      isSloppy: () => options.settings.sloppyQuorum,
      decidedScripts: () => options.settings.decidedScripts,
      refresher: this.refresher,
      consensus: this.consensus,
      linearizer: this.linearizer,
      redirectTo: (slot, member, usesTls) => this.redirectTo(slot, member, usesTls),
      sessionAt: (connection, member) => this.sessions.at(connection, member),
    });
    this.slots = new RingSlots({
      ...common,
      store: options.slotStore,
      acceptors: this.consensus,
      onReady: () => {
        this.messages.release();
      },
    });
    options.store.onSlot = (slot) => {
      this.slots.enter(slot);
    };
    this.resize = new RingResize({
      ...common,
      isReady: () => this.slots.isReady && this.slots.leftCount === 0,
      data: {
        ...options.transfer,
        takeOver: (batch) => options.store.takeBack(batch),
        takeMore: (batch) => options.store.takeOver(batch),
      },
      takeBounds: (member, isTaken) => this.antiEntropy.takeBounds(member, isTaken),
      retirement: new Retirement(options),
      hasMovedEra: () => this.consensus.hasMoved,
      change: (before, next, onEnd) => {
        membership.change(before, next, onEnd);
      },
      refresh: (member) => {
        membership.refresh(member);
      },
      isConnected: (member) => links.isUp(member),
      onRetiring: (member) => {
        if (this.view.retire(member)) this.hasMoved = true;
      },
    });
    const change: typeof membership.change = (before, next, onEnd) => {
      membership.change(before, next, onEnd);
    };
    this.awayWatch = new AwayWatch({ ...common, change });
    this.rejoining = new Rejoining({
      ...common,
      unfitness: () => (options.isOpen() ? options.unfitness() : 'its data is being read'),
      mark: () => this.markSent(),
      offer: (member) => this.antiEntropy.offer(member),
      change,
    });
    this.messages = this.serve();
    membership.onRing((newer) => {
      onWork();
      this.inForce.offer(newer);
    });
  }

  /** The ring that this node acts by, and who can be reached. */
  get view(): RingView {
    return this.inForce.view;
  }

  /** The data was read: this node takes part from now on. What others have sent in vain before, they send again. */
  open(): void {
    const { links, options } = this;
    options.onMessage();
    this.onFitness();
    this.hints.dropNeedless();
    this.consensus.open();
    this.slots.useRing(this.view.ring);
    links.serveChannels((stream, from) => options.accept(stream, from));
    this.presence.open(this.inForce.others());
    this.askForMissed();
    this.coordinator.startUp.begin();
  }

  /** This node may be no replica any more, or be one again. */
  onFitness(): void {
    const { options } = this;
    const before = this.unfitness;
    this.unfitness = options.unfitness() ?? (this.isAbsent ? BEING_REBUILT : undefined);
    if ((before === undefined) === this.isServing) return;
    options.onMessage();
    options.warn(
      this.isServing ? 'This node is a replica again' : `This node is no replica for now: ${this.unfitness}`,
    );
    if (this.view.setUp(options.membership.self, this.isServing)) this.hasMoved = true;
    this.presence.setAway(!this.isServing, this.inForce.others());
    if (this.isServing) this.askForMissed();
  }

  /** What the replicas of a key know of it, as far as they answer, by their index; `undefined`: they cannot read it. */
  inquire(key: Buffer): Promise<ReadonlyMap<number, KeySummary | undefined>> {
    return inquireAll(key, this.view, this.inquiries, this.entries);
  }

  /** See RingInfo. */
  settledUpToMs(slot: number): number {
    const stamp = this.options.bounds.dead.of(slot);
    return stamp === 0 ? 0 : stampMs(stamp);
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
    this.intake.endTurn();
    this.waits.endTurn(position);
    // Not when the log says so: that is amidst something.
    if (!this.isServing) this.refresher.abandon(`NOREPLICAS this node is none any more: ${this.unfitness}`);
    const { next } = this.inForce;
    const isNext = next !== undefined && this.replicator.isShipped;
    if (isNext) this.useRing(next);
    if (this.inForce.isNewest) this.replicator.sendMissed();
    this.consensus.flush();
    this.flush();
    if (isNext) this.messages.release();
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
    this.deciding.close();
  }

  /** The log has failed: nothing that waits for it is ever told. */
  abandon(): void {
    this.waits.clear();
    this.intake.abandon();
  }

  tick(): void {
    this.options.clockWatch.look();
    this.onFitness();
    this.replicator.tick();
    this.hints.tick();
    this.antiEntropy.tick();
    this.refresher.tick();
    this.deciding.tick();
    this.inquiries.tick();
    this.resize.tick();
    this.slots.tick();
    this.awayWatch.tick();
    this.rejoining.tick();
    this.coordinator.tick();
    for (const member of this.view.ring.members) this.setUp(member.id, this.isUp(member.id));
    if (!this.hasMoved) return;
    this.hasMoved = false;
    this.options.onMoved();
  }

  /** This node goes: says so to all that it reaches, so that they send nothing here any more. It serves on meanwhile. */
  leave(): void {
    this.presence.setAway(true, this.inForce.others());
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

  /** Whether this node was away for too long, and is not rebuilt yet. */
  private get isAbsent(): boolean {
    return this.view.ring.absent.has(this.options.membership.self);
  }

  /** Whether a member can be reached, and has its data. */
  private isUp(member: MemberId): boolean {
    const { links, presence, options } = this;
    if (member === options.membership.self) return this.isServing;
    return links.isUp(member) && presence.has(member) && !this.view.ring.absent.has(member);
  }

  /** Why nothing is kept for a member, if that is so. */
  private whyNotKeep(member: MemberId): string | undefined {
    if (this.isAbsent) return 'this node was away for longer than away-max';
    const { ring } = this.view;
    const isAway = ring.absent.has(member) && ring.member(member).absence === 'away';
    return isAway ? `node ${member} is away for longer than away-max, and is rebuilt when it is back` : undefined;
  }

  /** What others have sent in vain, they send again. */
  private askForMissed(): void {
    for (const id of this.inForce.others()) this.versioned.send(id, MessageKind.MISSED, EMPTY_PAYLOAD);
  }

  /** A member can be reached, or no longer: others act for its slots. */
  private setUp(member: MemberId, isUp: boolean): void {
    if (this.view.setUp(member, isUp)) {
      this.hasMoved = true;
      this.consensus.resign();
    }
    this.coordinator.forwards.setUp(member, isUp);
    if (isUp) this.coordinator.startUp.look();
  }

  private serve(): RingMessages {
    const { links, options } = this;
    const messages = new RingMessages({
      ...options,
      links,
      versioned: this.versioned,
      inForce: this.inForce,
      intake: this.intake,
      replicator: this.replicator,
      hints: this.hints,
      relay: this.relay,
      responder: this.responder,
      refresher: this.refresher,
      consensus: this.consensus,
      refusedPuts: this.deciding.refusedPuts,
      inquiries: this.inquiries,
      antiEntropy: this.antiEntropy,
      resize: this.resize,
      slots: this.slots,
      isServing: () => this.isServing,
      isTakenDespiteAbsence: (from, kind) => isTakenDespiteAbsence(this.view.ring, options.membership.self, from, kind),
      isAbsent: () => this.isAbsent,
      heardOf: (version, member) => {
        options.membership.heardOf(version, member);
      },
    });
    messages.serve();
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
    return messages;
  }

  private makeHints(ring: Ring, inherited: InheritedHints): Hints {
    const { options } = this;
    const { settings } = options;
    const hints = new Hints({
      ...options,
      links: {
        send: (member, kind, payload) => this.versioned.send(member, kind, payload),
        isUp: (member) => this.inForce.isNewest && this.isUp(member),
      },
      passOn: (batch, settle) => {
        inherited.passOn(batch, settle);
      },
      directory: settings.dir,
      whyNotKeep: (member) => this.whyNotKeep(member),
      bytesMax: () => settings.hintSizeMaxBytes,
      windowSeconds: () => settings.hintWindowSeconds,
      onWork: options.onMessage,
    });
    hints.retain(ring.members.map(({ id }) => id));
    return hints;
  }

  private makeReplicator(ring: Ring, nowMs: () => number): Replicator {
    const { membership, batch, store, settings, random, writeTimeoutMs } = this.options;
    const replicator = new Replicator({
      self: membership.self,
      batch,
      links: this.versioned,
      hints: this.hints,
      isSloppy: () => settings.sloppyQuorum,
      random,
      nowMs,
      writeTimeoutMs,
      replicasNeeded,
      putAgain: (bytes, keyAt, stamp) => {
        const given = store.putAgain(bytes, keyAt, stamp);
        if (given !== undefined) replicator.noteUnknown(true);
        return given;
      },
      decidePut: (record, before, onDecided) => {
        this.deciding.refusedPuts.decide(record, before, onDecided);
      },
      isEraOne: (bytes, keyAt, isTold) => this.deciding.decidesAt(bytes, keyAt, isTold),
    });
    replicator.useRing(ring);
    return replicator;
  }

  private makeAntiEntropy(nowMs: () => number, inherited: InheritedHints): AntiEntropy {
    const { membership, disk, random, repairStore, isOpen, writeTimeoutMs, settings, onMessage, warn } = this.options;
    const { bounds, clockWatch, maxDriftMs } = this.options;
    return new AntiEntropy({
      disk,
      directory: settings.dir,
      self: membership.self,
      random,
      nowMs,
      store: repairStore,
      bounds,
      outflow: { handedOn: () => inherited.handedOn, mark: () => this.markSent(), timeoutMs: writeTimeoutMs },
      oldStamp: () => firstStampOf(clockWatch.wallMs() - writeTimeoutMs() - maxDriftMs()),
      links: this.versioned,
      ring: () => this.view.ring,
      isUp: (member) => this.isUp(member),
      isServing: () => this.isServing && isOpen(),
      timeoutMs: writeTimeoutMs,
      intervalMs: () => settings.repairIntervalSeconds * 1000,
      bytesPerSecond: () => settings.repairRateBytes,
      settlesSlots: () => settings.repairDeletes,
      consensus: this.consensus,
      onWork: onMessage,
      report: warn,
    });
  }

  /** REQUIRES: what was changed was shipped. */
  private useRing(ring: Ring): void {
    // What is still to be said was said by the ring before.
    this.consensus.flush();
    this.flush();
    this.hasMoved = true;
    const { document } = this.view.ring;
    this.inForce.use(ring);
    for (const line of absencesInWords(document, ring.document)) this.options.warn(line);
    this.onFitness();
    this.antiEntropy.useRing();
    this.hints.dropNeedless();
    this.presence.introduce(this.inForce.others());
    this.replicator.useRing(ring);
    this.refresher.restart();
    this.slots.useRing(ring);
    this.consensus.restart();
    this.resize.useRing();
    this.hints.retain(ring.members.map(({ id }) => id));
    this.forgetBounds();
  }

  /** Of all that was sent to others so far: what of it has not arrived, or is kept for somebody, or can come back. */
  private markSent(): () => string | undefined {
    const { lastSequence } = this.replicator;
    return () =>
      this.replicator.isDelivered(lastSequence) ? this.hints.obstacle : 'writes are under way to other members';
  }

  /** What was settled of slots that this node holds no more is nothing for when it holds them again. */
  private forgetBounds(): void {
    const { bounds, warn } = this.options;
    const { ring, self } = this.view;
    try {
      bounds.retain((slot) => ring.replicas(slot).includes(self) || ring.nextReplicas(slot).includes(self));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      warn(`What was settled of slots that this node holds no more stays for now: ${error.message}`);
    }
  }

  private redirectTo(slot: number, member: number, usesTls: boolean): string | undefined {
    if (!this.options.redirects()) return undefined;
    const address = this.options.membership.addressOf(this.view.idOf(member));
    return `MOVED ${slot} ${address.host}:${portFor(address, usesTls)}`;
  }

  /** What consensus has to say leaves at the end of a turn alone, behind what was changed before: who has promised takes no plain write any more. */
  private flush(): void {
    this.responder.flush();
    this.refresher.flush();
    this.inquiries.flush();
    this.intake.flush();
    this.deciding.refusedPuts.flush();
    this.links.flush();
  }
}
