import { expect } from 'chai';
import { gapMs, percentile, runOpenLoop } from '../../../../scripts/bench/cold/open-loop.js';
import { SeededRandom } from '../../../sim/seeded-random.js';

describe('gapMs', () => {
  it('is never negative, and as long on average as the rate says', () => {
    const random = new SeededRandom(1);
    const gaps = Array.from({ length: 20_000 }, () => gapMs(500, random));
    expect(Math.min(...gaps)).to.be.at.least(0);
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).to.be.within(1.9, 2.1);
  });
});

describe('runOpenLoop', () => {
  it('sends on while nothing is answered, and counts from when a request was due', async () => {
    const answers: (() => void)[] = [];
    const send = (): Promise<void> =>
      new Promise((resolve) => {
        answers.push(resolve);
        if (answers.length === 20) setTimeout(() => answers.forEach((answer) => answer()), 20);
      });
    const latencies = await runOpenLoop({ rate: 2000, seconds: 0.01, random: new SeededRandom(1), send });
    expect(latencies).to.have.length(20);
    expect(Math.min(...latencies)).to.be.at.least(19);
    expect(latencies[0]).to.be.at.least(latencies[19]);
  });

  it('ends at the first failure', async () => {
    let sent = 0;
    const send = (): Promise<void> => (++sent === 3 ? Promise.reject(new Error('the third')) : Promise.resolve());
    const outcome = await runOpenLoop({ rate: 1000, seconds: 1, random: new SeededRandom(1), send }).catch(String);
    expect(outcome).to.contain('the third');
    expect(sent).to.be.below(100);
  });
});

describe('percentile', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i);
  it('is what a share of the values is at most', () => {
    expect([0.5, 0.99, 0.999, 1].map((share) => percentile(values, share))).to.deep.equal([500, 990, 999, 1000]);
    expect(percentile(Float64Array.of(7), 0.5)).to.equal(7);
  });
  it('does not exist of nothing', () => expect(() => percentile(new Float64Array(0), 0.5)).to.throw('at least one'));
});
