/**
 * Who is there: SWIM with Lifeguard. It puts the parts of this folder together, and does what they decide.
 *
 * - Das, Gupta, Motivala: SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol (2002)
 * - Dadgar, Phillips, Currey: Lifeguard: Local Health Awareness for More Accurate Failure Detection (2018)
 *
 * Gossip knows liveness, addresses, load, and which ring is the newest; who owns what is never decided here.
 *
 *     datagrams ─▶ packet ─▶ messages ─▶ membership (list, suspicions) ─▶ events
 *                               │              └─▶ broadcasts ─▶ on every datagram that leaves
 *                               └─▶ prober, relays
 *     tick      ─▶ prober, relays, suspicions, gossip, exchanges
 */

import { assert } from '../../base/assert.js';
import type { Clock, Random, Timer, Timers } from '../../host/ports.js';
import type { Address, MemberId } from '../ring/member.js';
import { compareRingVersions, type RingVersion } from '../ring/ring-version.js';
import { Awareness, lagPoints } from './awareness.js';
import { DropCounts } from './drop-counts.js';
import { Joining } from './joining.js';
import { LivedTime } from './lived-time.js';
import { GossipMember, MemberList } from './member-list.js';
import { gossipEndpoint, isSameAddress, isSameLoad, type MemberLoad, type Profile } from './member.js';
import { Membership, type GossipEvents } from './membership.js';
import { decodeState, encodeMessage, encodeState, type Message } from './message-codec.js';
import { PacketCodec, type OpenedPacket } from './packet.js';
import { intervalGrowth, transmitLimit, type GossipParameters } from './parameters.js';
import type { DatagramSender, Endpoint, StateExchange, StreamPing } from './ports.js';
import { Prober } from './prober.js';
import { Relays, type Asker } from './relays.js';

export interface GossipOptions {
  readonly self: MemberId;
  /** Higher than any that this member ever had: see `firstIncarnation`. */
  readonly incarnation: number;
  readonly profile: Profile;
  /** Or what the seeds of a member that is in no ring yet have in common: see `Gossip.setCluster`. */
  readonly clusterId: string;
  readonly secret: string;
  /** Where others may be; this member itself may be among them. */
  readonly seeds: readonly Endpoint[];
  readonly parameters: GossipParameters;
}

export interface GossipPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly datagrams: DatagramSender;
  readonly exchange: StateExchange;
  readonly streamPing: StreamPing;
  /** Something that an operator should know. */
  readonly warn: (message: string) => void;
}

/** What has come and gone since the start. */
export interface GossipFigures {
  sentDatagrams: number;
  sentBytes: number;
  receivedDatagrams: number;
  receivedBytes: number;
  /** Probes that nobody answered. */
  failedProbes: number;
  /** Probes that were answered over a stream: a sign that datagrams do not get through. */
  streamAnswers: number;
  /** Milliseconds that this process stood still. */
  lagMs: number;
  exchanges: number;
  failedExchanges: number;
}

/**
 * The incarnation to start with: above the one of the last run, if that was kept, and rising with wall time anyhow. Where wall time was set
 * back and nothing was kept, the first exchange tells this member how far it had been.
 */
export function firstIncarnation(last: number | undefined, wallMs: number): number {
  return Math.max(wallMs, last === undefined ? 0 : last + 1);
}

export class Gossip {
  readonly drops = new DropCounts();
  readonly figures: GossipFigures = {
    sentDatagrams: 0,
    sentBytes: 0,
    receivedDatagrams: 0,
    receivedBytes: 0,
    failedProbes: 0,
    streamAnswers: 0,
    lagMs: 0,
    exchanges: 0,
    failedExchanges: 0,
  };
  private readonly ports: GossipPorts;
  private readonly parameters: GossipParameters;
  private readonly list = new MemberList();
  private readonly awareness = new Awareness();
  private readonly self: GossipMember;
  private readonly membership: Membership;
  private readonly prober: Prober;
  private readonly relays: Relays;
  private readonly joining: Joining;
  private readonly codec: PacketCodec;
  private readonly time: LivedTime;
  private timer: Timer | undefined;
  private leftAtMs: number | undefined;
  private load: MemberLoad;
  /** When the process last stood still, in microseconds of the clock. */
  private lagEndUs = 0;
  private nextGossipMs = 0;
  private nextExchangeMs: number;
  private nextReconnectMs: number;
  private nextStrangerMs = 0;
  private nextLoadMs = 0;
  private formerClusterEndMs = 0;

