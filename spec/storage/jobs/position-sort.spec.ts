import { expect } from 'chai';
import fc from 'fast-check';

import { sortByPosition } from '../../../lib/storage/jobs/position-sort.js';
import { Scratch } from '../../../lib/base/scratch.js';

/** One for all: what an earlier sort has left there must not show. */
const scratch = new Scratch();

interface Row {
  readonly group: number;
  readonly high: number;
  readonly low: number;
}

function sorted(rows: readonly Row[]): number[] {
  const columns = {
    count: rows.length,
    groups: Uint32Array.from(rows, ({ group }) => group),
    highs: Uint32Array.from(rows, ({ high }) => high),
    lows: Uint32Array.from(rows, ({ low }) => low),
  };
  return [...sortByPosition(columns, scratch)];
}

/** The dumb twin: the sort of the engine, which is stable too. */
function judged(rows: readonly Row[]): number[] {
  const numbers = rows.map((_, row) => row);
  return numbers.sort(
    (a, b) => rows[a].group - rows[b].group || rows[a].high - rows[b].high || rows[a].low - rows[b].low,
  );
}

describe('sortByPosition', () => {
  const edges = fc.constantFrom(0, 1, 2047, 2048, 2 ** 22 - 1, 2 ** 22, 2 ** 31, 2 ** 32 - 1);
  const any = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const rows = fc.record({
    group: fc.oneof(fc.constantFrom(0, 1), edges),
    high: fc.oneof(fc.constantFrom(0, 1, 2 ** 21 - 1), fc.integer({ min: 0, max: 2 ** 21 - 1 })),
    low: fc.oneof(edges, any),
  });

  it('sorts by group and position, and keeps the order of equal rows', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 60 }), (list) => void expect(sorted(list)).to.deep.equal(judged(list))),
    );
  });

  it('sorts rows that differ in one word only', () => {
    const low = fc.array(any, { maxLength: 40 }).map((lows) => lows.map((one) => ({ group: 3, high: 9, low: one })));
    fc.assert(fc.property(low, (list) => void expect(sorted(list)).to.deep.equal(judged(list))));
  });

  it('leaves rows beyond the count out', () => {
    const columns = {
      count: 2,
      groups: new Uint32Array(4),
      highs: new Uint32Array(4),
      lows: Uint32Array.of(7, 3, 1, 0),
    };
    expect([...sortByPosition(columns, scratch)]).to.deep.equal([1, 0]);
  });
});
