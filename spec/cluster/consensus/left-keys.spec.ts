import { expect } from 'chai';
import { LeftKeys } from '../../../lib/cluster/consensus/left-keys.js';

describe('LeftKeys', () => {
  it('has what was added, until that is deleted', () => {
    const keys = new LeftKeys();
    expect(keys.isEmpty).to.equal(true);
    keys.add('a');
    keys.add('b');
    keys.delete('a');
    expect([keys.isEmpty, keys.has('a'), keys.has('b')]).to.deep.equal([false, false, true]);
    keys.clear();
    expect(keys.isEmpty).to.equal(true);
  });

  it('forgets the oldest when there are too many', () => {
    const keys = new LeftKeys();
    for (let i = 0; i <= 20_000; i++) keys.add(String(i));
    expect([keys.has('0'), keys.has('1'), keys.has('20000')]).to.deep.equal([false, true, true]);
  });
});
