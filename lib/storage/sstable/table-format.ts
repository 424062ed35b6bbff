/**
 * The file of an SSTable. Little-endian; every part begins at a multiple of 8.
 *
 *     table    = block{1..}  filter  index  footer
 *     block    = block.ts        records sorted by (position, key bytes), of one physical database; a key's are its parts (key-writer.ts)
 *     filter   = bloom-filter.ts
 *     index    = table-index.ts
 *     footer   = crc:u32 version:u32 fileId:u64 flags:u32 origin:u32 number:f64{15} magic:8
 *     number   = id db fileBytes filterOffset indexOffset footerOffset smallest largest recordCount emptyCount expiringCount
 *                minStamp maxStamp expiresByMs markBytes                             (TableMeta says what they are)
 *     flags    = bit 0: foreign
 *     origin   = that of the pairs that records hold short
 *     crc      = sectionChecksum of everything behind it
 *
 *  1. A table is written once and never changed. It is complete when its footer is: that is written last, and synced.
 *  2. Every checksum begins with the file's id and the part's offset (section-checksum.ts).
 *  3. Each key is in a table once, in one record or in parts that follow each other; else (position, key) rises strictly.
 */

import { CorruptionError } from '../../base/errors.js';
import { POSITION_LIMIT } from '../../base/position.js';
import { frameSeed, sameFileId } from '../log/aof-frame.js';
import { sectionChecksum } from './section-checksum.js';
import type { TableMeta } from './table-meta.js';

const FORMAT_VERSION = 1;
const MAGIC = Buffer.from('ringkvT\n', 'latin1');
const NUMBERS_AT = 24;
const NUMBER_COUNT = 15;
const MAGIC_AT = NUMBERS_AT + NUMBER_COUNT * 8;
const FLAG_FOREIGN = 1;
const ORIGIN_LIMIT = 2 ** 16;
export const FOOTER_BYTES = MAGIC_AT + 8;

const TABLE_SUFFIX = '.sst';
const TABLE_NAME = /^(\d{10})\.sst$/;

/** What the footer of a table says. */
export interface TableFooter {
  readonly meta: TableMeta;
  /** The origin of the pairs that records hold short. */
  readonly origin: number;
  readonly filterOffset: number;
  readonly indexOffset: number;
  readonly footerOffset: number;
}

/** The file of table `id`. */
export function tablePath(directory: string, id: number): string {
  return `${directory}/${String(id).padStart(10, '0')}${TABLE_SUFFIX}`;
}

/** The id that a file's name stands for; `undefined` if it is none of a table. */
export function tableIdOf(name: string): number | undefined {
  const found = TABLE_NAME.exec(name);
  return found === null ? undefined : Number(found[1]);
}

/** Whether a file with this end is an SSTable, as far as can be told. */
export function endsAsTable(end: Uint8Array): boolean {
  return MAGIC.equals(end.subarray(-MAGIC.length));
}

export function encodeFooter(footer: TableFooter): Buffer {
  const { meta } = footer;
  const bytes = Buffer.alloc(FOOTER_BYTES);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  bytes.writeUInt32LE(meta.fileId.low, 8);
  bytes.writeUInt32LE(meta.fileId.high, 12);
  bytes.writeUInt32LE(meta.foreign ? FLAG_FOREIGN : 0, 16);
  bytes.writeUInt32LE(footer.origin, 20);
  numbersOf(footer).forEach((number, i) => bytes.writeDoubleLE(number, NUMBERS_AT + i * 8));
  MAGIC.copy(bytes, MAGIC_AT);
  const seed = frameSeed(meta.fileId);
  bytes.writeUInt32LE(sectionChecksum(seed, footer.footerOffset, bytes, 4, FOOTER_BYTES), 0);
  return bytes;
}

/**
 * Reads the footer of the file `path` from its last FOOTER_BYTES bytes; `fileBytes` is the size of the file. With `expected`, what the manifest
 * says of the table must be true of it. Throws CorruptionError.
 */
