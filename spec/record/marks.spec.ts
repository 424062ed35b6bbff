import { expect } from 'chai';
import fc from 'fast-check';

import type { Entry } from '../../lib/record/entry.js';
import { entryOfCell, holdsValue } from '../../lib/record/entry.js';
import { withoutMarks } from '../../lib/record/marks.js';
import { ageOf, merge, mergeAll } from '../../lib/record/merge.js';
import { collectionChanges, plain } from './arbitraries.js';
import { liveOf, settledForm } from './settled-form.js';

/** Of 60, or of 40. */
const STAMP = 25;

const ageOfChange = ({ deletedUpTo, expiry, cells }: Entry): number =>
  Math.max(deletedUpTo.stamp, expiry.pair.stamp, ...[...cells.values()].map((cell) => ageOf(cell).stamp));

/** What was known when all up to STAMP was settled; an element of a list that was changed is as old as it was. */
const isOld = (change: Entry): boolean => ageOfChange(change) <= STAMP;

const marksOf = (entry: Entry): Entry[] =>
  [...entry.cells.values()].filter((cell) => !holdsValue(cell) && cell.pair.stamp <= STAMP).map(entryOfCell);

describe('Marks that are settled', () => {
  it('make no difference, whoever has dropped them, whatever comes after', () => {
    let dropped = 0;
    fc.assert(
      fc.property(collectionChanges, fc.array(fc.nat(20), { maxLength: 4 }), (changes, backs) => {
        const types = new Set(changes.flatMap(({ cells }) => [...cells.values()].map(({ type }) => type)));
        // An expiry that an emptied collection has left ends with its type only for who knows its marks: whoever makes something else of the key says so.
        const known = types.size > 1 ? changes.filter(({ expiry }) => expiry.pair.stamp === 0) : changes;
        const old = mergeAll(known.filter(isOld));
        const young = known.filter((change) => !isOld(change));
        const keeper = mergeAll([old, ...young]);
        const dropper = young.reduce(
          (state, change) => withoutMarks(merge(state, change), STAMP),
          withoutMarks(old, STAMP),
        );
        // Another copy tells of marks that it has not dropped.
        const marks = marksOf(old);
        const told = mergeAll([dropper, ...backs.flatMap((i) => marks.slice(i, i + 1))]);
        dropped += marks.length;
        for (const copy of [keeper, told]) {
          expect(liveOf(copy)).to.deep.equal(liveOf(dropper));
          expect(plain(settledForm(copy, STAMP))).to.deep.equal(plain(settledForm(dropper, STAMP)));
        }
      }),
      { numRuns: 3000 },
    );
    expect(dropped).to.be.above(1000);
  });

  it('show what they hid if they go before', () => {
    let shown = 0;
    fc.assert(
      fc.property(collectionChanges, (changes) => {
        const half = Math.floor(changes.length / 2);
        const early = withoutMarks(mergeAll(changes.slice(0, half)), STAMP);
        shown += Number(
          JSON.stringify(liveOf(mergeAll([early, ...changes.slice(half)]))) !==
            JSON.stringify(liveOf(mergeAll(changes))),
        );
      }),
      { numRuns: 1500 },
    );
    expect(shown).to.be.above(2);
  });
});