  /** `events` hears nothing before this returns. */
  constructor(options: GossipOptions, ports: GossipPorts, events: GossipEvents) {
    const { self: id, incarnation, profile, parameters } = options;
    this.ports = ports;
    this.parameters = parameters;
    this.load = profile.load;
    this.time = new LivedTime(parameters.tickMs, ports.clock.monotonicUs());
    const record = { id, state: 'alive', incarnation, profile, profileIncarnation: incarnation, ageMs: 0 } as const;
    this.self = this.list.add(record, 0).member;
    this.membership = new Membership(this.self, this.list, parameters, this.awareness, events);
    this.relays = new Relays(parameters);
    this.joining = new Joining(id, options.seeds, parameters);
    this.codec = new PacketCodec(options.clusterId, options.secret, id);
    this.prober = new Prober(id, this.list, parameters, this.awareness, ports.random, {
      ping: (target, sequence) => this.ping(target, sequence),
      pingThrough: (relay, target, sequence) => {
        const endpoint = gossipEndpoint(target.profile.address);
        this.sendTo(relay, { kind: 'ping-request', sequence, target: target.id, endpoint });
      },
      pingOverStream: (target, sequence) => this.pingOverStream(target, sequence),
      failed: (target) => {
        this.figures.failedProbes++;
        this.membership.accuse(target, this.time.nowMs);
      },
    });
    // Soon at first: while many join at once, somebody may miss the news of somebody.
    this.nextExchangeMs = this.jittered(parameters.exchangeIntervalMs / 10);
    this.nextReconnectMs = this.jittered(parameters.reconnectIntervalMs);
  }

  /** REQUIRES: datagrams that arrive are handed to `receive` from now on, and requests of exchanges to `answerExchange`. */
  start(): void {
    assert(this.timer === undefined, 'gossip starts once');
    this.timer = this.ports.timers.every(this.parameters.tickMs, () => this.tick());
  }

  /** Falls silent, without a word. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Says good-bye for `leaveMs`, so that nobody suspects this member, then stops. */
  leave(): void {
    if (this.leftAtMs !== undefined) return;
    this.leftAtMs = this.time.nowMs;
    this.membership.leave(this.time.nowMs);
    this.nextGossipMs = 0;
  }

  /** Whether requests may go there: it is alive, and nobody suspects it. Of itself, always true. */
  isUp(id: MemberId): boolean {
    return id === this.self.id || this.list.get(id)?.state === 'alive';
  }

  member(id: MemberId): GossipMember | undefined {
    return this.list.get(id);
  }

  /** All that are known, this one among them, in the order in which they became known. To be read only. */
  members(): Iterable<GossipMember> {
    return this.list.all();
  }

  /** Whether somebody else has answered, or there was nobody to ask. */
  get isJoined(): boolean {
    return this.joining.isJoined;
  }

  /** From 0 (well) to 8: how much this member doubts itself. */
  get healthScore(): number {
    return this.awareness.score;
  }

  /** The incarnation as it is now; to be kept for the next start. */
  get incarnation(): number {
    return this.self.incarnation;
  }

  get refutationCount(): number {
    return this.membership.refutationCount;
  }

  /** The smoothed round trip of pings to a member, in milliseconds; undefined if none was measured. */
  roundTripMs(id: MemberId): number | undefined {
    return this.prober.roundTrips.of(id);
  }

