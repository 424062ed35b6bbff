/** Removes what has expired, and nobody asks for. Where other nodes have the data too, it tells of it (Keyspace.onExpired) and removes nothing. */

import { POSITION_LIMIT } from '../base/position.js';
import { CellType } from '../record/entry.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';

/** A key with cells that have expired is told of again after so long. */
const TELL_AGAIN_MS = 1000;

/**
 * Removes up to `keysMax` expired keys of one segment of a database from `position` on, or tells of all of them; returns where to go on, POSITION_LIMIT when
 * none is left. Does nothing while the keyspace removes nothing.
 */
export function expireKeys(keyspace: Keyspace, db: Database, position: number, keysMax: number): number {
  const { isReplicated, onExpired, heap, clock } = keyspace;
  if (isIdle(keyspace)) return POSITION_LIMIT;
  const keys: Buffer[] = [];
  const note = (ref: number): void => {
    if (!isReplicated || !heap.isEmpty(ref)) keys.push(heap.key(ref));
  };
  const next = db.table.forEachExpired(position, clock.nowMs, keysMax, note, isReplicated);
  for (const key of keys) {
    if (isReplicated) onExpired?.(db, key);
    else keyspace.find(db, key, 0, key.length);
  }
  return next;
}

/** Removes expired cells of one key, if any key has some, or tells of it; whether there may be more. */
export function expireCells(keyspace: Keyspace): boolean {
  const { clock, heap, isReplicated, onExpired, cellExpiries } = keyspace;
  const due = isIdle(keyspace) ? undefined : cellExpiries.takeDue(clock.nowMs);
  if (due === undefined) return false;
  // That of a draft.
  if (due.db >= keyspace.databaseCount) return true;
  const db = keyspace.physicalDatabase(due.db);
  const keys: Buffer[] = [];
  db.table.walk(due.position, 1, (ref, position) => {
    const isHash = position === due.position && heap.type(ref) === CellType.HASH;
    if (isHash && !heap.isPartial(ref)) keys.push(heap.key(ref));
  });
  if (isReplicated) {
    for (const key of keys) onExpired?.(db, key);
    if (keys.length > 0) cellExpiries.add(clock.nowMs + TELL_AGAIN_MS, due.db, due.position);
    return true;
  }
  for (const key of keys) if (keyspace.find(db, key, 0, key.length) !== 0) keyspace.hashes.expireCells();
  return true;
}

/** Whether nobody is there to remove anything. */
function isIdle({ removesExpired, isReplicated, onExpired }: Keyspace): boolean {
  return !removesExpired || (isReplicated && onExpired === undefined);
}
