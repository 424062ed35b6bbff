import { expect } from 'chai';
import { RingView } from '../../../lib/cluster/coordination/ring-view.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

describe('RingView.acceptorsOf', () => {
  const [one, two, three] = [1, 2, 3].map(someMemberId);
  const members = [1, 2, 3].map((number) => someMember(number, [number * 1000]));

  /** As the first member sees it. */
  function view(replicas: number, leaver: string, down: string): RingView {
    return new RingView(new Ring(withLeaving(someRing(members, replicas), leaver)), one, (id) => id !== down);
  }

  it('has both sets of replicas while they change', () => {
    expect(view(2, three, '').acceptorsOf(3000)).to.deep.equal([
      [three, one],
      [one, two],
    ]);
    expect(view(2, three, '').acceptorsOf(1000)).to.deep.equal([[one, two]]);
  });

  it('leaves out who leaves and cannot be reached, and nobody else', () => {
    expect(view(2, three, three).acceptorsOf(3000)).to.deep.equal([[one], [one, two]]);
    expect(view(2, three, two).acceptorsOf(3000)).to.deep.equal([
      [three, one],
      [one, two],
    ]);
    expect(view(3, three, three).acceptorsOf(3000)).to.deep.equal([
      [one, two],
      [one, two],
    ]);
  });

  it('leaves nobody out who holds a slot alone, or is this node', () => {
    expect(view(1, three, three).acceptorsOf(3000)).to.deep.equal([[three], [one]]);
    expect(view(2, one, one).acceptorsOf(1000)).to.deep.equal([
      [one, two],
      [two, three],
    ]);
  });
});
