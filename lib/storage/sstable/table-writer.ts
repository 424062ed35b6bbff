import { assert } from '../../base/assert.js';
import { Scratch } from '../../base/scratch.js';
import type { DiskFile } from '../../host/ports.js';
import { RecordKey } from '../../record/record-key.js';
import type { FileId } from '../log/aof-frame.js';
import { frameSeed } from '../log/aof-frame.js';
import { BLOCK_BYTES, BlockWriter } from './block.js';
import { BloomFilter } from './bloom-filter.js';
import type { Compression } from './compression.js';
import { RecordFlags, expiresByOf } from './record-flags.js';
import type { RecordSink, StoredRecord } from './stored-record.js';
import { FOOTER_BYTES, encodeFooter } from './table-format.js';
import { TableIndexWriter } from './table-index.js';
import type { TableMeta } from './table-meta.js';

/** What the file gets in one call. */
const APPEND_BYTES = 256 * 1024;
const INITIAL_POSITIONS = 16 * 1024;
/** Filters of large tables need more than blocks do. */
const OUTPUT_BYTES_KEPT = 4 * 1024 * 1024;

export interface TableWriterOptions {
  readonly id: number;
  /** Drawn for this file alone. */
  readonly fileId: FileId;
  readonly db: number;
  /** That of the RecordWriter whose records come. */
  readonly origin: number;
  readonly filterBitsPerKey: number;
  readonly compression: Compression;
  /** Blocks are closed before they get longer, BLOCK_BYTES by default. */
  readonly blockBytes?: number;
}

/** What the records of a table say together, and only their writer knows. */
export interface TableStamps {
  readonly minStamp: number;
  readonly maxStamp: number;
  readonly foreign: boolean;
}

/** Writes one SSTable (table-format.ts) to a file that is empty. */
export class TableWriter implements RecordSink {
  /** Keys. */
  recordCount = 0;
  private readonly file: DiskFile;
  private readonly options: TableWriterOptions;
  private readonly scratch: Scratch;
  private readonly seed: number;
  private readonly blockBytes: number;
  private readonly block = new BlockWriter();
  private readonly index = new TableIndexWriter();
  private readonly lastKey = new RecordKey();
  private readonly nextKey = new RecordKey();
  private output: Buffer;
  private outputEnd = 0;
  private appendedBytes = 0;
  private positions: Float64Array;
  private emptyCount = 0;
  private expiringCount = 0;
  /** The last record was a part, and another one of its key must follow. */
  private isInKey = false;
  private isKeyEmpty = true;
  private doesKeyExpire = false;
  /** The latest end of a record that ends; Infinity if one never does. */
  private expiresByMs = 0;
  private markBytes = 0;

  /** Uses `scratch` until `finish`. */
  constructor(file: DiskFile, options: TableWriterOptions, scratch = new Scratch()) {
    assert(file.sizeBytes === 0, 'a table begins with its file');
    this.file = file;
    this.options = options;
    this.seed = frameSeed(options.fileId);
    this.blockBytes = options.blockBytes ?? BLOCK_BYTES;
    this.scratch = scratch;
    this.output = Buffer.from(scratch.take('output', APPEND_BYTES + BLOCK_BYTES, OUTPUT_BYTES_KEPT));
    this.positions = new Float64Array(scratch.take('positions', INITIAL_POSITIONS * 8, Infinity));
  }

  /** What the data blocks take so far: about the size of the file. */
  get sizeBytes(): number {
    return this.appendedBytes + this.outputEnd + (this.block.count === 0 ? 0 : this.block.byteLength);
  }

  /** The position of the last record; -1 before the first one. */
  get lastPosition(): number {
    return this.block.lastPosition;
  }

  /** Takes the next record. REQUIRES: (position, key) rises, but for the parts of one key. Throws DiskError. */
  add(record: StoredRecord): void {
    const { block } = this;
    const { position, flags, expiresByMs } = record;
    assert(position >= block.lastPosition, 'positions rise');
    if (position === block.lastPosition) this.checkKeys(record);
    else assert(!this.isInKey, 'the parts of a key are together');
    if (!block.hasRoom(record.byteLength, this.blockBytes)) this.finishBlock();
    if (block.count === 0) {
      this.index.add(position, this.appendedBytes + this.outputEnd, position === block.lastPosition);
    }
    block.add(record);
    this.markBytes += record.markBytes;
    if ((flags & RecordFlags.EMPTY) === 0) {
      if (expiresByMs === 0) this.expiresByMs = Infinity;
      else if (expiresByMs > this.expiresByMs) this.expiresByMs = expiresByMs;
    }
    if (this.isInKey || (flags & RecordFlags.MORE) !== 0) this.countPart(position, flags);
    else this.count(position, (flags & RecordFlags.EXPIRES) !== 0, (flags & RecordFlags.EMPTY) !== 0);
  }

