/**
 * Ranges of positions that are asked about from the lowest position to the highest: what lies deeper than the inputs of a compaction, or is dead in a table.
 */
export class PositionRanges {
  /** Disjoint, rising: first, last, first, last ... */
  private readonly ends: Float64Array;
  private at = 0;

  /** `pairs` are first and last position (inclusive) of each range, in any order; they may overlap. */
  constructor(pairs: Float64Array) {
    this.ends = disjoint(pairs);
  }

  /** Is `position` in a range? REQUIRES: no higher one was asked about before. */
  has(position: number): boolean {
    return this.endOf(position) >= 0;
  }

  /** The last position of the range that `position` is in; -1 if it is in none. REQUIRES: as `has`. */
  endOf(position: number): number {
    const { ends } = this;
    while (this.at < ends.length && ends[this.at + 1] < position) this.at += 2;
    return this.at < ends.length && ends[this.at] <= position ? ends[this.at + 1] : -1;
  }
}

function disjoint(pairs: Float64Array): Float64Array {
  const ranges = Array.from({ length: pairs.length / 2 }, (_, i) => ({ first: pairs[2 * i], last: pairs[2 * i + 1] }));
  ranges.sort((a, b) => a.first - b.first);
  const ends: number[] = [];
  for (const { first, last } of ranges) {
    if (ends.length > 0 && first <= ends[ends.length - 1]) {
      ends[ends.length - 1] = Math.max(ends[ends.length - 1], last);
    } else ends.push(first, last);
  }
  return Float64Array.from(ends);
}
