import type { MemberId } from '../ring/member.js';

/** Sets of members, of each of which a majority has to agree: one, or two while the replicas of a slot change. */
export type MemberSets = readonly (readonly MemberId[])[];

/** Whether `has` is true of a majority of each set. */
export function isMajority(sets: MemberSets, has: (member: MemberId) => boolean): boolean {
  for (const members of sets) {
    let count = 0;
    for (const member of members) if (has(member)) count++;
    if (count * 2 <= members.length) return false;
  }
  return true;
}

/** All members of the sets, each once. */
export function membersOf(sets: MemberSets): MemberId[] {
  return [...new Set(sets.flat())];
}
