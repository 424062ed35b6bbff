import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { anyRing, someMember, someMemberId, someRing } from './some-rings.js';

/** The dumb twin: all members in the order in which a walk over every slot meets them, then as the rule says. */
function replicasByWalk({ members, replicaCount }: RingDocument, slot: number): number[] {
  const met: number[] = [];
  for (let step = 0; step < SLOT_COUNT; step++) {
    const at = (slot + step) % SLOT_COUNT;
    const index = members.findIndex(({ tokens, state }) => state !== 'joining' && tokens.includes(at));
    if (index >= 0 && !met.includes(index)) met.push(index);
  }
  const zoneOf = (index: number): string => members[index].zone;
  const firsts = met.filter((index, at) => met.findIndex((other) => zoneOf(other) === zoneOf(index)) === at);
  const chosen = firsts.slice(0, replicaCount);
  const rest = met.filter((index) => !firsts.includes(index));
  return [...chosen, ...rest].slice(0, replicaCount);
}

const slots = fc.nat(SLOT_COUNT - 1);

describe('Ring', () => {
  it('has the preference list that a walk over every slot finds', () => {
    fc.assert(
      fc.property(anyRing, slots, (document, slot) => {
        const ring = new Ring(document);
        const tokens = document.members.flatMap((member) => member.tokens);
        for (const each of [slot, tokens[0], (tokens[0] + 1) % SLOT_COUNT, 0, SLOT_COUNT - 1]) {
          expect([...ring.replicas(each)]).to.deep.equal(replicasByWalk(document, each));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('numbers slots with the same replicas alike, and others not', () => {
    fc.assert(
      fc.property(anyRing, slots, slots, (document, a, b) => {
        const ring = new Ring(document);
        const sorted = (slot: number): string =>
          `${ring.replicas(slot).toSorted().join()}/${ring.nextReplicas(slot).toSorted().join()}`;
        const { current, next, members } = ring.groups[ring.groupOf(a)];
        expect(`${current.join()}/${next.join()}`).to.equal(sorted(a));
        expect([...members]).to.have.members([...new Set([...ring.replicas(a), ...ring.nextReplicas(a)])]);
        expect(ring.groupOf(a) === ring.groupOf(b)).to.equal(sorted(a) === sorted(b));
      }),
    );
  });

  it('lists all slots as ranges of one preference list, none of which could be longer', () => {
    fc.assert(
      fc.property(anyRing, (document) => {
        const ring = new Ring(document);
        const ranges = ring.ranges;
        expect(ranges[0].start).to.equal(0);
        expect(ranges.at(-1)?.end).to.equal(SLOT_COUNT - 1);
        ranges.forEach(({ start, end, replicas }, index) => {
          expect(ring.replicas(start).join()).to.equal(replicas.join());
          expect(ring.replicas(end).join()).to.equal(replicas.join());
          if (index === 0) return;
          expect(start).to.equal(ranges[index - 1].end + 1);
          expect(replicas.join()).to.not.equal(ranges[index - 1].replicas.join());
        });
      }),
    );
  });

  it('places nothing at a member that is joining', () => {
    const members = [someMember(1, [5]), someMember(2, [6], '', 'joining'), someMember(3, [7], '', 'leaving')];
    const ring = new Ring(someRing(members));
    expect(ring.replicasPerSlot).to.equal(2);
    expect([...ring.replicas(6)]).to.deep.equal([2, 0]);
    expect(ring.holds(1, 6)).to.be.false;
    expect(ring.holds(2, 6)).to.be.true;
  });

  it('finds members by id and by ordinal', () => {
    const ring = new Ring(someRing([someMember(1, [5]), someMember(4, [6])]));
    expect(ring.indexOf(someMemberId(4))).to.equal(1);
    expect(ring.indexOfOrdinal(4)).to.equal(1);
    expect(ring.indexOfOrdinal(2)).to.be.undefined;
    expect(ring.member(someMemberId(1)).ordinal).to.equal(1);
  });
});
