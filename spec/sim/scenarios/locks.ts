/** A ring of nodes, and clients that take a lock by SET NX PX and let go of it by CAD, or by scripts that do so, through different nodes: never have two of them the lock at a time. */

import { Chaos } from '../chaos.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { checkLock, holdOf } from '../lock-checker.js';
import type { Ask } from '../lock-clients.js';
import { LockClients, byScriptsToo } from '../lock-clients.js';
import { outcomeOf } from '../register-clients.js';
import { RingMachines } from '../ring-machines.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';

const CLIENTS = 8;
const CLOCK_ERROR_MS_MAX = 250;
const TIMES = { validMs: 1500, driftMs: 2 * CLOCK_ERROR_MS_MAX, holdMs: 40, pauseMs: 80 };
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;

/** In place of what a seed draws; and how clients ask for the lock, if not as they should. */
export interface LockFaults extends Partial<FaultPlan> {
  readonly asking?: (ask: Ask) => Ask;
}

/** `changes`: a bug to be found. `faults`: those to be found it by. */
export function locks(changes: NodeChanges = {}, { asking = (ask) => ask, ...faults }: LockFaults = {}): Scenario {
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
      const ring = new RingMachines(world, nodes, `appendfsync ${appendfsync}\n`, changes);
      const { machines, clientMachine } = ring;
      const chaos = new Chaos(world, plan, {
        machines,
        clients: [clientMachine],
        boot: (machine) => ring.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', ring.agree());
      const surroundings = {
        nowUs: () => world.nowUs,
        sleep: (ms: number) => world.sleep(ms),
        below: (limit: number) => random.below(limit),
      };
      const ask: Ask = async (...words) => {
        const client = ring.client();
        const answer = await client.call(...words);
        client.close();
        if (answer.kind !== 'reply' || outcomeOf(answer) !== 'ok') throw new Error('the outcome is not known');
        return answer.value;
      };
      const clients = new LockClients(surroundings, TIMES);
      const used = Promise.all(
        Array.from({ length: CLIENTS }, (_, i) => clients.run(`c${i}`, asking(byScriptsToo(ask, surroundings.below)))),
      );
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', ring.agree());
      clients.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      const { takings } = clients;
      const holdCount = takings.filter((taking) => holdOf(taking) !== undefined).length;
      return { operations: holdCount, problems: checkLock(takings) };
    },
  };
}
