import { expect } from 'chai';

import { Counts } from '../counts.js';
import { runSeed } from '../run-seed.js';
import { deletes } from './deletes.js';

const SEEDS = 2;
/** Of so many seeds; with fewer, it proves nothing. */
const LEAST: [string, number][] = [
  ['keys deleted', 40],
  ['deletes gone', 10],
  ['closings', 2],
];

describe('the scenario of deletes', function () {
  this.timeout(120_000);

  const counts = new Counts();

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`shows nothing that was deleted: seed ${seed}`, async () => {
      const result = await runSeed(deletes({}, { chaosMs: 10_000, secludes: seed > 1 }), seed, { nodes: 4 });
      expect(result.problems).to.deep.equal([]);
      counts.addAll(result.counts);
    });
  }

  it('has deletes go meanwhile', () => {
    const few = LEAST.filter(([name, times]) => counts.of(name) < times);
    expect(few, counts.toString()).to.deep.equal([]);
  });
});
