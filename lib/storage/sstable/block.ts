/**
 * The data block of an SSTable: records sorted by (position, key), behind a directory of where they are. Little-endian.
 *
 *     block    = crc:u32 compression:u8 padding:u8 0:u16 count:u32 recordsBytes:u32 body 0:u8{padding}
 *     body     = position:f64{count} mark:u32{count} record{count}          as one compressed piece, unless NONE
 *     mark     = where the record begins in the records: bits 0-27 | RecordFlags: bits 28-31
 *     record   = of one key, by the grammar of record/batch-format.ts without a batch's header (record/record-writer.ts)
 *     crc      = sectionChecksum of everything behind it, as it is stored
 *
 *  1. A block's length is a multiple of 8, and so is its offset: read to aligned memory, its positions are an array.
 *  2. A plain block is at most as long as the writer's limit, unless it holds a single record.
 *  3. Positions do not fall; one position may go on in the next block.
 */

import { assert } from '../../base/assert.js';
import { copyBytes } from '../../base/bytes.js';
import { CorruptionError } from '../../base/errors.js';
import { POSITION_LIMIT } from '../../base/position.js';
import { RecordKey } from '../../record/record-key.js';
import { BlockMemory, aligned } from './block-memory.js';
import { Compression, EXPANSION_MAX, compress, expand } from './compression.js';
import { checkSection, sectionChecksum } from './section-checksum.js';
import type { StoredRecord } from './stored-record.js';

/** What a writer closes its blocks at. */
export const BLOCK_BYTES = 8192;
export const BLOCK_HEADER_BYTES = 16;
/** What a record takes besides its bytes. */
const DIRECTORY_BYTES = 12;
const MARK_OFFSET_LIMIT = 2 ** 28;
const MARK_OFFSET_MASK = MARK_OFFSET_LIMIT - 1;
const MARK_FLAGS_SHIFT = 28;
/** From this length on, a call to the engine compares faster than a loop. */
const LOOP_BYTES_MAX = 96;
const INITIAL_RECORDS = 256;
const INITIAL_BYTES = 2 * BLOCK_BYTES;

/** Collects the records of one block after the other; its memory is used again. */
export class BlockWriter {
  count = 0;
  recordsBytes = 0;
  firstPosition = 0;
  /** Where the last record is in `records`, until the next `add`, also when its block has been finished. */
  lastStart = 0;
  lastEnd = 0;
  lastPosition = -1;
  records = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private positions = new Float64Array(INITIAL_RECORDS);
  private marks = new Uint32Array(INITIAL_RECORDS);

  /** The length of the block as it is now, not compressed. */
  get byteLength(): number {
    return aligned(BLOCK_HEADER_BYTES + this.count * DIRECTORY_BYTES + this.recordsBytes);
  }

  /** May a record of that length follow, in a block of at most `limit` bytes? The first one always may. */
  hasRoom(recordBytes: number, limit: number): boolean {
    if (this.count === 0) return true;
    const length = BLOCK_HEADER_BYTES + (this.count + 1) * DIRECTORY_BYTES + this.recordsBytes + recordBytes;
    return length <= limit && this.recordsBytes < MARK_OFFSET_LIMIT;
  }

  /** Takes the next record. REQUIRES: in the order of (position, key); it has room. */
  add({ position, flags, bytes, start, end }: StoredRecord): void {
    const { count } = this;
    const at = count === 0 ? 0 : this.lastEnd;
    if (count === 0) this.firstPosition = position;
    if (count === this.positions.length) this.growDirectory();
    if (at + end - start > this.records.length) this.growRecords(at + end - start);
    this.positions[count] = position;
    this.marks[count] = at | (flags << MARK_FLAGS_SHIFT);
    this.count = count + 1;
    this.lastPosition = position;
    this.lastStart = at;
    this.recordsBytes = this.lastEnd = copyBytes(bytes, start, end, this.records, at);
  }

