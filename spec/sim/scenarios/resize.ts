/**
 * A ring that grows, shrinks and loses disks while it is used, and while nodes crash and networks are cut: members join, leave, and take the place of those whose
 * disk is gone. At QUORUM, with `appendfsync always`, nothing that was acknowledged is lost, and reads do not go back.
 */

import { Chaos } from '../chaos.js';
import type { FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import { Machine } from '../machine.js';
import { MemoryDisk } from '../memory-disk.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import type { NodeChanges } from '../simulated-node.js';
import { CLIENT_PORT } from '../simulated-node.js';
import { SimulatedRing } from '../simulated-ring.js';
import type { World } from '../world.js';

const FOUNDERS = 3;
const CLOCK_ERROR_MS_MAX = 250;
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 240_000;
/** Between two changes of the ring, on average. */
const CHANGE_EVERY_MS = 4000;
const JOIN_TIMEOUT_S = 20;

/** What a machine is to a ring. */
type Fate = 'member' | 'gone';

class ResizedRing extends SimulatedRing {
  changeCount = 0;
  private readonly nodesMax: number;
  private readonly fates = new Map<Machine, Fate>();
  /** Whose place a machine takes. */
  private readonly replaced = new Map<Machine, string>();
  private named = FOUNDERS;

  constructor(world: World, nodesMax: number, plan: FaultPlan, changes: NodeChanges) {
    super(world, { nodes: FOUNDERS, appendfsync: 'always', plan, changes });
    this.nodesMax = nodesMax;
  }

  override async boot(machine: Machine): Promise<void> {
    if (this.fates.get(machine) === 'gone') return;
    const replaces = this.replaced.get(machine);
    const config = `join-timeout ${JOIN_TIMEOUT_S}\n${replaces === undefined ? '' : `cluster-replaces ${replaces}\n`}`;
    const { process } = machine;
    try {
      const onStopped = (): void => {
        this.leave(machine);
      };
      const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
      await super.boot(machine, config, onStopped, seeds);
    } catch (error) {
      // It has heard at its start that it is no member any more.
      if (!(error instanceof Error) || !error.message.includes('has left its ring')) throw error;
      if (machine.process !== process) this.leave(machine);
    }
  }

  /** Changes the ring now and then, until the time is over. `boot`: starts a machine. */
  async change(untilUs: number, boot: (machine: Machine) => void): Promise<void> {
    for (;;) {
      await this.world.sleep(this.random.below(2 * CHANGE_EVERY_MS));
      if (this.world.nowUs >= untilUs) return;
      if (!this.isWhole()) continue;
      this.changeCount++;
      const { length } = this.machines;
      const what = this.random.below(3);
      if (what === 0 && length < this.nodesMax) boot(this.add());
      else if (what === 1 && length > FOUNDERS) void this.askToLeave();
      else this.loseDisk(boot);
    }
  }

  protected override isWhole(machines: readonly Machine[] = this.machines): boolean {
    if (!super.isWhole(machines)) return false;
    return machines.every((machine) => this.members.get(machine)?.member.ring.isChanging === false);
  }

  private add(): Machine {
    const number = ++this.named;
    const machine = new Machine(this.world, `node${number}`, `10.0.0.${number}`);
    this.machines.push(machine);
    return machine;
  }

  private leave(machine: Machine): void {
    this.fates.set(machine, 'gone');
    machine.kill();
    const at = this.machines.indexOf(machine);
    if (at >= 0) this.machines.splice(at, 1);
  }

  private async askToLeave(): Promise<void> {
    const client = this.client(this.machines[this.random.below(this.machines.length)]);
    await client.call('RING', 'LEAVE');
    client.close();
  }

  /** The disk of a machine is lost, with whatever ran on it; another one takes its place. */
  private loseDisk(boot: (machine: Machine) => void): void {
    const victim = this.machines[this.random.below(this.machines.length)];
    const id = this.members.get(victim)?.member.self;
    if (victim.process === undefined || id === undefined) return;
    this.world.note(victim.name, () => 'the disk is lost');
    victim.powerOff();
    this.fates.set(victim, 'gone');
    this.machines.splice(this.machines.indexOf(victim), 1);
    victim.disk = new MemoryDisk();
    const machine = this.add();
    this.replaced.set(machine, id);
    boot(machine);
  }
}

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function resize(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'resize',
    about: 'a ring that grows, shrinks and loses disks: nothing acknowledged is lost, reads do not go back',
    nodesDefault: 5,
    run: async (world, { nodes }) => {
      const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: [] };
      const plan: FaultPlan = { ...drawFaultPlan(world.fork(), limits), ...faults };
      world.headline = describePlan(plan);
      const simulated = new ResizedRing(world, nodes, plan, changes);
      const { machines, clients, history, workload } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      const boot = (machine: Machine): void => void chaos.boot(machine);
      const changed = simulated.change(world.nowUs + plan.chaosMs * 1000, boot);
      await Promise.all([chaos.run(), changed]);
      await world.within(CONVERGE_MS, 'the ring is what it is to be', simulated.agree());
      simulated.stop();
      await world.within(MEMBERS_MS, 'every client is answered', used);
      const problems = simulated.rings();
      problems.push(...(await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(false))));
      problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      const answered = history.operations.filter(({ outcome }) => outcome === 'ok').length;
      world.headline += `; ${simulated.changeCount} changes of the ring`;
      return { operations: answered + workload.operations, problems };
    },
  };
}
