/** Short programs of the system: apt-get, tar, redis-server --version. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const TIMEOUT_MS = 300_000;

/** Runs a program to its end and returns its stdout. Rejects with what it wrote to stderr if it fails. */
export async function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    const options = { cwd, maxBuffer: OUTPUT_BYTES_MAX, timeout: TIMEOUT_MS };
    return (await execFileAsync(program, args, options)).stdout;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new Error(`${[program, ...args].join(' ')} failed${said === '' ? '' : `:\n${said}`}`, { cause });
  }
}

/** Whether the program is there and answers these arguments with success. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, args);
    return true;
  } catch {
    return false;
  }
}
