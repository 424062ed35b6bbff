/** Faults that strike one after the other, some of them several nodes at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cut, kill, part, pause, shutDown, type Fault } from '../ring-faults/faults.js';
import type { PrivateNetwork } from '../ring-faults/private-network.js';
import type { RingProcesses } from '../ring-faults/ring-processes.js';

/** Milliseconds since an arbitrary start. */
export interface LockIncident {
  readonly name: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

interface Plan {
  readonly fault: Fault;
  readonly nodes: readonly number[];
}

const CALM_MS = 3000;

export class Incidents {
  readonly past: LockIncident[] = [];
  readonly #ring: RingProcesses;
  readonly #network: PrivateNetwork | undefined;
  #isStopped = false;

  /** `network`: undefined if nothing can be cut off. */
  constructor(ring: RingProcesses, network: PrivateNetwork | undefined) {
    this.#ring = ring;
    this.#network = network;
  }

  /** Rounds of all faults, each round at other nodes. Resolves when it was stopped, and all is well again. */
  async run(onBegin: (name: string) => void): Promise<void> {
    for (let round = 0; ; round++) {
      for (const { fault, nodes } of this.#roundOf(round)) {
        await sleep(CALM_MS);
        if (this.#isStopped) return;
        const name = `${fault.name}${nodes.length > 1 ? `, ${nodes.length} nodes` : ''}`;
        onBegin(name);
        const beganMs = performance.now();
        await Promise.all(nodes.map(async (node) => fault.begin(this.#ring, node)));
        await sleep(fault.lastsMs);
        await Promise.all(nodes.map(async (node) => fault.end(this.#ring, node)));
        this.past.push({ name, beganMs, endedMs: performance.now() });
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #roundOf(round: number): Plan[] {
    const { length } = this.#ring.addresses;
    const some = (count: number): number[] => Array.from({ length: count }, (_, i) => (round + i) % length);
    const majority = Math.floor(length / 2) + 1;
    const plans: Plan[] = [
      { fault: kill(500), nodes: some(1) },
      { fault: pause(2000), nodes: some(1) },
      { fault: kill(500), nodes: some(majority) },
      { fault: pause(1000), nodes: some(majority) },
      { fault: shutDown(500), nodes: some(1) },
      { fault: kill(500), nodes: some(length) },
    ];
    if (this.#network === undefined) return plans;
    return [
      ...plans,
      { fault: cut(this.#network, 3000), nodes: some(1) },
      { fault: part(this.#network, 3000, false), nodes: some(1) },
      { fault: part(this.#network, 3000, true), nodes: some(1) },
    ];
  }
}
