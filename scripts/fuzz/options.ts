/** The command line of `npm run fuzz`. */
import { parseArgs } from 'node:util';
import { positiveInteger } from '../tools/arguments.js';

/** What a run without --against consists of. */
const EXPERIMENTS = ['raw', 'commands', 'reload', 'clients'] as const;
export type ExperimentName = (typeof EXPERIMENTS)[number];

export interface FuzzOptions {
  /** Undefined: one of the script's choosing. */
  readonly seed: number | undefined;
  readonly seconds: number;
  /** The only experiment to run. */
  readonly only: ExperimentName | undefined;
  /** Commands to compare, instead of a time. */
  readonly commands: number | undefined;
  readonly against: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run fuzz -- [options]

Sends ringkv random bytes and random commands. It must go on running and answering, keep its size, answer each request
with one well-formed reply, and find its data on the disk again. What it does wrong is printed with the smallest input
that makes it do so, and with the line that replays it. Exit code 1 if there was anything.

  --seconds N        how long, all experiments together (60)
  --only NAME        raw: bytes that are hardly the protocol
                     commands: arguments that nobody should send
                     reload: the data is read from the disk again
                     clients: several, which disturb each other
  --against redis    instead: the same commands to redis-server, which must answer alike
  --commands N       with --against: so many commands, however long that takes
  --seed N           begin with this seed (random)
  --help             this text
`;

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      only: { type: 'string' },
      commands: { type: 'string' },
      against: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.against !== undefined && values.against !== 'redis')
    throw new Error(`--against must be redis, not '${values.against}'`);
  return {
    seed: values.seed === undefined ? undefined : positiveInteger('--seed', values.seed),
    seconds: positiveInteger('--seconds', values.seconds),
    only: values.only === undefined ? undefined : experimentName(values.only),
    commands: values.commands === undefined ? undefined : positiveInteger('--commands', values.commands),
    against: values.against === 'redis',
    help: values.help,
  };
}

function experimentName(text: string): ExperimentName {
  const found = EXPERIMENTS.find((name) => name === text);
  if (found === undefined) throw new Error(`--only must be ${EXPERIMENTS.join(', ')}, not '${text}'`);
  return found;
}
