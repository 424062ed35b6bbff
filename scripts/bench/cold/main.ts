/** `npm run bench:cold`: a data set many times the memory, on a real server. USAGE says how. */
import { resolve } from 'node:path';
import { cpus } from 'node:os';
import { SeededRandom } from '../../../spec/sim/seeded-random.js';
import { shareBelow20Ms } from '../../loop/loop-figures.js';
import { positiveInteger } from '../../tools/arguments.js';
import { DataDirs } from '../../tools/data-dirs.js';
import { diskUsageBytes } from '../../tools/disk-usage.js';
import type { Finding } from '../../tools/findings.js';
import { atLeast, atMost, findingsTable, noted } from '../../tools/findings.js';
import { ProgressBar } from '../../tools/progress-bar.js';
import { runScript } from '../../tools/run-script.js';
import { count, flag, option, readOptions, text, type ValuesOf } from '../../tools/script-options.js';
import { ServerProcess } from '../../tools/server-process.js';
import {
  KEY_BYTES,
  VALUE_BYTES,
  check,
  load,
  randomGets,
  readsPerColdKey,
  readsPerMissingKey,
  rest,
  startAgain,
  stopUnderLoad,
} from './phases.js';
import { storageFigures } from './storage-figures.js';

const USAGE = `npm run bench:cold -- [options]

Loads a data set many times the memory into a ringkv server and measures what users see of it. 20 million keys take about a quarter of an
hour and 6 GB of disk.

  --keys N          keys of 16 bytes with values of 100 (20000000)
  --maxmemory SIZE  as in the configuration, in MB (512mb)
  --check-all       read back every key, not a sample
  --seconds N       how long random GETs are sent (60)
  --out DIR         where the server's data goes (bench-out)
  --gate            exit with 1 if a bound is missed
  --help            this text
`;

const MB = 1024 * 1024;
const SEED = 4;
const SAMPLE_KEYS = 200_000;
const MISSING_KEYS = 200_000;
const COLD_KEYS = 50_000;
const GETS_PER_SECOND = 500;
/** So long is written before the server is killed. */
const KILLED_AFTER_MS = 3000;

const SHORT_TURNS_MIN = 0.9999;
const RSS_LIMITS = 1.3;
const RSS_MORE_BYTES = 200 * MB;
const P99_MS_MAX = 10;
const MISSING_READS_MAX = 0.02;
const COLD_READS_MAX = 1.2;
const START_MS_MAX = 2000;

const OPTIONS = {
  keys: count(20_000_000),
  maxmemory: option((_, given = '512mb') => memoryOf(given)),
  'check-all': flag,
  seconds: count(60),
  out: text('bench-out'),
  gate: flag,
};
type Options = ValuesOf<typeof OPTIONS>;

