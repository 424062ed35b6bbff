/**
 * The bytes of a stream between members, once both sides know each other (handshake.ts). Numbers are little-endian.
 *
 *     stream  = { message }
 *     message = { frame whose GOES_ON bit is set } frame         of one kind and id; the payload is all of theirs together
 *     frame   = length u32 | kind u8 | id u32 | payload          `length` is that of the payload, up to FRAME_BYTES_MAX
 *     kind    = 0 .. KIND_MAX, with GOES_ON set if the message goes on in the next frame
 *
 * A message that fits into a frame is one frame. What a kind means, and an id, is said by those who send it (frame-stream.ts,
 * peer-link.ts, channel-link.ts).
 */

import type { BufferPool } from '../../protocol/buffer-pool.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { Payload } from './payload.js';

export const FRAME_HEADER_BYTES = 9;
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;
/** Above everything that is sent: a batch with the largest string that there may be, and something beside it. */
export const MESSAGE_BYTES_MAX = 2 ** 31;
export const KIND_MAX = 0x7f;
const GOES_ON = 0x80;

/** The first buffer for a frame that arrives in pieces is of its length, but of no more than this; the next ones grow as it arrives. */
const HELD_BYTES_FIRST = 2 * 1024 * 1024;
const GROWTH = 4;

/** How many bytes a message takes. */
export function encodedBytes(payloadBytes: number): number {
  return payloadBytes + FRAME_HEADER_BYTES * Math.max(1, Math.ceil(payloadBytes / FRAME_BYTES_MAX));
}

/** Writes a message at `target[at]`; returns the offset behind it. */
export function encodeMessage(target: Buffer, at: number, kind: number, id: number, payload: Payload): number {
  const { byteLength } = payload;
  if (byteLength <= FRAME_BYTES_MAX) {
    payload.writeTo(target, writeHeader(target, at, byteLength, kind, id));
    return at + FRAME_HEADER_BYTES + byteLength;
  }
  return encodeInFrames(target, at, kind, id, payload);
}

/** The payload is written behind the place of all headers, and moved to the front frame by frame. */
function encodeInFrames(target: Buffer, at: number, kind: number, id: number, payload: Payload): number {
  const end = at + encodedBytes(payload.byteLength);
  let from = end - payload.byteLength;
  payload.writeTo(target, from);
  while (from < end) {
    const length = Math.min(FRAME_BYTES_MAX, end - from);
    const isLast = from + length === end;
    // The header lies before what has not been moved yet.
    at = writeHeader(target, at, length, isLast ? kind : kind | GOES_ON, id);
    target.copyWithin(at, from, from + length);
    at += length;
    from += length;
  }
  return end;
}

