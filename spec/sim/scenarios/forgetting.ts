/**
 * A ring of nodes, three replicas of everything, that forgets what consensus has decided about keys when they are deleted (cluster/consensus/forgetting.ts), under faults: each of a few keys is used
 * for a while, deleted, left alone until it may be forgotten, and used again, sometimes after a plain SET that consensus does not decide about. Each key is linearizable, and at the end nothing is left.
 */

import { CasClients } from '../cas-clients.js';
import { Chaos } from '../chaos.js';
import { Counts } from '../counts.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { RingMachines } from '../ring-machines.js';
import type { Scenario } from '../scenario.js';
import type { SeededRandom } from '../seeded-random.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 4;
const KEYS = Array.from({ length: 8 }, (_, i) => `f${i + 1}`);
const THINK_MS = 60;
/** A key is used for so long, and left alone, at most. */
const USE_MS_MAX = 1500;
const REST_MS_MAX = 12_000;
const PAUSE_MS = 100;
/** By then, nothing is under way any more. */
const LATE_MS = 3000;
const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 240_000;
const CONFIG = 'repair-interval 2\nwrite-timeout 1000\n';
const STARTER = 'starter';

class ForgettingRing {
  readonly ring: RingMachines;
  readonly clients: CasClients;
  /** Those in use. */
  readonly keys: string[] = [];
  plainWrites = 0;
  /** Keys that were written plainly with an outcome that nobody knows. */
  private readonly unknown = new Set<string>();
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly keepsPlain: boolean;
  private isStopped = false;

  /** `keepsPlain`: what was written plainly, and acknowledged, is never lost. */
  constructor(world: World, ring: RingMachines, keepsPlain: boolean) {
    this.world = world;
    this.random = world.fork();
    this.ring = ring;
    this.keepsPlain = keepsPlain;
    this.clients = new CasClients(world, { keys: this.keys, thinkMs: THINK_MS, levelShare: 1 });
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    const next = (): SimClient => this.ring.client();
    await Promise.all([
      ...KEYS.map((key) => this.rotate(key)),
      ...Array.from({ length: CLIENTS }, (_, i) => this.clients.run(`c${i}`, next)),
    ]);
  }

  stop(): void {
    this.isStopped = true;
    this.clients.stop();
  }

  /** States that were forgotten by the processes that run, and those that are left. */
  get forgotten(): number {
    return this.sum(({ repair }) => repair.forgottenDecisions);
  }

  get left(): number {
    return this.sum(({ decidedKeys }) => decidedKeys);
  }

  /** Nothing is left. What was under way when a key was deleted may have come behind that: so they all are once more. */
  async forget(): Promise<void> {
    await this.world.sleep(LATE_MS);
    await Promise.all(KEYS.map((key) => this.delete(key)));
    while (this.left > 0) await this.world.sleep(PAUSE_MS);
  }

  /** Reads every key at each node. */
  async readAll(): Promise<void> {
    for (const machine of this.ring.machines) {
      const client = this.ring.client(machine);
      for (const key of this.clients.calls.keys()) await this.clients.read('last', client, key);
      client.close();
    }
  }

  /** Has a key used, deleted and left alone, again and again. */
  private async rotate(key: string): Promise<void> {
    const { world, random, keys } = this;
    await world.sleep(random.below(REST_MS_MAX));
    while (!this.isStopped) {
      if (this.keepsPlain && random.below(2) === 0 && !(await this.writePlainly(key))) return;
      keys.push(key);
      await world.sleep(random.below(USE_MS_MAX));
      keys.splice(keys.indexOf(key), 1);
      await this.delete(key);
      await world.sleep(random.below(REST_MS_MAX));
    }
  }

  /** False: it is not known whether it was written, and may come to light whenever it likes. Then nothing is said of the key any more. */
  private async writePlainly(key: string): Promise<boolean> {
    const client = this.ring.client();
    const outcome = await this.clients.ask(STARTER, client, key, 'write', []);
    client.close();
    this.plainWrites++;
    if (outcome === 'ok') return true;
    this.unknown.add(key);
    return false;
  }

  /** What is wrong with what was seen of the keys. */
  check(): string[] {
    for (const key of this.unknown) this.clients.calls.delete(key);
    return this.clients.check().problems;
  }

  private async delete(key: string): Promise<void> {
    for (;;) {
      const client = this.ring.client();
      const outcome = await this.clients.ask(STARTER, client, key, 'delete');
      client.close();
      if (outcome === 'ok') return;
      await this.world.sleep(PAUSE_MS);
    }
  }

  private sum(of: (figures: Figures) => number): number {
    const { machines, members } = this.ring;
    return machines.reduce((sum, machine) => {
      const figures = members.get(machine)?.node?.server.ring?.figures;
      return figures === undefined ? sum : sum + of(figures);
    }, 0);
  }
}

interface Figures {
  readonly decidedKeys: number;
  readonly repair: { readonly forgottenDecisions: number };
}

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function forgetting(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'forgetting',
    about:
      'a ring that forgets what was decided about keys that are deleted: they are linearizable, and nothing is left',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const plan = {
        ...drawFaultPlan(random, { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: ['full'] }),
        ...faults,
      };
      const appendfsync = ['always', 'always', 'everysec', 'no'][random.below(4)];
      world.headline = `appendfsync ${appendfsync}; ${describePlan(plan)}`;
      const ring = new RingMachines(world, nodes, `appendfsync ${appendfsync}\n${CONFIG}`, changes);
      const { machines, clientMachine } = ring;
      const simulated = new ForgettingRing(world, ring, appendfsync === 'always');
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
      const counts = new Counts();
      counts.add('states forgotten under faults', simulated.forgotten);
      await world.within(MEMBERS_MS, 'all know each other again', ring.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what was decided is forgotten', simulated.forget());
      counts.addAll(chaos.counts);
      counts.add('states forgotten', simulated.forgotten);
      counts.add('plain writes', simulated.plainWrites);
      await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll());
      return { operations: simulated.clients.answered, problems: simulated.check(), counts };
    },
  };
}
