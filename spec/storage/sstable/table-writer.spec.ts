import { expect } from 'chai';
import fc from 'fast-check';

import { AssertionError } from '../../../lib/base/assert.js';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import type { ReadableFile } from '../../../lib/host/ports.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import { entryOfRecord } from '../../../lib/record/entry-of-record.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { FOOTER_BYTES, tableIdOf, tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import { TableWriter } from '../../../lib/storage/sstable/table-writer.js';
import { plain } from '../../record/arbitraries.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import type { SpecRecord } from './tables.js';
import { DIRECTORY, MARK_BYTES, ORIGIN, records, storedRecord, stringsOf, writeTable } from './tables.js';

const PATH = tablePath(DIRECTORY, 1);

const tables = fc.record({
  blockBytes: fc.constantFrom(64, 200, 1000, 8192),
  compression: fc.constantFrom<Compression>(Compression.NONE, Compression.SNAPPY),
  filterBitsPerKey: fc.constantFrom(10, 16),
});

/** All records of a table, decoded. */
function contentOf(file: ReadableFile, meta: TableMeta | undefined, readAheadBytes: number): unknown[] {
  const table = new TableReader(file, meta);
  const filter = table.filter();
  const reader = new BatchReader();
  const found: unknown[] = [];
  for (const scanner = table.scan(0, readAheadBytes); scanner.next();) {
    const { block } = scanner;
    for (let i = 0; i < block.count; i++) {
      const position = block.position(i);
      reader.openRecords(block.bytes, block.recordStart(i), block.recordEnd(i), ORIGIN, file.path);
      const entry = plain(entryOfRecord(reader));
      const key = reader.bytes.toString('hex', reader.keyStart, reader.keyEnd);
      expect(filter.mayHold(Math.floor(position / 2 ** 32), position | 0)).to.equal(1);
      expect(scanner.blockNumber).to.be.within(table.index.firstBlockOf(position), table.index.lastBlockOf(position));
      found.push([position, key, block.flags(i), entry]);
    }
  }
  return found;
}

function expectedOf(list: readonly SpecRecord[]): unknown[] {
  return list.map(({ position, key, entry }) => [position, key.toString('hex'), flagsOf(entry), plain(entry)]);
}

/** Reads everything that there is in a table file of this content. */
function readAll(content: Buffer, meta?: TableMeta): unknown[] {
  const disk = new MemoryDisk();
  disk.makeDirectory(DIRECTORY);
  disk.plant(PATH, content);
  return contentOf(disk.openForReading(PATH), meta, 1000);
}

describe('TableWriter', () => {
  it('writes tables that give back all records in order, by flags and filter and index too', () => {
    fc.assert(
      fc.property(records, tables, fc.constantFrom(1, 500, 100_000), (list, table, readAheadBytes) => {
        const disk = new MemoryDisk();
        const meta = writeTable(disk, list, table);
        const file = disk.openForReading(PATH);
        expect(contentOf(file, meta, readAheadBytes)).to.deep.equal(expectedOf(list));
      }),
      { numRuns: 300 },
    );
  });

  it('tells of a table what its footer tells, and what is true of the records', () => {
    fc.assert(
      fc.property(records, tables, (list, table) => {
        const disk = new MemoryDisk();
        const meta = writeTable(disk, list, table);
        const file = disk.openForReading(PATH);
        const reader = new TableReader(file);
        expect(reader.meta).to.deep.equal(meta);
        expect(reader.footer.origin).to.equal(ORIGIN);
        const flags = list.map((record) => flagsOf(record.entry));
        const live = list.filter((_, i) => (flags[i] & RecordFlags.EMPTY) === 0);
        const ends = live.map((record) => expiresByMsOf(record.entry));
        expect(meta).to.deep.equal({
          id: 1,
          fileId: { high: 0xdeadbeef, low: 1 },
          db: 3,
          fileBytes: file.sizeBytes,
          smallest: list[0].position,
          largest: list[list.length - 1].position,
          recordCount: list.length,
          emptyCount: list.length - live.length,
          expiringCount: flags.filter((some) => (some & RecordFlags.EXPIRES) !== 0).length,
          minStamp: 1,
          maxStamp: 12,
          expiresByMs: ends.includes(0) ? 0 : Math.max(0, ...ends),
          markBytes: list.length * MARK_BYTES,
          foreign: false,
        });
      }),
    );
  });

  it('keeps blocks within the limit, but for records that are longer', () => {
    const disk = new MemoryDisk();
    const list = stringsOf(2000, 100, 5).map((record, i) =>
      i % 500 === 7 ? { ...record, ...stringsOf(1, 9000, i)[0], position: record.position } : record,
    );
    writeTable(disk, list);
    const { index } = new TableReader(disk.openForReading(PATH));
    const lengths = Array.from({ length: index.blockCount }, (_, i) => index.lengthOf(i));
    expect(lengths.filter((length) => length > 8192)).to.have.lengthOf(4);
    expect(lengths.filter((length) => length > 8192 - 150 && length <= 8192).length).to.be.above(lengths.length - 12);
  });

  it('writes to the file in long pieces, and says what it has taken so far', () => {
    const disk = new MemoryDisk();
    disk.makeDirectory(DIRECTORY);
    const file = disk.create(PATH);
    const options = {
      id: 1,
      fileId: { high: 0, low: 1 },
      db: 0,
      origin: 1,
      filterBitsPerKey: 10,
      compression: 0,
    } as const;
    const writer = new TableWriter(file, options);
    const before = disk.stepCount;
    const record = Buffer.concat([Buffer.from([0, 3]), Buffer.alloc(500, 'abc')]);
    let last = 0;
    for (let i = 0; i < 4000; i++) {
      writer.add(storedRecord(i, 0, record));
      expect(writer.sizeBytes).to.be.within(last + record.length, last + record.length + 64);
      last = writer.sizeBytes;
    }
    expect(disk.stepCount - before).to.be.within(5, 9);
    const meta = writer.finish({ minStamp: 0, maxStamp: 0, foreign: true });
    expect(meta.fileBytes).to.equal(file.sizeBytes);
    expect(meta.fileBytes - last).to.be.within(0, 0.02 * last);
    expect(new TableReader(disk.openForReading(PATH)).meta.foreign).to.equal(true);
  });

  it('takes a time beyond what a number holds exactly for never', () => {
    const [record] = stringsOf(1, 10, 1);
    const expiry = { atMs: 9007199254740993000, pair: { stamp: 12, origin: 1 } };
    const meta = writeTable(new MemoryDisk(), [{ ...record, entry: { ...record.entry, expiry } }], {});
    expect(meta.expiresByMs).to.equal(0);
  });

  it('refuses records that do not rise, as a bug', () => {
    const list = stringsOf(3, 10, 1);
    const again =
      (...picked: SpecRecord[]) =>
      () =>
        writeTable(new MemoryDisk(), picked, { blockBytes: 30 });
    expect(again(list[1], list[0])).to.throw(AssertionError, 'positions rise');
    expect(again(list[0], list[0])).to.throw(AssertionError, 'keys of one position rise');
    const low = { ...list[0], key: Buffer.from('a') };
    const high = { ...list[0], key: Buffer.from('b') };
    expect(again(high, low)).to.throw(AssertionError, 'keys of one position rise');
    expect(again(low, high)).not.to.throw();
    expect(again()).to.throw(AssertionError, 'a table holds a record');
  });

  it('has made the table durable when it is finished', () => {
    const disk = new MemoryDisk();
    const list = stringsOf(3000, 100, 9);
    const meta = writeTable(disk, list);
    const next = disk.crash(keepNothing);
    expect(contentOf(next.openForReading(PATH), meta, 100_000)).to.deep.equal(expectedOf(list));
  });

  it('throws what the disk says, at whatever step', () => {
    const list = stringsOf(6000, 100, 9);
    const faultAt =
      (number: number, code: string) =>
      (step: Step): Fault | undefined =>
        step.number === number ? { kind: 'error', code } : undefined;
    const whole = new MemoryDisk();
    writeTable(whole, list);
    const names = new Set<string>();
    // The first two steps and the last one are the directory's.
    for (let number = 3; number < whole.stepCount; number++) {
      const plan = (step: Step): Fault | undefined => {
        if (step.number === number) names.add(step.name);
        return faultAt(number, 'ENOSPC')(step);
      };
      expect(() => writeTable(new MemoryDisk({ plan }), list)).to.throw(DiskError, 'injected');
    }
    expect([...names].sort()).to.deep.equal(['append', 'create', 'sync']);
  });
});

describe('TableReader', () => {
  const table = { blockBytes: 200, compression: Compression.SNAPPY } as const;
  const disk = new MemoryDisk();
  const list = stringsOf(20, 3, 1);
  const meta = writeTable(disk, list, table);
  const content = Buffer.from(disk.contentOf(PATH));
  const { footer, index } = new TableReader(disk.openForReading(PATH));
  /** Where each part of the file begins: what an error names. */
  const parts = [
    ...Array.from({ length: index.blockCount }, (_, i) => index.offsetOf(i)),
    footer.filterOffset,
    footer.indexOffset,
    footer.footerOffset,
  ];

  it('notices any bit that is not as it was written, and names the file and the part', () => {
    expect(parts.length).to.be.above(6);
    expect(readAll(content, meta)).to.deep.equal(expectedOf(list));
    for (let at = 0; at < content.length; at++) {
      const damaged = Buffer.from(content);
      damaged[at] ^= 1 << (at % 8);
      const part = parts.findLast((start) => start <= at);
      expect(() => readAll(damaged), `byte ${at}`).to.throw(CorruptionError, `${PATH}: at offset ${part}: `);
    }
  });

  it('notices a file that is shorter, or longer', () => {
    for (let length = 0; length < content.length; length++) {
      expect(() => readAll(content.subarray(0, length), meta)).to.throw(CorruptionError, 'bytes instead of');
      expect(() => readAll(content.subarray(0, length))).to.throw(CorruptionError, PATH);
    }
    const longer = Buffer.concat([content, Buffer.alloc(8)]);
    expect(() => readAll(longer, meta)).to.throw(CorruptionError, 'bytes instead of');
    expect(() => readAll(longer)).to.throw(CorruptionError, 'its end is missing');
  });

  it('notices a footer that was moved, and blocks that have changed places', () => {
    const moved = Buffer.concat([Buffer.alloc(64), content]);
    expect(() => readAll(moved)).to.throw(CorruptionError, 'does not fit its checksum');
    const large = new MemoryDisk();
    writeTable(large, stringsOf(40, 50, 1), { blockBytes: 400 });
    const bytes = Buffer.from(large.contentOf(PATH));
    const blocks = new TableReader(large.openForReading(PATH)).index;
    const [first, second] = [0, 1].map((i) => Buffer.from(bytes.subarray(blocks.offsetOf(i), blocks.offsetOf(i + 1))));
    expect(first.length).to.equal(second.length);
    second.copy(bytes, 0);
    first.copy(bytes, first.length);
    expect(() => readAll(bytes)).to.throw(CorruptionError, 'does not fit its checksum');
  });

  it('notices that a file is another table than the manifest means', () => {
    for (const other of [
      { ...meta, fileId: { high: 0xdeadbeef, low: 2 } },
      { ...meta, id: 2 },
      { ...meta, db: 0 },
      { ...meta, recordCount: meta.recordCount + 1 },
    ]) {
      expect(() => readAll(content, other)).to.throw(CorruptionError, 'this is not the table');
    }
  });

  it('says that a newer program wrote a format that it does not know', () => {
    const newer = Buffer.from(content);
    newer.writeUInt32LE(2, newer.length - FOOTER_BYTES + 4);
    expect(() => readAll(newer)).to.throw(CorruptionError, 'format version 2, and this program knows version 1 only');
  });

  it('scans from any block on', () => {
    const reader = new TableReader(disk.openForReading(PATH), meta);
    for (let start = 0; start <= index.blockCount; start++) {
      let count = 0;
      for (const scanner = reader.scan(start); scanner.next(); count++) {
        expect(scanner.block.position(0)).to.equal(index.firstPosition(start + count));
      }
      expect(count).to.equal(index.blockCount - start);
    }
  });

  it('reads many blocks with one call', () => {
    let reads = 0;
    const counted = new MemoryDisk({
      onRead: () => {
        reads++;
        return undefined;
      },
    });
    writeTable(counted, stringsOf(3000, 100, 3));
    const reader = new TableReader(counted.openForReading(PATH));
    expect(reader.index.blockCount).to.be.above(40);
    reads = 0;
    for (const scanner = reader.scan(0, 100_000); scanner.next(););
    expect(reads).to.be.within(4, 6);
  });

  it('throws what the disk says', () => {
    const broken = new MemoryDisk({ onRead: () => ({ kind: 'error', code: 'EIO' }) });
    writeTable(broken, list);
    expect(() => new TableReader(broken.openForReading(PATH))).to.throw(DiskError, 'injected');
  });
});

describe('tablePath', () => {
  it('names files that tableIdOf knows, and no others', () => {
    expect(tablePath('/data/tables', 42)).to.equal('/data/tables/0000000042.sst');
    expect(tableIdOf('0000000042.sst')).to.equal(42);
    for (const name of ['42.sst', '0000000042.sst.tmp', 'a000000042.sst', '0000000042.aof']) {
      expect(tableIdOf(name)).to.equal(undefined);
    }
  });
});
