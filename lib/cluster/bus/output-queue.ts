import Denque from 'denque';

import type { ByteStream } from '../../host/ports.js';
import type { BufferPool } from '../../protocol/buffer-pool.js';
import { encodedBytes, encodeMessage } from './frame.js';
import type { Payload } from './payload.js';

/** The first block of a turn, and what the next ones grow to. */
const BLOCK_BYTES_MIN = 64 * 1024;
const BLOCK_BYTES_MAX = 1024 * 1024;

interface Block {
  readonly buffer: Buffer;
  length: number;
}

/**
 * Messages on their way into a stream: each is written once, into a block, and a block leaves with one write. What is queued
 * in a turn of the loop is one block, unless it is more than 64 KiB. With nothing to send it holds no memory.
 */
export class OutputQueue {
  /** Bytes that the system has not taken. */
  queuedBytes = 0;
  /** Bytes queued so far. */
  bytes = 0;
  messages = 0;

  private readonly pool: BufferPool;
  /** Filled and not written, the first of them first. The last one may take more. */
  private readonly blocks = new Denque<Block>();
  /** Written, and not taken yet. */
  private sending: Block | undefined;

  constructor(pool: BufferPool) {
    this.pool = pool;
  }

  /** Whether the system has not taken what was written last. */
  get isBlocked(): boolean {
    return this.sending !== undefined;
  }

  add(kind: number, id: number, payload: Payload): void {
    const bytes = encodedBytes(payload.byteLength);
    const block = this.room(bytes);
    encodeMessage(block.buffer, block.length, kind, id, payload);
    block.length += bytes;
    this.queuedBytes += bytes;
    this.bytes += bytes;
    this.messages++;
  }

  /** Writes what is queued, as far as the stream takes it. */
  flush(stream: ByteStream): void {
    while (this.sending === undefined) {
      const block = this.blocks.shift();
      if (block === undefined) return;
      // Set first: a stream may call `drained` at once.
      this.sending = block;
      if (stream.write(block.buffer, 0, block.length)) this.release();
    }
  }

  /** The stream has taken what was written. */
  drained(stream: ByteStream): void {
    this.release();
    this.flush(stream);
  }

  /** Drops everything. What the stream has not taken stays its own. */
  clear(): void {
    for (let block = this.blocks.shift(); block !== undefined; block = this.blocks.shift())
      this.pool.give(block.buffer);
    this.sending = undefined;
    this.queuedBytes = 0;
  }

  private release(): void {
    const block = this.sending;
    if (block === undefined) return;
    this.sending = undefined;
    this.queuedBytes -= block.length;
    this.pool.give(block.buffer);
  }

  /** A block with room for so many bytes. */
  private room(bytes: number): Block {
    const last = this.blocks.peekBack();
    if (last !== undefined && last.buffer.length - last.length >= bytes) return last;
    const usual = Math.min(BLOCK_BYTES_MIN << (2 * Math.min(this.blocks.length, 2)), BLOCK_BYTES_MAX);
    const block = { buffer: this.pool.take(Math.max(bytes, usual)), length: 0 };
    this.blocks.push(block);
    return block;
  }
}
