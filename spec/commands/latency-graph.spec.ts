import { expect } from 'chai';
import { latencyGraph } from '../../lib/commands/latency-graph.js';

const NOW = 1_000_000;

function graphOf(samples: readonly [ageSeconds: number, latencyMs: number][]): string[] {
  const named = samples.map(([age, latencyMs]) => ({ atSeconds: NOW - age, latencyMs }));
  return latencyGraph('command', named, 999, NOW).split('\n');
}

describe('commands/latency-graph', () => {
  it('latencyGraph draws a column a sample, with its age below', () => {
    const graph = graphOf([
      [90000, 100],
      [7200, 150],
      [125, 300],
      [7, 200],
    ]);
    expect(graph).to.deep.equal([
      'command - high 300 ms, low 100 ms (all time high 999 ms)',
      '-'.repeat(80),
      '  #',
      '  #_',
      ' _##',
      '_###',
      '1227',
      'dhms',
      '',
    ]);
  });

  it('latencyGraph draws equal samples low', () => {
    expect(
      graphOf([
        [5, 100],
        [3, 100],
      ]).slice(2),
    ).to.deep.equal(['', '', '', '__', '53', 'ss', '']);
  });

  it('latencyGraph shows the last 80 samples', () => {
    const samples = Array.from({ length: 100 }, (_, i): [number, number] => [5, i < 20 ? 5000 : 100]);
    const graph = graphOf(samples);
    expect(graph[0]).to.match(/high 100 ms, low 100 ms/);
    expect(graph[5]).to.equal('_'.repeat(80));
  });
});
