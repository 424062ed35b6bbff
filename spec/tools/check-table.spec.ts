import { expect } from 'chai';

import { CorruptionError } from '../../lib/base/errors.js';
import { PositionHasher } from '../../lib/base/position.js';
import { BATCH_HEADER_BYTES } from '../../lib/record/batch-format.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, NO_EXPIRY, WHOLE, cellKey } from '../../lib/record/entry.js';
import { PAIR_ZERO, pairBefore } from '../../lib/record/pair.js';
import { RecordWriter } from '../../lib/record/record-writer.js';
import { frameSeed } from '../../lib/storage/log/aof-frame.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../lib/storage/sstable/record-flags.js';
import { sectionChecksum } from '../../lib/storage/sstable/section-checksum.js';
import type { TableMeta } from '../../lib/storage/sstable/table-meta.js';
import { TableReader } from '../../lib/storage/sstable/table-reader.js';
import type { TableStamps } from '../../lib/storage/sstable/table-writer.js';
import { TableWriter } from '../../lib/storage/sstable/table-writer.js';
import { checkTable } from '../../lib/tools/check-table.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { storedRecord } from '../storage/sstable/tables.js';

const PATH = '/7.sst';
const hasher = new PositionHasher(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));

interface Row {
  position: number;
  flags: number;
  bytes: Buffer;
  expiresAtMs: number;
  readonly entry: Entry;
  readonly key: string;
}

function entryOf(stamp: number, origin = 1): Entry {
  const pair = { stamp, origin };
  const cell: Cell = { type: CellType.STRING, field: WHOLE, value: Buffer.from('value'), pair, expiresAtMs: 0 };
  return { deletedUpTo: pairBefore(pair), expiry: NO_EXPIRY, cells: new Map([[cellKey(cell.type, WHOLE), cell]]) };
}

function rowOf(key: string, entry: Entry): Row {
  const bytes = Buffer.from(key);
  hasher.hash(bytes, 0, bytes.length);
  const writer = new RecordWriter(1);
  writer.entry(entry, bytes, 0, bytes.length);
  return {
    position: hasher.position,
    flags: flagsOf(entry),
    bytes: Buffer.from(writer.buffer.subarray(0, writer.end)),
    expiresAtMs: expiresByMsOf(entry),
    entry,
    key,
  };
}

/** Good rows: values, one that expires, one that was deleted, in order. */
function goodRows(): Row[] {
  const rows = Array.from({ length: 50 }, (_, i) => rowOf(`key${i}`, entryOf(100 + i)));
  rows[3] = rowOf('key3', { ...entryOf(103), expiry: { atMs: 5000, pair: { stamp: 104, origin: 1 } } });
  rows[4] = rowOf('key4', { deletedUpTo: { stamp: 120, origin: 1 }, expiry: NO_EXPIRY, cells: new Map() });
  return rows.sort((a, b) => a.position - b.position);
}

const STAMPS: TableStamps = { minStamp: 100, maxStamp: 149, foreign: false };

/** A table of these rows, whose checksums are right whatever is in it. */
function tableOf(rows: readonly Row[], stamps = STAMPS): { disk: MemoryDisk; meta: TableMeta } {
  const disk = new MemoryDisk();
  const file = disk.create(PATH);
  const id = { id: 7, fileId: { high: 1, low: 2 }, db: 0, origin: 1 };
  const writer = new TableWriter(file, { ...id, filterBitsPerKey: 10, compression: 0, blockBytes: 256 });
  for (const { position, flags, bytes, expiresAtMs } of rows) {
    writer.add(storedRecord(position, flags, bytes, { expiresByMs: expiresAtMs }));
  }
  return { disk, meta: writer.finish(stamps) };
}

function expectWrong(rows: readonly Row[], message: RegExp, stamps = STAMPS): void {
  const { disk, meta } = tableOf(rows, stamps);
  expect(() => checkTable(disk, PATH, meta, hasher)).to.throw(CorruptionError, message);
}

/** Good rows, one of which is changed: number 20. */
function withOne(change: (row: Row) => void): Row[] {
  const rows = goodRows();
  change(rows[20]);
  return rows;
}

