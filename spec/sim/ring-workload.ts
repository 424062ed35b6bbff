/**
 * What clients do to a ring beside reading and writing registers (register-clients.ts): keys that are written once, counters, a queue, optimistic
 * transactions. Each notes what it must find at the end.
 */

import type { RespValue } from '../protocol/resp-decoder.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

const COUNTERS = ['counter:a', 'counter:b'];
const QUEUE = 'queue';
const BALANCE = '{balance}';
/** Keys written once, at most: each is read at the end. */
const ONCE_MAX = 60;

/** How often something was tried, and how often it was answered that it was done. */
class Tries {
  begun = 0;
  done = 0;

  get unknown(): number {
    return this.begun - this.done;
  }

  note(outcome: ReturnType<typeof outcomeOf>): void {
    if (outcome === 'ok') this.done++;
    if (outcome === 'failed') this.begun--;
  }
}

export class RingWorkload {
  operations = 0;
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly thinkMs: number;
  private readonly counts = new Map(COUNTERS.map((key) => [key, new Tries()]));
  /** Whether a key that was written once was acknowledged. */
  private readonly once = new Map<string, boolean>();
  private readonly pushed = new Map<string, boolean>();
  private readonly popped = new Set<string>();
  private readonly pops = new Tries();
  private readonly transfers = new Tries();
  private names = 0;
  private isStopped = false;

  constructor(world: World, thinkMs: number) {
    this.world = world;
    this.random = world.fork();
    this.thinkMs = thinkMs;
  }

  /** Every key that may be there. */
  get keys(): string[] {
    return [...COUNTERS, QUEUE, BALANCE, ...this.once.keys()];
  }

