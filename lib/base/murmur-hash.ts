/**
 * MurmurHash64A, the 64-bit MurmurHash2 by Austin Appleby (https://github.com/aappleby/smhasher, public domain), over bytes in
 * little-endian order, whatever the machine's is. Computed in halves of 32 bits: 64 are too many for a JS number, and BigInt too slow.
 */

/** The multiplier, 0xc6a4a7935bd1e995. */
const FACTOR_HIGH = 0xc6a4a793 | 0;
const FACTOR_LOW = 0x5bd1e995;
const FACTOR_LOW_16 = FACTOR_LOW & 0xffff;
const FACTOR_LOW_REST = FACTOR_LOW >>> 16;

/** Shifts go 47 bits to the right: 15 beyond the half. */
const SHIFT_BEYOND_HALF = 15;

/** Leaves the hash in its fields, as signed integers of 32 bits, valid until the next `hash`. */
export class MurmurHash {
  high = 0;
  low = 0;
  private readonly seed: number;

  /** `seed`: 32 bits. */
  constructor(seed: number) {
    this.seed = seed | 0;
  }

  hash(bytes: Uint8Array, start: number, end: number): void {
    this.high = 0;
    this.low = (end - start) | 0;
    this.multiply();
    let high = this.high;
    let low = this.low ^ this.seed;
    const wordsEnd = end - ((end - start) & 7);
    let i = start;
    for (; i < wordsEnd; i += 8) {
      this.low = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      this.high = bytes[i + 4] | (bytes[i + 5] << 8) | (bytes[i + 6] << 16) | (bytes[i + 7] << 24);
      this.multiply();
      this.low ^= this.high >>> SHIFT_BEYOND_HALF;
      this.multiply();
      this.low ^= low;
      this.high ^= high;
      this.multiply();
      low = this.low;
      high = this.high;
    }
    this.low = low;
    this.high = high;
    if (i < end) {
      for (let shift = 0; i < end; i++, shift += 8) {
        if (shift < 32) this.low ^= bytes[i] << shift;
        else this.high ^= bytes[i] << (shift - 32);
      }
      this.multiply();
    }
    this.low ^= this.high >>> SHIFT_BEYOND_HALF;
    this.multiply();
    this.low ^= this.high >>> SHIFT_BEYOND_HALF;
  }

  /** Multiplies the hash by the factor, mod 2^64. */
  private multiply(): void {
    const { high, low } = this;
    const low16 = low & 0xffff;
    const rest = low >>> 16;
    // low * FACTOR_LOW in full, by halves of 16 bits; none of the sums reaches 2^32.
    const first = Math.imul(low16, FACTOR_LOW_16) >>> 16;
    const second = (Math.imul(rest, FACTOR_LOW_16) >>> 0) + first;
    const third = (Math.imul(low16, FACTOR_LOW_REST) >>> 0) + (second & 0xffff);
    const carried = Math.imul(rest, FACTOR_LOW_REST) + (second >>> 16) + (third >>> 16);
    this.high = (carried + Math.imul(high, FACTOR_LOW) + Math.imul(low, FACTOR_HIGH)) | 0;
    this.low = Math.imul(low, FACTOR_LOW);
  }
}
