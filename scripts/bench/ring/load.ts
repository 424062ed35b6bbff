/** What is sent to a system that is measured, and what that shows. */

/** Keys are `key:0` and so on. */
export const KEYS = 10_000;

export interface Load {
  readonly connections: number;
  /** Requests of a connection that are under way at a time. */
  readonly pipeline: number;
  readonly seconds: number;
}

export interface LoadFigures {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Counts requests from its construction on, until so many seconds are over. */
export class Latencies {
  private readonly startMs = performance.now();
  private readonly endMs: number;
  private readonly latenciesMs: number[] = [];
  private count = 0;

  constructor(seconds: number) {
    this.endMs = this.startMs + seconds * 1000;
  }

  get isOver(): boolean {
    return performance.now() >= this.endMs;
  }

  /** So many requests were answered together. */
  add(count: number, latencyMs: number): void {
    this.count += count;
    this.latenciesMs.push(latencyMs);
  }

  figures(): LoadFigures {
    const seconds = (performance.now() - this.startMs) / 1000;
    const sorted = Float64Array.from(this.latenciesMs).sort();
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
    return { count: this.count, perSecond: this.count / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
