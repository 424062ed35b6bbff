/** One run of some specs with a seed, in a mocha of its own. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

/** What went wrong, as conf/mocha-reporter.js sends it. */
export interface SpecFailure {
  /** Undefined: it belongs to no test. */
  readonly title: string | undefined;
  readonly error: string;
}

export interface SpecOutcome {
  readonly passed: number;
  readonly failures: readonly SpecFailure[];
}

/** More than any group takes; what runs longer hangs, and is ended. */
const RUN_MS_MAX = 12 * 60_000;

/** Runs compiled specs of the repository at `root`. Never rejects: what keeps mocha from its end is a failure. */
export function runSpecs(root: string, files: readonly string[], seed: number): Promise<SpecOutcome> {
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const child = fork(mocha, ['--config', 'conf/mocharc.json', '--exit', ...files], {
    cwd: root,
    env: { ...process.env, RINGKV_SPEC_SEED: String(seed) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise((resolve) => {
    let outcome: SpecOutcome | undefined;
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    child.on('message', (message) => (outcome = message as SpecOutcome));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const error = `mocha ended before the specs did, with ${signal ?? `code ${String(code)}`}`;
      resolve(outcome ?? { passed: 0, failures: [{ title: undefined, error }] });
    });
  });
}
