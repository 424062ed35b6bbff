/**
 * Messages and byte streams between members, over TCP on the bus port.
 *
 *  1. Peers share nothing: each has its own streams, queues and limits. One that is slow or gone holds up only what is for it.
 *  2. Nothing is taken from anybody before the handshake has shown that both know the secret and are of one cluster.
 *  3. What is sent in a turn of the loop leaves at its end with one write a peer: when `flush` is called, by whoever ends the turn, behind the log; or
 *     else in its check phase.
 *  4. No failure throws: requests end with a PeerError, channels with `onClose`.
 *
 * Of two members each has up to two streams to the other: for messages, and for channels (a third one, short, introduces them).
 * Answers to a request come back by the stream that carried it.
 */

import { assert } from '../../base/assert.js';
import type {
  ByteStream,
  Clock,
  Listener,
  ListenAddress,
  Random,
  StreamHandler,
  Timers,
  TlsSettings,
} from '../../host/ports.js';
import { BufferPool, POOLED_BYTES } from '../../protocol/buffer-pool.js';
import { AddressRequest } from './address-request.js';
import type { Channel } from './channel.js';
import { METADATA_BYTES_MAX } from './channel-link.js';
import type { ClockReading } from './clock-reading.js';
import { Deadlines } from './deadlines.js';
import { FrameStream } from './frame-stream.js';
import type { FrameReceiver } from './frame-stream.js';
import { Handshake, NONCE_BYTES } from './handshake.js';
import type { Identity, Peer, Purpose, Refusal } from './handshake.js';
import type { IncomingHost } from './incoming-stream.js';
import { IncomingStream } from './incoming-stream.js';
import { Introduction } from './introduction.js';
import type { Introduced } from './introduction.js';
import { MessageService } from './message-service.js';
import type { Audience, MessageHandler } from './message-service.js';
import { OutgoingChannels } from './outgoing-channels.js';
import type { Payload } from './payload.js';
import { PeerError } from './peer-error.js';
import { PeerLink } from './peer-link.js';
import type { Asker, LinkHost } from './peer-link.js';
import type { MemberId } from '../ring/member.js';
import type { BusAddress, BusNetwork } from './ports.js';
import { Rejections } from './rejections.js';
import { RoundTrips } from './round-trips.js';
import { TlsTroubles } from './tls-troubles.js';
import { Traffic } from './traffic.js';

/** Streams whose handshake is not done. The oldest goes when there is one more. */
const INCOMING_MAX = 64;
const MIB = 1024 * 1024;
const QUEUE_BYTES_MAX = 64 * MIB;
const POOL_BYTES_MAX = 32 * MIB;

const REFUSAL_WORDS: Readonly<Record<Refusal, string>> = {
  malformed: 'Bus: closed a connection that does not speak the protocol,',
  version: 'Bus: refused another version of the protocol',
  self: 'Bus: refused a member with our own id (this node itself, or a copy of its directory)',
  cluster: 'Bus: refused a member of another cluster',
  secret: 'Bus: refused a member with another secret',
  identity: 'Bus: somebody else is where a member was,',
  timeout: 'Bus: closed a connection that did not say who it is in time,',
  crowded: 'Bus: closed a connection because too many do not say who they are,',
  forbidden: 'Bus: closed a connection that did what it may not,',
};

/** What others refuse this node for, and somebody has to set right here. */
const WORDS_OF_OTHERS = {
  version: 'Bus: this node was refused, it speaks another version of the protocol: word',
  cluster: 'Bus: this node was refused, it is of another cluster: word',
  secret: 'Bus: this node was refused, its cluster-secret is another one: word',
} as const;

export interface BusOptions {
  readonly network: BusNetwork;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly secret: Uint8Array;
  /** How to connect to others; undefined: without TLS. How they connect is said by `listen`. */
  readonly tls: TlsSettings | undefined;
  /** Who this member is; asked at each handshake. When the answer has changed, `renew` is to be called. */
  identity(): Identity;
  /** Where the bus of a member is to be found at this moment, as far as is known. */
  addressOf(memberId: MemberId): BusAddress | undefined;
  log(message: string): void;
  /** How much may wait for one peer; default 64 MiB. */
  readonly queueBytesMax?: number;
}

