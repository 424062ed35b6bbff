import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { MemberList } from '../data/member-list.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Call } from './call.js';
import { findKey } from './lookup.js';
import { notify, notifyDel } from './notify.js';

/**
 * Puts a sorted set of these members in the place of what the key in argument i holds, and says that `event` has happened; without members, the key
 * is removed.
 */
export function storeMembers(call: Call, i: number, members: MemberList, event: string): void {
  const { keyspace } = call;
  const wasThere = findKey(call, i) !== 0;
  if (members.count === 0) {
    if (!wasThere) return;
    keyspace.remove();
    notifyDel(call, i);
    return;
  }
  if (wasThere) keyspace.clear();
  const cells = keyspace.sortedSets;
  cells.use();
  for (const index of members.inOrder()) {
    cells.find(members.bytes, members.start(index), members.end(index));
    cells.putScore(members.score(index));
  }
  notify(call, KEYSPACE_EVENT.sortedSet, event, i);
}

/** Says that members were removed from the sorted set in argument i, and that it is gone if they were its last. */
export function notifyRemoved(call: Call, cells: SortedCells, event: string, i: number): void {
  const isGone = cells.count === 0;
  notify(call, KEYSPACE_EVENT.sortedSet, event, i);
  if (isGone) notifyDel(call, i);
}
