import { expect } from 'chai';

import { Counts } from '../counts.js';
import { runSeed } from '../run-seed.js';
import { everything } from './everything.js';

const SEEDS = 5;
/** Of so many seeds; with fewer, it proves nothing. */
const LEAST: [string, number][] = [
  ['joins', 1],
  ['leaves', 1],
  ['removals', 1],
  ['replacements', 1],
  ['aborts', 1],
  ['disks lost', 1],
  ['crashes', 1],
  ['stops', 1],
  ['partitions', 1],
  ['keys decided about', 20],
  ['answers by consensus', 300],
  ['answers in pipelines', 200],
  ['keys deleted', 20],
];

describe('the scenario of everything at once', function () {
  this.timeout(120_000);

  const counts = new Counts();

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps all promises: seed ${seed}`, async () => {
      const result = await runSeed(everything({}, { chaosMs: 20_000 }), seed, { nodes: 6 });
      expect(result.problems).to.deep.equal([]);
      counts.addAll(result.counts);
    });
  }

  it('has members join, leave, be taken out and replaced, and all kinds of faults meanwhile', () => {
    expect(
      LEAST.filter(([name, times]) => counts.of(name) < times),
      counts.toString(),
    ).to.deep.equal([]);
    expect(counts.of('histories too long to judge')).to.equal(0);
  });
});
