import { expect } from 'chai';
import fc from 'fast-check';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { Suspicion, suspicionTimeoutMs } from '../../../lib/cluster/gossip/suspicion.js';
import { idOf } from './samples.js';

const parameters = { ...LAN_PARAMETERS, suspicionMinMs: 1000, suspicionMaxFactor: 6, confirmationsMax: 3 };

function timeoutMs(confirmations: number, members: number, health = 0): number {
  return Math.round(suspicionTimeoutMs(parameters, confirmations, members, health));
}

describe('suspicionTimeoutMs', () => {
  it('goes from the most to the least with the logarithm of the confirmations', () => {
    expect([0, 1, 2, 3, 4].map((confirmations) => timeoutMs(confirmations, 5))).to.deep.equal([
      6000, 3500, 2038, 1000, 1000,
    ]);
  });

  it('wants no more confirmations than there can be', () => {
    expect([0, 1].map((confirmations) => timeoutMs(confirmations, 3))).to.deep.equal([6000, 1000]);
    expect(timeoutMs(0, 2)).to.equal(1000);
    expect(timeoutMs(0, 1)).to.equal(1000);
  });

  it('grows with the cluster from ten members up', () => {
    expect([5, 10, 100].map((members) => timeoutMs(3, members))).to.deep.equal([1000, 1000, 2000]);
    expect(timeoutMs(0, 100)).to.equal(12000);
  });

  it('grows with the doubt in oneself, up to the most', () => {
    expect([0, 1, 4, 5, 8].map((health) => timeoutMs(3, 5, health))).to.deep.equal([1000, 2000, 5000, 6000, 6000]);
    expect(timeoutMs(0, 5, 8)).to.equal(6000);
  });

  it('is never longer with one confirmation more, nor shorter with more doubt', () => {
    const count = fc.nat({ max: 5 });
    fc.assert(
      fc.property(count, fc.integer({ min: 1, max: 300 }), fc.nat({ max: 7 }), (confirmations, members, health) => {
        expect(timeoutMs(confirmations + 1, members, health)).to.be.at.most(timeoutMs(confirmations, members, health));
        expect(timeoutMs(confirmations, members, health + 1)).to.be.at.least(timeoutMs(confirmations, members, health));
      }),
    );
  });
});

describe('Suspicion', () => {
  it('counts each accuser once, the first one not at all, and no more than it needs', () => {
    const suspicion = new Suspicion(idOf(1), 7, 0);
    expect([1, 2, 2, 3, 4, 5].map((from) => suspicion.confirm(idOf(from), 3))).to.deep.equal([
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
    expect(suspicion.confirmations).to.equal(3);
  });

  it('ends when its time has passed since it began, however late the confirmations came', () => {
    const suspicion = new Suspicion(idOf(1), 7, 500);
    expect(suspicion.isOver(parameters, 5, 0, 6499)).to.equal(false);
    expect(suspicion.isOver(parameters, 5, 0, 6500)).to.equal(true);
    expect(suspicion.isOver(parameters, 5, 0, 4100)).to.equal(false);
    suspicion.confirm(idOf(2), 3);
    expect(suspicion.isOver(parameters, 5, 0, 4100)).to.equal(true);
  });
});
