/** The files of a node, for specs that damage them, and what the server says to that. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTABLE } from '../../scripts/tools/executable.js';

const START_MS_MAX = 20_000;

/** Paths of the log's segments, oldest first. */
export function logFiles(dir: string): string[] {
  return filesIn(join(dir, 'aof'), /\.aof$/);
}

/** Paths of the tables, oldest first. */
export function tableFiles(dir: string): string[] {
  return filesIn(join(dir, 'tables'), /\.sst$/);
}

/** Paths of what says which tables there are. */
export function manifestFiles(dir: string): string[] {
  return filesIn(dir, /^(CURRENT$|manifest-)/);
}

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(folder)
    .filter((each) => name.test(each))
    .sort()
    .map((each) => join(folder, each));
}

/** Changes one bit of a file. */
export function flipBit(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] ^= 1;
  writeFileSync(path, bytes);
}

/** Runs a server that must not start; the port is never used. */
export function startInVain(dir: string): { readonly code: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [EXECUTABLE, '--port', '0', '--dir', dir], {
    timeout: START_MS_MAX,
    encoding: 'utf8',
  });
  return { code: status, stderr };
}