  /**
   * The cluster has this id from now on: a ring was formed, or joined. Others that do not know it yet are reached over streams
   * meanwhile.
   */
  setCluster(clusterId: string): void {
    this.codec.setCluster(clusterId);
    this.formerClusterEndMs = this.time.nowMs + this.parameters.formerClusterMs;
  }

  /** This member knows that ring now. It tells the others if it is newer than the one before. */
  setRing(ring: RingVersion): void {
    if (compareRingVersions(ring, this.self.profile.ring) > 0) this.update({ ...this.self.profile, ring });
  }

  setAddress(address: Address): void {
    if (!isSameAddress(address, this.self.profile.address)) this.update({ ...this.self.profile, address });
  }

  /** How busy this member is. Others hear of it now and then. */
  setLoad(load: MemberLoad): void {
    this.load = load;
  }

  /** Something else says that a member may be gone (a stream to it broke): it is probed next. */
  hurry(id: MemberId): void {
    if (id !== this.self.id && this.list.get(id)?.isPresent === true) this.prober.hurry(id);
  }

  /** Something else says that a member lives (a stream to it answers): it is told what is held against it, so that it refutes that. */
  reconsider(id: MemberId): void {
    const member = this.list.get(id);
    const accusation = this.membership.accusationOf(id);
    if (this.timer !== undefined && member !== undefined && accusation !== undefined) this.sendTo(member, accusation);
  }

  /** The ring has no such member any more: what is known of it goes. */
  forget(id: MemberId): void {
    assert(id !== this.self.id, 'a member does not forget itself');
    this.membership.forget(id);
    this.prober.roundTrips.forget(id);
    this.codec.forget(id);
  }

  /** `buffer[0, length)` arrived; it may be anything. */
  receive(buffer: Buffer, length: number, host: string, port: number): void {
    if (this.timer === undefined) return;
    this.figures.receivedDatagrams++;
    this.figures.receivedBytes += length;
    const packet = this.codec.open(buffer, length);
    if (typeof packet === 'string') {
      if (this.drops.add(packet, this.time.nowMs))
        this.ports.warn(`A datagram from ${host}:${port} was dropped: ${packet}`);
      return;
    }
    const source = { host, port };
    let mustAnswer = false;
    for (const message of packet.messages) mustAnswer = this.handle(message, packet, source) || mustAnswer;
    if (mustAnswer) this.send(source, this.membership.selfNews());
    if (this.list.get(packet.sender) === undefined) this.meet(source);
  }

  /** A member sends its state: returns this one's; undefined if that was malformed. `state` is valid until then. */
  answerExchange(state: Buffer): Buffer | undefined {
    const records = decodeState(state);
    if (records === undefined || this.timer === undefined) return undefined;
    if (records[0].id !== this.self.id) this.passOn(this.membership.merge(records, this.time.nowMs).accusations);
    return this.encodeState();
  }

  /** True if the sender must hear that this member is alive. */
  private handle(message: Message, { sender, incarnation }: OpenedPacket, source: Endpoint): boolean {
    switch (message.kind) {
      case 'ping':
        if (message.target === this.self.id) this.acknowledge(sender, incarnation, source, message.sequence);
        return false;
      case 'ping-request':
        this.pingFor({ endpoint: source, sequence: message.sequence }, message.target, message.endpoint);
        return false;
      case 'ack':
        this.onAck(sender, message.sequence);
        return false;
      case 'nack':
        this.prober.onNack(sender, message.sequence);
        return false;
      default:
        return this.hear(message);
    }
  }

  /** Somebody is there of whom nobody has told. */
  private meet(source: Endpoint): void {
    const { nowMs } = this.time;
    if (nowMs < this.nextStrangerMs) return;
    this.nextStrangerMs = nowMs + this.parameters.strangerIntervalMs;
    this.exchange(source);
  }

  private hear(news: Parameters<Membership['hear']>[0]): boolean {
    const reaction = this.membership.hear(news, this.time.nowMs);
    if (reaction === 'refuted') this.nextGossipMs = 0;
    return reaction !== 'heard';
  }

