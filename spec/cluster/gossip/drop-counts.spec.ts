import { expect } from 'chai';
import { DropCounts } from '../../../lib/cluster/gossip/drop-counts.js';

describe('DropCounts', () => {
  it('counts by reason, and wants each logged once a minute', () => {
    const drops = new DropCounts();
    expect(drops.add('forged', 0)).to.equal(true);
    expect(drops.add('forged', 59_999)).to.equal(false);
    expect(drops.add('foreign', 59_999)).to.equal(true);
    expect(drops.add('forged', 60_000)).to.equal(true);
    expect([drops.of('forged'), drops.of('foreign'), drops.of('own'), drops.total]).to.deep.equal([3, 1, 0, 4]);
  });
});
