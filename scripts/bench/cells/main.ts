/** `npm run bench:cells`: what a change of a large collection costs on disk. USAGE says how. */
import { resolve } from 'node:path';
import { DataDirs } from '../../tools/data-dirs.js';
import type { Finding } from '../../tools/findings.js';
import { atMost, findingsTable } from '../../tools/findings.js';
import { ProgressBar } from '../../tools/progress-bar.js';
import { runScript } from '../../tools/run-script.js';
import { count, flag, readOptions, text, type ValuesOf } from '../../tools/script-options.js';
import { ServerProcess } from '../../tools/server-process.js';
import { changeFields, loadQueue, passThroughQueue } from './measurements.js';

const USAGE = `npm run bench:cells -- [options]

Measures what is written for some changes of a large hash, and what a queue leaves on disk of what went through it.

  --fields N    fields of the hash (1000000)
  --elements N  elements that go through the queue (1000000)
  --out DIR     where the servers' data goes (bench-out)
  --gate        exit with 1 if a bound is missed
  --help        this text
`;

const FLAGS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
const CHANGES = 1000;
const LOGGED_BYTES_MAX = 200_000;
const FLUSHED_BYTES_MAX = 1_000_000;
const LEFT_BYTES_MAX = 1_000_000;
/** Two blocks: one with the elements that are left, and one that a filter may err about. */
const READ_BYTES_MAX = 16_384;

const OPTIONS = { fields: count(1_000_000), elements: count(1_000_000), out: text('bench-out'), gate: flag };

async function main({ fields, elements, out, gate }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dirs = new DataDirs(resolve(out, 'cells'));
  const bar = new ProgressBar(fields + elements);
  const findings: Finding[] = [];
  const atMostBytes = (what: string, bytes: number, max: number): void => {
    findings.push(atMost(what, bytes, max, kilobytes));
  };
  const start = (dir: string): Promise<ServerProcess> => ServerProcess.start({ kind: 'ringkv', args: FLAGS, dir });
  try {
    bar.label('changing a hash');
    await using(await start(dirs.make('ringkv')), async (server) => {
      const { loggedBytes, flushedBytes } = await changeFields(server, fields, CHANGES, bar);
      const what = `${CHANGES} HSETs on a hash of ${fields} fields`;
      atMostBytes(`${what}: appended to the log`, loggedBytes, LOGGED_BYTES_MAX);
      atMostBytes(`${what}: written by their flush`, flushedBytes, FLUSHED_BYTES_MAX);
    });
    bar.label('filling and emptying a queue');
    const dir = dirs.make('ringkv');
    const what = `a queue that ${elements} elements went through`;
    await using(await start(dir), async (server) => {
      const leftBytes = await passThroughQueue(server, elements, bar);
      atMostBytes(`${what}: on disk after COMPACT`, leftBytes, LEFT_BYTES_MAX);
    });
    await using(await start(dir), async (server) => {
      atMostBytes(`${what}: read by its cold load`, await loadQueue(server, elements), READ_BYTES_MAX);
    });
  } finally {
    dirs.removeAll();
  }
  bar.finish();
  process.stdout.write(findingsTable(findings));
  return !gate || findings.every(({ isMet }) => isMet);
}

async function using(server: ServerProcess, measure: (server: ServerProcess) => Promise<void>): Promise<void> {
  try {
    await measure(server);
  } finally {
    await server.stop();
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

await runScript({ name: 'bench:cells', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
