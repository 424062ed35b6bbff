/** Intersections, unions and differences of sets, read where they lie. A set without members is one that is not there. */

import type { FieldReader } from './field-reader.js';
import { MemberList } from './member-list.js';

/** What is in all sets; no more than `limit` members of it. */
export function intersection(sets: readonly FieldReader[], limit = Infinity): MemberList {
  const found = new MemberList();
  const [smallest, ...others] = [...sets].sort((a, b) => a.count - b.count);
  smallest.rewind();
  while (found.count < limit && smallest.next()) {
    const { bytes, fieldStart, fieldEnd } = smallest;
    if (others.every((other) => other.find(bytes, fieldStart, fieldEnd))) found.add(bytes, fieldStart, fieldEnd, 0);
  }
  return found;
}

/** What is in any of the sets: a member counts where it is met first. */
export function union(sets: readonly FieldReader[]): MemberList {
  const found = new MemberList(Math.max(...sets.map(({ count }) => count)));
  const ordered = [...sets].sort((a, b) => b.count - a.count);
  ordered.forEach((set, i) => {
    addUnlessIn(set, ordered.slice(0, i), found);
  });
  return found;
}

/** What is in the first set and in none of the others. */
export function difference([first, ...others]: readonly FieldReader[]): MemberList {
  const found = new MemberList();
  // A member is most likely to be met in the largest.
  addUnlessIn(
    first,
    [...others].sort((a, b) => b.count - a.count),
    found,
  );
  return found;
}

/** Adds the members of a set that none of the others has. */
function addUnlessIn(set: FieldReader, others: readonly FieldReader[], found: MemberList): void {
  set.rewind();
  while (set.next()) {
    const { bytes, fieldStart, fieldEnd } = set;
    if (!others.some((other) => other.find(bytes, fieldStart, fieldEnd))) found.add(bytes, fieldStart, fieldEnd, 0);
  }
}