  /**
   * Writes the block to `target` at `at`, as it is to stand at `offset` of the file, and begins the next one; returns the
   * offset behind it. REQUIRES: `byteLength` bytes of room.
   */
  finish(target: Buffer, at: number, seed: number, offset: number, compression: Compression): number {
    assert(this.count > 0, 'a block holds a record');
    const { count, recordsBytes } = this;
    let end = this.putBody(target, at + BLOCK_HEADER_BYTES);
    let stored: Compression = Compression.NONE;
    const compressed = compress(compression, target.subarray(at + BLOCK_HEADER_BYTES, end));
    if (compressed !== undefined) {
      target.set(compressed, at + BLOCK_HEADER_BYTES);
      end = at + BLOCK_HEADER_BYTES + compressed.length;
      stored = compression;
    }
    const blockEnd = at + aligned(end - at);
    target.fill(0, end, blockEnd);
    target.writeUInt32LE(stored | ((blockEnd - end) << 8), at + 4);
    target.writeUInt32LE(count, at + 8);
    target.writeUInt32LE(recordsBytes, at + 12);
    target.writeUInt32LE(sectionChecksum(seed, offset, target, at + 4, blockEnd), at);
    this.count = 0;
    this.recordsBytes = 0;
    return blockEnd;
  }

  private putBody(target: Buffer, start: number): number {
    const { count } = this;
    let at = start;
    target.set(new Uint8Array(this.positions.buffer, 0, count * 8), at);
    at += count * 8;
    target.set(new Uint8Array(this.marks.buffer, 0, count * 4), at);
    at += count * 4;
    target.set(this.records.subarray(0, this.recordsBytes), at);
    return at + this.recordsBytes;
  }

  private growDirectory(): void {
    const { positions, marks } = this;
    this.positions = new Float64Array(positions.length * 2);
    this.positions.set(positions);
    this.marks = new Uint32Array(marks.length * 2);
    this.marks.set(marks);
  }

  private growRecords(needed: number): void {
    const old = this.records;
    this.records = Buffer.allocUnsafeSlow(Math.max(needed, old.length * 2));
    old.copy(this.records, 0, 0, this.recordsBytes);
  }
}

/**
 * Checks the block that is stored in `memory` at `base`, and was read from `offset` of the file `path`. Returns how many
 * bytes `expandBlock` needs for it, 0 if it can be opened as it is. Throws CorruptionError.
 */
export function checkBlock(
  memory: BlockMemory,
  base: number,
  length: number,
  seed: number,
  path: string,
  offset: number,
): number {
  const { bytes } = memory;
  checkSection('a data block', bytes, base, length, BLOCK_HEADER_BYTES, seed, path, offset);
  const compression = bytes[base + 4];
  const plain = BLOCK_HEADER_BYTES + bodyBytes(bytes, base);
  if (compression === Compression.NONE) {
    if (plain + bytes[base + 5] !== length) throw new CorruptionError(path, offset, 'a data block of another length');
    return 0;
  }
  if (compression !== Compression.SNAPPY) {
    throw new CorruptionError(path, offset, `compression ${compression}: written by a newer ringkv?`);
  }
  if (plain > length * EXPANSION_MAX) throw new CorruptionError(path, offset, 'a data block that cannot be expanded');
  return aligned(plain);
}

/**
 * Puts a compressed block that `checkBlock` has passed to `target` at `at`, plain; `target` may be where it is now. Throws
 * CorruptionError.
 */
export function expandBlock(
  memory: BlockMemory,
  base: number,
  length: number,
  target: BlockMemory,
  at: number,
  path: string,
  offset: number,
): void {
  const { bytes } = memory;
  const body = bytes.subarray(base + BLOCK_HEADER_BYTES, base + length - bytes[base + 5]);
  const expanded = expand(bytes[base + 4], body, bodyBytes(bytes, base));
  if (expanded === undefined) throw new CorruptionError(path, offset, 'a data block that cannot be expanded');
  bytes.copy(target.bytes, at, base, base + BLOCK_HEADER_BYTES);
  target.bytes.set(expanded, at + BLOCK_HEADER_BYTES);
}

function bodyBytes(bytes: Buffer, base: number): number {
  return bytes.readUInt32LE(base + 8) * DIRECTORY_BYTES + bytes.readUInt32LE(base + 12);
}

const NO_MEMORY = new BlockMemory(0);

/**
 * A plain block in memory, read where it is: a view, valid as long as whoever filled the memory leaves it alone. All
 * numbers of records count from 0, in order.
 */
export class Block {
  /** The file, and where in it the block begins: for errors. */
  path = '';
  offset = 0;
  count = 0;
  bytes: Buffer = NO_MEMORY.bytes;
  private doubles = NO_MEMORY.doubles;
  private words = NO_MEMORY.words;
  private firstDouble = 0;
  private firstWord = 0;
  private recordsStart = 0;
  private recordsEnd = 0;
  private readonly key = new RecordKey();

