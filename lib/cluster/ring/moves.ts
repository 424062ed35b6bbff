import type { Member, MemberId } from './member.js';
import type { Ring } from './ring.js';
import type { SlotRange } from './slot-range.js';
import { overlaid } from './slot-range.js';

/**
 * What one member must be given before it can take its place in another ring: slots that it takes over; and, where there are fewer replicas than before, what those have of its slots who
 * go (topology/ring-change.ts).
 */
export interface Move {
  /** Slots from `start` to `end`, both included. */
  readonly start: number;
  readonly end: number;
  readonly to: MemberId;
  /** Who holds them now, the first replica first; `to`, too, if it stays. */
  readonly from: readonly MemberId[];
  /** Those of `from` that will hold them no more: when a member joins, the one whose place it takes. */
  readonly displaced: readonly MemberId[];
}

/** Who holds what. */
interface Holders {
  readonly members: readonly Member[];
  readonly ranges: readonly SlotRange[];
}

/** All that a ring under change moves; and what members that return are given of their own slots, by the others that hold them. */
export function movesUnderWay(ring: Ring): Move[] {
  const moved = moves(ring, { members: ring.members, ranges: ring.nextRanges });
  return [...moved, ...returns(ring)];
}

function returns(ring: Ring): Move[] {
  return ring.ranges.flatMap(({ start, end, replicas }) => {
    const returning = Array.from(replicas).filter((index) => ring.isReturning(index));
    return returning.map((index) => {
      const from = idsOf(
        ring,
        replicas.filter((other) => other !== index),
      );
      return { start, end, to: ring.members[index].id, from, displaced: [] };
    });
  });
}

/** All that must move from `old` to `next`, by rising slots: ranges as long as they can be. */
export function moves(old: Holders, next: Holders): Move[] {
  const result: Move[] = [];
  for (const pair of overlaid(old.ranges, next.ranges)) {
    const { start, end } = pair;
    const from = idsOf(old, pair.old);
    const holders = idsOf(next, pair.next);
    const displaced = from.filter((id) => !holders.includes(id));
    const isShrinking = holders.length < from.length;
    for (const to of holders) if (isShrinking || !from.includes(to)) result.push({ start, end, to, from, displaced });
  }
  return result;
}

/** Whether it is of slots that `to` holds already. */
export function isOfOwn({ from, to }: Move): boolean {
  return from.includes(to);
}

function idsOf({ members }: Holders, replicas: Uint16Array): MemberId[] {
  return Array.from(replicas, (index) => members[index].id);
}
