import { expect } from 'chai';
import fc from 'fast-check';
import { runCampaign } from '../../../scripts/fuzz/campaign.js';
import { experiment, type Experiment } from '../../../scripts/fuzz/experiment.js';

/** Fails for lists that hold a number beyond the limit. */
function tooLarge(limit: number): Experiment {
  return experiment({
    name: 'numbers',
    arbitrary: fc.array(fc.nat(1000)),
    test: async (numbers) => {
      const wrong = numbers.find((number) => number > limit);
      if (wrong !== undefined) throw new Error(`${wrong} is "too large"`);
      await Promise.resolve();
    },
    describe: (numbers, error) => [...numbers.map(String), error instanceof Error ? 'wrong' : ''],
    sizeOf: (numbers) => numbers.length,
  });
}

describe('experiment', () => {
  it('finds the smallest input that fails, the same for the same seed', async () => {
    const first = await tooLarge(500).run(1, 100);
    expect(first.failure).to.deep.equal({ seed: 1, input: ['501', 'wrong'], error: '501 is "too large"' });
    expect(await tooLarge(500).run(1, 100)).to.deep.equal(first);
    expect(first.runs).to.be.within(1, 100);
  });

  it('counts what it tries', async () => {
    const { runs, size, failure } = await tooLarge(1000).run(1, 50);
    expect(runs).to.equal(50);
    expect(size).to.be.greaterThan(50);
    expect(failure).to.equal(undefined);
  });
});

describe('runCampaign', () => {
  it('ends when enough was tried, and tells each sort of failure once, with its seed', async () => {
    const result = await runCampaign(tooLarge(990), { seed: 1, durationMs: Infinity, sizeMax: 5000 });
    expect(result.size).to.be.at.least(5000);
    expect(result.failures.map(({ error }) => error)).to.deep.equal(['991 is "too large"']);
    const [{ seed }] = result.failures;
    expect((await tooLarge(990).run(seed, 100)).failure).to.deep.equal(result.failures[0]);
  });

  it('ends when the time is over', async () => {
    const shares: number[] = [];
    const onProgress = (share: number): void => void shares.push(share);
    const { failures, runs } = await runCampaign(tooLarge(1000), { seed: 1, durationMs: 50, onProgress });
    expect(failures).to.deep.equal([]);
    expect(runs).to.be.at.least(100);
    expect(shares.at(-1)).to.equal(1);
  });
});
