import { expect } from 'chai';
import fc from 'fast-check';

import { VARINT_BYTES_MAX, varintLength, writeVarint } from '../../lib/base/varint.js';
import { ChangeKind } from '../../lib/record/batch-format.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { entryOfChange } from '../../lib/record/entry-of-record.js';
import type { Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, WHOLE, entryOfCell } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import { PAIR_ZERO, comparePairs, pairBefore } from '../../lib/record/pair.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { entries, pairs, plain } from './arbitraries.js';

const ORIGIN = 1;

function bytesOf(batch: WriteBatch): Buffer {
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
}

function openBatch(batch: WriteBatch): BatchReader {
  const reader = new BatchReader();
  // A copy with nothing around it: a read outside of the batch would show.
  const bytes = bytesOf(batch);
  reader.open(bytes, 0, bytes.length, 'spec');
  return reader;
}

/** All entries of a batch, merged by database and key. */
function readAll(batch: WriteBatch): Map<string, Entry> {
  const found = new Map<string, Entry>();
  const reader = openBatch(batch);
  while (reader.next()) {
    const key = `${reader.db}/${reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd)}`;
    found.set(key, merge(found.get(key) ?? EMPTY_ENTRY, entryOfChange(reader)));
  }
  return found;
}

function append(
  batch: WriteBatch,
  db: number,
  key: string,
  write: (bytes: Buffer) => void,
  changes = 1,
  stamp = 100,
): void {
  const bytes = Buffer.from(key, 'latin1');
  batch.entry(db, bytes, 0, bytes.length, changes, stamp);
  write(bytes);
}

