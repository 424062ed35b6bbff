/** `npm run bench -- cluster`: what replication costs, beside a single node and beside others who replicate. USAGE says how. */
import { cpus } from 'node:os';
import type { Finding } from '../../tools/findings.js';
import { atLeast, atMost, findingsTable, noted } from '../../tools/findings.js';
import { ProgressBar } from '../../tools/progress-bar.js';
import { flag, readOptions, type ValuesOf } from '../../tools/script-options.js';
import { left, right, textTable } from '../../tools/text-table.js';
import type { LoadFigures, NextKey } from './load.js';
import { KEYS, keysAtRandom, keysInOrder } from './load.js';
import type { Operation, System } from './systems.js';
import { ETCD, ONE_NODE, RING, RING_ALWAYS, SYSTEMS } from './systems.js';

const USAGE = `npm run bench -- cluster [options]

Three nodes of ringkv with N=3, W=2, R=2 in processes of their own, beside one node, beside redis-server with two replicas and WAIT 1 after
each write, and beside etcd with three members: operations a second, latency of a pipeline, and CPU time of all processes
per operation. All clients are connected to one of the nodes. A key's first CAS is measured apart: it makes the key one about
which consensus decides.

  --quick   shorter measurements: less than three minutes in all
  --gate    exit with 1 if a bound is missed
  --help    this text
`;

const OPTIONS = { quick: flag, gate: flag };
const CONNECTIONS = 50;
const SECONDS = 8;
const QUICK_SECONDS = 2;

const LOADS: readonly (readonly [operation: Operation, pipeline: number])[] = [
  ['SET', 16],
  ['SET', 1],
  ['GET', 16],
  ['INCR', 16],
  ['first CAS', 1],
  ['CAS', 1],
];
/** A key that the clients of one node alone have changed so often is that one's to decide about. */
const CAS_BEFORE = 3;

/** CPU of all nodes of a ring for a SET, to that of one node; measured 3.55. */
const CPU_RATIO_MAX = 4.5;
const COMPARED = 'CAS, P=1';
/** SETs a second of a ring to etcd's puts. */
const ETCD_RATIO_MIN = 10;

interface Row extends LoadFigures {
  readonly system: string;
  readonly load: string;
  readonly cpuUs: number;
}

async function measureAll(seconds: number): Promise<{ rows: Row[]; missing: string[] }> {
  const bar = new ProgressBar(SYSTEMS.length * LOADS.length);
  const rows: Row[] = [];
  const missing: string[] = [];
  for (const kind of SYSTEMS) {
    const { name, operations } = kind;
    bar.label(name);
    const system = await kind.start();
    if (system === undefined) missing.push(name);
    try {
      for (const [operation, pipeline] of LOADS) {
        if (system !== undefined && operations.includes(operation)) {
          rows.push({ system: name, ...(await measure(system, operation, pipeline, seconds)) });
        }
        bar.advance();
      }
    } finally {
      await system?.stop();
    }
  }
  bar.finish();
  return { rows, missing };
}

async function measure(
  system: System,
  operation: Operation,
  pipeline: number,
  seconds: number,
): Promise<Omit<Row, 'system'>> {
  const load = (nextKey: NextKey): Promise<LoadFigures> =>
    system.load(operation, { connections: CONNECTIONS, pipeline, nextKey });
  const isFirst = operation === 'first CAS';
  if (operation === 'CAS') for (let i = 0; i < CAS_BEFORE; i++) await load(keysInOrder(0, KEYS));
  // Code is compiled, and the disk has what it wants.
  await load(isFirst ? keysInOrder(0, KEYS / 2) : keysAtRandom(seconds));
  const beforeUs = system.cpuUs();
  const figures = await load(isFirst ? keysInOrder(KEYS / 2, KEYS) : keysAtRandom(seconds));
  return { load: `${operation}, P=${pipeline}`, cpuUs: (system.cpuUs() - beforeUs) / figures.count, ...figures };
}

function table(rows: readonly Row[]): string {
  const columns = [left('load'), left('system'), right('op/s'), right('p50 ms'), right('p99 ms'), right('CPU us/op')];
  const byLoad = LOADS.flatMap(([operation, pipeline]) =>
    rows.filter(({ load }) => load === `${operation}, P=${pipeline}`),
  );
  return textTable(
    columns,
    byLoad.map(({ load, system, perSecond, p50Ms, p99Ms, cpuUs }) => [
      load,
      system,
      perSecond.toFixed(0),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      cpuUs.toFixed(1),
    ]),
  );
}

function judge(rows: readonly Row[], missing: readonly string[]): Finding[] {
  const times = (value: number): string => `${value.toFixed(2)} x`;
  const figure = (name: string, key: 'cpuUs' | 'perSecond' | 'p50Ms', of = 'SET, P=16'): number =>
    rows.find(({ system, load }) => system === name && load === of)?.[key] ?? NaN;
  const findings = [
    atMost(
      'SET, P=16: CPU of three nodes to that of one',
      figure(RING, 'cpuUs') / figure(ONE_NODE, 'cpuUs'),
      CPU_RATIO_MAX,
      times,
    ),
  ];
  if (missing.includes(ETCD)) return [...findings, noted("SETs a second to etcd's puts", 'etcd is not installed')];
  const etcd = figure(ETCD, 'perSecond');
  return [
    ...findings,
    atLeast("SETs a second to etcd's puts", figure(RING, 'perSecond') / etcd, ETCD_RATIO_MIN, times),
    noted('the same, appendfsync always', times(figure(RING_ALWAYS, 'perSecond') / etcd)),
    atLeast(
      "CAS a second to etcd's transactions, all synced",
      figure(RING, 'perSecond', COMPARED) / figure(ETCD, 'perSecond', COMPARED),
      1,
      times,
    ),
    atMost(
      'the same: the median of their latencies',
      figure(RING, 'p50Ms', COMPARED) / figure(ETCD, 'p50Ms', COMPARED),
      1,
      times,
    ),
  ];
}

async function benchRing({ quick, gate }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const { rows, missing } = await measureAll(quick ? QUICK_SECONDS : SECONDS);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
  process.stdout.write(`${CONNECTIONS} connections, values of 32 bytes, ${KEYS} keys; ${machine}\n\n`);
  process.stdout.write(table(rows) + '\n');
  for (const name of missing) process.stdout.write(`${name}: not installed\n`);
  const findings = judge(rows, missing);
  process.stdout.write(findingsTable(findings));
  return !gate || findings.every(({ isMet }) => isMet);
}

/** `npm run bench -- cluster`, for runScript. */
export const ringBench = {
  usage: USAGE,
  parse: (args: readonly string[]) => readOptions(args, OPTIONS),
  run: benchRing,
};
