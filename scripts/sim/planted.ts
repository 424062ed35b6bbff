/** `npm run sim -- --planted NAME`: looks for the first seed that shows a planted bug. */
import type { SeedResult } from '../../spec/sim/run-seed.js';
import { runSeed } from '../../spec/sim/run-seed.js';
import type { PlantedBug } from '../../spec/sim/scenarios/planted.js';
import { shownBy } from '../../spec/sim/scenarios/planted.js';
import { ProgressBar } from '../tools/progress-bar.js';
import type { SimOptions } from './options.js';

/** Whether every bug was found. */
export async function findPlanted(options: SimOptions): Promise<boolean> {
  let isEachFound = true;
  for (const bug of options.planted) {
    const found = await find(bug, options);
    isEachFound &&= found !== undefined;
    process.stdout.write(`${bug.name} (${bug.about}):\n${report(bug, options, found)}`);
  }
  return isEachFound;
}

async function find(bug: PlantedBug, options: SimOptions): Promise<SeedResult | undefined> {
  const { name, scenario, changes } = bug;
  const { from, seeds } = options;
  const bar = new ProgressBar(seeds);
  for (let seed = from; seed < from + seeds; seed++) {
    bar.label(`${name}: seed ${seed}`);
    const planted = scenario(changes);
    const nodes = planted.nodesDefault;
    const result = await runSeed(planted, seed, { nodes });
    bar.advance();
    if (shownBy(bug, result.problems) === undefined) continue;
    // What is wrong without the bug, too, shows nothing.
    const { problems } = await runSeed(scenario({}), seed, { nodes });
    if (problems.length === 0) {
      bar.finish();
      return result;
    }
    process.stdout.write(`seed ${seed} fails without a bug: ${problems[0]}\n`);
  }
  bar.finish();
  return undefined;
}

function report(bug: PlantedBug, { from, seeds }: SimOptions, found: SeedResult | undefined): string {
  if (found === undefined) return `  NOT FOUND by seeds ${from} to ${from + seeds - 1}\n`;
  const news = found.seed === bug.seed ? 'as pinned' : `pinned is ${bug.seed}`;
  return `  seed ${found.seed} (${news}): ${found.headline}\n  ${shownBy(bug, found.problems)}\n`;
}
