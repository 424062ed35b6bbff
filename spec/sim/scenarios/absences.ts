/**
 * A ring that goes on without a member which is away for longer than `away-max` (cluster/topology/absence.ts): deletes go meanwhile, of keys that it holds, among others; it comes back, with what it had, is rebuilt
 * under all kinds of faults, and nothing that was deleted shows again, nor is anything lost that was acknowledged at QUORUM.
 */

import type { Ring } from '../../../lib/cluster/ring/ring.js';
import { AbsentRing } from '../absent-ring.js';
import { Chaos } from '../chaos.js';
import { Counts } from '../counts.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Machine } from '../machine.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';

const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 240_000;
const CONVERGE_MS = 120_000;
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
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const drawn = drawFaultPlan(world.fork(), limits);
      const plan = { ...drawn, chaosMs: Math.min(drawn.chaosMs, CHAOS_MS), blackouts: undefined, ...faults };
      world.headline = describePlan(plan);
      const counts = new Counts();
      const onRing = countAbsences(counts);
      const simulated = new AbsentRing(world, { nodes, appendfsync: 'always', plan, changes, onRing });
      const { machines, clients, activity, history } = simulated;
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
      const used = simulated.use();
      await world.sleep(USE_MS);
      const away = machines[random.below(nodes)];
      const way = simulated.drawWay();
      counts.add(`away by ${way}`);
      const bringBack = simulated.takeAway(away, way, (machine) => chaos.boot(machine));
      await world.within(MEMBERS_MS, 'a member is left out', simulated.leaveOut(away));
      await world.within(MEMBERS_MS, 'deletes go without it', simulated.loseMore(GONE));
      counts.add('deletes gone without a member', GONE);
      bringBack();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', simulated.silence());
      const problems = await simulated.repair(CONVERGE_MS);
      await world.within(CONVERGE_MS, 'deletes go', simulated.lose());
      // Hints that the member had kept are lost.
      problems.push(...(await simulated.readDeleted(false)), ...simulated.compare());
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(false));
      problems.push(...lost, ...simulated.compare());
      problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      counts.addAll(chaos.counts);
      counts.add('keys deleted', simulated.deletions.deleted.length);
      counts.add('deletes gone', simulated.deletesDropped);
      counts.add('marks gone', simulated.marksDropped);
      counts.add('closings', simulated.closings);
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
