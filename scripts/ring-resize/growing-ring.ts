/** A ring of processes that grows and shrinks. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeRingPorts, startRing } from '../tools/ring-processes.js';
import { ServerProcess } from '../tools/server-process.js';

export interface GrowingRingOptions {
  /** Nodes at first, and at most. */
  readonly count: number;
  readonly countMax: number;
  /** Each node has a directory below it. */
  readonly dir: string;
  /** Flags of all. */
  readonly args?: readonly string[];
  /** Flags of one. */
  readonly argsOf?: (node: number) => readonly string[];
}

/** A member as RING MEMBERS tells it. */
interface MemberFacts {
  readonly id: string;
  readonly port: number;
  readonly state: string;
  readonly isUp: boolean;
  readonly heldSlots: number;
  /** What it has of what it takes over. */
  readonly filledPercent: number;
}

const LOOK_EVERY_MS = 200;

export class GrowingRing {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly #options: GrowingRingOptions;
  readonly #nodes: (ServerProcess | undefined)[];
  readonly #output: string[] = [];

  private constructor(options: GrowingRingOptions, ports: readonly number[], nodes: ServerProcess[]) {
    this.#options = options;
    this.addresses = ports.map((port) => ({ host: '127.0.0.1', port }));
    this.#nodes = nodes;
  }

  static async start(options: GrowingRingOptions): Promise<GrowingRing> {
    const ports = await freeRingPorts(options.countMax);
    const first = ports.slice(0, options.count);
    const dirs = first.map((_, node) => join(options.dir, `node${node}`));
    const { args = [], argsOf = () => [] } = options;
    const nodes = await startRing({ ports: first, dirs, args, argsOf });
    return new GrowingRing(options, ports, nodes);
  }

  /** What a node has said last. */
  outputOf(node: number): string {
    return this.#output[node] ?? '';
  }

  /** What those nodes have said last that are not running. */
  get lastWords(): string {
    return this.#nodes.flatMap((node) => (node?.isRunning === false ? [node.outputTail] : [])).join('\n');
  }

  node(node: number): ServerProcess {
    const process = this.#nodes[node];
    if (process === undefined) throw new Error(`node ${node} was never started`);
    return process;
  }

  /** Starts a node, which joins by the others. */
  async startNode(node: number, args: readonly string[] = []): Promise<void> {
    const { dir, args: common = [], argsOf = () => [] } = this.#options;
    const seeds = this.addresses.filter((_, other) => other !== node && this.#nodes[other]?.isRunning === true);
    this.#output[node] = '';
    this.#nodes[node] = await ServerProcess.start({
      kind: 'ringkv',
      port: this.addresses[node].port,
      dir: join(dir, `node${node}`),
      args: [
        ...['--cluster-enabled', 'yes', '--cluster-seeds', seeds.map(({ port }) => `127.0.0.1:${port}`).join(',')],
        ...common,
        ...argsOf(node),
        ...args,
      ],
      onOutput: (text) => {
        this.#output[node] = (this.#output[node] + text).slice(-4000);
      },
    });
  }

  /** Kills a node and removes its directory. */
  async destroyNode(node: number): Promise<void> {
    await this.node(node).kill('SIGKILL');
    rmSync(join(this.#options.dir, `node${node}`), { recursive: true, force: true });
  }

  /** Resolves when the ring has exactly these nodes, all of them up, as one of them sees it. */
  async settled(nodes: readonly number[], timeoutMs: number): Promise<MemberFacts[]> {
    const ports = nodes.map((node) => this.addresses[node].port).sort((a, b) => a - b);
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const members = await this.membersBy(nodes[0]);
      const there = members.filter(({ isUp, state }) => isUp && state === 'up').map(({ port }) => port);
      if (members.length === ports.length && there.sort((a, b) => a - b).join() === ports.join()) return members;
      if (performance.now() > deadlineMs) {
        const output = nodes.map((node) => this.outputOf(node)).join('\n');
        throw new Error(`the ring has not become ${ports.join()} in time: ${JSON.stringify(members)}\n${output}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Asks a node; rejects with its error. */
  async ask(node: number, ...words: string[]): Promise<unknown> {
    const client = await this.node(node).connect();
    try {
      return await client.call(...words);
    } finally {
      client.close();
    }
  }

  async membersBy(node: number): Promise<MemberFacts[]> {
    const rows = (await this.ask(node, 'RING', 'MEMBERS')) as (string | number)[][];
    return rows.map((row) => {
      const field = (name: string): string | number =>
        row[row.findIndex((word, i) => i % 2 === 0 && word === name) + 1];
      return {
        id: String(field('id')),
        port: Number(field('port')),
        state: String(field('state')),
        isUp: field('up') === 1,
        heldSlots: Number(field('slots-held')),
        filledPercent: Number(field('filled-percent')),
      };
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.flatMap((node) => (node?.isRunning === true ? [node.stop()] : [])));
  }
}
