/**
 * DEBUG DIGEST and DIGEST-VALUE: the digests that Redis computes, so that the data of both can be compared.
 *
 *     xor(d, bytes) = d ^ SHA1(bytes)            mix(d, bytes) = SHA1(xor(d, bytes))
 *     string        = mix(mix(0, type), bytes)
 *     list          = mix(0, type), then mix each element in its order
 *     set           = mix(0, type), then xor each member
 *     hash          = mix(0, type), then xor mix(mix(0, field), value) for each field; of a sorted set, the member and the text of its score
 *     value         = one of these, then xor with a constant if the key expires
 *     data          = for each database: mix(data, number), and for each of its keys, in no order, xor(data, mix key, then value)
 */

import { createHash } from 'node:crypto';

import { formatDouble } from '../base/double.js';
import { POSITION_LIMIT } from '../base/position.js';
import type { WalkedKey } from '../data/cold-data.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import { textOf } from '../record/composed-string.js';
import type { Cell, Entry } from '../record/entry.js';
import { CellType, WHOLE, isComposedType, isLive, isLiveCell, isStringType, typeOf } from '../record/entry.js';
import { merge } from '../record/merge.js';
import { isChunked, stringOfChunks } from '../record/string-chunks.js';

const DIGEST_BYTES = 20;
/** Redis's numbers for types. */
const TYPES: Readonly<Partial<Record<CellType, Buffer>>> = {
  [CellType.STRING]: numberBytes(0),
  [CellType.LIST]: numberBytes(1),
  [CellType.SET]: numberBytes(2),
  [CellType.SORTED_SET]: numberBytes(3),
  [CellType.HASH]: numberBytes(4),
};
const EXPIRES = Buffer.from('!!expire!!');
/** Keys on disk digested before others may go on. */
const SLICE_KEYS = 256;

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
  const ref = keyspace.find(db, key, 0, key.length);
  const zero = Buffer.alloc(DIGEST_BYTES);
  if (ref === 0) return zero.toString('hex');
  return withValue(zero, keyspace.entryOf(ref), keyspace.clock.nowMs).toString('hex');
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
      this.add(key, merge(this.keyspace.entryOf(place), entry));
    }
  }

  addMemory(): void {
    const { heap } = this.keyspace;
    this.db.table.forEach((ref) => {
      if (heap.isEmpty(ref) || this.keyspace.isClean(ref)) return;
      const key = heap.key(ref);
      if (!heap.isPartial(ref) || !this.completed.has(key.toString('latin1')))
        this.add(key, this.keyspace.entryOf(ref));
    });
  }

  private add(key: Uint8Array, entry: Entry): void {
    const { nowMs } = this.keyspace.clock;
    if (!isLive(entry, nowMs)) return;
    const digest = withValue(mix(Buffer.alloc(DIGEST_BYTES), key), entry, nowMs);
    combine(this.bytes, sha1(digest));
    this.count++;
  }
}

/** REQUIRES: the entry is live at `nowMs`. */
function withValue(digest: Buffer, entry: Entry, nowMs: number): Buffer {
  const type = typeOf(entry) ?? CellType.STRING;
  let mixed = mix(digest, TYPES[isStringType(type) ? CellType.STRING : type] ?? WHOLE);
  if (isComposedType(type)) mixed = mix(mixed, textOf(type, entry.cells));
  else if (isChunked(entry)) mixed = mix(mixed, stringOfChunks(entry));
  else for (const cell of orderedCells(entry, type, nowMs)) mixed = withCell(mixed, cell);
  return entry.expiry.atMs === 0 ? mixed : xor(mixed, EXPIRES);
}

function orderedCells(entry: Entry, type: CellType, nowMs: number): Cell[] {
  const cells = [...entry.cells.values()].filter((cell) => isLiveCell(cell, nowMs));
  if (type === CellType.LIST) cells.sort((a, b) => Buffer.compare(a.field, b.field));
  return cells;
}

function withCell(digest: Buffer, { type, field, value = WHOLE }: Cell): Buffer {
  switch (type) {
    case CellType.SET:
      return xor(digest, field);
    case CellType.HASH:
      return xor(digest, pairDigest(field, value));
    case CellType.SORTED_SET:
      return xor(digest, pairDigest(field, Buffer.from(formatDouble(value.readDoubleLE(0)), 'latin1')));
    case CellType.LIST:
      return mix(digest, payloadOf(value));
    default:
      return mix(digest, value);
  }
}

function pairDigest(first: Uint8Array, second: Uint8Array): Buffer {
  return mix(mix(Buffer.alloc(DIGEST_BYTES), first), second);
}

/** What a list's element holds behind its gap. */
function payloadOf(value: Buffer): Buffer {
  let start = 0;
  while (value[start] > 0x7f) start++;
  return value.subarray(start + 1);
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
