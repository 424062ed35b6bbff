/**
 * Clients that send several commands in one go, on a few keys in several slots, plainly, and such that consensus decides about them: SET k; INCR k; EVAL k; MULTI, GET k, CAS k, EXEC; MGET k l. What a client sees of its own earlier
 * commands, in the same pipeline or in one before, it must see in their order; and nothing that was acknowledged is lost.
 *
 * Some keys are those that others compare and set (`shared`). The others each client has to itself, for a while. Of these, some have been decided about before; and of the others, what was seen is looked at up to the first
 * request whose outcome nobody knows: what has become of that may yet appear.
 */

import { RespError } from '../protocol/resp-decoder.js';
import type { CasRequest, RequestWays } from './cas-clients.js';
import { CAS_KINDS, CasClients, STARTER, isOfScripts } from './cas-clients.js';
import { Counts } from './counts.js';
import type { RegisterCall } from './linearizability-checker.js';
import { NOT_FOUND_OUT } from './linearizability-checker.js';
import type { SeededRandom } from './seeded-random.js';
import type { Answer, SimClient } from './sim-client.js';
import type { World } from './world.js';

type Kind = RegisterCall['kind'];

/** What consensus decides about only if it has before. */
const PLAIN_KINDS: readonly Kind[] = [
  'write',
  'write',
  'write',
  'read',
  'read',
  'increment',
  'increment',
  'append',
  'delete',
];
const OWN_KINDS: readonly Kind[] = [...CAS_KINDS, 'append', 'append', 'increment'];
/** Commands of a pipeline, on so many keys. */
const COMMANDS = { least: 2, most: 7 };
const KEYS_MAX = 3;
const OWN_KEYS = 3;
/** So many of these have one slot. */
const OF_A_SLOT = 3;
/** A key is used in so many pipelines. */
const LIVES = 12;
/** Numbers stay so short that all of their digits count. */
const APPENDS_MAX = 5;
/** One of so many steps is a transaction; or has several keys. */
const TRANSACTION_OF = 6;
const SEVERAL_OF = 6;
/** A client goes to another node after one pipeline of so many. */
const MOVE_OF = 6;
const PAUSE_MS = 200;
const COMMANDS_OF_TRANSACTION_MAX = 3;
/** One of so many does not compare with what commands in front of it have left. */
const BESIDE_OF = 4;
const LEVEL_SHARE = 0.2;
/** Commands that leave what they are given, if they do anything. */
const LEAVING: readonly Kind[] = ['write', 'swap', 'claim', 'exchange'];
const UNKNOWN: Answer = { kind: 'unknown' };
const LAST = 'last';

/** How keys are used that a client has to itself: plainly; as comes, so that consensus takes them over at some time; or consensus has decided about them before. */
const HABITS = ['plain', 'mixed', 'decided'] as const;

interface OwnKey {
  readonly name: string;
  /** Scripts on it run plainly (decided-scripts), unless consensus has decided about it before. */
  readonly isTagged: boolean;
  readonly habit: (typeof HABITS)[number];
  left: number;
  appends: number;
}

/** What is sent for some requests, and what each of them was answered, by the replies to all that was sent. */
interface Step {
  readonly commands: readonly (readonly string[])[];
  readonly requests: readonly CasRequest[];
  readonly answersOf: (answers: readonly Answer[]) => readonly Answer[];
}

/** An answer, and when it came. */
interface Timed {
  readonly answer: Answer;
  readonly atUs: number;
}

export interface PipeliningOptions {
  /** Those who compare and set the shared keys, and these. */
  readonly shared: CasClients;
  readonly sharedKeys: readonly string[];
  /** Between two pipelines, on average. */
  readonly thinkMs: number;
  /** Clients have keys to themselves: what was written plainly, and acknowledged, is never lost. */
  readonly keepsPlain: boolean;
}

export class PipeliningClients {
  readonly counts = new Counts();
  /** Every key of one client that was ever written. */
  readonly keys: string[] = [];
  private readonly own: CasClients;
  /** Keys of one client of which nobody knows any more what they hold. */
  private readonly lost = new Set<string>();
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly options: PipeliningOptions;
  private isStopped = false;

