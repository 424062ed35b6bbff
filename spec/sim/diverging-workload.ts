/**
 * What clients do to a ring whose sides go on by themselves: versions, counters that add up, sets that only grow. Each notes what it must find at the end.
 */

import type { RespValue } from '../protocol/resp-decoder.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { VersionWrite } from './sibling-checker.js';
import { checkSiblings } from './sibling-checker.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

const VERSIONED = ['doc:a', 'doc:b', 'doc:c'];
const COUNTERS = ['hits:a', 'hits:b'];
const SETS = ['set:a', 'set:b'];
const STEP_MAX = 5;

type Outcome = ReturnType<typeof outcomeOf>;

/** What VGET has shown somebody, some time ago. */
interface Look {
  readonly context: string;
  readonly seen: readonly string[];
}

const NOTHING_SEEN: Look = { context: '', seen: [] };

/** What a counter may show. */
interface Bounds {
  least: number;
  most: number;
}

export class DivergingWorkload {
  operations = 0;
  /** Every key that may be there. */
  readonly keys = [...VERSIONED, ...COUNTERS, ...SETS];
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly thinkMs: number;
  private readonly versions = new Map(VERSIONED.map((key) => [key, [] as VersionWrite[]]));
  private readonly counts = new Map<string, Bounds>(COUNTERS.map((key) => [key, { least: 0, most: 0 }]));
  /** Whether an element was acknowledged. */
  private readonly elements = new Map(SETS.map((key) => [key, new Map<string, boolean>()]));
  private names = 0;
  private isStopped = false;

  constructor(world: World, thinkMs: number) {
    this.world = world;
    this.random = world.fork();
    this.thinkMs = thinkMs;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Uses a client until `stop`. `next`: another one, of another node. */
  async run(next: () => SimClient): Promise<void> {
    let client = next();
    const looks = new Map<string, Look>();
    while (!this.isStopped) {
      await this.world.sleep(this.random.below(2 * this.thinkMs + 1));
      if (await this.act(client, looks)) continue;
      client.close();
      client = next();
    }
    client.close();
  }

  /** What is wrong at the end, with what `read` answers. */
  async check(read: (...words: string[]) => Promise<RespValue>): Promise<string[]> {
    const problems: string[] = [];
    for (const [key, writes] of this.versions) {
      problems.push(...checkSiblings(key, writes, textsOf(await read('VGET', key)).slice(1)));
    }
    for (const [key, { least, most }] of this.counts) {
      const value = Number(textsOf([await read('GET', key)]).at(0) ?? 0);
      if (value < least || value > most) problems.push(`${key} is ${value}: it was raised by ${least} to ${most}`);
    }
    for (const [key, elements] of this.elements) {
      const there = new Set(textsOf(await read('SMEMBERS', key)));
      const lost = [...elements].filter(([element, isDone]) => isDone && !there.has(element));
      if (lost.length > 0) problems.push(`${key} has lost ${lost.map(([element]) => element).join(' ')}`);
    }
    return problems;
  }

  /** One thing of those that there are. False: it was not answered well. */
  private async act(client: SimClient, looks: Map<string, Look>): Promise<boolean> {
    switch (this.random.below(5)) {
      case 0:
        return this.look(client, looks);
      case 1:
      case 2:
        return this.write(client, looks);
      case 3:
        return this.count(client);
      default:
        return this.add(client);
    }
  }

  private async look(client: SimClient, looks: Map<string, Look>): Promise<boolean> {
    const key = this.one(VERSIONED);
    const answer = await client.call('VGET', key);
    if (outcomeOf(answer) !== 'ok' || answer.kind !== 'reply') return false;
    this.operations++;
    const [context, ...seen] = textsOf(answer.value);
    looks.set(key, { context, seen });
    return true;
  }

  /** VSET or VDEL with what this client has seen last, or somebody has who has seen nothing. */
  private async write(client: SimClient, looks: Map<string, Look>): Promise<boolean> {
    const key = this.one(VERSIONED);
    const look = (this.random.below(4) > 0 ? looks.get(key) : undefined) ?? NOTHING_SEEN;
    const value = this.random.below(5) === 0 ? undefined : `v${++this.names}`;
    const words = value === undefined ? ['VDEL', key, look.context] : ['VSET', key, look.context, value];
    const outcome = await this.ask(client, words);
    this.versions.get(key)?.push({ value, seen: look.seen, outcome });
    return outcome === 'ok';
  }

  private async count(client: SimClient): Promise<boolean> {
    const key = this.one(COUNTERS);
    const step = 1 + this.random.below(STEP_MAX);
    const outcome = await this.ask(client, ['INCRBY', key, String(step)]);
    const bounds = this.counts.get(key);
    if (bounds !== undefined && outcome !== 'failed') bounds.most += step;
    if (bounds !== undefined && outcome === 'ok') bounds.least += step;
    return outcome === 'ok';
  }

  private async add(client: SimClient): Promise<boolean> {
    const key = this.one(SETS);
    const element = `e${++this.names}`;
    const outcome = await this.ask(client, ['SADD', key, element]);
    this.elements.get(key)?.set(element, outcome === 'ok');
    return outcome === 'ok';
  }

  private one(keys: readonly string[]): string {
    return keys[this.random.below(keys.length)];
  }

  private async ask(client: SimClient, words: readonly string[]): Promise<Outcome> {
    const answer = await client.call(...words);
    const outcome = outcomeOf(answer);
    if (outcome === 'ok') this.operations++;
    this.world.note('client', () => `${words.join(' ')}: ${JSON.stringify(answer)}`);
    return outcome;
  }
}

function textsOf(value: RespValue): string[] {
  return Array.isArray(value) ? value.filter((each) => each !== null).map(String) : [];
}
