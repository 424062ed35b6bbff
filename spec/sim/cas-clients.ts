/** Clients that compare and set, claim, write, increment, delete and read a few keys, by commands and by scripts, and note what they saw. */

import { RespError } from '../protocol/resp-decoder.js';
import type { RegisterCall } from './linearizability-checker.js';
import { NOT_FOUND_OUT, checkLinearizable, describeCall } from './linearizability-checker.js';
import { byScript } from './key-scripts.js';
import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

export const CAS_KINDS = [
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
  'increment',
  'delete',
] as const;
/** Values are numbers, so far apart, so that an incremented one is no other. */
const VALUE_STEP = 1000;
const DIGITS = '123456789';
const LINEARIZABLE = ['WITH', 'LINEARIZABLE'];
const ONE = ['WITH', 'ONE'];
/** Keys of which each request is a script: consensus decides about them from the first one that changes something on, whatever else there is. */
const OF_SCRIPTS = 'script:';
/** Who has consensus decide about a key for the first time: not by a script, for one that changes nothing leaves the key as it was. */
export const STARTER = 'starter';
/** At other keys, one request of so many is a script. */
const SCRIPT_OF = 4;
/** A client whose requests come to nothing waits for so long. */
const PAUSE_MS = 200;

/** A request about a key, before it is sent. */
export interface CasRequest {
  readonly key: string;
  readonly words: readonly string[];
  readonly call: Pick<RegisterCall, 'client' | 'kind' | 'value' | 'expected' | 'invokedUs'>;
}

/** How a request is made, where nothing is drawn. */
export interface RequestWays {
  /** The words before it that name a level; default: drawn, and of scripts even ONE. */
  readonly level?: readonly string[] | undefined;
  /** What it compares with; default: what was seen last. */
  readonly expected?: string | undefined;
  readonly mayBeScript?: boolean;
}

export interface CasClientsOptions {
  /** Looked at anew for each request. */
  readonly keys: readonly string[];
  /** Between two requests, on average. */
  readonly thinkMs: number;
  /** Of requests that name the level LINEARIZABLE; the others are sent as they are. Default none. */
  readonly levelShare?: number;
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
  }

  /** Requests that were answered, and those of which nobody knows. */
  get answered(): number {
    return this.countOf('ok');
  }

  get unknown(): number {
    return this.countOf('unknown');
  }

  /** Asks one thing after the other until it is stopped, each time by a connection that `next` gives if the one before failed. */
  async run(client: string, next: () => SimClient): Promise<void> {
    const { keys, thinkMs } = this.options;
    let connection = next();
    while (!this.isStopped) {
      await this.world.sleep(1 + this.random.below(2 * thinkMs));
      if (keys.length === 0) continue;
      const key = keys[this.random.below(keys.length)];
      const kind = CAS_KINDS[this.random.below(CAS_KINDS.length)];
      if ((await this.ask(client, connection, key, kind)) === 'ok') continue;
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
    while ((await this.ask(client, connection, key, 'read')) !== 'ok') await this.world.sleep(PAUSE_MS);
  }

  /** What is wrong with what was seen of each key; and of how many that cannot be found out. */
  check(): { problems: string[]; uncheckedCount: number } {
    const found = [...this.calls].map(([key, calls]) => [key, checkLinearizable(calls)] as const);
    const wrong = found.filter(([, problem]) => problem !== undefined && problem !== NOT_FOUND_OUT);
    return {
      problems: wrong.map(([key, problem]) => `${key}: ${problem}`),
      uncheckedCount: found.filter(([, problem]) => problem === NOT_FOUND_OUT).length,
    };
  }

  /** One thing, for one of the clients. */
  async ask(
    client: string,
    connection: SimClient,
    key: string,
    kind: RegisterCall['kind'],
    level?: readonly string[],
  ): Promise<RegisterCall['outcome']> {
    const request = this.prepare(client, key, kind, { level, mayBeScript: client !== STARTER });
    return this.conclude(request, await connection.call(...request.words)).outcome;
  }

  /** A request that one of the clients is to send now. */
  prepare(
    client: string,
    key: string,
    kind: RegisterCall['kind'],
    { level, expected = this.seen.get(key) ?? 'nothing', mayBeScript = true }: RequestWays = {},
  ): CasRequest {
    const drawn = level ?? this.drawLevel();
    const value = kind === 'append' ? DIGITS[this.names % DIGITS.length] : String(++this.names * VALUE_STEP);
    const plain = wordsOf(kind, key, value, expected);
    const isScript = isOfScripts(key) || (this.random.below(SCRIPT_OF) === 0 && mayBeScript);
    const words = isScript ? [...(level ?? this.levelOfScript(drawn)), ...byScript(plain)] : [...drawn, ...plain];
    return { key, words, call: { client, kind, value, expected, invokedUs: this.world.nowUs } };
  }

  /** Notes what has become of a request, which was answered just now, or at `atUs`. `behind`: what stood before it in a pipeline. */
  conclude(
    { key, call: begun }: CasRequest,
    answer: Answer,
    atUs = this.world.nowUs,
    behind?: RegisterCall,
  ): RegisterCall {
    const outcome = outcomeOf(answer);
    const call: RegisterCall = {
      ...begun,
      ...(outcome === 'ok' ? seenBy(begun.kind, answer) : {}),
      returnedUs: outcome === 'unknown' ? Infinity : atUs,
      outcome,
      behind,
    };
    this.callsOf(key).push(call);
    this.note(key, call);
    this.world.note(call.client, () => `${key}: ${describeCall(call)}`);
    return call;
  }

  /** Scripts are decided at any level. */
  private levelOfScript(level: readonly string[]): readonly string[] {
    return this.random.below(2) === 0 ? ONE : level;
  }

  private drawLevel(): readonly string[] {
    return this.random.uint32() < (this.options.levelShare ?? 0) * 0x1_0000_0000 ? LINEARIZABLE : [];
  }

  private callsOf(key: string): RegisterCall[] {
    const known = this.calls.get(key);
    if (known !== undefined) return known;
    const calls: RegisterCall[] = [];
    this.calls.set(key, calls);
    return calls;
  }

  private countOf(outcome: RegisterCall['outcome']): number {
    return [...this.calls.values()].flat().filter((call) => call.outcome === outcome).length;
  }

  /** What the key may hold now. */
  private note(key: string, { kind, value, found, done, outcome }: RegisterCall): void {
    if (outcome !== 'ok') return;
    const now =
      kind === 'read' || kind === 'increment'
        ? found
        : done === true && kind !== 'drop' && kind !== 'delete' && kind !== 'append'
          ? value
          : undefined;
    if (now !== undefined) this.seen.set(key, now);
  }
}

/** A key of which each request is a script. */
export function keyOfScripts(number: number): string {
  return `${OF_SCRIPTS}${number}`;
}

export function isOfScripts(key: string): boolean {
  return key.startsWith(OF_SCRIPTS);
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
    case 'increment':
      return ['INCR', key];
    case 'append':
      return ['APPEND', key, value];
  }
}

/** What a reply says. */
function seenBy(kind: RegisterCall['kind'], answer: Answer): Pick<RegisterCall, 'found' | 'done'> {
  if (answer.kind !== 'reply' || answer.value instanceof RespError) return {};
  const { value } = answer;
  if (kind === 'read' || kind === 'exchange')
    return { found: Buffer.isBuffer(value) ? String(value) : undefined, done: true };
  if (kind === 'increment' || kind === 'append') return { found: JSON.stringify(value), done: true };
  return { done: kind === 'write' || value === 1 };
}
