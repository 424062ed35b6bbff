import { expect } from 'chai';
import { Awareness, HEALTH_SCORE_MAX, failedProbePoints, lagPoints } from '../../../lib/cluster/gossip/awareness.js';

describe('Awareness', () => {
  it('keeps its score from 0 to 8', () => {
    const awareness = new Awareness();
    awareness.apply(-1);
    expect(awareness.score).to.equal(0);
    awareness.apply(5);
    expect(awareness.score).to.equal(5);
    awareness.apply(100);
    expect(awareness.score).to.equal(HEALTH_SCORE_MAX);
    awareness.apply(-1);
    expect(awareness.score).to.equal(7);
  });

  it('gives others as much more time', () => {
    const awareness = new Awareness();
    expect(awareness.scale(200)).to.equal(200);
    awareness.apply(2);
    expect(awareness.scale(200)).to.equal(600);
  });
});

describe('failedProbePoints', () => {
  it('is the number of nacks that did not come, or one if nobody could be asked', () => {
    expect(failedProbePoints(0, 0)).to.equal(1);
    expect(failedProbePoints(3, 3)).to.equal(0);
    expect(failedProbePoints(3, 1)).to.equal(2);
  });
});

describe('lagPoints', () => {
  it('is one for each probe interval that the process stood still', () => {
    expect([0, 499, 500, 5000].map((lagMs) => lagPoints(lagMs, 500))).to.deep.equal([0, 0, 1, 10]);
  });
});
