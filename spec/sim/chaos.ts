/** Does to machines what a FaultPlan says, and makes everything good again. */

import type { Activity, Moment } from './activity.js';
import { Counts } from './counts.js';
import { keepNothing } from './crash-fate.js';
import type { CrashKind, FaultPlan } from './fault-plan.js';
import type { Link } from './link.js';
import { GOOD_LINK } from './link.js';
import type { Machine } from './machine.js';
import type { SeededRandom } from './seeded-random.js';
import type { Heal } from './wires.js';
import type { World } from './world.js';

/** A power failure in the middle of a turn comes within so many steps of the disk. */
const STEPS_MAX = 40;
/** What is aimed at a moment comes so many microseconds after it, sooner rather than later. */
const AIMED_US = { least: 50, most: 20_000 };
/** Every node serves so long after all is well. */
const BOOT_MS_MAX = 60_000;

export interface ChaosOptions {
  /** Machines that run nodes. */
  readonly machines: readonly Machine[];
  /** Machines of clients, which only links fail for. */
  readonly clients: readonly Machine[];
  /** Starts a process on a machine that has none; resolves when it serves, if it lives so long. A rejection ends the run. */
  readonly boot: (machine: Machine) => Promise<void>;
  /** Clocks are never wrong by more than this. */
  readonly clockErrorMsMax: number;
  /** What the plan may aim at; without it, it strikes at any time. */
  readonly activity?: Activity;
}

export class Chaos {
  /** Faults that there were. */
  readonly counts = new Counts();
  private readonly world: World;
  private readonly plan: FaultPlan;
  private readonly options: ChaosOptions;
  private readonly random: SeededRandom;
  private readonly boots = new Map<Machine, Promise<void>>();
  private readonly cuts = new Set<Heal>();
  /** Whose process may end for the disk's sake. */
  private readonly badDisks = new Set<Machine>();
  /** Of which that has been so since the last boot began: it may be heard to have failed when the disk is well again. */
  private readonly spoiledBoots = new Set<Machine>();
  private endUs = 0;
  private crashedUs = Number.NEGATIVE_INFINITY;

  constructor(world: World, plan: FaultPlan, options: ChaosOptions) {
    this.world = world;
    this.plan = plan;
    this.options = options;
    this.random = world.fork();
  }

  /** Starts a machine's process. */
  boot(machine: Machine): Promise<void> {
    if (!this.badDisks.has(machine)) this.spoiledBoots.delete(machine);
    const booted = this.options.boot(machine).catch((error: unknown) => {
      if (this.spoiledBoots.has(machine)) return this.bootFailed(machine);
      this.world.fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    });
    // Of the boot before nobody will hear, if it was cut short.
    this.boots.set(machine, booted);
    return booted;
  }

  /** Resolves when the time of the plan is over, and all is well again: everybody serves, and nothing is lost any more. */
  async run(): Promise<void> {
    const { plan } = this;
    this.endUs = this.world.nowUs + plan.chaosMs * 1000;
    this.begin();
    await Promise.all([
      this.every(plan.crashes?.everyMs, () => this.aimCrash()),
      this.every(plan.blackouts?.everyMs, () => this.aim(plan.blackouts?.aim ?? 'answered', () => this.blackOut())),
      this.every(plan.stops?.everyMs, () => this.stop()),
      this.every(plan.partitions?.everyMs, () => this.cut()),
      this.every(plan.jumps?.everyMs, () => this.jump()),
      this.every(plan.disks?.everyMs, () => this.spoilDisk()),
      this.world.sleep(plan.chaosMs),
    ]);
    await this.heal();
  }

  /** One more machine is there, and no better than the others. */
  add(machine: Machine): void {
    if (this.world.nowUs >= this.endUs) return;
    const { machines, clients } = this.options;
    this.worsenLinks(this.world.wires.of(machine, [...machines, ...clients]));
    this.worsen([machine]);
  }

  private begin(): void {
    const { machines, clients } = this.options;
    this.worsenLinks(this.world.wires.between([...machines, ...clients]));
    this.worsen(machines);
  }

  private worsenLinks(links: readonly Link[]): void {
    const { link: quality, badLinkShare } = this.plan;
    for (const link of links) if (this.random.uint32() < badLinkShare * 0x1_0000_0000) link.quality = quality;
  }

  private worsen(machines: readonly Machine[]): void {
    const { driftPpm, diskDelayUs } = this.plan;
    for (const machine of machines) if (this.random.below(2) === 0) machine.diskDelayUs = diskDelayUs;
    if (driftPpm === 0) return;
    for (const machine of machines) machine.clock.drift(this.random.below(2 * driftPpm + 1) - driftPpm);
  }

  private async heal(): Promise<void> {
    const { machines, clients } = this.options;
    this.world.note('', () => 'all is well again');
    for (const heal of this.cuts) heal();
    this.world.wires.setQuality([...machines, ...clients], GOOD_LINK);
    for (const machine of machines) {
      this.repairDisk(machine);
      machine.diskDelayUs = 0;
      machine.powerOffAtStep(Infinity);
      machine.process?.continue();
      machine.clock.drift(0);
      machine.clock.correct();
      if (machine.process === undefined) void this.boot(machine);
    }
    await this.world.within(BOOT_MS_MAX, 'every node serves', Promise.all(this.boots.values()));
  }

  /** Does something again and again, until the time is over. */
  private async every(meanMs: number | undefined, act: () => void): Promise<void> {
    if (meanMs === undefined) return;
    for (;;) {
      const ms = this.about(meanMs);
      if (this.world.nowUs + ms * 1000 >= this.endUs) return;
      await this.world.sleep(ms);
      act();
    }
  }

