import { expect } from 'chai';
import fc from 'fast-check';

import { ShapeError } from '../../../lib/base/json-shape.js';
import { majorityOf } from '../../../lib/cluster/coordination/consistency.js';
import { movesUnderWay } from '../../../lib/cluster/ring/moves.js';
import { decodeRing, encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import {
  absencesInWords,
  present,
  whyNotLeaveOut,
  withAway,
  withReturning,
} from '../../../lib/cluster/topology/absence.js';
import { recoverRing } from '../../../lib/cluster/topology/recover.js';
import {
  aborted,
  changeInWords,
  finished,
  isChanging,
  mayFollow,
  withLeaving,
} from '../../../lib/cluster/topology/ring-change.js';
import { checkSuccessor } from '../../../lib/cluster/topology/successor.js';
import { FillPlan } from '../../../lib/cluster/transfer/fill-plan.js';
import { anyRing, someMember, someMemberId, someRing } from '../ring/some-rings.js';

const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
const three = someRing(members);
const [first, second] = members.map(({ id }) => id);

const anySettledRing = anyRing.map((document) => ({
  ...document,
  members: document.members.map((member) => ({ ...member, state: 'up' as const })),
}));

describe('A member that is away for too long', () => {
  it('goes from ring to ring: left out, rebuilt, and back; and no other way', () => {
    const away = withAway(three, second);
    const returning = withReturning(away, second);
    const back = finished(returning);
    const again = aborted(returning);
    expect(back.members).to.deep.equal(three.members);
    expect(again.members).to.deep.equal(away.members);
    expect([three, away, returning, back].map(isChanging)).to.deep.equal([false, false, true, false]);
    for (const [ring, next] of [
      [three, away],
      [away, returning],
      [returning, back],
      [returning, again],
    ]) {
      expect(mayFollow(ring, next)).to.equal(true);
      expect(checkSuccessor(ring, encodeRing(next))).to.deep.equal(next);
    }
    const at = (epoch: number, ring = three): typeof three => ({ ...ring, epoch });
    expect(mayFollow(away, at(away.epoch + 1)), 'without being rebuilt').to.equal(false);
    expect(mayFollow(three, at(2, returning)), 'without having been left out').to.equal(false);
    expect(mayFollow(returning, at(returning.epoch + 1, withAway(back, first)))).to.equal(false);
    expect(changeInWords(returning)).to.equal(`${second} returns`);
  });

  it('is in the document, and nothing else is', () => {
    const away = withAway(three, second);
    expect(decodeRing(encodeRing(away))).to.deep.equal(away);
    expect(encodeRing(three).toString()).not.to.contain('absence');
    const wrong = encodeRing(away).toString().replace('"absence":"away"', '"absence":"gone"');
    expect(() => decodeRing(Buffer.from(wrong))).to.throw(ShapeError, 'away or returning');
  });

  it('is left out only while a majority of the replicas of each slot is not', () => {
    const away = withAway(three, second);
    expect(whyNotLeaveOut(three, second)).to.equal(undefined);
    expect(whyNotLeaveOut(away, second)).to.contain('already');
    expect(whyNotLeaveOut(away, first)).to.contain('no majority');
    expect(mayFollow(away, withAway(away, first)), 'no voter agrees').to.equal(false);
    expect(whyNotLeaveOut(someRing(members, 2), second)).to.contain('no majority');
    expect(whyNotLeaveOut(someRing(members, 1), second)).to.contain('no majority');
    expect(whyNotLeaveOut(three, someMemberId(9))).to.contain('no member');
  });

  it('stays away while others join and leave', () => {
    const four = someRing([...members, someMember(4, [500])]);
    const away = withAway(four, second);
    const leaving = withLeaving(away, first);
    expect(mayFollow(away, leaving)).to.equal(true);
    for (const end of [finished(leaving), aborted(leaving)]) {
      expect(mayFollow(leaving, end)).to.equal(true);
      expect([...new Ring(end).absent]).to.deep.equal([second]);
    }
    expect(aborted(withLeaving(away, second)).members).to.deep.equal(away.members);
  });

  it('counts among the replicas, and is given its own slots by so many of the others that one has whatever a majority had', () => {
    fc.assert(
      fc.property(anySettledRing, fc.nat(), (document, draw) => {
        const { id } = document.members[draw % document.members.length];
        fc.pre(whyNotLeaveOut(document, id) === undefined);
        const away = new Ring(withAway(document, id));
        const ring = new Ring(withReturning(away.document, id));
        expect(away.isChanging).to.equal(false);
        expect(ring.isChanging).to.equal(true);
        const index = ring.indexOf(id) ?? -1;
        const before = new Ring(document);
        expect(ring.ranges).to.deep.equal(before.ranges);
        expect(ring.nextRanges).to.deep.equal(before.ranges);
        for (const { current, next } of ring.groups) expect(current !== next).to.equal(current.includes(index));
        const moves = movesUnderWay(ring);
        expect(new Set(moves.map(({ to }) => to))).to.deep.equal(new Set([id]));
        const held = before.ranges.filter(({ replicas }) => replicas.includes(index));
        expect(moves.map(({ start, end }) => [start, end])).to.deep.equal(held.map(({ start, end }) => [start, end]));
        for (const move of moves) {
          const count = move.from.length + 1;
          const sources = new FillPlan([move]).wanted(() => true).map(({ source }) => source);
          // All of a majority, without the member, are among those who are not asked.
          const unasked = move.from.filter((other) => !sources.includes(other)).length;
          expect(unasked).to.be.below(majorityOf(count) - 1 || 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is rebuilt after a recovery, too, unless there is nobody else', () => {
    const away = withAway(three, second);
    expect([...new Ring(recoverRing(away, [first, second])).absent]).to.deep.equal([second]);
    expect([...new Ring(recoverRing(away, [second])).absent]).to.deep.equal([]);
    const joined = { ...away, members: [...away.members, someMember(9, [9], '', 'joining')] };
    expect(
      [...new Ring(recoverRing(joined, [second, someMemberId(9)])).absent],
      'who joins has nothing to give',
    ).to.deep.equal([]);
  });

  it('is told of in words', () => {
    const away = withAway(three, second);
    const returning = withReturning(away, second);
    expect(absencesInWords(three, three)).to.deep.equal([]);
    expect(absencesInWords(three, away).join()).to.contain(`${second} was away for longer than away-max`);
    expect(absencesInWords(away, returning).join()).to.contain('is being rebuilt');
    expect(absencesInWords(returning, finished(returning)).join()).to.contain('is rebuilt');
    expect(absencesInWords(returning, aborted(returning)).join()).to.contain('is away again');
    expect(present({ ...members[0], absence: 'away' })).to.deep.equal(members[0]);
  });
});
