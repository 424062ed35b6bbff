import { expect } from 'chai';
import { Advance } from '../../../lib/server/ring/advances.js';
import { HERE, LATER, NOT_DECIDED } from '../../../lib/server/ring/pipeline-order.js';
import { finished, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { RingBench } from './ring-bench.js';

describe('Advance', () => {
  it('names members by the ring of now; who is in it no more is nobody, and what it has was not begun', async () => {
    const { ring, ids } = await RingBench.start(4);
    const advance = new Advance({ slots: [1, 2, 3, 4], members: [0, 2, 1, HERE], ...NOT_DECIDED }, false, ring, 1);
    expect(advance.stepBy(ring).members).to.deep.equal([0, 2, 1, HERE]);
    const following = new Ring(finished(withLeaving(ring.document, ids[1])));
    expect(advance.stepBy(following).members).to.deep.equal([0, 1, LATER, HERE]);
  });

  it('was not begun where somebody refuses what is asked', async () => {
    const { ring } = await RingBench.start(3);
    const advance = new Advance({ slots: [1, 2], members: [1, 2], ...NOT_DECIDED }, false, ring, 1);
    const sessions = [false, false].map((isRetired) => ({ isRetired }));
    advance.sessions = sessions;
    expect(advance.stepBy(ring).members).to.deep.equal([1, 2]);
    sessions[1].isRetired = true;
    expect(advance.stepBy(ring).members).to.deep.equal([LATER, LATER]);
  });
});
