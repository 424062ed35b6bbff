import { expect } from 'chai';

import type { FaultPlan } from '../fault-plan.js';
import { acceptNothingUnchanged, forgetPromises } from '../planted-consensus-bugs.js';
import { runSeed } from '../run-seed.js';
import type { Scenario } from '../scenario.js';
import { cas } from './cas.js';

const SEEDS = 6;
/** Of so many seeds one at least shows a planted bug. */
const SHOWN_MAX = 20;

/** Nodes that are killed one after the other, over links that lose and hold up. */
const KILLED: Partial<FaultPlan> = {
  chaosMs: 15_000,
  crashes: { everyMs: 1000, downMs: 500, how: 'kill', apartMs: 0, aim: 'anytime' },
  stops: undefined,
  partitions: { everyMs: 1500, ms: 1000, oneWay: true },
  jumps: undefined,
  disks: undefined,
  downMax: 2,
  link: { delayUs: 500, jitterUs: 50_000, lostShare: 0.1, doubledShare: 0, overtakenShare: 0 },
  badLinkShare: 0.5,
};

describe('the scenario of keys that are compared and set', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`is linearizable: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(cas(), seed, { nodes: 4 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }

  /** The first seed that shows a bug. */
  const shown = async (scenario: Scenario, from: number): Promise<number | undefined> => {
    for (let seed = from; seed < from + SHOWN_MAX; seed++) {
      const { problems } = await runSeed(scenario, seed, { nodes: 4 });
      if (problems.some((problem) => problem.includes('no order of its operations'))) return seed;
    }
    return undefined;
  };

  // The first seed of each is the one that showed it when this was written.

  it('finds promises that are on no disk', async () => {
    expect(await shown(cas({ disk: forgetPromises }, KILLED), 5)).to.not.equal(undefined);
  });

  it('finds reads, and comparisons that fail, that nobody was asked to accept', async () => {
    expect(await shown(cas({ membership: acceptNothingUnchanged }, KILLED), 3)).to.not.equal(undefined);
  });
});
