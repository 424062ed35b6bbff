import { expect } from 'chai';
import fc from 'fast-check';

import { BatchReader } from '../../../lib/record/batch-reader.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { ChangeList } from '../../../lib/storage/jobs/change-list.js';
import { KeyOrder } from '../../../lib/storage/jobs/key-order.js';
import { Scratch } from '../../../lib/base/scratch.js';
import { ChosenPositions } from '../memory/chosen-positions.js';

const ORIGIN = 1;
/** One for all: what an earlier list has left there must not show. */
const scratch = new Scratch();

/** Deletes of these keys, as the changes of a log. */
function listOf(keys: readonly { readonly db: number; readonly key: string }[]): ChangeList {
  const batch = new WriteBatch(ORIGIN);
  keys.forEach(({ db, key }, i) => {
    const bytes = Buffer.from(key);
    batch.entry(db, bytes, 0, bytes.length, 1, i + 1);
    batch.delete(i + 1);
  });
  const list = new ChangeList(batch.buffer, ORIGIN, new ChosenPositions(), scratch);
  const reader = new BatchReader();
  if (batch.isEmpty) return list;
  reader.open(batch.buffer, batch.start, batch.end, 'a batch');
  while (reader.next()) list.add(reader);
  return list;
}

describe('KeyOrder', () => {
  // Longer ones are compared in another way.
  const names = fc.constantFrom('', 'a', 'b', 'ab', 'y'.repeat(70), `${'y'.repeat(70)}z`);
  const keys = fc.record({
    db: fc.constantFrom(0, 0, 1, 2 ** 32 - 1),
    key: fc.tuple(fc.constantFrom(0, 1, 2 ** 32, 2 ** 53 - 1), names).map(([position, name]) => `${position}:${name}`),
  });

  it('goes by database, position and key, and gives the rows of a key as they were logged', () => {
    const property = fc.property(fc.array(keys, { maxLength: 50 }), (list) => {
      const rows = list.map((one, row) => ({ ...one, row, position: parseInt(one.key, 10) }));
      rows.sort(
        (a, b) => a.db - b.db || a.position - b.position || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
      );
      const expected: number[][] = [];
      rows.forEach((one, i) => {
        const isSame = i > 0 && rows[i - 1].db === one.db && rows[i - 1].key === one.key;
        if (isSame) expected[expected.length - 1].push(one.row);
        else expected.push([one.row]);
      });
      const found: number[][] = [];
      for (const order = new KeyOrder(listOf(list), scratch); order.next();) {
        found.push([...order.rows.subarray(order.start, order.end)]);
      }
      expect(found).to.deep.equal(expected);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('goes over more rows than fit the list at first', () => {
    const list = listOf(Array.from({ length: 9000 }, (_, i) => ({ db: 0, key: `${(i * 7919) % 3000}:` })));
    let last = -1;
    let count = 0;
    for (const order = new KeyOrder(list, scratch); order.next(); count++) {
      const rows = order.rows.subarray(order.start, order.end);
      const position = list.position(rows[0]);
      expect(position).to.be.above(last);
      last = position;
      expect([...rows].map((row) => (row * 7919) % 3000)).to.deep.equal([position, position, position]);
      expect(list.stamp(rows[2])).to.equal(rows[2] + 1);
    }
    expect(count).to.equal(3000);
  });
});
