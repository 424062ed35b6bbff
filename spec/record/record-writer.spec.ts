import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../lib/base/errors.js';
import { ChangeKind } from '../../lib/record/batch-format.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import type { Entry } from '../../lib/record/entry.js';
import { NO_EXPIRY, WHOLE, entryOfCell } from '../../lib/record/entry.js';
import { entryOfRecord } from '../../lib/record/entry-of-record.js';
import { merge } from '../../lib/record/merge.js';
import { PAIR_ZERO, comparePairs, pairBefore } from '../../lib/record/pair.js';
import { RecordKey } from '../../lib/record/record-key.js';
import { RecordWriter } from '../../lib/record/record-writer.js';
import { entries, pairs, plain, saysSomething } from './arbitraries.js';

const ORIGIN = 1;

/** A copy with nothing around it: a read outside of the record would show. */
function recordOf(writer: RecordWriter): Buffer {
  return Buffer.from(writer.buffer.subarray(0, writer.end));
}

function readerOf(record: Buffer): BatchReader {
  const reader = new BatchReader();
  reader.openRecords(record, 0, record.length, ORIGIN, 'spec');
  return reader;
}

const keys = fc.uint8Array({ maxLength: 300 });

describe('RecordWriter', () => {
  it('writes entries of any type that are read as they were', () => {
    const writer = new RecordWriter(ORIGIN);
    fc.assert(
      fc.property(keys, entries.filter(saysSomething), (key, entry) => {
        writer.entry(entry, Buffer.concat([Buffer.from('..'), key]), 2, 2 + key.length);
        const record = recordOf(writer);
        const reader = readerOf(record);
        expect(plain(entryOfRecord(reader))).to.deep.equal(plain(entry));
        expect(record.subarray(reader.keyStart, reader.keyEnd).equals(key)).to.equal(true);
        expect([reader.db, reader.next()]).to.deep.equal([0, false]);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes one entry in one way, whatever the order of its cells', () => {
    const writer = new RecordWriter(ORIGIN);
    fc.assert(
      fc.property(entries.filter(saysSomething), (entry) => {
        writer.entry(entry, WHOLE, 0, 0);
        const record = recordOf(writer);
        writer.entry({ ...entry, cells: new Map([...entry.cells].reverse()) }, WHOLE, 0, 0);
        expect(recordOf(writer).equals(record)).to.equal(true);
      }),
    );
  });

  it('puts DELETE first, then EXPIRY, then the cells by type and field', () => {
    const writer = new RecordWriter(ORIGIN);
    fc.assert(
      fc.property(entries.filter(saysSomething), (entry) => {
        writer.entry(entry, WHOLE, 0, 0);
        const reader = readerOf(recordOf(writer));
        const found: string[] = [];
        while (reader.next()) {
          const isCell = reader.kind === ChangeKind.VALUE || reader.kind === ChangeKind.TOMBSTONE;
          const field = isCell ? reader.bytes.toString('latin1', reader.fieldStart, reader.fieldEnd) : '';
          found.push(isCell ? `cell ${reader.type} ${field}` : reader.kind === ChangeKind.DELETE ? 'a' : 'b');
        }
        expect(found).to.deep.equal([...found].sort());
      }),
    );
  });

  it('writes a packed string, and a delete, as it writes the same entry in plain form', () => {
    const heads = fc.record({
      pair: pairs,
      deleted: fc.oneof(fc.constantFrom('replaces' as const, 'never' as const), pairs),
      expiry: fc.oneof(fc.constant(NO_EXPIRY), fc.record({ atMs: fc.nat(), pair: pairs })),
    });
    const [plainly, packed] = [new RecordWriter(ORIGIN), new RecordWriter(ORIGIN)];
    fc.assert(
      fc.property(heads, keys, keys, ({ pair, deleted, expiry }, key, value) => {
        const deletedUpTo = deleted === 'never' ? PAIR_ZERO : deleted === 'replaces' ? pairBefore(pair) : deleted;
        const replaces = comparePairs(deletedUpTo, pairBefore(pair)) === 0;
        const cell = { type: 1, field: WHOLE, value: Buffer.from(value), pair, expiresAtMs: 0 } as const;
        plainly.entry({ ...entryOfCell(cell), deletedUpTo, expiry }, key, 0, key.length);
        const head = {
          stamp: pair.stamp,
          origin: pair.origin,
          replaces,
          deletedStamp: replaces ? 0 : deletedUpTo.stamp,
          deletedOrigin: replaces ? 0 : deletedUpTo.origin,
          expiresAtMs: expiry.atMs,
          expiryStamp: expiry.pair.stamp,
          expiryOrigin: expiry.pair.origin,
        };
        const bytes = Buffer.concat([value, Buffer.from('..'), key]);
        packed.string(head, bytes, value.length + 2, bytes.length, 0, value.length);
        expect(recordOf(packed).equals(recordOf(plainly))).to.equal(true);
        const gone: Entry = { deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map() };
        plainly.entry(gone, key, 0, key.length);
        packed.deleted(pair.stamp, pair.origin, key, 0, key.length);
        expect(recordOf(packed).equals(recordOf(plainly))).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes 13 bytes for a SET of this time besides key and value', () => {
    const writer = new RecordWriter(ORIGIN);
    const head = {
      stamp: 2 ** 50,
      origin: ORIGIN,
      replaces: true,
      deletedStamp: 0,
      deletedOrigin: 0,
      expiresAtMs: 0,
      expiryStamp: 0,
      expiryOrigin: 0,
    };
    writer.string(head, Buffer.alloc(116), 0, 16, 16, 116);
    expect(writer.end - 116).to.equal(13);
  });
});

describe('BatchReader.openRecords', () => {
  it('reads records one after the other, and says where each ends', () => {
    const writer = new RecordWriter(ORIGIN);
    fc.assert(
      fc.property(fc.array(entries.filter(saysSomething), { minLength: 1, maxLength: 5 }), (list) => {
        const records = list.map((entry, i) => {
          writer.entry(entry, Buffer.from(`key ${i}`), 0, 5);
          return recordOf(writer);
        });
        const reader = readerOf(Buffer.concat(records));
        const found = list.map(() => [
          plain(entryOfRecord(reader)),
          reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd),
        ]);
        expect(found).to.deep.equal(list.map((entry, i) => [plain(entry), `key ${i}`]));
        expect(reader.next()).to.equal(false);
      }),
    );
  });

  it('reads or refuses any bytes, and never goes beyond them', () => {
    const mutations = fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const writer = new RecordWriter(ORIGIN);
    const key = new RecordKey();
    fc.assert(
      fc.property(entries.filter(saysSomething), mutations, fc.nat(40), (entry, list, length) => {
        writer.entry(entry, Buffer.from('key'), 0, 3);
        const record = recordOf(writer);
        for (const [at, byte] of list) record[at % record.length] = byte;
        const part = record.subarray(0, length);
        if (key.find(part, 0, part.length)) expect(key.end).to.be.within(key.start, part.length);
        const reader = readerOf(part);
        try {
          while (reader.next()) expect(Math.max(reader.keyEnd, reader.fieldEnd, reader.valueEnd)).to.be.at.most(length);
        } catch (error) {
          expect(error).to.be.instanceOf(CorruptionError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('RecordKey', () => {
  it('finds the key that the reader finds', () => {
    const writer = new RecordWriter(ORIGIN);
    const key = new RecordKey();
    fc.assert(
      fc.property(keys, entries.filter(saysSomething), fc.nat(9), (name, entry, before) => {
        writer.entry(entry, name, 0, name.length);
        const bytes = Buffer.concat([Buffer.alloc(before, 0xff), recordOf(writer), Buffer.alloc(3)]);
        expect(key.find(bytes, before, bytes.length - 3)).to.equal(true);
        expect(bytes.subarray(key.start, key.end).equals(name)).to.equal(true);
      }),
    );
  });

  it('finds none in what is not the record of a key', () => {
    const key = new RecordKey();
    expect(key.find(Buffer.from([]), 0, 0)).to.equal(false);
    expect(key.find(Buffer.from([1, 0, 0, 0]), 0, 4)).to.equal(false); // a flush
    expect(key.find(Buffer.from([0x10, 5, 1, 97]), 0, 4)).to.equal(false); // with a database of its own
    expect(key.find(Buffer.from([0, 9, 97, 97]), 0, 4)).to.equal(false); // longer than what is there
  });
});

describe('entryOfRecord', () => {
  it('merges changes of one key that a record says in any order and more than once', () => {
    const writer = new RecordWriter(ORIGIN);
    const parts = fc.array(entries.filter(saysSomething), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, (list) => {
        // A record with all changes of the parts, put together by hand: head, empty key, count, changes.
        const changes = list.map((entry) => {
          writer.entry(entry, WHOLE, 0, 0);
          const record = recordOf(writer);
          return record[0] === 0
            ? { count: 1, bytes: record.subarray(2) }
            : { count: record[2], bytes: record.subarray(3) };
        });
        const count = changes.reduce((sum, change) => sum + change.count, 0);
        const bytes = Buffer.concat([Buffer.from([0x20, 0, count]), ...changes.map((change) => change.bytes)]);
        const expected = list.reduce(merge);
        expect(plain(entryOfRecord(readerOf(bytes)))).to.deep.equal(plain(expected));
      }),
    );
  });
});
