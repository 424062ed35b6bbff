import { expect } from 'chai';
import fc from 'fast-check';

import { NO_EXPIRY, WHOLE, cellKey, entryOfCell, isLive, typeOf } from '../../../lib/record/entry.js';
import { merge } from '../../../lib/record/merge.js';
import { comparePairs } from '../../../lib/record/pair.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { entries, plain } from '../../record/arbitraries.js';

const { COMPLETE, EXPIRES, EMPTY } = RecordFlags;
/** Before, between and after all expiries that the arbitraries know. */
const MOMENTS = [0, 39, 40, 49, 50, 59, 60, 1e15];

describe('flagsOf', () => {
  it('says EMPTY of what can never be read, and EXPIRES of what time changes', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const flags = flagsOf(entry);
        const live = MOMENTS.map((nowMs) => isLive(entry, nowMs));
        const unexpired = { ...entry, expiry: { ...entry.expiry, atMs: 0 } };
        expect((flags & EMPTY) !== 0).to.equal(!isLive(unexpired, 0));
        if (new Set(live).size > 1) expect(flags & EXPIRES).to.equal(EXPIRES);
      }),
      { numRuns: 1000 },
    );
  });

  it('says COMPLETE where nothing older counts, and only there', () => {
    fc.assert(
      fc.property(entries, entries, (entry, other) => {
        if ((flagsOf(entry) & COMPLETE) !== 0) {
          const cells = new Map([...other.cells].filter(([, cell]) => comparePairs(cell.pair, entry.deletedUpTo) <= 0));
          const older = { deletedUpTo: entry.deletedUpTo, expiry: NO_EXPIRY, cells };
          expect(plain(merge(entry, older))).to.deep.equal(plain(entry));
        } else if (!entry.cells.has(cellKey(1, WHOLE))) {
          // (What a whole string lies over is dead without being deleted.)
          const field = Buffer.from('of the oldest write');
          const pair = { stamp: 0, origin: 1 };
          const cell = { type: typeOf(entry) ?? 1, field, value: Buffer.from('v'), pair, expiresAtMs: 0 };
          expect(merge(entry, entryOfCell(cell)).cells.get(cellKey(cell.type, field))).to.equal(cell);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('expiresByMsOf', () => {
  it('is the moment from which on nothing is live', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const byMs = expiresByMsOf(entry);
        if (byMs === 0) expect(isLive(entry, 1e15)).to.equal((flagsOf(entry) & EMPTY) === 0);
        else expect([isLive(entry, byMs - 1), isLive(entry, byMs)]).to.deep.equal([true, false]);
      }),
      { numRuns: 1000 },
    );
  });
});
