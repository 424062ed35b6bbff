/**
 * Clients that write keys once and delete them later, each through another node: what was deleted, and acknowledged so, never shows again. Each key is written with an outcome that is
 * known: else it may yet appear. Some that are written at the level ANY are left: what was acknowledged shows in the end, though a hint was all there was of it.
 */

import type { RespValue } from '../protocol/resp-decoder.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

/** How long a key is there, at most. */
const LIFE_MS_MAX = 2000;
const PAUSE_MS = 100;
/** One of so many keys that are written at ANY is left. */
const LEFT_SHARE = 2;

interface Asked {
  readonly outcome: ReturnType<typeof outcomeOf>;
  readonly value: RespValue;
}

export class DeletingClients {
  /** Every key that was ever written. */
  readonly keys: string[] = [];
  /** Keys whose delete was acknowledged. */
  readonly deleted: string[] = [];
  /** Keys that were written at ANY, and are not to be deleted. */
  readonly left: string[] = [];
  readonly problems: string[] = [];
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly thinkMs: number;
  private readonly anyShare: number;
  private readonly slots: number;
  private isStopped = false;

  /** `anyShare`: of writes at the level ANY, of which a hint may be all there is; default none. `slots`: all keys are in so many; default: anywhere. */
  constructor(world: World, thinkMs: number, { anyShare = 0, slots = 0 } = {}) {
    this.world = world;
    this.random = world.fork();
    this.thinkMs = thinkMs;
    this.anyShare = anyShare;
    this.slots = slots;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Writes, deletes and looks until `stop`. `next`: a client of any node; `nextOfAny`: the same, to write at ANY. */
  async run(next: () => SimClient, nextOfAny = next): Promise<void> {
    while (!this.isStopped) {
      await this.world.sleep(this.random.below(2 * this.thinkMs + 1));
      if (this.deleted.length > 0 && this.random.below(2) === 0) await this.look(next());
      else await this.writeAndDelete(next, nextOfAny);
    }
  }

  /** What is wrong, with what `read` gives for each key at the end. */
  async check(read: (key: string) => Promise<RespValue>): Promise<string[]> {
    for (const key of this.deleted) this.judge(key, await read(key));
    for (const key of this.left) {
      if ((await read(key)) === null) this.problems.push(`${key} was acknowledged, and never shows`);
    }
    return this.problems;
  }

  private async look(client: SimClient): Promise<void> {
    const key = this.deleted[this.random.below(this.deleted.length)];
    const answer = await client.call('GET', key);
    client.close();
    if (answer.kind === 'reply' && outcomeOf(answer) === 'ok') this.judge(key, answer.value);
  }

  private judge(key: string, value: RespValue): void {
    if (value === null) return;
    this.problems.push(`${key} was deleted, and shows again at ${this.world.nowUs / 1e6} s`);
  }

  private async writeAndDelete(next: () => SimClient, nextOfAny: () => SimClient): Promise<void> {
    const number = this.keys.length + 1;
    const key = this.slots === 0 ? `del:${number}` : `{${number % this.slots}}del:${number}`;
    this.keys.push(key);
    const isAny = this.anyShare > 0 && this.random.uint32() < this.anyShare * 0x1_0000_0000;
    const set = ['SET', key, key];
    const asked = isAny ? this.ask(nextOfAny(), 'WITH', 'ANY', ...set) : this.ask(next(), ...set);
    if ((await asked).outcome !== 'ok') return;
    if (isAny && this.random.below(LEFT_SHARE) === 0) {
      this.left.push(key);
      return;
    }
    await this.world.sleep(this.random.below(LIFE_MS_MAX));
    while (!this.isStopped) {
      const { outcome, value } = await this.ask(next(), 'DEL', key);
      if (outcome === 'ok') {
        // What was not there, but kept for the replicas, is not deleted.
        if (!isAny || value === 1) this.deleted.push(key);
        return;
      }
      await this.world.sleep(PAUSE_MS);
    }
  }

  private async ask(client: SimClient, ...words: string[]): Promise<Asked> {
    const answer = await client.call(...words);
    client.close();
    const outcome = outcomeOf(answer);
    this.world.note('deleter', () => `${words.join(' ')}: ${outcome}`);
    return { outcome, value: answer.kind === 'reply' ? answer.value : null };
  }
}
