import { expect } from 'chai';
import { LOAD_METRICS } from '../../../scripts/bench/load-measurement.js';
import { makeReport, parseRedisVersion, reportText, type Report } from '../../../scripts/bench/report.js';
import type { Series } from '../../../scripts/bench/scenario.js';

const machine = { cores: 2, processor: 'Z80', memoryBytes: 65_536, node: '20.19.0', redis: '7.0.15' };
const about = { date: '2026-01-01T00:00:00.000Z', machine, candidate: undefined };
const load: Series[] = LOAD_METRICS.map((metric, at) => ({
  scenario: 'a/P1/GET',
  metric,
  rounds: [
    { redis: [4, 200_000, 1.5][at] ?? 0, ringkv: [3, 300_000, 1.25][at] ?? 0 },
    { redis: [4, 200_000, 1.5][at] ?? 0, ringkv: [5, 300_000, 1.25][at] ?? 0 },
  ],
}));
const memory: Series = {
  scenario: 'memory',
  metric: { name: 'bytes-per-key', unit: 'B' },
  rounds: [{ redis: 160, ringkv: 120 }],
};

function linesOf(report: Report): string[] {
  return reportText(report)
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
}

describe('parseRedisVersion', () => {
  it('finds the number', () => {
    expect(parseRedisVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n')).to.equal(
      '7.0.15',
    );
  });
  it('refuses anything else', () => expect(() => parseRedisVersion('nothing')).to.throw("found 'nothing'"));
});

describe('reportText', () => {
  it('has a line for each load: pace, latency, CPU, ratios', () => {
    expect(linesOf(makeReport(load, [], about))).to.include(
      'a/P1/GET 200.0k 300.0k 1.50 1.5 1.3 4.00 4.00 1.00 0.75 1.25',
    );
  });

  it('has a line for each other figure, and for each target', () => {
    const verdict = {
      target: 'memory bytes-per-key',
      bound: '<= 0.8 x Redis',
      measured: '0.75 x Redis',
      outcome: 'met',
    };
    const lines = linesOf(makeReport([memory], [{ ...verdict, outcome: 'met' }], about));
    expect(lines).to.include('bytes-per-key (B) 160.0 120.0 0.75 0.75 0.75');
    expect(lines.join('\n')).to.match(/memory bytes-per-key <= 0\.8 x Redis 0\.75 x Redis met/);
  });

  it('leaves out tables without rows', () => {
    expect(reportText(makeReport([memory], [], about))).not.to.contain('CPU us/op');
    expect(reportText(makeReport(load, [], about))).not.to.contain('figure');
  });
});
