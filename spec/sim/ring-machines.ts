/** A ring of nodes on machines of a World, that are started again and again, and clients at any of them. */

import { Machine } from './machine.js';
import { compareMembers, isWhole } from './ring-members.js';
import type { SeededRandom } from './seeded-random.js';
import { SimClient } from './sim-client.js';
import type { NodeChanges, SimulatedMember } from './simulated-node.js';
import { CLIENT_PORT, bootMember } from './simulated-node.js';
import type { World } from './world.js';

const TIMEOUT_MS = 4000;

export class RingMachines {
  readonly machines: Machine[];
  readonly clientMachine: Machine;
  readonly members = new Map<Machine, SimulatedMember>();
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly changes: NodeChanges;
  private readonly config: string;

  /** `config`: lines of each node's configuration, beside those that make it one of the ring. */
  constructor(world: World, nodes: number, config: string, changes: NodeChanges) {
    this.world = world;
    this.random = world.fork();
    this.changes = changes;
    this.config = config;
    this.clientMachine = new Machine(world, 'clients', '10.0.1.1');
    this.clientMachine.boot();
    this.machines = Array.from({ length: nodes }, (_, i) => new Machine(world, `node${i + 1}`, `10.0.0.${i + 1}`));
  }

  boot(machine: Machine): Promise<void> {
    const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      this.config;
    return bootMember(machine, config, this.changes, (member) => this.members.set(machine, member));
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(): Promise<void> {
    while (!isWhole(this.machines, this.members)) await this.world.sleep(100);
  }

  /** Whether all replicas of each key hold the same. Returns what differs. */
  compare(dump: (machine: Machine) => Map<string, string>): string[] {
    return compareMembers(this.machines, this.members, dump);
  }

  /** A client of a node; of any, if none is named. */
  client({ host } = this.machines[this.random.below(this.machines.length)]): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, { host, port: CLIENT_PORT, timeoutMs: TIMEOUT_MS });
  }
}
