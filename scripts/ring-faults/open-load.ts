/**
 * Requests at a steady rate, whether or not those before them were answered: what a client waits for is counted from the moment when its request was
 * due, so that a server that stands still cannot hide it.
 */
import { errorText } from '../tools/error-text.js';
import type { History } from './history.js';
import type { RingClient } from './ring-clients.js';

/** What became of one request. Milliseconds since an arbitrary start. */
export interface Sample {
  readonly dueMs: number;
  readonly tookMs: number;
  readonly kind: 'read' | 'write';
  readonly client: string;
  /** The number of the node that it was sent to; negative: nobody. */
  readonly node: number;
  readonly error: string | undefined;
}

/** Requests leave one by one: what waits here for the next look is no fault of the server. */
const TICK_MS = 1;

const NOBODY = -1;

export class OpenLoad {
  readonly samples: Sample[] = [];
  readonly #history: History;
  readonly #clients: readonly RingClient[];
  readonly #everyMs: number;
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #nextMs = 0;
  #count = 0;

  /** Requests go to the clients in turn. */
  constructor(history: History, clients: readonly RingClient[], perSecond: number) {
    this.#history = history;
    this.#clients = clients;
    this.#everyMs = 1000 / perSecond;
  }

  start(): void {
    this.#nextMs = performance.now();
    this.#timer = setInterval(() => {
      for (const nowMs = performance.now(); this.#nextMs <= nowMs; this.#nextMs += this.#everyMs)
        this.#send(this.#nextMs);
    }, TICK_MS);
  }

  /** Sends no more, and resolves when everything was answered or given up. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #send(dueMs: number): void {
    const client = this.#clients[this.#count++ % this.#clients.length];
    const done = this.#run(client, dueMs).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #run(client: RingClient, dueMs: number): Promise<void> {
    const operation = this.#history.next(client.isSentOnce);
    let error: string | undefined;
    let node = NOBODY;
    const onSent = (sentTo: number): void => {
      node = sentTo;
    };
    try {
      operation.onReply(await client.call(operation.words, onSent));
    } catch (failure) {
      operation.onUnknown();
      error = errorText(failure);
    }
    const { kind } = operation;
    this.samples.push({ dueMs, tookMs: performance.now() - dueMs, kind, client: client.name, node, error });
  }
}
