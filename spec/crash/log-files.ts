/** The files of a node's log, for specs that damage them, and what the server says to that. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../lib/main.js', import.meta.url));
const START_MS_MAX = 20_000;

/** Paths of the log's files with this ending, oldest first. */
export function logFiles(dir: string, ending: '.aof' | '.base'): string[] {
  const folder = join(dir, 'aof');
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/** Changes one bit of a file. */
export function flipBit(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] ^= 1;
  writeFileSync(path, bytes);
}

/** Runs a server that must not start; the port is never used. */
export function startInVain(dir: string): { readonly code: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--port', '0', '--dir', dir], {
    timeout: START_MS_MAX,
    encoding: 'utf8',
  });
  return { code: status, stderr };
}
