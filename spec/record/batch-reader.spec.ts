import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../lib/base/errors.js';
import { STAMP_LIMIT } from '../../lib/base/stamp.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { WriteBatch } from '../../lib/record/write-batch.js';

const ORIGIN = 1;

function append(batch: WriteBatch, db: number, key: string, write: (bytes: Buffer) => void, changes = 1): void {
  const bytes = Buffer.from(key, 'latin1');
  batch.entry(db, bytes, 0, bytes.length, changes, 100);
  write(bytes);
}

describe('BatchReader', () => {
  function batchBytes(): Buffer {
    const batch = new WriteBatch(ORIGIN);
    append(
      batch,
      5,
      'some key',
      () => {
        batch.string(101, false, Buffer.from('some value'), 0, 10);
        batch.expiry(102, 5000);
      },
      2,
    );
    append(batch, 0, 'other', () => {
      batch.delete(103);
    });
    return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
  }

  function readBytes(bytes: Buffer): number {
    const reader = new BatchReader();
    reader.open(bytes, 0, bytes.length, 'spec');
    let count = 0;
    while (reader.next()) count++;
    return count;
  }

  it('refuses a batch cut anywhere but between records', () => {
    const bytes = batchBytes();
    expect(readBytes(bytes)).to.equal(3);
    let whole = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        readBytes(bytes.subarray(0, length));
        whole++;
      } catch (error) {
        expect(error).to.be.instanceOf(CorruptionError);
      }
    }
    expect(whole).to.equal(2); // behind the header, and behind the first entry
  });

  it('reads or refuses any bytes, and never goes beyond them', () => {
    const mutations = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(mutations, (list) => {
        const bytes = batchBytes();
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        try {
          readBytes(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(CorruptionError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('says that a newer ringkv wrote what it does not know', () => {
    const bytes = batchBytes();
    expect(() => readBytes(Buffer.from([2, ...bytes.subarray(1)]))).to.throw('batch format 2, this ringkv reads 1');
    const unknownRecord = Buffer.from(bytes);
    unknownRecord[11] = 0x09;
    expect(() => readBytes(unknownRecord)).to.throw('record kind 9: written by a newer ringkv?');
    const reservedBit = Buffer.from(bytes);
    reservedBit[11] |= 0x40;
    expect(() => readBytes(reservedBit)).to.throw('written by a newer ringkv?');
  });

  it('refuses a stamp out of range', () => {
    const bytes = batchBytes();
    bytes.writeDoubleLE(STAMP_LIMIT, 3);
    expect(() => readBytes(bytes)).to.throw('out of range');
  });
});
