import { expect } from 'chai';
import fc from 'fast-check';

import { Scratch } from '../../../lib/base/scratch.js';
import { isSameField, sortByField } from '../../../lib/storage/jobs/field-sort.js';

/** Rows of these fields, one behind the other. */
function rowsOf(fields: readonly Buffer[]): {
  bytes: Buffer;
  fieldStart(row: number): number;
  fieldEnd(row: number): number;
} {
  const ends: number[] = [];
  let end = 0;
  for (const { length } of fields) ends.push((end += length));
  return {
    bytes: Buffer.concat(fields),
    fieldStart: (row) => ends[row] - fields[row].length,
    fieldEnd: (row) => ends[row],
  };
}

const field = fc.oneof(
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(2000).map((n) => Buffer.from(`field:${n}`)),
  fc
    .tuple(fc.nat(1), fc.nat(40), fc.nat(3))
    .map(([n, length, last]) => Buffer.concat([Buffer.alloc(length, n), Buffer.from([last])])),
);

describe('sortByField', () => {
  it('does what a comparison of all bytes does, and keeps the order of equal ones', () => {
    const scratch = new Scratch();
    const property = fc.property(fc.array(field, { maxLength: 60 }), fc.constantFrom(1, 3, 20, 60), (list, times) => {
      const fields = Array.from({ length: list.length * times }, (_, i) =>
        i % 5 === 4 ? Buffer.concat([list[i % list.length], Buffer.from([i % 251])]) : list[i % list.length],
      );
      const source = rowsOf(fields);
      const rows = Uint32Array.from(fields.keys());
      const expected = [...fields.keys()].sort((a, b) => Buffer.compare(fields[a], fields[b]) || a - b);
      sortByField(source, rows, scratch);
      expect([...rows]).to.deep.equal(expected);
      for (let i = 1; i < rows.length; i++) {
        expect(isSameField(source, rows[i - 1], rows[i])).to.equal(fields[rows[i - 1]].equals(fields[rows[i]]));
      }
    });
    fc.assert(property, { numRuns: 60 });
  }).timeout(20_000);
});
