import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { cas } from './cas.js';

const SEEDS = 6;

describe('the scenario of keys that are compared and set', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`is linearizable: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(cas(), seed, { nodes: 4 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }
});
