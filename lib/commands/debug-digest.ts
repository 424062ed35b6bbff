/**
 * DEBUG DIGEST and DIGEST-VALUE: the digests that Redis computes, so that the data of both can be compared.
 *
 *     xor(d, bytes) = d ^ SHA1(bytes)            mix(d, bytes) = SHA1(xor(d, bytes))
 *     value         = mix(mix(0, type), bytes), then xor with a constant if the key expires
 *     data          = for each database: mix(data, number), and for each of its keys, in no order, xor(data, mix key, then value)
 */

import { createHash } from 'node:crypto';

import { POSITION_LIMIT } from '../base/position.js';
import type { WalkedKey } from '../data/cold-data.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import type { Entry } from '../record/entry.js';
import { CellType, WHOLE, cellKey, isLive } from '../record/entry.js';
import { merge } from '../record/merge.js';

const DIGEST_BYTES = 20;
/** Redis's number for strings. */
const STRING_TYPE = numberBytes(0);
const EXPIRES = Buffer.from('!!expire!!');
/** Keys on disk digested before others may go on. */
const SLICE_KEYS = 256;
const STRING_CELL = cellKey(CellType.STRING, WHOLE);

/**
 * The digest of all databases, expired keys left out. `rest` lets others go on for a while; of what they change meanwhile some may count, and
 * some not. Rejects with CorruptionError and DiskError.
 */
export async function dataDigest(keyspace: Keyspace, rest: () => Promise<void>): Promise<string> {
  let digest: Buffer = Buffer.alloc(DIGEST_BYTES);
  for (let number = 0; number < keyspace.databaseCount; number++) {
    const keys = await databaseDigest(keyspace, keyspace.database(number), rest);
    if (keys === undefined) continue;
    digest = mix(digest, numberBytes(number));
    combine(digest, keys);
  }
  return digest.toString('hex');
}

/** The digest of the value of one key; zeros if there is none. */
export function valueDigest(keyspace: Keyspace, db: Database, key: Uint8Array): string {
  const { heap } = keyspace;
  const ref = keyspace.find(db, key, 0, key.length);
  const zero = Buffer.alloc(DIGEST_BYTES);
  if (ref === 0) return zero.toString('hex');
  const start = heap.valueStart(ref);
  const value = heap.bytes(ref).subarray(start, start + heap.valueLength(ref));
  return withValue(zero, value, heap.expiresAtMs(ref) !== 0).toString('hex');
}

/** The digests of all keys, one upon the other; `undefined` if there is none. */
async function databaseDigest(
  keyspace: Keyspace,
  db: Database,
  rest: () => Promise<void>,
): Promise<Buffer | undefined> {
  const digest = new DatabaseDigest(keyspace, db);
  if (keyspace.cold.isEmpty(db.id)) digest.addMemory();
  else {
    const walk = keyspace.cold.walk(db.id, 0);
    try {
      while (walk.position < POSITION_LIMIT) {
        for (const met of await walk.next(SLICE_KEYS)) digest.addWalked(met);
        await rest();
      }
      digest.addMemory();
    } finally {
      walk.close();
    }
  }
  return digest.count === 0 ? undefined : digest.bytes;
}

/**
 * What the disk has just as it is in memory is taken from the disk, and the rest from memory. As long as a walk over the disk is open, no record
 * changes sides by being read or dropped.
 */
class DatabaseDigest {
  readonly bytes = Buffer.alloc(DIGEST_BYTES);
  count = 0;
  private readonly keyspace: Keyspace;
  private readonly db: Database;
  /** Keys of which the memory has only a part, and that are counted already. */
  private readonly completed = new Set<string>();

  constructor(keyspace: Keyspace, db: Database) {
    this.keyspace = keyspace;
    this.db = db;
  }

  addWalked({ key, entry }: WalkedKey): void {
    const { heap } = this.keyspace;
    const place = this.db.table.find(key, 0, key.length);
    if (place === 0 || this.keyspace.isClean(place)) this.add(key, entry);
    else if (heap.isPartial(place)) {
      this.completed.add(key.toString('latin1'));
      this.add(key, merge(heap.entry(place), entry));
    }
  }

  addMemory(): void {
    const { heap } = this.keyspace;
    this.db.table.forEach((ref) => {
      if (heap.isEmpty(ref) || this.keyspace.isClean(ref)) return;
      const key = heap.key(ref);
      if (!heap.isPartial(ref) || !this.completed.has(key.toString('latin1'))) this.add(key, heap.entry(ref));
    });
  }

  private add(key: Uint8Array, entry: Entry): void {
    if (!isLive(entry, this.keyspace.clock.nowMs)) return;
    const value = entry.cells.get(STRING_CELL)?.value ?? WHOLE;
    const digest = withValue(mix(Buffer.alloc(DIGEST_BYTES), key), value, entry.expiry.atMs !== 0);
    combine(this.bytes, sha1(digest));
    this.count++;
  }
}

function withValue(digest: Buffer, value: Uint8Array, expires: boolean): Buffer {
  const mixed = mix(mix(digest, STRING_TYPE), value);
  return expires ? xor(mixed, EXPIRES) : mixed;
}

function mix(digest: Buffer, bytes: Uint8Array): Buffer {
  return sha1(xor(digest, bytes));
}

function xor(digest: Buffer, bytes: Uint8Array): Buffer {
  const hash = sha1(bytes);
  combine(hash, digest);
  return hash;
}

function combine(digest: Buffer, other: Buffer): void {
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] ^= other[i];
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
