import { expect } from 'chai';

import type { Blocking } from '../../lib/server/blocking.js';
import { Waiter } from '../../lib/server/blocking.js';
import { ConnectionWaits } from '../../lib/server/connection-waits.js';
import { VirtualTime } from '../cluster/bus/virtual-time.js';

describe('ConnectionWaits', () => {
  const waiter = Object.create(Waiter.prototype) as Waiter;
  let events: string[];
  const blocking = { giveUp: (_: Waiter, reason: string) => events.push(reason) } as unknown as Blocking;
  const away = { giveUp: (isError: boolean) => events.push(`away ${isError}`) };

  beforeEach(() => {
    events = [];
  });

  it('are pointless without their client if a command has begun, or waits for keys elsewhere; not if requests are held', () => {
    const waits = new ConnectionWaits();
    expect([waits.isEmpty, waits.isPointlessAlone]).to.deep.equal([true, false]);
    waits.beginHold();
    expect([waits.isEmpty, waits.isPointlessAlone]).to.deep.equal([false, false]);
    waits.away = away;
    expect(waits.isPointlessAlone).to.equal(true);
    waits.away = undefined;
    waits.begin();
    expect(waits.isPointlessAlone).to.equal(true);
    waits.end();
    waits.endHold();
    waits.end();
    expect([waits.isEmpty, waits.isPointlessAlone]).to.deep.equal([true, false]);
  });

  it('let the connection read while requests are held, and for the one command that waits for keys', () => {
    const waits = new ConnectionWaits();
    waits.beginHold();
    expect(waits.letsRead, 'held').to.equal(true);
    waits.endHold();
    expect(waits.letsRead, 'begun').to.equal(false);
    waits.waiter = waiter;
    expect([waits.isForKeys, waits.letsRead]).to.deep.equal([true, true]);
    waits.begin();
    expect(waits.letsRead, 'another one stands behind it').to.equal(false);
  });

  it('wake whoever waits for keys here, sleeps, or waits for keys elsewhere', async () => {
    const waits = new ConnectionWaits();
    expect(waits.wake('woken', blocking)).to.equal(false);
    waits.waiter = waiter;
    expect(waits.wake('error', blocking)).to.equal(true);
    expect(waits.wake('unblocked', blocking)).to.equal(true);
    waits.waiter = undefined;
    const slept = waits.sleeper.sleep(new VirtualTime(), 10);
    expect(waits.wake('unblocked', blocking)).to.equal(true);
    expect(await slept).to.equal('unblocked');
    waits.away = away;
    expect(waits.wake('error', blocking)).to.equal(true);
    expect(events).to.deep.equal(['error', 'timeout', 'away true']);
  });
});
