/** `npm run bench`: ringkv beside redis-server, as USAGE in options.ts says; with `cluster`, a ring beside others who replicate. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { chartSvg, type ChartGroup } from './chart.js';
import { DataDirs } from '../tools/data-dirs.js';
import { CPU_US_PER_OP } from './load-measurement.js';
import { CONNECTIONS } from './load-generator.js';
import { parseOptions, USAGE, type BenchOptions } from './options.js';
import { describeMachine, makeReport, reportText, type Report } from './report.js';
import { estimateSeconds, groupScenarios } from './plan.js';
import { ringBench } from './ring/bench.js';
import { runPlan } from './runner.js';
import { chooseScenarios, SCENARIOS } from './scenarios.js';
import type { Scenario } from './scenario.js';
import { singleProcess } from './server-driver.js';
import { judge, TARGETS } from './targets.js';

/** The word before the options of a ring's bench. */
const CLUSTER = 'cluster';
const PUBLISHED_CHART = 'scripts/bench/chart.svg';

async function benchOneNode(options: BenchOptions): Promise<boolean> {
  const scenarios = chooseScenarios(SCENARIOS, options);
  if (scenarios.length === 0) throw new Error(`--only ${options.only?.source} matches no scenario`);
  const machine = describeMachine();
  const bar = new ProgressBar(estimateSeconds(scenarios, options.rounds));
  const series = await runPlan({
    scenarios,
    contenders: { redis: singleProcess('redis'), ringkv: singleProcess('ringkv', options.candidate) },
    rounds: options.rounds,
    requests: options.requests,
    dirs: new DataDirs(options.outDir),
    progress: bar,
  });
  bar.finish();
  const verdicts = judge(TARGETS, series);
  const report = makeReport(series, verdicts, {
    date: new Date().toISOString(),
    machine,
    candidate: options.candidate?.join(' '),
  });
  process.stdout.write(reportText(report));
  writeFiles(report, scenarios, options);
  return !options.gate || verdicts.every(({ outcome }) => outcome === 'met');
}

function writeFiles(report: Report, scenarios: readonly Scenario[], options: BenchOptions): void {
  mkdirSync(options.outDir, { recursive: true });
  writeFileSync(join(options.outDir, 'bench.json'), JSON.stringify(report, null, 2) + '\n');
  const groups = chartGroups(report, scenarios);
  if (groups.length === 0) return;
  const { machine, date } = report;
  const svg = chartSvg(groups, [
    `${machine.cores} cores (${machine.processor}), ${date.slice(0, 10)}`,
    `Redis ${machine.redis}, Node.js ${machine.node}, ${CONNECTIONS} connections, 1M keys`,
  ]);
  writeFileSync(join(options.outDir, 'chart.svg'), svg);
  if (options.publish) writeFileSync(PUBLISHED_CHART, svg);
}

/** A group for each setup that was measured. */
function chartGroups(report: Report, scenarios: readonly Scenario[]): readonly ChartGroup[] {
  return groupScenarios(scenarios).flatMap((group) => {
    const rows = group.flatMap(({ name, title }) => {
      const found = report.series.find((one) => one.scenario === name && one.metric.name === CPU_US_PER_OP.name);
      return found === undefined ? [] : [{ title, ...found.summary }];
    });
    const [first] = group;
    return first?.kind === 'load' ? [{ title: first.setup.title, rows }] : [];
  });
}

const args = process.argv.slice(2);
if (args[0] === CLUSTER) await runScript({ name: 'bench cluster', args: args.slice(1), ...ringBench });
else await runScript({ name: 'bench', args, usage: USAGE, parse: parseOptions, run: benchOneNode });
