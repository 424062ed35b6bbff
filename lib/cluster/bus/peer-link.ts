/**
 * The stream of messages from this member to another one.
 *
 *     idle ──▶ connecting ──▶ up ──(broken)──▶ waiting ──(back-off)──▶ connecting ...       and from anywhere to closed
 *
 *  1. Each member opens a stream to each other: its own messages and requests go there, and the answers come back on it. So the order
 *     of what one says is kept, also when only one of two can reach the other.
 *  2. What is sent while it connects waits; while it waits for the next attempt, everything fails at once.
 *  3. A one-way message is delivered at most once. If one is lost, all behind it on that stream are, and `onDown` follows.
 *  4. Every request ends exactly once, and never before `request` returns: with an answer, or with a PeerError.
 */

import type { Clock, Random } from '../../host/ports.js';
import { BackOff } from './back-off.js';
import type { ClockReading } from './clock-reading.js';
import { Deadline } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import type { FrameReceiver, FrameStream } from './frame-stream.js';
import type { Purpose } from './handshake.js';
import { ANSWER, REFUSAL } from './kinds.js';
import type { Payload } from './payload.js';
import { PeerError } from './peer-error.js';
import type { MemberId } from '../ring/member.js';
import { RoundTrips } from './round-trips.js';
import { Traffic } from './traffic.js';

/** The id of messages that are no requests. */
export const ONE_WAY = 0;
const ID_MAX = 2 ** 32 - 1;

/** Who asked. One of the two is called, once. */
export interface Asker {
  /** The answer is `buffer[start, end)`, until the call returns. */
  onAnswer(buffer: Buffer, start: number, end: number): void;
  onFailure(error: PeerError): void;
}

export interface LinkHost {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly random: Random;
  /** Begins to connect to where the member is now. */
  open(memberId: MemberId, purpose: Purpose, receiver: FrameReceiver, roundTrips: RoundTrips): FrameStream;
  /** Tells the asker of the failure, after the current call. */
  failLater(asker: Asker, error: PeerError): void;
  onUp(memberId: MemberId): void;
  onDown(memberId: MemberId, error: PeerError): void;
  onSilence(memberId: MemberId, isSilent: boolean): void;
}

class Request extends Deadline {
  readonly id: number;
  readonly asker: Asker;
  private readonly link: PeerLink;

  constructor(link: PeerLink, id: number, asker: Asker) {
    super();
    this.link = link;
    this.id = id;
    this.asker = asker;
  }

  override onDeadline(): void {
    this.link.expire(this);
  }
}

class Retry extends Deadline {
  private readonly link: PeerLink;

  constructor(link: PeerLink) {
    super();
    this.link = link;
  }

  override onDeadline(): void {
    this.link.connect();
  }
}

export class PeerLink implements FrameReceiver {
  readonly memberId: MemberId;
  readonly traffic = new Traffic();
  readonly roundTrips = new RoundTrips();
  /** The last one of the other's clock. */
  clockReading: ClockReading | undefined;
  /** How often it broke, or could not be made. */
  failures = 0;

  private readonly host: LinkHost;
  private readonly requests = new Map<number, Request>();
  private readonly backOff: BackOff;
  private readonly retry = new Retry(this);
  private stream: FrameStream | undefined;
  private isClosed = false;
  private lastId = 0;
  private lastError: PeerError | undefined;

  constructor(host: LinkHost, memberId: MemberId) {
    this.host = host;
    this.memberId = memberId;
    this.backOff = new BackOff(host.random);
  }

  get isUp(): boolean {
    return this.stream?.isOpen === true;
  }

  /** Whether what is sent is answered in time. */
  get isResponsive(): boolean {
    return this.stream?.isOpen === true && !this.stream.isSilent;
  }

  get queuedBytes(): number {
    return this.stream?.queuedBytes ?? 0;
  }

  get requestCount(): number {
    return this.requests.size;
  }

