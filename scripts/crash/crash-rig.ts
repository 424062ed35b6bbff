/**
 * A server that is crashed under load again and again on the same data, and asked after each crash whether it kept its
 * promises: what was acknowledged is there, what was never sent is not, and it starts.
 */
import { freePort } from '../tools/free-port.js';
import type { RespClient } from '../tools/resp-client.js';
import { ServerInfo } from '../tools/server-info.js';
import { ServerProcess, type ExitStatus } from '../tools/server-process.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { WriteMix } from './write-mix.js';
import { Writer } from './writer.js';

export type FsyncPolicy = 'always' | 'everysec' | 'no';

export interface RigOptions {
  /** The data directory. */
  readonly dir: string;
  readonly policy: FsyncPolicy;
  /** Connections that write. */
  readonly writers: number;
  /** Flags of the server besides those for durability. */
  readonly args?: readonly string[];
}

/** One round: load, end, restart, comparison. */
export interface RoundPlan {
  /** How long the load lasts at least: on a busy machine, until every connection was answered. */
  readonly loadMs: number;
  /** SIGKILL is the crash; SIGTERM must lose nothing and end with code 0. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
  /** BGREWRITEAOF, one after the other, all the time. */
  readonly rewriting: boolean;
}

export interface RoundOutcome {
  readonly plan: RoundPlan;
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged writes that are missing, and how long before the end the first of them was acknowledged. */
  readonly lost: number;
  readonly lostMs: number;
  readonly rewrites: number;
  readonly restartMs: number;
  /** All that must not be, in words; empty: all is well. */
  readonly problems: readonly string[];
}

/** Small segments, so that the log begins new ones, and rewrites have something to remove. */
const FLAGS = ['--appendonly', 'yes', '--save', '', '--aof-segment-size', '1mb', '--auto-aof-rewrite-percentage', '0'];
const LOOK_EVERY_MS = 10;
const READ_KEYS = 200;

export class CrashRig {
  readonly #options: RigOptions;
  readonly #port: number;
  #server: ServerProcess;
  #state = new Map<string, string>();
  #sequence = 0;

  private constructor(options: RigOptions, port: number, server: ServerProcess) {
    this.#options = options;
    this.#port = port;
    this.#server = server;
  }

  /** Starts the server on an empty directory. */
  static async start(options: RigOptions): Promise<CrashRig> {
    const port = await freePort();
    return new CrashRig(options, port, await startServer(options, port));
  }

  /** Ends the server. */
  async stop(): Promise<ExitStatus> {
    return this.#server.stop();
  }

  /** Runs one round. Rejects if the server answers wrongly, or does not start again: there is no next round then. */
  async run(plan: RoundPlan): Promise<RoundOutcome> {
    const writers = await this.#startWriters();
    const rewrites = plan.rewriting ? rewriteAgainAndAgain(await this.#server.connect()) : Promise.resolve(0);
    const failed = Promise.all(writers.map((writer) => writer.over));
    const begun = Promise.all(writers.map((writer) => writer.begun));
    await Promise.race([Promise.all([sleep(plan.loadMs), begun]), failed]);
    const exit = await this.#server.kill(plan.signal);
    const crashedMs = performance.now();
    await failed;
    const tail = this.#server.outputTail;

    this.#server = await startServer(this.#options, this.#port);
    const found = await this.#readAll();
    const problems = exitProblems(plan, exit, tail);
    const outcome = judge(writers, found, crashedMs, problems);
    this.#state = found;
    return { plan, ...outcome, rewrites: await rewrites, restartMs: this.#server.readyAfterMs, problems };
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

  /** All keys and values of the server. */
  async #readAll(): Promise<Map<string, string>> {
    const client = await this.#server.connect();
    const found = new Map<string, string>();
    const keys = (await client.call('KEYS', '*')) as string[];
    for (let first = 0; first < keys.length; first += READ_KEYS) {
      const some = keys.slice(first, first + READ_KEYS);
      const values = (await client.call('MGET', ...some)) as (string | null)[];
      some.forEach((key, i) => found.set(key, values[i] ?? '(no string)'));
    }
    client.close();
    return found;
  }
}

/** Resolves to the number of rewrites that were begun, when the server is gone. Never rejects. */
async function rewriteAgainAndAgain(client: RespClient): Promise<number> {
  let rewrites = 0;
  try {
    for (;;) {
      await client.call('BGREWRITEAOF');
      rewrites++;
      while ((await info(client)).number('aof_rewrite_in_progress') !== 0) await sleep(LOOK_EVERY_MS);
    }
  } catch {
    return rewrites;
  } finally {
    client.close();
  }
}

async function info(client: RespClient): Promise<ServerInfo> {
  return new ServerInfo(String(await client.call('INFO', 'persistence')));
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
