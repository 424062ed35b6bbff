import { expect } from 'chai';

import { Closing } from '../../../lib/cluster/repair/closing.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { someMember, someRing } from '../ring/some-rings.js';

const STAMP = 1000;
const NOTHING: ReadonlySet<number> = new Set();
const RING = new Ring(someRing([1, 2, 3, 4].map((ordinal) => someMember(ordinal, [ordinal]))));
const OTHERS = RING.members.map(({ id }) => id);
const [SELF, A, B] = OTHERS;

/** Slot 1 is this node's, A's and B's, slot 2 its and A's. All have closed them. */
function closed(stirred = new Set<number>()): Closing {
  const slots = new Map([
    [1, [A, B]],
    [2, [A]],
  ]);
  const closing = new Closing(RING, STAMP, slots, stirred);
  for (const id of OTHERS) closing.closed(id, { incarnation: 7, handedOn: 3 });
  return closing;
}

function compareAll(closing: Closing): void {
  for (const id of [A, B]) closing.compared(id, NOTHING);
}

function sealAll(closing: Closing, but?: string): void {
  for (const id of OTHERS) if (id !== but) closing.sealed(id, { incarnation: 7, handedOn: 3 });
}

describe('Closing', () => {
  it('settles slots of which all replicas have the same, when all members have said so twice', () => {
    const closing = closed();
    expect(closing.replicas).to.have.members([A, B]);
    expect(closing.members).to.deep.equal(OTHERS);
    expect(closing.same).to.deep.equal([]);
    compareAll(closing);
    expect(closing.same).to.deep.equal([1, 2]);
    expect(closing.settled).to.deep.equal([]);
    sealAll(closing);
    expect(closing.settled).to.deep.equal([1, 2]);
  });

  it('settles nothing before all members have closed, replicas of the slots or not', () => {
    const closing = new Closing(RING, STAMP, new Map([[1, [A]]]), NOTHING);
    for (const id of [SELF, A, B]) closing.closed(id, { incarnation: 7, handedOn: 3 });
    compareAll(closing);
    sealAll(closing);
    expect(closing.isClosed).to.equal(false);
    expect(closing.same).to.deep.equal([]);
    expect(closing.settled).to.deep.equal([]);
  });

  it('leaves out what differed, was not compared, or was told of between two comparisons', () => {
    const differing = closed();
    differing.compared(A, NOTHING);
    differing.compared(B, new Set([1]));
    const halfCompared = closed();
    halfCompared.compared(A, NOTHING);
    const stirred = new Set<number>();
    const told = closed(stirred);
    compareAll(told);
    stirred.add(1);
    for (const closing of [differing, halfCompared, told]) {
      sealAll(closing);
      expect(closing.same).to.deep.equal([2]);
      expect(closing.settled).to.deep.equal([2]);
    }
  });

  it('settles nothing if a member was started anew, has handed on a hint, or has not answered, since it closed', () => {
    for (const id of OTHERS) {
      const silent = closed();
      const anew = closed();
      anew.sealed(id, { incarnation: 8, handedOn: 3 });
      const handing = closed();
      handing.sealed(id, { incarnation: 7, handedOn: 4 });
      for (const closing of [silent, anew, handing]) {
        compareAll(closing);
        sealAll(closing, id);
        expect(closing.settled, id).to.deep.equal([]);
      }
    }
  });
});
