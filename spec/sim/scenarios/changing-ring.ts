/**
 * A ring that is resized and loses disks, and few clients, all of whom use keys that show what is lost: registers, and keys that are compared and set. What `everything` looks at, at a fraction of its time: to find bugs by
 * that are planted.
 */

import { CasClients } from '../cas-clients.js';
import { CasSeasons } from '../cas-seasons.js';
import { Chaos } from '../chaos.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import { checkRegister } from '../register-checker.js';
import { RelayedAbsences } from '../relayed-absences.js';
import { ResizedRing } from '../resized-ring.js';
import type { ResizedRingOptions } from '../resized-ring.js';
import { RingChronicle } from '../ring-chronicle.js';
import { RingOperator } from '../ring-operator.js';
import type { Scenario } from '../scenario.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import type { World } from '../world.js';

const FOUNDERS_DEFAULT = 3;
const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 240_000;
const CAS_CLIENTS = 4;
const THINK_MS = 100;
const LAST = 'last';

export interface ChangingFaults extends Partial<FaultPlan> {
  /** Between two things that the operator does, on average; undefined: he does nothing. */
  readonly operateEveryMs?: number;
  /** Whether members join while others are away, one after the other, in place of what the operator does. */
  readonly relaysAbsences?: boolean;
  /** Members of the ring at first. */
  readonly founders?: number;
  /** Keys that are compared and set at a time, at most; none of them is written plainly before. Default: few, and some are. */
  readonly casKeys?: number | undefined;
  /** Machines at a time, at most; of three, the operator can do nothing but replace one whose disk is lost. */
  readonly nodesMax?: number;
}

class CasRing extends ResizedRing {
  readonly cas: CasClients;
  private readonly seasons: CasSeasons;

  constructor(world: World, casKeys: number | undefined, options: ResizedRingOptions) {
    super(world, options);
    this.seasons = new CasSeasons(world, casKeys === undefined, casKeys);
    this.cas = new CasClients(world, { keys: this.seasons.keys, thinkMs: THINK_MS });
  }

  override async use(): Promise<void> {
    const next = (): SimClient => this.client();
    const clients = Array.from({ length: CAS_CLIENTS }, (_, i) => this.cas.run(`cas${i}`, next));
    await Promise.all([super.use(), this.seasons.run(this.cas, next), ...clients]);
  }

  override stop(): void {
    super.stop();
    this.seasons.stop();
    this.cas.stop();
  }

  async readCas(): Promise<void> {
    for (const machine of this.machines) {
      const client = this.client(machine);
      for (const key of this.cas.calls.keys()) await this.cas.read(LAST, client, key);
      client.close();
    }
  }
}

/** `changes`: a bug to be found. `faults`: those to find it by. */
export function changingRing(
  changes: NodeChanges,
  {
    operateEveryMs,
    founders = FOUNDERS_DEFAULT,
    casKeys,
    relaysAbsences = false,
    nodesMax = 5,
    ...faults
  }: ChangingFaults,
): Scenario {
  return {
    name: 'changing-ring',
    about: 'a ring that is resized and loses disks, and few clients',
    nodesDefault: nodesMax,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const plan: FaultPlan = { ...drawFaultPlan(random, limits), ...faults };
      world.headline = describePlan(plan);
      const chronicle = new RingChronicle();
      const ring = new CasRing(world, casKeys, {
        nodes: founders,
        appendfsync: 'always',
        plan,
        changes,
        chronicle,
        hotKeys: 3,
      });
      const { machines, clients, activity, history } = ring;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => ring.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
        activity,
      });
      const boot = (machine: Machine): void => {
        chaos.add(machine);
        void chaos.boot(machine);
      };
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', ring.agree());
      const used = ring.use();
      if (operateEveryMs !== undefined) {
        const operator = new RingOperator(world, ring, {
          nodesMax: nodes,
          everyMs: operateEveryMs,
          losesDisks: true,
          boot,
        });
        void operator.run(world.nowUs + plan.chaosMs * 1000);
      }
      const relayed = relaysAbsences
        ? new RelayedAbsences(world, ring, { nodesMax: nodes, boot }).run(world.nowUs + plan.chaosMs * 1000)
        : Promise.resolve();
      await chaos.run();
      await world.within(CONVERGE_MS, 'everybody is back', relayed);
      await world.within(CONVERGE_MS, 'the ring is what it is to be', ring.agree());
      ring.stop();
      await world.within(MEMBERS_MS, 'every client is answered', used);
      await world.within(MEMBERS_MS, 'what clients have sent has arrived', ring.silence());
      await world.within(CONVERGE_MS, 'every key of consensus is read again', ring.readCas());
      const problems = await world.within(CONVERGE_MS, 'every key is read again', ring.readAll(false));
      problems.push(...ring.cas.check().problems, ...ring.compare());
      problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      return { operations: ring.cas.answered, problems, counts: chronicle.changes() };
    },
  };
}