  /** Answers a ping. Who pings, and is held for dead here, learns of it. */
  private acknowledge(sender: MemberId, incarnation: number, source: Endpoint, sequence: number): void {
    const accusation = this.membership.accusationOf(sender);
    const ack: Message = { kind: 'ack', sequence };
    if (accusation === undefined || accusation.incarnation < incarnation) this.send(source, ack);
    else this.send(source, ack, accusation);
  }

  private pingFor(asker: Asker, target: MemberId, endpoint: Endpoint): void {
    if (target === this.self.id) return;
    const sequence = this.prober.nextSequence();
    if (!this.relays.add(sequence, asker, target, this.time.nowMs)) return;
    this.sendPing(target, endpoint, sequence);
  }

  private onAck(sender: MemberId, sequence: number): void {
    const asker = this.relays.onAck(sender, sequence);
    if (asker !== undefined) {
      this.send(asker.endpoint, { kind: 'ack', sequence: asker.sequence });
      return;
    }
    const nowUs = this.ports.clock.monotonicUs();
    this.prober.onAck(sender, sequence, nowUs, nowUs - this.lagEndUs > this.parameters.probeTimeoutMaxMs * 1000);
  }

  private ping({ id, profile }: GossipMember, sequence: number): void {
    this.sendPing(id, gossipEndpoint(profile.address), sequence);
  }

  /** A suspect is told so with the ping, first of all (Lifeguard's buddy system). */
  private sendPing(target: MemberId, endpoint: Endpoint, sequence: number): void {
    const accusation = this.membership.accusationOf(target);
    const ping: Message = { kind: 'ping', sequence, target };
    if (accusation === undefined) this.send(endpoint, ping);
    else this.send(endpoint, ping, accusation);
  }

  private pingOverStream({ id }: GossipMember, sequence: number): void {
    this.ports.streamPing.ping(id, () => {
      if (this.prober.onStreamAnswer(sequence)) this.figures.streamAnswers++;
    });
  }

  private tick(): void {
    const monotonicUs = this.ports.clock.monotonicUs();
    this.notice(this.time.tick(monotonicUs), monotonicUs);
    const { nowMs } = this.time;
    if (this.leftAtMs === undefined) {
      this.prober.tick(nowMs, monotonicUs);
      this.membership.tick(nowMs);
      this.announceLoad(nowMs);
      this.exchangeWithOthers(nowMs);
    } else if (nowMs - this.leftAtMs >= this.parameters.leaveMs) {
      this.stop();
      return;
    }
    if (nowMs >= this.formerClusterEndMs) this.codec.endFormerCluster();
    this.relays.tick(nowMs, ({ endpoint, sequence }) => this.send(endpoint, { kind: 'nack', sequence }));
    this.spread(nowMs);
  }

  private notice(lagMs: number, monotonicUs: number): void {
    if (lagMs < this.parameters.tickMs) return;
    this.lagEndUs = monotonicUs;
    this.figures.lagMs += lagMs;
    this.awareness.apply(lagPoints(lagMs, this.parameters.probeIntervalMs));
  }

  /** Sends news to a few members. */
  private spread(nowMs: number): void {
    if (nowMs < this.nextGossipMs || this.membership.broadcasts.size === 0) return;
    this.nextGossipMs = nowMs + this.parameters.gossipIntervalMs;
    const isToHear = (member: GossipMember) =>
      member !== this.self &&
      (member.isPresent || (member.state === 'dead' && nowMs - member.changedMs < this.parameters.gossipToTheDeadMs));
    for (const member of this.list.draw(this.parameters.gossipFanout, this.ports.random, isToHear)) {
      if (this.membership.broadcasts.size > 0) this.sendTo(member);
    }
  }

  private announceLoad(nowMs: number): void {
    if (nowMs < this.nextLoadMs) return;
    this.nextLoadMs = nowMs + this.grown(this.parameters.loadIntervalMs);
    if (!isSameLoad(this.load, this.self.profile.load)) this.update({ ...this.self.profile, load: this.load });
  }

