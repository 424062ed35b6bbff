import { crc16 } from './crc16.js';

/**
 * The position of a key: one number for its place on the ring, the order of SSTables, the SCAN cursor,
 * the Merkle leaf and the bloom filter (design, section 1).
 *
 *     position = slot * 2^39 + 39 bits of hash          a safe integer, below 2^53
 *     slot     = CRC16(hash tag, or the key) mod 16384  as Redis Cluster has it
 *     hash     = HalfSipHash-1-3 (64-bit output) of the whole key under the position key
 *
 * Keyed, so that a client cannot choose keys that collide. HalfSipHash: Aumasson and Bernstein, the 32-bit
 * sibling of SipHash (https://github.com/veorq/SipHash); 1-3 rounds, as Linux uses it for hash tables.
 */

export const SLOT_COUNT = 16384;
/** Positions run from 0 to POSITION_LIMIT - 1. */
export const POSITION_LIMIT = 2 ** 53;
/** The positions of fields run from 0 to FIELD_POSITION_LIMIT - 1: a 32nd part, one block of a resident table. */
export const FIELD_POSITION_LIMIT = 2 ** 48;
/** Positions in one slot. */
export const SLOT_SPAN = 2 ** 39;
/** Bytes of a position key. */
export const POSITION_KEY_BYTES = 8;

const TWO_32 = 4294967296;
/** Keys up to this length can be kept. */
const KEPT_BYTES_MAX = 64;
const NONE = -1;

/** The slot that `bytes[start, end)` hashes to: by its `{tag}` where it has one that is not empty. */
export function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const open = bracketOf(bytes, start, end);
  if (open === NONE) return crc16(bytes, start, end) & (SLOT_COUNT - 1);
  const close = closingOf(bytes, open, end);
  return crc16(bytes, open + 1, close) & (SLOT_COUNT - 1);
}

/** Whether a key has a `{tag}`: so it lies in one slot with others, and may be used with them. */
export function hasTag(bytes: Uint8Array, start: number, end: number): boolean {
  return bracketOf(bytes, start, end) !== NONE;
}

/** Where a tag begins that is not empty, with its bracket. */
function bracketOf(bytes: Uint8Array, start: number, end: number): number {
  let open = start;
  while (open < end && bytes[open] !== 0x7b) open++;
  if (open === end) return NONE;
  const close = closingOf(bytes, open, end);
  return close < end && close > open + 1 ? open : NONE;
}

/** Where the bracket is that closes the one at `open`. */
function closingOf(bytes: Uint8Array, open: number, end: number): number {
  let close = open + 1;
  while (close < end && bytes[close] !== 0x7d) close++;
  return close;
}

/**
 * Computes positions without allocating: the result is left in the fields, valid until the next `hash`.
 *
 * `high` are the position's upper 21 bits (slot and 7 bits of hash), `low` the lower 32 as a signed
 * integer: both are small integers to the engine, where the position itself would be a boxed double.
 */
export class PositionHasher {
  slot = 0;
  high = 0;
  low = 0;
  private readonly k0: number;
  private readonly k1: number;
  private readonly ofFields: boolean;
  /** The key that the fields are of, if it was kept: its first `keptLength` bytes; NONE without one. */
  private readonly kept = new Uint8Array(KEPT_BYTES_MAX);
  private keptLength = NONE;

  /** `key` is POSITION_KEY_BYTES long. `ofFields`: for the fields of a collection, which are in no slot; positions are below FIELD_POSITION_LIMIT then. */
  constructor(key: Uint8Array, ofFields = false) {
    this.ofFields = ofFields;
    const view = new DataView(key.buffer, key.byteOffset, POSITION_KEY_BYTES);
    this.k0 = view.getInt32(0, true);
    this.k1 = view.getInt32(4, true);
  }

  /** A hasher of fields, under the same key. */
  forFields(): PositionHasher {
    const key = new DataView(new ArrayBuffer(POSITION_KEY_BYTES));
    key.setInt32(0, this.k0, true);
    key.setInt32(4, this.k1, true);
    return new PositionHasher(new Uint8Array(key.buffer), true);
  }

  /** The position of the last key hashed. */
  get position(): number {
    return this.high * TWO_32 + (this.low >>> 0);
  }

  /** The key hashed last, which this is, is likely to be the next one, too: if it is, nothing is computed. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    // What is kept is always what was hashed last.
    if (this.keptLength !== NONE || length > KEPT_BYTES_MAX) return;
    for (let i = 0; i < length; i++) this.kept[i] = bytes[start + i];
    this.keptLength = length;
  }

  hash(bytes: Uint8Array, start: number, end: number): void {
    if (this.keptLength !== NONE) {
      if (this.isKept(bytes, start, end)) return;
      this.keptLength = NONE;
    }
    this.compute(bytes, start, end);
  }

  private isKept(bytes: Uint8Array, start: number, end: number): boolean {
    const { kept, keptLength } = this;
    if (keptLength !== end - start) return false;
    for (let i = 0; i < keptLength; i++) if (kept[i] !== bytes[start + i]) return false;
    return true;
  }

  private compute(bytes: Uint8Array, start: number, end: number): void {
    let v0 = this.k0;
    let v1 = this.k1;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1 ^ 0;
    v1 ^= 0xee;
    const wordsEnd = end - ((end - start) & 3);
    let i = start;
    for (; i < wordsEnd; i += 4) {
      const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    let word = (end - start) << 24;
    if (i + 2 < end) word |= bytes[i + 2] << 16;
    if (i + 1 < end) word |= bytes[i + 1] << 8;
    if (i < end) word |= bytes[i];
    v3 ^= word;
    // The word's round, three rounds of finalisation, and three more for the second half of the output.
    for (let round = 0; round < 7; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (round === 0) {
        v0 ^= word;
        v2 ^= 0xee;
      } else if (round === 3) {
        this.low = v1 ^ v3;
        v1 ^= 0xdd;
      }
    }
    if (this.ofFields) {
      this.high = (v1 ^ v3) & 0xffff;
      return;
    }
    this.slot = slotOf(bytes, start, end);
    this.high = (this.slot << 7) | ((v1 ^ v3) & 0x7f);
  }
}
