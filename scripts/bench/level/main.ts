/** `npm run bench:level`: ringkv's store beside LevelDB (classic-level), in this very process. USAGE says how. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cpus } from 'node:os';
import { SeededRandom } from '../../../spec/sim/seeded-random.js';
import { diskUsageBytes } from '../../tools/disk-usage.js';
import type { Finding } from '../../tools/findings.js';
import { atLeast, atMost, findingsTable } from '../../tools/findings.js';
import { ProgressBar } from '../../tools/progress-bar.js';
import { runScript } from '../../tools/run-script.js';
import { count, flag, readOptions, text, type ValuesOf } from '../../tools/script-options.js';
import { left, right, textTable } from '../../tools/text-table.js';
import { settle } from '../settle.js';
import type { Engines } from './comparison.js';
import { Comparison } from './comparison.js';
import { DataSet } from './data-set.js';
import { ENGINE_NAMES, openEngine } from './engine.js';
import { checkAll, getEach, getEachSync, inBatches, putBatches, putEach, questions } from './operations.js';

const USAGE = `npm run bench:level -- [options]

Measures ringkv's store beside classic-level (LevelDB for Node), both in one process, in turns. Neither syncs the disk, neither
compresses; the operating system's page cache serves both.

  --keys N     keys of 16 bytes with random values of 100 (1000000)
  --memory N   bytes that each store may take (a quarter of the data)
  --rounds N   rounds of each operation (5)
  --out DIR    where the stores' files go (bench-out)
  --gate       exit with 1 if a bound is missed
  --help       this text
`;

/** So many keys, names one after the other, are hot: they fit into both stores' memory many times. */
const HOT_KEYS = 10_000;
const HOT_PART = 1 / 100;
const GETS = 100_000;
const SYNC_GETS = 500_000;
const KEY_AND_VALUE_BYTES = 116;
const DATA_TO_MEMORY = 4;
const SEED = 4;

const PUT = 'put, 100 in flight';
const BATCH = 'batch of 1000';
const HOT = 'hot get, 100 in flight';
const HOT_SYNC = 'hot getSync';
const COLD = 'cold get, 100 in flight';
/** ringkv's rate to LevelDB's, at least. */
const RATIOS: readonly (readonly [name: string, ratioMin: number])[] = [
  [PUT, 3],
  [BATCH, 1],
  [HOT, 10],
  [HOT_SYNC, 2],
  [COLD, 0.8],
];
/** Bytes on disk to bytes of keys and values. */
const SPACE_MAX = 1.3;

const OPTIONS = { keys: count(1_000_000), memory: count(), rounds: count(5), out: text('bench-out'), gate: flag };

