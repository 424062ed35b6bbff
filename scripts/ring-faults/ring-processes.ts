/** The nodes of a ring, each a process of its own that can be killed, paused and cut off. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../tools/error-text.js';
import { EXECUTABLE } from '../tools/executable.js';
import { freePort, isPortFree } from '../tools/free-port.js';
import { ServerProcess } from '../tools/server-process.js';
import type { PrivateNetwork } from './private-network.js';

export interface RingProcessesOptions {
  readonly count: number;
  /** Each node has a directory below it. */
  readonly dir: string;
  /** Undefined: all are on the loopback interface, and none can be cut off. */
  readonly network?: PrivateNetwork | undefined;
  /** Flags besides those that make it a node of the ring. */
  readonly args?: readonly string[];
  /** Flags for Node.js. */
  readonly runtimeArgsOf?: (node: number) => readonly string[];
}

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** In a network of its own each node may have it. */
const PORT = 7000;
const BUS_DISTANCE = 10_000;
/** The system gives ports from here on to outgoing connections. */
const PORT_LIMIT = 32_768;
const JOIN_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 50;

export class RingProcesses {
  readonly addresses: readonly NodeAddress[];
  readonly #options: RingProcessesOptions;
  readonly #nodes: (ServerProcess | undefined)[] = [];

  private constructor(options: RingProcessesOptions, addresses: readonly NodeAddress[]) {
    this.#options = options;
    this.addresses = addresses;
  }

  /** Resolves when each node knows all others as members of one ring. */
  static async start(options: RingProcessesOptions): Promise<RingProcesses> {
    const ring = new RingProcesses(options, await addressesFor(options));
    await Promise.all(ring.addresses.map((_, node) => ring.startNode(node)));
    for (let node = 0; node < options.count; node++) await ring.#waitForMembers(node);
    return ring;
  }

  /** Starts a node that does not run. */
  async startNode(node: number): Promise<void> {
    const { network, dir, args = [], runtimeArgsOf = () => [] } = this.#options;
    const { host, port } = this.addresses[node];
    this.#nodes[node] = await ServerProcess.start({
      kind: 'ringkv',
      host,
      port,
      dir: join(dir, `node${node}`),
      command: [...(network?.commandOf(node) ?? []), process.execPath, ...runtimeArgsOf(node), EXECUTABLE],
      args: [...this.#flags(host), '--logfile', this.#logOf(node), ...args],
    });
  }

  /** Starts one that is not of the ring, though its seeds are. Resolves to why it cannot serve. */
  async startStranger(args: readonly string[], readyTimeoutMs: number): Promise<string> {
    const flags = [...this.#flags(this.addresses[0].host), ...args];
    try {
      await (await ServerProcess.start({ kind: 'ringkv', args: flags, readyTimeoutMs })).stop();
    } catch (error) {
      return errorText(error);
    }
    return '';
  }

  node(node: number): ServerProcess {
    const process = this.#nodes[node];
    if (process === undefined) throw new Error(`node ${node} was never started`);
    return process;
  }

  /** All that a node has said so far. */
  logText(node: number): string {
    return readFileSync(this.#logOf(node), 'utf8');
  }

  /** Ends all nodes. Resolves to what they ended with. */
  async stop(): Promise<string[]> {
    const ends = await Promise.all(this.#nodes.map((node) => Promise.resolve(node?.stop())));
    return ends.map((end) => end?.signal ?? `code ${end?.code}`);
  }

  #flags(host: string): string[] {
    const seeds = this.addresses.map((address) => `${address.host}:${address.port}`).join(',');
    const ringFlags = ['--cluster', 'yes', '--cluster-secret', 'secret', '--seeds', seeds];
    return ['--bind', host, '--protected-mode', 'no', '--save', '', ...ringFlags];
  }

  #logOf(node: number): string {
    return join(this.#options.dir, `node${node}.log`);
  }

  async #waitForMembers(node: number): Promise<void> {
    const members = `${this.#options.count} members`;
    const startMs = performance.now();
    for (;;) {
      if (this.logText(node).includes(members)) return;
      if (performance.now() - startMs > JOIN_TIMEOUT_MS)
        throw new Error(`node ${node} has no ring of ${members}:\n${this.logText(node)}`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function addressesFor({ count, network }: RingProcessesOptions): Promise<NodeAddress[]> {
  const addresses: NodeAddress[] = [];
  while (addresses.length < count) {
    if (network !== undefined) addresses.push({ host: network.hostOf(addresses.length), port: PORT });
    else {
      const port = await freePort();
      const isTaken = addresses.some((address) => address.port === port);
      if (!isTaken && port + BUS_DISTANCE < PORT_LIMIT && (await isPortFree(port + BUS_DISTANCE)))
        addresses.push({ host: '127.0.0.1', port });
    }
  }
  return addresses;
}
