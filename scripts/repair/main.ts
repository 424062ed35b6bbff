/**
 * `npm run bench:repair`: what anti-entropy costs, on two real processes with the same keys: after some keys were written to one of them alone, and when nothing has
 * changed. Exit code 1 if that is more than it may be.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RingProcesses } from '../ring-faults/ring-processes.js';
import { keyName, loadKeys } from '../tools/pipelined-loader.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, type ValuesOf } from '../tools/script-options.js';
import { ServerInfo } from '../tools/server-info.js';

const USAGE = `npm run bench:repair -- [options]

Two nodes with the same keys; some of them are written to one node while the other is away and nothing is kept for it. Measures what
RING REPAIR sends and reads, and what a comparison costs when nothing has changed.

  --keys N      how many keys (1000000)
  --differ N    how many of them are written to one node (100)
  --help        this text
`;

const OPTIONS = { keys: count(1_000_000), differ: count(100) };
const RING_ARGS = ['--repair-interval', '0', '--hint-size-max', '1', '--cluster-replicas', '2'];
const VALUE_BYTES = 64;
const LOOK_MS = 200;
const REPAIR_MS_MAX = 600_000;
const SENT_BYTES_MAX = 1024 * 1024;
const IDLE_ROUNDS = 12;
/** Once a minute would be often: the default of repair-interval is an hour. */
const IDLE_BYTES_A_MINUTE_MAX = 100 * 1024;

/** What both nodes have done for repair so far. */
interface Figures {
  readonly sentBytes: number;
  readonly readBytes: number;
  readonly tableBytes: number;
  readonly rounds: number;
  readonly divergence: number;
}

async function main(options: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'ringkv-repair-'));
  const ring = await RingProcesses.start({ count: 2, dir, args: RING_ARGS });
  try {
    return await measure(ring, options);
  } finally {
    await ring.stop();
    rmSync(dir, { recursive: true });
  }
}

async function measure(ring: RingProcesses, { keys, differ }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  await loadKeys({ port: ring.addresses[0].port, count: keys, valueBytes: VALUE_BYTES });
  for (const node of [0, 1]) await call(ring, node, 'SAVE');
  print(`${keys} keys of ${VALUE_BYTES} bytes at two nodes`);
  await ring.node(1).stop();
  await call(ring, 0, 'CONFIG', 'SET', 'write-consistency', 'one');
  const stride = Math.max(1, Math.floor(keys / differ));
  for (let i = 0; i < differ; i++) await call(ring, 0, 'SET', keyName('key:', i * stride), 'another value');
  await ring.startNode(1);
  const before = await figures(ring);
  const bytesRead = readOf(ring, 0) + readOf(ring, 1);
  const startMs = performance.now();
  await round(ring);
  const tookMs = performance.now() - startMs;
  const after = await figures(ring);
  const sent = after.sentBytes - before.sentBytes;
  const read = readOf(ring, 0) + readOf(ring, 1) - bytesRead;
  print(`repaired ${after.divergence} keys in ${Math.round(tookMs)} ms: both sent ${kib(sent)}`);
  print(
    `both summed up ${kib(after.readBytes - before.readBytes)} of tables, and read ${kib(read)} of files and sockets;`,
  );
  print(`their tables have ${kib(after.tableBytes)}: each was read ${(read / after.tableBytes).toFixed(3)} times`);
  await round(ring);
  const again = await figures(ring);
  print(`the next comparison: ${again.divergence} keys differ`);
  for (let i = 0; i < IDLE_ROUNDS; i++) await round(ring);
  const idle = await figures(ring);
  const each = (idle.sentBytes - again.sentBytes) / IDLE_ROUNDS;
  print(
    `when nothing has changed, a comparison sends ${Math.round(each)} bytes, and reads ${idle.readBytes - again.readBytes}`,
  );
  const isRight = after.divergence >= differ && again.divergence === 0;
  return isRight && sent < SENT_BYTES_MAX && each < IDLE_BYTES_A_MINUTE_MAX && idle.readBytes === again.readBytes;
}

/** A comparison of all that both have, to its end. */
async function round(ring: RingProcesses): Promise<void> {
  const { rounds } = await figures(ring);
  const endMs = performance.now() + REPAIR_MS_MAX;
  await call(ring, 0, 'RING', 'REPAIR');
  while ((await figures(ring)).rounds === rounds) {
    if (performance.now() > endMs) throw new Error('the comparison does not come to its end');
    await sleep(LOOK_MS);
  }
}

async function figures(ring: RingProcesses): Promise<Figures> {
  const infos = await Promise.all(
    [0, 1].map(async (node) => new ServerInfo(String(await call(ring, node, 'INFO', 'all')))),
  );
  const sum = (field: string): number => infos.reduce((total, info) => total + info.number(field), 0);
  return {
    sentBytes: sum('repair_sent_bytes'),
    readBytes: sum('repair_tree_read_bytes'),
    tableBytes: sum('table_bytes'),
    rounds: infos[0].number('repair_rounds'),
    divergence: infos[0].number('repair_last_divergence'),
  };
}

async function call(ring: RingProcesses, node: number, ...words: (string | number)[]): Promise<unknown> {
  const client = await ring.node(node).connect();
  const reply = await client.call(String(words[0]), ...words.slice(1));
  client.close();
  return reply;
}

/** What a process has read so far, by all its threads: files, whether from the disk or the system's memory, and sockets. */
function readOf(ring: RingProcesses, node: number): number {
  const io = readFileSync(`/proc/${ring.node(node).pid}/io`, 'latin1');
  return Number(/^rchar: (\d+)$/m.exec(io)?.[1]);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KiB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runScript({ name: 'bench:repair', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
