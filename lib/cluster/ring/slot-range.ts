/** Slots from `start` to `end`, both included, that have the same preference list. */
export interface SlotRange {
  readonly start: number;
  readonly end: number;
  /** Indexes of members, the first replica first. */
  readonly replicas: Uint16Array;
}

/** Slots from `start` to `end`, both included, that have one preference list by one placement, and one by another. */
export interface RangePair {
  readonly start: number;
  readonly end: number;
  readonly old: Uint16Array;
  readonly next: Uint16Array;
}

/** All slots by two placements at once, rising, as the fewest pairs. REQUIRES: both are all slots, rising. */
export function overlaid(old: readonly SlotRange[], next: readonly SlotRange[]): RangePair[] {
  const pairs: RangePair[] = [];
  for (let i = 0, j = 0, start = 0; i < old.length && j < next.length;) {
    const end = Math.min(old[i].end, next[j].end);
    pairs.push({ start, end, old: old[i].replicas, next: next[j].replicas });
    if (old[i].end === end) i++;
    if (next[j].end === end) j++;
    start = end + 1;
  }
  return pairs;
}
