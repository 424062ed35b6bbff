import { expect } from 'chai';

import { Scratch } from '../../lib/base/scratch.js';

describe('Scratch', () => {
  it('gives the same memory again for a use, as long as it is neither too small nor too large', () => {
    const scratch = new Scratch();
    const first = scratch.take('rows', 1000, 2000);
    expect(first.byteLength).to.be.within(1000, 1200);
    expect(scratch.take('rows', 600, 1000)).to.equal(first);
    expect(scratch.take('others', 1000, 2000)).to.not.equal(first);
    expect(scratch.take('rows', first.byteLength, 2000)).to.equal(first);
    const larger = scratch.take('rows', 5000, 5000);
    expect(larger.byteLength).to.be.at.least(5000);
    expect(scratch.take('rows', 1000, 2000).byteLength).to.be.within(1000, 1200);
    expect(scratch.take('none', 0, 0).byteLength).to.equal(0);
  });

  it('keeps what was there when it grows', () => {
    const scratch = new Scratch();
    const small = new Uint8Array(scratch.take('rows', 100, 100)).fill(7);
    const grown = new Uint8Array(scratch.grow('rows', 1000));
    expect(grown.length).to.be.at.least(1000);
    expect([...grown.subarray(0, small.length)]).to.deep.equal([...small]);
    expect(scratch.take('rows', 1000, 1000)).to.equal(grown.buffer);
  });
});
