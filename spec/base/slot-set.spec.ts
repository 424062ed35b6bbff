import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../lib/base/position.js';
import { SlotSet } from '../../lib/base/slot-set.js';

const anyRange = fc
  .tuple(fc.constantFrom(0, 5, 9, SLOT_COUNT - 4), fc.nat(3))
  .map(([first, more]) => ({ first, last: first + more }));
const anyRanges = fc.array(anyRange, { maxLength: 6 });

/** The dumb twin. */
function slotsOf(ranges: readonly { first: number; last: number }[]): Set<number> {
  return new Set(ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
}

describe('SlotSet', () => {
  it('has what ranges have, that overlap too, and tells it as ranges none of which touches another', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const set = SlotSet.of(ranges);
        const expected = slotsOf(ranges);
        expect(set.size).to.equal(expected.size);
        for (let slot = 0; slot < SLOT_COUNT; slot++) if (set.has(slot) !== expected.has(slot)) expect.fail(`${slot}`);
        const told = set.ranges();
        expect(slotsOf(told)).to.deep.equal(expected);
        told.slice(1).forEach(({ first }, i) => expect(first).to.be.above(told[i].last + 1));
      }),
    );
  });

  it('leaves out what another one has', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (some, others) => {
        const left = SlotSet.of(some).without(SlotSet.of(others));
        const taken = slotsOf(others);
        const expected = new Set([...slotsOf(some)].filter((slot) => !taken.has(slot)));
        expect(left.size).to.equal(expected.size);
        expect(slotsOf(left.ranges())).to.deep.equal(expected);
      }),
    );
  });
});
