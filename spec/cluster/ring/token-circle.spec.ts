import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { TokenCircle } from '../../../lib/cluster/ring/token-circle.js';

describe('TokenCircle', () => {
  it('is the same if its tokens are there at once, or come one by one', () => {
    const anyTokens = fc.uniqueArray(fc.nat(SLOT_COUNT - 1), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(anyTokens, fc.integer({ min: 1, max: 4 }), (tokens, owners) => {
        const tokensOfOwners = Array.from({ length: owners }, (_, owner) =>
          tokens.filter((_token, i) => i % owners === owner),
        );
        const grown = new TokenCircle();
        tokensOfOwners.forEach((own, owner) => {
          for (const token of own) grown.add(token, owner);
        });
        const made = TokenCircle.of(tokensOfOwners);
        expect(made.tokenCount).to.equal(grown.tokenCount);
        for (let slot = 0; slot < SLOT_COUNT; slot += 7) {
          const seen = (circle: TokenCircle): number[] => [
            circle.ownerAt(slot),
            circle.tokenOf(slot),
            circle.before(slot),
            circle.after(slot),
          ];
          expect(seen(made)).to.deep.equal(seen(grown));
        }
      }),
      { numRuns: 20 },
    );
  });
});
