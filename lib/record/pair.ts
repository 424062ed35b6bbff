/**
 * A pair: the stamp of a write and the ordinal of the node that stamped it. Totally ordered, and no two
 * writes share one, so "the higher pair wins" decides alike on every node.
 */
export interface Pair {
  /** A stamp (base/stamp.ts). */
  readonly stamp: number;
  /** The writing node's ordinal, 0..65535. */
  readonly origin: number;
}

export const ORIGIN_MAX = 65535;

/** Below every pair that a write can have. */
export const PAIR_ZERO: Pair = { stamp: 0, origin: 0 };

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function comparePairs(a: Pair, b: Pair): number {
  return a.stamp - b.stamp || a.origin - b.origin;
}

export function maxPair(a: Pair, b: Pair): Pair {
  return comparePairs(a, b) >= 0 ? a : b;
}

/** A pair that counts only above a stamp: itself, or PAIR_ZERO. */
export function aboveStamp(pair: Pair, stamp: number): Pair {
  return pair.stamp > stamp ? pair : PAIR_ZERO;
}

/** The highest pair below `pair`: what a replacing write deletes up to. */
export function pairBefore(pair: Pair): Pair {
  if (pair.origin > 0) return { stamp: pair.stamp, origin: pair.origin - 1 };
  return pair.stamp > 0 ? { stamp: pair.stamp - 1, origin: ORIGIN_MAX } : PAIR_ZERO;
}
