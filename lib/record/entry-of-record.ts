import { assert } from '../base/assert.js';
import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell, Entry } from './entry.js';
import { NO_EXPIRY, WHOLE, cellKey } from './entry.js';
import { mergeAll } from './merge.js';
import { PAIR_ZERO, pairBefore } from './pair.js';

/** The change that `reader` stands on as an entry of its own: what `merge` takes. REQUIRES: not FLUSH or DATABASES. */
export function entryOfChange(reader: BatchReader): Entry {
  const pair = { stamp: reader.stamp, origin: reader.origin };
  if (reader.kind === ChangeKind.DELETE) return { deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map() };
  if (reader.kind === ChangeKind.EXPIRY) {
    return { deletedUpTo: PAIR_ZERO, expiry: { atMs: reader.atMs, pair }, cells: new Map() };
  }
  assert(reader.kind === ChangeKind.VALUE || reader.kind === ChangeKind.TOMBSTONE, 'a change of one key');
  const cell = readCell(reader);
  return {
    deletedUpTo: reader.replaces ? pairBefore(pair) : PAIR_ZERO,
    expiry: NO_EXPIRY,
    cells: new Map([[cellKey(cell.type, cell.field), cell]]),
  };
}

/** The cell that `reader` stands on. REQUIRES: a value or a tombstone. */
export function readCell(reader: BatchReader): Cell {
  const { bytes, type, stamp, origin } = reader;
  const field =
    reader.fieldEnd === reader.fieldStart ? WHOLE : Buffer.from(bytes.subarray(reader.fieldStart, reader.fieldEnd));
  const dead = reader.kind === ChangeKind.TOMBSTONE;
  const value = dead ? undefined : Buffer.from(bytes.subarray(reader.valueStart, reader.valueEnd));
  return { type, field, value, pair: { stamp, origin }, expiresAtMs: dead ? 0 : reader.atMs };
}

/**
 * What the next record of `reader` says of its key, in normal form. Moves the reader to the record's last change, so that
 * its key can still be seen. REQUIRES: it stands between two records, the next one of a key. Throws CorruptionError.
 */
export function entryOfRecord(reader: BatchReader): Entry {
  const changes: Entry[] = [];
  do {
    const found = reader.next();
    assert(found, 'a record to read');
    changes.push(entryOfChange(reader));
  } while (!reader.isRecordEnd);
  return mergeAll(changes);
}