  /** Sends a message. False: it is lost. */
  send(kind: number, payload: Payload): boolean {
    return this.usable()?.add(kind, ONE_WAY, payload) === true;
  }

  request(kind: number, payload: Payload, timeoutMs: number, asker: Asker): void {
    const { host } = this;
    const id = this.nextId();
    if (this.usable()?.add(kind, id, payload) !== true) {
      host.failLater(asker, this.whyNot());
      return;
    }
    const request = new Request(this, id, asker);
    this.requests.set(id, request);
    host.deadlines.set(request, timeoutMs);
  }

  /** Connects, unless it has, or does already. */
  connect(): void {
    if (this.stream !== undefined || this.isClosed) return;
    const { host } = this;
    host.deadlines.clear(this.retry);
    this.stream = host.open(this.memberId, 'messages', this, this.roundTrips);
    this.stream.traffic = this.traffic;
  }

  /** The member lives: does not wait any longer before it connects again, nor for a stream that is stuck. */
  hurry(): void {
    this.backOff.reset();
    if (this.retry.isSet) this.connect();
    else this.stream?.hurry();
  }

  /** Breaks the stream, and connects again. */
  renew(): void {
    if (this.stream === undefined) return;
    this.end(new PeerError('unreachable', `${this.memberId}: the connection is made anew`));
    this.backOff.reset();
    this.connect();
  }

  /** For good. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.deadlines.clear(this.retry);
    this.end(new PeerError('unreachable', `${this.memberId}: is no member`));
  }

  onOpen(): void {
    this.lastError = undefined;
    this.backOff.reset();
    this.host.onUp(this.memberId);
  }

  onMessage(kind: number, id: number, buffer: Buffer, start: number, end: number): void {
    const request = this.requests.get(id);
    // Too late: it was told of a time-out.
    if (request === undefined || (kind !== ANSWER && kind !== REFUSAL)) return;
    this.requests.delete(id);
    this.host.deadlines.clear(request);
    if (kind === ANSWER) request.asker.onAnswer(buffer, start, end);
    else request.asker.onFailure(new PeerError('refused', buffer.toString('utf8', start, end)));
  }

  onSent(): void {
    // Nothing waits for that.
  }

  onSilence(isSilent: boolean): void {
    this.host.onSilence(this.memberId, isSilent);
  }

  onClock(reading: ClockReading): void {
    this.clockReading = reading;
  }

  onClosed(error: PeerError): void {
    this.stream = undefined;
    this.failures++;
    this.fail(error);
    this.waitForRetry();
  }

  expire(request: Request): void {
    this.requests.delete(request.id);
    request.asker.onFailure(new PeerError('timeout', `${this.memberId}: no answer in time`));
  }

  /** The stream, which is made if there is none and none failed a moment ago. */
  private usable(): FrameStream | undefined {
    if (this.stream === undefined && !this.retry.isSet) this.connect();
    return this.stream;
  }

  private whyNot(): PeerError {
    if (this.stream !== undefined) return new PeerError('overloaded', `${this.memberId}: too much waits to be sent`);
    return this.lastError ?? new PeerError('unreachable', `${this.memberId}: there is no connection`);
  }

  private waitForRetry(): void {
    if (!this.isClosed) this.host.deadlines.set(this.retry, this.backOff.nextMs());
  }

  private end(error: PeerError): void {
    const { stream } = this;
    if (stream === undefined) return;
    this.stream = undefined;
    stream.close();
    this.fail(error);
  }

  private fail(error: PeerError): void {
    const requests = [...this.requests.values()];
    this.lastError = error;
    this.requests.clear();
    for (const request of requests) {
      this.host.deadlines.clear(request);
      this.host.failLater(request.asker, error);
    }
    this.host.onDown(this.memberId, error);
  }

  private nextId(): number {
    do this.lastId = this.lastId === ID_MAX ? 1 : this.lastId + 1;
    while (this.requests.has(this.lastId));
    return this.lastId;
  }
}
