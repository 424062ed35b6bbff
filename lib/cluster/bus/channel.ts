/**
 * One of many byte streams on a connection between two members. It behaves as one that the network made: whoever serves it
 * sees no difference.
 *
 *  1. A side sends at most WINDOW_BYTES beyond what the other one's handler has taken, so a channel that is not read holds up no other,
 *     and costs no more than that.
 *  2. `onClose` comes once and last, never during a call of `write`, `resume`, `end` or `destroy`.
 *  3. `end` sends what was written and then closes both directions: the other side hears `onEnd`, and what it sends after that is lost.
 */

import { assert } from '../../base/assert.js';
import type { ByteStream, StreamHandler } from '../../host/ports.js';

export const WINDOW_BYTES = 1024 * 1024;
/** Data is sent in frames of at most so many bytes. */
const CHUNK_BYTES_MAX = 64 * 1024;
/** What was taken is told when it is so much. */
const CREDIT_BYTES_MIN = WINDOW_BYTES / 4;

/** What a channel needs of its connection. */
export interface ChannelCarrier {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Whether there is room for data. If not, `channel.goOn` is called when there is. */
  hasRoom(channel: Channel): boolean;
  sendData(id: number, buffer: Buffer, start: number, end: number): void;
  /** So many more bytes may be sent to this side. */
  sendCredit(id: number, bytes: number): void;
  sendEnd(id: number): void;
  sendReset(id: number): void;
  /** The channel sends no more, and hears no more of the other side. */
  forget(id: number): void;
  /** Runs it when the current call is over. */
  later(run: () => void): void;
}

export class Channel implements ByteStream {
  readonly id: number;
  private readonly carrier: ChannelCarrier;
  private handler: StreamHandler | undefined;
  /** How many bytes the other side can take. */
  private credit = WINDOW_BYTES;
  /** Taken from the other side, and not told. */
  private takenBytes = 0;
  /** What the handler wrote and what has not been sent: `pending[pendingAt, pendingEnd)`. */
  private pending: Buffer | undefined;
  private pendingAt = 0;
  private pendingEnd = 0;
  /** What came while it was paused, first to last. */
  private backlog: Buffer[] = [];
  private backlogBytes = 0;
  private isPaused = false;
  private isResuming = false;
  private isEnding = false;
  private hasPeerEnded = false;
  private isEndTold = false;
  private isClosed = false;

  constructor(carrier: ChannelCarrier, id: number) {
    this.carrier = carrier;
    this.id = id;
  }

  get remoteAddress(): string {
    return this.carrier.remoteAddress;
  }

  get localAddress(): string {
    return this.carrier.localAddress;
  }

  /** Who hears what happens; set before anything does. */
  start(handler: StreamHandler): void {
    this.handler = handler;
  }

  write(buffer: Buffer, start: number, end: number): boolean {
    assert(this.pending === undefined, 'one write at a time');
    assert(!this.isEnding, 'nothing is written behind the end');
    if (this.isClosed || this.hasPeerEnded) return true;
    this.pending = buffer;
    this.pendingAt = start;
    this.pendingEnd = end;
    return this.sendPending();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    if (this.isResuming || !this.hasBacklog) return;
    this.isResuming = true;
    this.carrier.later(() => {
      this.isResuming = false;
      this.deliverBacklog();
    });
  }

  setKeepAlive(): void {
    // The connection that carries it looks after that.
  }

  end(): void {
    if (this.isClosed || this.isEnding) return;
    this.isEnding = true;
    if (this.pending === undefined) this.finish();
  }

  destroy(): void {
    if (this.isClosed) return;
    this.carrier.sendReset(this.id);
    this.close();
  }

  /** There is room, or credit: sends what waits. False: it still needs room. */
  goOn(): boolean {
    if (this.pending === undefined) return true;
    const isSent = this.sendPending();
    if (!isSent) return this.credit === 0;
    if (this.isEnding) this.finish();
    else this.handler?.onDrain();
    return true;
  }

  /** False: the other side does not keep to the window. */
  takeCredit(bytes: number): boolean {
    this.credit += bytes;
    if (this.credit > WINDOW_BYTES) return false;
    this.goOn();
    return true;
  }

  /** `buffer[start, end)` has come. False: the other side does not keep to the window. */
  takeData(buffer: Buffer, start: number, end: number): boolean {
    if (this.isClosed || this.hasPeerEnded) return true;
    const bytes = end - start;
    if (!this.isPaused && this.backlog.length === 0) {
      this.handler?.onData(buffer.subarray(start, end), bytes);
      this.taken(bytes);
      return true;
    }
    this.backlogBytes += bytes;
    if (this.backlogBytes > WINDOW_BYTES) return false;
    this.backlog.push(Buffer.from(buffer.subarray(start, end)));
    return true;
  }

  /** The other side has closed, in order. */
  takeEnd(): void {
    if (this.isClosed || this.hasPeerEnded) return;
    this.hasPeerEnded = true;
    if (this.pending !== undefined) {
      this.pending = undefined;
      if (this.isEnding) this.finish();
      else this.handler?.onDrain();
    }
    if (!this.isPaused && this.backlog.length === 0) this.tellEnd();
  }

  /** The other side has closed at once, or the connection is lost. */
  lose(error: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.letGo();
    this.handler?.onClose(error);
  }

  private get hasBacklog(): boolean {
    return this.backlog.length > 0 || (this.hasPeerEnded && !this.isEndTold);
  }

  /** True: all of it is sent. */
  private sendPending(): boolean {
    const { carrier, pending } = this;
    if (pending === undefined) return true;
    while (this.pendingAt < this.pendingEnd) {
      if (this.credit === 0 || !carrier.hasRoom(this)) return false;
      const bytes = Math.min(this.pendingEnd - this.pendingAt, this.credit, CHUNK_BYTES_MAX);
      carrier.sendData(this.id, pending, this.pendingAt, this.pendingAt + bytes);
      this.pendingAt += bytes;
      this.credit -= bytes;
    }
    this.pending = undefined;
    return true;
  }

  private taken(bytes: number): void {
    this.takenBytes += bytes;
    if (this.takenBytes < CREDIT_BYTES_MIN || this.isClosed || this.hasPeerEnded) return;
    this.carrier.sendCredit(this.id, this.takenBytes);
    this.takenBytes = 0;
  }

  private deliverBacklog(): void {
    while (!this.isPaused && !this.isClosed) {
      const next = this.backlog.shift();
      if (next === undefined) break;
      this.backlogBytes -= next.length;
      this.handler?.onData(next, next.length);
      this.taken(next.length);
    }
    if (!this.isPaused && !this.isClosed && this.hasPeerEnded) this.tellEnd();
  }

  private tellEnd(): void {
    if (this.isEndTold) return;
    this.isEndTold = true;
    this.handler?.onEnd();
  }

  private finish(): void {
    this.carrier.sendEnd(this.id);
    this.close();
  }

  private close(): void {
    this.isClosed = true;
    this.letGo();
    this.carrier.forget(this.id);
    this.carrier.later(() => {
      this.handler?.onClose(undefined);
    });
  }

  private letGo(): void {
    this.pending = undefined;
    this.backlog = [];
    this.backlogBytes = 0;
  }
}
