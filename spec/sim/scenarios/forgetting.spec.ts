import { expect } from 'chai';

import { Counts } from '../counts.js';
import { runSeed } from '../run-seed.js';
import { forgetting } from './forgetting.js';

const SEEDS = [1, 3];
/** Of these seeds; with fewer, it proves nothing. */
const LEAST: [string, number][] = [
  ['states forgotten under faults', 3],
  ['states forgotten', 12],
  ['plain writes', 2],
];

describe('the scenario of decisions that are forgotten', function () {
  this.timeout(120_000);

  const counts = new Counts();

  for (const seed of SEEDS) {
    it(`brings nothing back: seed ${seed}`, async () => {
      const result = await runSeed(forgetting({}, { chaosMs: 15_000 }), seed, { nodes: 4 });
      expect(result.problems).to.deep.equal([]);
      counts.addAll(result.counts);
    });
  }

  it('has states go meanwhile', () => {
    const few = LEAST.filter(([name, times]) => counts.of(name) < times);
    expect(few, counts.toString()).to.deep.equal([]);
  });
});
