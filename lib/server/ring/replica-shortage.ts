import { replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { Consistency } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { RingRole } from '../../commands/ring-role.js';

/** Why a command of this role cannot have enough replicas of a slot; undefined: it can. `isSloppy`: hints count as replicas that cannot be reached. */
export function shortageOf(
  view: RingView,
  consistency: Consistency,
  slot: number,
  role: RingRole,
  isSloppy: boolean,
): string | undefined {
  const { replicaCount } = view;
  const isShort = (level: number): boolean => !view.reaches(slot, level);
  const mustReach = role !== 'read' && !isSloppy;
  const lacking =
    role !== 'put' && isShort(consistency.read)
      ? consistency.read
      : mustReach && isShort(consistency.write)
        ? consistency.write
        : undefined;
  if (lacking === undefined) return undefined;
  const shortage = view.shortageOf(slot, lacking);
  const readers = role === 'put' ? 1 : replicasNeeded(consistency.read, replicaCount);
  const writers = role === 'read' ? 1 : replicasNeeded(consistency.write, replicaCount);
  return `NOREPLICAS need ${Math.max(readers, writers, shortage.needed)}, have ${shortage.live}`;
}
