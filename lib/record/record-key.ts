import { VarintReader } from '../base/varint.js';
import { RecordHead } from './batch-format.js';

/** Finds the key of a record that stands without a batch (record-writer.ts), without reading its changes. One object for many. */
export class RecordKey {
  start = 0;
  end = 0;
  private readonly input = new VarintReader();

  /** The key of the record `bytes[start, end)` is then `bytes[this.start, this.end)`; false if there is no record of a key. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    const { input } = this;
    if (start >= end || (bytes[start] & ~RecordHead.MANY) !== RecordHead.ENTRY) return false;
    input.buffer = bytes;
    input.offset = start + 1;
    input.end = end;
    input.failed = false;
    const length = input.read();
    this.start = input.offset;
    this.end = this.start + length;
    return !input.failed && this.end <= end;
  }
}
