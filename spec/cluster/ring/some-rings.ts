/** Rings for specs. */

import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import type { Member, MemberState } from '../../../lib/cluster/ring/member.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';

export function someMemberId(number: number): string {
  return number.toString(16).padStart(40, '0');
}

/** A member by its ordinal. */
export function someMember(ordinal: number, tokens: readonly number[], zone = '', state: MemberState = 'up'): Member {
  const address = { host: `10.0.0.${ordinal}`, port: 7000, tlsPort: 0, busPort: 17000 };
  return { id: someMemberId(ordinal), ordinal, zone, tokens, state, address };
}

/** A valid document of these members, who all vote as far as that goes. */
export function someRing(members: readonly Member[], replicaCount = 3, epoch = 1): RingDocument {
  return {
    clusterId: 'c'.repeat(40),
    generation: 1,
    epoch,
    replicaCount,
    positionKey: '0123456789abcdef',
    nextOrdinal: Math.max(1, ...members.map(({ ordinal }) => ordinal + 1)),
    members,
    voters: members.slice(0, 7).map(({ id }) => id),
  };
}

/** Valid documents of any members: few tokens, in few zones, some of them joining. */
export const anyRing: fc.Arbitrary<RingDocument> = fc
  .record({
    slots: fc.uniqueArray(fc.nat(SLOT_COUNT - 1), { minLength: 1, maxLength: 60 }),
    memberCount: fc.integer({ min: 1, max: 9 }),
    zoneCount: fc.integer({ min: 1, max: 5 }),
    joining: fc.array(fc.nat(8), { maxLength: 3 }),
    replicaCount: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ slots, memberCount, zoneCount, joining, replicaCount }) => {
    const count = Math.min(memberCount, slots.length);
    const members = Array.from({ length: count }, (_, index) => {
      const tokens = slots.filter((_slot, at) => at % count === index).sort((a, b) => a - b);
      const state = index > 0 && joining.includes(index) ? 'joining' : 'up';
      return someMember(index + 1, tokens, `zone${(index * 7) % zoneCount}`, state);
    });
    return someRing(members, replicaCount);
  });
