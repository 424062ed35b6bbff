/**
 * Everything at once: a ring, three replicas of everything, that members join, leave and are taken out of, and whose machines lose their disks, one at a time (ring-operator.ts), or are away for longer than `away-max`
 * (long-absences.ts), while
 * nodes crash and pause, networks are cut, clocks are wrong and disks slow, full or failing; and clients that read, write, count, delete, keep versions, and compare and set keys that others write plainly, one
 * request at a time, or several in one go.
 *
 *  1. Keys that are compared and set are linearizable, plain commands on them included, whether the log of the data is synced or not.
 *  2. At QUORUM with `appendfsync always` nothing that was acknowledged is lost, reads do not go back, no deleted value or element shows again, and no version is gone before somebody who has seen it writes. With
 *     `everysec` a power failure, or a sync that fails, may take back what was acknowledged: where the plan has such, only the first is looked at, and the last.
 *  3. Who sends several commands in one go finds what he has done before, in its order.
 *  4. When all is well again, hints and anti-entropy make all replicas equal, though nobody reads.
 */

import { Chaos } from '../chaos.js';
import { Counts } from '../counts.js';
import type { DiskFault, FaultPlan } from '../fault-plan.js';
import { describePlan, drawDiskFaults, drawFaultPlan } from '../fault-plan.js';
import { LongAbsences } from '../long-absences.js';
import type { Machine } from '../machine.js';
import { MixedRing } from '../mixed-ring.js';
import { checkRegister } from '../register-checker.js';
import { RingChronicle } from '../ring-chronicle.js';
import { RingOperator } from '../ring-operator.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';

const FOUNDERS_LEAST = 3;
/** What `max-clock-drift` is, between two clocks. */
const CLOCK_ERROR_MS_MAX = 250;
const DISK_FAULTS: readonly DiskFault[] = ['full', 'failing'];
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 240_000;
/** Between two things that the operator does, on average. */
const OPERATE_EVERY_MS = 2000;
/** The same, where members are to be left out: not while the ring changes. */
const OPERATE_RARELY_MS = 8000;
/** In one seed of so many members are away for longer than `away-max`; for so long at least there are faults then. */
const ABSENCES_OF = 8;
const ABSENCES_MS_LEAST = 20_000;

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function everything(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'everything',
    about: 'a ring that is resized and loses disks, under all faults, and all that clients can do with it',
    nodesDefault: 6,
    run: async (world, { nodes }) => {
      const random = world.fork();
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const drawn = drawFaultPlan(random, limits);
      const founders = FOUNDERS_LEAST + random.below(2);
      const appendfsync = random.below(4) === 0 ? 'everysec' : 'always';
      const disks = drawDiskFaults(random, DISK_FAULTS);
      const hasAbsences = random.below(ABSENCES_OF) === 0;
      const chaosMs = Math.max(drawn.chaosMs, hasAbsences ? ABSENCES_MS_LEAST : 0);
      const plan: FaultPlan = { ...drawn, chaosMs, disks, ...faults };
      const losesPower = plan.blackouts !== undefined || (plan.crashes !== undefined && plan.crashes.how !== 'kill');
      const mayForget = appendfsync === 'everysec' && (losesPower || plan.disks?.how === 'failing');
      const ways = { mayForget, isChurning: random.below(2) === 0, hasAbsences };
      const shown = `${ways.isChurning ? '; elements come and go' : ''}${hasAbsences ? '; members are away for long' : ''}`;
      world.headline = `appendfsync ${appendfsync}${shown}; ${describePlan(plan)}`;
      const chronicle = new RingChronicle();
      const simulated = new MixedRing(world, ways, { nodes: founders, appendfsync, plan, changes, chronicle });
      const { machines, clients, history, activity } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
        activity,
      });
      const boot = (machine: Machine): void => {
        chaos.add(machine);
        void chaos.boot(machine);
      };
      const operator = new RingOperator(world, simulated, {
        nodesMax: nodes,
        everyMs: hasAbsences ? OPERATE_RARELY_MS : OPERATE_EVERY_MS,
        losesDisks: !hasAbsences,
        boot,
      });
      const absences = new LongAbsences(world, simulated, (machine) => void chaos.boot(machine));
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      const endUs = world.nowUs + plan.chaosMs * 1000;
      const operated = operator.run(endUs);
      const absent = hasAbsences ? absences.run(endUs) : Promise.resolve();
      await chaos.run();
      await world.within(CONVERGE_MS, 'what was lost is made good', operated);
      await world.within(CONVERGE_MS, 'nobody is away', absent);
      await world.within(CONVERGE_MS, 'the ring is what it is to be', simulated.agree());
      simulated.stop();
      await world.within(MEMBERS_MS, 'every client is answered', used);
      await world.within(MEMBERS_MS, 'what clients have sent has arrived', simulated.silence());
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = simulated.rings();
      problems.push(...(await simulated.repair(CONVERGE_MS)));
      const cas = await world.within(CONVERGE_MS, 'every key of consensus is read again', simulated.readCas());
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(false));
      problems.push(...cas.problems, ...simulated.compare());
      if (!mayForget) problems.push(...lost, ...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      const counts = new Counts();
      counts.addAll(chronicle.changes());
      counts.addAll(operator.counts);
      counts.addAll(absences.counts);
      counts.addAll(chaos.counts);
      counts.add('keys decided about', simulated.seasons.begun.length);
      counts.add('answers by consensus', simulated.cas.answered);
      counts.add('outcomes of consensus unknown', simulated.cas.unknown);
      counts.add('histories too long to judge', cas.uncheckedCount);
      counts.addAll(simulated.pipelines.counts);
      counts.add('keys deleted', simulated.deletions.deleted.length);
      return { operations: simulated.operations, problems, counts };
    },
  };
}
