/**
 * `npm run soak:loop`: does any work keep ringkv's event loop from its clients? 99.99 % of the loop's turns must use
 * less than 10 ms of CPU while millions of keys are loaded, and while everything is flushed and compacted with writes going on; with
 * keys all over the slots, and with all of them in one slot.
 */
import { parseArgs } from 'node:util';
import { positiveInteger } from '../tools/arguments.js';
import { DataDirs } from '../tools/data-dirs.js';
import { errorText } from '../tools/error-text.js';
import { loadKeys } from '../tools/pipelined-loader.js';
import { ProgressBar } from '../tools/progress-bar.js';
import type { RespClient } from '../tools/resp-client.js';
import { ServerInfo } from '../tools/server-info.js';
import { ServerProcess } from '../tools/server-process.js';
import { left, right, textTable } from '../tools/text-table.js';
import { isMet, loopFigures, shareOfShortTurns, type LoopFigures } from './loop-figures.js';

const USAGE = `npm run soak:loop -- [options]

Measures the turns of ringkv's event loop under load; exit code 1 if more than 0.01 % use 10 ms of CPU.

  --keys N    keys to load, of 16 bytes with values of 64 (5000000)
  --out DIR   where the server's data goes (bench-out)
  --help      this text
`;

/** Both make keys of 16 bytes. */
const KEY_SPACES = [
  { title: 'keys of all slots', prefix: 'key:' },
  { title: 'keys of one hash tag', prefix: '{t}:' },
];
const FLAGS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
const VALUE_BYTES = 64;
/** Keys that are written between two looks at whether the compaction is over. */
const SLICE_KEYS = 20_000;
const COMPACTION_MS_MAX = 300_000;
/** A compaction is one step of the progress bar for this many keys loaded: it is several times as quick. */
const COMPACTION_WEIGHT = 0.25;

interface Row {
  readonly phase: string;
  readonly figures: LoopFigures;
}

async function main(keys: number, outDir: string): Promise<boolean> {
  const dirs = new DataDirs(outDir);
  const bar = new ProgressBar(KEY_SPACES.length * keys * (1 + COMPACTION_WEIGHT));
  const rows: Row[] = [];
  for (const { title, prefix } of KEY_SPACES) {
    const server = await ServerProcess.start({ kind: 'ringkv', args: FLAGS, dir: dirs.make('ringkv') });
    const client = await server.connect();
    try {
      bar.label(`${title}: loading`);
      rows.push({ phase: `${title}, load`, figures: await measureLoad(server, client, keys, prefix, bar) });
      bar.label(`${title}: compacting`);
      rows.push({ phase: `${title}, compaction`, figures: await measureCompaction(server, client, keys, prefix) });
      bar.advance(keys * COMPACTION_WEIGHT);
    } finally {
      client.close();
      await server.stop();
      dirs.removeAll();
    }
  }
  bar.finish();
  process.stdout.write(table(rows));
  return rows.every(({ figures }) => isMet(figures));
}

async function measureLoad(
  server: ServerProcess,
  client: RespClient,
  keys: number,
  prefix: string,
  bar: ProgressBar,
): Promise<LoopFigures> {
  await client.call('CONFIG', 'RESETSTAT');
  const onProgress = (done: number): void => bar.advance(done);
  await loadKeys({ port: server.port, count: keys, prefix, valueBytes: VALUE_BYTES, onProgress });
  const figures = loopFigures(await info(client, 'loop'));
  const found = await client.call('DBSIZE');
  if (found !== keys) throw new Error(`expected ${keys} keys in the server, found ${String(found)}`);
  return figures;
}

/** COMPACT, with writes going on until it is over. */
async function measureCompaction(
  server: ServerProcess,
  client: RespClient,
  keys: number,
  prefix: string,
): Promise<LoopFigures> {
  const deadlineMs = performance.now() + COMPACTION_MS_MAX;
  await client.call('CONFIG', 'RESETSTAT');
  const state = { isOver: false };
  const other = await server.connect();
  const compacted = other.call('COMPACT').finally(() => (state.isOver = true));
  // It is waited for below, whatever comes of it.
  compacted.catch(() => undefined);
  for (let first = 0; !state.isOver;) {
    if (performance.now() > deadlineMs) throw new Error('the compaction did not end in time');
    const count = Math.min(SLICE_KEYS, keys - first);
    await loadKeys({ port: server.port, first, count, prefix, valueBytes: VALUE_BYTES });
    first = (first + count) % keys;
  }
  await compacted;
  other.close();
  return loopFigures(await info(client, 'loop'));
}

async function info(client: RespClient, section: string): Promise<ServerInfo> {
  return new ServerInfo(String(await client.call('INFO', section)));
}

function table(rows: readonly Row[]): string {
  const columns = ['turns', 'over 10 ms', 'short', 'CPU max ms', 'wall max ms'];
  return textTable(
    [left('phase'), ...columns.map(right), left('outcome')],
    rows.map(({ phase, figures }) => [
      phase,
      String(figures.turns),
      String(figures.longTurns),
      `${(shareOfShortTurns(figures) * 100).toFixed(4)} %`,
      (figures.cpuMaxUs / 1000).toFixed(1),
      (figures.wallMaxUs / 1000).toFixed(1),
      isMet(figures) ? 'met' : 'missed',
    ]),
  );
}

try {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string', default: '5000000' },
      out: { type: 'string', default: 'bench-out' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else process.exitCode = (await main(positiveInteger('--keys', values.keys), values.out)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`soak:loop: ${errorText(error)}\n`);
  process.exitCode = 2;
}
