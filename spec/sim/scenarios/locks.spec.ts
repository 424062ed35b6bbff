import { expect } from 'chai';

import type { FaultPlan } from '../fault-plan.js';
import { naively } from '../lock-clients.js';
import { runSeed } from '../run-seed.js';
import { locks } from './locks.js';

/** As long as it takes to have the lock this often. */
const ROUNDS = 500;

const BUSY: Partial<FaultPlan> = { chaosMs: 20_000 };

describe('the scenario of a lock', function () {
  this.timeout(120_000);

  it(`gives it to one client at a time, ${ROUNDS} times`, async () => {
    let rounds = 0;
    for (let seed = 1; rounds < ROUNDS; seed++) {
      const { problems, operations } = await runSeed(locks({}, BUSY), seed, { nodes: 4 });
      expect(problems, `seed ${seed}`).to.deep.equal([]);
      rounds += operations;
    }
  });

  it('finds two holders of one that is taken by GET and SET', async () => {
    const { problems } = await runSeed(locks({}, { ...BUSY, asking: naively }), 5, { nodes: 4 });
    expect(problems.join()).to.match(/two holders/);
  });
});