  constructor(world: World, options: PipeliningOptions) {
    this.world = world;
    this.random = world.fork();
    this.options = options;
    this.own = new CasClients(world, { keys: [], thinkMs: 0, levelShare: LEVEL_SHARE });
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Sends one pipeline after the other until `stop`. `next`: a client of any node. */
  async run(client: string, next: () => SimClient): Promise<void> {
    const { random, world, options } = this;
    const own: OwnKey[] = [];
    let connection = next();
    while (!this.isStopped) {
      await world.sleep(1 + random.below(2 * options.thinkMs));
      while (options.keepsPlain && own.length < OWN_KEYS && !this.isStopped) own.push(await this.newKey(next));
      const isGood = await this.sendOne(client, connection, own);
      if (isGood && random.below(MOVE_OF) > 0) continue;
      connection.close();
      connection = next();
      if (!isGood) await world.sleep(PAUSE_MS);
    }
    connection.close();
  }

  /** Reads each key again that is to be looked at. */
  async readAll(client: SimClient): Promise<void> {
    for (const key of this.own.calls.keys()) if (!this.lost.has(key)) await this.own.read(LAST, client, key);
  }

  /** What is wrong with what clients saw of the keys that they had to themselves. */
  check(): string[] {
    const { problems, uncheckedCount } = this.own.check();
    return uncheckedCount === 0 ? problems : [...problems, NOT_FOUND_OUT];
  }

  private async newKey(next: () => SimClient): Promise<OwnKey> {
    const number = this.keys.length;
    const tag = `p${Math.floor(number / OF_A_SLOT)}`;
    const isTagged = number % OF_A_SLOT > 0;
    const name = isTagged ? `{${tag}}${number}` : tag;
    const habit = HABITS[this.random.below(HABITS.length)];
    this.keys.push(name);
    let isBegun = habit !== 'decided';
    while (!isBegun && !this.isStopped) {
      const client = next();
      isBegun = (await this.own.ask(STARTER, client, name, 'drop')) === 'ok';
      client.close();
      if (!isBegun) await this.world.sleep(PAUSE_MS);
    }
    return { name, isTagged, habit, left: LIVES, appends: 0 };
  }

  /** One pipeline. Resolves to whether all of it was answered well. */
  private async sendOne(client: string, connection: SimClient, own: OwnKey[]): Promise<boolean> {
    const keys = this.drawKeys(own);
    if (keys.length === 0) return true;
    const steps = this.drawSteps(client, keys);
    this.counts.add('pipelines');
    const answers = await this.send(
      connection,
      steps.flatMap(({ commands }) => commands),
    );
    const calls = this.conclude(steps, answers, keys);
    for (const key of keys) if (typeof key !== 'string') this.age(key, calls.get(key.name) ?? [], own);
    const outcomes = [...calls.values()].flat().map(({ outcome }) => outcome);
    this.counts.add('answers in pipelines', outcomes.filter((outcome) => outcome === 'ok').length);
    return outcomes.every((outcome) => outcome === 'ok');
  }

  private send(connection: SimClient, commands: readonly (readonly string[])[]): Promise<Timed[]> {
    const noteTime = async (asked: Promise<Answer>): Promise<Timed> => {
      const answer = await asked;
      return { answer, atUs: this.world.nowUs };
    };
    return Promise.all(connection.callAll(commands).map(noteTime));
  }

  /** Notes what has become of each request, in their order. Returns that, by key. */
  private conclude(
    steps: readonly Step[],
    answers: readonly Timed[],
    keys: readonly (OwnKey | string)[],
  ): Map<string, RegisterCall[]> {
    const isShared = (key: string): boolean => keys.includes(key);
    const calls = new Map<string, RegisterCall[]>();
    let from = 0;
    for (const { commands, requests, answersOf } of steps) {
      const timed = answers.slice(from, (from += commands.length));
      const atUs = timed[timed.length - 1].atUs;
      const each = answersOf(timed.map(({ answer }) => answer));
      requests.forEach((request, i) => {
        const before = calls.get(request.key) ?? [];
        const behind = before.filter(({ outcome }) => outcome === 'ok').pop();
        const clients = isShared(request.key) ? this.options.shared : this.own;
        calls.set(request.key, [...before, clients.conclude(request, each[i], atUs, behind)]);
      });
    }
    return calls;
  }

  /** A key was used in a pipeline: after some of them it is left, and so it is if it is not known any more what is there. */
  private age(key: OwnKey, calls: readonly RegisterCall[], own: OwnKey[]): void {
    key.left--;
    const isKnown = key.habit === 'decided' || calls.every(({ outcome }) => outcome !== 'unknown');
    if (isKnown && key.left > 0) return;
    own.splice(own.indexOf(key), 1);
    if (isKnown) return;
    this.lost.add(key.name);
    const all = this.own.calls.get(key.name) ?? [];
    this.own.calls.set(
      key.name,
      all.slice(
        0,
        all.findIndex(({ outcome }) => outcome === 'unknown'),
      ),
    );
  }

  private drawKeys(own: readonly OwnKey[]): (OwnKey | string)[] {
    const { random } = this;
    const left = [...own, ...this.options.sharedKeys];
    const count = Math.min(1 + random.below(KEYS_MAX), left.length);
    return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]);
  }

  private drawSteps(client: string, keys: readonly (OwnKey | string)[]): Step[] {
    const { random } = this;
    const own = keys.filter((key): key is OwnKey => typeof key !== 'string');
    /** What keys hold, as far as commands in front say so. */
    const held = new Map<string, string | undefined>();
    const count = COMMANDS.least + random.below(COMMANDS.most - COMMANDS.least + 1);
    return Array.from({ length: count }, () => {
      if (own.length > 1 && random.below(SEVERAL_OF) === 0) return this.drawSeveral(client, own, held);
      const key = keys[random.below(keys.length)];
      const mayTransact = typeof key !== 'string' || !isOfScripts(key);
      if (mayTransact && random.below(TRANSACTION_OF) === 0) return this.drawTransaction(client, key, held);
      const request = this.prepare(client, key, this.drawKind(key), held, waysOf(key));
      return { commands: [request.words], requests: [request], answersOf: (answers) => answers };
    });
  }

  /** MGET or MSET. */
  private drawSeveral(client: string, keys: readonly OwnKey[], held: Map<string, string | undefined>): Step {
    const kind = this.random.below(2) === 0 ? 'read' : 'write';
    const requests = keys.map((key) => this.prepare(client, key, kind, held, AS_IT_IS));
    const words = requests.flatMap(({ words: [, ...rest] }) => rest);
    return {
      commands: [[kind === 'read' ? 'MGET' : 'MSET', ...words]],
      requests,
      answersOf: ([answer]) => keys.map((_, i) => (kind === 'read' ? elementOf(answer, i) : partOf(answer))),
    };
  }

  private drawTransaction(client: string, key: OwnKey | string, held: Map<string, string | undefined>): Step {
    const count = 1 + this.random.below(COMMANDS_OF_TRANSACTION_MAX);
    const requests = Array.from({ length: count }, () => this.prepare(client, key, this.drawKind(key), held, AS_IT_IS));
    return {
      commands: [['MULTI'], ...requests.map(({ words }) => words), ['EXEC']],
      requests,
      answersOf: (answers) => {
        const [begun] = answers;
        // Then each command was one by itself.
        const isBegun = begun.kind !== 'reply' || begun.value === 'OK';
        const executed = isBegun ? answers[answers.length - 1] : UNKNOWN;
        return requests.map((_, i) => elementOf(executed, i));
      },
    };
  }

  private drawKind(key: OwnKey | string): Kind {
    const { random } = this;
    const kinds = typeof key === 'string' ? CAS_KINDS : key.habit === 'plain' ? PLAIN_KINDS : OWN_KINDS;
    const kind = kinds[random.below(kinds.length)];
    if (kind !== 'append' || typeof key === 'string') return kind;
    return key.appends++ < APPENDS_MAX ? kind : 'read';
  }

  /** A request that follows others, and mostly compares with what these have left. */
  private prepare(
    client: string,
    key: OwnKey | string,
    kind: Kind,
    held: Map<string, string | undefined>,
    ways: RequestWays,
  ): CasRequest {
    const name = typeof key === 'string' ? key : key.name;
    const clients = typeof key === 'string' ? this.options.shared : this.own;
    const expected = this.random.below(BESIDE_OF) === 0 ? undefined : held.get(name);
    const request = clients.prepare(client, name, kind, { ...ways, expected });
    if (LEAVING.includes(kind)) held.set(name, request.call.value);
    return request;
  }
}

/** No script, and at the level that is set. */
const AS_IT_IS: RequestWays = { level: [], mayBeScript: false };

/** At the level ONE, what may run plainly may see what was before. */
function waysOf(key: OwnKey | string): RequestWays {
  if (typeof key === 'string' || (key.habit === 'decided' && !key.isTagged)) return {};
  return key.habit === 'plain' ? AS_IT_IS : { level: [] };
}

/** One of the replies that are in one. */
function elementOf(answer: Answer, index: number): Answer {
  if (answer.kind !== 'reply' || answer.value instanceof RespError) return answer;
  return Array.isArray(answer.value) ? { kind: 'reply', value: answer.value[index] } : UNKNOWN;
}

/** What a reply says of one of several keys that were written: some may have been, before one could not be. */
function partOf(answer: Answer): Answer {
  return answer.kind === 'reply' && answer.value instanceof RespError ? UNKNOWN : answer;
}
