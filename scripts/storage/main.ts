/** `npm run soak:storage`: does anything make writers stop while a data set many times the memory is overwritten? USAGE says how. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataDirs } from '../tools/data-dirs.js';
import { diskUsageBytes } from '../tools/disk-usage.js';
import type { Finding } from '../tools/findings.js';
import { atMost, findingsTable, noted } from '../tools/findings.js';
import { loadKeys, readKeys } from '../tools/pipelined-loader.js';
import { ProgressBar } from '../tools/progress-bar.js';
import type { RespClient } from '../tools/resp-client.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, text, type ValuesOf } from '../tools/script-options.js';
import { ServerInfo } from '../tools/server-info.js';
import { ServerProcess } from '../tools/server-process.js';
import { columnsChart } from './columns-chart.js';
import type { Sample } from './samples.js';
import { storeState, summarize } from './samples.js';

const USAGE = `npm run soak:storage -- [options]

Overwrites keys at random, as fast as the server lets it, and notes every second how much was written, how writers were held back, and
what the levels look like. Ends with charts; exit code 1 if a second passed without a write.

  --minutes N       how long (10)
  --keys N          keys of 16 bytes with values of 100 (5000000)
  --maxmemory SIZE  as in the configuration (128mb)
  --out DIR         where the server's data goes (bench-out)
  --help            this text
`;

const KEY_BYTES = 16;
const VALUE_BYTES = 100;
const WRITERS = 4;
/** Writes that a writer is given at a time. */
const SLICE_WRITES = 100_000;
const CHECKED_KEYS = 200_000;
const CHART_WIDTH = 100;
const CHART_HEIGHT = 8;

const OPTIONS = { minutes: count(10), keys: count(5_000_000), maxmemory: text('128mb'), out: text('bench-out') };

async function main({ minutes, keys, maxmemory, out }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dirs = new DataDirs(resolve(out, 'storage'));
  const dir = dirs.make('ringkv');
  const seconds = minutes * 60;
  const bar = new ProgressBar(seconds * 1.1);
  const args = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory', maxmemory];
  const server = await ServerProcess.start({ kind: 'ringkv', args, dir });
  try {
    bar.label('loading');
    await loadKeys({ port: server.port, count: keys, valueBytes: VALUE_BYTES, stamped: true });
    bar.advance(seconds * 0.1);
    const samples = await soak(server, keys, seconds, bar);
    bar.label('checking values');
    const numberAt = (turn: number): number => scattered(turn, keys);
    await readKeys({ port: server.port, count: CHECKED_KEYS, numberAt, valueBytes: VALUE_BYTES });
    bar.finish();
    const space = diskUsageBytes(dir) / (keys * (KEY_BYTES + VALUE_BYTES));
    process.stdout.write(charts(samples));
    const findings = findingsOf(samples, space);
    process.stdout.write(`${keys} keys, maxmemory ${maxmemory}\n\n${findingsTable(findings)}`);
    return findings.every(({ isMet }) => isMet);
  } finally {
    await server.stop();
    dirs.removeAll();
  }
}

/** Writes for so many seconds, and looks every second. */
async function soak(server: ServerProcess, keys: number, seconds: number, bar: ProgressBar): Promise<Sample[]> {
  const client = await server.connect();
  const count = { writes: 0, isOver: false };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(server.port, keys, writer, count));
  const ended = Promise.all(writers);
  let hasFailed = false;
  ended.catch(() => (hasFailed = true));
  const samples: Sample[] = [];
  try {
    let before = { writes: 0, delayedMs: (await stateOf(client)).delayedMs };
    const startMs = performance.now();
    for (let second = 1; second <= seconds && !hasFailed; second++) {
      await sleep(Math.max(0, startMs + second * 1000 - performance.now()));
      const { writes } = count;
      const { delayedMs, ...state } = await stateOf(client);
      samples.push({ ...state, writes: writes - before.writes, delayMs: delayedMs - before.delayedMs });
      before = { writes, delayedMs };
      bar.label(`${writes} writes, ${state.level0Tables} tables in level 0`);
      bar.advance();
    }
  } finally {
    count.isOver = true;
    client.close();
  }
  await ended;
  return samples;
}

/** Overwrites keys, a slice after the other, until the soak is over. */
async function write(
  port: number,
  keys: number,
  writer: number,
  count: { writes: number; readonly isOver: boolean },
): Promise<void> {
  const onProgress = (writes: number): void => void (count.writes += writes);
  for (let slice = writer; !count.isOver; slice += WRITERS) {
    const numberAt = (turn: number): number => scattered(slice * SLICE_WRITES + turn, keys);
    await loadKeys({ port, count: SLICE_WRITES, numberAt, valueBytes: VALUE_BYTES, stamped: true, onProgress });
  }
}

/** A number below `limit` for each turn, in no order. */
function scattered(turn: number, limit: number): number {
  let mixed = Math.imul(turn ^ (turn >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % limit;
}

async function stateOf(client: RespClient): Promise<ReturnType<typeof storeState>> {
  return storeState(new ServerInfo(String(await client.call('INFO', 'storage'))));
}

function charts(samples: readonly Sample[]): string {
  const size = { width: CHART_WIDTH, height: CHART_HEIGHT };
  const whole = (value: number): string => value.toFixed(0);
  const small = { width: CHART_WIDTH, height: CHART_HEIGHT / 2, word: whole };
  return [
    columnsChart({
      ...size,
      title: 'writes a second',
      values: samples.map(({ writes }) => writes),
      word: (value) => `${(value / 1000).toFixed(0)}k`,
    }),
    columnsChart({ ...small, title: 'tables in level 0', values: samples.map(({ level0Tables }) => level0Tables) }),
    columnsChart({ ...small, title: 'delay, ms in a second', values: samples.map(({ delayMs }) => delayMs) }),
    columnsChart({
      ...small,
      title: 'write amplification so far',
      values: samples.map(({ writtenBytes, appendedBytes }) => writtenBytes / Math.max(1, appendedBytes)),
      word: (value) => value.toFixed(1),
    }),
  ].join('\n');
}

function findingsOf(samples: readonly Sample[], space: number): Finding[] {
  const summary = summarize(samples);
  return [
    atMost('seconds without a write', summary.secondsWithoutWrites, 0, (value) => value.toFixed(0)),
    noted(
      'writes a second: least, median, most',
      [summary.writesMin, summary.writesMedian, summary.writesMax].join(', '),
    ),
    noted('write amplification', summary.writeAmplification.toFixed(2)),
    noted('seconds in which writers were held back for most of it', `${summary.stalledSeconds} of ${summary.seconds}`),
    noted('delay, all turns together', `${(summary.delayMs / 1000).toFixed(1)} s`),
    noted('tables in level 0, most', String(Math.max(...samples.map(({ level0Tables }) => level0Tables)))),
    noted('space on disk to data at the end', space.toFixed(2)),
  ];
}

await runScript({ name: 'soak:storage', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
