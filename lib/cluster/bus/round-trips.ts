/** How many of the last round trips are remembered. */
const SAMPLES = 128;
/** The weight of the newest, as in TCP's estimator (RFC 6298). */
const WEIGHT = 1 / 8;

/** How long the last round trips to a peer took: microseconds. */
export class RoundTrips {
  /** The exponentially weighted mean; 0 before the first. */
  meanUs = 0;
  private readonly samples = new Float64Array(SAMPLES);
  private count = 0;

  add(us: number): void {
    this.meanUs = this.count === 0 ? us : this.meanUs + (us - this.meanUs) * WEIGHT;
    this.samples[this.count % SAMPLES] = us;
    this.count++;
  }

  /** What 99 of 100 of them did not exceed; 0 before the first. */
  get p99Us(): number {
    const kept = Math.min(this.count, SAMPLES);
    if (kept === 0) return 0;
    return this.samples.slice(0, kept).sort()[Math.ceil(kept * 0.99) - 1];
  }
}
