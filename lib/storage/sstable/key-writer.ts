/**
 * Writes all that is known of a key, cell by cell, as it stands in an SSTable: one record, or several one behind the other where that would get
 * long, so that nobody has to have a large collection in memory at once.
 *
 *     key      = part{1..}                    each a record of the key; all but the last one have the flag MORE
 *     part     = DELETE? EXPIRY? cell*        the registers stand in the first part, the cells go on from part to part in their order
 *
 * A part ends before the cell that would make its changes longer than PART_BYTES (or than the key, which each part repeats), and has a cell at least.
 * What the flags of a part say (record-flags.ts) is true of the part. A key that fits into one part is written as RecordWriter does it.
 */

import { copyBytes } from '../../base/bytes.js';
import { varintLength, writeVarint } from '../../base/varint.js';
import { ChangeHead, ChangeKind, RecordHead } from '../../record/batch-format.js';
import type { BatchReader } from '../../record/batch-reader.js';
import { ChangeWriter } from '../../record/change-writer.js';
import type { Expiry } from '../../record/entry.js';
import { isValueCell } from '../../record/marks.js';
import type { Pair } from '../../record/pair.js';
import { comparePairs, pairBefore } from '../../record/pair.js';
import { RecordFlags } from './record-flags.js';
import type { RecordSink } from './stored-record.js';
import { StoredRecord } from './stored-record.js';

/** What the changes of a part take at most, unless they are a single cell. */
export const PART_BYTES = 64 * 1024;
/** Above what the head of a record takes besides the key. */
const HEAD_BYTES_MAX = 24;

export class KeyWriter extends ChangeWriter {
  /** Parts of the current key that the sink was given. */
  partCount = 0;
  /** A part that is full, and whose cells have all expired by this Unix millisecond, is dropped; 0: none is. Before the first one is written, too. */
  dropExpiredUpToMs = 0;
  private readonly sink: RecordSink;
  private readonly record = new StoredRecord();
  private readonly bound: number;
  private key = Buffer.alloc(256);
  private keyLength = 0;
  private partBytesMax = 0;
  private deletedStamp = 0;
  private deletedOrigin = 0;
  private expiresAtMs = 0;
  /** Where the changes of the part begin: its head is put before them when it is complete. */
  private changesStart = 0;
  /** Where the first cell of the first part begins, behind the registers. */
  private cellsStart = 0;
  private changeCount = 0;
  private cellCount = 0;
  /** Of the last cell. */
  private isLastValue = false;
  private lastStamp = 0;
  private lastOrigin = 0;
  /** Of the cells of the part. */
  private flags = 0;
  private markBytes = 0;
  private cellsByMs = 0;

  /** `origin` is the one whose pairs are written short; `partBytes`: another bound than PART_BYTES. */
  constructor(origin: number, sink: RecordSink, partBytes = PART_BYTES) {
    super(origin, 0);
    this.sink = sink;
    this.bound = partBytes;
  }

  /** Begins the key `bytes[keyStart, keyEnd)` with what there is of it besides cells: pairs are zero where there is none. */
  begin(
    position: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deletedUpTo: Pair,
    expiry: Expiry,
  ): void {
    this.rewind();
    this.record.position = position;
    this.keyLength = keyEnd - keyStart;
    if (this.keyLength > this.key.length) this.key = Buffer.allocUnsafeSlow(this.keyLength * 2);
    copyBytes(bytes, keyStart, keyEnd, this.key, 0);
    this.partBytesMax = Math.max(this.bound, this.keyLength);
    this.partCount = this.changeCount = this.cellCount = 0;
    this.deletedStamp = deletedUpTo.stamp;
    this.deletedOrigin = deletedUpTo.origin;
    this.expiresAtMs = expiry.atMs;
    this.reserve(this.keyLength + HEAD_BYTES_MAX);
    this.changesStart = this.end = this.keyLength + HEAD_BYTES_MAX;
    if (this.hasDelete) {
      this.deletedUpTo(deletedUpTo.stamp, deletedUpTo.origin);
      this.changeCount++;
    }
    const { stamp, origin } = expiry.pair;
    if (stamp !== 0 || origin !== 0) {
      this.expiryOf(stamp, origin, expiry.atMs);
      this.changeCount++;
    }
    this.cellsStart = this.end;
    this.beginFlags();
  }

