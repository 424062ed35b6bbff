/**
 * Replies of a connection on their way to its client, in order: one buffer at a time is at the stream.
 *
 *     take ──▶ hold, until the log or replicas have what it says ──▶ nextReady ──▶ send ──▶ queue ──▶ stream
 *       └────────────────────────────────────────────────────────────────────────▶ send
 *
 *  1. While replies are held, none is sent that was not.
 *  2. `pendingBytes` are those of all that was taken and the stream has not.
 */

import Denque from 'denque';

import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import type { ByteStream } from '../host/ports.js';
import type { BufferPool } from '../protocol/buffer-pool.js';
import type { Output, ReplyWriter } from '../protocol/reply-writer.js';
import type { ConnectionHost } from './connection-host.js';
import type { HeldReply } from './held-reply.js';

type WaitingReply = Pick<HeldReply, 'isReady' | 'length' | 'finish'>;

export class ReplyOutbox {
  pendingBytes = 0;
  private readonly stream: ByteStream;
  private readonly pool: BufferPool;
  private readonly host: Pick<ConnectionHost, 'onOutput'>;
  /** Handed to the stream and not taken yet; then what waits behind it. */
  private sending: Output | undefined;
  private readonly queue = new Denque<Output>();
  /** Replies that wait for the log or for replicas. */
  private readonly held = new Denque<WaitingReply>();

  constructor(stream: ByteStream, pool: BufferPool, host: Pick<ConnectionHost, 'onOutput'>) {
    this.stream = stream;
    this.pool = pool;
    this.host = host;
  }

  /** Whether replies wait: then those behind them do as well. */
  get holdsReplies(): boolean {
    return this.held.length > 0;
  }

  /** Takes what was written. The caller holds or sends it. */
  take(writer: ReplyWriter): Output {
    const output = writer.detach();
    this.pendingBytes += output.length;
    return output;
  }

  /** A reply waits, behind those that do already. */
  hold(reply: WaitingReply): void {
    this.held.push(reply);
  }

  /** What waits no longer, as much as fits into one buffer; undefined if nothing is left of it. The caller sends it. */
  nextReady(): Output | undefined {
    let ready: Output | undefined;
    for (let first = this.held.peekFront(); first?.isReady === true; first = this.held.peekFront()) {
      const output = first.finish();
      const joined = ready === undefined ? output : this.join(ready, output);
      if (joined === undefined) break;
      this.held.shift();
      this.pendingBytes += output.length - first.length;
      ready = joined;
    }
    return ready;
  }

  /** Sends a reply, behind those that are being sent. An empty one is of a connection that is only to be closed. */
  send(output: Output): void {
    if (output.length === 0) this.pool.give(output.buffer);
    else if (this.sending === undefined) this.write(output);
    else this.queue.push(output);
  }

  /** The stream has taken what was handed to it last. */
  drained(): void {
    const { sending } = this;
    assert(sending !== undefined, 'a drain follows a write');
    this.sending = undefined;
    this.sent(sending);
    while (this.sending === undefined) {
      const next = this.queue.shift();
      if (next === undefined) break;
      this.write(next);
    }
  }

  /** Nothing more is sent. */
  clear(): void {
    this.queue.clear();
    this.held.clear();
  }

  /** Two outputs in the buffer of the first, if there is room. */
  private join(first: Output, second: Output): Output | undefined {
    const length = first.length + second.length;
    if (length > first.buffer.length) return undefined;
    copyBytes(second.buffer, 0, second.length, first.buffer, first.length);
    this.pool.give(second.buffer);
    return { buffer: first.buffer, length };
  }

  private write(output: Output): void {
    if (this.stream.write(output.buffer, 0, output.length)) this.sent(output);
    else this.sending = output;
  }

  private sent(output: Output): void {
    this.pendingBytes -= output.length;
    this.host.onOutput(output.length);
    this.pool.give(output.buffer);
  }
}
