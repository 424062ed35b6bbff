/**
 * One stream between two members: handshake, then messages both ways.
 *
 *     opening ──(handshake done)──▶ open ──▶ closed          and from opening to closed
 *
 *  1. What is added is sent in order, when the stream is open: what a turn of the loop has added leaves at its end, with one write.
 *  2. At most `queueBytesMax` wait, and one message more. Beyond that the stream breaks.
 *  3. The one who opened it pings the other each second, and with what it sends ten times a second at most, with kinds PING and PONG, which are
 *     handled here, and tell of wall clocks (clock-reading.ts). Without any sign of life for 10 s it breaks; long before, while a ping is not answered, the other one is silent.
 *  4. After an outage the system sends again what was lost, but the later the longer that lasted. Who is known to live meanwhile is not waited for (`hurry`).
 *  5. The receiver hears `onOpen` at most once and first, `onClosed` exactly once and last; neither after `close`.
 */

import { assert } from '../../base/assert.js';
import type { ByteStream, Clock, OutgoingHandler, TlsSettings } from '../../host/ports.js';
import type { BufferPool } from '../../protocol/buffer-pool.js';
import type { ClockReading } from './clock-reading.js';
import { PongPayload, readPong } from './clock-reading.js';
import { Deadline } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import { FrameDecoder } from './frame.js';
import type { Handshake, Peer, Refusal } from './handshake.js';
import { PING, PONG } from './kinds.js';
import { OutputQueue } from './output-queue.js';
import { EMPTY_PAYLOAD } from './payload.js';
import type { Payload } from './payload.js';
import { PeerError } from './peer-error.js';
import type { BusAddress, BusNetwork } from './ports.js';
import type { Rejections } from './rejections.js';
import { RoundTrips } from './round-trips.js';
import type { TlsTroubles } from './tls-troubles.js';
import { Traffic } from './traffic.js';

/** From connecting to the last byte of the handshake. */
const OPENING_MS = 5000;
const HEARTBEAT_MS = 1000;
const SILENT_HEARTBEATS_MAX = 10;
/** Pings go with what is sent, but not more often than this. */
const PING_EVERY_US = 100_000;
/** Who has not answered a ping after so many looks is silent. More than one: after a pause of our own, what has come meanwhile is read between them. */
const SILENCE_LOOK_MS = 200;
const SILENCE_LOOKS = 2;
/** Who lives, as something else has shown, and is silent for so long after that, is connected with anew. */
const HURRY_MS = 200;
/** For the side that does not ping. */
const KEEP_ALIVE_SECONDS = 30;

export interface FrameReceiver {
  onOpen(peer: Peer): void;
  /** The payload is `buffer[start, end)`, until the call returns. */
  onMessage(kind: number, id: number, buffer: Buffer, start: number, end: number): void;
  /** The system has taken all that was added. */
  onSent(): void;
  /** A ping is not answered for 400 ms; or is, after that. */
  onSilence?(isSilent: boolean): void;
  /** A ping has told of the other's clock. */
  onClock?(reading: ClockReading): void;
  onClosed(error: PeerError): void;
}

export interface FrameStreamHost {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly pool: BufferPool;
  readonly rejections: Rejections<Refusal>;
  readonly tlsTroubles: TlsTroubles;
  /** The other side, at that address, has refused this one. */
  wasRefused(refusal: Refusal, by: string): void;
  readonly queueBytesMax: number;
  readonly network: BusNetwork;
  /** How to connect; undefined: without TLS. */
  readonly tls: TlsSettings | undefined;
  /** Calls `flush` at the end of the turn. */
  schedule(stream: FrameStream): void;
  /** Whether the other side of a stream is this member itself, which asks who is at an address. */
  isOwn(stream: FrameStream): boolean;
}

/** Waits for the answer to a ping. */
class Silence extends Deadline {
  /** A ping was not answered in time. */
  isSilent = false;
  private readonly deadlines: Deadlines;
  private readonly receiver: FrameReceiver;
  private looks = 0;

  constructor(deadlines: Deadlines, receiver: FrameReceiver) {
    super();
    this.deadlines = deadlines;
    this.receiver = receiver;
  }

