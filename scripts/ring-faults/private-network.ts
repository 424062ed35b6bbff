/**
 * A network of this machine's own, in which each node has an address and a namespace: so that one can be cut off without a word, as by a
 * switch that fails. The script itself is at the switch.
 *
 *     10.213.n.1 ─┐
 *     10.213.n.2 ─┼─ bridge 10.213.n.254
 *     ...         ┘
 */
import { execFileSync } from 'node:child_process';

const HUB = 254;
/** Nobody's on this network. */
const NO_ADDRESS = '02:00:00:00:00:01';

export class PrivateNetwork {
  readonly #count: number;
  readonly #prefix: string;
  readonly #subnet: string;

  /** Throws if this is not allowed here. */
  constructor(count: number) {
    this.#count = count;
    this.#prefix = `rk${process.pid}`;
    this.#subnet = `10.213.${process.pid % HUB}`;
    process.once('exit', () => {
      this.remove();
    });
    const bridge = `${this.#prefix}b`;
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${this.#subnet}.${HUB}/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    for (let node = 0; node < count; node++) this.#add(node, bridge);
  }

  /** Only root may make namespaces. */
  static get isPossible(): boolean {
    return process.platform === 'linux' && process.getuid?.() === 0;
  }

  hostOf(node: number): string {
    return `${this.#subnet}.${node + 1}`;
  }

  /** What a program is run by that is to be at a node's place. */
  commandOf(node: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#nameOf(node)];
  }

  /** Nothing gets to a node or from it any more, and nobody is told. */
  cut(node: number): void {
    ip('link', 'set', this.#nameOf(node), 'down');
  }

  heal(node: number): void {
    ip('link', 'set', this.#nameOf(node), 'up');
  }

  /** What a node sends to another one is lost, and neither is told; its clients reach it. */
  part(node: number, other: number): void {
    const nowhere = ['lladdr', NO_ADDRESS, 'nud', 'permanent', 'dev', 'eth0'];
    ip('-n', this.#nameOf(node), 'neigh', 'replace', this.hostOf(other), ...nowhere);
  }

  /** Ends that. */
  unite(node: number, other: number): void {
    ip('-n', this.#nameOf(node), 'neigh', 'delete', this.hostOf(other), 'dev', 'eth0');
  }

  #add(node: number, bridge: string): void {
    const name = this.#nameOf(node);
    ip('netns', 'add', name);
    ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('link', 'set', name, 'master', bridge, 'up');
    ip('-n', name, 'addr', 'add', `${this.hostOf(node)}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }

  /** Of the namespace, and of its end of the wire here. */
  #nameOf(node: number): string {
    return `${this.#prefix}n${node}`;
  }

  /** As far as it is there. */
  remove(): void {
    for (let node = 0; node < this.#count; node++) {
      tryIp('link', 'delete', this.#nameOf(node));
      tryIp('netns', 'delete', this.#nameOf(node));
    }
    tryIp('link', 'delete', `${this.#prefix}b`);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tryIp(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It was not there.
  }
}
