/** `npm run fuzz`: random input for ringkv. See the help text. */
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { left, right, textTable } from '../tools/text-table.js';
import { runCampaign, type CampaignResult } from './campaign.js';
import { clientsExperiment } from './clients-experiment.js';
import { commandExperiment } from './command-experiment.js';
import { COMPARED_AREAS, comparisonExperiment, type ComparisonMode } from './comparison-experiment.js';
import type { Experiment } from './experiment.js';
import { FuzzTarget } from './fuzz-target.js';
import { ALONE, COMPARED, parseOptions, USAGE, type ExperimentName, type FuzzOptions } from './options.js';
import { rawExperiment } from './raw-experiment.js';
import { reloadExperiment } from './reload-experiment.js';

/** The seeds of fast-check are 32 bits; a campaign counts up from its own. */
const SEEDS = 2 ** 30;
const BAR_UNITS = 1000;

async function main(options: FuzzOptions): Promise<boolean> {
  const seed = options.seed ?? Math.floor(Math.random() * SEEDS);
  process.stderr.write(`seed ${seed}\n`);
  const targets: FuzzTarget[] = [];
  try {
    const experiments = await prepare(options, targets);
    const results = await runAll(experiments, seed, options);
    process.stdout.write(table(results));
    return results.every(({ failures }) => failures.length === 0);
  } finally {
    for (const target of targets) await target.stop();
  }
}

/** Starts what servers are needed; adds them to `targets`. */
async function prepare({ experiments, areas }: FuzzOptions, targets: FuzzTarget[]): Promise<Experiment[]> {
  const ringkv = await FuzzTarget.start('ringkv');
  targets.push(ringkv);
  const isCompared = experiments.some((name) => COMPARED.some((each) => each === name));
  const redis = isCompared ? await FuzzTarget.start('redis') : undefined;
  if (redis !== undefined) targets.push(redis);
  const compare = (mode: ComparisonMode): Promise<Experiment> => {
    if (redis === undefined) throw new Error('a comparison needs redis-server');
    return comparisonExperiment(ringkv, redis, { mode, areas });
  };
  const makers: Record<ExperimentName, () => Experiment | Promise<Experiment>> = {
    raw: () => rawExperiment(ringkv),
    commands: () => commandExperiment(ringkv),
    reload: () => reloadExperiment(ringkv),
    clients: () => clientsExperiment(ringkv),
    comparison: () => compare('plain'),
    'comparison-cold': () => compare('cold'),
    'comparison-restarts': () => compare('restarts'),
  };
  const made: Experiment[] = [];
  for (const name of experiments) made.push(await makers[name]());
  return made;
}

/** What an experiment has found is printed at its end: the next ones may be broken off. */
async function runAll(
  experiments: readonly Experiment[],
  seed: number,
  options: FuzzOptions,
): Promise<CampaignResult[]> {
  const { seconds, commands, experiments: names } = options;
  const results: CampaignResult[] = [];
  const bar = new ProgressBar(experiments.length * BAR_UNITS);
  const alone = names.filter((name) => isAlone(name)).length;
  for (const [at, experiment] of experiments.entries()) {
    const onProgress = (share: number, failures: number): void => {
      bar.label(`${experiment.name}: ${failures === 0 ? 'nothing wrong' : `${failures} failures`}`);
      bar.advance((at + share) * BAR_UNITS - bar.done);
    };
    const until = isAlone(names[at])
      ? { durationMs: (seconds * 1000) / alone }
      : { durationMs: Infinity, sizeMax: commands };
    const result = await runCampaign(experiment, { seed, ...until, onProgress });
    process.stdout.write(complaints(result, options).join(''));
    results.push(result);
  }
  bar.finish();
  return results;
}

function isAlone(name: ExperimentName): boolean {
  return ALONE.some((each) => each === name);
}

function table(results: readonly CampaignResult[]): string {
  const columns = [left('experiment'), right('runs'), right('commands, connections'), right('failures')];
  const rows = results.map(({ name, runs, size, failures }) => [name, runs, size, failures.length].map(String));
  return textTable(columns, rows);
}

/** A paragraph for each failure: what, the smallest input, and how to replay it. */
function complaints({ name, failures }: CampaignResult, { areas }: FuzzOptions): string[] {
  const some = areas === COMPARED_AREAS ? '' : ` --areas ${areas.join(',')}`;
  return failures.map(({ seed, input, error }) => {
    const lines = input.map((line) => `  ${line}\n`).join('');
    const replay = `npm run fuzz -- --only ${name}${some} --seconds 1 --commands 1 --seed ${seed}`;
    return `\n${error}\nsmallest input found:\n${lines}replay: ${replay}\n`;
  });
}

await runScript({ name: 'fuzz', usage: USAGE, parse: parseOptions, run: main });
