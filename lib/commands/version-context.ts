/**
 * What VGET hands out, and VSET and VDEL take back: which versions of a key a client has seen. It names writes and no node, so any member takes it, at any time.
 *
 *     context = base64url( format:u8 (1)  crc:u32 of the key and the vector  vector (record/seen.ts) )
 */

import { crc32 } from 'node:zlib';

import { VersionVector } from '../record/seen.js';
import { CorruptionError } from '../base/errors.js';

const FORMAT = 1;
const HEADER_BYTES = 5;
/** A vector has a part for each node that has ever written the key. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** The context of a client that has seen nothing. */
const NOTHING_SEEN = '';

/** The text for a vector. */
export function encodeContext(key: Uint8Array, vector: VersionVector): string {
  const bytes = vector.encode();
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = FORMAT;
  header.writeUInt32LE(crc32(bytes, crc32(key)), 1);
  return Buffer.concat([header, bytes]).toString('base64url');
}

/** The vector that a text stands for; `undefined` if it is not one that was handed out for this key. */
export function decodeContext(key: Uint8Array, text: string): VersionVector | undefined {
  const vector = new VersionVector();
  if (text === NOTHING_SEEN) return vector;
  if (text.length > TEXT_BYTES_MAX) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Other letters are passed over, and the last one has bits that stand for nothing.
  if (bytes.toString('base64url') !== text) return undefined;
  if (bytes.length < HEADER_BYTES || bytes[0] !== FORMAT) return undefined;
  const body = bytes.subarray(HEADER_BYTES);
  if (bytes.readUInt32LE(1) !== crc32(body, crc32(key))) return undefined;
  try {
    vector.addEncoded(body, 0, body.length);
    return vector;
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}
