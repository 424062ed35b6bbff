import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { resize } from './resize.js';

const SEEDS = 3;

describe('the scenario of a ring that is resized', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps and shows what was acknowledged: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(resize({}, { chaosMs: 15_000 }), seed, { nodes: 5 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }
});
