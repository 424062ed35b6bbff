import { expect } from 'chai';

import { Counts } from '../counts.js';
import { runSeed } from '../run-seed.js';
import { absences } from './absences.js';

const SEEDS = 2;
/** Of so many seeds; with fewer, it proves nothing. */
const LEAST: [string, number][] = [
  ['keys deleted', 30],
  ['deletes gone without a member', 10],
  ['members rebuilt', 1],
];

describe('the scenario of absences', function () {
  this.timeout(120_000);

  const counts = new Counts();

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`shows nothing that was deleted while a member was away: seed ${seed}`, async () => {
      const result = await runSeed(absences({}, { chaosMs: 5000 }), seed, { nodes: 4 });
      expect(result.problems).to.deep.equal([]);
      counts.addAll(result.counts);
    });
  }

  it('has deletes go without a member, which is rebuilt', () => {
    const few = LEAST.filter(([name, times]) => counts.of(name) < times);
    expect(few, counts.toString()).to.deep.equal([]);
  });
});
