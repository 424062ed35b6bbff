import type { PackedEntries } from './packed-entries.js';
import { NO_ENTRY } from './packed-entries.js';

/** The byte behind the last entry. */
export const END = 0xff;

const LENGTH_IN_4_BYTES = 254;

/** What readers of ziplists and zipmaps have in common, whose last byte says that they end: that is never read past. */
export abstract class EnclosedEntries implements PackedEntries {
  entry: Buffer = NO_ENTRY;
  failed = false;
  protected readonly bytes: Buffer;
  protected at: number;

  /** The first entry begins at `at`. */
  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  abstract next(): boolean;

  /** A length: a byte below 254, or 254 and four bytes, low byte first. */
  protected length(): number {
    const first = this.byte();
    if (first < LENGTH_IN_4_BYTES) return first;
    if (first === LENGTH_IN_4_BYTES && this.take(4)) return this.bytes.readUInt32LE(this.at - 4);
    this.failed = true;
    return 0;
  }

  /** The entry is the next `length` bytes. */
  protected string(length: number): void {
    if (this.take(length)) this.entry = this.bytes.subarray(this.at - length, this.at);
  }

  protected byte(): number {
    return this.take(1) ? this.bytes[this.at - 1] : 0;
  }

  /** Moves past `count` bytes, if there are so many in front of the end. */
  protected take(count: number): boolean {
    if (this.failed || count > this.bytes.length - 1 - this.at) {
      this.failed = true;
      return false;
    }
    this.at += count;
    return true;
  }
}
