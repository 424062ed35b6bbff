import { expect } from 'chai';
import { LivedTime } from '../../../lib/cluster/gossip/lived-time.js';

describe('LivedTime', () => {
  it('goes on with the clock while ticks come in time', () => {
    const time = new LivedTime(50, 1_000_000);
    expect(time.nowMs).to.equal(0);
    expect(time.tick(1_050_000)).to.equal(0);
    expect(time.tick(1_120_000)).to.equal(0);
    expect(time.nowMs).to.equal(120);
  });

  it('stands still while the process does, and says for how long', () => {
    const time = new LivedTime(50, 0);
    time.tick(50_000);
    expect(time.tick(5_050_000)).to.equal(4900);
    expect(time.nowMs).to.equal(150);
    expect(time.tick(5_100_000)).to.equal(0);
    expect(time.nowMs).to.equal(200);
  });
});
