import { expect } from 'chai';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { RoundTrips } from '../../../lib/cluster/gossip/round-trips.js';
import { idOf } from './samples.js';

describe('RoundTrips', () => {
  it('waits some round trips for an answer, within bounds', () => {
    const trips = new RoundTrips(LAN_PARAMETERS);
    expect(trips.timeoutMs(idOf(1))).to.equal(200);
    trips.add(idOf(1), 0.2);
    trips.add(idOf(2), 80);
    trips.add(idOf(3), 5000);
    expect([1, 2, 3].map((member) => trips.timeoutMs(idOf(member)))).to.deep.equal([100, 240, 2000]);
    trips.forget(idOf(3));
    expect(trips.timeoutMs(idOf(3))).to.equal(200);
  });

  it('smooths what is measured', () => {
    const trips = new RoundTrips(LAN_PARAMETERS);
    expect(trips.of(idOf(1))).to.equal(undefined);
    trips.add(idOf(1), 8);
    trips.add(idOf(1), 16);
    expect(trips.of(idOf(1))).to.equal(9);
  });
});
