import { expect } from 'chai';
import fc from 'fast-check';

import { PositionRanges } from '../../../lib/storage/jobs/position-ranges.js';

describe('PositionRanges', () => {
  it('knows nothing where there is no range', () => {
    expect(new PositionRanges(new Float64Array(0)).has(5)).to.equal(false);
  });

  it('says of rising positions whether one of the ranges holds them', () => {
    const place = fc.integer({ min: 0, max: 30 });
    const ranges = fc.array(fc.tuple(place, fc.integer({ min: 0, max: 6 })), { maxLength: 8 });
    fc.assert(
      fc.property(ranges, fc.array(place, { maxLength: 12 }), (list, asked) => {
        const known = new PositionRanges(Float64Array.from(list.flatMap(([first, length]) => [first, first + length])));
        for (const position of asked.sort((a, b) => a - b)) {
          const isIn = list.some(([first, length]) => first <= position && position <= first + length);
          expect(known.has(position), `at ${position}`).to.equal(isIn);
        }
      }),
    );
  });
});
