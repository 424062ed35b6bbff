import { expect } from 'chai';
import { AccessPolicy } from '../../lib/data/access.js';
import { LFU_COUNT_INITIAL } from '../../lib/data/lfu.js';
import { SeededRandom } from '../sim/seeded-random.js';

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;

function policyAt(nowMs: number, usesFrequency = false): AccessPolicy {
  const policy = new AccessPolicy(new SeededRandom(1));
  policy.usesFrequency = usesFrequency;
  policy.tick(nowMs);
  return policy;
}

describe('AccessPolicy', () => {
  it('keeps the time of the last use', () => {
    const policy = policyAt(NOW_MS);
    const fresh = policy.fresh();
    expect(policy.idleMs(fresh)).to.equal(0);
    policy.tick(NOW_MS + 90_000);
    expect(policy.idleMs(fresh)).to.equal(90_000);
    expect(policy.idleMs(policy.touched(fresh))).to.equal(0);
  });

  it('gives a key the idle time that RESTORE asks for', () => {
    const policy = policyAt(NOW_MS);
    for (const seconds of [0, 1, 3600, 10_000_000]) {
      expect(policy.idleMs(policy.idle(seconds)), String(seconds)).to.equal(seconds * 1000);
    }
  });

  it('keeps a counter of uses that grows ever more slowly, and decays with time', () => {
    const policy = policyAt(NOW_MS, true);
    const fresh = policy.fresh();
    expect(policy.frequency(fresh)).to.equal(LFU_COUNT_INITIAL);
    const after = (uses: number): number => {
      let access = fresh;
      for (let i = 0; i < uses; i++) access = policy.touched(access);
      return policy.frequency(access);
    };
    const [few, many] = [after(20), after(5000)];
    expect(few).to.be.above(LFU_COUNT_INITIAL);
    expect(many).to.be.within(few + 5, 60);
    const used = policy.frequent(many);
    policy.tick(NOW_MS + 3 * MINUTE_MS);
    expect(policy.frequency(used)).to.equal(many - 3);
    policy.decayMinutes = 0;
    expect(policy.frequency(used)).to.equal(many);
  });

  it('reaches the highest counter only, and fits into 24 bits', () => {
    const policy = policyAt(NOW_MS, true);
    policy.logFactor = 0;
    let access = policy.fresh();
    for (let i = 0; i < 300; i++) access = policy.touched(access);
    expect(policy.frequency(access)).to.equal(255);
    for (const one of [access, policy.fresh(), policy.frequent(255), policyAt(NOW_MS).fresh()]) {
      expect(one).to.be.within(0, 0xffffff);
    }
  });
});