  /** Writes the rest and makes the file durable; its directory is the caller's. REQUIRES: it holds a record. Throws DiskError. */
  finish(stamps: TableStamps): TableMeta {
    assert(this.recordCount > 0, 'a table holds a record');
    assert(!this.isInKey, 'a table holds whole keys');
    const { options, index } = this;
    this.finishBlock();
    const smallest = this.positions[0];
    const filter = BloomFilter.of(this.positions, this.recordCount, options.filterBitsPerKey);
    const filterOffset = this.appendedBytes + this.outputEnd;
    this.reserve(filter.byteLength + index.byteLength + FOOTER_BYTES);
    this.outputEnd = filter.encode(this.output, this.outputEnd, this.seed, filterOffset);
    const indexOffset = this.appendedBytes + this.outputEnd;
    this.outputEnd = index.encode(this.output, this.outputEnd, this.seed, indexOffset, filterOffset);
    const footerOffset = this.appendedBytes + this.outputEnd;
    const meta: TableMeta = {
      id: options.id,
      fileId: options.fileId,
      db: options.db,
      fileBytes: footerOffset + FOOTER_BYTES,
      smallest,
      largest: this.block.lastPosition,
      recordCount: this.recordCount,
      emptyCount: this.emptyCount,
      expiringCount: this.expiringCount,
      minStamp: stamps.minStamp,
      maxStamp: stamps.maxStamp,
      expiresByMs: expiresByOf(this.expiresByMs),
      markBytes: this.markBytes,
      foreign: stamps.foreign,
    };
    const footer = encodeFooter({ meta, origin: options.origin, filterOffset, indexOffset, footerOffset });
    this.outputEnd += footer.copy(this.output, this.outputEnd);
    this.append();
    this.file.syncNow();
    return meta;
  }

  /** Counts a key. */
  private count(position: number, expires: boolean, isEmpty: boolean): void {
    const { recordCount } = this;
    if (recordCount === this.positions.length) this.growPositions();
    this.positions[recordCount] = position;
    this.recordCount = recordCount + 1;
    if (expires) this.expiringCount++;
    if (isEmpty) this.emptyCount++;
  }

  /** Counts a key in parts with the last one. */
  private countPart(position: number, flags: number): void {
    if (!this.isInKey) {
      this.isKeyEmpty = true;
      this.doesKeyExpire = false;
    }
    this.isInKey = (flags & RecordFlags.MORE) !== 0;
    if ((flags & RecordFlags.EMPTY) === 0) this.isKeyEmpty = false;
    if ((flags & RecordFlags.EXPIRES) !== 0) this.doesKeyExpire = true;
    if (!this.isInKey) this.count(position, this.doesKeyExpire, this.isKeyEmpty);
  }

  private finishBlock(): void {
    this.reserve(this.block.byteLength);
    const offset = this.appendedBytes + this.outputEnd;
    this.outputEnd = this.block.finish(this.output, this.outputEnd, this.seed, offset, this.options.compression);
    if (this.outputEnd >= APPEND_BYTES) this.append();
  }

  private append(): void {
    this.file.append(this.output, 0, this.outputEnd);
    this.appendedBytes += this.outputEnd;
    this.outputEnd = 0;
  }

  private reserve(bytes: number): void {
    if (this.outputEnd + bytes <= this.output.length) return;
    if (this.outputEnd > 0) this.append();
    if (bytes > this.output.length) this.output = Buffer.from(this.scratch.take('output', bytes, bytes));
  }

  /** Records of one position come by their keys, and no key twice but in parts. */
  private checkKeys({ bytes, start, end }: StoredRecord): void {
    const { block, lastKey, nextKey } = this;
    const found = lastKey.find(block.records, block.lastStart, block.lastEnd) && nextKey.find(bytes, start, end);
    assert(found, 'records have keys');
    const order = block.records.compare(bytes, nextKey.start, nextKey.end, lastKey.start, lastKey.end);
    assert(this.isInKey ? order === 0 : order < 0, 'keys of one position rise, and parts are of one key');
  }

  private growPositions(): void {
    this.positions = new Float64Array(this.scratch.grow('positions', this.positions.byteLength * 2));
  }
}
