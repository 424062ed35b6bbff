import { expect } from 'chai';
import { Renewals, recordAt } from '../../../lib/cluster/replication/renewals.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';

/** A batch that puts some keys, each with a stamp of its own. */
function batchOf(puts: readonly (readonly [key: string, stamp: number])[]): Buffer {
  const batch = new WriteBatch(7);
  for (const [key, stamp] of puts) {
    const bytes = Buffer.from(key);
    batch.entry(0, bytes, 0, bytes.length, 1, stamp);
    batch.string(stamp, true, bytes, 0, bytes.length);
  }
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
}

/** Where the keys of a batch stand. */
function placesOf(batch: Buffer): number[] {
  const places: number[] = [];
  const reader = new BatchReader();
  reader.open(batch, 0, batch.length, 'spec');
  while (reader.next()) places.push(reader.keyStart);
  return places;
}

describe('recordAt', () => {
  it('gives one record of a batch, as a batch', () => {
    const batch = batchOf([
      ['first', 10],
      ['second', 20],
      ['third', 30],
    ]);
    const reader = new BatchReader();
    placesOf(batch).forEach((place, i) => {
      const record = recordAt(batch, place);
      reader.open(record, 0, record.length, 'spec');
      expect(reader.next()).to.equal(true);
      expect(record.toString('latin1', reader.keyStart, reader.keyEnd)).to.equal(['first', 'second', 'third'][i]);
      expect([reader.stamp, reader.origin]).to.deep.equal([10 * (i + 1), 7]);
      expect(reader.next()).to.equal(false);
    });
  });
});

describe('Renewals', () => {
  it('know all stamps that a put has had, for as long as somebody may wait for it', () => {
    const renewals = new Renewals();
    renewals.add(batchOf([['k', 10]]), 20, 1000);
    renewals.add(batchOf([['other', 11]]), 21, 1500);
    renewals.add(batchOf([['k', 20]]), 30, 2000);
    expect(renewals.before(batchOf([['k', 30]]))).to.deep.equal([10, 20]);
    expect(renewals.before(batchOf([['k', 20]]))).to.deep.equal([]);
    expect(renewals.before(batchOf([['other', 21]]))).to.deep.equal([11]);
    renewals.forget(1600);
    expect(renewals.before(batchOf([['other', 21]]))).to.deep.equal([]);
    expect(renewals.before(batchOf([['k', 30]]))).to.deep.equal([10, 20]);
    renewals.forget(2001);
    expect(renewals.before(batchOf([['k', 30]]))).to.deep.equal([]);
  });
});
