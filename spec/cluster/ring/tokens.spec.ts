import { expect } from 'chai';
import fc from 'fast-check';
import { MEMBERS_MAX } from '../../../lib/cluster/ring/ring-document.js';
import { chooseTokens } from '../../../lib/cluster/ring/tokens.js';
import { joinOneByOne } from '../../../scripts/ring/evenness.js';
import { SeededRandom } from '../../sim/seeded-random.js';

function drawId(random: SeededRandom): string {
  const bytes = Buffer.alloc(20);
  random.fill(bytes);
  return bytes.toString('hex');
}

describe('chooseTokens', function () {
  this.timeout(60_000);

  for (const [replicaCount, zoneCount, memberMax] of [
    [3, 1, 50],
    [3, 3, 50],
    [3, 5, 15],
    [2, 3, 15],
  ]) {
    it(`keeps 3 to ${memberMax} members in ${zoneCount} zones even, N=${replicaCount}, and moves nothing but the joiner's share`, () => {
      const random = new SeededRandom(replicaCount * 10 + zoneCount);
      const members = Array.from({ length: memberMax }, (_, index) => ({
        id: drawId(random),
        zone: `zone${index % zoneCount}`,
      }));
      for (const evenness of joinOneByOne(members, replicaCount)) {
        const { memberCount, firsts, replicas, moved, movedElsewhere } = evenness;
        if (memberCount >= 3) expect(firsts, `first replicas of ${memberCount}`).to.be.at.most(1.25);
        if (memberCount >= 3) expect(replicas, `replicas of ${memberCount}`).to.be.at.most(1.25);
        expect(moved, `moved to member ${memberCount}`).to.be.at.most(1.1);
        expect(movedElsewhere).to.equal(0);
      }
    });
  }

  it('keeps small rings even, whatever the ids', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 3 }), (seed, zoneCount) => {
        const random = new SeededRandom(seed);
        const members = Array.from({ length: 6 }, (_, index) => ({
          id: drawId(random),
          zone: `zone${index % zoneCount}`,
        }));
        for (const { memberCount, firsts, replicas, moved } of joinOneByOne(members, 3)) {
          if (memberCount >= 3) expect(Math.max(firsts, replicas)).to.be.at.most(1.25);
          expect(moved).to.be.at.most(1.1);
        }
      }),
      { numRuns: 4 },
    );
  });

  it('chooses distinct free slots, ascending, the same every time', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 20 }), (seed, tokenCount) => {
        const random = new SeededRandom(seed);
        const first = chooseTokens({ id: drawId(random), zone: '', tokenCount }, [], 3);
        const joiner = { id: drawId(random), zone: '', tokenCount };
        const tokens = chooseTokens(joiner, [{ zone: '', tokens: first }], 3);
        expect(new Set([...first, ...tokens]).size).to.equal(2 * tokenCount);
        expect(tokens).to.deep.equal(tokens.toSorted((a, b) => a - b));
        expect(chooseTokens(joiner, [{ zone: '', tokens: first }], 3)).to.deep.equal(tokens);
      }),
      { numRuns: 20 },
    );
  });

  it('finds tokens for the last member that a ring may have', () => {
    const members = Array.from({ length: MEMBERS_MAX - 1 }, (_, index) => ({
      zone: '',
      tokens: Array.from({ length: 64 }, (_each, at) => 2 * (at * (MEMBERS_MAX - 1) + index)),
    }));
    const tokens = chooseTokens({ id: 'f'.repeat(40), zone: '', tokenCount: 64 }, members, 3);
    expect(new Set([...tokens, ...members.flatMap((member) => member.tokens)]).size).to.equal(64 * MEMBERS_MAX);
  });
});