describe('checkTable', () => {
  it('takes what is right, with and without what else is known', () => {
    const { disk, meta } = tableOf(goodRows());
    const checked = checkTable(disk, PATH, meta, hasher);
    expect(checked.meta).to.deep.equal(meta);
    expect(checked.blockCount).to.be.greaterThan(5);
    checkTable(disk, PATH, undefined, undefined);
  });

  it('sees a key that lies elsewhere than by the position key', () => {
    expectWrong(
      withOne((row) => row.position++),
      /its position is \d+, and that of its key \d+/,
    );
    const { disk, meta } = tableOf(goodRows());
    const other = new PositionHasher(Buffer.alloc(8));
    expect(() => checkTable(disk, PATH, meta, other)).to.throw(CorruptionError, 'that of its key');
  });

  it('sees flags that are not true', () => {
    for (const flag of [1, 2, 4]) {
      expectWrong(
        withOne((row) => (row.flags ^= flag)),
        /its flags are \d+, and should be 1/,
      );
    }
  });

  /** Good rows, and a key in three parts. */
  function withParts(change: (parts: Row[]) => void = () => undefined): Row[] {
    const fields = (from: number): Entry => ({
      deletedUpTo: PAIR_ZERO,
      expiry: NO_EXPIRY,
      cells: new Map(
        [from, from + 1].map((i) => {
          const field = Buffer.from(`field${i}`);
          const pair = { stamp: 110 + i, origin: 1 };
          return [cellKey(5, field), { type: 5 as const, field, value: field, pair, expiresAtMs: 0 }];
        }),
      ),
    });
    const parts = [0, 2, 4].map((from) => rowOf('parts', fields(from)));
    for (const part of parts.slice(0, 2)) part.flags |= RecordFlags.MORE;
    change(parts);
    return [...goodRows(), ...parts].sort((a, b) => a.position - b.position);
  }

  it('takes a key in parts, and counts it once', () => {
    const { disk, meta } = tableOf(withParts());
    expect(meta.recordCount).to.equal(51);
    checkTable(disk, PATH, meta, hasher);
  });

  it('sees parts in another order, of what was deleted, and one without cells', () => {
    const swap = (parts: Row[]): void => {
      [parts[0].bytes, parts[1].bytes] = [parts[1].bytes, parts[0].bytes];
    };
    expectWrong(withParts(swap), /not behind those of the part before it/);
    const remake = (part: Row, change: (entry: Entry) => Entry): void => {
      const { bytes, flags } = rowOf(part.key, change(part.entry));
      Object.assign(part, { bytes, flags: flags | (part.flags & RecordFlags.MORE) });
    };
    const deletedUpTo = { stamp: 113, origin: 1 };
    expectWrong(
      withParts((parts) => remake(parts[0], (entry) => ({ ...entry, cells: new Map(), deletedUpTo }))),
      /holds cells that were deleted/,
    );
    expectWrong(
      withParts((parts) => remake(parts[1], (entry) => ({ ...entry, deletedUpTo: { stamp: 105, origin: 1 } }))),
      /says more than its cells/,
    );
    expectWrong(
      withParts((parts) => remake(parts[1], (entry) => ({ ...entry, cells: new Map(), deletedUpTo }))),
      /a part without cells/,
    );
  });

  it('sees a record in another form, with more behind it, or none', () => {
    const batch = new WriteBatch(1);
    const replaceBytes = (make: (row: Row) => Buffer) => (): Row[] => withOne((row) => (row.bytes = make(row)));
    const reordered = replaceBytes((row) => {
      const entry = { ...row.entry, deletedUpTo: { stamp: 90, origin: 1 } };
      batch.reset();
      batch.wholeEntry(0, Buffer.from(row.key), entry);
      return Buffer.from(batch.buffer.subarray(batch.start + BATCH_HEADER_BYTES, batch.end));
    });
    expectWrong(reordered(), /not in the form in which its entry is written/);
    expectWrong(replaceBytes(({ bytes }) => Buffer.concat([bytes, bytes]))(), /more than one record/);
    expectWrong(replaceBytes(({ bytes }) => bytes.subarray(0, -1))(), /past the end/);
    expectWrong(
      replaceBytes(({ bytes }) => {
        const unknown = Buffer.from(bytes);
        unknown[2 + unknown[1]] = 0x0f;
        return unknown;
      })(),
      /record \d+ of the data block here: the record: at offset \d+: change kind 15/,
    );
  });

  it('sees stamps outside of the range, and cells of another node in a table that has none', () => {
    expectWrong(goodRows(), /its stamp 100 is not between 101 and 149/, { ...STAMPS, minStamp: 101 });
    expectWrong(goodRows(), /its stamp 149 is not between 100 and 148/, { ...STAMPS, maxStamp: 148 });
    const rows = withOne((row) => Object.assign(row, rowOf(row.key, entryOf(120, 2))));
    expectWrong(rows, /node 2 wrote a cell of it/);
    const { disk, meta } = tableOf(rows, { ...STAMPS, foreign: true });
    checkTable(disk, PATH, meta, hasher);
  });

  it('sees a footer that counts otherwise', () => {
    const ending = goodRows().map((row) => {
      const expiry = { atMs: 7000, pair: { stamp: 149, origin: 1 } };
      return row.key === 'key4' ? row : rowOf(row.key, { ...entryOf(110), expiry });
    });
    const { disk, meta } = tableOf(ending);
    expect(meta.expiresByMs).to.equal(7000);
    checkTable(disk, PATH, meta, hasher);
    ending[20].expiresAtMs = 7001;
    expectWrong(ending, /expiresByMs is said to be 7001, and is 7000/);
  });

  it('sees that the manifest knows another table, in any of its numbers', () => {
    const { disk, meta } = tableOf(goodRows());
    for (const name of ['emptyCount', 'expiringCount', 'minStamp', 'maxStamp', 'expiresByMs'] as const) {
      const other = { ...meta, [name]: meta[name] + 1 };
      expect(() => checkTable(disk, PATH, other, hasher), name).to.throw(CorruptionError, name);
    }
    expect(() => checkTable(disk, PATH, { ...meta, foreign: true }, hasher)).to.throw(CorruptionError, 'foreign');
    expect(() => checkTable(disk, PATH, { ...meta, id: 8 }, hasher)).to.throw(CorruptionError, 'not the table 8');
  });

  it('sees a filter that has forgotten a key', () => {
    const { disk, meta } = tableOf(goodRows());
    const { filterOffset, indexOffset } = new TableReader(disk.openForReading(PATH), meta).footer;
    const content = Buffer.from(disk.contentOf(PATH));
    content.fill(0, filterOffset + 16, indexOffset);
    content.writeUInt32LE(
      sectionChecksum(frameSeed(meta.fileId), filterOffset, content, filterOffset + 4, indexOffset),
      filterOffset,
    );
    disk.plant(PATH, content);
    expect(() => checkTable(disk, PATH, meta, hasher)).to.throw(CorruptionError, 'the bloom filter does not hold');
  });
});
