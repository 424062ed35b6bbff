import { expect } from 'chai';
import { orderOf, summarize } from '../../../../scripts/bench/level/comparison.js';

const round = (level: number, ringkv: number) => ({
  opsPerSecond: { level, ringkv },
  cpuUsPerOp: { level: 10, ringkv: 20 },
});

describe('summarize', () => {
  it('takes the median of the ratios of each round, not the ratio of the medians', () => {
    const { ratio, ratioMin, ratioMax, opsPerSecond } = summarize([round(1, 4), round(10, 20), round(2, 6)]);
    expect({ ratio, ratioMin, ratioMax }).to.deep.equal({ ratio: 3, ratioMin: 2, ratioMax: 4 });
    expect(opsPerSecond).to.deep.equal({ level: 2, ringkv: 6 });
  });
});

describe('orderOf', () => {
  it('has both go first as often', () => {
    expect([0, 1, 2, 3].map((at) => orderOf(at)[0])).to.deep.equal(['level', 'ringkv', 'level', 'ringkv']);
  });
});
