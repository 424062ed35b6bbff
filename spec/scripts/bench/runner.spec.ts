import { mkdtempSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Plan } from '../../../scripts/bench/plan.js';
import { runPlan } from '../../../scripts/bench/runner.js';
import type { FreshScenario } from '../../../scripts/bench/scenario.js';
import type { Contender } from '../../../scripts/bench/server-driver.js';
import { DataDirs } from '../../../scripts/tools/data-dirs.js';
import type { ServerKind } from '../../../scripts/tools/server-process.js';

function contender(kind: ServerKind): Contender {
  return { kind, start: () => Promise.reject(new Error('no server is started in this spec')) };
}

describe('runPlan', () => {
  let out = '';
  beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'runner-'))));
  afterEach(() => rmSync(out, { recursive: true }));

  function planOf(scenario: FreshScenario): Plan & { advanced: () => number } {
    let advanced = 0;
    return {
      scenarios: [scenario],
      contenders: { redis: contender('redis'), ringkv: contender('ringkv') },
      rounds: 5,
      requests: undefined,
      dirs: new DataDirs(out),
      progress: { label: () => undefined, advance: (seconds) => (advanced += seconds) },
      advanced: () => advanced,
    };
  }

  function scenario(measure: FreshScenario['measure']): FreshScenario {
    const metrics = [
      { name: 'm', unit: 'x' },
      { name: 'n', unit: 'y' },
    ];
    return { kind: 'fresh', name: 's', title: 'S', metrics, roundsMax: 3, estimateSeconds: 2, measure };
  }

  it('measures a fresh scenario on both servers in turn, each time in a directory of its own', async () => {
    const calls: string[] = [];
    const dirs = new Set<string>();
    const plan = planOf(
      scenario(({ kind }, dir) => {
        calls.push(kind);
        dirs.add(dir);
        expect(existsSync(dir)).to.equal(true);
        return Promise.resolve([calls.length, -calls.length]);
      }),
    );
    const series = await runPlan(plan);
    expect(calls).to.deep.equal(['redis', 'ringkv', 'ringkv', 'redis', 'redis', 'ringkv']);
    expect(dirs.size).to.equal(6);
    for (const dir of dirs) expect(existsSync(dir)).to.equal(false);
    expect(plan.advanced()).to.equal(12);
    expect(series.map((one) => [one.scenario, one.metric.name, one.rounds])).to.deep.equal([
      [
        's',
        'm',
        [
          { redis: 1, ringkv: 2 },
          { redis: 4, ringkv: 3 },
          { redis: 5, ringkv: 6 },
        ],
      ],
      [
        's',
        'n',
        [
          { redis: -1, ringkv: -2 },
          { redis: -4, ringkv: -3 },
          { redis: -5, ringkv: -6 },
        ],
      ],
    ]);
  });

  async function failureOf(measure: FreshScenario['measure']): Promise<string> {
    return runPlan(planOf(scenario(measure))).then(() => 'no failure', String);
  }

  it('fails with the first measurement that fails', async () => {
    expect(await failureOf(() => Promise.reject(new Error('broken')))).to.contain('broken');
  });

  it('fails when a measurement yields too few figures', async () => {
    expect(await failureOf(() => Promise.resolve([1]))).to.contain('none for metric 1');
  });
});
