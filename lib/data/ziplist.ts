/**
 * Ziplists, in which Redis kept small lists, hashes and sorted sets before 7.0: they are read, not written.
 *
 *   ziplist  = bytes:u32 tail:u32 count:u16 *(previous element) 11111111        low bytes first; a count of 65535 is one that does not say
 *   tail     = where the last element begins (with what stands before it)
 *   previous = bytes of the element before, with all that belongs to it: u8 below 254 | 11111110 u32
 *   element  = 00LLLLLL bytes
 *            | 01LLLLLL LLLLLLLL bytes                             high byte of the length first
 *            | 10------ u32 bytes                                  high byte of the length first
 *            | 11000000 i16 | 11010000 i32 | 11100000 i64 | 11110000 i24 | 11111110 i8        low byte first
 *            | 1111VVVV                                            V - 1, of 0..12
 */

import { END, EnclosedEntries } from './enclosed-entries.js';
import { integerEntry } from './packed-entries.js';

const HEADER_BYTES = 10;
const TAIL_AT = 4;
const COUNT_AT = 8;
const COUNT_UNKNOWN = 0xffff;

const INTEGER_16 = 0xc0;
const INTEGER_32 = 0xd0;
const INTEGER_64 = 0xe0;
const INTEGER_24 = 0xf0;
const INTEGER_8 = 0xfe;
const SMALL_FIRST = 0xf1;
const SMALL_LAST = 0xfd;

/** Reads a ziplist, and checks all of it. */
export class ZiplistReader extends EnclosedEntries {
  /** Where the element before the next one begins. */
  private previousAt = HEADER_BYTES;
  private seen = 0;

  constructor(bytes: Buffer) {
    super(bytes, HEADER_BYTES);
    const { length } = bytes;
    this.failed =
      length < HEADER_BYTES + 1 ||
      bytes.readUInt32LE(0) !== length ||
      bytes.readUInt32LE(TAIL_AT) > length - 1 ||
      bytes[length - 1] !== END;
  }

  next(): boolean {
    if (this.failed) return false;
    if (this.at === this.bytes.length - 1) {
      this.checkHeader();
      return false;
    }
    const start = this.at;
    const previous = this.length();
    if (previous !== start - this.previousAt) this.failed = true;
    this.readElement();
    this.previousAt = start;
    this.seen++;
    return !this.failed;
  }

  private checkHeader(): void {
    const count = this.bytes.readUInt16LE(COUNT_AT);
    const isTail = this.seen === 0 || this.bytes.readUInt32LE(TAIL_AT) === this.previousAt;
    this.failed = !isTail || (count !== COUNT_UNKNOWN && count !== this.seen);
  }

  private readElement(): void {
    const head = this.byte();
    const { bytes } = this;
    if (head < 0x40) this.string(head);
    else if (head < 0x80) this.string(((head & 0x3f) << 8) | this.byte());
    else if (head < INTEGER_16) this.string(this.take(4) ? bytes.readUInt32BE(this.at - 4) : 0);
    else if (head === INTEGER_16) this.little(2);
    else if (head === INTEGER_24) this.little(3);
    else if (head === INTEGER_32) this.little(4);
    else if (head === INTEGER_8) this.little(1);
    else if (head === INTEGER_64 && this.take(8)) this.entry = integerEntry(bytes.readBigInt64LE(this.at - 8));
    else if (head >= SMALL_FIRST && head <= SMALL_LAST) this.entry = integerEntry(head - SMALL_FIRST);
    else this.failed = true;
  }

  private little(byteCount: number): void {
    if (this.take(byteCount)) this.entry = integerEntry(this.bytes.readIntLE(this.at - byteCount, byteCount));
  }
}
