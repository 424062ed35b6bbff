/**
 * Intsets, in which Redis keeps small sets of integers.
 *
 *   intset = width:u32 count:u32 1*integer        low bytes first; the integers of `width` bytes (2, 4 or 8), each larger than the one before
 */

import { NO_ENTRY, integerEntry } from './packed-entries.js';
import type { PackedEntries } from './packed-entries.js';

const HEADER_BYTES = 8;
const COUNT_AT = 4;

/** The intset of `values`, which are different, in any order, and of 64 bits. */
export function encodeIntset(values: readonly bigint[]): Buffer {
  const sorted = BigInt64Array.from(values).sort();
  const { length } = sorted;
  const width = length === 0 ? 2 : Math.max(widthOf(sorted[0]), widthOf(sorted[length - 1]));
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(length, COUNT_AT);
  sorted.forEach((value, i) => {
    const at = HEADER_BYTES + i * width;
    if (width === 8) bytes.writeBigInt64LE(value, at);
    else bytes.writeIntLE(Number(value), at, width);
  });
  return bytes;
}

/** Reads an intset, and checks all of it. */
export class IntsetReader implements PackedEntries {
  entry: Buffer = NO_ENTRY;
  failed: boolean;
  private readonly bytes: Buffer;
  private readonly width: number = 0;
  private at = HEADER_BYTES;
  private previous: bigint | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.failed = bytes.length <= HEADER_BYTES;
    if (this.failed) return;
    this.width = bytes.readUInt32LE(0);
    const count = bytes.readUInt32LE(COUNT_AT);
    const isWidth = this.width === 2 || this.width === 4 || this.width === 8;
    this.failed = !isWidth || HEADER_BYTES + count * this.width !== bytes.length;
  }

  next(): boolean {
    const { bytes, width, at, previous } = this;
    if (this.failed || at === bytes.length) return false;
    const value = width === 8 ? bytes.readBigInt64LE(at) : BigInt(bytes.readIntLE(at, width));
    this.at += width;
    this.previous = value;
    this.failed = previous !== undefined && value <= previous;
    this.entry = integerEntry(value);
    return !this.failed;
  }
}

/** The bytes that an integer takes. */
function widthOf(value: bigint): number {
  if (BigInt.asIntN(16, value) === value) return 2;
  return BigInt.asIntN(32, value) === value ? 4 : 8;
}
