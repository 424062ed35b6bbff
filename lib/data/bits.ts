/**
 * Bit algorithms over `buffer[start, end)`: BITCOUNT, BITPOS, BITOP. Bit 0 is the highest bit of the
 * first byte, as in Redis. Short strings are taken without allocating; on long ones a view of 32-bit words,
 * where they are aligned, halves the time or better.
 */

/** BITOP's operations of several sources; NOT has a function of its own. */
export type BitOperation = 'and' | 'or' | 'xor';

/** From how many bytes on a view of words pays. */
const WORDS_MIN_BYTES = 256;

/** How many bits are set in `buffer[start, end)`. */
export function bitCount(buffer: Uint8Array, start: number, end: number): number {
  let count = 0;
  let i = start;
  if (end - start >= WORDS_MIN_BYTES) {
    for (; !isAligned(buffer, i); i++) count += popCount(buffer[i]);
    const words = wordsOf(buffer, i, end);
    for (let j = 0; j < words.length; j++) count += popCount(words[j]);
    i += words.byteLength;
  }
  for (; i + 4 <= end; i += 4) count += popCount(wordAt(buffer, i));
  for (; i < end; i++) count += popCount(buffer[i]);
  return count;
}

/**
 * How many of the bits `[first, last]` are set; they count from byte `start`. REQUIRES: 0 <= first <= last, and the
 * buffer holds them.
 */
export function bitCountBetween(buffer: Uint8Array, start: number, first: number, last: number): number {
  const firstByte = start + Math.floor(first / 8);
  const lastByte = start + Math.floor(last / 8);
  if (firstByte === lastByte) return popCount(buffer[firstByte] & headMask(first) & tailMask(last));
  return (
    popCount(buffer[firstByte] & headMask(first)) +
    bitCount(buffer, firstByte + 1, lastByte) +
    popCount(buffer[lastByte] & tailMask(last))
  );
}

/**
 * The first of the bits `[first, last]` that is `bit`, or -1 if there is none; they count from byte `start`, and so
 * does the answer. REQUIRES: 0 <= first <= last, and the buffer holds them.
 */
export function bitPosition(buffer: Uint8Array, start: number, first: number, last: number, bit: 0 | 1): number {
  // Looks for a set bit, in the bytes turned over when a clear one is wanted.
  const flip = bit === 1 ? 0 : -1;
  const lastByte = start + Math.floor(last / 8);
  let at = start + Math.floor(first / 8);
  let byte = (buffer[at] ^ flip) & headMask(first);
  if (byte === 0 && at < lastByte) {
    at++;
    while (at + 4 <= lastByte && wordAt(buffer, at) === flip) at += 4;
    while (at < lastByte && ((buffer[at] ^ flip) & 0xff) === 0) at++;
    byte = (buffer[at] ^ flip) & 0xff;
  }
  if (at === lastByte) byte &= tailMask(last);
  return byte === 0 ? -1 : (at - start) * 8 + Math.clz32(byte) - 24;
}

/**
 * One step of BITOP: `target = target <operation> source`, the shorter source followed by zeros.
 * REQUIRES: the source is not longer than the target. Begin with a copy of the first source, zeros behind it.
 */
export function bitOp(
  operation: BitOperation,
  target: Uint8Array,
  targetStart: number,
  targetEnd: number,
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
): void {
  const length = sourceEnd - sourceStart;
  let done = 0;
  if (length >= WORDS_MIN_BYTES) {
    while (!isAligned(target, targetStart + done)) done++;
    combine(operation, target, targetStart, source, sourceStart, done);
    if (isAligned(source, sourceStart + done)) {
      const words = wordsOf(source, sourceStart + done, sourceEnd);
      combine(operation, wordsOf(target, targetStart + done, targetEnd), 0, words, 0, words.length);
      done += words.byteLength;
    }
  }
  combine(operation, target, targetStart + done, source, sourceStart + done, length - done);
  if (operation === 'and') target.fill(0, targetStart + length, targetEnd);
}

/** BITOP NOT: turns every bit of `buffer[start, end)` over. */
export function bitNot(buffer: Uint8Array, start: number, end: number): void {
  let i = start;
  if (end - start >= WORDS_MIN_BYTES) {
    for (; !isAligned(buffer, i); i++) buffer[i] ^= 0xff;
    const words = wordsOf(buffer, i, end);
    for (let j = 0; j < words.length; j++) words[j] = ~words[j];
    i += words.byteLength;
  }
  for (; i < end; i++) buffer[i] ^= 0xff;
}

/** `target[targetAt + i] = target[targetAt + i] <operation> source[sourceAt + i]` for i in [0, count): bytes or words. */
function combine(
  operation: BitOperation,
  target: Uint8Array | Int32Array,
  targetAt: number,
  source: Uint8Array | Int32Array,
  sourceAt: number,
  count: number,
): void {
  switch (operation) {
    case 'and':
      for (let i = 0; i < count; i++) target[targetAt + i] &= source[sourceAt + i];
      return;
    case 'or':
      for (let i = 0; i < count; i++) target[targetAt + i] |= source[sourceAt + i];
      return;
    case 'xor':
      for (let i = 0; i < count; i++) target[targetAt + i] ^= source[sourceAt + i];
  }
}

/** Whether a word may begin at `buffer[at]`. */
function isAligned(buffer: Uint8Array, at: number): boolean {
  return ((buffer.byteOffset + at) & 3) === 0;
}

/** The whole words in `buffer[start, end)`. REQUIRES: isAligned(buffer, start). */
function wordsOf(buffer: Uint8Array, start: number, end: number): Int32Array {
  return new Int32Array(buffer.buffer, buffer.byteOffset + start, (end - start) >> 2);
}

/** Four bytes as a 32-bit number; -1 when all bits are set. */
function wordAt(buffer: Uint8Array, at: number): number {
  return buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24);
}

/** Set bits of a 32-bit number: sums of 2, 4, 8 neighbouring bits, then of the four bytes by one multiplication. */
function popCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The bits of a byte from bit `first` (mod 8) on. */
function headMask(first: number): number {
  return 0xff >> (first % 8);
}

/** The bits of a byte up to bit `last` (mod 8). */
function tailMask(last: number): number {
  return (0xff << (7 - (last % 8))) & 0xff;
}
