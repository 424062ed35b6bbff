import { expect } from 'chai';

import { runSeed } from '../run-seed.js';
import { plantedBugs, shownBy } from './planted.js';

/** When what seeds do has changed, one of so many from the pinned one on shows a bug still. */
const SEEDS_MAX = 30;

describe('the simulator finds planted bugs', function () {
  this.timeout(120_000);

  for (const bug of plantedBugs) {
    it(`${bug.name}: ${bug.about}`, async () => {
      const { scenario, changes, seed: pinned, name } = bug;
      const nodes = scenario({}).nodesDefault;
      for (let seed = pinned; seed < pinned + SEEDS_MAX; seed++) {
        const { problems } = await runSeed(scenario(changes), seed, { nodes });
        if (shownBy(bug, problems) === undefined) continue;
        expect((await runSeed(scenario({}), seed, { nodes })).problems, `seed ${seed} without the bug`).to.deep.equal(
          [],
        );
        return;
      }
      expect.fail(`nothing shows it any more: npm run sim -- --planted ${name} finds a new seed`);
    });
  }
});
