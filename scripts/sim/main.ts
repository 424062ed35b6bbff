/** `npm run sim`: seeds of the simulator. See the help text. */
import type { SeedResult } from '../../spec/sim/run-seed.js';
import { runSeed } from '../../spec/sim/run-seed.js';
import { errorText } from '../tools/error-text.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import type { SimOptions } from './options.js';
import { USAGE, parseOptions } from './options.js';
import { findPlanted } from './planted.js';
import { failureReport, seedReport, summary } from './report.js';

async function simulate({ scenario, nodes, from, seeds, trace }: SimOptions): Promise<boolean> {
  let current = from;
  // Nothing in a world is real: a promise that nobody waits for has failed in the seed that runs.
  process.on('unhandledRejection', (error) => {
    process.stdout.write(
      failureReport({ scenario, nodes }, current, '', [`a rejection that nobody took: ${errorText(error)}`]),
    );
    process.exit(1);
  });
  const bar = new ProgressBar(seeds);
  const startMs = performance.now();
  const results: SeedResult[] = [];
  for (; current < from + seeds; current++) {
    bar.label(`seed ${current}`);
    const startCpu = process.cpuUsage();
    const result = await runSeed(scenario, current, { nodes }, trace ? { trace: printLine } : {});
    const { user, system } = process.cpuUsage(startCpu);
    results.push(result);
    bar.advance();
    if (seeds === 1) process.stdout.write(seedReport(result, (user + system) / 1000));
    if (result.problems.length === 0) continue;
    process.stdout.write(failureReport({ scenario, nodes }, current, result.headline, result.problems));
  }
  bar.finish();
  process.stdout.write(summary(results, performance.now() - startMs, process.cpuUsage()));
  return results.every(({ problems }) => problems.length === 0);
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runScript({
  name: 'sim',
  usage: USAGE,
  parse: parseOptions,
  run: (options) => (options.planted.length > 0 ? findPlanted(options) : simulate(options)),
});
