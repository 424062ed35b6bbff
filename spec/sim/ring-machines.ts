/** A ring of nodes on machines of a World, that are started again and again, and clients at any of them. */

import { Machine } from './machine.js';
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
  private readonly appendfsync: string;

  constructor(world: World, nodes: number, appendfsync: string, changes: NodeChanges) {
    this.world = world;
    this.random = world.fork();
    this.changes = changes;
    this.appendfsync = appendfsync;
    this.clientMachine = new Machine(world, 'clients', '10.0.1.1');
    this.clientMachine.boot();
    this.machines = Array.from({ length: nodes }, (_, i) => new Machine(world, `node${i + 1}`, `10.0.0.${i + 1}`));
  }

  boot(machine: Machine): Promise<void> {
    const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      `appendfsync ${this.appendfsync}\n`;
    return bootMember(machine, config, this.changes, (member) => this.members.set(machine, member));
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(): Promise<void> {
    while (!this.isWhole()) await this.world.sleep(100);
  }

  /** A client of a node; of any, if none is named. */
  client({ host } = this.machines[this.random.below(this.machines.length)]): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, { host, port: CLIENT_PORT, timeoutMs: TIMEOUT_MS });
  }

  private isWhole(): boolean {
    const members = this.machines.map((machine) => this.members.get(machine));
    const ids = members.map((each) => each?.member.self);
    return members.every((one) => {
      if (one?.node === undefined) return false;
      const { ring, links } = one.member;
      return ring.members.length === ids.length && ids.every((id) => id !== undefined && links.isUp(id));
    });
  }
}
