import { expect } from 'chai';

import { Throttle } from '../../../lib/cluster/repair/throttle.js';

describe('Throttle', () => {
  it('has senders wait until what was sent is within the rate', async () => {
    let nowMs = 0;
    const throttle = new Throttle(
      () => 1000,
      () => nowMs,
    );
    await throttle.whenOpen();
    throttle.spend(1250);
    let isOpen = false;
    const waits = throttle.whenOpen().then(() => (isOpen = true));
    nowMs = 900;
    throttle.tick();
    await Promise.resolve();
    expect(isOpen).to.equal(false);
    nowMs = 1100;
    throttle.tick();
    await waits;
    expect(isOpen).to.equal(true);
  });

  it('lets all go when there is no limit any more', async () => {
    let rate = 10;
    const throttle = new Throttle(
      () => rate,
      () => 0,
    );
    throttle.spend(1_000_000);
    const waits = throttle.whenOpen();
    rate = 0;
    throttle.tick();
    await waits;
    await throttle.whenOpen();
  });
});
