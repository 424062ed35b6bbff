import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { SlotSet } from '../../../lib/base/slot-set.js';
import { SlotFloors } from '../../../lib/storage/levels/slot-floors.js';

const anyRange = fc
  .tuple(fc.constantFrom(0, 3, 8, 11, SLOT_COUNT - 4), fc.nat(3))
  .map(([first, more]) => ({ first, last: first + more }));
const anySlots = fc.array(anyRange, { maxLength: 4 }).map((ranges) => SlotSet.of(ranges));
/** What is given up one after the other, and how far tables and log have come meanwhile. */
const anyLife = fc.array(fc.record({ slots: anySlots, tables: fc.nat(2), segments: fc.nat(1) }), { maxLength: 6 });

describe('SlotFloors', () => {
  it('has of each slot what it was given up with last, as the fewest floors', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const expected = new Map<number, readonly number[]>();
        let floors = SlotFloors.none;
        let [tables, segment] = [1, 1];
        for (const step of life) {
          tables += step.tables;
          segment += step.segments;
          const ranges = step.slots.ranges();
          floors = floors.raised(ranges, tables, segment);
          for (const { first, last } of ranges)
            for (let slot = first; slot <= last; slot++) expected.set(slot, [tables, segment]);
        }
        for (const slot of [...Array(20).keys(), SLOT_COUNT - 5, SLOT_COUNT - 4, SLOT_COUNT - 1])
          expect([floors.tablesBelow(slot), floors.segmentUpTo(slot)], `slot ${slot}`).to.deep.equal(
            expected.get(slot) ?? [0, 0],
          );
        floors.list.slice(1).forEach(({ first, tables: below, segment: upTo }, i) => {
          const before = floors.list[i];
          expect(first).to.be.above(before.last);
          if (first === before.last + 1) expect([below, upTo]).to.not.deep.equal([before.tables, before.segment]);
        });
      }),
    );
  });
});
