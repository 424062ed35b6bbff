/** `npm run bench:cells`: what a change of a large collection costs on disk. USAGE says how. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { positiveInteger } from '../../tools/arguments.js';
import { DataDirs } from '../../tools/data-dirs.js';
import { errorText } from '../../tools/error-text.js';
import type { Finding } from '../../tools/findings.js';
import { atMost, findingsTable } from '../../tools/findings.js';
import { ProgressBar } from '../../tools/progress-bar.js';
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

interface Options {
  readonly fields: number;
  readonly elements: number;
  readonly outDir: string;
}

async function main({ fields, elements, outDir }: Options): Promise<boolean> {
  const dirs = new DataDirs(join(outDir, 'cells'));
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
  return findings.every(({ isMet }) => isMet);
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

try {
  const { values } = parseArgs({
    options: {
      fields: { type: 'string', default: '1000000' },
      elements: { type: 'string', default: '1000000' },
      out: { type: 'string', default: 'bench-out' },
      gate: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else {
    const isMet = await main({
      fields: positiveInteger('--fields', values.fields),
      elements: positiveInteger('--elements', values.elements),
      outDir: resolve(values.out),
    });
    if (values.gate && !isMet) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`bench:cells: ${errorText(error)}\n`);
  process.exitCode = 2;
}
