/**
 * A ring of nodes, three replicas of everything, and clients that compare and set a few keys at any node, by commands and scripts, mixed with plain SET, GET and DEL, and some by scripts alone: each key
 * is linearizable, whatever fails, and whether the log of the data is synced or not.
 */

import { CasClients, keyOfScripts } from '../cas-clients.js';
import { Chaos } from '../chaos.js';
import type { DiskFault, FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import type { Scenario } from '../scenario.js';
import { RingMachines } from '../ring-machines.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 5;
const MIXED_KEYS = ['k1', 'k2', 'k3'];
const KEYS = [...MIXED_KEYS, keyOfScripts(1), keyOfScripts(2)];
const THINK_MS = 150;
const CLOCK_ERROR_MS_MAX = 250;
const DISK_FAULTS: readonly DiskFault[] = ['full'];
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
const SETTLE_MS = 20_000;

class CasRing {
  readonly ring: RingMachines;
  readonly clients: CasClients;
  private readonly world: World;

  constructor(world: World, ring: RingMachines) {
    this.world = world;
    this.ring = ring;
    this.clients = new CasClients(world, { keys: KEYS, thinkMs: THINK_MS });
  }

  /** Resolves when the clients have stopped. The keys are in era 1 before the first of them asks, but for those that are used by scripts alone. */
  async use(): Promise<void> {
    const next = (): SimClient => this.ring.client();
    const first = next();
    for (const key of MIXED_KEYS) {
      while ((await first.call('CAD', key, 'nothing')).kind !== 'reply') await this.world.sleep(100);
    }
    first.close();
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.clients.run(`c${i}`, next)));
  }

  /** Reads every key at each node. */
  async readAll(): Promise<void> {
    for (const machine of this.ring.machines) {
      const client = this.ring.client(machine);
      for (const key of KEYS) await this.clients.read('last', client, key);
      client.close();
    }
  }

  /** Whether all replicas of each key show the same. */
  compare(): string[] {
    return this.ring.compare((machine) => this.dump(machine));
  }

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.ring.members.get(machine)?.node;
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
      const ring = new RingMachines(world, nodes, `appendfsync ${appendfsync}\n`, changes);
      const { machines, clientMachine } = ring;
      const simulated = new CasRing(world, ring);
      const { clients } = simulated;
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
      clients.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', clientMachine.silence());
      await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll());
      await world.sleep(SETTLE_MS);
      const problems = [...clients.check().problems, ...simulated.compare()];
      return { operations: clients.answered, problems };
    },
  };
}
