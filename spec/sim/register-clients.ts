/** Clients that read and write a few keys, each value once, and note in a History what they saw. */

import { RespError } from '../protocol/resp-decoder.js';
import type { History, Operation } from './history.js';
import { NOTHING, describe } from './history.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

type Result = Pick<Operation, 'outcome' | 'returnedUs'>;

const UNKNOWN: Result = { outcome: 'unknown', returnedUs: Infinity };

/** So long at most nobody writes to a careful key. */
const QUIET_US_MAX = 5_000_000;

/** Errors that leave open whether the command was executed. */
const UNKNOWN_CODES: readonly string[] = ['TIMEOUT'];

export interface RegisterClientsOptions {
  readonly keys: readonly string[];
  /** Between two requests, on average. */
  readonly thinkMs: number;
  readonly writeShare: number;
  /** Of requests that read or write several keys (MGET, MSET); default none. */
  readonly severalShare?: number;
  /** Values are unique, and some are so long. */
  readonly valueBytesMax: number;
  /** Each key is only read for half of the time, in stretches of about so long; default: never. */
  readonly seasonMs?: number;
  /** Of these, one write at a time is under way, and for a while after one of unknown outcome there is none; default: of no key. */
  readonly carefulKeys?: readonly string[];
  /** Of writes of unknown outcome after which a client asks the same node what has become of them, until that says it; default none. */
  readonly insistShare?: number;
  /** Of requests after which a client goes to another node; default none. */
  readonly moveShare?: number;
}

export class RegisterClients {
  private readonly world: World;
  private readonly history: History;
  private readonly options: RegisterClientsOptions;
  private readonly random: SeededRandom;
  private isStopped = false;
  private writes = 0;
  /** Until when careful keys are only read. */
  private readonly quietUntilUs = new Map<string, number>();

  constructor(world: World, history: History, options: RegisterClientsOptions) {
    this.world = world;
    this.history = history;
    this.options = options;
    this.random = world.fork();
  }

  /** Uses a client until `stop`; resolves when its last request has ended. `next`: another client now and then, for other nodes. */
  async run(name: string, next: () => SimClient): Promise<void> {
    let client = next();
    while (!this.isStopped) {
      await this.world.sleep(this.random.below(2 * this.options.thinkMs + 1));
      const keys = this.happens(this.options.severalShare ?? 0) ? this.someKeys() : [this.key()];
      const isWrite = this.happens(this.options.writeShare) && keys.every((key) => this.isWritten(key));
      const [{ outcome }] = await (isWrite ? this.write(name, client, keys) : this.read(name, client, keys));
      if (isWrite && outcome === 'unknown' && this.happens(this.options.insistShare ?? 0)) {
        await this.insist(name, client, keys);
        continue;
      }
      if (outcome === 'ok' && !this.happens(this.options.moveShare ?? 0)) continue;
      client.close();
      client = next();
    }
    client.close();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Reads every key once, until each is answered. */
  async readAll(name: string, client: SimClient): Promise<void> {
    for (const key of this.options.keys) {
      while ((await this.read(name, client, [key]))[0].outcome !== 'ok') await this.world.sleep(100);
    }
  }

  private async insist(name: string, client: SimClient, keys: readonly string[]): Promise<void> {
    while (!this.isStopped && (await this.read(name, client, keys))[0].outcome !== 'ok') await this.world.sleep(20);
  }

  private happens(share: number): boolean {
    return share > 0 && this.random.uint32() < share * 0x1_0000_0000;
  }

  /** Whether it is the season to write a key: those of neighbours begin one after the other. */
  private isWritten(key: string): boolean {
    const { seasonMs, keys, carefulKeys } = this.options;
    if (carefulKeys?.includes(key) === true) return (this.quietUntilUs.get(key) ?? 0) <= this.world.nowUs;
    if (seasonMs === undefined) return true;
    const phase = keys.indexOf(key) / keys.length;
    return (this.world.nowUs / 1000 / (2 * seasonMs) + phase) % 1 < 0.5;
  }

  private key(): string {
    return this.options.keys[this.random.below(this.options.keys.length)];
  }

  private someKeys(): string[] {
    const { keys } = this.options;
    const first = this.random.below(keys.length);
    const count = 2 + this.random.below(Math.max(1, Math.min(3, keys.length - 1)));
    return Array.from({ length: Math.min(count, keys.length) }, (_, i) => keys[(first + i) % keys.length]);
  }

  private async write(client: string, connection: SimClient, keys: readonly string[]): Promise<Operation[]> {
    const pairs = keys.map((key) => {
      const id = `v${++this.writes}`;
      const isLong = this.random.below(4) === 0;
      return { key, id, value: isLong ? id.padEnd(1 + this.random.below(this.options.valueBytesMax), '.') : id };
    });
    const invokedUs = this.world.nowUs;
    const words = pairs.flatMap(({ key, value }) => [key, value]);
    this.beQuiet(keys, Infinity);
    const answer = await connection.call(pairs.length === 1 ? 'SET' : 'MSET', ...words);
    const result = this.resultOf(answer);
    const isUnknown = result.outcome === 'unknown';
    this.beQuiet(keys, isUnknown ? this.world.nowUs + this.random.below(QUIET_US_MAX) : 0);
    // Of several keys some may have been written before one could not be.
    const isPart = result.outcome === 'failed' && answer.kind === 'reply' && pairs.length > 1;
    const outcome = isPart ? UNKNOWN : result;
    return pairs.map(({ key, id }) => this.note({ client, kind: 'write', key, value: id, invokedUs, ...outcome }));
  }

  private beQuiet(keys: readonly string[], untilUs: number): void {
    for (const key of keys) this.quietUntilUs.set(key, untilUs);
  }

  private async read(client: string, connection: SimClient, keys: readonly string[]): Promise<Operation[]> {
    const invokedUs = this.world.nowUs;
    const answer = await connection.call(keys.length === 1 ? 'GET' : 'MGET', ...keys);
    const result = this.resultOf(answer);
    const values = answer.kind !== 'reply' ? [] : Array.isArray(answer.value) ? answer.value : [answer.value];
    return keys.map((key, i) => {
      const value = Buffer.isBuffer(values[i]) ? String(values[i]).replace(/\.*$/, '') : NOTHING;
      return this.note({ client, kind: 'read', key, value, invokedUs, ...result });
    });
  }

  private note(operation: Operation): Operation {
    this.history.add(operation);
    this.world.note(operation.client, () => describe(operation));
    return operation;
  }

  private resultOf(answer: Answer): Result {
    const outcome = outcomeOf(answer);
    return outcome === 'unknown' ? UNKNOWN : { outcome, returnedUs: this.world.nowUs };
  }
}

/** What became of a request. */
export function outcomeOf(answer: Answer): Operation['outcome'] {
  if (answer.kind === 'unsent') return 'failed';
  if (answer.kind === 'unknown') return 'unknown';
  if (!(answer.value instanceof RespError)) return 'ok';
  return UNKNOWN_CODES.includes(answer.value.code) ? 'unknown' : 'failed';
}
