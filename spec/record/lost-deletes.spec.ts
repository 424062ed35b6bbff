import { expect } from 'chai';
import fc from 'fast-check';

import type { Entry } from '../../lib/record/entry.js';
import { CellType, holdsValue } from '../../lib/record/entry.js';
import { lostDeletes } from '../../lib/record/lost-deletes.js';
import { merge, mergeAll } from '../../lib/record/merge.js';
import { PAIR_ZERO } from '../../lib/record/pair.js';
import { changes } from './arbitraries.js';

/** Nobody drops removals of a list, nor what was seen of a versioned string; and a counter has no deletes of its own. */
const PLAIN: readonly CellType[] = [CellType.STRING, CellType.HASH, CellType.SET, CellType.SORTED_SET];
/** Of 12. */
const STAMP = 8;

function stampOf({ deletedUpTo, expiry, cells }: Entry): number {
  return Math.max(deletedUpTo.stamp, expiry.pair.stamp, ...[...cells.values()].map(({ pair }) => pair.stamp));
}

function liveOf({ expiry, cells }: Entry): unknown {
  const live = [...cells].filter(([, cell]) => holdsValue(cell));
  return [live.map(([name, { pair, value }]) => JSON.stringify([name, pair, value?.toString()])).sort(), expiry];
}

describe('lostDeletes', () => {
  it('deletes what a copy has that was deleted, and nothing else, where others have dropped the deletes', () => {
    const isPlain = (change: Entry): boolean => [...change.cells.values()].every(({ type }) => PLAIN.includes(type));
    const known = fc.record({ change: changes.filter(isPlain), isHere: fc.boolean() });
    let lost = 0;
    fc.assert(
      fc.property(fc.array(known, { maxLength: 12 }), (list) => {
        const old = mergeAll(list.map(({ change }) => change).filter((change) => stampOf(change) <= STAMP));
        const young = mergeAll(list.filter(({ change }) => stampOf(change) > STAMP).map(({ change }) => change));
        const mine = merge(mergeAll(list.filter(({ isHere }) => isHere).map(({ change }) => change)), young);
        const others = merge({ ...old, deletedUpTo: PAIR_ZERO }, young);
        const told = lostDeletes(mine, others, STAMP);
        lost += Number(told.cells.size > 0 || told.deletedUpTo.stamp > 0);
        expect(liveOf(mergeAll([mine, others, told]))).to.deep.equal(liveOf(merge(old, young)));
      }),
      { numRuns: 2000 },
    );
    expect(lost).to.be.above(50);
  });
});
