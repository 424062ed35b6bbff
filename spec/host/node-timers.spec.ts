import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

import { NodeTimers } from '../../lib/host/node-timers.js';

const module = new URL('../../lib/host/node-timers.js', import.meta.url).href;

/** Replaces setTimeout: what was asked for, and a way to let it fire. */
function withTimeouts(run: (asked: { delayMs: number; fire: () => void }[], cancelled: number[]) => void): void {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const asked: { delayMs: number; fire: () => void }[] = [];
  const cancelled: number[] = [];
  const fake = (fire: () => void, delayMs: number) => {
    const id = asked.push({ delayMs, fire }) - 1;
    const timeout = { id, unref: () => timeout };
    return timeout;
  };
  Object.assign(globalThis, {
    setTimeout: fake,
    clearTimeout: ({ id }: { id: number }) => cancelled.push(id),
  });
  try {
    run(asked, cancelled);
  } finally {
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }
}

describe('NodeTimers after', () => {
  it('runs once, after the delay', async () => {
    const start = performance.now();
    await new Promise<void>((resolve) => new NodeTimers().after(10, resolve));
    expect(performance.now() - start).to.be.at.least(9);
  });

  it('does not run when it was cancelled', async () => {
    const timers = new NodeTimers();
    let ran = false;
    timers.after(1, () => (ran = true)).cancel();
    await new Promise<void>((resolve) => timers.after(5, resolve));
    expect(ran).to.equal(false);
  });

  it('takes delays of more than 24 days, in parts that setTimeout takes', () => {
    withTimeouts((asked, cancelled) => {
      let runs = 0;
      const timer = new NodeTimers().after(2 ** 32, () => runs++);
      for (let i = 0; i < 3; i++) {
        expect(runs).to.equal(0);
        asked[i].fire();
      }
      expect(runs).to.equal(1);
      expect(asked.map(({ delayMs }) => delayMs)).to.deep.equal([2 ** 31 - 1, 2 ** 31 - 1, 2]);
      timer.cancel();
      expect(cancelled).to.deep.equal([2]);
    });
  });
});

describe('NodeTimers every', () => {
  it('runs again and again, until it is cancelled', async () => {
    const timers = new NodeTimers();
    let runs = 0;
    await new Promise<void>((resolve) => {
      const timer = timers.every(1, () => {
        if (++runs < 3) return;
        timer.cancel();
        resolve();
      });
    });
    await new Promise<void>((resolve) => timers.after(5, resolve));
    expect(runs).to.equal(3);
  });
});

describe('NodeTimers endOfTurn', () => {
  it('runs in the check phase: behind microtasks, before timers that are not due', async () => {
    const timers = new NodeTimers();
    const order: string[] = [];
    timers.endOfTurn(() => order.push('end of turn'));
    queueMicrotask(() => order.push('microtask'));
    await new Promise<void>((resolve) => timers.after(20, resolve));
    expect(order).to.deep.equal(['microtask', 'end of turn']);
  });
});

describe('NodeTimers', () => {
  it('do not keep the process alive', () => {
    const script = `
      import { NodeTimers } from ${JSON.stringify(module)};
      const timers = new NodeTimers();
      timers.after(60000, () => console.log('after'));
      timers.every(60000, () => console.log('every'));
      timers.endOfTurn(() => console.log('end of turn'));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 9000 });
    expect(output.toString()).to.equal('end of turn\n');
  });
});
