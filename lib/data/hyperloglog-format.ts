/**
 * How a HyperLogLog lies in a string, byte for byte as in Redis 7.0.
 *
 *   value       = "HYLL" encoding 3*00 cardinality registers
 *   encoding    = 00 (dense) | 01 (sparse)
 *   cardinality = 8 bytes, low first: the last count; the highest bit says that it is stale
 *   dense       = 16384 registers of 6 bits each, from the lowest bit of the first byte up
 *   sparse      = 1*opcode, for 16384 registers in all
 *   opcode      = 00LLLLLL                L + 1 registers are 0
 *               | 01LLLLLL LLLLLLLL       the same, high bits of L first
 *               | 1VVVVVLL                L + 1 registers are V + 1
 *
 * The strings come from clients: a sparse value may hold anything.
 */

export const REGISTER_COUNT = 1 << 14;
const REGISTER_BITS = 6;
export const REGISTER_MAX = (1 << REGISTER_BITS) - 1;

export const HEADER_BYTES = 16;
export const DENSE_BYTES = HEADER_BYTES + (REGISTER_COUNT * REGISTER_BITS) / 8;

const ENCODING_AT = 4;
const CARDINALITY_AT = 8;
/** The highest bit of the cardinality. */
const STALE_AT = 15;
const STALE = 0x80;
/** The upper 32 bits of 2^53. */
const HIGH_OF_UNSAFE = 2 ** 21;

export const DENSE = 0;
export const SPARSE = 1;
const MAGIC = [0x48, 0x59, 0x4c, 0x4c];

export const VALUE_OPCODE = 0x80;
export const LONG_ZERO_OPCODE = 0x40;
/** The most registers that each opcode is good for, and the largest value that one can hold. */
export const ZERO_RUN_MAX = 64;
export const VALUE_RUN_MAX = 4;
export const SPARSE_VALUE_MAX = 32;

/** Whether the string at `bytes[start, start + length)` is a HyperLogLog, as far as its head and its length tell. */
export function isHyperLogLog(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[start + i] !== byte)) return false;
  const encoding = bytes[start + ENCODING_AT];
  return encoding === SPARSE || (encoding === DENSE && length === DENSE_BYTES);
}

/** DENSE or SPARSE. */
export function encodingAt(bytes: Uint8Array, start: number): number {
  return bytes[start + ENCODING_AT];
}

export function setEncoding(bytes: Uint8Array, start: number, encoding: number): void {
  bytes[start + ENCODING_AT] = encoding;
}

/** Writes the head of a HyperLogLog without elements. */
export function writeHeader(bytes: Uint8Array, start: number, encoding: number): void {
  bytes.fill(0, start, start + HEADER_BYTES);
  bytes.set(MAGIC, start);
  setEncoding(bytes, start, encoding);
}

/** Whether the cardinality in the head is no longer that of the registers. */
export function isStale(bytes: Uint8Array, start: number): boolean {
  return (bytes[start + STALE_AT] & STALE) !== 0;
}

export function markStale(bytes: Uint8Array, start: number): void {
  bytes[start + STALE_AT] |= STALE;
}

/** The cardinality in the head, as a bigint only where it is no safe integer. REQUIRES: it is not stale. */
export function cachedCardinality(bytes: Buffer, start: number): number | bigint {
  const high = bytes.readUInt32LE(start + CARDINALITY_AT + 4);
  if (high < HIGH_OF_UNSAFE) return high * 2 ** 32 + bytes.readUInt32LE(start + CARDINALITY_AT);
  return bytes.readBigUInt64LE(start + CARDINALITY_AT);
}

/** Puts the cardinality in the head, as a signed integer of 64 bits: a negative one is stale. */
export function cacheCardinality(bytes: Buffer, start: number, cardinality: bigint): void {
  bytes.writeBigInt64LE(cardinality, start + CARDINALITY_AT);
}

/** The value of a dense register. */
export function denseRegister(bytes: Uint8Array, start: number, register: number): number {
  const bit = register * REGISTER_BITS;
  const at = start + HEADER_BYTES + (bit >> 3);
  // Of the last register, nothing is in the byte behind it.
  return ((bytes[at] >> (bit & 7)) | (bytes[at + 1] << (8 - (bit & 7)))) & REGISTER_MAX;
}

export function setDenseRegister(bytes: Uint8Array, start: number, register: number, value: number): void {
  const bit = register * REGISTER_BITS;
  const at = start + HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  bytes[at] = (bytes[at] & ~(REGISTER_MAX << shift)) | (value << shift);
  if (shift <= 8 - REGISTER_BITS) return;
  bytes[at + 1] = (bytes[at + 1] & ~(REGISTER_MAX >> (8 - shift))) | (value >> (8 - shift));
}

export function isValue(opcode: number): boolean {
  return (opcode & VALUE_OPCODE) !== 0;
}

export function isLongZero(opcode: number): boolean {
  return (opcode & (VALUE_OPCODE | LONG_ZERO_OPCODE)) === LONG_ZERO_OPCODE;
}

/** Bytes of an opcode. */
export function opcodeBytes(opcode: number): number {
  return isLongZero(opcode) ? 2 : 1;
}

/** How many registers an opcode is good for; `second` is the byte behind it. */
export function runLength(opcode: number, second: number): number {
  if (isValue(opcode)) return (opcode & 3) + 1;
  return isLongZero(opcode) ? (((opcode & 0x3f) << 8) | second) + 1 : (opcode & 0x3f) + 1;
}

/** What the registers of a value opcode hold. */
export function runValue(opcode: number): number {
  return ((opcode >> 2) & 0x1f) + 1;
}

/** The opcode for `length` registers, 1..4, of `value`, 1..32. */
export function valueOpcode(value: number, length: number): number {
  return VALUE_OPCODE | ((value - 1) << 2) | (length - 1);
}

/** Writes the opcode for `length` registers of 0, none if that is 0; returns the offset behind it. */
export function writeZeros(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return at;
  if (length > ZERO_RUN_MAX) bytes[at++] = LONG_ZERO_OPCODE | ((length - 1) >> 8);
  bytes[at++] = (length - 1) & 0xff;
  return at;
}
