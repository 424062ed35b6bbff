import { expect } from 'chai';
import fc from 'fast-check';
import { ReplayWindow } from '../../../lib/cluster/gossip/replay-window.js';

describe('ReplayWindow', () => {
  it('accepts what is new within the last 64 numbers, as a set of all that came would', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 200 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (numbers) => {
        const window = new ReplayWindow();
        let incarnation = -1;
        let seen = new Set<number>();
        for (const [from, sequence] of numbers) {
          if (from > incarnation) [incarnation, seen] = [from, new Set()];
          const isNew = from === incarnation && !seen.has(sequence) && sequence > Math.max(-1, ...seen) - 64;
          expect(window.accept(from, sequence)).to.equal(isNew);
          if (isNew) seen.add(sequence);
        }
      }),
    );
  });

  it('takes numbers as large as they get', () => {
    const window = new ReplayWindow();
    expect(window.accept(2 ** 52, Number.MAX_SAFE_INTEGER)).to.equal(true);
    expect(window.accept(2 ** 52, Number.MAX_SAFE_INTEGER)).to.equal(false);
    expect(window.accept(2 ** 52, Number.MAX_SAFE_INTEGER - 63)).to.equal(true);
    expect(window.accept(2 ** 52, Number.MAX_SAFE_INTEGER - 64)).to.equal(false);
  });
});
