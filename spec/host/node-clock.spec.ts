import { expect } from 'chai';

import { NodeClock } from '../../lib/host/node-clock.js';

/** Uses the CPU for about so long. */
function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('NodeClock', () => {
  it('gives wall time in whole milliseconds', () => {
    const before = Date.now();
    const wallMs = new NodeClock().wallMs();
    expect(wallMs).to.be.within(before, Date.now());
    expect(Number.isInteger(wallMs)).to.equal(true);
  });

  it('gives monotonic time in microseconds', () => {
    const clock = new NodeClock();
    const start = clock.monotonicUs();
    burn(5);
    expect(clock.monotonicUs() - start).to.be.within(5000, 2_000_000);
  });

  it('gives the CPU time of this thread: it grows with work, not with waiting, and never falls', async () => {
    const clock = new NodeClock();
    const start = clock.threadCpuUs();
    let last = start;
    for (let i = 0; i < 100; i++) {
      burn(0.5);
      const now = clock.threadCpuUs();
      expect(now).to.be.at.least(last);
      last = now;
    }
    // Other work of the machine may take from the 50 ms, and nothing can add much.
    expect(last - start).to.be.within(5_000, 150_000);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(clock.threadCpuUs() - last).to.be.lessThan(50_000);
  });

  it('prefers what newer versions of Node offer', () => {
    const owner = process as { threadCpuUsage?: () => { user: number; system: number } };
    const original = owner.threadCpuUsage;
    try {
      owner.threadCpuUsage = () => ({ user: 70, system: 7 });
      expect(new NodeClock().threadCpuUs()).to.equal(77);
    } finally {
      if (original === undefined) delete owner.threadCpuUsage;
      else owner.threadCpuUsage = original;
    }
  });
});
