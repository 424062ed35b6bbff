/**
 * What consensus holds of a key (cluster/consensus): what it is by now, and the plain put that was there when that began.
 *
 *     era-entry = | seed:pair batch       nothing; or the entry as a whole (record/batch-format.ts), perhaps without records
 *     pair      = stamp:f64 origin:u16    numbers little-endian; zeros if no plain put was there
 *
 * Of a plain put that some replicas have refused, because consensus decides about its key by now, that says for ever whether it has happened: if it was among what a
 * majority had, whoever came next has seen it, though it may be overwritten since.
 */

import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import { CellType } from '../../record/entry.js';
import type { Pair } from '../../record/pair.js';
import { PAIR_ZERO } from '../../record/pair.js';

const SEED_BYTES = 10;
const NOTHING = Buffer.alloc(0);

const reader = new BatchReader();

/** The entry of a key that begins with what plain writes have left. */
export function beginEraEntry(batch: Buffer): Buffer {
  return join(shownPut(batch), batch);
}

/** The entry as it is by now: a view. */
export function batchOf(entry: Buffer): Buffer {
  return entry.length === 0 ? NOTHING : entry.subarray(SEED_BYTES);
}

/** The entry, become something else. */
export function withBatch(entry: Buffer, batch: Buffer): Buffer {
  return join(seedOf(entry), batch);
}

/** The plain put that everybody saw when consensus began; PAIR_ZERO if there was none. */
export function seedOf(entry: Buffer): Pair {
  return entry.length === 0 ? PAIR_ZERO : { stamp: entry.readDoubleLE(0), origin: entry.readUInt16LE(8) };
}

/** If the entry says nothing but that the key is deleted, or not even that: a stamp that nothing in it is above, and the put neither that it began with. */
export function deletedAt(entry: Buffer): number | undefined {
  let { stamp } = seedOf(entry);
  const batch = batchOf(entry);
  if (batch.length === 0) return stamp;
  reader.open(batch, 0, batch.length, 'an entry');
  while (reader.next()) {
    if (reader.kind !== ChangeKind.DELETE) return undefined;
    stamp = Math.max(stamp, reader.stamp);
  }
  return stamp;
}

function join(seed: Pair, batch: Buffer): Buffer {
  const entry = Buffer.alloc(SEED_BYTES + batch.length);
  entry.writeDoubleLE(seed.stamp, 0);
  entry.writeUInt16LE(seed.origin, 8);
  batch.copy(entry, SEED_BYTES);
  return entry;
}

/** The pair of the string that an entry is as a whole. */
function shownPut(batch: Buffer): Pair {
  if (batch.length <= BATCH_HEADER_BYTES) return PAIR_ZERO;
  reader.open(batch, 0, batch.length, 'an entry');
  while (reader.next()) {
    const { kind, type, fieldStart, fieldEnd, stamp, origin } = reader;
    if (kind === ChangeKind.VALUE && type === CellType.STRING && fieldStart === fieldEnd) return { stamp, origin };
  }
  return PAIR_ZERO;
}
