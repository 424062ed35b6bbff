/** Tables for specs: random records, and a disk with tables of them. */

import fc from 'fast-check';

import type { Entry } from '../../../lib/record/entry.js';
import { RecordWriter } from '../../../lib/record/record-writer.js';
import type { Compression } from '../../../lib/storage/sstable/compression.js';
import { expiresByMsOf, flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { StoredRecord } from '../../../lib/storage/sstable/stored-record.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { TableWriter } from '../../../lib/storage/sstable/table-writer.js';
import type { Disk } from '../../../lib/host/ports.js';
import { entries, saysSomething } from '../../record/arbitraries.js';
import { SeededRandom } from '../../sim/seeded-random.js';

export const ORIGIN = 1;
export const DIRECTORY = '/tables';
const STAMPS = { minStamp: 1, maxStamp: 12, foreign: false };

export interface SpecRecord {
  readonly position: number;
  readonly key: Buffer;
  readonly entry: Entry;
}

export interface SpecTable {
  readonly id?: number;
  readonly blockBytes?: number;
  readonly compression?: Compression;
  readonly filterBitsPerKey?: number;
}

const positions = fc.oneof(
  fc.maxSafeInteger().map((position) => Math.abs(position)),
  fc.nat(5),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
);

/** Records in the order of a table, many of them at equal positions. */
export const records: fc.Arbitrary<SpecRecord[]> = fc
  .array(
    fc.record({
      position: positions,
      key: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      entry: entries.filter(saysSomething),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map(sorted);

/** In order, each key of a position once. */
export function sorted(list: readonly SpecRecord[]): SpecRecord[] {
  const compare = (a: SpecRecord, b: SpecRecord): number => a.position - b.position || Buffer.compare(a.key, b.key);
  return [...list].sort(compare).filter((record, i, all) => i === 0 || compare(all[i - 1], record) < 0);
}

/** `count` strings with values of `valueBytes` at random positions. */
export function stringsOf(count: number, valueBytes: number, seed: number): SpecRecord[] {
  const random = new SeededRandom(seed);
  const list = Array.from({ length: count }, (_, i) => {
    const value = Buffer.alloc(valueBytes);
    random.fill(value);
    const cell = { type: 1, field: Buffer.alloc(0), value, pair: { stamp: i + 1, origin: ORIGIN }, expiresAtMs: 0 };
    const entry = { deletedUpTo: { stamp: i + 1, origin: 0 }, cells: new Map([['\x01', cell]]) } as unknown as Entry;
    return {
      position: random.uint32() * 2 ** 21 + (random.uint32() % 2 ** 21),
      key: Buffer.from(`key ${String(i).padStart(5, '0')}`),
      entry: { ...entry, expiry: { atMs: 0, pair: { stamp: 0, origin: 0 } } },
    };
  });
  return sorted(list);
}

/** A record for a TableWriter; `bytes` are what RecordWriter has made. */
export function storedRecord(
  position: number,
  flags: number,
  bytes: Uint8Array,
  { expiresByMs = 0, markBytes = 0 } = {},
): StoredRecord {
  const record = new StoredRecord();
  record.setBytes(bytes, 0, bytes.length);
  return Object.assign(record, { position, flags, expiresByMs, markBytes });
}

/** What each record is said to have of marks. */
export const MARK_BYTES = 3;

/** Writes a table that holds `list` to the disk. */
export function writeTable(disk: Disk, list: readonly SpecRecord[], table: SpecTable = {}): TableMeta {
  const id = table.id ?? 1;
  disk.makeDirectory(DIRECTORY);
  disk.syncDirectory('/');
  const file = disk.create(tablePath(DIRECTORY, id));
  const writer = new TableWriter(file, {
    id,
    fileId: { high: 0xdeadbeef, low: id },
    db: 3,
    origin: ORIGIN,
    filterBitsPerKey: table.filterBitsPerKey ?? 10,
    compression: table.compression ?? 0,
    ...(table.blockBytes === undefined ? {} : { blockBytes: table.blockBytes }),
  });
  const record = new RecordWriter(ORIGIN);
  for (const { position, key, entry } of list) {
    record.entry(entry, key, 0, key.length);
    const notes = { expiresByMs: expiresByMsOf(entry), markBytes: MARK_BYTES };
    writer.add(storedRecord(position, flagsOf(entry), record.buffer.subarray(0, record.end), notes));
  }
  const meta = writer.finish(STAMPS);
  file.close();
  disk.syncDirectory(DIRECTORY);
  return meta;
}
