import type { CellDigest } from './cell-digest.js';

/** Stamps that are summed up together: a second of them, about. */
const SPAN = 2 ** 22;

/** Sums of parts of a digest (cell-digest.ts), and how many parts. */
export interface DigestSum {
  readonly count: number;
  readonly high: number;
  readonly low: number;
}

class Sum implements DigestSum {
  count = 0;
  high = 0;
  low = 0;

  add(sign: 1 | -1, high: number, low: number): void {
    this.count += sign;
    this.high = (this.high + high) | 0;
    this.low = (this.low + low) | 0;
  }
}

/** The last stamp of the last span that ends by `stamp`: what is settled ends there, so that nobody has to look into a span. */
export function endOfSpan(stamp: number): number {
  return Math.floor((stamp + 1) / SPAN) * SPAN - 1;
}

/** Parts of a digest, summed up by when they were stamped: so that those up to a stamp can be left out, however many they are. */
export class AgedDigests {
  private readonly spans = new Map<number, Sum>();
  /** Of all up to `oldUpTo`; no span has any of them. */
  private readonly old = new Sum();
  private oldUpTo = -1;
  private lastNumber = -1;
  private last = this.old;

  /** Counts a part, or takes it away: `after` is the digest with it that was (`high`, `low`) before. */
  add(sign: 1 | -1, stamp: number, high: number, low: number, after: CellDigest): void {
    const sum = this.sumOf(stamp);
    sum.add(sign, after.high - high, after.low - low);
    if (sum.count === 0 && sum !== this.old) this.forget(stamp);
  }

  /** The parts that are stamped up to `stamp`; undefined: they are to be counted one by one. */
  upTo(stamp: number): DigestSum | undefined {
    if (stamp > this.oldUpTo && !this.age(stamp)) return undefined;
    return stamp === this.oldUpTo || this.old.count === 0 ? this.old : undefined;
  }

  /** False if some of the span that the stamp is in are older than it, or may be. */
  private age(stamp: number): boolean {
    const { spans, old } = this;
    if (endOfSpan(stamp) !== stamp && spans.has(Math.floor(stamp / SPAN))) return false;
    for (const [number, sum] of spans) {
      if (number * SPAN > stamp) continue;
      old.count += sum.count;
      old.high = (old.high + sum.high) | 0;
      old.low = (old.low + sum.low) | 0;
      spans.delete(number);
    }
    this.oldUpTo = stamp;
    this.lastNumber = -1;
    return true;
  }

  /** Nothing of the span that the stamp is in is left. */
  private forget(stamp: number): void {
    this.spans.delete(Math.floor(stamp / SPAN));
    this.lastNumber = -1;
  }

  private sumOf(stamp: number): Sum {
    if (stamp <= this.oldUpTo) return this.old;
    const number = Math.floor(stamp / SPAN);
    if (number === this.lastNumber) return this.last;
    let sum = this.spans.get(number);
    if (sum === undefined) this.spans.set(number, (sum = new Sum()));
    this.lastNumber = number;
    return (this.last = sum);
  }
}