describe('WriteBatch', () => {
  it('gives back whole entries as they were', () => {
    const named = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.string({ maxLength: 300 }), entries);
    fc.assert(
      fc.property(fc.array(named, { maxLength: 5 }), fc.nat(9), (list, headroom) => {
        const batch = new WriteBatch(ORIGIN, headroom);
        const expected = new Map<string, Entry>();
        for (const [db, text, entry] of list) {
          const key = Buffer.from(text);
          batch.wholeEntry(db, key, entry);
          const name = `${db}/${key.toString('latin1')}`;
          const known = expected.get(name);
          if (plainSize(entry) > 0) expected.set(name, merge(known ?? EMPTY_ENTRY, entry));
        }
        const found = batch.isEmpty ? new Map<string, Entry>() : readAll(batch);
        expect([...found].map(([key, entry]) => [key, plain(entry)])).to.deep.equal(
          [...expected].map(([key, entry]) => [key, plain(entry)]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('writes a packed string as it writes the same entry in plain form', () => {
    const heads = fc.record({
      pair: pairs,
      deleted: fc.oneof(fc.constantFrom('replaces' as const, 'never' as const), pairs),
      expiry: fc.oneof(fc.constant(NO_EXPIRY), fc.record({ atMs: fc.nat(), pair: pairs })),
    });
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(heads, bytes, bytes, fc.nat(3), fc.boolean(), ({ pair, deleted, expiry }, key, value, db, later) => {
        const deletedUpTo = deleted === 'never' ? PAIR_ZERO : deleted === 'replaces' ? pairBefore(pair) : deleted;
        const replaces = comparePairs(deletedUpTo, pairBefore(pair)) === 0;
        const cell = { type: 1, field: WHOLE, value: Buffer.from(value), pair, expiresAtMs: 0 } as const;
        const [plainly, packed] = [new WriteBatch(ORIGIN), new WriteBatch(ORIGIN)];
        // Behind another record, whose stamp is the batch's base.
        if (later) for (const batch of [plainly, packed]) batch.flush(0, 6);
        plainly.wholeEntry(db, key, { ...entryOfCell(cell), deletedUpTo, expiry });
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
        const record = Buffer.concat([Buffer.from('..'), key, value]);
        packed.wholeString(db, head, record, 2, 2 + key.length, record.length);
        const contentOf = (batch: WriteBatch): string => batch.buffer.toString('hex', batch.start, batch.end);
        expect(contentOf(packed)).to.equal(contentOf(plainly));
      }),
      { numRuns: 500 },
    );
  });

  it('gives back strings of any bytes and length, with their expiry', () => {
    const writes = fc.array(
      fc.record({
        key: fc.uint8Array({ maxLength: 400 }),
        value: fc.uint8Array({ maxLength: 2000 }),
        step: fc.nat(100_000),
        atMs: fc.nat(),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(writes, (list) => {
        const batch = new WriteBatch(ORIGIN, 16);
        let stamp = 2 ** 50;
        const stamps = list.map((write) => (stamp += write.step + 1));
        list.forEach(({ key, value, atMs }, i) => {
          batch.entry(3, key, 0, key.length, 2, stamps[i]);
          batch.string(stamps[i], true, value, 0, value.length);
          batch.expiry(stamps[i], atMs);
        });
        const reader = openBatch(batch);
        list.forEach(({ key, value, atMs }, i) => {
          expect(reader.next()).to.equal(true);
          expect([reader.kind, reader.db, reader.stamp, reader.origin, reader.replaces]).to.deep.equal([
            ChangeKind.VALUE,
            3,
            stamps[i],
            ORIGIN,
            true,
          ]);
          expect(reader.bytes.subarray(reader.keyStart, reader.keyEnd).equals(key)).to.equal(true);
          expect(reader.bytes.subarray(reader.valueStart, reader.valueEnd).equals(value)).to.equal(true);
          expect(reader.next()).to.equal(true);
          expect([reader.kind, reader.atMs, reader.stamp]).to.deep.equal([ChangeKind.EXPIRY, atMs, stamps[i]]);
        });
        expect(reader.next()).to.equal(false);
      }),
    );
  });

  it('gives back flushes and the map of databases', () => {
    const batch = new WriteBatch(7);
    batch.flush(0, 50);
    batch.flush(12, 51);
    batch.databases(52, [1, 0, 300]);
    const reader = openBatch(batch);
    expect(reader.next()).to.equal(true);
    expect([reader.kind, reader.db, reader.partition, reader.stamp, reader.origin]).to.deep.equal([
      ChangeKind.FLUSH,
      0,
      0,
      50,
      7,
    ]);
    expect(reader.next()).to.equal(true);
    expect([reader.kind, reader.db, reader.stamp]).to.deep.equal([ChangeKind.FLUSH, 12, 51]);
    expect(reader.next()).to.equal(true);
    expect([reader.kind, reader.stamp, reader.physical]).to.deep.equal([ChangeKind.DATABASES, 52, [1, 0, 300]]);
    expect(reader.next()).to.equal(false);
  });

  it('takes 17 bytes for a SET besides key and value, and 6 for each further one of the turn', () => {
    const batch = new WriteBatch(ORIGIN);
    const value = Buffer.alloc(64);
    const sizes = [0, 1, 2].map((i) => {
      append(
        batch,
        0,
        'key:000000000001',
        () => {
          batch.string(1000 + i, true, value, 0, 64);
        },
        1,
        1000 + i,
      );
      return batch.byteLength;
    });
    expect(sizes[0] - 80).to.equal(17);
    expect(sizes[2] - sizes[1] - 80).to.equal(6);
  });

  it('puts changes of cells of one key, one after the other, into one record; no change gets lost', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const step = fc.record({
      db: fc.nat(1),
      key: fc.constantFrom('', 'k', 'l'),
      kind: fc.constantFrom('value', 'value', 'tombstone', 'expiry', 'string', 'flush'),
      field: fc.oneof(bytes, fc.constant(Buffer.from('f'))),
      value: bytes,
      expiresAtMs: fc.constantFrom(0, 0, 1_700_000_000_000),
      times: fc.constantFrom(1, 1, 1, 150),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(9), (list, headroom) => {
        const batch = new WriteBatch(ORIGIN, headroom);
        const expected: unknown[] = [];
        let records = 0;
        let open = '';
        let stamp = 100;
        for (const { db, key, kind, field, value, expiresAtMs, times } of list) {
          const name = Buffer.from(key);
          for (let i = 0; i < times; i++) {
            stamp++;
            const isCell = kind !== 'string' && kind !== 'flush';
            const place = isCell ? `${db}/${key}/` : '';
            if (!isCell || open !== place) records++;
            open = place;
            if (isCell) batch.cellEntry(db, name, 0, name.length, stamp);
            if (kind === 'value') {
              batch.cellValue(stamp, 5, field, 0, field.length, value, 0, value.length, expiresAtMs);
              expected.push([db, key, stamp, hexOf(field), hexOf(value), expiresAtMs]);
            } else if (kind === 'tombstone') {
              batch.tombstone(stamp, 5, field, 0, field.length);
              expected.push([db, key, stamp, hexOf(field), 'gone', 0]);
            } else if (kind === 'expiry') {
              batch.expiry(stamp, expiresAtMs);
              expected.push([db, key, stamp, 'expiry', expiresAtMs]);
            } else if (kind === 'string') {
              batch.entry(db, name, 0, name.length, 1, stamp);
              batch.string(stamp, true, value, 0, value.length);
              expected.push([db, key, stamp, '', hexOf(value), 0]);
            } else {
              batch.flush(db, stamp);
              expected.push([db, stamp]);
            }
          }
        }
        if (batch.isEmpty) return;
        const reader = openBatch(batch);
        const found: unknown[] = [];
        let recordEnds = 0;
        while (reader.next()) {
          if (reader.isRecordEnd) recordEnds++;
          found.push(changeAt(reader));
        }
        expect(found).to.deep.equal(expected);
        expect(recordEnds).to.equal(records);
      }),
      { numRuns: 300 },
    );
  });

  it('writes the cell of an element of a list as it does one whose value was put together before', () => {
    const field = Buffer.from('an element');
    const payloads = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const elements = fc.array(fc.tuple(fc.maxSafeNat(), payloads), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(elements, (list) => {
        const batch = new WriteBatch(ORIGIN);
        const expected = new WriteBatch(ORIGIN);
        for (const [i, [gap, payload]] of list.entries()) {
          const stamp = 100 + i;
          for (const one of [batch, expected]) one.cellEntry(0, field, 0, 1, stamp);
          const around = Buffer.concat([field, payload, field]);
          batch.element(stamp, field, 3, gap, around, field.length, field.length + payload.length);
          const value = Buffer.alloc(VARINT_BYTES_MAX + payload.length);
          const end = payload.copy(value, writeVarint(value, 0, gap)) + varintLength(gap);
          expected.cellValue(stamp, CellType.LIST, field, 0, 3, value, 0, end);
        }
        expect(bytesOf(batch)).to.deep.equal(bytesOf(expected));
      }),
      { numRuns: 300 },
    );
  });

  it('forgets everything on reset, and a large buffer with it', () => {
    const batch = new WriteBatch(ORIGIN, 16);
    const value = Buffer.alloc(9 * 1024 * 1024, 'x');
    append(batch, 0, 'k', () => {
      batch.string(100, true, value, 0, value.length);
    });
    expect(batch.buffer.length).to.be.above(value.length);
    batch.reset();
    expect([batch.isEmpty, batch.byteLength, batch.buffer.length]).to.deep.equal([true, 0, 65536]);
    append(batch, 0, 'k', () => {
      batch.delete(100);
    });
    expect([...readAll(batch).keys()]).to.deep.equal(['0/k']);
  });
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What a reader stands on, in plain form. */
function changeAt(reader: BatchReader): unknown {
  const { bytes, db, stamp, kind, atMs } = reader;
  if (kind === ChangeKind.FLUSH) return [db, stamp];
  const key = bytes.toString('latin1', reader.keyStart, reader.keyEnd);
  if (kind === ChangeKind.EXPIRY) return [db, key, stamp, 'expiry', atMs];
  const field = bytes.toString('hex', reader.fieldStart, reader.fieldEnd);
  if (kind === ChangeKind.TOMBSTONE) return [db, key, stamp, field, 'gone', 0];
  return [db, key, stamp, field, bytes.toString('hex', reader.valueStart, reader.valueEnd), atMs];
}

function plainSize(entry: Entry): number {
  return (
    entry.cells.size +
    Number(entry.deletedUpTo.stamp > 0 || entry.deletedUpTo.origin > 0) +
    Number(entry.expiry.pair.stamp > 0)
  );
}
