import { expect } from 'chai';

import { describePlan, drawFaultPlan } from './fault-plan.js';
import { SeededRandom } from './seeded-random.js';

describe('drawFaultPlan', () => {
  const draw = (seed: number) =>
    drawFaultPlan(new SeededRandom(seed), { nodes: 5, clockErrorMsMax: 500, diskFaults: ['full', 'failing'] });

  it('draws the same for a seed, and every kind of fault with some', () => {
    expect(draw(1)).to.deep.equal(draw(1));
    const plans = Array.from({ length: 100 }, (_, seed) => describePlan(draw(seed)));
    for (const kind of [
      'kill',
      'power',
      'step',
      'any',
      'stops',
      'one way',
      'both ways',
      'jump',
      'drift',
      'lost',
      'full',
      'failing',
      'blackouts',
      'was asked',
      'was answered',
      'was logged',
      'disks take',
    ]) {
      const share = plans.filter((plan) => plan.includes(kind)).length / plans.length;
      expect(share, kind).to.be.within(0.05, 0.95);
    }
  });

  it('stays within the limits', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { downMax, jumps, chaosMs } = draw(seed);
      expect(downMax).to.be.within(1, 5);
      expect(jumps?.ms ?? 1).to.be.within(1, 500);
      expect(chaosMs).to.be.within(5000, 60_000);
    }
  });
});
