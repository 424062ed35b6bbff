/**
 * What a node misses while something is wrong with it, and whether it has it soon after: read at level ONE, from its own copy, of keys that
 * nobody else reads, so that no read at QUORUM has repaired them. Nor has anti-entropy, with NO_REPAIR.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RespClient, type Reply } from '../tools/resp-client.js';
import { PlainClient } from './ring-clients.js';
import type { RingProcesses } from './ring-processes.js';

const KEYS = 100;
const LOOK_EVERY_MS = 50;
const LOOK_TIMEOUT_MS = 1000;
/** Flags of the nodes. */
export const NO_REPAIR = ['--repair-interval', '0'];
/** The node has everything within this time. */
export const CATCH_UP_MS = 10_000;

export interface CaughtUp {
  /** Writes that were acknowledged, to keys that the node holds. */
  readonly missedCount: number;
  /** After so long it had them; Infinity: not within CATCH_UP_MS. */
  readonly tookMs: number;
}

export class MissedWrites {
  readonly #ring: RingProcesses;
  readonly #node: number;
  /** Of the keys that the node is a replica of. */
  readonly #written = new Map<string, string>();

  constructor(ring: RingProcesses, node: number) {
    this.#ring = ring;
    this.#node = node;
  }

  /** Writes by way of the other nodes, up to a moment: some puts, some changes. */
  async write(untilMs: number): Promise<void> {
    const client = new PlainClient(this.#ring.addresses.filter((_, node) => node !== this.#node));
    try {
      await client.ready();
      for (let i = 0; i < KEYS && performance.now() < untilMs; i++) await this.#writeOne(client, i);
    } finally {
      client.close();
    }
  }

  /** Waits until the node has them, from `sinceMs` on. */
  async arrive(sinceMs: number): Promise<CaughtUp> {
    const missedCount = this.#written.size;
    for (;;) {
      const isThere = await this.#hasAll().catch(() => false);
      const tookMs = performance.now() - sinceMs;
      if (isThere) return { missedCount, tookMs };
      if (tookMs > CATCH_UP_MS) return { missedCount, tookMs: Infinity };
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #writeOne(client: PlainClient, i: number): Promise<void> {
    const key = `missed:${this.#node}:${performance.now()}:${i}`;
    const [words, value] = i % 2 === 0 ? [['SET', key, 'put'], 'put'] : [['INCR', key], '1'];
    const { host, port } = this.#ring.addresses[this.#node];
    try {
      const owners = JSON.stringify(await client.call(['RING', 'OWNERS', key]));
      await client.call(words);
      if (owners.includes(`"${host}:${port}"`)) this.#written.set(key, value);
    } catch {
      // Nobody was told that it was done.
    }
  }

  /** Rejects if the node does not answer. */
  async #hasAll(): Promise<boolean> {
    const { host, port } = this.#ring.addresses[this.#node];
    const client = await RespClient.connect(port, { host });
    try {
      const expected = [...this.#written];
      const found = await inTime(expected.map(([key]) => client.call('WITH', 'ONE', 'GET', key)));
      return expected.every(([, value], i) => found[i] === value);
    } finally {
      client.close();
    }
  }
}

async function inTime(replies: readonly Promise<Reply>[]): Promise<Reply[]> {
  const tooLate = sleep(LOOK_TIMEOUT_MS).then(() => Promise.reject(new Error('no answer in time')));
  tooLate.catch(() => undefined);
  return Promise.race([Promise.all(replies), tooLate]);
}
