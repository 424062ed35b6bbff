/** The command line of `npm run fuzz`. */
import { oneOf } from '../tools/arguments.js';
import { count, readOptions, several, text } from '../tools/script-options.js';
import type { Area } from './command-syntax.js';
import { COMPARED_AREAS } from './comparison-experiment.js';

/** Experiments with ringkv alone, for a time; and comparisons with redis-server, of so many commands. */
export const ALONE = ['raw', 'commands', 'reload', 'clients'] as const;
export const COMPARED = ['comparison', 'comparison-cold', 'comparison-restarts'] as const;
const EXPERIMENTS = [...ALONE, ...COMPARED] as const;
export type ExperimentName = (typeof EXPERIMENTS)[number];

export interface FuzzOptions {
  /** Undefined: one of the script's choosing. */
  readonly seed: number | undefined;
  /** How long the experiments with ringkv alone take, all together. */
  readonly seconds: number;
  /** The experiments to run, in order. */
  readonly experiments: readonly ExperimentName[];
  /** Commands in each comparison. */
  readonly commands: number;
  /** What is compared. */
  readonly areas: readonly Area[];
  readonly help: boolean;
}

export const USAGE = `npm run fuzz -- [options]

Sends ringkv random bytes and random commands. It must go on running and answering, keep its size, answer each request
with one well-formed reply, and find its data on the disk again. Then redis-server gets the same random commands, and
must answer alike. What ringkv does wrong is printed with the smallest input that makes it do so, and with the line that
replays it. Exit code 1 if there was anything.

  --only NAME        only this; may come more than once:
                       raw                  bytes that are hardly the protocol
                       commands             arguments that nobody should send
                       reload               the data is read from the disk again
                       clients              several, which disturb each other
                       comparison           the same commands to redis-server
                       comparison-cold      the same while ringkv's data leaves the memory now and then
                       comparison-restarts  the same while ringkv ends and comes back now and then
  --seconds N        how long the first four take together (60)
  --commands N       how many commands each comparison has (100000)
  --areas A,B        what is compared (all): ${COMPARED_AREAS.slice(0, 7).join(', ')},
                     ${COMPARED_AREAS.slice(7).join(', ')}
  --seed N           begin with this seed (random)
  --help             this text
`;

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): FuzzOptions {
  const { only, areas, ...values } = readOptions(args, {
    seed: count(),
    seconds: count(60),
    only: several,
    commands: count(100_000),
    areas: text(),
  });
  return {
    ...values,
    experiments: only.length === 0 ? EXPERIMENTS : only.map((name) => oneOf('--only', EXPERIMENTS, name)),
    areas:
      areas === undefined ? COMPARED_AREAS : areas.split(',').map((name) => oneOf('--areas', COMPARED_AREAS, name)),
  };
}
