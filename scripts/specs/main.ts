/** `npm run soak:specs`: the specs that draw at random, again and again. See the help text. */
import { join } from 'node:path';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { repositoryRoot } from '../tools/repository-root.js';
import { parseOptions, USAGE, type SoakOptions } from './options.js';
import { findRandomGroups } from './random-specs.js';
import { soak, soakReport } from './soak.js';
import { runSpecs } from './spec-run.js';

/** The seeds of fast-check are 32 bits; a campaign counts up from its own. */
const SEEDS = 2 ** 30;

async function main({ rounds, groups: wanted, seed: given }: SoakOptions): Promise<boolean> {
  const root = repositoryRoot();
  const groups = findRandomGroups(join(root, 'dist', 'spec'), wanted);
  const seed = given ?? Math.floor(Math.random() * SEEDS);
  process.stderr.write(`seed ${seed}\n`);
  const bar = new ProgressBar(rounds * groups.length);
  let state = 'nothing wrong';
  const results = await soak({
    groups,
    rounds,
    seed,
    run: ({ files }, each) => runSpecs(root, files, each),
    onRun: (round, { name }) => bar.label(`round ${round + 1}, ${name}: ${state}`),
    onDone: (failures) => {
      if (failures > 0) state = `${failures} failures`;
      bar.advance();
    },
  });
  bar.finish();
  process.stdout.write(soakReport(results));
  return results.every(({ failures }) => failures.length === 0);
}

await runScript({ name: 'soak:specs', usage: USAGE, parse: parseOptions, run: main });
