import { expect } from 'chai';
import { Retry } from '../../../lib/storage/engine/retry.js';
import type { Timer, Timers } from '../../../lib/host/ports.js';

/** Timers of which the last one asked for can be run. */
class OneTimer implements Timers {
  readonly delays: number[] = [];
  private run: (() => void) | undefined;

  after(delayMs: number, run: () => void): Timer {
    this.delays.push(delayMs);
    this.run = run;
    return {
      cancel: () => {
        this.run = undefined;
      },
    };
  }

  every(): Timer {
    throw new Error('nothing is done regularly');
  }

  endOfTurn(): void {
    throw new Error('nothing is done in this turn');
  }

  fire(): void {
    const { run } = this;
    this.run = undefined;
    run?.();
  }
}

describe('Retry', () => {
  it('waits longer each time, up to a limit, and is quick again after a success', () => {
    const timers = new OneTimer();
    const retry = new Retry(timers);
    let runs = 0;
    const fail = (): void => {
      retry.later(() => runs++);
    };
    for (let i = 0; i < 9; i++) {
      fail();
      timers.fire();
    }
    expect(timers.delays).to.deep.equal([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    retry.succeeded();
    fail();
    expect([timers.delays.at(-1), runs]).to.deep.equal([100, 9]);
  });

  it('runs one thing at a time, and says while it waits', () => {
    const timers = new OneTimer();
    const retry = new Retry(timers);
    const ran: string[] = [];
    expect(retry.isWaiting).to.equal(false);
    retry.later(() => ran.push(`first, waiting: ${retry.isWaiting}`));
    retry.later(() => ran.push('second'));
    expect([retry.isWaiting, timers.delays.length]).to.deep.equal([true, 1]);
    timers.fire();
    expect([ran, retry.isWaiting]).to.deep.equal([['first, waiting: false'], false]);
  });

  it('does nothing any more when it is cancelled', () => {
    const timers = new OneTimer();
    const retry = new Retry(timers);
    retry.later(() => {
      throw new Error('cancelled');
    });
    retry.cancel();
    timers.fire();
    expect(retry.isWaiting).to.equal(false);
    retry.cancel();
  });
});
