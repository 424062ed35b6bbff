import { SLOT_COUNT } from '../../base/position.js';
import type { Member, MemberId } from './member.js';
import type { Ring } from './ring.js';

/** What one member must be given before it can take its place in another ring. */
export interface Move {
  /** Slots from `start` to `end`, both included. */
  readonly start: number;
  readonly end: number;
  readonly to: MemberId;
  /** Who holds them now, the first replica first. */
  readonly from: readonly MemberId[];
  /** Those of `from` that will hold them no more: when a member joins, the one whose place it takes. */
  readonly displaced: readonly MemberId[];
}

/** Who holds what, the same object for the same replicas. */
interface Holders {
  readonly members: readonly Member[];
  replicas(slot: number): Uint16Array;
}

/** All that a ring under change moves. */
export function movesUnderWay(ring: Ring): Move[] {
  return moves(ring, { members: ring.members, replicas: (slot) => ring.nextReplicas(slot) });
}

/** All that must move from `old` to `next`, by rising slots: ranges as long as they can be. */
export function moves(old: Holders, next: Holders): Move[] {
  const result: Move[] = [];
  let start = 0;
  for (let slot = 1; slot <= SLOT_COUNT; slot++) {
    if (slot < SLOT_COUNT && isSame(old, slot, start) && isSame(next, slot, start)) continue;
    const from = idsOf(old, start);
    const holders = idsOf(next, start);
    const displaced = from.filter((id) => !holders.includes(id));
    for (const to of holders) if (!from.includes(to)) result.push({ start, end: slot - 1, to, from, displaced });
    start = slot;
  }
  return result;
}

function isSame(ring: Holders, a: number, b: number): boolean {
  return ring.replicas(a) === ring.replicas(b);
}

function idsOf(ring: Holders, slot: number): MemberId[] {
  return Array.from(ring.replicas(slot), (index) => ring.members[index].id);
}
