import { expect } from 'chai';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { Relays, type Asker } from '../../../lib/cluster/gossip/relays.js';
import { idOf } from './samples.js';

const asker: Asker = { endpoint: { host: 'h', port: 1 }, sequence: 70 };

function nacked(relays: Relays, nowMs: number): number[] {
  const sequences: number[] = [];
  relays.tick(nowMs, ({ sequence }) => sequences.push(sequence));
  return sequences;
}

describe('Relays', () => {
  it('passes an answer of the target on, once', () => {
    const relays = new Relays(LAN_PARAMETERS);
    relays.add(5, asker, idOf(1), 0);
    expect(relays.onAck(idOf(2), 5), 'of somebody else').to.equal(undefined);
    expect(relays.onAck(idOf(1), 5)).to.equal(asker);
    expect(relays.onAck(idOf(1), 5)).to.equal(undefined);
    expect(nacked(relays, 1000)).to.deep.equal([]);
  });

  it('says once that there is no answer yet, and passes one on that comes later', () => {
    const relays = new Relays(LAN_PARAMETERS);
    relays.add(5, asker, idOf(1), 0);
    relays.add(6, { ...asker, sequence: 71 }, idOf(1), 100);
    expect(nacked(relays, 149)).to.deep.equal([]);
    expect(nacked(relays, 150)).to.deep.equal([70]);
    expect(nacked(relays, 250)).to.deep.equal([71]);
    expect(relays.onAck(idOf(1), 5)).to.equal(asker);
  });

  it('gives up in the end, and does not do more than it can', () => {
    const relays = new Relays(LAN_PARAMETERS);
    for (let i = 0; i < 1024; i++) expect(relays.add(i, asker, idOf(1), 0)).to.equal(true);
    expect(relays.add(1024, asker, idOf(1), 0)).to.equal(false);
    nacked(relays, 5000);
    expect(relays.onAck(idOf(1), 5)).to.equal(undefined);
    expect(relays.add(1024, asker, idOf(1), 5000)).to.equal(true);
  });
});
