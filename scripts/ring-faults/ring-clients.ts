/** Clients of a ring: plain ones, which may go to any node, and ioredis's client for Redis Cluster. */
import { Cluster, Redis } from 'ioredis';
import { slotOf } from '../../lib/base/position.js';
import type { NodeAddress } from './ring-processes.js';

/** Somebody who sends requests. */
export interface RingClient {
  readonly name: string;
  /** Whether it sends no request again. */
  readonly isSentOnce: boolean;
  /** Resolves to the reply. Rejects with the server's error, or if there is no answer in time. `onSent` is told the number of the node that it goes to first. */
  call(words: readonly string[], onSent?: (node: number) => void): Promise<unknown>;
  close(): void;
}

/** Who does not answer within this time is avoided. */
const PATIENCE_MS = 800;
const RECONNECT_MS = 100;
const SLOTS_REFRESH_MS = 500;

/** A connection to each node; requests go to one of those that answer. */
export class PlainClient implements RingClient {
  readonly name = 'plain';
  readonly isSentOnce = true;
  /**
   * Whether a request whose connection was closed goes to another node, as ioredis has it by itself, but to the same one. A server that lets go of its clients in order has not read it: counts
   * would show it.
   */
  resendsClosed = false;
  resentCount = 0;
  readonly #connections: Connection[];
  #turn = 0;

  constructor(addresses: readonly NodeAddress[]) {
    this.#connections = addresses.map((address) => new Connection(address));
  }

  /** Resolves when it is connected with all of them. */
  async ready(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.ready()));
  }

  async call(words: readonly string[], onSent?: (node: number) => void): Promise<unknown> {
    const usable = this.#connections.filter((connection) => connection.isUsable);
    if (usable.length === 0) throw new Error('no node answers');
    const connection = usable[this.#turn++ % usable.length];
    onSent?.(this.#connections.indexOf(connection));
    try {
      return await connection.call(words);
    } catch (error) {
      if (!this.resendsClosed || !isClosing(error)) throw error;
      this.resentCount++;
      return this.call(words);
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

class Connection {
  readonly #redis: Redis;
  #isDoubtful = false;
  #isClosed = false;

  constructor({ host, port }: NodeAddress) {
    this.#redis = new Redis({
      host,
      port,
      commandTimeout: PATIENCE_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => RECONNECT_MS,
    });
    // Requests fail, too.
    this.#redis.on('error', () => undefined);
  }

  get isUsable(): boolean {
    return this.#redis.status === 'ready' && !this.#isDoubtful;
  }

  async ready(): Promise<void> {
    // An error before that is of an attempt that is made again.
    if (this.#redis.status !== 'ready') await new Promise((resolve) => this.#redis.once('ready', resolve));
  }

  async call([command, ...args]: readonly string[]): Promise<unknown> {
    try {
      return await this.#redis.call(command, ...args);
    } catch (error) {
      if (!isReply(error)) void this.#doubt();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#redis.disconnect();
  }

  /** Keeps away until it answers. */
  async #doubt(): Promise<void> {
    if (this.#isDoubtful) return;
    this.#isDoubtful = true;
    // One that was waiting to connect anew when it was closed never says that it has ended.
    while (!this.#isClosed) {
      try {
        await this.#redis.ping();
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
    this.#isDoubtful = false;
  }
}

/** ioredis knows who has which slot, and asks him. */
export class ClusterClient implements RingClient {
  readonly name = 'cluster';
  readonly isSentOnce = false;
  readonly #cluster: Cluster;
  readonly #nodes: readonly string[];

  constructor(addresses: readonly NodeAddress[]) {
    this.#nodes = addresses.map(({ host, port }) => `${host}:${port}`);
    this.#cluster = new Cluster([...addresses], {
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      slotsRefreshTimeout: PATIENCE_MS,
      clusterRetryStrategy: () => RECONNECT_MS,
      redisOptions: { commandTimeout: PATIENCE_MS },
    });
    this.#cluster.on('error', () => undefined);
  }

  call([command, ...args]: readonly string[], onSent?: (node: number) => void): Promise<unknown> {
    onSent?.(this.#nodes.indexOf(this.#cluster.slots[slotOfKey(args[0])]?.[0] ?? ''));
    return this.#cluster.call(command, ...args);
  }

  close(): void {
    this.#cluster.disconnect();
  }
}

function slotOfKey(key: string): number {
  const bytes = Buffer.from(key);
  return slotOf(bytes, 0, bytes.length);
}

/** Whether there is no reply because the connection was closed. */
function isClosing(error: unknown): boolean {
  return error instanceof Error && error.name === 'MaxRetriesPerRequestError';
}

/** Whether an error was a reply of the server. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
