import { expect } from 'chai';

import { Machine } from './machine.js';
import { StandstillError, World, WorldError } from './world.js';

describe('World', () => {
  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail('it was to be rejected'),
      (error: unknown) => error,
    );

  it('leaps over the time in which nothing happens', async () => {
    const world = new World(1);
    await world.run(async () => {
      await world.sleep(3_600_000);
      await world.sleep(500);
    });
    expect(world.nowUs).to.equal(3_600_500_000);
  });

  it('runs all that promises bring about before the next event', async () => {
    const world = new World(1);
    const seen: string[] = [];
    await world.run(async () => {
      world.after(10, 'first', () => {
        void (async () => {
          for (let i = 0; i < 100; i++) await Promise.resolve();
          seen.push('promises of the first');
        })();
      });
      world.after(11, 'second', () => seen.push('second'));
      await world.sleep(1);
    });
    expect(seen).to.deep.equal(['promises of the first', 'second']);
  });

  it('orders what falls on one moment by the seed, and always alike for the same', async () => {
    const order = async (seed: number): Promise<string> => {
      const world = new World(seed);
      const seen: number[] = [];
      await world.run(async () => {
        for (let i = 0; i < 8; i++) world.after(5, 'event', () => seen.push(i));
        await world.sleep(1);
      });
      return seen.join('');
    };
    expect(await order(1)).to.equal(await order(1));
    expect(new Set(await Promise.all([1, 2, 3, 4].map(order))).size).to.equal(4);
  });

  it('says who threw and when, and that nothing is left to happen', async () => {
    const thrown = new World(1);
    const broken = await failureOf(
      thrown.run(() => {
        const machine = new Machine(thrown, 'a', '10.0.0.1');
        machine.boot().timers.after(1000, () => {
          throw new Error('oh');
        });
        return thrown.sleep(5000);
      }),
    );
    expect(broken).to.be.instanceOf(WorldError);
    expect((broken as Error).message).to.match(/^at 1\.00\d+ s: a ended with: oh$/);

    const late = new World(1);
    const tooLate = await failureOf(late.run(() => late.within(500, 'the end', late.sleep(501))));
    expect(tooLate).to.be.instanceOf(StandstillError);
    expect(await new World(1).run(() => Promise.resolve(7))).to.equal(7);

    const idle = await failureOf(new World(1).run(() => new Promise(() => undefined)));
    expect(idle).to.be.instanceOf(StandstillError);
  });
});
