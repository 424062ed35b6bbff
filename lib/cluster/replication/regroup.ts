import { slotOf } from '../../base/position.js';
import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Ring } from '../ring/ring.js';
import { BatchParts, EVERY_GROUP } from './batch-parts.js';
import type { Shipment } from './shipment.js';

/** What a shipment of an older ring is in another one. */
export interface Regrouped {
  readonly parts: BatchParts;
  /** Of each group of the older ring, the groups that its records are in now. */
  readonly groups: ReadonlyMap<number, ReadonlySet<number>>;
  /** The slots of its records. */
  readonly slots: ReadonlySet<number>;
}

/** Finds for each record of a shipment the group of `ring` that it is in. */
export function regroup({ bytes, parts: old }: Pick<Shipment, 'bytes' | 'parts'>, ring: Ring): Regrouped {
  const parts = new BatchParts();
  const groups = new Map<number, Set<number>>();
  const slots = new Set<number>();
  const reader = new BatchReader();
  reader.open(bytes, 0, bytes.length, 'a batch of this node');
  reader.goTo(BATCH_HEADER_BYTES);
  let part = 0;
  while (part < old.count && reader.next()) {
    if (!reader.isRecordEnd) continue;
    const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
    const slot = isOfKey ? slotOf(bytes, reader.keyStart, reader.keyEnd) : 0;
    const group = isOfKey ? ring.groupOf(slot) : EVERY_GROUP;
    if (isOfKey) slots.add(slot);
    parts.add(group, old.blind[part] === 1, reader.offset);
    const before = old.groups[part];
    const now = groups.get(before);
    if (now === undefined) groups.set(before, new Set([group]));
    else now.add(group);
    while (part < old.count && reader.offset >= old.ends[part]) part++;
  }
  return { parts, groups, slots };
}
