import { expect } from 'chai';
import * as fc from 'fast-check';
import { LatencyHistogram } from '../../lib/server/latency-histogram.js';

function histogramOf(durationsUs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const durationUs of durationsUs) histogram.add(durationUs);
  return histogram;
}

/** Percentiles from all durations, sorted: nearest rank. */
function dumbPercentileUs(durationsUs: readonly number[], percent: number): number {
  const sorted = [...durationsUs].sort((a, b) => a - b);
  const rank = Math.max(1, Math.floor((percent / 100) * sorted.length + 0.5));
  return sorted[rank - 1];
}

const durations = fc.array(
  fc.oneof(fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true })),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe('server/latency-histogram', () => {
  it('LatencyHistogram knows percentiles to two digits, never less than they are', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 100, noNaN: true }), (durationsUs, percent) => {
        const exactNs = Math.max(1, Math.floor(dumbPercentileUs(durationsUs, percent) * 1000));
        const foundNs = Math.round(histogramOf(durationsUs).percentileUs(percent) * 1000);
        expect(foundNs).to.be.within(exactNs, exactNs * (1 + 1 / 128));
      }),
    );
  });

  it('LatencyHistogram counts as many calls below each bound as there are', () => {
    fc.assert(
      fc.property(durations, (durationsUs) => {
        const histogram = histogramOf(durationsUs);
        const steps = histogram.cumulative();
        expect(histogram.count).to.equal(durationsUs.length);
        expect(steps.at(-1)?.[1]).to.equal(durationsUs.length);
        let before = 0;
        for (const [boundUs, calls] of steps) {
          // The bound is told in whole microseconds, cut off.
          const below = durationsUs.filter((durationUs) => durationUs <= boundUs).length;
          const nearBelow = durationsUs.filter((durationUs) => durationUs < boundUs + 1).length;
          expect(calls).to.be.within(below, nearBelow).and.be.above(before);
          before = calls;
        }
      }),
    );
  });

  // As redis-server 7.0.15 says them of such calls.
  it('LatencyHistogram has the bounds of Redis', () => {
    const histogram = histogramOf([0.3, 1.5, 3, 6, 12, 25, 50, 120, 250, 4000, 2e6]);
    const bounds = [1, 2, 4, 8, 16, 33, 66, 132, 264, 4227, 1073741];
    expect(histogram.cumulative().map(([boundUs]) => boundUs)).to.deep.equal(bounds);
    expect(histogramOf([1_200_000]).percentileUs(50)).to.equal(1002438.655);
    expect(histogramOf([6]).percentileUs(50)).to.equal(6.015);
    expect(histogramOf([75]).percentileUs(99)).to.equal(75.263);
  });

  it('LatencyHistogram counts what takes longer than a second as a second', () => {
    expect(histogramOf([5e6]).percentileUs(50)).to.be.within(1e6, 1.01e6);
    expect(histogramOf([0]).percentileUs(50)).to.equal(0.001);
  });

  it('LatencyHistogram is empty at first and after reset', () => {
    const histogram = histogramOf([1, 2, 3]);
    histogram.reset();
    for (const empty of [histogram, new LatencyHistogram()]) {
      expect(empty.count).to.equal(0);
      expect(empty.cumulative()).to.deep.equal([]);
      expect(empty.percentileUs(50)).to.equal(0);
    }
  });
});