/** Who wants to know of streams to other members that come and go. */
export interface BusWatcher {
  onUp(memberId: MemberId): void;
  /** What was sent to the member and not acknowledged is lost, or not. Also after each attempt to connect that fails. */
  onDown(memberId: MemberId, error: PeerError): void;
  /** The member has not answered for 400 ms, though it is connected; or does so again. */
  onSilence?(memberId: MemberId, isSilent: boolean): void;
}

/** What `openChannel` says of its client to the acceptor is up to them. Undefined: the channel is refused. */
export type ChannelHandler = (stream: ByteStream, metadata: string, from: MemberId) => StreamHandler | undefined;

/** What is known of the streams between this member and another. Bytes; microseconds. */
export interface PeerFigures {
  readonly memberId: MemberId;
  readonly isConnected: boolean;
  /** How often the stream for messages broke or could not be made. */
  readonly failures: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly queuedBytes: number;
  /** Requests that are not answered. */
  readonly requests: number;
  readonly channels: number;
  /** Of the pings of the last two minutes. */
  readonly roundTripMeanUs: number;
  readonly roundTripP99Us: number;
}

/** What goes to another member. */
class Neighbour {
  readonly link: PeerLink;
  readonly channels: OutgoingChannels;
  /** Of what the other one opened. */
  readonly incomingTraffic = new Traffic();
  /** Where it was met, for as long as nobody knows better. */
  metAddress: BusAddress | undefined;

  constructor(host: LinkHost & { later(run: () => void): void }, memberId: MemberId) {
    this.link = new PeerLink(host, memberId);
    this.channels = new OutgoingChannels(host, memberId);
  }
}

export class Bus implements LinkHost, IncomingHost {
  readonly clock: Clock;
  readonly random: Random;
  /** Its own: messages are longer than replies. */
  readonly pool = new BufferPool(POOL_BYTES_MAX, [...POOLED_BYTES, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB]);
  readonly deadlines: Deadlines;
  readonly rejections: Rejections<Refusal>;
  readonly tlsTroubles: TlsTroubles;
  private readonly refusals: Rejections<keyof typeof WORDS_OF_OTHERS>;
  readonly service = new MessageService();
  readonly queueBytesMax: number;
  readonly network: BusNetwork;
  tls: TlsSettings | undefined;

  private readonly options: BusOptions;
  private readonly timers: Timers;
  private readonly neighbours = new Map<MemberId, Neighbour>();
  /** Who was last met at an address. */
  private readonly met = new Map<string, MemberId>();
  private readonly introductions = new Set<Introduction>();
  private readonly listeners: Listener[] = [];
  /** The newest streams that others have opened, by purpose and member. */
  private readonly incoming = new Map<string, IncomingStream>();
  /** Those whose handshake is not done, oldest first. */
  private readonly unknown = new Set<IncomingStream>();
  private readonly watchers: BusWatcher[] = [];
  private channelHandler: ChannelHandler | undefined;
  private scheduled: FrameStream[] = [];
  private spare: FrameStream[] = [];
  private laterRuns: (() => void)[] = [];
  private isEndScheduled = false;
  private isFlushing = false;
  private isClosed = false;
  private readonly onEndOfTurn: () => void;

  constructor(options: BusOptions) {
    this.options = options;
    this.network = options.network;
    this.tls = options.tls;
    this.clock = options.clock;
    this.timers = options.timers;
    this.random = options.random;
    this.queueBytesMax = options.queueBytesMax ?? QUEUE_BYTES_MAX;
    this.deadlines = new Deadlines(options.clock, options.timers);
    this.rejections = new Rejections(options.clock, REFUSAL_WORDS, (message) => {
      options.log(message);
    });
    this.refusals = new Rejections(options.clock, WORDS_OF_OTHERS, (message) => {
      options.log(message);
    });
    this.tlsTroubles = new TlsTroubles(options.clock, (message) => {
      options.log(message);
    });
    this.onEndOfTurn = () => {
      this.isEndScheduled = false;
      this.runLater();
      this.flush();
    };
  }

