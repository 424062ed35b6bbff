import type { Entry } from '../../record/entry.js';
import { holdsValue } from '../../record/entry.js';
import { PAIR_ZERO, comparePairs } from '../../record/pair.js';

/**
 * What an SSTable knows of a record without decoding it: four bits beside its place in the block.
 *
 *     COMPLETE   it says up to when the key was deleted: nothing that an older source holds of the key counts any more
 *     EXPIRES    the entry or one of its cells has an expiry; the record itself says which
 *     EMPTY      nothing in it can be read, whatever the time: only deletes and tombstones
 *     MORE       it is a part of what there is of the key: the next record is another part (key-writer.ts)
 *
 * Of a key in parts, each flag is true of the part that has it: the key is COMPLETE if its first part is, EXPIRES if one of them is, and EMPTY if all are.
 */
export const RecordFlags = { COMPLETE: 1, EXPIRES: 2, EMPTY: 4, MORE: 8 } as const;

/** The flags of a record that holds this entry, or these cells of one. */
export function flagsOf(entry: Entry): number {
  let flags: number = RecordFlags.EMPTY;
  if (comparePairs(entry.deletedUpTo, PAIR_ZERO) > 0) flags |= RecordFlags.COMPLETE;
  if (entry.expiry.atMs !== 0) flags |= RecordFlags.EXPIRES;
  for (const cell of entry.cells.values()) {
    if (cell.expiresAtMs !== 0) flags |= RecordFlags.EXPIRES;
    if (holdsValue(cell)) flags &= ~RecordFlags.EMPTY;
  }
  return flags;
}

/** Unix milliseconds from which on nothing of the entry is live; 0 if time will not do it, or there is nothing live anyway. */
export function expiresByMsOf(entry: Entry): number {
  let cellsByMs = 0;
  for (const cell of entry.cells.values()) {
    if (!holdsValue(cell)) continue;
    if (cell.expiresAtMs === 0) cellsByMs = Infinity;
    else cellsByMs = Math.max(cellsByMs, cell.expiresAtMs);
  }
  if (cellsByMs === 0) return 0;
  const byMs = entry.expiry.atMs === 0 ? cellsByMs : Math.min(cellsByMs, entry.expiry.atMs);
  return byMs === Infinity ? 0 : byMs;
}

/** What a table says of when all of it has expired, if its last record does at `lastMs`: 0 is never, and so is what a number does not hold exactly. */
export function expiresByOf(lastMs: number): number {
  return lastMs > Number.MAX_SAFE_INTEGER ? 0 : lastMs;
}