  private aimCrash(): void {
    const aim = this.plan.crashes?.aim ?? 'anytime';
    if (aim === 'anytime') this.crash(this.victim());
    else this.aim(aim, (machine) => this.crash(aim === 'answered' ? this.victim() : machine));
  }

  /** Does something soon after the next moment of a kind, if the time is not over by then. */
  private aim(moment: Moment, act: (machine: Machine) => void): void {
    const { world } = this;
    const { activity } = this.options;
    if (activity === undefined) {
      act(this.victim());
      return;
    }
    activity.next(moment, (machine) => {
      const { least, most } = AIMED_US;
      const delayUs = least * (most / least) ** (this.random.uint32() / 0x1_0000_0000);
      world.after(delayUs, 'aimed', () => {
        if (world.nowUs < this.endUs) act(machine);
      });
    });
  }

  private blackOut(): void {
    const { blackouts } = this.plan;
    if (blackouts === undefined) return;
    this.counts.add('blackouts');
    const isAllLost = this.random.below(2) === 0;
    for (const machine of this.options.machines) {
      machine.powerOff(isAllLost ? keepNothing : undefined);
      this.bootLater(machine, blackouts.downMs);
    }
  }

  private stop(): void {
    const { stops } = this.plan;
    if (stops === undefined) return;
    this.counts.add('stops');
    this.victim().process?.stop(this.about(stops.ms));
  }

  private bootLater(machine: Machine, downMs: number): void {
    this.world.after(this.about(downMs) * 1000, 'boot', () => {
      if (machine.process === undefined) void this.boot(machine);
    });
  }

  private crash(victim: Machine): void {
    const { crashes, downMax } = this.plan;
    const down = this.options.machines.filter((machine) => machine.process === undefined).length;
    if (crashes === undefined || down >= downMax) return;
    if (this.world.nowUs - this.crashedUs < crashes.apartMs * 1000) return;
    if (victim.process === undefined) return;
    this.crashedUs = this.world.nowUs;
    this.end(victim, crashes.how, () => {
      this.crashedUs = this.world.nowUs;
      this.counts.add('crashes');
      this.bootLater(victim, crashes.downMs);
    });
  }

  private end(victim: Machine, how: CrashKind, onEnd: () => void): void {
    switch (how) {
      case 'kill':
        victim.kill();
        return onEnd();
      case 'power':
        victim.powerOff();
        return onEnd();
      case 'step':
        return victim.powerOffAtStep(1 + this.random.below(STEPS_MAX), onEnd);
      case 'any':
        return this.end(victim, (['kill', 'power', 'step'] as const)[this.random.below(3)], onEnd);
    }
  }

  private cut(): void {
    const { partitions } = this.plan;
    if (partitions === undefined) return;
    this.counts.add('partitions');
    const [some, others] = this.drawSides();
    const isOneWay = partitions.oneWay && this.random.below(2) === 0;
    const { wires } = this.world;
    const heal = isOneWay ? wires.cut(some, others) : wires.cutBothWays(some, others);
    this.world.note('', () => `cut ${isOneWay ? 'one way' : 'both ways'}: ${namesOf(some)} from ${namesOf(others)}`);
    this.cuts.add(heal);
    this.world.after(this.about(partitions.ms) * 1000, 'heal', heal);
  }

  /** Who does not reach whom: one and the rest, some and the rest, or some and some, with others between that reach both. */
  private drawSides(): [Machine[], Machine[]] {
    const all = [...this.options.machines, ...this.options.clients];
    const kind = this.random.below(3);
    const one = this.victim();
    const sides: [Machine[], Machine[], Machine[]] = [[], [], []];
    for (const machine of all) {
      const side = kind === 0 ? Number(machine !== one) : this.random.below(kind + 1);
      sides[side].push(machine);
    }
    return [sides[0], sides[1]];
  }

  private jump(): void {
    const { jumps } = this.plan;
    if (jumps === undefined) return;
    const { clock, name } = this.victim();
    const { clockErrorMsMax } = this.options;
    const ms = this.random.below(2 * jumps.ms + 1) - jumps.ms;
    if (Math.abs(clock.errorMs + ms) > clockErrorMsMax) return;
    this.world.note(name, () => `the clock jumps by ${ms} ms`);
    clock.jump(ms);
  }

  private spoilDisk(): void {
    const { disks } = this.plan;
    const victim = this.victim();
    if (disks === undefined || this.badDisks.has(victim)) return;
    this.world.note(victim.name, () => `the disk is ${disks.how}`);
    victim.diskFault = disks.how;
    this.badDisks.add(victim);
    this.spoiledBoots.add(victim);
    this.world.after(this.about(disks.ms) * 1000, 'repair', () => {
      if (!this.badDisks.has(victim)) return;
      this.repairDisk(victim);
      if (victim.process === undefined && victim.hasPower) void this.boot(victim);
    });
  }

  /** A process that has seen a sync fail may refuse to write, rightly: an operator starts it anew. */
  private repairDisk(machine: Machine): void {
    if (!this.badDisks.delete(machine)) return;
    machine.diskFault = 'none';
    if (this.plan.disks?.how === 'failing' && machine.process !== undefined) machine.kill();
  }

  /** For the disk's sake: there is another when that is well. */
  private bootFailed(machine: Machine): Promise<void> | undefined {
    machine.kill();
    return this.badDisks.has(machine) || !machine.hasPower ? undefined : this.boot(machine);
  }

  private victim(): Machine {
    return this.options.machines[this.random.below(this.options.machines.length)];
  }

  /** Around a mean: from nothing to twice as much. */
  private about(meanMs: number): number {
    return this.random.below(2 * meanMs + 1);
  }
}

function namesOf(machines: readonly Machine[]): string {
  return machines.map(({ name }) => name).join(',');
}
