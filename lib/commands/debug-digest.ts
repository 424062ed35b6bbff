/**
 * DEBUG DIGEST and DIGEST-VALUE: the digests that Redis computes, so that the data of both can be compared.
 *
 *     xor(d, bytes) = d ^ SHA1(bytes)            mix(d, bytes) = SHA1(xor(d, bytes))
 *     value         = mix(mix(0, type), bytes), then xor with a constant if the key expires
 *     data          = for each database: mix(data, number), and for each of its keys, in no order, xor(data, mix key, then value)
 */

import { createHash } from 'node:crypto';

import type { Database, Keyspace } from '../data/keyspace.js';

const DIGEST_BYTES = 20;
/** Redis's number for strings. */
const STRING_TYPE = numberBytes(0);
const EXPIRES = Buffer.from('!!expire!!');

/** The digest of all databases. */
export function dataDigest(keyspace: Keyspace): string {
  let digest: Buffer = Buffer.alloc(DIGEST_BYTES);
  for (let number = 0; number < keyspace.databaseCount; number++) {
    const { table } = keyspace.database(number);
    if (table.count === 0) continue;
    digest = mix(digest, numberBytes(number));
    table.forEach((ref) => {
      const key = mix(Buffer.alloc(DIGEST_BYTES), keyspace.heap.key(ref));
      digest = xor(digest, withValue(key, keyspace, ref));
    });
  }
  return digest.toString('hex');
}

/** The digest of the value of one key; zeros if there is none. */
export function valueDigest(keyspace: Keyspace, db: Database, key: Uint8Array): string {
  const ref = keyspace.find(db, key, 0, key.length);
  const zero = Buffer.alloc(DIGEST_BYTES);
  return (ref === 0 ? zero : withValue(zero, keyspace, ref)).toString('hex');
}

function withValue(digest: Buffer, { heap }: Keyspace, ref: number): Buffer {
  const start = heap.valueStart(ref);
  const value = heap.bytes(ref).subarray(start, start + heap.valueLength(ref));
  const mixed = mix(mix(digest, STRING_TYPE), value);
  return heap.expiresAtMs(ref) === 0 ? mixed : xor(mixed, EXPIRES);
}

function mix(digest: Buffer, bytes: Uint8Array): Buffer {
  return sha1(xor(digest, bytes));
}

function xor(digest: Buffer, bytes: Uint8Array): Buffer {
  const hash = sha1(bytes);
  for (let i = 0; i < DIGEST_BYTES; i++) hash[i] ^= digest[i];
  return hash;
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** Four bytes, the highest first. */
function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
