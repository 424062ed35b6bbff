/**
 * Reads lengths, strings and DUMP payloads in Redis's RDB format (grammar in rdb-format.ts). The bytes come
 * from clients: nothing is read outside of them, and nothing allocated because a length claims so.
 */
import { crc64 } from '../base/crc64.js';
import { lzfDecompress, lzfExpansionMax } from '../base/lzf.js';
import {
  DUMP_FOOTER_BYTES,
  LENGTH_32_BIT,
  LENGTH_64_BIT,
  RDB_VERSION,
  STRING_INT16,
  STRING_INT32,
  STRING_INT8,
  STRING_LZF,
} from './rdb-format.js';

const EMPTY: Buffer = Buffer.alloc(0);

/** Whether `payload` ends in a version that can be read and in the right checksum. */
export function isDumpIntact(payload: Buffer): boolean {
  if (payload.length < DUMP_FOOTER_BYTES) return false;
  const footer = payload.length - DUMP_FOOTER_BYTES;
  if (payload.readUInt16LE(footer) > RDB_VERSION) return false;
  return payload.readBigUInt64LE(footer + 2) === crc64(payload, 0, footer + 2);
}

/**
 * Reads `bytes` from the front, `end` bytes of it. Past the end or on malformed bytes `failed` is set, for
 * good; what is returned then (0, or an empty buffer) means nothing.
 */
export class RdbReader {
  private readonly bytes: Buffer;
  private readonly end: number;
  private offset = 0;
  failed = false;

  constructor(bytes: Buffer, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = end;
  }

  /** One byte. */
  byte(): number {
    return this.take(1) ? this.bytes[this.offset - 1] : 0;
  }

  /** A length; one beyond 2^53 fails. */
  length(): number {
    return this.lengthAfter(this.byte());
  }

  /** A string, as a view of the bytes when it stands there as it is, else as a buffer of its own. */
  string(): Buffer {
    const first = this.byte();
    switch (first) {
      case STRING_INT8:
        return this.take(1) ? digits(this.bytes.readInt8(this.offset - 1)) : EMPTY;
      case STRING_INT16:
        return this.take(2) ? digits(this.bytes.readInt16LE(this.offset - 2)) : EMPTY;
      case STRING_INT32:
        return this.take(4) ? digits(this.bytes.readInt32LE(this.offset - 4)) : EMPTY;
      case STRING_LZF:
        return this.compressed();
      default:
        return this.raw(this.lengthAfter(first));
    }
  }

  /** A double of 8 bytes, low byte first. */
  double(): number {
    return this.take(8) ? this.bytes.readDoubleLE(this.offset - 8) : 0;
  }

  /** The next `length` bytes, a view of them. */
  bytesOf(length: number): Buffer {
    return this.raw(length);
  }

  /** The length that `first` begins. */
  private lengthAfter(first: number): number {
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    if (first === LENGTH_32_BIT) return this.take(4) ? this.bytes.readUInt32BE(this.offset - 4) : 0;
    if (first === LENGTH_64_BIT && this.take(8)) {
      const length = Number(this.bytes.readBigUInt64BE(this.offset - 8));
      if (Number.isSafeInteger(length)) return length;
    }
    this.failed = true;
    return 0;
  }

  private raw(length: number): Buffer {
    return this.take(length) ? this.bytes.subarray(this.offset - length, this.offset) : EMPTY;
  }

  private compressed(): Buffer {
    const compressedLength = this.length();
    const length = this.length();
    if (length > lzfExpansionMax(compressedLength) || !this.take(compressedLength)) {
      this.failed = true;
      return EMPTY;
    }
    const target = Buffer.allocUnsafe(length);
    if (lzfDecompress(this.bytes, this.offset - compressedLength, this.offset, target) === length) return target;
    this.failed = true;
    return EMPTY;
  }

  /** Moves past `count` bytes, if there are so many and nothing failed before. */
  private take(count: number): boolean {
    if (this.failed || count > this.end - this.offset) {
      this.failed = true;
      return false;
    }
    this.offset += count;
    return true;
  }
}

/** The text of an integer. */
function digits(value: number): Buffer {
  return Buffer.from(String(value), 'latin1');
}
