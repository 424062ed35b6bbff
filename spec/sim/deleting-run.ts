/** What scenarios of deletes have in common: faults are drawn, a ring is started, used and healed, and no client is left. What is done to it in between, and what is looked at then, is theirs. */

import { Chaos } from './chaos.js';
import type { Counts } from './counts.js';
import type { DeletingRing } from './deleting-ring.js';
import type { FaultPlan } from './fault-plan.js';
import { drawFaultPlan } from './fault-plan.js';
import type { World } from './world.js';

const CLOCK_ERROR_MS_MAX = 250;
/** What clients have begun, and what replicas owe each other, is done within. */
export const CONVERGE_MS = 120_000;

/** Neither disks fail, nor is there a blackout: nothing acknowledged is lost. */
export function drawDeletingPlan(world: World, nodes: number): FaultPlan {
  const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
  return { ...drawFaultPlan(world.fork(), limits), blackouts: undefined };
}

export class DeletingRun {
  readonly chaos: Chaos;
  private readonly world: World;
  private readonly ring: DeletingRing;
  private readonly membersMs: number;

  /** `membersMs`: members know each other within. */
  constructor(world: World, ring: DeletingRing, plan: FaultPlan, membersMs: number) {
    this.world = world;
    this.ring = ring;
    this.membersMs = membersMs;
    const { machines, clients, activity } = ring;
    this.chaos = new Chaos(world, plan, {
      machines,
      clients,
      boot: (machine) => ring.boot(machine),
      clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      activity,
    });
  }

  /** All are started, and are a ring. */
  async begin(): Promise<void> {
    const { world, ring, chaos, membersMs } = this;
    await world.within(membersMs, 'there is a ring', Promise.all(ring.machines.map((machine) => chaos.boot(machine))));
    await world.within(membersMs, 'all know each other', ring.agree());
  }

  /** They are one again, and nobody writes any more. `used`: what `ring.use` has returned. */
  async end(used: Promise<void>): Promise<void> {
    const { world, ring } = this;
    await world.within(this.membersMs, 'all know each other again', ring.agree());
    ring.stop();
    await world.within(CONVERGE_MS, 'every client is answered', used);
    await world.within(CONVERGE_MS, 'what clients have sent has arrived', ring.silence());
  }

  /** Adds what has happened. */
  addTo(counts: Counts): void {
    const { ring } = this;
    counts.addAll(this.chaos.counts);
    counts.add('keys deleted', ring.deletions.deleted.length);
    counts.add('deletes gone', ring.deletesDropped);
    counts.add('marks gone', ring.marksDropped);
    counts.add('closings', ring.closings);
  }
}
