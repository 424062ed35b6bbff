/**
 * Zipmaps, in which Redis kept small hashes before 2.6: they are read, not written.
 *
 *   zipmap = count:u8 1*(length field length free:u8 value unused) 11111111        a count of 254 is one that does not say
 *   length = u8 below 254 | 11111110 u32                                           low byte first
 *   unused = as many bytes as `free` says
 */

import { END, EnclosedEntries } from './enclosed-entries.js';

const COUNT_UNKNOWN = 254;

/** Reads a zipmap, and checks all of it: field, value, field, value ... */
export class ZipmapReader extends EnclosedEntries {
  private seen = 0;

  constructor(bytes: Buffer) {
    super(bytes, 1);
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
    this.string(length);
    this.take(free);
    this.seen++;
    return !this.failed;
  }
}