  /** Adds the cell that `reader` stands on. REQUIRES: in the order of type and field. */
  add(reader: BatchReader): void {
    const start = this.end;
    this.cellOf(reader);
    const cellBytes = this.end - start;
    if (this.cellCount > 0 && this.end - this.changesStart > this.partBytesMax) this.closePart(start);
    this.cellCount++;
    this.changeCount++;
    this.isLastValue = reader.kind === ChangeKind.VALUE;
    this.lastStamp = reader.stamp;
    this.lastOrigin = reader.origin;
    if (!isValueCell(reader)) {
      this.markBytes += cellBytes;
      return;
    }
    if (reader.atMs !== 0) this.flags |= RecordFlags.EXPIRES;
    this.flags &= ~RecordFlags.EMPTY;
    this.cellsByMs = Math.max(this.cellsByMs, reader.atMs === 0 ? Infinity : reader.atMs);
  }

  /** Does the key say anything so far? */
  get isNothing(): boolean {
    return this.partCount === 0 && this.changeCount === 0;
  }

  /** `expiresByMsOf` what has come of the current part. */
  get expiresByMs(): number {
    const { cellsByMs, expiresAtMs } = this;
    if (cellsByMs === 0) return 0;
    const byMs = expiresAtMs === 0 ? cellsByMs : Math.min(cellsByMs, expiresAtMs);
    return byMs === Infinity ? 0 : byMs;
  }

  /** Ends the key. REQUIRES: it says something. */
  finish(): void {
    this.markReplacing();
    this.putPart(this.end, 0);
  }

  private get hasDelete(): boolean {
    return this.deletedStamp !== 0 || this.deletedOrigin !== 0;
  }

  /** Ends the part before the cell that begins at `cellStart`: that is the first one of the next part. */
  private closePart(cellStart: number): void {
    const { buffer, expiresByMs } = this;
    // What is in front of the next part's first cell: nothing, or the registers, if this one goes.
    let next = this.changesStart;
    if (expiresByMs !== 0 && expiresByMs <= this.dropExpiredUpToMs) {
      if (this.partCount === 0) next = this.cellsStart;
      this.changeCount -= this.cellCount;
    } else {
      this.putPart(cellStart, RecordFlags.MORE);
      this.changeCount = 0;
    }
    buffer.copyWithin(next, cellStart, this.end);
    this.end += next - cellStart;
    this.cellCount = 0;
    this.beginFlags();
  }

  private beginFlags(): void {
    this.flags = RecordFlags.EMPTY;
    this.cellsByMs = this.markBytes = 0;
    if (this.partCount > 0) return;
    if (this.hasDelete) this.flags |= RecordFlags.COMPLETE;
    if (this.expiresAtMs !== 0) this.flags |= RecordFlags.EXPIRES;
  }

  /** A single value that has deleted all before it says so itself. */
  private markReplacing(): void {
    if (this.partCount > 0 || this.cellCount !== 1 || !this.isLastValue || !this.hasDelete) return;
    const before = pairBefore({ stamp: this.lastStamp, origin: this.lastOrigin });
    if (comparePairs(before, { stamp: this.deletedStamp, origin: this.deletedOrigin }) !== 0) return;
    const { buffer, changesStart } = this;
    buffer[this.cellsStart] |= ChangeHead.REPLACES;
    const deleteBytes = this.deleteBytes();
    buffer.copyWithin(changesStart, changesStart + deleteBytes, this.end);
    this.end -= deleteBytes;
    this.changeCount--;
  }

  /** What the DELETE in front takes: a head and a pair. */
  private deleteBytes(): number {
    const isForeign = (this.buffer[this.changesStart] & ChangeHead.FOREIGN) !== 0;
    return 1 + (isForeign ? 10 : varintLength(this.deletedStamp));
  }

  private putPart(end: number, more: number): void {
    const { buffer, changesStart, keyLength, changeCount, record } = this;
    const isMany = changeCount !== 1;
    const headBytes = 1 + varintLength(keyLength) + keyLength + (isMany ? varintLength(changeCount) : 0);
    const start = changesStart - headBytes;
    buffer[start] = RecordHead.ENTRY | (isMany ? RecordHead.MANY : 0);
    const at = copyBytes(this.key, 0, keyLength, buffer, writeVarint(buffer, start + 1, keyLength));
    if (isMany) writeVarint(buffer, at, changeCount);
    this.partCount++;
    record.flags = this.flags | more;
    record.setBytes(buffer, start, end);
    record.expiresByMs = this.expiresByMs;
    record.markBytes = this.markBytes;
    this.sink.add(record);
  }
}
