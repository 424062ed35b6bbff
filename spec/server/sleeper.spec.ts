import { expect } from 'chai';
import { Sleeper } from '../../lib/server/sleeper.js';
import { VirtualTime } from '../cluster/bus/virtual-time.js';

describe('Sleeper', () => {
  it('sleeps until its time is over, or it is woken before, and says why', async () => {
    const time = new VirtualTime();
    const sleeper = new Sleeper();
    const first = sleeper.sleep(time, 10);
    time.pass(10);
    expect(await first).to.equal('timeout');
    const second = sleeper.sleep(time, 10);
    expect(sleeper.wake('unblocked')).to.equal(true);
    expect(await second).to.equal('unblocked');
    const third = sleeper.sleep(time, 0);
    // The time of the second would be over.
    time.pass(1000);
    expect(sleeper.wake('error')).to.equal(true);
    expect(await third).to.equal('error');
  });

  it('is not woken when it does not sleep', () => {
    expect(new Sleeper().wake('woken')).to.equal(false);
  });
});