  /** A ping was sent. */
  begin(): void {
    this.looks = 0;
    this.deadlines.set(this, SILENCE_LOOK_MS);
  }

  /** It was answered. */
  end(): void {
    this.deadlines.clear(this);
    if (!this.isSilent) return;
    this.isSilent = false;
    this.receiver.onSilence?.(false);
  }

  override onDeadline(): void {
    if (++this.looks < SILENCE_LOOKS) {
      this.deadlines.set(this, SILENCE_LOOK_MS);
    } else {
      this.isSilent = true;
      this.receiver.onSilence?.(true);
    }
  }
}

export class FrameStream extends Deadline implements OutgoingHandler {
  /** Where it goes, or comes from, in words. */
  readonly remoteAddress: string;
  readonly handshake: Handshake;
  /** What is counted; the receiver may set another one in `onOpen`. */
  traffic = new Traffic();
  roundTrips: RoundTrips | undefined;

  private readonly host: FrameStreamHost;
  private readonly receiver: FrameReceiver;
  private readonly decoder: FrameDecoder;
  private readonly output: OutputQueue;
  private stream: ByteStream | undefined;
  private state: 'opening' | 'open' | 'closed' = 'opening';
  private isConnected = false;
  /** A part of the handshake is written and not taken yet. */
  private isWriting = false;
  private isScheduled = false;
  private isOverloaded = false;
  private readonly silence: Silence;
  private readonly pong: PongPayload;
  private isPinging = false;
  private pingedUs = 0;
  private hasHeard = false;
  private hasLived = false;
  private isHurried = false;
  private readonly beganUs: number;
  /** While it is opening: when the other side has last given a sign of life. */
  private heardUs: number;
  private silentHeartbeats = 0;

  private constructor(host: FrameStreamHost, handshake: Handshake, receiver: FrameReceiver, remoteAddress: string) {
    super();
    this.host = host;
    this.handshake = handshake;
    this.receiver = receiver;
    this.remoteAddress = remoteAddress;
    this.output = new OutputQueue(host.pool);
    this.silence = new Silence(host.deadlines, receiver);
    this.beganUs = this.heardUs = host.clock.monotonicUs();
    this.pong = new PongPayload(host.clock);
    this.decoder = new FrameDecoder(host.pool, (kind, id, buffer, start, end) => {
      this.receive(kind, id, buffer, start, end);
    });
    host.deadlines.set(this, OPENING_MS);
  }

  /**
   * Connects. The receiver hears nothing before this returns. Without an address that fails, later. `roundTrips` gets those of its pings.
   */
  static open(
    host: FrameStreamHost,
    handshake: Handshake,
    receiver: FrameReceiver,
    address: BusAddress | undefined,
    roundTrips: RoundTrips,
  ): FrameStream {
    const place = address === undefined ? 'a member whose address is not known' : `${address.host}:${address.port}`;
    const result = new FrameStream(host, handshake, receiver, place);
    result.roundTrips = roundTrips;
    if (address === undefined) host.deadlines.set(result, 0);
    else result.stream = host.network.connect(host.tls === undefined ? address : { ...address, tls: host.tls }, result);
    return result;
  }

  /** Takes a stream that was opened by somebody. */
  static accept(host: FrameStreamHost, handshake: Handshake, receiver: FrameReceiver, stream: ByteStream): FrameStream {
    const result = new FrameStream(host, handshake, receiver, stream.remoteAddress);
    result.stream = stream;
    return result;
  }

