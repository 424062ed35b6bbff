/**
 * How long calls took: counts by duration, exact to two decimal digits, from 1 ns to 1 s (what took longer counts as 1 s).
 *
 * The durations double from bucket to bucket, and each bucket is divided evenly: the scheme of HdrHistogram
 * (http://hdrhistogram.org) with two significant digits, which Redis uses too, so that the figures of both compare.
 *
 *     bucket   0: 0 .. 255 ns in steps of 1    1: 256 .. 511 in steps of 2    2: 512 .. 1023 in steps of 4 ...
 */

import type { LatencyDistribution } from '../commands/ports.js';

/** Steps of the first bucket; the others are half full, for their lower halves lie in the bucket before. */
const STEPS = 256;
const HALF = STEPS / 2;
const STEP_BITS = 8;
const NANOSECONDS_MAX = 1_000_000_000;
/** All steps of the bucket of the longest duration. */
const COUNTS = (bucketOf(NANOSECONDS_MAX) + 2) * HALF;

/** The bounds of `cumulative` double from here on. */
const FIRST_BOUND_NS = 1024;

export class LatencyHistogram implements LatencyDistribution {
  count = 0;
  /** Made with the first duration: most commands are never called. */
  private counts: Uint32Array | undefined;

  /** Counts calls that took so long each. Cheap: this is done for each. */
  add(durationUs: number, calls = 1): void {
    const ns = Math.min(Math.max(Math.floor(durationUs * 1000), 1), NANOSECONDS_MAX);
    this.counts ??= new Uint32Array(COUNTS);
    this.counts[indexOf(ns)] += calls;
    this.count += calls;
  }

  reset(): void {
    this.count = 0;
    this.counts = undefined;
  }

  percentileUs(percent: number): number {
    const wanted = Math.max(1, Math.floor((Math.min(percent, 100) / 100) * this.count + 0.5));
    let seen = 0;
    for (let i = 0; i < COUNTS; i++) {
      seen += this.counts?.[i] ?? 0;
      if (seen >= wanted) return highestOf(i) / 1000;
    }
    return 0;
  }

  cumulative(): readonly (readonly [number, number])[] {
    const { counts } = this;
    const steps: [number, number][] = [];
    if (counts === undefined) return steps;
    let seen = 0;
    let index = 0;
    for (let boundNs = FIRST_BOUND_NS; seen < this.count; boundNs *= 2) {
      const before = seen;
      // The step that begins at a bound is still counted, as HdrHistogram does.
      const last = boundNs > NANOSECONDS_MAX ? COUNTS - 1 : indexOf(boundNs);
      for (; index <= last; index++) seen += counts[index];
      if (seen > before) steps.push([Math.floor(highestOf(last) / 1000), seen]);
    }
    return steps;
  }
}

/** The step that `ns` lies in. */
function indexOf(ns: number): number {
  const bucket = bucketOf(ns);
  return bucket * HALF + (ns >>> bucket);
}

function bucketOf(ns: number): number {
  return Math.max(0, 32 - Math.clz32(ns) - STEP_BITS);
}

/** The longest duration that lies in a step. */
function highestOf(index: number): number {
  const bucket = Math.max(0, Math.floor(index / HALF) - 1);
  return (index - bucket * HALF + 1) * 2 ** bucket - 1;
}