  private update(profile: Profile): void {
    if (this.leftAtMs === undefined) this.membership.update(profile, this.time.nowMs);
  }

  private exchangeWithOthers(nowMs: number): void {
    for (const seed of this.joining.takeSeeds(nowMs)) this.exchange(seed);
    if (nowMs >= this.nextExchangeMs) {
      this.nextExchangeMs = nowMs + this.jittered(this.grown(this.parameters.exchangeIntervalMs));
      const isOther = (member: GossipMember) => member.state === 'alive' && member !== this.self;
      for (const { profile } of this.list.draw(1, this.ports.random, isOther))
        this.exchange(gossipEndpoint(profile.address));
      this.forgetTheLongDead(nowMs);
    }
    if (nowMs >= this.nextReconnectMs) {
      this.nextReconnectMs = nowMs + this.jittered(this.parameters.reconnectIntervalMs);
      this.reconnect();
    }
  }

  /** Tries one that is lost; the fewer they are beside those that try, the less often. */
  private reconnect(): void {
    const places = this.joining.lostPlaces(this.list);
    if (places.length === 0) return;
    const { random } = this.ports;
    if (random.uint32() % this.list.presentCount < places.length)
      this.exchange(places[random.uint32() % places.length]);
  }

  private forgetTheLongDead(nowMs: number): void {
    const isOver = (member: GossipMember) =>
      !member.isPresent && nowMs - member.changedMs >= this.parameters.forgetAfterMs && member !== this.self;
    for (const { id } of [...this.list.all()].filter(isOver)) this.forget(id);
  }

  private exchange(target: Endpoint): void {
    this.figures.exchanges++;
    this.ports.exchange.exchange(target, this.encodeState(), (answer) => {
      if (this.timer === undefined) return;
      const records = answer === undefined ? undefined : decodeState(answer);
      this.joining.onAnswer(target, records?.[0].id);
      if (records === undefined) this.figures.failedExchanges++;
      else if (records[0].id !== this.self.id) this.onState(records);
    });
  }

  private onState(records: NonNullable<ReturnType<typeof decodeState>>): void {
    const { accusations, isRefuted } = this.membership.merge(records, this.time.nowMs);
    this.passOn(accusations);
    if (!isRefuted) return;
    this.nextGossipMs = 0;
    this.send(gossipEndpoint(records[0].profile.address), this.membership.selfNews());
  }

  /** Tells members what somebody holds against them, so that they refute it. */
  private passOn(accusations: readonly Parameters<Membership['hear']>[0][]): void {
    for (const accusation of accusations) {
      const member = this.list.get(accusation.id);
      if (member !== undefined) this.sendTo(member, accusation);
    }
  }

  /** The state of all members, this one first. */
  private encodeState(): Buffer {
    const { nowMs } = this.time;
    return encodeState([...this.list.all()].map((member) => member.record(nowMs)));
  }

  private sendTo({ profile }: GossipMember, ...messages: readonly Message[]): void {
    this.send(gossipEndpoint(profile.address), ...messages);
  }

  /** Sends messages, and news as far as there is room. */
  private send({ host, port }: Endpoint, ...messages: readonly Message[]): void {
    this.codec.begin(this.self.incarnation);
    for (const message of messages) this.codec.add(encodeMessage(message));
    const limit = transmitLimit(this.parameters, this.list.presentCount);
    this.membership.broadcasts.take(limit, (news) => this.codec.add(news));
    const datagram = this.codec.finish();
    this.figures.sentDatagrams++;
    this.figures.sentBytes += datagram.length;
    this.ports.datagrams.send(datagram, 0, datagram.length, host, port);
  }

  private grown(intervalMs: number): number {
    return intervalMs * intervalGrowth(this.list.presentCount);
  }

  /** So that members do not act all at once: three to five quarters of it. */
  private jittered(intervalMs: number): number {
    return intervalMs * (0.75 + this.ports.random.uint32() / 2 ** 33);
  }
}
