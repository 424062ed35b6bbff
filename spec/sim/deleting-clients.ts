/**
 * Clients that write things once and delete them later, each through another node: what was deleted, and acknowledged so, never shows again. A thing is a key, or an element of a collection that
 * others are in, too; such a one may be written and removed several times. Each is written with an outcome that is known: else it may yet appear. Some keys that are written at the level ANY are left: what was acknowledged shows in the end, though a
 * hint was all there was of it.
 */

import type { RespValue } from '../protocol/resp-decoder.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

/** How long a key is there, at most. */
const LIFE_MS_MAX = 2000;
const PAUSE_MS = 100;
/** An element may be written and removed so often. */
const LIVES_MAX = 3;
/** One of so many keys that are written at ANY is left. */
const LEFT_SHARE = 2;

/** What is written and deleted, and the commands for it. */
interface Thing {
  readonly name: string;
  readonly key: string;
  readonly write: readonly string[];
  readonly remove: readonly string[];
  readonly look: readonly string[];
}

const KINDS = ['hash', 'set', 'zset', 'list'] as const;

interface Asked {
  readonly outcome: ReturnType<typeof outcomeOf>;
  readonly value: RespValue;
}

export interface DeletingClientsOptions {
  readonly anyShare?: number;
  readonly slots?: number;
  readonly collections?: number;
  readonly isChurning?: boolean;
}

export class DeletingClients {
  /** Every key that was ever written. */
  readonly keys: string[] = [];
  /** Things whose delete was acknowledged. */
  readonly deleted: Thing[] = [];
  /** Keys that were written at ANY, and are not to be deleted. */
  readonly left: Thing[] = [];
  readonly problems: string[] = [];
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly thinkMs: number;
  private readonly anyShare: number;
  private readonly slots: number;
  private readonly collections: number;
  private readonly isChurning: boolean;
  private isStopped = false;
  private things = 0;

  /**
   * `anyShare`: of writes at the level ANY, of which a hint may be all there is; default none. `slots`: all keys are in so many; default: anywhere. `collections`: of each type of these; they are
   * what is written to then, every other time. `isChurning`: elements are written and removed again.
   */
  constructor(
    world: World,
    thinkMs: number,
    { anyShare = 0, slots = 0, collections = 0, isChurning = false }: DeletingClientsOptions = {},
  ) {
    this.world = world;
    this.random = world.fork();
    this.thinkMs = thinkMs;
    this.anyShare = anyShare;
    this.slots = slots;
    this.collections = collections;
    this.isChurning = isChurning;
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

  /** What is wrong, with what `read` gives for each thing at the end. `keepsAny`: what was acknowledged at ANY is kept. */
  async check(read: (...words: string[]) => Promise<RespValue>, keepsAny = true): Promise<string[]> {
    for (const thing of this.deleted) this.judge(thing, await read(...thing.look));
    if (!keepsAny) return this.problems;
    for (const { name, look } of this.left) {
      if ((await read(...look)) === null) this.problems.push(`${name} was acknowledged, and never shows`);
    }
    return this.problems;
  }

  private async look(client: SimClient): Promise<void> {
    const thing = this.deleted[this.random.below(this.deleted.length)];
    const answer = await client.call(...thing.look);
    client.close();
    if (answer.kind === 'reply' && outcomeOf(answer) === 'ok') this.judge(thing, answer.value);
  }

  private judge({ name }: Thing, value: RespValue): void {
    if (value === null || value === 0) return;
    this.problems.push(`${name} was deleted, and shows again at ${this.world.nowUs / 1e6} s`);
  }

  private async writeAndDelete(next: () => SimClient, nextOfAny: () => SimClient): Promise<void> {
    const number = ++this.things;
    const isElement = this.collections > 0 && this.random.below(2) === 0;
    const thing = isElement ? this.elementOf(number) : this.keyOf(number);
    if (!this.keys.includes(thing.key)) this.keys.push(thing.key);
    const isAny = !isElement && this.anyShare > 0 && this.random.uint32() < this.anyShare * 0x1_0000_0000;
    const asked = isAny ? this.ask(nextOfAny(), 'WITH', 'ANY', ...thing.write) : this.ask(next(), ...thing.write);
    if ((await asked).outcome !== 'ok') return;
    if (isAny && this.random.below(LEFT_SHARE) === 0) {
      this.left.push(thing);
      return;
    }
    await this.world.sleep(this.random.below(LIFE_MS_MAX));
    for (let attempt = 1; !this.isStopped; attempt++) {
      const { outcome, value } = await this.ask(next(), ...thing.remove);
      if (outcome === 'ok') {
        // What was asked for before, and not answered, may yet remove what is written again.
        if (isElement && this.isChurning && attempt === 1) {
          for (let life = 1 + this.random.below(LIVES_MAX); life > 1; life--) {
            if (!(await this.writeAgain(next, thing))) return;
          }
        }
        // What was not there, but kept for the replicas, is not deleted.
        if (!isAny || value === 1) this.deleted.push(thing);
        return;
      }
      await this.world.sleep(PAUSE_MS);
    }
  }

  /** Writes an element again that was removed, and removes it. Resolves to false if it may be there. */
  private async writeAgain(next: () => SimClient, { name, write, remove }: Thing): Promise<boolean> {
    if ((await this.ask(next(), ...write)).outcome !== 'ok') return false;
    await this.world.sleep(this.random.below(LIFE_MS_MAX));
    const { outcome, value } = await this.ask(next(), ...remove);
    if (outcome !== 'ok') return false;
    if (value !== 1) this.problems.push(`${name} was written again, and is not there at ${this.world.nowUs / 1e6} s`);
    return true;
  }

  private keyOf(number: number): Thing {
    const key = this.slots === 0 ? `del:${number}` : `{${number % this.slots}}del:${number}`;
    return { name: key, key, write: ['SET', key, key], remove: ['DEL', key], look: ['GET', key] };
  }

  private elementOf(number: number): Thing {
    const kind = KINDS[this.random.below(KINDS.length)];
    const key = `{${this.random.below(this.slots)}}${kind}:${this.random.below(this.collections)}`;
    const element = `e${number}`;
    const name = `${element} of ${key}`;
    switch (kind) {
      case 'hash':
        return {
          name,
          key,
          write: ['HSET', key, element, 'v'],
          remove: ['HDEL', key, element],
          look: ['HGET', key, element],
        };
      case 'set':
        return {
          name,
          key,
          write: ['SADD', key, element],
          remove: ['SREM', key, element],
          look: ['SISMEMBER', key, element],
        };
      case 'zset':
        return {
          name,
          key,
          write: ['ZADD', key, '1', element],
          remove: ['ZREM', key, element],
          look: ['ZSCORE', key, element],
        };
      case 'list':
        return {
          name,
          key,
          write: ['RPUSH', key, element],
          remove: ['LREM', key, '0', element],
          look: ['LPOS', key, element],
        };
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
