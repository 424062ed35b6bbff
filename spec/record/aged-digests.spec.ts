import { expect } from 'chai';
import fc from 'fast-check';

import { PositionHasher } from '../../lib/base/position.js';
import { AgedDigests, endOfSpan } from '../../lib/record/aged-digests.js';
import { CellDigest } from '../../lib/record/cell-digest.js';
import { CellType } from '../../lib/record/entry.js';

const FIELD = Buffer.from('f');
const SPAN = endOfSpan(2 ** 30) - endOfSpan(2 ** 30 - 2 ** 22);

const newDigest = (): CellDigest => new CellDigest(new PositionHasher(Buffer.alloc(8, 1)).forFields());

function count(digest: CellDigest, stamp: number, sign: 1 | -1): void {
  digest.cell(sign, CellType.SET, FIELD, 0, FIELD.length, true, stamp, 1, 0);
}

describe('AgedDigests', () => {
  const stamps = fc.integer({ min: 1, max: 8 * SPAN });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: stamps }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat(100) }) },
    { weight: 2, arbitrary: fc.record({ upTo: fc.oneof(stamps, stamps.map(endOfSpan)) }) },
  );

  it('say what all up to a stamp come to, or that they cannot', () => {
    let known = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sums = new AgedDigests();
        const digest = newDigest();
        const present: number[] = [];
        let highest = 0;
        const change = (stamp: number, sign: 1 | -1): void => {
          const { high, low } = digest;
          count(digest, stamp, sign);
          sums.add(sign, stamp, high, low, digest);
        };
        for (const next of steps) {
          if ('add' in next) {
            present.push(next.add);
            change(next.add, 1);
          } else if ('remove' in next) {
            for (const stamp of present.splice(next.remove % (present.length + 1), 1)) change(stamp, -1);
          } else {
            const expected = newDigest();
            const old = present.filter((stamp) => stamp <= next.upTo);
            for (const stamp of old) count(expected, stamp, 1);
            const sum = sums.upTo(next.upTo);
            const mustKnow = endOfSpan(next.upTo) === next.upTo && next.upTo >= highest;
            if (mustKnow) expect(sum).to.not.equal(undefined);
            highest = Math.max(highest, next.upTo);
            if (sum === undefined) continue;
            known += Number(old.length > 0);
            const { high, low } = expected;
            expect({ count: sum.count, high: sum.high, low: sum.low }).to.deep.equal({ count: old.length, high, low });
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(known).to.be.above(100);
  });

  it('keep nothing of spans of which all parts were taken away: a field may be deleted and set again every second', () => {
    const sums = new AgedDigests();
    const digest = newDigest();
    const change = (stamp: number, sign: 1 | -1): void => {
      const { high, low } = digest;
      count(digest, stamp, sign);
      sums.add(sign, stamp, high, low, digest);
    };
    const stamp = 3 * SPAN + 7;
    change(stamp, 1);
    expect(sums.upTo(stamp), 'some of the span may be younger').to.equal(undefined);
    change(stamp, -1);
    expect(sums.upTo(stamp)?.count, 'there is no such span').to.equal(0);
  });
});
