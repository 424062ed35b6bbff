import { CellType } from '../record/entry.js';
import { fieldsIn, membersIn, namesIn } from './cell-iterables.js';
import type { Keyspace } from './keyspace.js';
import type { PackedLimits } from './packed-limits.js';
import { intsetOf, isPackedHash, isPackedSortedSet } from './packed-limits.js';

/**
 * Redis's name for the form in which it would keep the collection at `ref`, the key under the keyspace's cursor. It does not pack again what was larger
 * once; that is not known here, nor to Redis after a restart.
 */
export function collectionEncoding(keyspace: Keyspace, ref: number, limits: PackedLimits): string {
  const { sets, sortedSets, hashes } = keyspace;
  switch (keyspace.heap.type(ref)) {
    case CellType.LIST:
      return 'quicklist';
    case CellType.SET:
      sets.use();
      return intsetOf(namesIn(sets), sets.count, limits) === undefined ? 'hashtable' : 'intset';
    case CellType.SORTED_SET:
      sortedSets.use();
      return isPackedSortedSet(membersIn(sortedSets), sortedSets.count, limits) ? 'listpack' : 'skiplist';
    default:
      hashes.use();
      return isPackedHash(fieldsIn(hashes), hashes.count, limits) ? 'listpack' : 'hashtable';
  }
}
