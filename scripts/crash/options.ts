/** The command line of `npm run soak:crash`. */
import { parseArgs } from 'node:util';
import { positiveInteger } from '../tools/arguments.js';
import type { FsyncPolicy } from './crash-rig.js';

export interface CrashOptions {
  readonly rounds: number;
  readonly policies: readonly FsyncPolicy[];
  readonly writers: number;
  readonly ballastBytes: number;
  readonly outDir: string;
  readonly help: boolean;
}

export const USAGE = `npm run soak:crash -- [options]

Ends ringkv with kill -9 under a load of writes, checks its files, starts it again, and compares what is there with what
was acknowledged; over and over on the same data, which is several times what memory may hold, so that flushes and
compactions are always under way. In every other round COMPACT or SAVE run all the time; in every fifth the end is SIGTERM
instead. Exit code 1 if ringkv check finds damage, anything acknowledged is missing, anything is there that was never sent,
or a start fails.

  --rounds N        rounds of each policy (50)
  --policy P        always, everysec or no: appendfsync (all three, one after the other)
  --writers N       connections that write (6)
  --ballast MB      data that is there all the time (256)
  --out DIR         where the server's data goes (bench-out)
  --help            this text
`;

const POLICIES: readonly FsyncPolicy[] = ['always', 'everysec', 'no'];

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '50' },
      policy: { type: 'string' },
      writers: { type: 'string', default: '6' },
      ballast: { type: 'string', default: '256' },
      out: { type: 'string', default: 'bench-out' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: positiveInteger('--rounds', values.rounds),
    policies: values.policy === undefined ? POLICIES : [policy(values.policy)],
    writers: positiveInteger('--writers', values.writers),
    ballastBytes: positiveInteger('--ballast', values.ballast) * 2 ** 20,
    outDir: values.out,
    help: values.help,
  };
}

function policy(text: string): FsyncPolicy {
  const found = POLICIES.find((name) => name === text);
  if (found === undefined) throw new Error(`--policy must be ${POLICIES.join(', ')}, not '${text}'`);
  return found;
}
