/** A ring of nodes, and clients that take a lock by SET NX PX and let go of it by CAD, through different nodes: never have two of them the lock at a time. */

import { Chaos } from '../chaos.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { LockClients, overlapping } from '../lock-clients.js';
import { RingMachines } from '../ring-machines.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';

const CLIENTS = 8;
const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function locks(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'locks',
    about:
      'a ring of nodes, three replicas: of clients that take a lock through different nodes, never have two of them it',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const plan = { ...drawFaultPlan(random, limits), ...faults };
      const appendfsync = ['always', 'everysec', 'no'][random.below(3)];
      world.headline = `appendfsync ${appendfsync}; ${describePlan(plan)}`;
      const ring = new RingMachines(world, nodes, appendfsync, changes);
      const { machines, clientMachine } = ring;
      const chaos = new Chaos(world, plan, {
        machines,
        clients: [clientMachine],
        boot: (machine) => ring.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', ring.agree());
      const clients = new LockClients(world, CLOCK_ERROR_MS_MAX);
      const used = Promise.all(Array.from({ length: CLIENTS }, (_, i) => clients.run(`c${i}`, () => ring.client())));
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', ring.agree());
      clients.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      return { operations: clients.holds.length, problems: overlapping(clients.holds) };
    },
  };
}
