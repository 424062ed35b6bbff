/** What is measured of a server whose data is many times its memory, a phase after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../lib/host/ports.js';
import { loopFigures, type LoopFigures } from '../../loop/loop-figures.js';
import { keyName, loadKeys, readKeys, readMissingKeys, stampedValue } from '../../tools/pipelined-loader.js';
import { processPeakRssBytes } from '../../tools/process-usage.js';
import type { ProgressBar } from '../../tools/progress-bar.js';
import { RespClient } from '../../tools/resp-client.js';
import { ServerProcess } from '../../tools/server-process.js';
import { percentile, runOpenLoop } from './open-loop.js';
import { infoOf, storageFigures } from './storage-figures.js';

export const VALUE_BYTES = 100;
export const KEY_BYTES = 16;
const CONNECTIONS = 50;
const LOADERS = 4;
/** The server is at rest after so many looks that found nothing running. */
const QUIET_LOOKS = 5;
const LOOK_EVERY_MS = 200;
const REST_MS_MAX = 1_800_000;

export interface LoadFigures {
  readonly seconds: number;
  readonly loop: LoopFigures;
  readonly peakRssBytes: number;
}

/** Loads `count` keys, by several connections at a time. */
export async function load(server: ServerProcess, count: number, bar: ProgressBar): Promise<LoadFigures> {
  const client = await server.connect();
  try {
    await client.call('CONFIG', 'RESETSTAT');
    const startedMs = performance.now();
    const share = Math.ceil(count / LOADERS);
    const onProgress = (keys: number): void => bar.advance(keys);
    const loads = Array.from({ length: LOADERS }, (_, i) => {
      const first = Math.min(count, i * share);
      const mine = Math.min(share, count - first);
      return loadKeys({ port: server.port, first, count: mine, valueBytes: VALUE_BYTES, stamped: true, onProgress });
    });
    await Promise.all(loads);
    const seconds = (performance.now() - startedMs) / 1000;
    return { seconds, loop: loopFigures(await infoOf(client, 'loop')), peakRssBytes: processPeakRssBytes(server.pid) };
  } finally {
    client.close();
  }
}

/** Waits until nothing is flushed or compacted any more. */
export async function rest(client: RespClient): Promise<void> {
  const deadlineMs = performance.now() + REST_MS_MAX;
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    if (performance.now() > deadlineMs) throw new Error('flushing and compacting did not come to an end');
    await sleep(LOOK_EVERY_MS);
    quiet = (await storageFigures(client)).isAtRest ? quiet + 1 : 0;
  }
}

/** Reads `count` keys, chosen at random, or all of them if `count` is theirs; rejects unless each has its value. */
export function check(port: number, keys: number, count: number, random: Random, bar: ProgressBar): Promise<void> {
  const numbers = count >= keys ? undefined : draw(count, keys, random);
  const onProgress = (answered: number): void => bar.advance(answered);
  const numberAt = (turn: number): number => numbers?.[turn] ?? turn;
  return readKeys({ port, count: Math.min(count, keys), numberAt, valueBytes: VALUE_BYTES, onProgress });
}

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** GETs of keys chosen at random, `rate` a second, whether or not earlier ones were answered. */
export async function randomGets(
  port: number,
  keys: number,
  rate: number,
  seconds: number,
  random: Random,
): Promise<Latencies> {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => RespClient.connect(port)));
  let turn = 0;
  const send = async (): Promise<void> => {
    const number = random.uint32() % keys;
    const value = await clients[turn++ % CONNECTIONS].call('GET', keyName('key:', number));
    if (value !== stampedValue(number, VALUE_BYTES)) throw new Error(`key ${number} has the value '${String(value)}'`);
  };
  try {
    const latencies = await runOpenLoop({ rate, seconds, random, send });
    return {
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      p999Ms: percentile(latencies, 0.999),
      maxMs: percentile(latencies, 1),
    };
  } finally {
    for (const client of clients) client.close();
  }
}

/** Reads from disk for a GET of a key that does not exist, on average over `count` of them. */
export async function readsPerMissingKey(
  client: RespClient,
  port: number,
  keys: number,
  count: number,
): Promise<number> {
  const before = await storageFigures(client);
  await readMissingKeys({ port, first: keys, count });
  const after = await storageFigures(client);
  return (after.diskReads - before.diskReads) / count;
}

/** Data blocks read for a GET of a key that is on disk and not in memory, on average, when everything is compacted. */
export async function readsPerColdKey(
  client: RespClient,
  port: number,
  keys: number,
  count: number,
  random: Random,
): Promise<number> {
  await client.call('COMPACT');
  const before = await storageFigures(client);
  const numbers = draw(count, keys, random);
  await readKeys({ port, count, numberAt: (turn) => numbers[turn], valueBytes: VALUE_BYTES });
  const after = await storageFigures(client);
  const lookups = after.lookups - before.lookups;
  if (lookups === 0) throw new Error('no key was read from disk: fewer keys than fit into memory');
  return (after.blockReads - before.blockReads) / lookups;
}

export interface StartFigures {
  /** From spawn to the first PONG, and to the first value of a key. */
  readonly readyMs: number;
  readonly firstGetMs: number;
}

/** Starts a server on a directory that has data. */
export async function startAgain(
  start: () => Promise<ServerProcess>,
  keys: number,
): Promise<{ server: ServerProcess; figures: StartFigures }> {
  const startedMs = performance.now();
  const server = await start();
  const readyMs = server.readyAfterMs;
  const client = await server.connect();
  try {
    const number = keys >>> 1;
    const value = await client.call('GET', keyName('key:', number));
    const firstGetMs = performance.now() - startedMs;
    if (value !== stampedValue(number, VALUE_BYTES)) throw new Error(`a key was lost by the restart`);
    return { server, figures: { readyMs, firstGetMs } };
  } finally {
    client.close();
  }
}

/** Overwrites keys, as fast as it goes, and kills the server with `signal` in the middle of that. */
export async function stopUnderLoad(server: ServerProcess, keys: number, afterMs: number): Promise<void> {
  let answered = 0;
  const onProgress = (count: number): void => void (answered += count);
  const written = loadKeys({ port: server.port, count: keys, valueBytes: VALUE_BYTES, stamped: true, onProgress });
  const ended = written.catch(() => undefined);
  await sleep(afterMs);
  await server.kill('SIGKILL');
  await ended;
  if (answered === 0) throw new Error('nothing was written before the server was killed');
}

function draw(count: number, keys: number, random: Random): Uint32Array {
  return Uint32Array.from({ length: count }, () => random.uint32() % keys);
}