  /** Resolves to the port once connections are taken. Rejects with an Error that has a `code`. */
  async listen(address: ListenAddress): Promise<number> {
    const listener = await this.network.listen(address, (stream) => this.accept(stream));
    this.listeners.push(listener);
    if (this.isClosed) listener.close();
    return listener.port;
  }

  /** Has messages of a kind (FIRST_SERVED_KIND to KIND_MAX) handled; before anything is connected. */
  serve(kind: number, audience: Audience, handler: MessageHandler): void {
    this.service.serve(kind, audience, handler);
  }

  /** Has channels accepted that members open. */
  serveChannels(handler: ChannelHandler): void {
    this.channelHandler = handler;
  }

  watch(watcher: BusWatcher): void {
    this.watchers.push(watcher);
  }

  /**
   * The members to be connected with, all the time. Streams to others are closed; those that others opened are not, for they may have news
   * for us, or need ours.
   */
  setMembers(memberIds: readonly MemberId[]): void {
    const wanted = new Set(memberIds);
    for (const [memberId, neighbour] of this.neighbours) {
      if (wanted.has(memberId)) continue;
      this.neighbours.delete(memberId);
      closeNeighbour(neighbour, new PeerError('unreachable', `${memberId}: is no member any more`));
    }
    for (const memberId of memberIds) {
      if (memberId !== this.options.identity().memberId) this.neighbour(memberId).link.connect();
    }
  }

  /** Learns who is at an address. From then on that member may be sent messages, even if nobody else knows where it is. */
  meet(address: BusAddress, introduced: Introduced): void {
    const introduction = new Introduction({
      onMet: (peer) => {
        this.introductions.delete(introduction);
        this.met.set(placeOf(address), peer.memberId);
        this.neighbour(peer.memberId).metAddress = address;
        introduced.onMet(peer);
      },
      onFailure: (error) => {
        this.introductions.delete(introduction);
        introduced.onFailure(error);
      },
    });
    this.introductions.add(introduction);
    introduction.stream = this.openTo(address, 'introduction', undefined, introduction, new RoundTrips());
  }

  /** Tries at once to connect: there is news of the member, such as that it lives, or has another address. */
  hurry(memberId: MemberId): void {
    const neighbour = this.neighbours.get(memberId);
    neighbour?.link.hurry();
    neighbour?.channels.hurry();
  }

  /** Streams to come are made with these certificates. REQUIRES: they have been made with TLS before. Throws if the settings cannot be used. */
  renewTls(tls: TlsSettings): void {
    for (const listener of this.listeners) listener.setTls?.(tls);
    this.tls = tls;
  }

  /** Makes all streams anew: this member's identity has changed. What is under way fails. */
  renew(): void {
    const error = new PeerError('unreachable', 'the connection is made anew');
    this.closeIncoming(error);
    for (const { link, channels } of this.neighbours.values()) {
      channels.close(error);
      link.renew();
    }
  }

  /** Sends a one-way message: it comes in order, or not at all. False: not at all. Connects if need be. */
  send(memberId: MemberId, kind: number, payload: Payload): boolean {
    return this.neighbour(memberId).link.send(kind, payload);
  }

  /** Asks. The asker is called once, after this has returned. */
  request(memberId: MemberId, kind: number, payload: Payload, timeoutMs: number, asker: Asker): void {
    this.neighbour(memberId).link.request(kind, payload, timeoutMs, asker);
  }

  /**
   * Asks whoever is at an address, which is learnt first if need be. The asker is called once, after this has returned: with the
   * refusal `self` where that is this member. The payload is not to change before.
   */
  requestAt(address: BusAddress, kind: number, payload: Payload, timeoutMs: number, asker: Asker): void {
    const memberId = this.met.get(placeOf(address));
    if (memberId !== undefined && this.isConnected(memberId)) this.request(memberId, kind, payload, timeoutMs, asker);
    else this.meet(address, new AddressRequest(this, kind, payload, timeoutMs, asker));
  }

