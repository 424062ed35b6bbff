/**
 * A ring of nodes, three replicas of everything, and clients that compare and set a few keys at any node, mixed with plain SET, GET and DEL: each key is linearizable,
 * whatever fails, and whether the log of the data is synced or not.
 */

import { slotOf } from '../../../lib/base/position.js';
import { CasClients } from '../cas-clients.js';
import { Chaos } from '../chaos.js';
import type { DiskFault, FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { checkLinearizable } from '../linearizability-checker.js';
import { Machine } from '../machine.js';
import { compareReplicas } from '../replica-checker.js';
import type { Scenario } from '../scenario.js';
import type { SeededRandom } from '../seeded-random.js';
import { SimClient } from '../sim-client.js';
import type { NodeChanges, SimulatedMember } from '../simulated-node.js';
import { CLIENT_PORT, bootMember } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 5;
const KEYS = ['k1', 'k2', 'k3'];
const THINK_MS = 150;
const TIMEOUT_MS = 4000;
const CLOCK_ERROR_MS_MAX = 250;
const DISK_FAULTS: readonly DiskFault[] = ['full'];
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
const SETTLE_MS = 20_000;

class CasRing {
  readonly machines: Machine[];
  readonly clientMachine: Machine;
  readonly clients: CasClients;
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly members = new Map<Machine, SimulatedMember>();
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
    this.clients = new CasClients(world, { keys: KEYS, thinkMs: THINK_MS });
  }

  boot(machine: Machine): Promise<void> {
    const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      `appendfsync ${this.appendfsync}\n`;
    return bootMember(machine, config, this.changes, (member) => this.members.set(machine, member));
  }

  /** Resolves when the clients have stopped. The keys are in era 1 before the first of them asks. */
  async use(): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    const first = next();
    for (const key of KEYS)
      while ((await first.call('CAD', key, 'nothing')).kind !== 'reply') await this.world.sleep(100);
    first.close();
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.clients.run(`c${i}`, next)));
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(): Promise<void> {
    while (!this.isWhole()) await this.world.sleep(100);
  }

  /** Reads every key at each node. */
  async readAll(): Promise<void> {
    for (const machine of this.machines) {
      const client = this.client(machine);
      for (const key of KEYS) await this.clients.read('last', client, key);
      client.close();
    }
  }

  problems(): string[] {
    return KEYS.flatMap((key) => {
      const problem = checkLinearizable(this.clients.calls.get(key) ?? []);
      return problem === undefined ? [] : [`${key}: ${problem}`];
    });
  }

  /** Whether all replicas of each key show the same. */
  compare(): string[] {
    const dumps = new Map(this.machines.map((machine) => [machine.name, this.dump(machine)]));
    const ring = this.members.get(this.machines[0])?.member.ring;
    return compareReplicas(dumps, (key) => {
      const bytes = Buffer.from(key);
      const ids = Array.from(ring?.replicas(slotOf(bytes, 0, bytes.length)) ?? [], (i) => ring?.members[i].id);
      return this.machines
        .filter((machine) => ids.includes(this.members.get(machine)?.member.self))
        .map(({ name }) => name);
    });
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

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.members.get(machine)?.node;
    if (node === undefined) return result;
    const { keyspace } = node;
    for (const key of KEYS) {
      const bytes = Buffer.from(key);
      const place = keyspace.database(0).table.find(bytes, 0, bytes.length);
      const cells = place === 0 ? [] : [...keyspace.entryOf(place).cells.values()];
      result.set(key, cells.map(({ value }) => String(value)).join());
    }
    return result;
  }

  private client({ host }: Machine): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, { host, port: CLIENT_PORT, timeoutMs: TIMEOUT_MS });
  }
}

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function cas(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'cas',
    about: 'a ring of nodes, three replicas: keys that are compared and set are linearizable, plain writes included',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: DISK_FAULTS };
      const plan = { ...drawFaultPlan(random, limits), ...faults };
      const appendfsync = ['always', 'everysec', 'no'][random.below(3)];
      world.headline = `appendfsync ${appendfsync}; ${describePlan(plan)}`;
      const simulated = new CasRing(world, nodes, appendfsync, changes);
      const { machines, clientMachine, clients } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients: [clientMachine],
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      clients.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll());
      await world.sleep(SETTLE_MS);
      const problems = [...simulated.problems(), ...simulated.compare()];
      return { operations: clients.answered, problems };
    },
  };
}
