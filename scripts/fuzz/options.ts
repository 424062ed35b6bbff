/** The command line of `npm run fuzz`. */
import { parseArgs } from 'node:util';

export interface FuzzOptions {
  /** Undefined: one of the script's choosing. */
  readonly seed: number | undefined;
  readonly seconds: number;
  /** Which experiments to run; all of them unless told. */
  readonly only: string | undefined;
  /** Commands to compare, instead of a time. */
  readonly commands: number | undefined;
  readonly against: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run fuzz -- [options]

Sends ringkv random bytes and random commands. It must go on running and answering, keep its size, and answer each
request with one well-formed reply. What it does wrong is printed with the smallest input that makes it do so, and with
the line that replays it. Exit code 1 if there was anything.

  --seconds N        how long, all experiments together (60)
  --only NAME        raw: bytes that are hardly the protocol; commands: nasty arguments
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
  if (values.only !== undefined && values.only !== 'raw' && values.only !== 'commands')
    throw new Error(`--only must be raw or commands, not '${values.only}'`);
  return {
    seed: values.seed === undefined ? undefined : positive('--seed', values.seed),
    seconds: positive('--seconds', values.seconds),
    only: values.only,
    commands: values.commands === undefined ? undefined : positive('--commands', values.commands),
    against: values.against === 'redis',
    help: values.help,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} must be a whole number from 1 on, not '${text}'`);
  return value;
}
