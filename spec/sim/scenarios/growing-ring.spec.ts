import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { growingRing } from './growing-ring.js';

const SEEDS = 4;

describe('the scenario of a growing ring', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps and shows what was acknowledged, though a member does not hear of it: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(growingRing(), seed, { nodes: 6 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }
});
