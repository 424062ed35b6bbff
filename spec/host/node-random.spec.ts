import { expect } from 'chai';

import { NodeRandom } from '../../lib/host/node-random.js';

describe('NodeRandom uint32', () => {
  it('draws whole numbers below 2^32 that differ, every bit set in about half of them', () => {
    const random = new NodeRandom();
    const draws = 5000; // several pools
    const seen = new Set<number>();
    const counts = new Array<number>(32).fill(0);
    for (let i = 0; i < draws; i++) {
      const number = random.uint32();
      expect(Number.isInteger(number) && number >= 0 && number < 2 ** 32).to.equal(true);
      seen.add(number);
      for (let bit = 0; bit < 32; bit++) counts[bit] += (number >>> bit) & 1;
    }
    expect(seen.size).to.be.greaterThan(draws - 10);
    // 7 standard deviations.
    for (const count of counts) expect(count).to.be.within(draws / 2 - 250, draws / 2 + 250);
  });
});

describe('NodeRandom fill', () => {
  it('fills all of the target and nothing else', () => {
    const bytes = new Uint8Array(300);
    new NodeRandom().fill(bytes.subarray(100, 200));
    expect(bytes.subarray(0, 100).some((byte) => byte !== 0)).to.equal(false);
    expect(bytes.subarray(200).some((byte) => byte !== 0)).to.equal(false);
    expect(new Set(bytes.subarray(100, 200)).size).to.be.greaterThan(50);
    expect(bytes.subarray(190, 200).some((byte) => byte !== 0)).to.equal(true);
  });
});
