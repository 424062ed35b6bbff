/** What the specs of jobs share: segments and tables on a memory disk, made and read the plain way. */

import { expect } from 'chai';

import { BatchReader } from '../../../lib/record/batch-reader.js';
import { shapeOf } from '../../../lib/record/change-writer.js';
import { entryOfRecord } from '../../../lib/record/entry-of-record.js';
import type { Entry } from '../../../lib/record/entry.js';
import { standOn } from '../../../lib/record/key-merge.js';
import { mergeAll } from '../../../lib/record/merge.js';
import { PAIR_ZERO, comparePairs } from '../../../lib/record/pair.js';
import { RecordWriter } from '../../../lib/record/record-writer.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import type { Disk } from '../../../lib/host/ports.js';
import type { ClosedSegment, TableOptions } from '../../../lib/storage/jobs/job.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { aofDirectory, segmentPath } from '../../../lib/storage/log/aof-directory.js';
import type { FrameKind } from '../../../lib/storage/log/aof-frame.js';
import {
  FRAME_HEADER_BYTES,
  FrameKind as Frames,
  encodeFileHeader,
  encodeFrameHeader,
  frameSeed,
} from '../../../lib/storage/log/aof-frame.js';
import { KeyWriter, PART_BYTES } from '../../../lib/storage/sstable/key-writer.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import { TableWriter } from '../../../lib/storage/sstable/table-writer.js';
import { plain } from '../../record/arbitraries.js';
import type { MemoryDiskOptions } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { storedRecord } from '../sstable/tables.js';

export const DIRECTORY = '/data';
export const ORIGIN = 1;
export const POSITION_KEY = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** Under POSITION_KEY, the first two are at one position, and so are the other two. */
export const COLLIDING_KEYS = ['{t}221067', '{t}1014498', '{t}247922', '{t}4828766'];
export const OPTIONS: TableOptions = { blockBytes: 256, compression: 0, filterBitsPerKey: 10 };

/** One record of a log: a change of a key (an entry with just that), a database emptied, or the map of databases. */
export type LogRecord =
  | { readonly kind: 'change'; readonly db: number; readonly key: string; readonly change: Entry }
  | { readonly kind: 'flush'; readonly db: number; readonly stamp: number }
  | { readonly kind: 'databases'; readonly stamp: number; readonly physical: readonly number[] };

/** A record of a table. */
export interface TableRecord {
  readonly position: number;
  readonly key: string;
  readonly entry: Entry;
}

/** A disk with an empty data directory. */
export function dataDisk(options: MemoryDiskOptions = {}): MemoryDisk {
  const disk = new MemoryDisk();
  for (const directory of [aofDirectory(DIRECTORY), tablesDirectory(DIRECTORY)]) disk.makeDirectory(directory);
  for (const directory of ['/', DIRECTORY]) disk.syncDirectory(directory);
  return disk.kill(options);
}

/** The bytes of a segment with these frames' payloads; every fourth frame is followed by a seal. */
export function segmentBytes(number: number, payloads: readonly Buffer[]): Buffer {
  const header = { number, fileId: { high: 77, low: number }, nextFileId: { high: 77, low: number + 1 } };
  const seed = frameSeed(header.fileId);
  const parts = [encodeFileHeader({ type: 'segment', ...header, previousBytes: 0 })];
  let offset = parts[0].length;
  const add = (kind: FrameKind, payload: Buffer): void => {
    const frame = Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), payload]);
    encodeFrameHeader(frame, 0, kind, seed, offset, 0, payload);
    parts.push(frame);
    offset += frame.length;
  };
  payloads.forEach((payload, i) => {
    add(Frames.data, payload);
    if (i % 4 === 3) add(Frames.seal, Buffer.alloc(0));
  });
  return Buffer.concat(parts);
}

/** Puts segment `number` with these records, `batchSize` of them in a frame, on the disk. */
export function plantSegment(
  disk: MemoryDisk,
  number: number,
  records: readonly LogRecord[],
  batchSize = 3,
): ClosedSegment {
  const payloads: Buffer[] = [];
  const batch = new WriteBatch(ORIGIN);
  const close = (): void => {
    if (!batch.isEmpty) payloads.push(Buffer.from(batch.buffer.subarray(batch.start, batch.end)));
    batch.reset();
  };
  for (const record of records) {
    // Their stamps may be below the base of a batch that has begun.
    if (record.kind !== 'change' || batch.recordCount === batchSize) close();
    if (record.kind === 'flush') batch.flush(record.db, record.stamp);
    else if (record.kind === 'databases') batch.databases(record.stamp, record.physical);
    else batch.wholeEntry(record.db, Buffer.from(record.key), record.change);
  }
  close();
  const bytes = segmentBytes(number, payloads);
  disk.plant(segmentPath(aofDirectory(DIRECTORY), number), bytes);
  return { number, fileId: { high: 77, low: number }, sizeBytes: bytes.length };
}

