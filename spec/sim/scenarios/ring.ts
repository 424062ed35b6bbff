/**
 * A ring of nodes, three replicas of everything, at QUORUM: what was acknowledged is kept and seen, and after all is well again, all replicas are equal: when hints
 * are delivered, as far as that is promised (hand-off.ts); after anti-entropy, whatever was lost; and when every key was read from all of them.
 *
 * With `appendfsync everysec` a power failure takes back what was acknowledged a moment before, on that node: then a read may miss it, and what is put later
 * may have an older stamp. What remains is that it is there in the end, if no other power fails before the logs of the others are on their disks.
 */

import { Chaos } from '../chaos.js';
import type { DiskFault, FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { GOOD_LINK } from '../link.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';
import { SimulatedRing } from '../simulated-ring.js';
import type { World } from '../world.js';

/** What `max-clock-drift` is, between two clocks. */
const CLOCK_ERROR_MS_MAX = 250;
const DISK_FAULTS: readonly DiskFault[] = ['full', 'failing'];
/** When all is well again, every node is a member, and takes all others for alive, after this. */
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
/** With `everysec`: from one power failure to the next, everything that was acknowledged is on a disk. */
const POWER_APART_MS = 15_000;

/** In place of what a seed draws; and what clients use. */
export interface RingFaults extends Partial<FaultPlan>, Partial<Pick<Durability, 'appendfsync'>> {
  readonly hotKeys?: number;
}

/** Whether a log is synced before an answer leaves, and what follows. */
interface Durability {
  readonly appendfsync: 'always' | 'everysec';
  /** A crash may take back what was acknowledged. */
  readonly mayForget: boolean;
}

/** Changes a plan so that what is promised can be kept. */
function planFor(world: World, nodes: number, faults: RingFaults): { plan: FaultPlan; durability: Durability } {
  const random = world.fork();
  const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: DISK_FAULTS };
  const plan = { ...drawFaultPlan(random, limits), ...faults };
  const isAlways = random.below(2) === 0;
  const appendfsync = faults.appendfsync ?? (isAlways ? 'always' : 'everysec');
  const drawn = appendfsync === 'always' ? plan : { ...plan, blackouts: undefined };
  const losesPower = drawn.crashes !== undefined && drawn.crashes.how !== 'kill';
  const mayForget = appendfsync === 'everysec' && (losesPower || drawn.disks?.how === 'failing');
  if (!mayForget) return { plan: drawn, durability: { appendfsync, mayForget } };
  const crashes = drawn.crashes && { ...drawn.crashes, apartMs: POWER_APART_MS };
  // Who is stopped syncs nothing.
  return {
    plan: { ...drawn, crashes, stops: undefined, disks: undefined, downMax: 1 },
    durability: { appendfsync, mayForget: losesPower },
  };
}

/** Nobody is ever taken for dead. */
function isCalm({ crashes, blackouts, stops, partitions, disks, link }: FaultPlan): boolean {
  const events = [crashes, blackouts, stops, partitions, disks];
  return events.every((each) => each === undefined) && link === GOOD_LINK;
}

/** `changes`: a bug to be found. `faults`: those to find it by. */
export function ring(changes: NodeChanges = {}, faults: RingFaults = {}): Scenario {
  return {
    name: 'ring',
    about:
      'a ring of nodes, three replicas, QUORUM: nothing acknowledged is lost, reads do not go back, replicas become equal',
    nodesDefault: 5,
    run: async (world, { nodes }) => {
      const { plan, durability } = planFor(world, nodes, faults);
      const { appendfsync, mayForget } = durability;
      world.headline = `appendfsync ${appendfsync}; ${describePlan(plan)}`;
      const simulated = new SimulatedRing(world, { nodes, appendfsync, plan, changes, hotKeys: faults.hotKeys });
      const { machines, clients, history, workload, activity } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
        activity,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'what clients have sent has arrived', simulated.silence());
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = simulated.rings();
      if (simulated.handOff.promisesAll) problems.push(...simulated.compareHandedOver());
      problems.push(...(await simulated.repair(CONVERGE_MS)));
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(isCalm(plan)));
      problems.push(...lost, ...simulated.compare());
      if (!mayForget) problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      const answered = history.operations.filter(({ outcome }) => outcome === 'ok').length;
      return { operations: answered + workload.operations, problems };
    },
  };
}
