import { expect } from 'chai';
import { RingBench } from './ring-bench.js';

const NOT_BUSY = '-NOTBUSY No scripts in execution right now.';

/** Has a member run a script that does not end, for a client of another one; returns what that one is answered. */
async function keepBusy(ring: RingBench, script: string): Promise<() => unknown[]> {
  await ring.settle();
  const key = ring.keyWithout(0);
  const busy = ring.nodes[ring.replicasOf(key)[0]];
  busy.clock.lookUs = 200;
  const client = ring.nodes[0].connect();
  // It runs as several keys do, which may take as long as they like.
  client.send('EVAL', script, 2, key, `{${key}}`);
  await ring.settle();
  busy.clock.lookUs = 1;
  return () => client.replies();
}

describe('SCRIPT KILL', () => {
  it('of a ring ends the script, whichever member runs it', async () => {
    for (const asked of [0, 1]) {
      const ring = await RingBench.start(4, 'busy-reply-threshold 100\n');
      const replies = await keepBusy(ring, 'while true do end');
      expect(await ring.ask(ring.nodes[asked].connect(), 'SCRIPT', 'KILL')).to.equal('OK');
      await ring.settle();
      expect(String(replies())).to.match(/Script killed by user/);
      expect(await ring.ask(ring.nodes[asked].connect(), 'SCRIPT', 'KILL')).to.equal(NOT_BUSY);
    }
  });

  it('of a ring says that a script cannot be killed that has written', async () => {
    const ring = await RingBench.start(4, 'busy-reply-threshold 100\n');
    await keepBusy(ring, "redis.call('SET', KEYS[1], 'x') while true do end");
    expect(await ring.ask(ring.nodes[0].connect(), 'SCRIPT', 'KILL')).to.match(/^-UNKILLABLE/);
  });
});
