/**
 * Listpacks: strings and integers in one row of bytes (https://github.com/antirez/listpack). Redis 7.0 keeps small hashes and sorted sets in one, and
 * lists in several.
 *
 *   listpack = bytes:u32 count:u16 *(element back) 11111111        low bytes first; a count of 65535 is one that does not say
 *   element  = 0VVVVVVV                                            integers of 7, 13, 16, 24, 32 and 64 bits
 *            | 110VVVVV VVVVVVVV                                   high byte first
 *            | 11110001 i16 | 11110010 i24 | 11110011 i32 | 11110100 i64        low byte first
 *            | 10LLLLLL bytes                                      strings
 *            | 1110LLLL LLLLLLLL bytes                             high byte of the length first
 *            | 11110000 u32 bytes                                  low byte first
 *   back     = bytes of the element, in 1..5 bytes of 7 bits, high ones first; all but the first have their highest bit set
 */

import { parseInteger, parseInteger64 } from '../base/integer.js';
import { NO_ENTRY, integerEntry } from './packed-entries.js';
import type { PackedEntries } from './packed-entries.js';

const HEADER_BYTES = 6;
const COUNT_AT = 4;
const END = 0xff;
const COUNT_UNKNOWN = 0xffff;

const STRING_6_BIT = 0x80;
const INTEGER_13_BIT = 0xc0;
const STRING_12_BIT = 0xe0;
const STRING_32_BIT = 0xf0;
const INTEGER_16_BIT = 0xf1;
const INTEGER_24_BIT = 0xf2;
const INTEGER_32_BIT = 0xf3;
const INTEGER_64_BIT = 0xf4;

/** -9223372036854775808 has so many characters: longer texts are no integers. */
const INTEGER_TEXT_MAX = 20;
/** What an element takes beside its bytes, at most. */
const OVERHEAD_BYTES = 10;
/** Of how many bytes the size of an element is written, by Redis's own limits, one below what would fit. */
const BACK_LIMITS = [127, 16382, 2097150, 268435454];

/** A listpack that is being written, byte for byte as Redis does it. */
export class ListpackWriter {
  private bytes: Buffer;
  private size = HEADER_BYTES;
  count = 0;

  constructor(sizeHint = 64) {
    this.bytes = Buffer.allocUnsafe(Math.max(sizeHint, 64));
  }

  /** Bytes of the whole, were it finished now. */
  get byteLength(): number {
    return this.size + 1;
  }

  /** Appends an element: as an integer if it is the text of one. */
  append(element: Uint8Array): void {
    this.reserve(element.length + OVERHEAD_BYTES);
    const start = this.size;
    if (element.length > INTEGER_TEXT_MAX || !this.tryInteger(element)) this.string(element);
    this.back(this.size - start);
    this.count++;
  }

  /** Ends it. What is returned is no longer touched. */
  finish(): Buffer {
    this.reserve(1);
    const { bytes } = this;
    bytes[this.size++] = END;
    bytes.writeUInt32LE(this.size, 0);
    bytes.writeUInt16LE(Math.min(this.count, COUNT_UNKNOWN), COUNT_AT);
    return bytes.subarray(0, this.size);
  }

  private tryInteger(text: Uint8Array): boolean {
    const value = parseInteger(text, 0, text.length);
    if (!Number.isNaN(value)) {
      this.integer(value);
      return true;
    }
    const long = parseInteger64(text, 0, text.length);
    if (long !== undefined) this.long(long);
    return long !== undefined;
  }

  private integer(value: number): void {
    const { bytes } = this;
    if (value >= 0 && value < 0x80) bytes[this.size++] = value;
    else if (value >= -0x1000 && value < 0x1000) {
      this.size = bytes.writeUInt16BE((INTEGER_13_BIT << 8) | (value & 0x1fff), this.size);
    } else if (value >= -0x8000 && value < 0x8000) this.little(INTEGER_16_BIT, value, 2);
    else if (value >= -0x800000 && value < 0x800000) this.little(INTEGER_24_BIT, value, 3);
    else if (value >= -0x80000000 && value < 0x80000000) this.little(INTEGER_32_BIT, value, 4);
    else this.long(BigInt(value));
  }

