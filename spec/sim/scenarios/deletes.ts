/**
 * A ring whose replicas settle all the time which deletes may go (cluster/repair/closer.ts), under faults: keys are written, at ANY too, and deleted, and so are elements of collections; nothing
 * that was deleted shows again, and the deletes and marks (record/marks.ts) do go. Logs are synced before an answer leaves, so nothing acknowledged is lost. In half of the plans nodes are secluded,
 * so that a hint is all there is of what is put there at ANY, and hints are handed over late, long after all know each other again.
 */

import type { Disk } from '../../../lib/host/ports.js';
import { Counts } from '../counts.js';
import { DeletingRing } from '../deleting-ring.js';
import { CONVERGE_MS, DeletingRun, drawDeletingPlan } from '../deleting-run.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan } from '../fault-plan.js';
import { readingHintsLate } from '../late-hints.js';
import type { Scenario } from '../scenario.js';
import { Seclusions } from '../seclusions.js';
import type { NodeChanges } from '../simulated-node.js';

const MEMBERS_MS = 120_000;

export interface DeletesFaults extends Partial<FaultPlan> {
  /** Whether nodes are secluded, and hints handed over late. */
  readonly secludes?: boolean;
  /** Whether elements of collections are written and removed over and over. */
  readonly churns?: boolean;
}

/** `changes`: a bug to be found. `faults`: in place of what a seed draws. */
export function deletes(changes: NodeChanges = {}, faults: DeletesFaults = {}): Scenario {
  return {
    name: 'deletes',
    about: 'a ring that settles which deletes may go: what was deleted never shows again, and the deletes go',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const plan = { ...drawDeletingPlan(world, nodes), ...faults };
      // As good as drawn.
      const { secludes = plan.chaosMs % 4 < 2, churns = false } = faults;
      world.headline = `${describePlan(plan)}${secludes ? '; nodes are secluded' : ''}`;
      const random = secludes ? world.fork() : undefined;
      const disk = (own: Disk): Disk => {
        const changed = changes.disk?.(own) ?? own;
        return random === undefined ? changed : readingHintsLate(changed, () => random.below(2) === 0);
      };
      const simulated = new DeletingRing(
        world,
        { nodes, appendfsync: 'always', plan, changes: { ...changes, disk } },
        churns,
      );
      const run = new DeletingRun(world, simulated, plan, MEMBERS_MS);
      await run.begin();
      const seclusions = secludes ? new Seclusions(world, simulated.machines) : undefined;
      const used = simulated.use(seclusions);
      await Promise.all([run.chaos.run(), seclusions?.run(world.nowUs + plan.chaosMs * 1000)]);
      await run.end(used);
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = await simulated.repair(CONVERGE_MS);
      await world.within(CONVERGE_MS, 'deletes go', simulated.lose());
      problems.push(...(await simulated.readDeleted()), ...simulated.compare());
      const counts = new Counts();
      run.addTo(counts);
      counts.add('keys left that were written at ANY', simulated.deletions.left.length);
      return { operations: simulated.deletions.keys.length, problems, counts };
    },
  };
}
