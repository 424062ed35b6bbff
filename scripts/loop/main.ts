/**
 * `npm run soak:loop`: does any work keep ringkv's event loop from its clients? 99.99 % of the loop's turns must use
 * less than 10 ms of CPU while millions of keys are loaded, and while the log is rewritten with writes going on; with
 * keys all over the slots, and with all of them in one slot.
 */
import { parseArgs } from 'node:util';
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
const FLAGS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0'];
const VALUE_BYTES = 64;
/** Keys that are written between two looks at whether the rewrite is over. */
const REWRITE_SLICE_KEYS = 20_000;
const REWRITE_MS_MAX = 300_000;
/** A rewrite is one step of the progress bar for this many keys loaded: it is several times as quick. */
const REWRITE_WEIGHT = 0.25;

interface Row {
  readonly phase: string;
  readonly figures: LoopFigures;
}

async function main(keys: number, outDir: string): Promise<boolean> {
  const dirs = new DataDirs(outDir);
  const bar = new ProgressBar(KEY_SPACES.length * keys * (1 + REWRITE_WEIGHT));
  const rows: Row[] = [];
  for (const { title, prefix } of KEY_SPACES) {
    const server = await ServerProcess.start({ kind: 'ringkv', args: FLAGS, dir: dirs.make('ringkv') });
    const client = await server.connect();
    try {
      bar.label(`${title}: loading`);
      rows.push({ phase: `${title}, load`, figures: await measureLoad(server, client, keys, prefix, bar) });
      bar.label(`${title}: rewriting the log`);
      rows.push({ phase: `${title}, rewrite`, figures: await measureRewrite(server, client, keys, prefix) });
      bar.advance(keys * REWRITE_WEIGHT);
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

async function measureRewrite(
  server: ServerProcess,
  client: RespClient,
  keys: number,
  prefix: string,
): Promise<LoopFigures> {
  const deadlineMs = performance.now() + REWRITE_MS_MAX;
  await client.call('CONFIG', 'RESETSTAT');
  await client.call('BGREWRITEAOF');
  let first = 0;
  do {
    if (performance.now() > deadlineMs) throw new Error('the rewrite of the log did not end in time');
    const count = Math.min(REWRITE_SLICE_KEYS, keys - first);
    await loadKeys({ port: server.port, first, count, prefix, valueBytes: VALUE_BYTES });
    first = (first + count) % keys;
  } while ((await info(client, 'persistence')).number('aof_rewrite_in_progress') !== 0);
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
  const keys = Number(values.keys);
  if (!Number.isSafeInteger(keys) || keys < 1)
    throw new Error(`--keys must be a whole number from 1 on, not '${values.keys}'`);
  if (values.help) process.stdout.write(USAGE);
  else process.exitCode = (await main(keys, values.out)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`soak:loop: ${errorText(error)}\n`);
  process.exitCode = 2;
}
