/**
 * Writes lengths, strings and DUMP payloads in Redis's RDB format (grammar in rdb-format.ts), byte for byte
 * as Redis 7.0 with `rdbcompression yes` does.
 */
import { crc64 } from '../base/crc64.js';
import { parseInteger } from '../base/integer.js';
import { lzfCompress } from '../base/lzf.js';
import {
  DUMP_FOOTER_BYTES,
  LENGTH_14_BIT,
  LENGTH_32_BIT,
  LENGTH_64_BIT,
  RDB_VERSION,
  STRING_INT16,
  STRING_INT32,
  STRING_INT8,
  STRING_LZF,
} from './rdb-format.js';

/** The most that a length takes. */
const LENGTH_BYTES_MAX = 9;

/** Longer strings are not looked at for an integer: -2147483648 has 11 bytes. */
const INTEGER_TEXT_MAX = 11;

/** Shorter strings are never compressed, nor is one of just this length. */
const COMPRESSED_MIN = 20;

/** Compression has to save this many bytes. */
const SAVED_MIN = 4;

/** A growing RDB text. Methods append; `finishDump` ends it and the writer. */
export class RdbWriter {
  private buffer: Buffer;
  private size = 0;

  /** Begins with room for `sizeHint` bytes. */
  constructor(sizeHint = 64) {
    this.buffer = Buffer.allocUnsafe(Math.max(sizeHint, 16));
  }

  /** Appends one byte. */
  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.size++] = value;
  }

  /** Appends a length, 0 .. 2^53 - 1. */
  length(value: number): void {
    this.reserve(LENGTH_BYTES_MAX);
    const bytes = this.buffer;
    if (value < 1 << 6) {
      bytes[this.size++] = value;
    } else if (value < 1 << 14) {
      this.size = bytes.writeUInt16BE((LENGTH_14_BIT << 8) | value, this.size);
    } else if (value < 2 ** 32) {
      bytes[this.size++] = LENGTH_32_BIT;
      this.size = bytes.writeUInt32BE(value, this.size);
    } else {
      bytes[this.size++] = LENGTH_64_BIT;
      this.size = bytes.writeBigUInt64BE(BigInt(value), this.size);
    }
  }

  /** Appends `value` as a string: an integer, compressed, or as it is, whichever Redis would take. */
  string(value: Uint8Array): void {
    if (value.length <= INTEGER_TEXT_MAX && this.tryInteger(parseInteger(value, 0, value.length))) return;
    if (value.length > COMPRESSED_MIN && this.tryCompressed(value)) return;
    this.length(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.size);
    this.size += value.length;
  }

  /** Appends a double in 8 bytes, low byte first. */
  double(value: number): void {
    this.reserve(8);
    this.size = this.buffer.writeDoubleLE(value, this.size);
  }

  /** Appends version and checksum; returns all that was written, as a buffer that the writer no longer touches. */
  finishDump(): Buffer {
    this.reserve(DUMP_FOOTER_BYTES);
    this.size = this.buffer.writeUInt16LE(RDB_VERSION, this.size);
    this.size = this.buffer.writeBigUInt64LE(crc64(this.buffer, 0, this.size), this.size);
    return this.buffer.subarray(0, this.size);
  }

  /** Appends the string of `value` as an integer, unless it is NaN or takes more than 32 bits. */
  private tryInteger(value: number): boolean {
    // NaN is equal to no conversion of itself.
    if ((value | 0) !== value) return false;
    this.reserve(5);
    if (value >= -0x80 && value < 0x80) {
      this.buffer[this.size++] = STRING_INT8;
      this.size = this.buffer.writeInt8(value, this.size);
    } else if (value >= -0x8000 && value < 0x8000) {
      this.buffer[this.size++] = STRING_INT16;
      this.size = this.buffer.writeInt16LE(value, this.size);
    } else {
      this.buffer[this.size++] = STRING_INT32;
      this.size = this.buffer.writeInt32LE(value, this.size);
    }
    return true;
  }

  /** Appends `value` compressed, unless that saves too little. */
  private tryCompressed(value: Uint8Array): boolean {
    const target = Buffer.allocUnsafe(value.length - SAVED_MIN);
    const length = lzfCompress(value, 0, value.length, target);
    if (length === 0) return false;
    this.byte(STRING_LZF);
    this.length(length);
    this.length(value.length);
    this.reserve(length);
    this.buffer.set(target.subarray(0, length), this.size);
    this.size += length;
    return true;
  }

  private reserve(count: number): void {
    const needed = this.size + count;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.size);
    this.buffer = grown;
  }
}