async function main(options: Options): Promise<boolean> {
  const { keys, maxmemory: memoryMb, seconds } = options;
  const dirs = new DataDirs(resolve(options.out, 'cold'));
  const dir = dirs.make('ringkv');
  const random = new SeededRandom(SEED);
  const args = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory', `${memoryMb}mb`];
  const start = (): Promise<ServerProcess> => ServerProcess.start({ kind: 'ringkv', args, dir });
  const checked = options['check-all'] ? keys : Math.min(keys, SAMPLE_KEYS);
  const bar = new ProgressBar(keys + 3 * checked);
  const findings: Finding[] = [];
  const find = (...found: readonly Finding[]): void => {
    findings.push(...found);
    for (const { what, measured } of found) bar.label(`${what}: ${measured}`);
  };
  let server = await start();
  try {
    bar.label('loading');
    find(...loadFindings(await load(server, keys, bar), options));
    bar.label('waiting for compaction');
    let client = await server.connect();
    await rest(client);
    find(...(await spaceFindings(client, dir, keys)));
    bar.label('checking values');
    await check(server.port, keys, checked, random, bar);
    find(noted('keys read back and found right', String(checked)));
    bar.label(`random GETs for ${seconds} s`);
    find(...latencyFindings(await randomGets(server.port, keys, GETS_PER_SECOND, seconds, random)));
    bar.label('missing keys');
    const missing = await readsPerMissingKey(client, server.port, keys, MISSING_KEYS);
    find(atMost('disk reads for a GET of a missing key', missing, MISSING_READS_MAX, decimals(4)));
    bar.label('compacting');
    const cold = await readsPerColdKey(client, server.port, keys, COLD_KEYS, random);
    find(atMost('block reads for a GET of a cold key, compacted', cold, COLD_READS_MAX, decimals(3)));
    client.close();
    bar.label('restarting');
    await server.stop();
    const stopped = await startAgain(start, keys);
    ({ server } = stopped);
    find(...startFindings('SIGTERM', stopped.figures));
    await check(server.port, keys, checked, random, bar);
    bar.label('killing');
    await stopUnderLoad(server, keys, KILLED_AFTER_MS);
    const killed = await startAgain(start, keys);
    ({ server } = killed);
    find(...startFindings('kill -9 while writing', killed.figures));
    await check(server.port, keys, checked, random, bar);
    client = await server.connect();
    find(noted('keys by DBSIZE at the end', String(await client.call('DBSIZE'))));
    client.close();
  } finally {
    await server.stop();
    dirs.removeAll();
  }
  bar.finish();
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node.js ${process.versions.node}`;
  process.stdout.write(`${keys} keys of ${KEY_BYTES} + ${VALUE_BYTES} bytes, maxmemory ${memoryMb}mb; ${machine}\n\n`);
  process.stdout.write(findingsTable(findings));
  return !options.gate || findings.every(({ isMet }) => isMet);
}

function loadFindings({ seconds, loop, peakRssBytes }: Awaited<ReturnType<typeof load>>, options: Options): Finding[] {
  const percent = (share: number): string => `${(share * 100).toFixed(3)} %`;
  const rssMax = options.maxmemory * MB * RSS_LIMITS + RSS_MORE_BYTES;
  return [
    noted('keys loaded a second', (options.keys / seconds).toFixed(0)),
    atLeast("load: loop's turns under 20 ms of CPU", shareBelow20Ms(loop), SHORT_TURNS_MIN, percent),
    noted(
      "load: loop's longest turn, CPU and wall",
      `${milliseconds(loop.cpuMaxUs / 1000)}, ${milliseconds(loop.wallMaxUs / 1000)}`,
    ),
    atMost('load: peak resident memory', peakRssBytes, rssMax, megabytes),
  ];
}

async function spaceFindings(
  client: Awaited<ReturnType<ServerProcess['connect']>>,
  dir: string,
  keys: number,
): Promise<Finding[]> {
  const { flushes, compactions, writeAmplification } = await storageFigures(client);
  const space = diskUsageBytes(dir) / (keys * (KEY_BYTES + VALUE_BYTES));
  return [
    noted('flushes, compactions', `${flushes}, ${compactions}`),
    noted('write amplification of the load', decimals(2)(writeAmplification)),
    noted('space on disk to data, before COMPACT', decimals(2)(space)),
  ];
}

function latencyFindings({ p50Ms, p99Ms, p999Ms, maxMs }: Awaited<ReturnType<typeof randomGets>>): Finding[] {
  return [
    noted(`random GETs, ${GETS_PER_SECOND} a second: p50`, milliseconds(p50Ms)),
    atMost('p99', p99Ms, P99_MS_MAX, milliseconds),
    noted('p99.9, longest', `${milliseconds(p999Ms)}, ${milliseconds(maxMs)}`),
  ];
}

function startFindings(how: string, figures: { readyMs: number; firstGetMs: number }): Finding[] {
  return [
    atMost(`start after ${how}: first PONG`, figures.readyMs, START_MS_MAX, milliseconds),
    noted(`start after ${how}: first GET`, milliseconds(figures.firstGetMs)),
  ];
}

function decimals(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits);
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(0)} MiB`;
}

function memoryOf(given: string): number {
  const match = /^(\d+)mb$/i.exec(given);
  if (match === null) throw new Error(`--maxmemory must be a number of MB, as 512mb, not '${given}'`);
  return positiveInteger('--maxmemory', match[1]);
}

await runScript({ name: 'bench:cold', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
