/**
 * A ring whose replicas settle all the time which deletes may go (cluster/repair/closer.ts), under faults: keys are written, at ANY too, and deleted, and so are elements of collections; nothing
 * that was deleted shows again, and the deletes and marks (record/marks.ts) do go. Logs are synced before an answer leaves, so nothing acknowledged is lost. In half of the plans nodes are secluded,
 * so that a hint is all there is of what is put there at ANY, and hints are handed over late, long after all know each other again.
 */

import type { RepairFigures } from '../../../lib/commands/ring-ports.js';
import type { Disk } from '../../../lib/host/ports.js';
import { Chaos } from '../chaos.js';
import { Counts } from '../counts.js';
import { DeletingClients } from '../deleting-clients.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { readingHintsLate } from '../late-hints.js';
import type { Machine } from '../machine.js';
import type { Scenario } from '../scenario.js';
import { Seclusions } from '../seclusions.js';
import type { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import { SimulatedRing } from '../simulated-ring.js';

const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
const THINK_MS = 60;
const CLIENTS = 4;
/** So few that each has deletes that are settled, and writes that are under way. */
const SLOTS = 6;
/** Of each type in each slot: they live on mostly, and are empty now and then. */
const COLLECTIONS = 1;
/** What is written is old enough to be settled after two and a half seconds, at most. */
const CONFIG = 'repair-interval 2\nwrite-timeout 1000\n';

export interface DeletesFaults extends Partial<FaultPlan> {
  /** Whether nodes are secluded, and hints handed over late. */
  readonly secludes?: boolean;
}

/** A ring with clients that delete. */
class DeletingRing extends SimulatedRing {
  readonly deletions = new DeletingClients(this.world, THINK_MS, {
    anyShare: 0.3,
    slots: SLOTS,
    collections: COLLECTIONS,
  });

  override boot(machine: Machine): Promise<void> {
    return super.boot(machine, CONFIG);
  }

  /** Who is secluded now is asked to write at ANY. */
  override async use(seclusions?: Seclusions): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    const nextOfAny = (): SimClient => {
      const one = seclusions?.current;
      return one === undefined ? next() : this.client(one);
    };
    await Promise.all(Array.from({ length: CLIENTS }, () => this.deletions.run(next, nextOfAny)));
  }

  override stop(): void {
    super.stop();
    this.deletions.stop();
  }

  protected override get keys(): string[] {
    return [...super.keys, ...this.deletions.keys];
  }

  /** Keys that were deleted, and of which nothing is left in the tables of the processes that run. */
  get deletesDropped(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.deletesDropped ?? 0), 0);
  }

  /** The same of marks in collections. */
  get marksDropped(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.marksDropped ?? 0), 0);
  }

  get closings(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.closings ?? 0), 0);
  }

  /** Deletes and marks have gone. */
  async lose(): Promise<void> {
    const { deleted } = this.deletions;
    const isOver = (): boolean =>
      (this.deletesDropped > 0 || deleted.length === 0) &&
      (this.marksDropped > 0 || !deleted.some(({ name, key }) => name !== key));
    while (!isOver()) await this.world.sleep(100);
  }

  /** What is wrong with what clients read at the end. */
  async readDeleted(): Promise<string[]> {
    const client = this.client(this.machines[0]);
    const problems = await this.deletions.check((...words) => this.ask(client, ...words));
    client.close();
    return problems;
  }

  private repairOf(machine: Machine): RepairFigures | undefined {
    return this.members.get(machine)?.node?.server.ring?.figures.repair;
  }
}

/** `changes`: a bug to be found. `faults`: in place of what a seed draws. */
export function deletes(changes: NodeChanges = {}, faults: DeletesFaults = {}): Scenario {
  return {
    name: 'deletes',
    about: 'a ring that settles which deletes may go: what was deleted never shows again, and the deletes go',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const plan = { ...drawFaultPlan(world.fork(), limits), blackouts: undefined, ...faults };
      // As good as drawn.
      const { secludes = plan.chaosMs % 4 < 2 } = faults;
      world.headline = `${describePlan(plan)}${secludes ? '; nodes are secluded' : ''}`;
      const random = secludes ? world.fork() : undefined;
      const disk = (own: Disk): Disk => {
        const changed = changes.disk?.(own) ?? own;
        return random === undefined ? changed : readingHintsLate(changed, () => random.below(2) === 0);
      };
      const simulated = new DeletingRing(world, { nodes, appendfsync: 'always', plan, changes: { ...changes, disk } });
      const { machines, clients, activity } = simulated;
      const boot = (machine: Machine): Promise<void> => simulated.boot(machine);
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot,
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
        activity,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const seclusions = secludes ? new Seclusions(world, machines) : undefined;
      const used = simulated.use(seclusions);
      await Promise.all([chaos.run(), seclusions?.run(world.nowUs + plan.chaosMs * 1000)]);
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = await simulated.repair(CONVERGE_MS);
      await world.within(CONVERGE_MS, 'deletes go', simulated.lose());
      problems.push(...(await simulated.readDeleted()), ...simulated.compare());
      const counts = new Counts();
      counts.addAll(chaos.counts);
      counts.add('keys deleted', simulated.deletions.deleted.length);
      counts.add('keys left that were written at ANY', simulated.deletions.left.length);
      counts.add('deletes gone', simulated.deletesDropped);
      counts.add('marks gone', simulated.marksDropped);
      counts.add('closings', simulated.closings);
      return { operations: simulated.deletions.keys.length, problems, counts };
    },
  };
}
