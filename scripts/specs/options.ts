/** The command line of `npm run soak:specs`. */
import { parseArgs } from 'node:util';
import { positiveInteger } from '../tools/arguments.js';

export interface SoakOptions {
  readonly rounds: number;
  /** The first round's; the next ones' follow. Undefined: one of the script's choosing. */
  readonly seed: number | undefined;
  /** Folders of spec/; empty: all. */
  readonly groups: readonly string[];
  readonly help: boolean;
}

export const USAGE = `npm run soak:specs -- [options] [group ...]

Runs the specs that draw at random, with another seed each round: those of the groups (folders of spec/) that are named, or
all. (npm test draws the same each time.) What fails is printed once, with the line that replays it. Exit code 1 if
anything failed.

  --rounds N        rounds (20)
  --seed N          begin with this seed (random)
  --help            this text
`;

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): SoakOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: positiveInteger('--rounds', values.rounds),
    seed: values.seed === undefined ? undefined : positiveInteger('--seed', values.seed),
    groups: positionals,
    help: values.help,
  };
}
