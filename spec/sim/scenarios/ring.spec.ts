import { expect } from 'chai';

import type { FaultPlan } from '../fault-plan.js';
import { acknowledgeWhatIsOld, countHints } from '../planted-ring-bugs.js';
import { runSeed } from '../run-seed.js';
import type { Scenario } from '../scenario.js';
import { ring } from './ring.js';

const SEEDS = 6;
/** Of so many seeds one at least shows a planted bug. */
const SHOWN_MAX = 30;

const QUIET: Partial<FaultPlan> = { chaosMs: 10_000, stops: undefined, jumps: undefined, disks: undefined, downMax: 3 };

/** Nodes that do not hear of each other, and whose clocks differ. */
const APART: Partial<FaultPlan> = {
  ...QUIET,
  crashes: undefined,
  partitions: { everyMs: 1000, ms: 1000, oneWay: true },
  jumps: { everyMs: 1000, ms: 250 },
};

/** Nodes that are killed while what they were sent is on its way. */
const KILLED: Partial<FaultPlan> = {
  ...QUIET,
  crashes: { everyMs: 500, downMs: 300, how: 'kill', apartMs: 0 },
  partitions: undefined,
  link: { delayUs: 500, jitterUs: 50_000, lostShare: 0.1, doubledShare: 0, overtakenShare: 0 },
  badLinkShare: 0.5,
};

describe('the scenario of a ring', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps and shows what was acknowledged: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(ring(), seed, { nodes: 5 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }

  it('does not read what a full disk has not taken, and kill -9 takes back: seed 30234', async () => {
    expect((await runSeed(ring(), 30234, { nodes: 5 })).problems).to.deep.equal([]);
  });

  it('happens again in the same way, event by event', async () => {
    const first = await runSeed(ring(), 42, { nodes: 5 });
    expect(first.problems).to.deep.equal([]);
    expect(await runSeed(ring(), 42, { nodes: 5 })).to.deep.equal(first);
  });

  const shown = async (scenario: Scenario, from: number): Promise<string | undefined> => {
    for (let seed = from; seed < from + SHOWN_MAX; seed++) {
      const { problems } = await runSeed(scenario, seed, { nodes: 5 });
      const found = problems.find((problem) => problem.includes('went back behind'));
      if (found !== undefined) return found;
    }
    return undefined;
  };

  // The first seed of each is the one that showed it when this was written.

  it('finds a replica that says nothing of what it has that is newer than what was put', async () => {
    expect(await shown(ring({ membership: acknowledgeWhatIsOld }, APART), 157)).to.not.equal(undefined);
  });

  it('finds hints that are counted as replicas', async () => {
    expect(await shown(ring({ membership: countHints }, KILLED), 120)).to.not.equal(undefined);
  });
});
