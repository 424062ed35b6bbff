/** Clients that compare and set, claim, write, delete and read a few keys, and note what they saw. */

import { RespError } from '../protocol/resp-decoder.js';
import type { RegisterCall } from './linearizability-checker.js';
import { describeCall } from './linearizability-checker.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

const KINDS = [
  'swap',
  'swap',
  'swap',
  'read',
  'read',
  'write',
  'claim',
  'claim',
  'drop',
  'exchange',
  'delete',
] as const;
/** A client whose requests come to nothing waits for so long. */
const PAUSE_MS = 200;

export interface CasClientsOptions {
  readonly keys: readonly string[];
  /** Between two requests, on average. */
  readonly thinkMs: number;
}

export class CasClients {
  /** By key. */
  readonly calls = new Map<string, RegisterCall[]>();
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly options: CasClientsOptions;
  private isStopped = false;
  private names = 0;
  /** What was seen last of each key: the next one who compares expects that. */
  private readonly seen = new Map<string, string>();

  constructor(world: World, options: CasClientsOptions) {
    this.world = world;
    this.random = world.fork();
    this.options = options;
    for (const key of options.keys) this.calls.set(key, []);
  }

  get answered(): number {
    return [...this.calls.values()].flat().filter(({ outcome }) => outcome === 'ok').length;
  }

  /** Asks one thing after the other until it is stopped, each time by a connection that `next` gives if the one before failed. */
  async run(client: string, next: () => SimClient): Promise<void> {
    const { keys, thinkMs } = this.options;
    let connection = next();
    while (!this.isStopped) {
      await this.world.sleep(1 + this.random.below(2 * thinkMs));
      const key = keys[this.random.below(keys.length)];
      const kind = KINDS[this.random.below(KINDS.length)];
      if ((await this.call(client, connection, key, kind)) === 'ok') continue;
      connection.close();
      connection = next();
      await this.world.sleep(PAUSE_MS);
    }
    connection.close();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Reads a key until it is answered. */
  async read(client: string, connection: SimClient, key: string): Promise<void> {
    while ((await this.call(client, connection, key, 'read')) !== 'ok') await this.world.sleep(PAUSE_MS);
  }

  private async call(
    client: string,
    connection: SimClient,
    key: string,
    kind: RegisterCall['kind'],
  ): Promise<RegisterCall['outcome']> {
    const value = `v${++this.names}`;
    const expected = this.seen.get(key) ?? 'nothing';
    const invokedUs = this.world.nowUs;
    const answer = await connection.call(...wordsOf(kind, key, value, expected));
    const outcome = outcomeOf(answer);
    const call: RegisterCall = {
      client,
      kind,
      value,
      expected,
      ...(outcome === 'ok' ? seenBy(kind, answer) : {}),
      invokedUs,
      returnedUs: outcome === 'unknown' ? Infinity : this.world.nowUs,
      outcome,
    };
    this.calls.get(key)?.push(call);
    this.note(key, call);
    this.world.note(client, () => `${key}: ${describeCall(call)}`);
    return outcome;
  }

  /** What the key may hold now. */
  private note(key: string, { kind, value, found, done, outcome }: RegisterCall): void {
    if (outcome !== 'ok') return;
    const now = kind === 'read' ? found : done === true && kind !== 'drop' && kind !== 'delete' ? value : undefined;
    if (now !== undefined) this.seen.set(key, now);
  }
}

function wordsOf(kind: RegisterCall['kind'], key: string, value: string, expected: string): string[] {
  switch (kind) {
    case 'read':
      return ['GET', key];
    case 'write':
      return ['SET', key, value];
    case 'delete':
      return ['DEL', key];
    case 'swap':
      return ['CAS', key, expected, value];
    case 'drop':
      return ['CAD', key, expected];
    case 'claim':
      return ['SETNX', key, value];
    case 'exchange':
      return ['GETSET', key, value];
  }
}

/** What a reply says. */
function seenBy(kind: RegisterCall['kind'], answer: Answer): Pick<RegisterCall, 'found' | 'done'> {
  if (answer.kind !== 'reply' || answer.value instanceof RespError) return {};
  const { value } = answer;
  if (kind === 'read' || kind === 'exchange')
    return { found: Buffer.isBuffer(value) ? String(value) : undefined, done: true };
  return { done: kind === 'write' || value === 1 };
}
