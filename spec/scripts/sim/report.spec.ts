import { expect } from 'chai';

import { parseOptions } from '../../../scripts/sim/options.js';
import { failureReport, summary } from '../../../scripts/sim/report.js';
import { Counts } from '../../sim/counts.js';

describe('the report of npm run sim', () => {
  const crashes = new Counts();
  crashes.add('crashes', 3);
  const result = (seed: number, problems: readonly string[]) => ({
    seed,
    counts: crashes,
    headline: 'no faults',
    operations: 10,
    problems,
    simulatedMs: 1_800_000,
    events: 100,
    fingerprint: '0',
  });

  it('gives for a seed that fails what is wrong, and the command that replays it', () => {
    const options = parseOptions(['--scenario', 'single-nodes', '--nodes', '2']);
    const text = failureReport(options, 7, 'no faults', ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(text).to.include('seed 7 failed: no faults\n  a\n').and.to.include('... and 2 more');
    expect(text).to.include('again: npm run sim -- --scenario single-nodes --nodes 2 --seed 7\n');
    expect(text).to.include('--seed 7 --trace\n');
  });

  it('sums up: seeds that failed, time simulated, how fast', () => {
    const text = summary([result(1, []), result(2, ['x'])], 120_000, { user: 30e6, system: 0 });
    expect(text).to.include('2 seeds, 1 failed: 2\n').and.to.include('1.000 hours simulated, 20 operations');
    expect(text).to.include('60000 ms a seed; 0.50 hours a minute, 2.00 a minute of CPU');
    expect(text).to.include('\n6 crashes\n');
  });
});
