import { expect } from 'chai';
import type { RegisterCall } from '../../sim/linearizability-checker.js';
import { checkLinearizable } from '../../sim/linearizability-checker.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { BenchClient } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const RACES = 60;
const STEPS_MAX = 2000;
const ADVANCES_MAX = 50;

type Kind = 'write' | 'swap' | 'claim' | 'exchange';
const KINDS: readonly Kind[] = ['write', 'write', 'swap', 'swap', 'claim', 'exchange'];

/** A request under way, and who has sent it. */
interface Pending {
  readonly client: BenchClient;
  readonly call: Omit<RegisterCall, 'outcome' | 'returnedUs'>;
}

/** The first requests of a key by which consensus begins, amidst plain SETs at other replicas, while everything happens in any order. */
class Race {
  readonly calls: RegisterCall[] = [];
  readonly errors: string[] = [];
  private readonly ring: RingBench;
  private readonly key: string;
  private readonly random: SeededRandom;
  private readonly idle: BenchClient[];
  private pending: Pending[] = [];
  private requests: number;
  private step = 0;

  constructor(ring: RingBench, key: string, seed: number) {
    this.ring = ring;
    this.key = key;
    this.random = new SeededRandom(seed);
    this.idle = [0, 1, 2, 0, 1, 2].map((node) => ring.nodes[node].connect());
    this.requests = 3 + this.random.below(5);
  }

  /** Resolves when every request is answered. */
  async run(): Promise<void> {
    while (this.step < STEPS_MAX && (this.requests > 0 || this.pending.length > 0)) {
      this.step++;
      if (this.requests > 0 && this.random.below(6) === 0) this.send();
      else await this.goOn();
      this.collect();
    }
    for (let i = 0; i < ADVANCES_MAX && this.pending.length > 0; i++) {
      this.step++;
      await this.ring.advance(100);
      this.collect();
    }
    for (const client of this.idle) client.disconnect();
    await this.ring.settle();
  }

  private send(): void {
    const { idle, random, key } = this;
    const client = idle.splice(random.below(idle.length), 1).at(0);
    if (client === undefined) return;
    const kind = KINDS[random.below(KINDS.length)];
    const value = `v${this.requests--}`;
    const expected = random.below(2) === 0 ? 'plain' : `v${1 + random.below(7)}`;
    this.pending.push({ client, call: { client: value, kind, value, expected, invokedUs: this.step } });
    if (kind === 'write') client.send('SET', key, value);
    else if (kind === 'swap') client.send('CAS', key, expected, value);
    else if (kind === 'claim') client.send('SETNX', key, value);
    else client.send('GETSET', key, value);
  }

  /** A turn ends, a disk has synced, or a message arrives. */
  private async goOn(): Promise<void> {
    const { ring, random } = this;
    const node = ring.nodes[random.below(ring.nodes.length)];
    const what = random.below(4);
    if (what === 0) await node.finishSyncs();
    else if (what === 1) node.endTurn();
    else if (ring.sent.length > 0) {
      const { to, message } = ring.sent[random.below(ring.sent.length)];
      const first = ring.sent.find((one) => one.to === to && one.message.from === message.from);
      ring.deliver((one) => one === first);
    }
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  private collect(): void {
    this.pending = this.pending.filter(({ client, call }) => {
      const replies = client.replies();
      if (replies.length === 0) return true;
      const [reply] = replies;
      const text = String(reply);
      const isError = /TIMEOUT|ERR|NOREPLICAS|ERA/.test(text);
      if (isError) this.errors.push(`${call.kind}: ${text}`);
      this.calls.push({
        ...call,
        returnedUs: isError ? Infinity : this.step,
        outcome: isError ? 'unknown' : 'ok',
        ...(call.kind === 'exchange' ? { found: reply === null ? undefined : text } : {}),
        done: call.kind === 'write' || call.kind === 'exchange' || reply === 1,
      });
      this.idle.push(client);
      return false;
    });
  }
}

describe('RefusedPuts', () => {
  it('has decided what replicas refuse plainly, once, whatever the order in which all happens', async () => {
    const ring = await RingBench.start(3);
    const readers = ring.nodes.map((node) => node.connect());
    for (let seed = 1; seed <= RACES; seed++) {
      const key = `k${seed}`;
      const hasValue = seed % 2 === 0;
      if (hasValue) await ring.ask(readers[0], 'SET', key, 'plain');
      const race = new Race(ring, key, seed);
      await race.run();
      expect(race.errors, `seed ${seed}`).to.deep.equal([]);
      const calls = [...race.calls];
      for (const [i, reader] of readers.entries()) {
        const found = await ring.ask(reader, 'WITH', 'LINEARIZABLE', 'GET', key);
        const atUs = 10_000 + i;
        const seen = typeof found === 'string' ? found : undefined;
        calls.push({ client: 'r', kind: 'read', found: seen, invokedUs: atUs, returnedUs: atUs, outcome: 'ok' });
      }
      expect(checkLinearizable(calls, hasValue ? 'plain' : undefined), `seed ${seed}`).to.equal(undefined);
      const shown = [];
      for (const reader of readers) shown.push(await ring.ask(reader, 'WITH', 'ONE', 'GET', key));
      expect(new Set(shown).size, `seed ${seed}: ${shown.join()}`).to.equal(1);
    }
  });
});
