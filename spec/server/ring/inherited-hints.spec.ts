import { expect } from 'chai';

import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withAway } from '../../../lib/cluster/topology/absence.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { InheritedHints } from '../../../lib/server/ring/inherited-hints.js';
import { someMember, someRing } from '../../cluster/ring/some-rings.js';

describe('InheritedHints', () => {
  it('are handed over without those for whom nothing is kept: they were kept for the others again and again, until that one was back', async () => {
    const members = [1, 2, 3, 4].map((number) => someMember(number, [number * 4000]));
    const [self, away] = members.map(({ id }) => id);
    const kept: string[] = [];
    const hints = new InheritedHints({
      self,
      ring: () => new Ring(withAway(someRing(members), away)),
      keep: (member, _batch, then) => {
        if (member === away) return false;
        kept.push(member);
        then?.(true);
        return true;
      },
      takeOver: () => undefined,
      whenLogged: (then) => {
        setImmediate(then);
      },
    });
    const batch = new WriteBatch(1);
    batch.flush(0, 1);
    const isKept = await new Promise((resolve) => {
      hints.passOn(Buffer.from(batch.buffer.subarray(batch.start, batch.end)), resolve);
    });
    expect(isKept).to.equal(true);
    expect(kept).to.have.members(members.slice(2).map(({ id }) => id));
  });
});
