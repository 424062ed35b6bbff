import { expect } from 'chai';
import fc from 'fast-check';

import { POSITION_LIMIT } from '../../../lib/base/position.js';
import { Level, hullOf } from '../../../lib/storage/levels/level.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { tableOf } from './some-tables.js';

/** Tables that are apart, from the ends of their ranges. */
function tablesBetween(ends: readonly number[]): TableMeta[] {
  const rising = [...new Set(ends)].sort((a, b) => a - b);
  return Array.from({ length: rising.length >> 1 }, (_, id) =>
    tableOf({ id: id + 1, smallest: rising[2 * id], largest: rising[2 * id + 1] }),
  );
}

/** Positions of all sizes: spread over the whole ring, in one slot, or next to each other. */
const ends = fc.tuple(fc.maxSafeNat(), fc.constantFrom(100, 2 ** 39, 2 ** 51, POSITION_LIMIT)).chain(([from, span]) => {
  const first = Math.min(from, POSITION_LIMIT - span);
  return fc.array(fc.integer({ min: first, max: first + span - 1 }), { minLength: 2, maxLength: 60, size: 'max' });
});

describe('Level', () => {
  it('finds the table at a position and those in a range as a walk through all of them does', () => {
    fc.assert(
      fc.property(ends, (numbers) => {
        const tables = tablesBetween(numbers);
        const level = new Level(3, tables.toReversed());
        const positions = tables.flatMap(({ smallest, largest }) => [smallest - 1, smallest, largest, largest + 1]);
        const into: TableMeta[] = [];
        for (const position of positions) {
          const count = level.fill(position, into, 0);
          const at = tables.filter(({ smallest, largest }) => smallest <= position && position <= largest);
          expect(into.slice(0, count)).to.deep.equal(at);
          const range = { smallest: position, largest: positions[positions.length >> 1] };
          const overlapping = tables.filter((table) => table.smallest <= range.largest && table.largest >= position);
          if (position > range.largest) continue;
          expect(level.overlapping(range)).to.deep.equal(overlapping);
          expect(level.overlaps(range)).to.equal(overlapping.length > 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('finds the last position where its part of the range is rounded up to behind the last one', () => {
    for (const [count, last] of [
      [140, 6317929296557202],
      [196, 6256994676761828],
      [68, 6398406497194034],
      [130, 8823349468882634],
      [40, 8421398017830489],
    ]) {
      expect((last * ((2 * count) / (last + 1))) | 0).to.equal(2 * count);
      const tables = tablesBetween([...Array.from({ length: 2 * count - 1 }, (_, n) => n), last]);
      const into: TableMeta[] = [];
      expect(new Level(1, tables).fill(last, into, 0)).to.equal(1);
      expect(into[0]).to.equal(tables[count - 1]);
    }
  });

  it('holds nothing when it is empty', () => {
    for (const number of [0, 1]) {
      const level = new Level(number, []);
      expect(level.fill(0, [], 0)).to.equal(0);
      expect(level.overlaps({ smallest: 0, largest: POSITION_LIMIT - 1 })).to.equal(false);
    }
  });
});

describe('hullOf', () => {
  it('reaches from the first position to the last', () => {
    const ranges = [
      { smallest: 5, largest: 9 },
      { smallest: 2, largest: 3 },
    ];
    expect(hullOf(ranges)).to.deep.equal({ smallest: 2, largest: 9 });
  });
});
