import { expect } from 'chai';

import type { DiskError } from '../../lib/base/errors.js';
import { Activity } from './activity.js';
import { Chaos } from './chaos.js';
import type { FaultPlan, PlanLimits } from './fault-plan.js';
import { drawFaultPlan } from './fault-plan.js';
import { GOOD_LINK } from './link.js';
import { Machine } from './machine.js';
import { SeededRandom } from './seeded-random.js';
import { World } from './world.js';

const CLOCK_ERROR_MS_MAX = 100;
const CALM: FaultPlan = {
  chaosMs: 20_000,
  downMax: 3,
  crashes: undefined,
  blackouts: undefined,
  stops: undefined,
  partitions: undefined,
  jumps: undefined,
  disks: undefined,
  diskDelayUs: 0,
  driftPpm: 0,
  link: GOOD_LINK,
  badLinkShare: 0,
};

describe('Chaos', () => {
  /** Runs a plan over three machines whose processes write a file all the time; what was seen meanwhile. */
  async function rage(seed: number, plan: FaultPlan): Promise<Set<string>> {
    const world = new World(seed);
    const seen = new Set<string>();
    const machines = ['a', 'b', 'c'].map((name, index) => new Machine(world, name, `10.0.0.${index + 1}`));
    const boots = new Map<Machine, number>();
    const boot = (machine: Machine): Promise<void> => {
      boots.set(machine, (boots.get(machine) ?? 0) + 1);
      const { timers, disk } = machine.boot();
      timers.every(50, () => {
        try {
          if (!disk.exists('/f')) disk.create('/f');
          disk.open('/f').append(Buffer.from('x'), 0, 1);
        } catch (error) {
          seen.add((error as DiskError).code);
        }
      });
      return world.sleep(100);
    };
    const look = (): void => {
      const links = world.wires.between(machines);
      if (links.some(({ isCut }) => isCut)) seen.add('cut');
      if (links.some(({ quality }) => quality !== GOOD_LINK)) seen.add('bad link');
      for (const { process, hasPower, clock, diskDelayUs } of machines) {
        if (process?.isStopped === true) seen.add('stopped');
        if (process === undefined) seen.add(hasPower ? 'killed' : 'off');
        if (diskDelayUs > 0) seen.add('slow disk');
        if (clock.driftPpm !== 0) seen.add('drifts');
        if (Math.abs(clock.errorMs) > 2) seen.add('wrong clock');
        expect(Math.abs(clock.errorMs)).to.be.lessThan(CLOCK_ERROR_MS_MAX + 20);
      }
    };
    await world.run(async () => {
      const chaos = new Chaos(world, plan, { machines, clients: [], boot, clockErrorMsMax: CLOCK_ERROR_MS_MAX });
      await Promise.all(machines.map((machine) => chaos.boot(machine)));
      let isOver = false;
      const run = chaos.run().then(() => (isOver = true));
      while (!isOver) {
        look();
        await world.sleep(50);
      }
      await run;
      for (const { process, clock, diskDelayUs } of machines) {
        expect(process?.isStopped).to.equal(false);
        expect([clock.driftPpm, Math.round(clock.errorMs), diskDelayUs]).to.deep.equal([0, 0, 0]);
      }
      for (const { isCut, quality } of world.wires.between(machines)) {
        expect([isCut, quality]).to.deep.equal([false, GOOD_LINK]);
      }
      // It stays so.
      const bootsThen = [...boots.values()].join();
      await world.sleep(60_000);
      expect([...boots.values()].join()).to.equal(bootsThen);
    });
    return seen;
  }

  it('does what the plan says, and then makes everything good, for good', async () => {
    const plan: FaultPlan = {
      chaosMs: 60_000,
      downMax: 2,
      crashes: { everyMs: 1000, downMs: 500, how: 'any', apartMs: 0, aim: 'anytime' },
      blackouts: undefined,
      stops: { everyMs: 1000, ms: 500 },
      partitions: { everyMs: 1000, ms: 500, oneWay: true },
      jumps: { everyMs: 1000, ms: 50 },
      disks: { everyMs: 1000, ms: 500, how: 'full' },
      diskDelayUs: 1000,
      driftPpm: 100,
      link: { ...GOOD_LINK, lostShare: 0.1 },
      badLinkShare: 0.5,
    };
    const seen = await rage(2, plan);
    expect([...seen].sort()).to.deep.equal(
      ['ENOSPC', 'bad link', 'cut', 'drifts', 'killed', 'off', 'slow disk', 'stopped', 'wrong clock'].sort(),
    );
  });

  it('strikes soon after the moment that a crash, or a blackout, is aimed at', async () => {
    const crashes = { everyMs: 500, downMs: 10, how: 'kill', apartMs: 0, aim: 'logged' } as const;
    const blackouts = { everyMs: 500, downMs: 10, aim: 'asked' } as const;
    for (const plan of [
      { ...CALM, crashes },
      { ...CALM, blackouts },
    ]) {
      const world = new World(1);
      const machines = ['a', 'b', 'c'].map((name, index) => new Machine(world, name, `10.0.0.${index + 1}`));
      const boot = (machine: Machine): Promise<void> => {
        machine.boot();
        return Promise.resolve();
      };
      const activity = new Activity();
      const struck = new Set<string>();
      await world.run(async () => {
        const chaos = new Chaos(world, plan, { machines, clients: [], boot, clockErrorMsMax: 0, activity });
        for (const machine of machines) await chaos.boot(machine);
        const run = chaos.run();
        for (let second = 0; second < 18; second++) {
          await world.sleep(1000);
          const before = machines.map(({ process }) => process);
          activity.note(plan.blackouts === undefined ? 'logged' : 'asked', machines[1]);
          await world.sleep(45);
          machines.forEach(({ name, process }, i) => process !== before[i] && struck.add(name));
        }
        await run;
      });
      expect([...struck].sort()).to.deep.equal(plan.blackouts === undefined ? ['b'] : ['a', 'b', 'c']);
    }
  });

  it('makes everything good after any plan that may be drawn', async () => {
    const limits: PlanLimits = { nodes: 3, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: ['full', 'failing'] };
    for (let seed = 1; seed <= 10; seed++) await rage(seed, drawFaultPlan(new SeededRandom(seed), limits));
  });

  it('boots again who is heard to have failed when its disk is well again', async () => {
    const world = new World(1);
    const machine = new Machine(world, 'a', '10.0.0.1');
    let failures = 0;
    const boot = async (): Promise<void> => {
      const { disk, timers } = machine.boot();
      try {
        disk.create(`/${world.nowUs}`);
      } catch (error) {
        failures++;
        await new Promise<void>((resolve) => timers.after(200, resolve));
        throw error;
      }
    };
    await world.run(async () => {
      const chaos = new Chaos(
        world,
        {
          ...CALM,
          crashes: { everyMs: 700, downMs: 10, how: 'kill', apartMs: 0, aim: 'logged' },
          disks: { everyMs: 1000, how: 'full', ms: 500 },
        },
        { machines: [machine], clients: [], boot, clockErrorMsMax: 0 },
      );
      await chaos.boot(machine);
      await chaos.run();
    });
    expect(failures).to.be.above(0);
    expect(machine.process).to.not.equal(undefined);
  });
});
