import { expect } from 'chai';
import { SoleUser } from '../../../lib/cluster/consensus/sole-user.js';

describe('SoleUser', () => {
  it('is whoever has used a key some times, if nobody else has for a while', () => {
    const user = new SoleUser();
    const seen = (member: string | undefined, nowMs: number): string | undefined => {
      user.usedBy(member, nowMs);
      return user.at(nowMs);
    };
    expect([seen('a', 0), seen('a', 0), seen('a', 0)]).to.deep.equal([undefined, undefined, 'a']);
    expect([seen('b', 1000), seen('b', 1050), seen('b', 1099)]).to.deep.equal([undefined, undefined, undefined]);
    expect(seen('b', 1100)).to.equal('b');
    expect([seen('a', 2000), seen('a', 3000), seen('a', 4000)]).to.deep.equal([undefined, undefined, 'a']);
  });

  it('is nobody else as long as clients of this member use the key', () => {
    const user = new SoleUser();
    for (let i = 0; i < 10; i++) {
      user.usedBy('a', i * 1000);
      user.usedBy('a', i * 1000 + 200);
      user.usedBy(undefined, i * 1000 + 400);
      expect(user.at(i * 1000 + 400)).to.equal(undefined);
    }
    for (let i = 0; i < 5; i++) user.usedBy(undefined, 20_000 + i * 1000);
    expect(user.at(30_000)).to.equal(undefined);
  });
});
