/** Tables to put into versions, for the specs of this folder. */

import type { GivenUp } from '../../../lib/storage/levels/compaction.js';
import { SlotFloors } from '../../../lib/storage/levels/slot-floors.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';

/** Of a store that holds all slots. */
export const NOTHING_GIVEN_UP: GivenUp = { floors: SlotFloors.none, deadPart: () => 0 };

/** The same table, of whose marks nobody knows. */
export function withUnknownMarks(table: TableMeta): TableMeta {
  return Object.fromEntries(Object.entries(table).filter(([name]) => name !== 'markBytes')) as unknown as TableMeta;
}

/** A table with these facts; what is not given is made up. */
export function tableOf(facts: Partial<TableMeta> & { readonly id: number }): TableMeta {
  const { id } = facts;
  return {
    fileId: { high: id, low: 7 * id },
    db: 0,
    fileBytes: 1000 + id,
    smallest: 0,
    largest: 0,
    recordCount: 10,
    emptyCount: 0,
    expiringCount: 0,
    minStamp: id,
    maxStamp: id + 5,
    expiresByMs: 0,
    markBytes: 0,
    foreign: false,
    ...facts,
  };
}
