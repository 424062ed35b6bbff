import { expect } from 'chai';

import type { FaultPlan } from '../fault-plan.js';
import { goOnAsBefore, supersedeAll } from '../planted-keyspace-bugs.js';
import { runSeed } from '../run-seed.js';
import type { Scenario } from '../scenario.js';
import { diverging } from './diverging.js';

const SEEDS = 3;
/** Of so many seeds one at least shows a planted bug. */
const SHOWN_MAX = 30;

/** Powers fail, and clients reach everybody else meanwhile. */
const POWER: Partial<FaultPlan> = {
  chaosMs: 40_000,
  crashes: { everyMs: 2000, downMs: 1000, how: 'power', apartMs: 0, aim: 'anytime' },
  stops: undefined,
  partitions: undefined,
};

describe('the scenario of a ring whose sides go on by themselves', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps what each side has acknowledged: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(diverging(), seed, { nodes: 5 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }

  const shown = async (scenario: Scenario, from: number, problem: RegExp): Promise<string | undefined> => {
    for (let seed = from; seed < from + SHOWN_MAX; seed++) {
      const { problems } = await runSeed(scenario, seed, { nodes: 5 });
      const found = problems.find((each) => problem.test(each));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  // The first seed of each is the one that showed it when this was written.

  it('finds writes that supersede what they have not seen', async () => {
    expect(await shown(diverging({ node: supersedeAll }), 1, /has lost v/)).to.not.equal(undefined);
  });

  it('finds a node that goes on with its part of a counter, of which it has lost the newest', async () => {
    expect(await shown(diverging({ node: goOnAsBefore }, POWER), 7, /it was raised by/)).to.not.equal(undefined);
  });
});
