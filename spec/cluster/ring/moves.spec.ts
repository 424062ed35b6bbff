import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { isOfOwn, moves } from '../../../lib/cluster/ring/moves.js';
import type { Move } from '../../../lib/cluster/ring/moves.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { anyRing, someMember, someMemberId, someRing } from './some-rings.js';

/** The dumb twin: slot by slot, who is there that was not; or that stays, if there are fewer. */
function movesBySlot(old: Ring, next: Ring): string[] {
  const lines: string[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const before = Array.from(old.replicas(slot), (index) => old.members[index].id);
    const after = Array.from(next.replicas(slot), (index) => next.members[index].id);
    const isFewer = after.length < before.length;
    for (const id of after) if (isFewer || !before.includes(id)) lines.push(`${slot} ${id} ${before.join()}`);
  }
  return lines;
}

function slotsOf({ start, end, to, from }: Move): string[] {
  return Array.from({ length: end - start + 1 }, (_, step) => `${start + step} ${to} ${from.join()}`);
}

describe('moves', () => {
  it('has for each slot who must get it', () => {
    fc.assert(
      fc.property(anyRing, anyRing, (a, b) => {
        const [old, next] = [new Ring(a), new Ring(b)];
        expect(moves(old, next).flatMap(slotsOf).sort()).to.deep.equal(movesBySlot(old, next).sort());
      }),
      { numRuns: 8 },
    );
  });

  it('names who is displaced by a member that joins', () => {
    const members = [someMember(1, [100]), someMember(2, [200]), someMember(3, [300])];
    const joined = [...members, someMember(4, [250])];
    const found = moves(new Ring(someRing(members, 2)), new Ring(someRing(joined, 2)));
    const [one, two, three, four] = [1, 2, 3, 4].map(someMemberId);
    expect(found).to.deep.equal([
      { start: 101, end: 200, to: four, from: [two, three], displaced: [three] },
      { start: 201, end: 250, to: four, from: [three, one], displaced: [one] },
    ]);
  });

  it('has those who stay given what a member has that leaves, if nobody takes its place', () => {
    const members = [someMember(1, [100]), someMember(2, [200]), someMember(3, [300])];
    const [one, two, three] = [1, 2, 3].map(someMemberId);
    const found = moves(new Ring(someRing(members)), new Ring(someRing(members.slice(0, 2))));
    const ofFirst = found.filter(({ start }) => start <= 100);
    expect(ofFirst.map(({ to, displaced }) => [to, displaced])).to.deep.equal([
      [one, [three]],
      [two, [three]],
    ]);
    expect(found.every(isOfOwn)).to.equal(true);
    expect(found.every(({ from }) => from.length === 3)).to.equal(true);
  });

  it('is empty between equal rings', () => {
    fc.assert(
      fc.property(anyRing, (document) => {
        expect(moves(new Ring(document), new Ring(document))).to.deep.equal([]);
      }),
      { numRuns: 20 },
    );
  });
});
