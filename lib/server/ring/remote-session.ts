import Denque from 'denque';

import { PeerError } from '../../cluster/bus/peer-error.js';
import type { ByteStream, StreamHandler } from '../../host/ports.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import { INCOMPLETE, ReplyScanner } from '../../protocol/reply-scanner.js';
import { encodeWords } from '../../protocol/request-encoder.js';
import { RING_CHANGED_REPLY } from './ring-changed.js';

/** A reply, as it came: a view that ends with the call; that nothing was done, if the request has not left. Undefined: the connection broke before it came. */
export type OnReply = (reply: Buffer | undefined) => void;

/** What a client has chosen that its commands depend on, wherever they run. */
export interface SessionState {
  readonly resp: 2 | 3;
  /** As CONSISTENCY takes it. */
  readonly consistency: readonly string[];
}

/** Replies that were not all there at once are kept in a buffer that grows by this factor. */
const GROWTH = 2;

/**
 * One client's commands at another member: a connection that carries plain requests and replies. Replies come in the order of the requests, which may be
 * sent one behind the other.
 *
 * A member that has refused one of them, because it does not act for the keys, refuses all that comes over the session from then on: else what was sent behind that one might run before it, for that
 * one is sent again. So the session is retired, and what is asked later goes over another one.
 */
export class RemoteSession implements StreamHandler {
  private readonly stream: ByteStream;
  private readonly onBroken: () => void;
  private readonly onInput: () => void;
  private readonly scanner = new ReplyScanner();
  private readonly waiting = new Denque<OnReply>();
  /** Requests that the stream has no room for yet. */
  private readonly unsent = new Denque<Buffer>();
  private isBlocked = false;
  private isOver = false;
  private endedBy: string | undefined;
  /** Something was refused. */
  isRetired = false;
  /** What has come of a reply that is not complete. */
  private held: Buffer = EMPTY;
  private heldLength = 0;
  private resp = 2;
  private consistency: string | undefined;

  /** `open` makes the connection. `onBroken` is called when it is gone, or is to be used no more; `onInput` when something has come, before it is looked at. */
  constructor(open: (handler: StreamHandler) => ByteStream, onBroken: () => void, onInput: () => void) {
    this.onBroken = onBroken;
    this.onInput = onInput;
    this.stream = open(this);
  }

  /** Sends a request, whose bytes are the session's from now on. */
  ask(request: Buffer, then: OnReply): void {
    if (this.isOver) {
      then(undefined);
      return;
    }
    this.waiting.push(then);
    this.unsent.push(request);
    this.send();
  }

  /** Another reply follows the one that has just come, before those to later requests. */
  expect(then: OnReply): void {
    if (this.isOver) then(undefined);
    else this.waiting.unshift(then);
  }

  /** What follows is run as `state` says. */
  adopt({ resp, consistency }: SessionState): void {
    if (resp !== this.resp) this.ask(encodeWords(['HELLO', String(resp)]), ignore);
    this.resp = resp;
    const text = consistency.join(' ');
    if (text !== this.consistency) this.ask(encodeWords(['CONSISTENCY', ...consistency]), ignore);
    this.consistency = text;
  }

  /** Nothing more is to be asked: it ends when all that was asked is answered. */
  retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.onBroken();
    this.closeIfDone();
  }

  /** Ends it. What was asked and not answered is answered with undefined. `fault`: why, if the client has not gone. */
  close(fault?: string): void {
    if (!this.isOver) this.stream.destroy();
    this.end(fault, undefined);
  }

  /** Why it is over, unless the client has gone. */
  get fault(): string | undefined {
    return this.endedBy;
  }

  /** Whether what is asked has a chance to be answered. */
  get isOpen(): boolean {
    return !this.isOver;
  }

  onData(buffer: Buffer, length: number): void {
    this.onInput();
    if (this.heldLength === 0) {
      const rest = this.take(buffer, 0, length);
      if (rest < length) this.hold(buffer, rest, length);
      return;
    }
    this.hold(buffer, 0, length);
    const rest = this.take(this.held, 0, this.heldLength);
    this.held.copyWithin(0, rest, this.heldLength);
    this.heldLength -= rest;
    if (this.heldLength === 0) this.held = EMPTY;
  }

  onDrain(): void {
    this.isBlocked = false;
    this.send();
  }

  onEnd(): void {
    this.close('it was ended there');
  }

  onClose(error: Error | undefined): void {
    const isUnsent = error instanceof PeerError && error.isUnsent;
    this.end(error?.message ?? 'it was closed', isUnsent ? RING_CHANGED_REPLY : undefined);
  }

  /** Hands out the complete replies of bytes [start, length); returns where the first begins that is not. */
  private take(bytes: Buffer, start: number, length: number): number {
    let at = start;
    while (at < length && !this.isOver) {
      const end = this.scanner.scan(bytes, at, length);
      if (end === INCOMPLETE) return at;
      const then = this.waiting.shift();
      if (end < 0 || then === undefined) {
        this.close('what came is no reply');
        return length;
      }
      const reply = bytes.subarray(at, end);
      at = end;
      then(reply);
      this.closeIfDone();
    }
    return at;
  }

  private hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.heldLength + end - start;
    if (needed > this.held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.held.length * GROWTH));
      this.held.copy(grown, 0, 0, this.heldLength);
      this.held = grown;
    }
    bytes.copy(this.held, this.heldLength, start, end);
    this.heldLength = needed;
  }

  private send(): void {
    while (!this.isBlocked && !this.isOver) {
      const request = this.unsent.shift();
      if (request === undefined) return;
      this.isBlocked = !this.stream.write(request, 0, request.length);
    }
  }

  private closeIfDone(): void {
    if (this.isRetired && this.waiting.isEmpty()) this.close();
  }

  /** `reply`: to what was not answered. */
  private end(fault: string | undefined, reply: Buffer | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endedBy = fault;
    this.onInput();
    this.onBroken();
    for (let then = this.waiting.shift(); then !== undefined; then = this.waiting.shift()) then(reply);
  }
}

function ignore(): void {
  // What it says is known.
}
