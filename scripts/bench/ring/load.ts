/** What is sent to a system that is measured, and what that shows. */

/** Keys are `key:0` and so on. */
export const KEYS = 10_000;

/** The key that is asked for next; undefined: the load is over. */
export type NextKey = () => string | undefined;

/** Any of them, for so many seconds from now on. */
export function keysAtRandom(seconds: number): NextKey {
  const endMs = performance.now() + seconds * 1000;
  return () => (performance.now() < endMs ? `key:${Math.floor(Math.random() * KEYS)}` : undefined);
}

/** Those from `from` up to `to`, each once. */
export function keysInOrder(from: number, to: number): NextKey {
  let next = from;
  return () => (next < to ? `key:${next++}` : undefined);
}

export interface Load {
  readonly connections: number;
  /** Requests of a connection that are under way at a time. */
  readonly pipeline: number;
  readonly nextKey: NextKey;
}

export interface LoadFigures {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Counts requests from its construction on. */
export class Latencies {
  private readonly startMs = performance.now();
  private readonly latenciesMs: number[] = [];
  private count = 0;

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
