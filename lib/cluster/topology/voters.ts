import type { Member, MemberId } from '../ring/member.js';
import { VOTERS_MAX } from '../ring/ring-document.js';

/**
 * Who votes about the next epoch: an odd number of members, up to VOTERS_MAX (one more, an even number, would survive no more
 * losses), or both of two. Those who vote stay; others come from the zones that have the fewest voters.
 */
export function chooseVoters(members: readonly Member[], voting: readonly MemberId[]): MemberId[] {
  const able = members.filter(({ state }) => state === 'up');
  const count = able.length <= 2 ? able.length : Math.min(VOTERS_MAX, able.length - 1 + (able.length % 2));
  const chosen = new Set(able.filter(({ id }) => voting.includes(id)).slice(0, count));
  const votersIn = (zone: string): number => [...chosen].filter((member) => member.zone === zone).length;
  while (chosen.size < count) {
    const others = able.filter((member) => !chosen.has(member));
    const fewest = Math.min(...others.map(({ zone }) => votersIn(zone)));
    const next = others.find(({ zone }) => votersIn(zone) === fewest);
    if (next !== undefined) chosen.add(next);
  }
  return members.filter((member) => chosen.has(member)).map(({ id }) => id);
}
