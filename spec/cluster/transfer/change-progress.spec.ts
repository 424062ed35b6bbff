import { expect } from 'chai';
import { moves } from '../../../lib/cluster/ring/moves.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { aborted, finished, withJoining } from '../../../lib/cluster/topology/ring-change.js';
import { ChangeProgress } from '../../../lib/cluster/transfer/change-progress.js';
import { FILLED_PARTS } from '../../../lib/cluster/transfer/transfer-messages.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

const DONE = { isFilled: true, isRewritten: true, parts: FILLED_PARTS, isRetired: false };

describe('ChangeProgress', () => {
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
    expect([1, 4].map((number) => progress.progressOf(someMemberId(number)))).to.deep.equal([undefined, 0.25]);
  });

  it('is not complete while what consensus has decided is not with the new replicas', () => {
    const progress = joining();
    for (const number of [1, 2, 3, 4]) progress.note(someMemberId(number), { ...DONE, isRewritten: number === 3 });
    expect(progress.isComplete).to.equal(false);
    progress.note(someMemberId(1), DONE);
    expect(progress.isComplete).to.equal(true);
  });
});
