/** What is the same in every script: its options are read, its help is printed, and its exit code says how it went. */
import { errorText } from './error-text.js';

export interface Script<O> {
  /** As in `npm run name`. */
  readonly name: string;
  /** Those behind the script's name, unless some were taken away. */
  readonly args?: readonly string[];
  readonly usage: string;
  /** Reads the arguments. Throws an error fit for the user if they make no sense. */
  readonly parse: (args: readonly string[]) => O & { readonly help: boolean };
  /** Does the work; resolves to whether all is as it must be. */
  readonly run: (options: O) => Promise<boolean>;
}

/** Runs a script to its end. Exit code: 0 if all is as it must be, 1 if not, 2 if it could not be found out. */
export async function runScript<O>({
  name,
  args = process.argv.slice(2),
  usage,
  parse,
  run,
}: Script<O>): Promise<void> {
  try {
    const options = parse(args);
    if (options.help) process.stdout.write(usage);
    else if (!(await run(options))) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${name}: ${errorText(error)}\n`);
    process.exitCode = 2;
  }
}