  get localAddress(): string {
    return this.stream?.localAddress ?? '';
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** The other side has not answered a ping in time. */
  get isSilent(): boolean {
    return this.silence.isSilent;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.output.queuedBytes;
  }

  /** Sends a message, as soon as the stream is open. False: it is closed, or about to be. */
  add(kind: number, id: number, payload: Payload): boolean {
    if (this.state === 'closed' || this.isOverloaded) return false;
    const { output, traffic } = this;
    if (output.queuedBytes > this.host.queueBytesMax) {
      // Not at once: the caller is in the middle of something.
      this.isOverloaded = true;
      this.schedule();
      return false;
    }
    const before = output.queuedBytes;
    output.add(kind, id, payload);
    traffic.bytesOut += output.queuedBytes - before;
    traffic.messagesOut++;
    if (this.state === 'open') this.schedule();
    return true;
  }

  /** The end of the turn. */
  flush(): void {
    this.isScheduled = false;
    if (this.state === 'closed') return;
    if (this.isOverloaded) this.break(new PeerError('overloaded', `${this.remoteAddress}: too much waits to be sent`));
    else {
      this.pingAlong();
      this.write();
    }
  }

  /** The other side lives: if it is silent nevertheless, the stream breaks soon. */
  hurry(): void {
    const { state, host, isHurried } = this;
    if (state === 'closed' || isHurried || !this.isLate) return;
    this.isHurried = true;
    host.deadlines.set(this, HURRY_MS);
  }

  /** Closes at once; the receiver hears nothing more. Does nothing if it is closed. */
  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.host.deadlines.clear(this);
    this.host.deadlines.clear(this.silence);
    this.decoder.stop();
    this.output.clear();
    this.stream?.destroy();
  }

  /** Refuses the other side, and tells it why. Counts that. */
  refuse(refusal: Refusal): void {
    if (this.state === 'closed') return;
    this.handshake.fail(refusal);
    this.host.rejections.add(refusal, this.remoteAddress);
    this.endRefused(refusal);
  }

  onConnect(): void {
    this.isConnected = true;
    this.heardUs = this.host.clock.monotonicUs();
    if (this.state === 'opening') this.writeHandshake();
  }

  onData(buffer: Buffer, length: number): void {
    let at = 0;
    if (this.state === 'closed') return;
    this.hasHeard = true;
    if (this.state === 'opening') {
      this.heardUs = this.host.clock.monotonicUs();
      at = this.handshake.receive(buffer, 0, length);
      this.settle();
      if (!this.isOpen) return;
    }
    this.hasLived = true;
    this.traffic.bytesIn += length;
    if (at === length || this.decoder.feed(buffer, at, length) || !this.isOpen) return;
    this.host.rejections.add('malformed', this.remoteAddress);
    this.break(new PeerError('unreachable', `${this.remoteAddress}: sent what is no frame`));
  }

  onDrain(): void {
    if (this.state === 'closed' || this.stream === undefined) return;
    this.hasLived = true;
    if (this.isWriting) {
      this.isWriting = false;
      this.writeHandshake();
      this.write();
    } else {
      this.output.drained(this.stream);
      this.tellSent();
    }
  }

  onEnd(): void {
    this.noteTrouble(undefined);
    this.break(new PeerError('unreachable', `${this.remoteAddress}: closed the connection`));
  }

  onClose(error: Error | undefined): void {
    this.noteTrouble(error);
    const why = error === undefined ? 'the connection is closed' : error.message;
    this.break(new PeerError('unreachable', `${this.remoteAddress}: ${why}`, { cause: error }));
  }

  override onDeadline(): void {
    if (this.state === 'opening') {
      const leftMs = OPENING_MS - (this.host.clock.monotonicUs() - this.beganUs) / 1000;
      if (this.isHurried && !this.isLate && leftMs > 0) {
        this.isHurried = false;
        this.host.deadlines.set(this, leftMs);
      }
      // Where we connect, nobody may be there who could be called wrong.
      else if (this.roundTrips === undefined) this.refuse('timeout');
      else this.break(new PeerError('unreachable', `${this.remoteAddress}: could not connect in time`));
    } else if (this.state === 'open') {
      if (this.isHurried && this.isSilent)
        this.break(new PeerError('timeout', `${this.remoteAddress}: lives, and does not answer`));
      else this.beat();
    }
  }

  /** Whether the other side has not answered for so long that it would be silent: it answers the handshake as it answers a ping. */
  private get isLate(): boolean {
    if (this.state !== 'opening') return this.isSilent;
    return (this.host.clock.monotonicUs() - this.heardUs) / 1000 > SILENCE_LOOKS * SILENCE_LOOK_MS;
  }

  /** Goes on after a part of the handshake has come. */
  private settle(): void {
    const { handshake } = this;
    if (handshake.state !== 'failed') this.writeHandshake();
    if (handshake.state === 'done') this.opened();
    else if (handshake.refusal !== undefined) {
      if (handshake.wasRefused) this.host.wasRefused(handshake.refusal, this.remoteAddress);
      else if (!this.host.isOwn(this)) this.host.rejections.add(handshake.refusal, this.remoteAddress);
      this.endRefused(handshake.refusal);
    }
  }

