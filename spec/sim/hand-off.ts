/**
 * What hinted hand-off alone promises: when all hints are delivered, all replicas are equal, though nobody has read a key since. Unless a write has lost, on its
 * way to a replica, all who would have seen to it that it arrives:
 *
 * 1. A process ended that had sent what not all replicas had acknowledged. It kept that in memory, to send it again, or to make a hint of it.
 * 2. A hint was dropped, for want of room.
 * 3. A disk has not kept what was written to it: the power failed, or a sync. So what a replica had acknowledged may be gone from it, or a hint.
 *
 * In these cases reads bring replicas up, key by key, and anti-entropy all of them.
 */

import type { RingFigures } from '../../lib/commands/ring-ports.js';
import type { FaultPlan } from './fault-plan.js';

/** Of one process. */
export type HandOffFigures = Pick<RingFigures, 'unacknowledgedBytes' | 'hints'>;

export class HandOff {
  /** Whether it is to make all replicas equal, as far as is known. */
  promisesAll: boolean;

  constructor({ crashes, blackouts, disks }: Pick<FaultPlan, 'crashes' | 'blackouts' | 'disks'>) {
    const losesPower = blackouts !== undefined || (crashes !== undefined && crashes.how !== 'kill');
    this.promisesAll = !losesPower && disks?.how !== 'failing';
  }

  /** A process has ended, and what it was then. */
  ended({ unacknowledgedBytes, hints }: HandOffFigures): void {
    if (unacknowledgedBytes > 0 || hints.droppedCount > 0) this.promisesAll = false;
  }

  /** Whether everything is delivered. REQUIRES: `all` are those of the processes that run. */
  isOver(all: readonly HandOffFigures[]): boolean {
    for (const { hints } of all) if (hints.droppedCount > 0) this.promisesAll = false;
    return all.every(({ unacknowledgedBytes, hints }) => unacknowledgedBytes === 0 && hints.count === 0);
  }
}
