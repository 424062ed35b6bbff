/**
 * A server that is crashed under load again and again on the same data, and asked after each crash whether it kept its
 * promises: its files are sound, it starts, what was acknowledged is there, what was never sent is not.
 */
import { NodeDisk } from '../../lib/host/node-disk.js';
import { checkDirectory } from '../../lib/tools/check.js';
import { freePort } from '../tools/free-port.js';
import type { RespClient } from '../tools/resp-client.js';
import { ServerInfo } from '../tools/server-info.js';
import { ServerProcess, type ExitStatus } from '../tools/server-process.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { BALLAST_PREFIX, Ballast } from './ballast.js';
import { WriteMix } from './write-mix.js';
import { Writer } from './writer.js';

export type FsyncPolicy = 'always' | 'everysec' | 'no';

export interface RigOptions {
  /** The data directory. */
  readonly dir: string;
  readonly policy: FsyncPolicy;
  /** Connections that write. */
  readonly writers: number;
  /** Bytes that are there all the time, besides what they write. Memory is limited to MEMORY_BYTES. */
  readonly ballastBytes: number;
  /** Flags of the server besides those for durability. */
  readonly args?: readonly string[];
}

/** One round: load, end, restart, comparison. */
export interface RoundPlan {
  /** How long the load lasts at least: on a busy machine, until every connection was answered. */
  readonly loadMs: number;
  /** SIGKILL is the crash; SIGTERM must lose nothing and end with code 0. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
  /** What is asked for all the time, one after the other: that everything gets to tables, or to the bottom level. */
  readonly upkeep: 'SAVE' | 'COMPACT' | undefined;
}

export interface RoundOutcome {
  readonly plan: RoundPlan;
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged writes that are missing, and how long before the end the first of them was acknowledged. */
  readonly lost: number;
  readonly lostMs: number;
  /** Flushes and compactions of the round, as far as was seen. */
  readonly flushes: number;
  readonly compactions: number;
  readonly restartMs: number;
  /** All that must not be, in words; empty: all is well. */
  readonly problems: readonly string[];
}

const MEMORY_BYTES = 64 * 1024 * 1024;
/** Small segments, so that they are flushed all the time, and little memory, so that most is read from the disk. */
const FLAGS = ['--appendonly', 'yes', '--save', '', '--aof-segment-size', '1mb', '--maxmemory', String(MEMORY_BYTES)];
const LOOK_EVERY_MS = 50;
const READ_KEYS = 200;
/** Keys of the ballast that are read after each crash. */
const BALLAST_READS = 640;

export class CrashRig {
  readonly #options: RigOptions;
  readonly #port: number;
  readonly #ballast: Ballast;
  #server: ServerProcess;
  #state = new Map<string, string>();
  #sequence = 0;

  private constructor(options: RigOptions, port: number, server: ServerProcess) {
    this.#options = options;
    this.#port = port;
    this.#ballast = new Ballast(options.ballastBytes);
    this.#server = server;
  }

  /** Starts the server on an empty directory, and loads the ballast. */
  static async start(options: RigOptions): Promise<CrashRig> {
    const port = await freePort();
    const rig = new CrashRig(options, port, await startServer(options, port));
    const client = await rig.#server.connect();
    await rig.#ballast.load(client);
    client.close();
    return rig;
  }

  /** Ends the server. */
  async stop(): Promise<ExitStatus> {
    return this.#server.stop();
  }

