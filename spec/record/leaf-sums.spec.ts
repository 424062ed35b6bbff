import { expect } from 'chai';
import fc from 'fast-check';

import { POSITION_LIMIT } from '../../lib/base/position.js';
import { LEAF_COUNT, LeafSums, addDigest, leafOf } from '../../lib/record/leaf-sums.js';

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const digest = fc.record({ position: fc.maxSafeNat().map((n) => n % POSITION_LIMIT), high: word, low: word });

describe('LeafSums', () => {
  it('are the same in whatever order digests are added, and differ if one of them does', () => {
    fc.assert(
      fc.property(fc.array(digest, { minLength: 1, maxLength: 20 }), fc.nat(), (digests, which) => {
        const [sums, reversed, changed] = [new LeafSums(), new LeafSums(), new LeafSums()];
        const odd = which % digests.length;
        for (const { position, high, low } of digests) sums.add(position, high, low);
        for (const { position, high, low } of digests.toReversed()) reversed.add(position, high, low);
        digests.forEach(({ position, high, low }, i) => {
          changed.add(position, high, i === odd ? low ^ 1 : low);
        });
        expect(sums.sumOf(0, LEAF_COUNT)).to.deep.equal(reversed.sumOf(0, LEAF_COUNT));
        expect(sums.sumOf(0, LEAF_COUNT)).to.not.deep.equal(changed.sumOf(0, LEAF_COUNT));
        const leaf = leafOf(digests[odd].position);
        expect(sums.sumOf(leaf, leaf + 1)).to.not.deep.equal(changed.sumOf(leaf, leaf + 1));
      }),
      { numRuns: 20 },
    );
  });

  it('tell the same digest at two positions apart', () => {
    fc.assert(
      fc.property(digest, fc.integer({ min: 1, max: 2 ** 35 - 1 }), ({ position, high, low }, distance) => {
        const [one, other] = [
          { high: 0, low: 0 },
          { high: 0, low: 0 },
        ];
        addDigest(one, position, high, low);
        addDigest(other, (position + distance) % POSITION_LIMIT, high, low);
        expect(one).to.not.deep.equal(other);
      }),
    );
  });
});
