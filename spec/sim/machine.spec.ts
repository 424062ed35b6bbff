import { expect } from 'chai';

import { keepNothing } from './crash-fate.js';
import { Machine } from './machine.js';
import { World } from './world.js';

/** Runs something in a world with one machine. */
async function withMachine(run: (machine: Machine, world: World) => Promise<void>): Promise<void> {
  const world = new World(5);
  await world.run(() => run(new Machine(world, 'a', '10.0.0.1'), world));
}

describe('Machine', () => {
  const write = (machine: Machine): void => {
    const { disk } = machine.boot();
    disk.create('/f').append(Buffer.from('x'), 0, 1);
  };

  it('has what was not synced after a kill, and not after a power failure', () =>
    withMachine(async (machine, world) => {
      write(machine);
      machine.kill();
      expect(machine.boot().disk.exists('/f')).to.equal(true);
      machine.powerOff(keepNothing);
      expect(machine.hasPower).to.equal(false);
      expect(machine.boot().disk.exists('/f')).to.equal(false);
      await world.sleep(1);
    }));

  it('runs nothing of a process that has ended', () =>
    withMachine(async (machine, world) => {
      const process = machine.boot();
      let ran = 0;
      process.timers.every(10, () => ran++);
      process.timers.endOfTurn(() => ran++);
      machine.kill();
      await world.sleep(100);
      expect(ran).to.equal(0);
    }));

  it('loses power before the step that was named: what the process does then nobody sees', () =>
    withMachine(async (machine, world) => {
      const process = machine.boot();
      let wentOff = 0;
      machine.powerOffAtStep(3, () => wentOff++);
      process.timers.after(1, () => {
        for (const name of ['a', 'b', 'c', 'd']) process.disk.create(`/${name}`);
        process.disk.syncDirectory('/');
      });
      await world.sleep(10);
      expect(wentOff).to.equal(1);
      expect(process.isDead).to.equal(true);
      for (const name of machine.boot().disk.list('/')) expect(['a', 'b']).to.include(name);
    }));

  it('lets a process that is stopped do later what has come meanwhile, in order', () =>
    withMachine(async (machine, world) => {
      const process = machine.boot();
      const seen: number[] = [];
      for (const ms of [10, 20, 30, 2000]) process.timers.after(ms, () => seen.push(ms));
      process.stop(1000);
      await world.sleep(999);
      expect(seen).to.deep.equal([]);
      await world.sleep(10);
      expect(seen).to.deep.equal([10, 20, 30]);
      await world.sleep(2000);
      expect(seen).to.deep.equal([10, 20, 30, 2000]);
    }));

  it('has a clock that drifts and jumps, and monotonic time that never goes back', () =>
    withMachine(async (machine, world) => {
      const { clock } = machine;
      const startMs = clock.wallMs();
      clock.drift(100_000);
      await world.sleep(1000);
      expect(clock.wallMs() - startMs).to.equal(1100);
      const beforeUs = clock.monotonicUs();
      clock.jump(-5000);
      expect(clock.wallMs() - startMs).to.equal(-3900);
      expect(clock.monotonicUs()).to.be.greaterThan(beforeUs);
      expect(clock.errorMs).to.equal(-4900);
      clock.correct();
      clock.drift(0);
      await world.sleep(1000);
      expect(clock.wallMs() - startMs).to.equal(2000);
    }));
});

describe('SimTimers', () => {
  it('end a turn after its first event, once for each who asked, promises in between', () =>
    withMachine(async (machine, world) => {
      const { timers } = machine.boot();
      const seen: string[] = [];
      timers.after(1, () => {
        timers.endOfTurn(() => {
          seen.push('first');
          timers.endOfTurn(() => seen.push('next turn'));
          void Promise.resolve().then(() => seen.push('promise'));
        });
        timers.endOfTurn(() => seen.push('second'));
        seen.push('event');
      });
      await world.sleep(5);
      expect(seen).to.deep.equal(['event', 'first', 'promise', 'second', 'next turn']);
    }));

  it('repeat until they are cancelled, from within too', () =>
    withMachine(async (machine, world) => {
      const { timers } = machine.boot();
      let count = 0;
      const timer = timers.every(10, () => {
        if (++count === 3) timer.cancel();
      });
      await world.sleep(200);
      expect(count).to.equal(3);
    }));
});
