import { CorruptionError } from '../base/errors.js';
import { STAMP_LIMIT } from '../base/stamp.js';
import { VarintReader } from '../base/varint.js';
import { Attribute, BATCH_FORMAT, BATCH_HEADER_BYTES, ChangeHead, ChangeKind, RecordHead } from './batch-format.js';
import type { CellType } from './entry.js';
import { CellType as Types } from './entry.js';

/**
 * Reads the changes of a batch one after the other, without allocating: after `next()` returns true the fields describe
 * one change. `bytes` and all ranges are views, valid as long as the buffer that `open` was given.
 */
export class BatchReader {
  kind: ChangeKind = ChangeKind.VALUE;
  db = 0;
  bytes: Buffer = Buffer.alloc(0);
  keyStart = 0;
  keyEnd = 0;
  stamp = 0;
  origin = 0;
  replaces = false;
  type: CellType = Types.STRING;
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The cell's own expiry, or the entry's with EXPIRY; Unix milliseconds, 0 is never. */
  atMs = 0;
  /** With FLUSH: 0 for all partitions, p + 1 for partition p. */
  partition = 0;
  /** With DATABASES: the physical database of each number. */
  physical: readonly number[] = [];

  private readonly input = new VarintReader();
  private source = '';
  private base = 0;
  private batchOrigin = 0;
  /** Changes of the current entry still to come. */
  private remaining = 0;

  /** Starts on a batch. `source` names it in errors. Throws CorruptionError. */
  open(bytes: Buffer, start: number, end: number, source: string): void {
    this.begin(bytes, start, end, source);
    if (end - start < BATCH_HEADER_BYTES) throw this.corrupt('a batch shorter than its header');
    const format = bytes[start];
    if (format !== BATCH_FORMAT) throw this.corrupt(`batch format ${format}, this ringkv reads ${BATCH_FORMAT}`);
    this.batchOrigin = bytes.readUInt16LE(start + 1);
    this.base = bytes.readDoubleLE(start + 3);
    this.input.offset = start + BATCH_HEADER_BYTES;
  }

  /** Goes on with the record that begins at `at`: those before it are known. REQUIRES: `open` was called for the same batch. */
  goTo(at: number): void {
    this.input.offset = at;
  }

  /**
   * Starts on records that stand without a batch's header, as in an SSTable: their base is 0, `origin` is that of the pairs
   * written relative. `source` names them in errors.
   */
  openRecords(bytes: Buffer, start: number, end: number, origin: number, source: string): void {
    this.begin(bytes, start, end, source);
    this.batchOrigin = origin;
    this.base = 0;
  }

  /** Where the change that the reader stands on ends. */
  get offset(): number {
    return this.input.offset;
  }

  /** Is the change that the reader stands on the last one of its record? */
  get isRecordEnd(): boolean {
    return this.remaining === 0;
  }

  /** Moves to the next change; false at the end. Throws CorruptionError. */
  next(): boolean {
    const input = this.input;
    if (this.remaining === 0) {
      if (input.offset >= input.end) return false;
      if (this.record()) return true;
    }
    this.remaining--;
    this.change();
    return true;
  }

  private begin(bytes: Buffer, start: number, end: number, source: string): void {
    this.bytes = bytes;
    this.source = source;
    this.input.buffer = bytes;
    this.input.offset = start;
    this.input.end = end;
    this.input.failed = false;
    this.remaining = 0;
  }

  /** Reads the head of a record; true if that was the whole of it. */
  private record(): boolean {
    const head = this.byte();
    if ((head & RecordHead.RESERVED_MASK) !== 0) throw this.corrupt(`record head ${head}: written by a newer ringkv?`);
    const kind = head & RecordHead.KIND_MASK;
    this.db = (head & RecordHead.DB) === 0 ? 0 : this.input.read();
    if (kind === RecordHead.ENTRY) {
      const keyLength = this.input.read();
      this.keyStart = this.input.offset;
      this.keyEnd = this.skip(keyLength);
      this.remaining = (head & RecordHead.MANY) === 0 ? 1 : this.input.read();
      if (this.remaining === 0) throw this.corrupt('an entry without changes');
      return false;
    }
    if (kind === RecordHead.FLUSH) {
      this.kind = ChangeKind.FLUSH;
      this.partition = this.input.read();
      this.pair(false);
      return true;
    }
    if (kind !== RecordHead.DATABASES) throw this.corrupt(`record kind ${kind}: written by a newer ringkv?`);
    this.kind = ChangeKind.DATABASES;
    this.pair(false);
    const count = this.input.read();
    if (count > this.input.end - this.input.offset) throw this.corrupt('a database map longer than its batch');
    this.physical = Array.from({ length: count }, () => this.input.read());
    this.check();
    return true;
  }

  private change(): void {
    const head = this.byte();
    const kind = head & ChangeHead.KIND_MASK;
    this.pair((head & ChangeHead.FOREIGN) !== 0);
    this.replaces = (head & ChangeHead.REPLACES) !== 0;
    switch (kind) {
      case ChangeKind.VALUE:
      case ChangeKind.TOMBSTONE:
        this.kind = kind;
        this.cell(head);
        break;
      case ChangeKind.DELETE:
        this.kind = kind;
        break;
      case ChangeKind.EXPIRY:
        this.kind = kind;
        this.atMs = this.float64();
        break;
      default:
        throw this.corrupt(`change kind ${kind}: written by a newer ringkv?`);
    }
    this.check();
  }

  private cell(head: number): void {
    const type = this.byte();
    if (type < Types.STRING || type > Types.COUNTER)
      throw this.corrupt(`cell type ${type}: written by a newer ringkv?`);
    this.type = type as CellType;
    const fieldLength = (head & ChangeHead.FIELD) === 0 ? 0 : this.input.read();
    this.fieldStart = this.input.offset;
    this.fieldEnd = this.skip(fieldLength);
    this.atMs = 0;
    if ((head & ChangeHead.ATTRIBUTES) !== 0) {
      const mask = this.input.read();
      if (mask !== Attribute.EXPIRY) throw this.corrupt(`cell attributes ${mask}: written by a newer ringkv?`);
      this.atMs = this.float64();
    }
    if (this.kind === ChangeKind.TOMBSTONE) return;
    const valueLength = this.input.read();
    this.valueStart = this.input.offset;
    this.valueEnd = this.skip(valueLength);
  }

  private pair(foreign: boolean): void {
    if (foreign) {
      this.stamp = this.float64();
      const low = this.byte();
      this.origin = low | (this.byte() << 8);
    } else {
      this.stamp = this.base + this.input.read();
      this.origin = this.batchOrigin;
    }
    if (!(this.stamp >= 0 && this.stamp < STAMP_LIMIT)) throw this.corrupt(`stamp ${this.stamp} is out of range`);
  }

  private byte(): number {
    const { input } = this;
    if (input.offset >= input.end) input.failed = true;
    return input.failed ? 0 : input.buffer[input.offset++];
  }

  private float64(): number {
    const at = this.input.offset;
    this.skip(8);
    return this.input.failed ? 0 : this.bytes.readDoubleLE(at);
  }

  /** Moves past `length` bytes; returns the offset behind them. */
  private skip(length: number): number {
    const { input } = this;
    if (length > input.end - input.offset) input.failed = true;
    else input.offset += length;
    return input.offset;
  }

  private check(): void {
    if (this.input.failed) throw this.corrupt('a record runs past the end of its batch');
  }

  private corrupt(message: string): CorruptionError {
    return new CorruptionError(this.source, this.input.offset, message);
  }
}