/** Makes a table; `records` are in order. */
export function writeTable(
  disk: Disk,
  id: number,
  db: number,
  records: readonly TableRecord[],
  {
    origin = ORIGIN,
    foreign = false,
    blockBytes = 200,
    partBytes = PART_BYTES,
  }: { origin?: number; foreign?: boolean; blockBytes?: number; partBytes?: number } = {},
): TableMeta {
  const file = disk.create(tablePath(tablesDirectory(DIRECTORY), id));
  const options = { ...OPTIONS, id, fileId: { high: 5, low: id }, db, origin, blockBytes };
  const writer = new TableWriter(file, options);
  const record = new RecordWriter(origin);
  const parts = new KeyWriter(origin, writer, partBytes);
  for (const { position, key, entry } of records) {
    const bytes = Buffer.from(key);
    record.entry(entry, bytes, 0, bytes.length);
    if (record.end > partBytes) writeParts(parts, position, bytes, entry);
    else {
      const whole = record.buffer.subarray(0, record.end);
      writer.add(storedRecord(position, flagsOf(entry), whole, { expiresByMs: expiresByMsOf(entry) }));
    }
  }
  const stamps = records.flatMap(({ entry }) => stampsOf(entry));
  const meta = writer.finish({ minStamp: Math.min(...stamps), maxStamp: Math.max(...stamps), foreign });
  file.close();
  disk.syncDirectory(tablesDirectory(DIRECTORY));
  return meta;
}

/** Writes a key by KeyWriter, which splits it where it gets long. */
function writeParts(writer: KeyWriter, position: number, key: Buffer, entry: Entry): void {
  const reader = new BatchReader();
  writer.begin(position, key, 0, key.length, entry.deletedUpTo, entry.expiry);
  const cells = [...entry.cells.values()].sort((a, b) => a.type - b.type || Buffer.compare(a.field, b.field));
  for (const cell of cells) {
    standOn(reader, cell);
    writer.add(reader);
  }
  writer.finish();
}

/** Every key of a table; checks that the table says the truth about them. */
export function readTable(disk: Disk, meta: TableMeta): TableRecord[] {
  const path = tablePath(tablesDirectory(DIRECTORY), meta.id);
  const file = disk.openForReading(path);
  const table = new TableReader(file, meta);
  expect(table.meta).to.deep.equal(meta);
  const records: TableRecord[] = [];
  const reader = new BatchReader();
  const filter = table.filter();
  let parts: Entry[] = [];
  for (const scanner = table.scan(); scanner.next();) {
    const { block } = scanner;
    for (let index = 0; index < block.count; index++) {
      reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), table.footer.origin, path);
      const part = entryOfRecord(reader);
      expect(reader.next(), 'one record').to.equal(false);
      const position = block.position(index);
      const key = block.bytes.toString('latin1', reader.keyStart, reader.keyEnd);
      const more = block.flags(index) & RecordFlags.MORE;
      expect(block.flags(index), `flags of ${key}`).to.equal(flagsOf(part) | more);
      parts.push(part);
      if (more !== 0) continue;
      const entry = parts.length === 1 ? part : mergeAll(parts);
      expect(entry.cells.size, 'a cell is in one part').to.equal(parts.reduce((sum, { cells }) => sum + cells.size, 0));
      parts = [];
      expect(filter.mayHold(Math.floor(position / 2 ** 32), position | 0)).to.equal(1);
      records.push({ position, key, entry });
    }
  }
  file.close();
  expect(parts, 'parts that are followed by none').to.deep.equal([]);
  checkMeta(meta, records);
  return records;
}

function checkMeta(meta: TableMeta, records: readonly TableRecord[]): void {
  const entries = records.map(({ entry }) => entry);
  const ends = entries.filter((entry) => (flagsOf(entry) & 4) === 0).map(expiresByMsOf);
  expect(meta).to.include({
    recordCount: records.length,
    smallest: records[0].position,
    largest: records[records.length - 1].position,
    emptyCount: entries.filter((entry) => (flagsOf(entry) & 4) !== 0).length,
    expiringCount: entries.filter((entry) => (flagsOf(entry) & 2) !== 0).length,
    expiresByMs: ends.includes(0) || ends.length === 0 ? 0 : Math.max(...ends),
  });
  // What a value replaced goes up to the pair before its own: if that was the first one above the floor, to the floor itself.
  for (const { deletedUpTo, ...rest } of entries) {
    for (const stamp of stampsOf({ ...rest, deletedUpTo: PAIR_ZERO }))
      expect(stamp).to.be.within(meta.minStamp, meta.maxStamp);
    expect(deletedUpTo.stamp).to.be.at.most(meta.maxStamp);
    if (comparePairs(deletedUpTo, PAIR_ZERO) > 0) expect(deletedUpTo.stamp).to.be.at.least(meta.minStamp - 1);
  }
}

/** The stamps of all pairs in an entry, but not of what goes without saying: what a value replaces. */
export function stampsOf(entry: Entry): number[] {
  const pairs = [...entry.cells.values()].map(({ pair }) => pair);
  pairs.push(entry.expiry.pair);
  if (!shapeOf(entry).replaces) pairs.push(entry.deletedUpTo);
  return pairs.filter((pair) => comparePairs(pair, PAIR_ZERO) > 0).map(({ stamp }) => stamp);
}

/** Records in a form that chai compares. */
export function plainRecords(records: readonly TableRecord[]): unknown[] {
  return records.map(({ position, key, entry }) => ({ position, key, entry: plain(entry) }));
}

/** The names of the files in the directory of tables. */
export function tableNames(disk: Disk): string[] {
  return disk.list(tablesDirectory(DIRECTORY));
}

/** In the order of tables. */
export function inOrder(records: readonly TableRecord[]): TableRecord[] {
  return [...records].sort((a, b) => a.position - b.position || (a.key < b.key ? -1 : 1));
}
