/**
 * How a range of slots gets to a member that takes it over. The receiver pulls; each message says its ring (coordination/versioned-links.ts), so that nothing is given for another one.
 *
 *     PULL    = id:u32 start:u32 end:u32 from:f64         give me slots start to end, both included, from this position on. One transfer at a time between two members:
 *                                                         a new one ends the one before
 *     CHUNK   = id:u32 number:u32 from:f64 to:f64 isLast:u8 crc:u32 batch:bytes
 *     TAKEN   = id:u32 number:u32                         every chunk up to this one is merged and logged
 *     UNABLE  = id:u32 reason:bytes                       ask again later, or somebody else
 *     FILLED  = flags:u8 parts:u32                        to all: I act by this ring, and have all that I take over (1), or so many millionths of it; what consensus
 *                                                         has decided with me was decided anew by both sets of replicas (2); I leave, and run no requests any more (4); nor
 *                                                         have I clients (8); I have heard of all who matter that they are done (16)
 *     bytes   = length:u32 byte*                          numbers little-endian
 *
 * A chunk has all that its source has of the positions from `from` up to, and without, `to`; if `to` is `from`, a part of a large key there, of which more follows. `batch` is one of
 * record/batch-format.ts; it may be empty. `crc` is the CRC-32 of everything else in the chunk, so it holds for its place as well.
 */

import { crc32 } from 'node:zlib';

import { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';

export interface Pull {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly from: number;
}

export interface Chunk {
  readonly id: number;
  /** From 1 on. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly isLast: boolean;
  readonly batch: Buffer;
}

/** All parts are done. */
export const FILLED_PARTS = 1_000_000;

const HEAD_BYTES = 25;
const head = Buffer.alloc(HEAD_BYTES);

export function writePull({ id, start, end, from }: Pull): PayloadBuffer {
  const payload = new PayloadBuffer();
  payload.word(id);
  payload.word(start);
  payload.word(end);
  payload.raw(doubleBytes(from));
  return payload;
}

/** Undefined if it is none. */
export function readPull(reader: PayloadReader): Pull | undefined {
  const pull = { id: reader.word(), start: reader.word(), end: reader.word(), from: reader.double() };
  return reader.failed || pull.start > pull.end ? undefined : pull;
}

export function writeChunk(chunk: Chunk): PayloadBuffer {
  const payload = new PayloadBuffer();
  fillHead(chunk);
  payload.raw(head);
  payload.word(checksumOf(chunk));
  payload.bytes(chunk.batch);
  return payload;
}

/** Undefined if it is none, or not as it was sent. `batch` is valid as long as the message is. */
export function readChunk(reader: PayloadReader): Chunk | undefined {
  const id = reader.word();
  const number = reader.word();
  const from = reader.double();
  const to = reader.double();
  const isLast = reader.byte() === 1;
  const checksum = reader.word();
  const chunk = { id, number, from, to, isLast, batch: reader.bytes() };
  return reader.failed || checksum !== checksumOf(chunk) ? undefined : chunk;
}

function checksumOf(chunk: Chunk): number {
  fillHead(chunk);
  return crc32(chunk.batch, crc32(head));
}

function fillHead({ id, number, from, to, isLast }: Chunk): void {
  head.writeUInt32LE(id, 0);
  head.writeUInt32LE(number, 4);
  head.writeDoubleLE(from, 8);
  head.writeDoubleLE(to, 16);
  head[24] = isLast ? 1 : 0;
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
