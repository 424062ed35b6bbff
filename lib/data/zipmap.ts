/**
 * Zipmaps, in which Redis kept small hashes before 2.6: they are read, not written.
 *
 *   zipmap = count:u8 1*(length field length free:u8 value unused) 11111111        a count of 254 is one that does not say
 *   length = u8 below 254 | 11111110 u32                                           low byte first
 *   unused = as many bytes as `free` says
 */

import { NO_ENTRY } from './packed-entries.js';
import type { PackedEntries } from './packed-entries.js';

const END = 0xff;
const COUNT_UNKNOWN = 254;
const LENGTH_IN_4_BYTES = 254;

/** Reads a zipmap, and checks all of it: field, value, field, value ... */
export class ZipmapReader implements PackedEntries {
  entry: Buffer = NO_ENTRY;
  failed: boolean;
  private readonly bytes: Buffer;
  private at = 1;
  private seen = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.failed = bytes.length < 2 || bytes[bytes.length - 1] !== END;
  }

  next(): boolean {
    if (this.failed) return false;
    const isValue = this.seen % 2 === 1;
    if (this.at === this.bytes.length - 1) {
      const count = this.bytes[0];
      this.failed = isValue || this.seen === 0 || (count !== COUNT_UNKNOWN && count * 2 !== this.seen);
      return false;
    }
    const length = this.length();
    const free = isValue ? this.byte() : 0;
    if (this.take(length)) this.entry = this.bytes.subarray(this.at - length, this.at);
    this.take(free);
    this.seen++;
    return !this.failed;
  }

  private length(): number {
    const first = this.byte();
    if (first < LENGTH_IN_4_BYTES) return first;
    if (first === LENGTH_IN_4_BYTES && this.take(4)) return this.bytes.readUInt32LE(this.at - 4);
    this.failed = true;
    return 0;
  }

  private byte(): number {
    return this.take(1) ? this.bytes[this.at - 1] : 0;
  }

  /** Moves past `count` bytes, if there are so many in front of the end. */
  private take(count: number): boolean {
    if (this.failed || count > this.bytes.length - 1 - this.at) {
      this.failed = true;
      return false;
    }
    this.at += count;
    return true;
  }
}
