import { expect } from 'chai';
import { median, summarize } from '../../../scripts/bench/statistics.js';

describe('median', () => {
  it('is the middle one of an odd number of values', () => expect(median([9, 1, 10])).to.equal(9));
  it('is the mean of the middle two of an even number', () => expect(median([4, 1, 10, 2])).to.equal(3));
  it('leaves its argument in order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).to.deep.equal([3, 1, 2]);
  });
  it('does not exist of nothing', () => expect(() => median([])).to.throw('at least one'));
});

describe('summarize', () => {
  it('takes ratios round by round', () => {
    // A disturbance that slows both servers of a round leaves its ratio alone.
    const rounds = [
      { redis: 10, ringkv: 8 },
      { redis: 30, ringkv: 24 },
      { redis: 20, ringkv: 18 },
    ];
    expect(summarize(rounds)).to.deep.equal({ redis: 20, ringkv: 18, ratio: 0.8, ratioMin: 0.8, ratioMax: 0.9 });
  });
});