  /** Runs one round. Rejects if the server answers wrongly, or does not start again: there is no next round then. */
  async run(plan: RoundPlan): Promise<RoundOutcome> {
    const writers = await this.#startWriters();
    const upkeep = plan.upkeep && againAndAgain(await this.#server.connect(), plan.upkeep);
    const figures = watch(await this.#server.connect());
    const failed = Promise.all(writers.map((writer) => writer.over));
    const begun = Promise.all(writers.map((writer) => writer.begun));
    await Promise.race([Promise.all([sleep(plan.loadMs), begun]), failed]);
    const exit = await this.#server.kill(plan.signal);
    const crashedMs = performance.now();
    await failed;
    await upkeep;
    const problems = [...exitProblems(plan, exit, this.#server.outputTail), ...this.#checkFiles()];

    this.#server = await startServer(this.#options, this.#port);
    const found = await this.#readAll(problems);
    const outcome = judge(writers, found, crashedMs, problems);
    this.#state = found;
    return { plan, ...outcome, ...(await figures), restartMs: this.#server.readyAfterMs, problems };
  }

  /** What is wrong with the data directory, in words. */
  #checkFiles(): string[] {
    const { damages } = checkDirectory(new NodeDisk(), this.#options.dir, () => undefined);
    return damages.map(({ name, message }) => `ringkv check: ${name}: ${message}`);
  }

  async #startWriters(): Promise<Writer[]> {
    const clients: RespClient[] = [];
    for (let i = 0; i < this.#options.writers; i++) clients.push(await this.#server.connect());
    const first = this.#sequence;
    // Far more than one connection can write in a round: values are never used again.
    this.#sequence += 1_000_000_000;
    return clients.map((client, i) => {
      const prefix = writerPrefix(i);
      return new Writer(client, new WriteMix(prefix, first, Math.random), keysOf(this.#state, prefix));
    });
  }

  /** All keys and values that were written in rounds; adds to `problems` if the ballast is not what it was. */
  async #readAll(problems: string[]): Promise<Map<string, string>> {
    const client = await this.#server.connect();
    const found = new Map<string, string>();
    const all = (await client.call('KEYS', '*')) as string[];
    const keys = all.filter((key) => !key.startsWith(BALLAST_PREFIX));
    for (let first = 0; first < keys.length; first += READ_KEYS) {
      const some = keys.slice(first, first + READ_KEYS);
      const values = (await client.call('MGET', ...some)) as (string | null)[];
      some.forEach((key, i) => found.set(key, values[i] ?? '(no string)'));
    }
    const missing = this.#ballast.keyCount - (all.length - keys.length);
    if (missing !== 0) problems.push(`${missing} keys of the ballast are not listed`);
    problems.push(...(await this.#ballast.check(client, BALLAST_READS)));
    client.close();
    return found;
  }
}

/** Resolves when the server is gone. Never rejects. */
async function againAndAgain(client: RespClient, command: string): Promise<void> {
  try {
    for (;;) await client.call(command);
  } catch {
    client.close();
  }
}

/** Resolves when the server is gone: what INFO said last. Never rejects. */
async function watch(client: RespClient): Promise<Pick<RoundOutcome, 'flushes' | 'compactions'>> {
  const figures = { flushes: 0, compactions: 0 };
  try {
    for (;;) {
      const info = new ServerInfo(String(await client.call('INFO', 'storage')));
      figures.flushes = info.number('flushes');
      figures.compactions = info.number('compactions');
      await sleep(LOOK_EVERY_MS);
    }
  } catch {
    client.close();
    return figures;
  }
}

function startServer({ dir, policy, args = [] }: RigOptions, port: number): Promise<ServerProcess> {
  return ServerProcess.start({ kind: 'ringkv', port, dir, args: [...FLAGS, '--appendfsync', policy, ...args] });
}

function writerPrefix(index: number): string {
  return `w${index}:`;
}

function keysOf(state: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  return new Map([...state].filter(([key]) => key.startsWith(prefix)));
}

function exitProblems(plan: RoundPlan, exit: ExitStatus, outputTail: string): string[] {
  if (plan.signal === 'SIGKILL') {
    return exit.signal === 'SIGKILL' ? [] : [`ended by itself, with code ${exit.code}:\n${outputTail}`];
  }
  return exit.code === 0 ? [] : [`${plan.signal} ended with code ${exit.code}, signal ${exit.signal}:\n${outputTail}`];
}

/** Compares what was found with every writer's history; adds to `problems`. */
function judge(
  writers: readonly Writer[],
  found: ReadonlyMap<string, string>,
  crashedMs: number,
  problems: string[],
): Pick<RoundOutcome, 'sent' | 'acknowledged' | 'lost' | 'lostMs'> {
  const sums = { sent: 0, acknowledged: 0, lost: 0, lostMs: 0 };
  writers.forEach(({ history }, i) => {
    const verdict = history.judge(keysOf(found, writerPrefix(i)), crashedMs);
    if (verdict.cut === undefined)
      problems.push(`writer ${i}: no state of its keys is this:\n  ${verdict.strangers.join('\n  ')}`);
    if (verdict.lost > 0) {
      const when = `${verdict.lostMs.toFixed(0)} ms before the end`;
      problems.push(`writer ${i}: ${verdict.lost} acknowledged writes are lost, the first of them from ${when}`);
    }
    sums.sent += history.sent;
    sums.acknowledged += history.acknowledged;
    sums.lost += verdict.lost;
    sums.lostMs = Math.max(sums.lostMs, verdict.lostMs);
  });
  const foreign = [...found.keys()].filter((key) => !writers.some((_, i) => key.startsWith(writerPrefix(i))));
  if (foreign.length > 0) problems.push(`keys that nobody wrote: ${foreign.slice(0, 5).join(', ')}`);
  return sums;
}
