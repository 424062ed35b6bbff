import { expect } from 'chai';
import { moves, movesUnderWay } from '../../../lib/cluster/ring/moves.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withAway, withReturning } from '../../../lib/cluster/topology/absence.js';
import { aborted, finished, withJoining, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { ChangeProgress } from '../../../lib/cluster/transfer/change-progress.js';
import { FILLED_PARTS } from '../../../lib/cluster/transfer/transfer-messages.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

const DONE = { isFilled: true, isRewritten: true, parts: FILLED_PARTS, isRetired: false, hasSeenAll: false };

describe('ChangeProgress', () => {
  const everybody = (): boolean => true;

  /** Three members have everything; a fourth takes over some of the slots of each. */
  function joining(): ChangeProgress {
    const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
    const { id, zone, address } = someMember(4, [1]);
    const document = withJoining(someRing(members), { id, zone, tokenCount: 4, address }, undefined);
    return new ChangeProgress(new Ring(document), moves(new Ring(aborted(document)), new Ring(finished(document))));
  }

  it('is complete when who takes over is filled, and a majority of the replicas refuses the ring before', () => {
    const progress = joining();
    progress.note(someMemberId(4), DONE);
    progress.note(someMemberId(1), DONE);
    expect(progress.isComplete, 'two of three replicas may still serve who acts by the ring before').to.equal(false);
    progress.note(someMemberId(2), DONE);
    expect(progress.isComplete).to.equal(true);
    progress.note(someMemberId(4), { ...DONE, isFilled: false, parts: FILLED_PARTS / 4 });
    expect(progress.isComplete).to.equal(false);
    progress.note(someMemberId(3), { ...DONE, hasSeenAll: true });
    expect(progress.isComplete, 'another one has heard of it').to.equal(true);
    expect(progress.hasSeenAll).to.equal(false);
    expect([1, 4].map((number) => progress.progressOf(someMemberId(number)))).to.deep.equal([undefined, 0.25]);
  });

  it('is not complete while what consensus has decided is not with the new replicas', () => {
    const progress = joining();
    for (const number of [1, 2, 3, 4]) progress.note(someMemberId(number), { ...DONE, isRewritten: number === 3 });
    expect(progress.isComplete).to.equal(false);
    progress.note(someMemberId(1), DONE);
    expect(progress.isComplete).to.equal(true);
  });

  it('is complete with one of two replicas that refuses the ring before: no majority is without it', () => {
    const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
    const document = withLeaving(someRing(members, 2), someMemberId(3));
    const progress = new ChangeProgress(
      new Ring(document),
      moves(new Ring(aborted(document)), new Ring(finished(document))),
    );
    progress.note(someMemberId(1), DONE);
    expect(progress.isComplete, 'the slots that 2 and 3 have').to.equal(false);
    progress.note(someMemberId(2), DONE);
    expect(progress.isComplete).to.equal(true);
    expect([...progress.awaited((id) => id !== someMemberId(3))]).to.deep.equal([]);
  });

  it('says for whom it waits: those who are to act while they can be reached, as they are enough', () => {
    const progress = joining();
    const isUp = (id: string): boolean => id !== someMemberId(2);
    progress.note(someMemberId(1), DONE);
    expect([...progress.awaited(isUp)]).to.deep.equal([
      [someMemberId(3), 'to act by this epoch'],
      [someMemberId(4), 'to have what it takes over'],
    ]);
    progress.note(someMemberId(3), DONE);
    expect([...progress.awaited(isUp).keys()]).to.deep.equal([someMemberId(4)]);
    progress.note(someMemberId(4), DONE);
    expect([...progress.awaited(isUp)]).to.deep.equal([]);
  });

  it('waits for members that are away when those who are there are too few, and for who joins and is away', () => {
    const progress = joining();
    const isUp = (id: string): boolean => id === someMemberId(1);
    progress.note(someMemberId(1), DONE);
    expect([...progress.awaited(isUp)]).to.deep.equal([
      [someMemberId(2), 'to give what others take over'],
      [someMemberId(3), 'to give what others take over'],
      [someMemberId(4), 'to join'],
    ]);
    progress.note(someMemberId(4), DONE);
    expect([...progress.awaited(isUp)]).to.deep.equal([
      [someMemberId(2), 'to act by this epoch'],
      [someMemberId(3), 'to act by this epoch'],
      [someMemberId(4), 'to join'],
    ]);
    expect(progress.awaited(everybody).get(someMemberId(4))).to.equal(undefined);
  });

  it('waits for who leaves, and can be reached, to let its clients go', () => {
    const document = withLeaving(
      someRing([1, 2, 3, 4].map((number) => someMember(number, [number * 3000]))),
      someMemberId(2),
    );
    const progress = new ChangeProgress(
      new Ring(document),
      moves(new Ring(aborted(document)), new Ring(finished(document))),
    );
    for (const number of [1, 2, 3, 4]) progress.note(someMemberId(number), DONE);
    expect([...progress.awaited(everybody)]).to.deep.equal([[someMemberId(2), 'to let its clients go']]);
    expect([...progress.awaited((id) => id !== someMemberId(2))]).to.deep.equal([]);
    progress.note(someMemberId(2), { ...DONE, isRetired: true });
    expect([...progress.awaited(everybody)]).to.deep.equal([]);
  });

  it('does not count who returns among those who act: it has nothing of what it had accepted', () => {
    const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
    const ring = new Ring(withReturning(withAway(someRing(members), someMemberId(3)), someMemberId(3)));
    const progress = new ChangeProgress(ring, movesUnderWay(ring));
    progress.note(someMemberId(3), DONE);
    progress.note(someMemberId(1), DONE);
    expect(progress.isComplete).to.equal(false);
    expect([...progress.awaited(everybody)]).to.deep.equal([[someMemberId(2), 'to act by this epoch']]);
    progress.note(someMemberId(2), DONE);
    expect(progress.isComplete).to.equal(true);
  });
});
