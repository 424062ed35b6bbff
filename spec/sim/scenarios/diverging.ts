/**
 * A ring of nodes that go on by themselves, three replicas of everything: a read is answered by one of them, and so is a write, if what one node has logged is on its disk
 * (`appendfsync always`); with `everysec` a majority has it, and one power fails at a time. What was acknowledged on either side of a cut is there in the end: versions until somebody who has
 * seen them writes, increments, elements of sets. Then all replicas are equal.
 */

import type { RespValue } from '../../protocol/resp-decoder.js';
import { Chaos } from '../chaos.js';
import { DivergingWorkload } from '../diverging-workload.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import { outcomeOf } from '../register-clients.js';
import { RingMachines } from '../ring-machines.js';
import type { Scenario } from '../scenario.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 5;
const THINK_MS = 100;
const CLOCK_ERROR_MS_MAX = 250;
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
  readonly ring: RingMachines;
  readonly workload: DivergingWorkload;
  private readonly world: World;

  constructor(world: World, ring: RingMachines) {
    this.world = world;
    this.ring = ring;
    this.workload = new DivergingWorkload(world, THINK_MS);
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, () => this.workload.run(() => this.ring.client())));
  }

  /** Reads everything, from all replicas, which repairs them. Returns what is wrong. */
  async readAll(): Promise<string[]> {
    const client = this.ring.client(this.ring.machines[0]);
    const problems = await this.workload.check((...words) => this.ask(client, 'WITH', 'ALL', ...words));
    client.close();
    return problems;
  }

  /** Whether all replicas of each key hold the same. */
  compare(): string[] {
    return this.ring.compare((machine) => this.dump(machine));
  }

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.ring.members.get(machine)?.node;
    for (const key of node === undefined ? [] : this.workload.keys) {
      const digest = node?.server.ring?.digest(Buffer.from(key));
      if (digest !== undefined) result.set(key, digest);
    }
    return result;
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
      const { appendfsync, writes } = promises;
      const config = `appendfsync ${appendfsync}\nread-consistency one\nwrite-consistency ${writes}\ncounters hits:*\nsiblings-max 100000\n`;
      const ring = new RingMachines(world, nodes, config, changes);
      const { machines, clientMachine } = ring;
      const simulated = new DivergingRing(world, ring);
      const { workload } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients: [clientMachine],
        boot: (machine) => ring.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', ring.agree());
      const used = simulated.use();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', ring.agree());
      workload.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', clientMachine.silence());
      const problems = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll());
      return { operations: workload.operations, problems: [...problems, ...simulated.compare()] };
    },
  };
}