  private opened(): void {
    const { peer } = this.handshake;
    assert(peer !== undefined, 'a handshake that is done knows the peer');
    this.state = 'open';
    this.isHurried = false;
    this.host.tlsTroubles.opened(this.remoteAddress);
    if (this.roundTrips !== undefined) this.host.deadlines.set(this, HEARTBEAT_MS);
    else {
      this.host.deadlines.clear(this);
      this.stream?.setKeepAlive(KEEP_ALIVE_SECONDS);
    }
    this.receiver.onOpen(peer);
    if (this.output.queuedBytes > 0) this.schedule();
  }

  /** Sends the last of the handshake, and closes. */
  private endRefused(refusal: Refusal): void {
    const { stream } = this;
    this.writeHandshake();
    // What was written still leaves.
    stream?.end();
    this.stream = undefined;
    const message = this.handshake.wasRefused ? `refused us: ${refusal}` : `was refused: ${refusal}`;
    this.break(new PeerError('refused', `${this.remoteAddress}: ${message}`, { refusal }));
  }

  private writeHandshake(): void {
    if (this.isWriting || this.stream === undefined) return;
    const bytes = this.handshake.takeOutput();
    if (bytes !== undefined) this.isWriting = !this.stream.write(bytes, 0, bytes.length);
  }

  private write(): void {
    const { stream, output } = this;
    if (this.state !== 'open' || this.isWriting || stream === undefined) return;
    output.flush(stream);
    this.tellSent();
  }

  private tellSent(): void {
    if (this.state === 'open' && this.output.queuedBytes === 0) this.receiver.onSent();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.host.schedule(this);
  }

  private receive(kind: number, id: number, buffer: Buffer, start: number, end: number): void {
    this.traffic.messagesIn++;
    if (kind === PING) this.add(PONG, id, this.pong);
    else if (kind === PONG) this.endPing(buffer, start, end);
    else this.receiver.onMessage(kind, id, buffer, start, end);
  }

  private beat(): void {
    this.isHurried = false;
    this.silentHeartbeats = this.hasLived ? 0 : this.silentHeartbeats + 1;
    this.hasLived = false;
    if (this.silentHeartbeats >= SILENT_HEARTBEATS_MAX) {
      this.break(new PeerError('timeout', `${this.remoteAddress}: gives no sign of life`));
      return;
    }
    this.host.deadlines.set(this, HEARTBEAT_MS);
    if (!this.isPinging) this.ping(this.host.clock.monotonicUs());
  }

  /** Something leaves: a ping goes with it, if the last one is long ago. */
  private pingAlong(): void {
    if (this.state !== 'open' || this.isPinging || this.roundTrips === undefined) return;
    const nowUs = this.host.clock.monotonicUs();
    if (nowUs - this.pingedUs >= PING_EVERY_US) this.ping(nowUs);
  }

  private ping(nowUs: number): void {
    this.isPinging = true;
    this.pingedUs = nowUs;
    this.silence.begin();
    this.add(PING, 0, EMPTY_PAYLOAD);
  }

  private endPing(buffer: Buffer, start: number, end: number): void {
    if (!this.isPinging) return;
    const nowUs = this.host.clock.monotonicUs();
    this.isPinging = false;
    this.silence.end();
    this.roundTrips?.add(nowUs - this.pingedUs);
    const reading = readPong(buffer, start, end, this.pingedUs, nowUs);
    if (reading !== undefined) this.receiver.onClock?.(reading);
  }

  /** The connection is gone: if this side has begun it, and not heard anything, TLS may be why. */
  private noteTrouble(error: Error | undefined): void {
    const { host, isConnected } = this;
    if (this.state !== 'opening' || this.roundTrips === undefined || this.hasHeard) return;
    host.tlsTroubles.failed(this.remoteAddress, { usesTls: host.tls !== undefined, isConnected, error });
  }

  private break(error: PeerError): void {
    if (this.state === 'closed') return;
    this.close();
    this.receiver.onClosed(error);
  }
}
