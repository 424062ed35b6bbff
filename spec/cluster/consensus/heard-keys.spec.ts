import { expect } from 'chai';

import { HeardKeys } from '../../../lib/cluster/consensus/heard-keys.js';

const MINUTE_MS = 60_000;
const slotOfName = (name: string): number => name.length;

describe('HeardKeys', () => {
  it('knows what it has heard for some minutes, and then no more: nobody says that it is so no longer', () => {
    const keys = new HeardKeys(slotOfName, 0);
    expect(keys.add('key')).to.equal(true);
    expect(keys.add('key')).to.equal(false);
    let minutes = 0;
    for (; keys.has('key'); minutes++) keys.tick(minutes * MINUTE_MS);
    expect(minutes).to.be.within(5, 12);
    expect(keys.size).to.equal(0);
    expect(keys.hasSlot(3)).to.equal(false);
  });

  it('knows longer what it hears again, and at once no more what is not so', () => {
    const keys = new HeardKeys(slotOfName, 0);
    keys.add('key');
    keys.add('other');
    keys.add('gone');
    keys.delete('gone');
    keys.delete('unknown');
    for (let minutes = 0; minutes < 30; minutes++) {
      keys.tick(minutes * MINUTE_MS);
      expect(keys.add('key')).to.equal(false);
    }
    expect(keys.has('key')).to.equal(true);
    expect(keys.size).to.equal(1);
    expect([3, 4, 5].map((slot) => keys.hasSlot(slot))).to.deep.equal([true, false, false]);
  });
});