/** Returns the offset behind the header. */
function writeHeader(target: Uint8Array, at: number, length: number, kind: number, id: number): number {
  target[at] = length;
  target[at + 1] = length >>> 8;
  target[at + 2] = length >>> 16;
  target[at + 3] = length >>> 24;
  target[at + 4] = kind;
  target[at + 5] = id;
  target[at + 6] = id >>> 8;
  target[at + 7] = id >>> 16;
  target[at + 8] = id >>> 24;
  return at + FRAME_HEADER_BYTES;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** The payload of a message is `buffer[start, end)`, until the call returns. */
export type OnMessage = (kind: number, id: number, buffer: Buffer, start: number, end: number) => void;

/**
 * Finds the messages in bytes as they arrive. One that lies whole in what is fed is handed on in its place; others are collected,
 * in memory that grows as they arrive.
 */
export class FrameDecoder {
  /** Bytes of a message that is not complete. */
  heldBytes = 0;
  /** Frames completed. */
  frames = 0;

  private readonly pool: BufferPool;
  private readonly onMessage: OnMessage;
  /** The beginning of a frame, from its header on: the first `heldEnd` bytes. */
  private held = EMPTY;
  private heldEnd = 0;
  /** The payloads of the frames of a message that goes on; `partKind` is its kind. */
  private parts: Buffer | undefined;
  private partsEnd = 0;
  private partKind = 0;
  private partId = 0;
  private stopped = false;

  constructor(pool: BufferPool, onMessage: OnMessage) {
    this.pool = pool;
    this.onMessage = onMessage;
  }

  /** Takes `buffer[start, end)`. False: this is no stream of frames; feed no more. */
  feed(buffer: Buffer, start: number, end: number): boolean {
    let at = start;
    if (this.heldEnd > 0) {
      at = this.complete(buffer, start, end);
      if (at < 0) return false;
    }
    while (end - at >= FRAME_HEADER_BYTES && !this.stopped) {
      const length = readUint32(buffer, at);
      if (length > FRAME_BYTES_MAX) return false;
      if (end - at - FRAME_HEADER_BYTES < length) break;
      if (!this.take(buffer, at, length)) return false;
      at += FRAME_HEADER_BYTES + length;
    }
    if (at < end && !this.stopped) return this.hold(buffer, at, end);
    return true;
  }

  /** Hands on no more, also in the middle of `feed`, and lets go of what it holds. */
  stop(): void {
    this.stopped = true;
    this.pool.give(this.held);
    if (this.parts !== undefined) this.pool.give(this.parts);
    this.held = EMPTY;
    this.parts = undefined;
    this.heldBytes = this.heldEnd = 0;
  }

  /** Goes on with the frame that is held. Returns the offset behind what it took, or -1 if it is malformed. */
  private complete(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (this.heldEnd < FRAME_HEADER_BYTES) {
      at = Math.min(end, start + FRAME_HEADER_BYTES - this.heldEnd);
      if (!this.hold(buffer, start, at)) return -1;
      if (this.heldEnd < FRAME_HEADER_BYTES) return at;
    }
    const length = readUint32(this.held, 0);
    const next = Math.min(end, at + FRAME_HEADER_BYTES + length - this.heldEnd);
    if (!this.hold(buffer, at, next)) return -1;
    if (this.heldEnd < FRAME_HEADER_BYTES + length) return next;
    const whole = this.held;
    // Taken away first: the handler may stop the decoder.
    this.held = EMPTY;
    this.heldBytes -= this.heldEnd;
    this.heldEnd = 0;
    const isGood = this.take(whole, 0, length);
    this.pool.give(whole);
    return isGood ? next : -1;
  }

  /** Appends to the frame that is held, or begins one. False if its header is malformed. */
  private hold(buffer: Buffer, start: number, end: number): boolean {
    const count = end - start;
    const needed = this.heldEnd + count;
    if (this.heldEnd === 0) {
      const frameBytes = count < 4 ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + readUint32(buffer, start);
      this.held = this.pool.take(Math.max(count, Math.min(frameBytes, HELD_BYTES_FIRST)));
    } else if (needed > this.held.length) {
      this.held = this.grown(this.held, this.heldEnd, needed, FRAME_HEADER_BYTES + readUint32(this.held, 0));
    }
    buffer.copy(this.held, this.heldEnd, start, end);
    this.heldEnd = needed;
    this.heldBytes += count;
    return needed < FRAME_HEADER_BYTES || readUint32(this.held, 0) <= FRAME_BYTES_MAX;
  }

  /** A frame is complete: `buffer[at]` is its header. */
  private take(buffer: Buffer, at: number, length: number): boolean {
    const kind = buffer[at + 4];
    const id = readUint32(buffer, at + 5);
    const start = at + FRAME_HEADER_BYTES;
    this.frames++;
    if (kind <= KIND_MAX && this.parts === undefined) {
      this.onMessage(kind, id, buffer, start, start + length);
      return true;
    }
    return this.takePart(kind, id, buffer, start, start + length);
  }

  private takePart(kind: number, id: number, buffer: Buffer, start: number, end: number): boolean {
    const count = end - start;
    if (this.parts === undefined) {
      this.parts = this.pool.take(count);
      this.partsEnd = 0;
      this.partKind = kind & KIND_MAX;
      this.partId = id;
    }
    if ((kind & KIND_MAX) !== this.partKind || id !== this.partId) return false;
    // An empty part would let a message go on for ever.
    if (count === 0 || this.partsEnd + count > MESSAGE_BYTES_MAX) return false;
    const needed = this.partsEnd + count;
    if (needed > this.parts.length) this.parts = this.grown(this.parts, this.partsEnd, needed, MESSAGE_BYTES_MAX);
    buffer.copy(this.parts, this.partsEnd, start, end);
    this.partsEnd = needed;
    this.heldBytes += count;
    if (kind > KIND_MAX) return true;
    const whole = this.parts;
    this.parts = undefined;
    this.heldBytes -= needed;
    this.onMessage(kind, id, whole, 0, needed);
    this.pool.give(whole);
    return true;
  }

  /** A larger buffer that begins with the same `used` bytes: at least `needed`, and no more than `bytesMax`. */
  private grown(old: Buffer, used: number, needed: number, bytesMax: number): Buffer {
    const larger = this.pool.take(Math.max(needed, Math.min(old.length * GROWTH, bytesMax)));
    old.copy(larger, 0, 0, used);
    this.pool.give(old);
    return larger;
  }
}