export function decodeFooter(path: string, bytes: Buffer, fileBytes: number, expected?: TableMeta): TableFooter {
  const offset = Math.max(0, fileBytes - FOOTER_BYTES);
  if (expected !== undefined && fileBytes !== expected.fileBytes) {
    throw new CorruptionError(path, fileBytes, `the table has ${fileBytes} bytes instead of ${expected.fileBytes}`);
  }
  if (bytes.length < FOOTER_BYTES || !bytes.subarray(MAGIC_AT).equals(MAGIC)) {
    throw new CorruptionError(path, offset, 'this is not an SSTable, or its end is missing');
  }
  const version = bytes.readUInt32LE(4);
  if (version !== FORMAT_VERSION) {
    const known = `format version ${version}, and this program knows version ${FORMAT_VERSION} only`;
    throw new CorruptionError(path, offset, `${known}: a newer program wrote the table, or it is damaged`);
  }
  const fileId = { low: bytes.readUInt32LE(8), high: bytes.readUInt32LE(12) };
  if (sectionChecksum(frameSeed(fileId), offset, bytes, 4, FOOTER_BYTES) !== bytes.readUInt32LE(0)) {
    throw new CorruptionError(path, offset, 'the footer of the table does not fit its checksum');
  }
  const numbers = Array.from({ length: NUMBER_COUNT }, (_, i) => bytes.readDoubleLE(NUMBERS_AT + i * 8));
  const flags = bytes.readUInt32LE(16);
  const footer: TableFooter = {
    meta: {
      id: numbers[0],
      fileId,
      db: numbers[1],
      fileBytes: numbers[2],
      smallest: numbers[6],
      largest: numbers[7],
      recordCount: numbers[8],
      emptyCount: numbers[9],
      expiringCount: numbers[10],
      minStamp: numbers[11],
      maxStamp: numbers[12],
      expiresByMs: numbers[13],
      markBytes: numbers[14],
      foreign: (flags & FLAG_FOREIGN) !== 0,
    },
    origin: bytes.readUInt32LE(20),
    filterOffset: numbers[3],
    indexOffset: numbers[4],
    footerOffset: numbers[5],
  };
  if (!makesSense(footer, numbers, fileBytes)) throw new CorruptionError(path, offset, 'the footer makes no sense');
  if (expected !== undefined && !isThat(footer.meta, expected)) {
    throw new CorruptionError(path, offset, `this is not the table ${expected.id} that the manifest knows`);
  }
  return footer;
}

/** In the order of the grammar. */
function numbersOf(footer: TableFooter): number[] {
  const { meta } = footer;
  return [
    meta.id,
    meta.db,
    meta.fileBytes,
    footer.filterOffset,
    footer.indexOffset,
    footer.footerOffset,
    meta.smallest,
    meta.largest,
    meta.recordCount,
    meta.emptyCount,
    meta.expiringCount,
    meta.minStamp,
    meta.maxStamp,
    meta.expiresByMs,
    meta.markBytes ?? 0,
  ];
}

function makesSense(footer: TableFooter, numbers: readonly number[], fileBytes: number): boolean {
  const { meta, filterOffset, indexOffset, footerOffset } = footer;
  return (
    numbers.every((number) => Number.isSafeInteger(number) && number >= 0) &&
    meta.fileBytes === fileBytes &&
    footer.origin < ORIGIN_LIMIT &&
    0 < filterOffset &&
    filterOffset < indexOffset &&
    indexOffset < footerOffset &&
    filterOffset % 8 === 0 &&
    indexOffset % 8 === 0 &&
    footerOffset === fileBytes - FOOTER_BYTES &&
    meta.smallest <= meta.largest &&
    meta.largest < POSITION_LIMIT
  );
}

function isThat(found: TableMeta, expected: TableMeta): boolean {
  return (
    sameFileId(found.fileId, expected.fileId) &&
    found.id === expected.id &&
    found.db === expected.db &&
    found.smallest === expected.smallest &&
    found.largest === expected.largest &&
    found.recordCount === expected.recordCount
  );
}
