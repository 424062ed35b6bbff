import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { pipelines } from './pipelines.js';

const SEEDS = 4;

describe('the scenario of pipelines', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`shows each client what it has done: seed ${seed}`, async () => {
      const { problems, counts } = await runSeed(pipelines(), seed, { nodes: 4 });
      expect(problems).to.deep.equal([]);
      expect(counts.of('answers in pipelines')).to.be.greaterThan(10);
    });
  }
});
