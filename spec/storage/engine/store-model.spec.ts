/**
 * The same operations give the same answers as a plain Map, however large segments, tables, caches and levels are, whatever is dropped
 * from memory, however long the disk and the jobs take, and however often the store is closed, killed and begun again.
 */

import fc from 'fast-check';

import { StoreBench } from './store-bench.js';
import { Runner, command, settings } from './store-runner.js';

const RUNS = Number(process.env['STORE_MODEL_RUNS'] ?? 200);

describe('Store against plain Maps', function () {
  this.timeout(3_600_000);
  it('answers the same, whatever its sizes and whatever happens beside', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 120, size: 'max' }),
        settings,
        fc.nat(),
        async (commands, first, seed) => {
          const bench = await StoreBench.create({ settings: first, seed, isStepped: true });
          const runner = new Runner(bench);
          for (const next of commands) await runner.run(next);
          await runner.end();
        },
      ),
      { numRuns: RUNS },
    );
  });
});
