import { commandsOf } from './command-arbitrary.js';
import { commandText } from './command-text.js';
import { commandsOfArea } from './command-syntax.js';
import { COMPARED_AREAS } from './comparison-experiment.js';
import { converse } from './conversation.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';
import { differenceOf, takeSnapshot } from './snapshot.js';

const WAITING: ReadonlySet<string> = new Set([...commandsOfArea('blocking'), ...commandsOfArea('transactions')]);

/** How the data is read from the disk again: as it was logged, and after it was written anew. */
const RELOADS = ['LOADAOF', 'RELOAD'];

/** What commands have done must be there when the data is read from the disk again. */
export async function reloadExperiment(target: FuzzTarget): Promise<Experiment> {
  const names = new Set(COMPARED_AREAS.flatMap(commandsOfArea));
  const rows = (await target.commands()).filter(({ name }) => names.has(name) && !WAITING.has(name));
  return experiment({
    name: 'reload',
    arbitrary: commandsOf(rows),
    test: async (commands) => {
      await target.clear();
      await converse(target, commands);
      const before = await takeSnapshot(target);
      for (const how of RELOADS) {
        await target.ask('DEBUG', how);
        const difference = differenceOf(before, await takeSnapshot(target));
        if (difference !== undefined) throw new Error(`DEBUG ${how} has changed the data: ${difference}`);
      }
      await target.check();
    },
    describe: (commands) => commands.map(commandText),
    sizeOf: (commands) => commands.length,
  });
}
