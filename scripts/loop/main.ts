/**
 * `npm run soak:loop`: does any work keep ringkv's event loop from its clients? 99.99 % of the loop's turns must use
 * less than 10 ms of CPU while millions of keys are loaded, and while everything is flushed and compacted with writes going on; with
 * keys all over the slots, with all of them in one slot, with hashes, and with all in one collection.
 */
import { loadFields, loadHashes, loadMembers, type CollectionLoader } from '../tools/collection-loader.js';
import { DataDirs } from '../tools/data-dirs.js';
import { loadKeys } from '../tools/pipelined-loader.js';
import { ProgressBar } from '../tools/progress-bar.js';
import type { RespClient } from '../tools/resp-client.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, text, type ValuesOf } from '../tools/script-options.js';
import { ServerInfo } from '../tools/server-info.js';
import { ServerProcess } from '../tools/server-process.js';
import { left, right, textTable } from '../tools/text-table.js';
import { isMet, loopFigures, shareOfShortTurns, type LoopFigures } from './loop-figures.js';

const USAGE = `npm run soak:loop -- [options]

Measures the turns of ringkv's event loop under load; exit code 1 if more than 0.01 % use 10 ms of CPU.

  --keys N    keys to load, of 16 bytes with values of 64; a fifth as many hashes, fields and members (5000000)
  --out DIR   where the server's data goes (bench-out)
  --help      this text
`;

const OPTIONS = { keys: count(5_000_000), out: text('bench-out') };
const FLAGS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
const VALUE_BYTES = 64;
/** Keys that are written between two looks at whether the compaction is over. */
const SLICE_KEYS = 20_000;
const COMPACTION_MS_MAX = 300_000;
/** A compaction is one step of the progress bar for this many keys loaded: it is several times as quick. */
const COMPACTION_WEIGHT = 0.25;
/** Keys for each hash, field and member. */
const KEYS_PER_CELL = 5;

/** What is loaded, so many times, and the command that counts it. */
interface Load {
  readonly title: string;
  readonly count: number;
  readonly write: CollectionLoader;
  readonly counting: readonly string[];
}

interface Row {
  readonly phase: string;
  readonly figures: LoopFigures;
}

function loadsOf(keys: number): readonly Load[] {
  const cells = Math.ceil(keys / KEYS_PER_CELL);
  return [
    { title: 'keys of all slots', count: keys, write: keysWith('key:'), counting: ['DBSIZE'] },
    { title: 'keys of one hash tag', count: keys, write: keysWith('{t}:'), counting: ['DBSIZE'] },
    { title: 'hashes', count: cells, write: loadHashes, counting: ['DBSIZE'] },
    { title: 'fields of one hash', count: cells, write: loadFields, counting: ['HLEN', 'hash'] },
    { title: 'members of one sorted set', count: cells, write: loadMembers, counting: ['ZCARD', 'ranking'] },
  ];
}

/** Both prefixes make keys of 16 bytes. */
function keysWith(prefix: 'key:' | '{t}:'): CollectionLoader {
  return (options) => loadKeys({ ...options, prefix, valueBytes: VALUE_BYTES });
}

async function main({ keys, out }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dirs = new DataDirs(out);
  const loads = loadsOf(keys);
  const bar = new ProgressBar(loads.reduce((sum, { count }) => sum + count * (1 + COMPACTION_WEIGHT), 0));
  const rows: Row[] = [];
  for (const load of loads) {
    const { title, count } = load;
    const server = await ServerProcess.start({ kind: 'ringkv', args: FLAGS, dir: dirs.make('ringkv') });
    const client = await server.connect();
    try {
      bar.label(`${title}: loading`);
      rows.push({ phase: `${title}, load`, figures: await measureLoad(server, client, load, bar) });
      bar.label(`${title}: compacting`);
      rows.push({ phase: `${title}, compaction`, figures: await measureCompaction(server, client, load) });
      bar.advance(count * COMPACTION_WEIGHT);
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
  { port }: ServerProcess,
  client: RespClient,
  { count, write, counting }: Load,
  bar: ProgressBar,
): Promise<LoopFigures> {
  await client.call('CONFIG', 'RESETSTAT');
  await write({ port, count, onProgress: (done) => bar.advance(done) });
  const figures = loopFigures(await info(client, 'loop'));
  const found = await client.call(...counting);
  if (found !== count) throw new Error(`expected ${counting.join(' ')} to be ${count}, found ${String(found)}`);
  return figures;
}

/** COMPACT, with the same written again until it is over. */
async function measureCompaction(
  server: ServerProcess,
  client: RespClient,
  { count, write }: Load,
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
    const slice = Math.min(SLICE_KEYS, count - first);
    await write({ port: server.port, first, count: slice, isKnown: true });
    first = (first + slice) % count;
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

await runScript({ name: 'soak:loop', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