  /** Those that consensus decides about: transactions watch them. */
  get decidedKeys(): string[] {
    return [BALANCE];
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Uses a client until `stop`. `next`: another one, of another node. */
  async run(next: () => SimClient): Promise<void> {
    let client = next();
    while (!this.isStopped) {
      await this.world.sleep(this.random.below(2 * this.thinkMs + 1));
      if (await this.act(client)) continue;
      client.close();
      client = next();
    }
    client.close();
  }

  /**
   * What is wrong at the end, with what `read` gives for each key. `isExact`: nobody has ever been taken for dead, so no two nodes acted for the same key.
   */
  async check(read: (key: string) => Promise<RespValue>, isExact: boolean): Promise<string[]> {
    const problems: string[] = [];
    for (const [key, isAcknowledged] of this.once) {
      const value = textOf(await read(key));
      if (value === undefined ? isAcknowledged : value !== key)
        problems.push(`${key} was acknowledged, and is ${value}`);
    }
    for (const [key, tries] of this.counts) problems.push(...checkCount(key, tries, textOf(await read(key)), isExact));
    problems.push(...checkCount(BALANCE, this.transfers, textOf(await read(BALANCE)), true));
    problems.push(...this.checkQueue(await read(QUEUE)));
    return problems;
  }

  private checkQueue(value: RespValue): string[] {
    const left = Array.isArray(value) ? value.map(String) : [];
    const problems: string[] = [];
    const seen = new Set(left);
    if (seen.size < left.length) problems.push(`${QUEUE} has an element twice: ${left.join(' ')}`);
    for (const element of left) {
      if (!this.pushed.has(element)) problems.push(`${QUEUE} has ${element}: nobody has pushed that`);
      if (this.popped.has(element)) problems.push(`${QUEUE} has ${element}, which was popped`);
    }
    const lost = [...this.pushed].filter(([each, done]) => done && !seen.has(each) && !this.popped.has(each));
    if (lost.length > this.pops.unknown) {
      const names = lost.map(([element]) => element).join(' ');
      problems.push(`${QUEUE} has lost elements: ${names}, and ${this.pops.unknown} were popped by nobody knows who`);
    }
    return problems;
  }

  /** One thing of those that there are. False: it was not answered well. */
  private act(client: SimClient): Promise<boolean> {
    switch (this.random.below(5)) {
      case 0:
        return this.writeOnce(client);
      case 1:
        return this.count(client);
      case 2:
        return this.push(client);
      case 3:
        return this.pop(client);
      default:
        return this.transfer(client);
    }
  }

  private async writeOnce(client: SimClient): Promise<boolean> {
    if (this.once.size >= ONCE_MAX) return this.push(client);
    const key = `once:${++this.names}`;
    this.once.set(key, false);
    const outcome = await this.ask(client, 'SET', key, key);
    if (outcome === 'failed') this.once.delete(key);
    else this.once.set(key, outcome === 'ok');
    return outcome === 'ok';
  }

  private async count(client: SimClient): Promise<boolean> {
    const key = COUNTERS[this.random.below(COUNTERS.length)];
    return this.tried(this.counts.get(key), () => this.ask(client, 'INCR', key));
  }

  private async push(client: SimClient): Promise<boolean> {
    const element = `e${++this.names}`;
    this.pushed.set(element, false);
    const outcome = await this.ask(client, 'LPUSH', QUEUE, element);
    if (outcome === 'failed') this.pushed.delete(element);
    else this.pushed.set(element, outcome === 'ok');
    return outcome === 'ok';
  }

  private async pop(client: SimClient): Promise<boolean> {
    return this.tried(this.pops, async () => {
      const answer = await client.call(this.random.below(2) === 0 ? 'LPOP' : 'RPOP', QUEUE);
      const outcome = this.note(answer);
      const element = outcome === 'ok' && answer.kind === 'reply' ? textOf(answer.value) : undefined;
      if (element !== undefined) this.popped.add(element);
      return outcome;
    });
  }

  /** WATCH, GET, MULTI, SET, EXEC. Done is what EXEC has said it did. */
  private async transfer(client: SimClient): Promise<boolean> {
    if ((await this.ask(client, 'WATCH', BALANCE)) !== 'ok') return false;
    const answer = await client.follow('GET', BALANCE);
    if (this.note(answer) !== 'ok' || answer.kind !== 'reply') return false;
    const before = Number(textOf(answer.value) ?? 0);
    if (this.note(await client.follow('MULTI')) !== 'ok') return false;
    if (this.note(await client.follow('SET', BALANCE, before + 1)) !== 'ok') return false;
    return this.tried(this.transfers, async () => {
      const executed = await client.follow('EXEC');
      const outcome = this.note(executed);
      this.world.note('client', () => `EXEC ${before + 1}: ${JSON.stringify(executed)}`);
      // Null: somebody else was first. The connection is as good as it was.
      if (executed.kind === 'reply' && executed.value === null) {
        this.transfers.begun--;
        this.transfers.done--;
      }
      return outcome;
    });
  }

  private async tried(tries: Tries | undefined, act: () => Promise<ReturnType<typeof outcomeOf>>): Promise<boolean> {
    if (tries !== undefined) tries.begun++;
    const outcome = await act();
    tries?.note(outcome);
    return outcome === 'ok';
  }

  private async ask(client: SimClient, ...words: (string | number)[]): Promise<ReturnType<typeof outcomeOf>> {
    const answer = await client.call(...words);
    const outcome = this.note(answer);
    this.world.note('client', () => `${words.join(' ')}: ${outcome}`);
    return outcome;
  }

  private note(answer: Answer): ReturnType<typeof outcomeOf> {
    const outcome = outcomeOf(answer);
    if (outcome === 'ok') this.operations++;
    return outcome;
  }
}

function checkCount(key: string, { begun, done }: Tries, text: string | undefined, isExact: boolean): string[] {
  const value = Number(text ?? 0);
  const least = isExact ? done : Math.min(1, done);
  if (value >= least && value <= begun) return [];
  return [`${key} is ${value}: it was raised ${done} to ${begun} times`];
}

function textOf(value: RespValue): string | undefined {
  return Buffer.isBuffer(value) || typeof value === 'string' ? String(value) : undefined;
}
