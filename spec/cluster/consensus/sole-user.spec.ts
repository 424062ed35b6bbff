import { expect } from 'chai';
import { SoleUser } from '../../../lib/cluster/consensus/sole-user.js';

describe('SoleUser', () => {
  it('is whoever has used a key, if nobody else has for a while', () => {
    const user = new SoleUser();
    expect(user.at(0)).to.equal(undefined);
    user.usedBy('a', 0);
    expect(user.at(0)).to.equal('a');
    user.usedBy('b', 1000);
    expect(user.at(1000)).to.equal(undefined);
    user.usedBy('b', 1050);
    expect(user.at(1050)).to.equal(undefined);
    user.usedBy('b', 1100);
    expect(user.at(1100)).to.equal('b');
  });

  it('is nobody else as long as clients of this member use the key', () => {
    const user = new SoleUser();
    user.usedBy(undefined, 0);
    user.usedBy('a', 10);
    expect(user.at(10)).to.equal(undefined);
    user.usedBy('a', 200);
    expect(user.at(200)).to.equal('a');
    user.usedBy(undefined, 300);
    expect(user.at(1000)).to.equal(undefined);
  });
});