  /** Opens the plain block in `memory` at `base`. REQUIRES: `checkBlock` has passed it. Throws CorruptionError. */
  open(memory: BlockMemory, base: number, path: string, offset: number): void {
    this.path = path;
    this.offset = offset;
    this.bytes = memory.bytes;
    this.doubles = memory.doubles;
    this.words = memory.words;
    this.count = memory.bytes.readUInt32LE(base + 8);
    this.firstDouble = (base + BLOCK_HEADER_BYTES) / 8;
    this.firstWord = (base + BLOCK_HEADER_BYTES) / 4 + this.count * 2;
    this.recordsStart = (this.firstWord + this.count) * 4;
    this.recordsEnd = this.recordsStart + memory.bytes.readUInt32LE(base + 12);
    this.check();
  }

  position(index: number): number {
    return this.doubles[this.firstDouble + index];
  }

  /** RecordFlags. */
  flags(index: number): number {
    return this.words[this.firstWord + index] >>> MARK_FLAGS_SHIFT;
  }

  /** The record is `bytes[recordStart(index), recordEnd(index))`. */
  recordStart(index: number): number {
    return this.recordsStart + (this.words[this.firstWord + index] & MARK_OFFSET_MASK);
  }

  recordEnd(index: number): number {
    return index + 1 < this.count ? this.recordStart(index + 1) : this.recordsEnd;
  }

  /** The first record at `position` or behind it; `count` if there is none. */
  lowerBound(position: number): number {
    const { doubles, firstDouble } = this;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (doubles[firstDouble + middle] < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first record at `position`; -1 if there is none. */
  find(position: number): number {
    const index = this.lowerBound(position);
    return index < this.count && this.position(index) === position ? index : -1;
  }

  /** The record of the key `bytes[start, end)`, whose position is `position`; -1 if there is none. Throws CorruptionError. */
  findKey(position: number, bytes: Uint8Array, start: number, end: number): number {
    for (let index = this.lowerBound(position); index < this.count && this.position(index) === position; index++) {
      this.findKeyOf(index);
      if (this.isKey(bytes, start, end)) return index;
    }
    return -1;
  }

  /** Where the key of a record is: `bytes[start, end)` of the result, which is valid until the next call. Throws CorruptionError. */
  keyOf(index: number): { readonly start: number; readonly end: number } {
    this.findKeyOf(index);
    return this.key;
  }

  private findKeyOf(index: number): void {
    if (this.key.find(this.bytes, this.recordStart(index), this.recordEnd(index))) return;
    throw this.damaged(`record ${index} has no key`);
  }

  /** Is it the key found last? Most keys are short: a loop costs less than a call. */
  private isKey(bytes: Uint8Array, start: number, end: number): boolean {
    const { key } = this;
    const length = end - start;
    if (key.end - key.start !== length) return false;
    if (length > LOOP_BYTES_MAX) return this.bytes.compare(bytes, start, end, key.start, key.end) === 0;
    for (let i = 0; i < length; i++) if (this.bytes[key.start + i] !== bytes[start + i]) return false;
    return true;
  }

  /** What a right checksum does not say: that the directory is in order, and leads to records. */
  private check(): void {
    const { count, doubles, words, firstDouble, firstWord } = this;
    if (count === 0) throw this.damaged('a data block without records');
    const recordsBytes = this.recordsEnd - this.recordsStart;
    let lastPosition = 0;
    let lastOffset = -1;
    for (let index = 0; index < count; index++) {
      const position = doubles[firstDouble + index];
      const offset = words[firstWord + index] & MARK_OFFSET_MASK;
      if (!(position >= lastPosition && position < POSITION_LIMIT))
        throw this.damaged(`position ${index} is out of order`);
      if (offset <= lastOffset || offset >= recordsBytes) throw this.damaged(`record ${index} is out of place`);
      lastPosition = position;
      lastOffset = offset;
    }
    if ((words[firstWord] & MARK_OFFSET_MASK) !== 0) throw this.damaged('the first record is out of place');
  }

  private damaged(message: string): CorruptionError {
    return new CorruptionError(this.path, this.offset, message);
  }
}
