import { assert } from '../base/assert.js';
import { CellType } from '../record/entry.js';
import { ListSide } from '../record/list-id.js';
import { elementsIn, fieldsIn, membersIn, namesIn } from './cell-iterables.js';
import type { Dump } from './dump.js';
import type { FieldReader } from './field-reader.js';
import { encodeHashDump } from './hash-dump.js';
import type { Keyspace } from './keyspace.js';
import { encodeListDump } from './list-dump.js';
import type { PackedLimits } from './packed-limits.js';
import { encodeSetDump } from './set-dump.js';
import { encodeSortedSetDump } from './sorted-set-dump.js';

/**
 * What Redis 7.0 answers to DUMP of the collection at `ref`, the key under the keyspace's cursor. When single fields of a hash expire is not in
 * it: the format has no place for that.
 */
export function encodeCollectionDump(keyspace: Keyspace, ref: number, limits: PackedLimits): Buffer {
  const { lists, sets, sortedSets, hashes } = keyspace;
  switch (keyspace.heap.type(ref)) {
    case CellType.LIST:
      lists.use();
      return encodeListDump(elementsIn(lists), limits.listMaxListpackSize);
    case CellType.SET:
      sets.use();
      return encodeSetDump(namesIn(sets), sets.count, limits);
    case CellType.SORTED_SET:
      sortedSets.use();
      return encodeSortedSetDump([...membersIn(sortedSets)], limits);
    default:
      assert(keyspace.heap.type(ref) === CellType.HASH, 'collections of four types are dumped');
      hashes.use();
      return encodeHashDump(fieldsIn(hashes), liveCount(hashes), limits);
  }
}

/** Fills the key under the keyspace's cursor, which is not there, with what is in a dump of a collection. */
export function restoreCollection(keyspace: Keyspace, dump: Dump): void {
  const { lists, sets, sortedSets, hashes } = keyspace;
  const cells = dump.type === CellType.SET ? sets : hashes;
  const isList = dump.type === CellType.LIST;
  if (isList) lists.use();
  else if (dump.type === CellType.SORTED_SET) sortedSets.use();
  else cells.use();
  dump.visit({
    element(value) {
      if (isList) lists.push(ListSide.RIGHT, value, 0, value.length);
      else {
        sets.find(value, 0, value.length);
        sets.put(value, 0, 0);
      }
    },
    field(field, value) {
      hashes.find(field, 0, field.length);
      hashes.put(value, 0, value.length);
    },
    member(member, score) {
      sortedSets.find(member, 0, member.length);
      sortedSets.putScore(score);
    },
  });
}

/** How many fields there are, without those that have expired and were not removed yet. */
function liveCount(cells: FieldReader): number {
  let count = 0;
  cells.rewind();
  while (cells.next()) count++;
  return count;
}
