import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { ring } from './ring.js';

const SEEDS = 6;

describe('the scenario of a ring', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps and shows what was acknowledged: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(ring(), seed, { nodes: 5 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }

  it('happens again in the same way, event by event', async () => {
    const first = await runSeed(ring(), 42, { nodes: 5 });
    expect(first.problems).to.deep.equal([]);
    expect(await runSeed(ring(), 42, { nodes: 5 })).to.deep.equal(first);
  });
});