  /**
   * Opens a byte stream to a member, which may be written to at once. `metadata`: what the acceptor is told, up to 16 KiB. If it
   * cannot be opened, or breaks, the handler's `onClose` says why.
   */
  openChannel(memberId: MemberId, metadata: string, handler: StreamHandler): ByteStream {
    const bytes = Buffer.from(metadata);
    assert(bytes.length <= METADATA_BYTES_MAX, 'the metadata of a channel is short');
    return this.neighbour(memberId).channels.open(bytes, handler);
  }

  /** Whether what is sent to the member goes to an open stream. */
  isConnected(memberId: MemberId): boolean {
    return this.neighbours.get(memberId)?.link.isUp === true;
  }

  /** Whether it does, and the member has answered in time lately. */
  isResponsive(memberId: MemberId): boolean {
    return this.neighbours.get(memberId)?.link.isResponsive === true;
  }

  /** What the last ping has told of the member's wall clock; undefined if none has. */
  clockOf(memberId: MemberId): ClockReading | undefined {
    return this.neighbours.get(memberId)?.link.clockReading;
  }

  wasRefused(refusal: Refusal, by: string): void {
    if (refusal === 'version' || refusal === 'cluster' || refusal === 'secret') this.refusals.add(refusal, by);
  }

  isOwn({ handshake }: FrameStream): boolean {
    return [...this.introductions].some(
      ({ stream }) => stream !== undefined && handshake.isOtherSideOf(stream.handshake),
    );
  }

  /** Writes what was sent so far. */
  flush(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    const { scheduled } = this;
    this.scheduled = this.spare;
    for (let i = 0; i < scheduled.length; i++) scheduled[i].flush();
    scheduled.length = 0;
    this.spare = scheduled;
    this.isFlushing = false;
  }

  /** Of all members that anything was sent to. */
  figures(): PeerFigures[] {
    return [...this.neighbours.values()].map(({ link, channels, incomingTraffic }) => {
      const all = [link.traffic, channels.traffic, incomingTraffic];
      const sum = (key: keyof Traffic): number => all.reduce((total, traffic) => total + traffic[key], 0);
      return {
        memberId: link.memberId,
        isConnected: link.isUp,
        failures: link.failures,
        bytesIn: sum('bytesIn'),
        bytesOut: sum('bytesOut'),
        messagesIn: sum('messagesIn'),
        messagesOut: sum('messagesOut'),
        queuedBytes: link.queuedBytes + channels.queuedBytes,
        requests: link.requestCount,
        channels: channels.count,
        roundTripMeanUs: link.roundTrips.meanUs,
        roundTripP99Us: link.roundTrips.p99Us,
      };
    });
  }

  /** Closes everything. Nothing else may be called afterwards. */
  close(): void {
    const error = new PeerError('unreachable', 'the bus is closed');
    this.isClosed = true;
    for (const listener of this.listeners) listener.close();
    this.closeIncoming(error);
    for (const introduction of this.introductions) introduction.stream?.close();
    for (const neighbour of this.neighbours.values()) closeNeighbour(neighbour, error);
    this.neighbours.clear();
    this.deadlines.stop();
  }

  // What the streams need.

  schedule(stream: FrameStream): void {
    this.scheduled.push(stream);
    this.scheduleEnd();
  }

  later(run: () => void): void {
    this.laterRuns.push(run);
    this.scheduleEnd();
  }

  failLater(asker: Asker, error: PeerError): void {
    this.later(() => {
      asker.onFailure(error);
    });
  }

  open(memberId: MemberId, purpose: Purpose, receiver: FrameReceiver, roundTrips: RoundTrips): FrameStream {
    const address = this.options.addressOf(memberId) ?? this.neighbours.get(memberId)?.metAddress;
    return this.openTo(address, purpose, memberId, receiver, roundTrips);
  }

