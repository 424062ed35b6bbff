/** Clients that read and write a few keys, each value once, and note in a History what they saw. */

import { RespError } from '../protocol/resp-decoder.js';
import type { History, Operation } from './history.js';
import { NOTHING, describe } from './history.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

/** Errors that leave open whether the command was executed. */
const UNKNOWN_CODES: readonly string[] = ['TIMEOUT'];

export interface RegisterClientsOptions {
  readonly keys: readonly string[];
  /** Between two requests, on average. */
  readonly thinkMs: number;
  readonly writeShare: number;
  /** Values are unique, and some are so long. */
  readonly valueBytesMax: number;
}

export class RegisterClients {
  private readonly world: World;
  private readonly history: History;
  private readonly options: RegisterClientsOptions;
  private readonly random: SeededRandom;
  private isStopped = false;
  private writes = 0;

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
      const isWrite = this.random.uint32() < this.options.writeShare * 0x1_0000_0000;
      const { outcome } = await (isWrite ? this.write(name, client) : this.read(name, client, this.key()));
      if (outcome !== 'ok') client = next();
    }
    client.close();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Reads every key once, until each is answered. */
  async readAll(name: string, client: SimClient): Promise<void> {
    for (const key of this.options.keys) {
      while ((await this.read(name, client, key)).outcome !== 'ok') await this.world.sleep(100);
    }
  }

  private key(): string {
    return this.options.keys[this.random.below(this.options.keys.length)];
  }

  private async write(client: string, connection: SimClient): Promise<Operation> {
    const key = this.key();
    const id = `v${++this.writes}`;
    const isLong = this.random.below(4) === 0;
    const value = isLong ? id.padEnd(1 + this.random.below(this.options.valueBytesMax), '.') : id;
    const invokedUs = this.world.nowUs;
    const answer = await connection.call('SET', key, value);
    return this.note({ client, kind: 'write', key, value: id, invokedUs, ...this.resultOf(answer) });
  }

  private async read(client: string, connection: SimClient, key: string): Promise<Operation> {
    const invokedUs = this.world.nowUs;
    const answer = await connection.call('GET', key);
    const result = this.resultOf(answer);
    const isValue = answer.kind === 'reply' && Buffer.isBuffer(answer.value);
    const value = isValue ? String(answer.value).replace(/\.*$/, '') : NOTHING;
    return this.note({ client, kind: 'read', key, value, invokedUs, ...result });
  }

  private note(operation: Operation): Operation {
    this.history.add(operation);
    this.world.note(operation.client, () => describe(operation));
    return operation;
  }

  private resultOf(answer: Answer): Pick<Operation, 'outcome' | 'returnedUs'> {
    const { nowUs } = this.world;
    if (answer.kind === 'unsent') return { outcome: 'failed', returnedUs: nowUs };
    if (answer.kind === 'unknown') return { outcome: 'unknown', returnedUs: Infinity };
    if (!(answer.value instanceof RespError)) return { outcome: 'ok', returnedUs: nowUs };
    return UNKNOWN_CODES.includes(answer.value.code)
      ? { outcome: 'unknown', returnedUs: Infinity }
      : { outcome: 'failed', returnedUs: nowUs };
  }
}
