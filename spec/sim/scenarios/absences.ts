/**
 * A ring that goes on without a member which is away for longer than `away-max` (cluster/topology/absence.ts): deletes go meanwhile, of keys that it holds, among others; it comes back, with what it had, is rebuilt
 * under all kinds of faults, and nothing that was deleted shows again, nor is anything lost that was acknowledged at QUORUM.
 */

import type { Ring } from '../../../lib/cluster/ring/ring.js';
import { AbsentRing } from '../absent-ring.js';
import { Counts } from '../counts.js';
import { CONVERGE_MS, DeletingRun, drawDeletingPlan } from '../deleting-run.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';

const MEMBERS_MS = 240_000;
/** Clients use the ring for so long before a member is away. */
const USE_MS = 4000;
/** So many deletes go while it is. */
const GONE = 5;
const CHAOS_MS = 12_000;

/** `changes`: a bug to be found. `faults`: in place of what a seed draws, when the member is back. */
export function absences(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'absences',
    about:
      'a ring that goes on without a member, which is rebuilt when it is back: what was deleted meanwhile never shows again',
    nodesDefault: 4,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const drawn = drawDeletingPlan(world, nodes);
      const plan = { ...drawn, chaosMs: Math.min(drawn.chaosMs, CHAOS_MS), ...faults };
      world.headline = describePlan(plan);
      const counts = new Counts();
      const onRing = countAbsences(counts);
      const simulated = new AbsentRing(world, { nodes, appendfsync: 'always', plan, changes, onRing });
      const run = new DeletingRun(world, simulated, plan, MEMBERS_MS);
      const { chaos } = run;
      await run.begin();
      const used = simulated.use();
      await world.sleep(USE_MS);
      const away = simulated.machines[random.below(nodes)];
      const way = simulated.drawWay();
      counts.add(`away by ${way}`);
      const bringBack = simulated.takeAway(away, way, (machine) => chaos.boot(machine));
      await world.within(MEMBERS_MS, 'a member is left out', simulated.leaveOut(away));
      await world.within(MEMBERS_MS, 'deletes go without it', simulated.loseMore(GONE));
      counts.add('deletes gone without a member', GONE);
      bringBack();
      await chaos.run();
      await run.end(used);
      const problems = await simulated.repair(CONVERGE_MS);
      await world.within(CONVERGE_MS, 'deletes go', simulated.lose());
      // Hints that the member had kept are lost.
      problems.push(...(await simulated.readDeleted(false)), ...simulated.compare());
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(false));
      problems.push(...lost, ...simulated.compare());
      problems.push(...[...simulated.history.byKey().values()].flatMap((each) => checkRegister(each)));
      run.addTo(counts);
      return { operations: simulated.deletions.keys.length, problems, counts };
    },
  };
}

/** Counts members that are left out, and that are rebuilt, in rings as they come. */
function countAbsences(counts: Counts): (machine: Machine, ring: Ring) => void {
  let newest: Ring | undefined;
  return (_, ring) => {
    if (newest !== undefined && ring.document.epoch <= newest.document.epoch) return;
    const before = newest?.absent ?? new Set();
    newest = ring;
    for (const id of ring.absent) if (!before.has(id)) counts.add('members left out');
    for (const { id } of ring.members) if (before.has(id) && !ring.absent.has(id)) counts.add('members rebuilt');
  };
}
