/**
 * A ring of nodes that go on by themselves, three replicas of everything: a read is answered by one of them, and so is a write, if what one node has logged is on its disk
 * (`appendfsync always`); with `everysec` a majority has it, and one power fails at a time. What was acknowledged on either side of a cut is there in the end: versions until somebody who has
 * seen them writes, increments, elements of sets. Then all replicas are equal.
 */

import { slotOf } from '../../../lib/base/position.js';
import type { RespValue } from '../../protocol/resp-decoder.js';
import { Chaos } from '../chaos.js';
import { DivergingWorkload } from '../diverging-workload.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { Machine } from '../machine.js';
import { outcomeOf } from '../register-clients.js';
import { compareReplicas } from '../replica-checker.js';
import type { Scenario } from '../scenario.js';
import type { SeededRandom } from '../seeded-random.js';
import { SimClient } from '../sim-client.js';
import type { NodeChanges, SimulatedMember } from '../simulated-node.js';
import { CLIENT_PORT, bootMember } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 5;
const THINK_MS = 100;
const CLOCK_ERROR_MS_MAX = 250;
const TIMEOUT_MS = 4000;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
/** From one power failure to the next, everything that was acknowledged is on a disk. */
const POWER_APART_MS = 15_000;

interface Promises {
  readonly appendfsync: 'always' | 'everysec';
  /** How many replicas have a write when it is acknowledged. */
  readonly writes: 'one' | 'quorum';
}

class DivergingRing {
  readonly machines: Machine[];
  readonly workload: DivergingWorkload;
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly clientMachine: Machine;
  private readonly members = new Map<Machine, SimulatedMember>();
  private readonly changes: NodeChanges;
  private readonly promises: Promises;

  constructor(world: World, nodes: number, promises: Promises, changes: NodeChanges) {
    this.world = world;
    this.random = world.fork();
    this.promises = promises;
    this.changes = changes;
    this.clientMachine = new Machine(world, 'clients', '10.0.1.1');
    this.clientMachine.boot();
    this.machines = Array.from({ length: nodes }, (_, i) => new Machine(world, `node${i + 1}`, `10.0.0.${i + 1}`));
    this.workload = new DivergingWorkload(world, THINK_MS);
  }

  get clients(): Machine[] {
    return [this.clientMachine];
  }

  boot(machine: Machine): Promise<void> {
    const { appendfsync, writes } = this.promises;
    const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      `appendfsync ${appendfsync}\nread-consistency one\nwrite-consistency ${writes}\ncounters hits:*\nsiblings-max 100000\n`;
    return bootMember(machine, config, this.changes, (member) => this.members.set(machine, member));
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    await Promise.all(Array.from({ length: CLIENTS }, () => this.workload.run(next)));
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(): Promise<void> {
    while (!this.isWhole()) await this.world.sleep(100);
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

  /** Reads everything, from all replicas, which repairs them. Returns what is wrong. */
  async readAll(): Promise<string[]> {
    const client = this.client(this.machines[0]);
    const problems = await this.workload.check((...words) => this.ask(client, 'WITH', 'ALL', ...words));
    client.close();
    return problems;
  }

  /** Whether all replicas of each key hold the same. */
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

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.members.get(machine)?.node;
    for (const key of node === undefined ? [] : this.workload.keys) {
      const digest = node?.server.ring?.digest(Buffer.from(key));
      if (digest !== undefined) result.set(key, digest);
    }
    return result;
  }

  private client({ host }: Machine): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, { host, port: CLIENT_PORT, timeoutMs: TIMEOUT_MS });
  }

  /** Asks until it is answered. */
  private async ask(client: SimClient, ...words: string[]): Promise<RespValue> {
    for (;;) {
      const answer = await client.call(...words);
      if (answer.kind === 'reply' && outcomeOf(answer) === 'ok') return answer.value;
      await this.world.sleep(100);
    }
  }
}

/** Changes a plan so that what is promised can be kept. */
function planFor(world: World, nodes: number, faults: Partial<FaultPlan>): { plan: FaultPlan; promises: Promises } {
  const random = world.fork();
  const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
  const drawn = { ...drawFaultPlan(random, limits), blackouts: undefined, ...faults };
  if (random.below(2) === 0) return { plan: drawn, promises: { appendfsync: 'always', writes: 'one' } };
  const crashes = drawn.crashes && { ...drawn.crashes, apartMs: POWER_APART_MS };
  // Who is stopped syncs nothing.
  return {
    plan: { ...drawn, crashes, stops: undefined, downMax: 1 },
    promises: { appendfsync: 'everysec', writes: 'quorum' },
  };
}

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function diverging(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'diverging',
    about: 'a ring at ONE: versions, increments and elements of both sides of a cut are kept, replicas become equal',
    nodesDefault: 5,
    run: async (world, { nodes }) => {
      const { plan, promises } = planFor(world, nodes, faults);
      world.headline = `appendfsync ${promises.appendfsync}, writes ${promises.writes}; ${describePlan(plan)}`;
      const simulated = new DivergingRing(world, nodes, promises, changes);
      const { machines, clients, workload } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      workload.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      const problems = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll());
      return { operations: workload.operations, problems: [...problems, ...simulated.compare()] };
    },
  };
}