  onUp(memberId: MemberId): void {
    this.neighbours.get(memberId)?.channels.hurry();
    for (const watcher of this.watchers) watcher.onUp(memberId);
  }

  onDown(memberId: MemberId, error: PeerError): void {
    for (const watcher of this.watchers) watcher.onDown(memberId, error);
  }

  onSilence(memberId: MemberId, isSilent: boolean): void {
    if (!isSilent) this.neighbours.get(memberId)?.channels.hurry();
    for (const watcher of this.watchers) watcher.onSilence?.(memberId, isSilent);
  }

  acceptChannel(stream: Channel, metadata: string, from: MemberId): StreamHandler | undefined {
    return this.channelHandler?.(stream, metadata, from);
  }

  onIncoming(incoming: IncomingStream): void {
    this.unknown.delete(incoming);
    const { peer, purpose } = incoming;
    if (peer === undefined || purpose === 'introduction') return;
    const key = keyOf(peer, purpose);
    // It comes from before: what is still on its way there must not be taken behind what comes by the new one.
    this.incoming.get(key)?.close(new PeerError('unreachable', `${peer.memberId}: has connected again`));
    this.incoming.set(key, incoming);
    const neighbour = this.neighbours.get(peer.memberId);
    if (neighbour === undefined) return;
    incoming.stream.traffic = neighbour.incomingTraffic;
    // It lives.
    this.hurry(peer.memberId);
  }

  onIncomingClosed(incoming: IncomingStream): void {
    this.unknown.delete(incoming);
    const { peer, purpose } = incoming;
    if (peer === undefined) return;
    const key = keyOf(peer, purpose);
    if (this.incoming.get(key) === incoming) this.incoming.delete(key);
  }

  private accept(stream: ByteStream): StreamHandler {
    const incoming = new IncomingStream(this, this.handshake('acceptor', 'messages', undefined), stream);
    const [oldest] = this.unknown;
    if (this.unknown.size >= INCOMING_MAX) oldest.stream.refuse('crowded');
    this.unknown.add(incoming);
    return incoming.stream;
  }

  private openTo(
    address: BusAddress | undefined,
    purpose: Purpose,
    expectedId: MemberId | undefined,
    receiver: FrameReceiver,
    roundTrips: RoundTrips,
  ): FrameStream {
    const handshake = this.handshake('opener', purpose, expectedId);
    return FrameStream.open(this, handshake, receiver, address, roundTrips);
  }

  private handshake(role: 'opener' | 'acceptor', purpose: Purpose, expectedId: MemberId | undefined): Handshake {
    const nonce = Buffer.alloc(NONCE_BYTES);
    const { secret } = this.options;
    this.random.fill(nonce);
    return new Handshake({ role, purpose, identity: this.options.identity(), secret, nonce, expectedId });
  }

  private neighbour(memberId: MemberId): Neighbour {
    let neighbour = this.neighbours.get(memberId);
    if (neighbour === undefined) {
      neighbour = new Neighbour(this, memberId);
      this.neighbours.set(memberId, neighbour);
    }
    return neighbour;
  }

  private closeIncoming(error: PeerError): void {
    for (const incoming of [...this.unknown, ...this.incoming.values()]) incoming.close(error);
  }

  private runLater(): void {
    const runs = this.laterRuns;
    if (runs.length === 0) return;
    this.laterRuns = [];
    for (const run of runs) run();
  }

  private scheduleEnd(): void {
    if (this.isEndScheduled) return;
    this.isEndScheduled = true;
    this.timers.endOfTurn(this.onEndOfTurn);
  }
}

function placeOf({ host, port }: BusAddress): string {
  return `${host}:${port}`;
}

function keyOf(peer: Peer, purpose: Purpose): string {
  return `${purpose} ${peer.memberId}`;
}

function closeNeighbour(neighbour: Neighbour, error: PeerError): void {
  neighbour.channels.close(error);
  neighbour.link.close();
}
