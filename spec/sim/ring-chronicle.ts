/** What has become of a ring, from the documents of it that its members have had. */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import type { RingDocument } from '../../lib/cluster/ring/ring-document.js';
import { finished, isChanging } from '../../lib/cluster/topology/ring-change.js';
import { Counts } from './counts.js';

export class RingChronicle {
  private readonly byEpoch = new Map<number, RingDocument>();
  private newestEpoch = 0;
  /** Who others have asked to be taken out. */
  private readonly removed = new Set<MemberId>();

  /** Somebody has this ring. */
  note(document: RingDocument): void {
    this.byEpoch.set(document.epoch, document);
    this.newestEpoch = Math.max(this.newestEpoch, document.epoch);
  }

  /** Somebody was asked to take out a member. */
  noteRemoval(id: MemberId): void {
    this.removed.add(id);
  }

  /** Whether anybody has had one. */
  get hasRing(): boolean {
    return this.newestEpoch > 0;
  }

  /** REQUIRES: somebody has a ring. */
  get newest(): RingDocument {
    const newest = this.byEpoch.get(this.newestEpoch);
    if (newest === undefined) throw new Error('nobody has a ring yet');
    return newest;
  }

  /** Changes that have come to their end, and absences, by kind, as far as anybody has had both of their rings. */
  changes(): Counts {
    const counts = new Counts();
    for (const document of this.byEpoch.values()) {
      const next = this.byEpoch.get(document.epoch + 1);
      if (next === undefined) continue;
      if (isChanging(document)) counts.add(this.kindOf(document, next));
      else if (awayOf(next).length > awayOf(document).length) counts.add('members left out');
    }
    return counts;
  }

  private kindOf(document: RingDocument, next: RingDocument): string {
    const idsOf = ({ members }: RingDocument): string => members.map(({ id }) => id).join();
    if (idsOf(next) !== idsOf(finished(document))) return 'aborts';
    const joining = document.members.find(({ state }) => state === 'joining');
    const leaving = document.members.find(({ state }) => state === 'leaving');
    if (awayOf(document).length > awayOf(next).length) return 'members rebuilt';
    if (leaving === undefined && joining === undefined) return 'aborts';
    if (leaving === undefined) return 'joins';
    if (joining !== undefined) return 'replacements';
    return this.removed.has(leaving.id) ? 'removals' : 'leaves';
  }
}

/** Who is left out, or is being rebuilt. */
function awayOf({ members }: RingDocument): MemberId[] {
  return members.filter(({ absence }) => absence !== undefined).map(({ id }) => id);
}
