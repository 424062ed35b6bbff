/**
 * A ring that grows while its first clients begin to write, and a member that does not hear of it: three nodes make a ring, others are added one by one, and one of the
 * first three misses that. By the ring that it knows it would write to members that are no replicas any more, and read from them.
 */

import { Chaos } from '../chaos.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import type { SeededRandom } from '../seeded-random.js';
import type { NodeChanges } from '../simulated-node.js';
import { SimulatedRing } from '../simulated-ring.js';
import type { World } from '../world.js';

const FOUNDERS = 3;
const CLOCK_ERROR_MS_MAX = 250;
/** Members are added, and clients begin, within so many milliseconds. */
const JOIN_MS = 1500;
const BEGIN_MS = 3000;
/** Longer than members take no writes for the sake of one that is added. */
const MISSING_MS = { least: 4000, most: 9000 };
/** A member is added within this, or not. */
const ADDED_MS = 5000;
const CHAOS_MS = 25_000;
const MEMBERS_MS = 120_000;
/** Where a ring is kept. */
const TOPOLOGY = 'cluster/topology';
const CONVERGE_MS = 120_000;

/** Why a member does not have a ring. `full`: its disk does not take it, up to the end. */
const CAUSES = ['full', 'cut', 'stopped'] as const;
type Cause = (typeof CAUSES)[number];

/** One of the founders misses the rings that others take. */
class Straggler {
  readonly machine: Machine;
  readonly cause: Cause;
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly others: () => Machine[];
  private hasBegun = false;

  constructor(world: World, machine: Machine, others: () => Machine[]) {
    this.world = world;
    this.machine = machine;
    this.random = world.fork();
    this.cause = CAUSES[this.random.below(CAUSES.length)];
    this.others = others;
  }

  /** Somebody has a new ring. */
  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { machine, world, cause } = this;
    const ms = MISSING_MS.least + this.random.below(MISSING_MS.most - MISSING_MS.least);
    world.note(machine.name, () => `misses what comes: ${cause}`);
    switch (cause) {
      case 'full':
        machine.fullPath = TOPOLOGY;
        return;
      case 'stopped':
        machine.process?.stop(ms);
        return;
      case 'cut':
        for (const other of this.others()) {
          const heal = world.wires.cutBothWays([machine], [other]);
          world.after((ms + this.random.below(1000)) * 1000, 'heal', heal);
        }
    }
  }

  /** There is room for the ring. */
  end(): void {
    this.machine.fullPath = undefined;
  }
}

/** Faults that a change of the ring has to bear with nobody but the straggler away. */
function planFor(world: World, nodes: number): FaultPlan {
  const drawn = drawFaultPlan(world.fork(), { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] });
  return {
    ...drawn,
    chaosMs: CHAOS_MS,
    crashes: undefined,
    blackouts: undefined,
    stops: undefined,
    partitions: undefined,
  };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** `changes`: a bug to be found. */
export function growingRing(changes: NodeChanges = {}): Scenario {
  return {
    name: 'growing-ring',
    about: 'members are added to a ring as its first keys are written, and one member does not hear of it',
    nodesDefault: 6,
    run: async (world, { nodes }) => {
      const plan = planFor(world, nodes);
      const random = world.fork();
      const simulated = new SimulatedRing(world, {
        nodes,
        founders: FOUNDERS,
        appendfsync: 'everysec',
        plan,
        changes,
        onRing: (machine, { document }) => {
          if (document.epoch > 1 && machine !== straggler.machine) straggler.begin();
        },
      });
      const { machines, clients, history, workload } = simulated;
      const founders = machines.slice(0, FOUNDERS);
      const straggler: Straggler = new Straggler(world, founders[random.below(FOUNDERS)], () =>
        machines.filter((machine) => machine !== straggler.machine),
      );
      world.headline = `${straggler.machine.name} misses what comes: ${straggler.cause}; ${describePlan(plan)}`;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(founders.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree(founders));
      for (const machine of machines.slice(FOUNDERS)) {
        world.after(random.below(JOIN_MS) * 1000, 'boot', () => {
          simulated.boot(machine).catch((error: unknown) => {
            world.fail(asError(error));
          });
        });
      }
      world.after(CHAOS_MS * 1000 - 1, 'end', () => straggler.end());
      const used = world.sleep(random.below(BEGIN_MS)).then(() => simulated.use());
      await chaos.run();
      // Some may not have been added; or are, at this moment.
      for (const machine of machines) if (!simulated.isMember(machine)) machine.kill();
      await world.sleep(ADDED_MS);
      simulated.machines = machines.filter((machine) => simulated.isMember(machine));
      for (const machine of simulated.machines) if (machine.process === undefined) void chaos.boot(machine);
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', simulated.silence());
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = simulated.rings();
      problems.push(...(await simulated.repair(CONVERGE_MS)));
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(false));
      problems.push(...lost, ...simulated.compare());
      problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      const answered = history.operations.filter(({ outcome }) => outcome === 'ok').length;
      return { operations: answered + workload.operations, problems };
    },
  };
}
