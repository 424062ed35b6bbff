import { expect } from 'chai';
import fc from 'fast-check';

import type { Entry } from '../../lib/record/entry.js';
import { CellType, holdsValue } from '../../lib/record/entry.js';
import { lostDeletes } from '../../lib/record/lost-deletes.js';
import { withoutMarks } from '../../lib/record/marks.js';
import { ageOf, merge, mergeAll } from '../../lib/record/merge.js';
import { PAIR_ZERO } from '../../lib/record/pair.js';
import { changes, collectionChanges } from './arbitraries.js';
import { liveOf as readable } from './settled-form.js';

/** Those that may become each other. */
const PLAIN: readonly CellType[] = [CellType.STRING, CellType.HASH, CellType.SET, CellType.SORTED_SET];
/** Of 12. */
const STAMP = 8;
/** Of 60, or of 40. */
const COLLECTION_STAMP = 25;

function ageOfChange({ deletedUpTo, expiry, cells }: Entry): number {
  return Math.max(deletedUpTo.stamp, expiry.pair.stamp, ...[...cells.values()].map((cell) => ageOf(cell).stamp));
}

function stampOf({ deletedUpTo, expiry, cells }: Entry): number {
  return Math.max(deletedUpTo.stamp, expiry.pair.stamp, ...[...cells.values()].map(({ pair }) => pair.stamp));
}

function liveOf({ expiry, cells }: Entry): unknown {
  const live = [...cells].filter(([, cell]) => holdsValue(cell));
  return [live.map(([name, { pair, value }]) => JSON.stringify([name, pair, value?.toString()])).sort(), expiry];
}

describe('lostDeletes', () => {
  it('takes out what a copy has of collections that was taken out, where others have dropped the marks', () => {
    let lost = 0;
    fc.assert(
      fc.property(collectionChanges, fc.array(fc.boolean(), { minLength: 160, maxLength: 160 }), (changes, isHere) => {
        const types = new Set(changes.flatMap(({ cells }) => [...cells.values()].map(({ type }) => type)));
        if (types.size !== 1 || types.has(CellType.COUNTER)) return;
        const isOld = (change: Entry): boolean => ageOfChange(change) <= COLLECTION_STAMP;
        const old = mergeAll(changes.filter(isOld));
        const young = mergeAll(changes.filter((change) => !isOld(change)));
        const mine = merge(mergeAll(changes.filter((change, i) => isHere[i] && isOld(change))), young);
        const others = merge(withoutMarks({ ...old, deletedUpTo: PAIR_ZERO }, COLLECTION_STAMP), young);
        const told = lostDeletes(mine, others, COLLECTION_STAMP);
        lost += Number(told.cells.size > 0 || told.deletedUpTo.stamp > 0);
        expect(readable(mergeAll([mine, others, told]))).to.deep.equal(readable(merge(old, young)));
      }),
      { numRuns: 2000 },
    );
    expect(lost).to.be.above(50);
  });

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
