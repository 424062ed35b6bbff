/** The command line of `npm run soak:crash`. */
import { oneOf } from '../tools/arguments.js';
import { count, readOptions, text } from '../tools/script-options.js';
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
  const { policy, ballast, out, ...values } = readOptions(args, {
    rounds: count(50),
    policy: text(),
    writers: count(6),
    ballast: count(256),
    out: text('bench-out'),
  });
  return {
    ...values,
    policies: policy === undefined ? POLICIES : [oneOf('--policy', POLICIES, policy)],
    ballastBytes: ballast * 2 ** 20,
    outDir: out,
  };
}