const thisProcess = {
  cpuUs: (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

async function main({ keys, memory, rounds, out, gate }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const directory = resolve(out, 'level');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const memoryBytes = memory ?? Math.ceil((keys * KEY_AND_VALUE_BYTES) / DATA_TO_MEMORY);
  try {
    const findings = await measure(keys, memoryBytes, rounds, directory);
    process.stdout.write(findingsTable(findings));
    return !gate || findings.every(({ isMet }) => isMet);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function measure(keys: number, memoryBytes: number, rounds: number, directory: string): Promise<Finding[]> {
  const bar = new ProgressBar(rounds * 5 + 4);
  const data = new DataSet(keys, new SeededRandom(SEED));
  const open = (name: (typeof ENGINE_NAMES)[number]) => openEngine(name, join(directory, name), memoryBytes);
  const engines: Engines = { level: await open('level'), ringkv: await open('ringkv') };
  const comparison = new Comparison(engines, thisProcess);
  await measureWrites(comparison, data, rounds, bar);
  bar.label('checking every value');
  for (const name of ENGINE_NAMES) await checkAll(engines[name], data);
  bar.advance();
  await measureReads(comparison, engines, data, rounds, bar);
  const space = await measureSpace(engines, data, bar);
  for (const name of ENGINE_NAMES) await engines[name].close();
  bar.finish();
  process.stdout.write(
    `${keys} keys, ${megabytes(data.byteLength)} of keys and values, ${megabytes(memoryBytes)} of memory for each store; ` +
      `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node.js ${process.versions.node}\n\n`,
  );
  process.stdout.write(rateTable(comparison) + '\n');
  return judge(comparison, space);
}

/** Fills both stores: in each round with a share of the keys put one by one, and one in batches. */
async function measureWrites(comparison: Comparison, data: DataSet, rounds: number, bar: ProgressBar): Promise<void> {
  const share = Math.ceil(data.count / rounds / 2);
  for (let round = 0; round < rounds; round++) {
    const at = round * 2 * share;
    bar.label(`writing, round ${round + 1}`);
    const puts = data.puts(data.inRandomOrder(at, at + share));
    await comparison.measure(PUT, puts.length, (engine) => putEach(engine, puts));
    const batches = inBatches(data.puts(data.inRandomOrder(at + share, at + 2 * share)));
    await comparison.measure(BATCH, share, (engine) => putBatches(engine, batches));
    bar.advance(2);
  }
}

async function measureReads(
  comparison: Comparison,
  engines: Engines,
  data: DataSet,
  rounds: number,
  bar: ProgressBar,
): Promise<void> {
  const hot = Math.min(HOT_KEYS, Math.ceil(data.count * HOT_PART));
  for (let round = 0; round < rounds; round++) {
    bar.label(`hot gets, round ${round + 1}`);
    const all = questions(
      data,
      Uint32Array.from({ length: hot }, (_, number) => number),
    );
    for (const name of ENGINE_NAMES) await getEach(engines[name], all);
    const asked = questions(data, data.draw(GETS, hot));
    await comparison.measure(HOT, GETS, (engine) => getEach(engine, asked));
    const many = questions(data, data.draw(SYNC_GETS, hot));
    await comparison.measure(HOT_SYNC, SYNC_GETS, (engine) => {
      getEachSync(engine, many);
      return Promise.resolve();
    });
    bar.advance(2);
  }
  for (let round = 0; round < rounds; round++) {
    bar.label(`cold gets, round ${round + 1}`);
    const asked = questions(data, data.draw(GETS, data.count));
    await comparison.measure(COLD, GETS, (engine) => getEach(engine, asked));
    bar.advance();
  }
}

/** Overwrites half of the keys, compacts, and returns bytes on disk to bytes of data. */
async function measureSpace(engines: Engines, data: DataSet, bar: ProgressBar): Promise<Record<string, number>> {
  bar.label('overwriting half of the keys');
  const half = data.inRandomOrder(0, data.count >>> 1);
  half.forEach((number) => {
    data.change(number);
  });
  const batches = inBatches(data.puts(half));
  for (const name of ENGINE_NAMES) await putBatches(engines[name], batches);
  bar.advance();
  bar.label('compacting');
  const space: Record<string, number> = {};
  for (const name of ENGINE_NAMES) {
    await engines[name].compact();
    await settle(thisProcess);
    space[name] = diskUsageBytes(engines[name].directory) / data.byteLength;
  }
  bar.advance();
  bar.label('checking every value');
  for (const name of ENGINE_NAMES) await checkAll(engines[name], data);
  bar.advance();
  return space;
}

function rateTable(comparison: Comparison): string {
  const columns = ['op/s level', 'ringkv', 'ratio', 'min', 'max', 'CPU us/op level', 'ringkv'];
  const rows = RATIOS.map(([name]) => {
    const { opsPerSecond, cpuUsPerOp, ratio, ratioMin, ratioMax } = comparison.summary(name);
    return [
      name,
      ...[opsPerSecond.level, opsPerSecond.ringkv].map((rate) => `${(rate / 1000).toFixed(0)}k`),
      ...[ratio, ratioMin, ratioMax].map((value) => value.toFixed(2)),
      ...[cpuUsPerOp.level, cpuUsPerOp.ringkv].map((us) => us.toFixed(2)),
    ];
  });
  return textTable([left('operation'), ...columns.map(right)], rows);
}

function judge(comparison: Comparison, space: Record<string, number>): Finding[] {
  const times = (value: number): string => `${value.toFixed(2)} x`;
  return [
    ...RATIOS.map(([name, ratioMin]) =>
      atLeast(`${name}: ringkv's rate to LevelDB's`, comparison.summary(name).ratio, ratioMin, times),
    ),
    atMost(`space on disk to data (LevelDB: ${times(space['level'])})`, space['ringkv'], SPACE_MAX, times),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

await runScript({ name: 'bench:level', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