  private little(head: number, value: number, byteCount: number): void {
    this.bytes[this.size++] = head;
    this.size = this.bytes.writeIntLE(value, this.size, byteCount);
  }

  private long(value: bigint): void {
    this.bytes[this.size++] = INTEGER_64_BIT;
    this.size = this.bytes.writeBigInt64LE(value, this.size);
  }

  private string(element: Uint8Array): void {
    const { bytes } = this;
    const { length } = element;
    if (length < 1 << 6) bytes[this.size++] = STRING_6_BIT | length;
    else if (length < 1 << 12) this.size = bytes.writeUInt16BE((STRING_12_BIT << 8) | length, this.size);
    else {
      bytes[this.size++] = STRING_32_BIT;
      this.size = bytes.writeUInt32LE(length, this.size);
    }
    bytes.set(element, this.size);
    this.size += length;
  }

  private back(length: number): void {
    for (let left = backBytes(length) - 1, first = true; left >= 0; left--, first = false) {
      this.bytes[this.size++] = backByte(length, left, first);
    }
  }

  private reserve(count: number): void {
    const needed = this.size + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.size);
    this.bytes = grown;
  }
}

/** Reads a listpack, and checks all of it. */
export class ListpackReader implements PackedEntries {
  entry: Buffer = NO_ENTRY;
  failed: boolean;
  private readonly bytes: Buffer;
  private at = HEADER_BYTES;
  private seen = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const { length } = bytes;
    this.failed = length < HEADER_BYTES + 1 || bytes.readUInt32LE(0) !== length || bytes[length - 1] !== END;
  }

  next(): boolean {
    if (this.failed) return false;
    if (this.at === this.bytes.length - 1) {
      const count = this.bytes.readUInt16LE(COUNT_AT);
      this.failed = count !== COUNT_UNKNOWN && count !== this.seen;
      return false;
    }
    const start = this.at;
    this.readElement(this.bytes[this.at++]);
    this.checkBack(this.at - start);
    this.seen++;
    return !this.failed;
  }

  private readElement(head: number): void {
    if (head < STRING_6_BIT) this.entry = integerEntry(head);
    else if (head < INTEGER_13_BIT) this.string(head & 0x3f);
    else if (head < STRING_12_BIT) this.integer13(head);
    else if (head < STRING_32_BIT) this.string(this.take(1) ? ((head & 0xf) << 8) | this.bytes[this.at - 1] : 0);
    else if (head === STRING_32_BIT) this.string(this.take(4) ? this.bytes.readUInt32LE(this.at - 4) : 0);
    else if (head === INTEGER_16_BIT) this.little(2);
    else if (head === INTEGER_24_BIT) this.little(3);
    else if (head === INTEGER_32_BIT) this.little(4);
    else if (head === INTEGER_64_BIT && this.take(8)) this.entry = integerEntry(this.bytes.readBigInt64LE(this.at - 8));
    else this.failed = true;
  }

  private integer13(head: number): void {
    if (!this.take(1)) return;
    const bits = ((head & 0x1f) << 8) | this.bytes[this.at - 1];
    this.entry = integerEntry((bits << 19) >> 19);
  }

  private little(byteCount: number): void {
    if (this.take(byteCount)) this.entry = integerEntry(this.bytes.readIntLE(this.at - byteCount, byteCount));
  }

  private string(length: number): void {
    if (this.take(length)) this.entry = this.bytes.subarray(this.at - length, this.at);
  }

  private checkBack(length: number): void {
    const count = backBytes(length);
    if (!this.take(count)) return;
    for (let i = 0; i < count; i++) {
      if (this.bytes[this.at - count + i] !== backByte(length, count - 1 - i, i === 0)) this.failed = true;
    }
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

/** In how many bytes the length of an element is written. */
function backBytes(length: number): number {
  let count = 1;
  for (const limit of BACK_LIMITS) if (length > limit) count++;
  return count;
}

/** The byte of a length that `left` others follow. */
function backByte(length: number, left: number, first: boolean): number {
  const bits = (length >>> (7 * left)) & 0x7f;
  return first ? bits : bits | 0x80;
}
