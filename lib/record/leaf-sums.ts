/**
 * Sums of the digests of entries by where their keys are: what two copies of the data compare to find out where they differ.
 *
 *     leaf   16 a slot, by the next 4 bits of the position          2^18 leaves of two words: 2 MiB
 *     sum    of each entry's digest, mixed with its position, in two lanes, in no order
 *
 * A key of which nothing is known that counts adds nothing: it is as if it had never been.
 */

import { SLOT_COUNT, SLOT_SPAN } from '../base/position.js';

export const LEAVES_PER_SLOT = 16;
export const LEAF_COUNT = SLOT_COUNT * LEAVES_PER_SLOT;
/** Positions in one leaf. */
export const LEAF_SPAN = SLOT_SPAN / LEAVES_PER_SLOT;

const TWO_32 = 2 ** 32;

/** Two words, signed. */
export interface Sum {
  high: number;
  low: number;
}

export function leafOf(position: number): number {
  return Math.floor(position / LEAF_SPAN);
}

/** Adds the digest of the entry at a position to a sum. */
export function addDigest(sum: Sum, position: number, high: number, low: number): void {
  const upper = Math.floor(position / TWO_32);
  const lower = position | 0;
  sum.high = (sum.high + mix(mix(high, upper), lower)) | 0;
  sum.low = (sum.low + mix(mix(low, lower), upper)) | 0;
}

export class LeafSums {
  /** Of each leaf, its two words: high, low. */
  readonly words: Int32Array;
  private readonly sum: Sum = { high: 0, low: 0 };

  constructor(words: Int32Array = new Int32Array(2 * LEAF_COUNT)) {
    this.words = words;
  }

  add(position: number, high: number, low: number): void {
    const { words, sum } = this;
    const at = 2 * leafOf(position);
    sum.high = words[at];
    sum.low = words[at + 1];
    addDigest(sum, position, high, low);
    words[at] = sum.high;
    words[at + 1] = sum.low;
  }

  /** The sum of leaves `start` to `end - 1`. */
  sumOf(start: number, end: number): Sum {
    const { words } = this;
    let high = 0;
    let low = 0;
    for (let at = 2 * start; at < 2 * end; at += 2) {
      high = (high + words[at]) | 0;
      low = (low + words[at + 1]) | 0;
    }
    return { high, low };
  }
}

/** The rounds of MurmurHash3's finaliser, over a hash and one word more. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ Math.imul(word, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed + 0x7f4a7c15, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
