/** `npm run fuzz`: random input for ringkv. See the help text. */
import { errorText } from '../tools/error-text.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { left, right, textTable } from '../tools/text-table.js';
import { runCampaign, type CampaignResult } from './campaign.js';
import { clientsExperiment } from './clients-experiment.js';
import { commandExperiment } from './command-experiment.js';
import { comparisonExperiment } from './comparison-experiment.js';
import type { Experiment } from './experiment.js';

import { FuzzTarget } from './fuzz-target.js';
import { parseOptions, USAGE, type FuzzOptions } from './options.js';
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
    process.stdout.write(table(results) + results.flatMap((result) => complaints(result, options)).join(''));
    return results.every(({ failures }) => failures.length === 0);
  } finally {
    for (const target of targets) await target.stop();
  }
}

/** Starts what servers are needed; adds them to `targets`. */
async function prepare(options: FuzzOptions, targets: FuzzTarget[]): Promise<Experiment[]> {
  const ringkv = await FuzzTarget.start('ringkv');
  targets.push(ringkv);
  if (options.against) {
    const redis = await FuzzTarget.start('redis');
    targets.push(redis);
    return [await comparisonExperiment(ringkv, redis)];
  }
  const all = {
    raw: rawExperiment(ringkv),
    commands: await commandExperiment(ringkv),
    reload: await reloadExperiment(ringkv),
    clients: await clientsExperiment(ringkv),
  };
  return options.only === undefined ? Object.values(all) : [all[options.only]];
}

async function runAll(
  experiments: readonly Experiment[],
  seed: number,
  { seconds, commands }: FuzzOptions,
): Promise<CampaignResult[]> {
  const results: CampaignResult[] = [];
  const bar = new ProgressBar(experiments.length * BAR_UNITS);
  const until = commands === undefined ? { durationMs: (seconds * 1000) / experiments.length } : { sizeMax: commands };
  for (const [at, experiment] of experiments.entries()) {
    const onProgress = (share: number, failures: number): void => {
      bar.label(`${experiment.name}: ${failures === 0 ? 'nothing wrong' : `${failures} failures`}`);
      bar.advance((at + share) * BAR_UNITS - bar.done);
    };
    results.push(await runCampaign(experiment, { seed, durationMs: Infinity, ...until, onProgress }));
  }
  bar.finish();
  return results;
}

function table(results: readonly CampaignResult[]): string {
  const columns = [left('experiment'), right('runs'), right('commands, connections'), right('failures')];
  const rows = results.map(({ name, runs, size, failures }) => [name, runs, size, failures.length].map(String));
  return textTable(columns, rows);
}

/** A paragraph for each failure: what, the smallest input, and how to replay it. */
function complaints({ name, failures }: CampaignResult, { against }: FuzzOptions): string[] {
  const flags = against ? '--against redis' : `--only ${name}`;
  return failures.map(({ seed, input, error }) => {
    const lines = input.map((line) => `  ${line}\n`).join('');
    return `\n${error}\nsmallest input found:\n${lines}replay: npm run fuzz -- ${flags} --seconds 1 --seed ${seed}\n`;
  });
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  else process.exitCode = (await main(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`fuzz: ${errorText(error)}\n`);
  process.exitCode = 2;
}
