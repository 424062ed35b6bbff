import { argumentText } from './command-text.js';
import { send } from './conversation.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';
import { rawInput, writesOf } from './raw-bytes.js';

/** Bytes that are hardly the protocol. */
export function rawExperiment(target: FuzzTarget): Experiment {
  return experiment({
    name: 'raw',
    arbitrary: rawInput,
    test: async (input) => {
      await target.revive();
      await send(target, input);
      await target.check();
    },
    describe: (input) => writesOf(input).map(argumentText),
    sizeOf: () => 1,
  });
}
