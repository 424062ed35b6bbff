/**
 * A ring of nodes, three replicas of everything, and clients that send several commands in one go, at any node, whatever fails: each finds what it has done before, in their order, and nothing that was acknowledged is lost; and
 * keys that several clients compare and set are linearizable.
 */

import { CasClients } from '../cas-clients.js';
import { CasSeasons } from '../cas-seasons.js';
import { Chaos } from '../chaos.js';
import { Counts } from '../counts.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { PipeliningClients } from '../pipelining-clients.js';
import { RingMachines } from '../ring-machines.js';
import type { Scenario } from '../scenario.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';

const CLIENTS = 3;
const SHARED_KEYS = 2;
const THINK_MS = 200;
const CHAOS_MS_MAX = 15_000;
const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function pipelines(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'pipelines',
    about: 'a ring of nodes, three replicas: who sends several commands in one go finds what he has done before',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const drawn = drawFaultPlan(world.fork(), { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: ['full'] });
      const plan = { ...drawn, chaosMs: Math.min(drawn.chaosMs, CHAOS_MS_MAX), ...faults };
      world.headline = describePlan(plan);
      const ring = new RingMachines(world, nodes, 'appendfsync always\n', changes);
      const { machines, clientMachine } = ring;
      const chaos = new Chaos(world, plan, {
        machines,
        clients: [clientMachine],
        boot: (machine) => ring.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      const seasons = new CasSeasons(world, true, SHARED_KEYS);
      const shared = new CasClients(world, { keys: seasons.keys, thinkMs: THINK_MS });
      const clients = new PipeliningClients(world, {
        shared,
        sharedKeys: seasons.keys,
        thinkMs: THINK_MS,
        keepsPlain: true,
      });
      const next = (): SimClient => ring.client();
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', ring.agree());
      const used = Promise.all([
        seasons.run(shared, next),
        ...Array.from({ length: CLIENTS }, (_, i) => clients.run(`c${i}`, next)),
      ]);
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', ring.agree());
      seasons.stop();
      clients.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', clientMachine.silence());
      await world.within(CONVERGE_MS, 'every key is read again', clients.readAll(next()));
      const problems = [...clients.check(), ...shared.check().problems];
      const counts = new Counts();
      counts.addAll(chaos.counts);
      counts.addAll(clients.counts);
      return { operations: counts.of('answers in pipelines'), problems, counts };
    },
  };
}
