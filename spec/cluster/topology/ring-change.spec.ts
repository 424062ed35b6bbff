import { expect } from 'chai';
import fc from 'fast-check';
import { ShapeError } from '../../../lib/base/json-shape.js';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { moves, movesUnderWay } from '../../../lib/cluster/ring/moves.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { checkRing, encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import type { Candidate } from '../../../lib/cluster/topology/new-ring.js';
import {
  aborted,
  finished,
  isChanging,
  mayFollow,
  whyNotLeave,
  withJoining,
  withLeaving,
} from '../../../lib/cluster/topology/ring-change.js';
import { checkSuccessor } from '../../../lib/cluster/topology/successor.js';
import { anyRing, someMember, someMemberId, someRing } from '../ring/some-rings.js';

function candidate(number: number, zone = ''): Candidate {
  const { id, address } = someMember(number, [1], zone);
  return { id, zone, tokenCount: 4, address };
}

/** Valid documents in which everybody is up. */
const anySettledRing = anyRing.map((document) => ({
  ...document,
  members: document.members.map((member) => ({ ...member, state: 'up' as const })),
}));

/** Any change of it. */
const anyChange = fc
  .record({ ring: anySettledRing, kind: fc.constantFrom('join', 'leave', 'replace'), at: fc.nat(8), zone: fc.nat(5) })
  .map(({ ring, kind, at, zone }) => {
    const { id } = ring.members[at % ring.members.length];
    const joiner = candidate(77, `zone${zone}`);
    if (kind === 'leave' && ring.members.length > 1) return { ring, changed: withLeaving(ring, id) };
    return { ring, changed: withJoining(ring, joiner, kind === 'replace' && ring.members.length > 1 ? id : undefined) };
  });

describe('A change of the ring', () => {
  it('has the replicas of before now, and those of its end next', () => {
    fc.assert(
      fc.property(anyChange, ({ ring, changed }) => {
        expect(checkRing(changed)).to.deep.equal(changed);
        const [before, during, after] = [new Ring(ring), new Ring(changed), new Ring(finished(changed))];
        expect(isChanging(changed)).to.equal(true);
        expect(isChanging(finished(changed))).to.equal(false);
        expect(aborted(changed).members).to.deep.equal(ring.members);
        const ids = (of: Ring, replicas: Uint16Array): string[] =>
          Array.from(replicas, (index) => of.members[index].id);
        expect(movesUnderWay(during)).to.deep.equal(moves(before, after));
        for (let slot = 0; slot < SLOT_COUNT; slot += 97) {
          expect(ids(during, during.replicas(slot))).to.deep.equal(ids(before, before.replicas(slot)));
          expect(ids(during, during.nextReplicas(slot))).to.deep.equal(ids(after, after.replicas(slot)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is followed by its end alone', () => {
    fc.assert(
      fc.property(anyChange, ({ ring, changed }) => {
        expect(mayFollow(ring, changed)).to.equal(true);
        expect(mayFollow(changed, finished(changed))).to.equal(true);
        expect(mayFollow(changed, aborted(changed))).to.equal(true);
        const halfway = { ...finished(changed), members: changed.members.filter(({ state }) => state !== 'leaving') };
        expect(mayFollow(changed, halfway)).to.equal(halfway.members.every(({ state }) => state === 'up'));
        expect(mayFollow(ring, finished(changed))).to.equal(
          finished(changed).members.length > ring.members.length,
          'members are added up while there is no data, and none goes',
        );
      }),
      { numRuns: 40 },
    );
  });

  it('gives who takes the place of another the tokens of that', () => {
    const ring = someRing([someMember(1, [5, 900], 'a'), someMember(2, [6], 'b')]);
    const changed = withJoining(ring, candidate(9, 'a'), someMemberId(1));
    expect(changed.members.map(({ state }) => state)).to.deep.equal(['leaving', 'up', 'joining']);
    expect(changed.members[2]).to.deep.include({ tokens: [5, 900], ordinal: 3, zone: 'a' });
    expect(finished(changed).members.map(({ id }) => id)).to.deep.equal([someMemberId(2), someMemberId(9)]);
    expect(finished(changed).voters).to.deep.equal([someMemberId(2), someMemberId(9)]);
  });

  it('never lets an ordinal be given again, not after an abort either', () => {
    const ring = someRing([someMember(1, [5]), someMember(2, [6])]);
    const again = aborted(withJoining(ring, candidate(9), undefined));
    expect(withJoining(again, candidate(10), undefined).members[2].ordinal).to.equal(4);
  });
});

describe('whyNotLeave', () => {
  it('keeps the last one, strangers, and two changes at a time out', () => {
    const ring = someRing([someMember(1, [5]), someMember(2, [6])]);
    expect(whyNotLeave(ring, someMemberId(1))).to.equal(undefined);
    expect(whyNotLeave(ring, someMemberId(3))).to.match(/is no member/);
    expect(whyNotLeave(someRing([someMember(1, [5])]), someMemberId(1))).to.equal('it is the only member');
    expect(whyNotLeave(withLeaving(ring, someMemberId(1)), someMemberId(2))).to.equal(
      `the ring is being changed, ${someMemberId(1)} leaves: try again when that is done`,
    );
  });
});

describe('checkSuccessor', () => {
  const ring = someRing([someMember(1, [5]), someMember(2, [6])]);
  const check = (of: RingDocument, next: RingDocument): RingDocument => checkSuccessor(of, encodeRing(next));

  it('refuses a member that goes without having left, and one that changes its tokens', () => {
    const [first, second] = ring.members;
    const next = { ...ring, epoch: 2 };
    expect(() => check(ring, { ...next, members: [first], voters: [first.id] })).to.throw(ShapeError, 'join or leave');
    const moved = [first, { ...second, tokens: [7] }];
    expect(() => check(ring, { ...next, members: moved })).to.throw(ShapeError, 'join or leave');
    expect(check(ring, withLeaving(ring, second.id)).epoch).to.equal(2);
  });
});
