/** Drops marks of collections (record/marks.ts) from memory that are settled among all who have the data (Keyspace.deadUpTo), and on disk. */

import { CellType } from '../record/entry.js';
import { withoutMarks } from '../record/marks.js';
import { FieldTable } from '../storage/memory/field-table.js';
import type { LargeValue } from '../storage/memory/large-values.js';
import { ListNodes } from '../storage/memory/list-nodes.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';

/** A large collection is looked through for tombstones that may go when one in so many of its cells is one. */
const DROPPED_PART = 8;

/** Whether a record may have marks. */
export function mayHaveMarks(keyspace: Keyspace, ref: number): boolean {
  const { heap } = keyspace;
  if (heap.isPartial(ref)) return false;
  return heap.type(ref) === CellType.VERSIONED || keyspace.collectionAt(ref)?.mayHaveMarks(ref) === true;
}

/**
 * Drops marks of a key that nobody needs any more, if they are on disk: of a large collection, if they are many, and among about `count` cells from `cursor` on (0 begins). Returns where to
 * go on; 0 at the end.
 */
export function dropMarks(keyspace: Keyspace, db: Database, key: Buffer, cursor: number, count: number): number {
  const { heap, cold, hasher, deadUpTo } = keyspace;
  const ref = db.table.find(key, 0, key.length);
  const upTo = deadUpTo?.at(hasher.position) ?? 0;
  if (ref === 0 || heap.isPartial(ref) || upTo === 0) return 0;
  if (upTo > cold.cleanUpTo && !keyspace.isClean(ref)) return 0;
  if (heap.isLarge(ref)) {
    const next = dropFromLarge(heap.large.get(heap.largeIndex(ref)), upTo, cursor, count);
    if (next !== 0) return next;
  } else {
    const before = keyspace.entryOf(ref);
    const after = withoutMarks(before, upTo);
    if (after !== before) keyspace.rewrite(db, key, after);
  }
  const left = db.table.find(key, 0, key.length);
  if (heap.isEmpty(left) && keyspace.isClean(left)) keyspace.forget(db, left);
  return 0;
}

/** Drops marks up to a stamp from a large collection, as `dropMarks` does. */
function dropFromLarge(large: LargeValue, upTo: number, cursor: number, count: number): number {
  if (large instanceof ListNodes) large.forgetRemovals(upTo);
  if (!(large instanceof FieldTable)) return 0;
  const { table } = large;
  if (cursor === 0 && large.tombstonesUpTo(upTo).count * DROPPED_PART < table.count) return 0;
  const next = large.removeTombstones(upTo, cursor, count);
  return next >= table.limit ? 0 : next;
}
