/**
 * Local health (Lifeguard): how much a member doubts itself, from 0 (well) to 8.
 *
 * Who cannot trust its own senses gives others more time: its probes are fewer and wait longer, and its suspicions last. Failed
 * probes, nacks that did not come, suspicions of itself that it had to refute, and an event loop that stood still raise the score; probes that
 * succeed lower it.
 */

export const HEALTH_SCORE_MAX = 8;

export class Awareness {
  private points = 0;

  get score(): number {
    return this.points;
  }

  /** Adds `delta` points, which may be negative. */
  apply(delta: number): void {
    this.points = Math.min(Math.max(this.points + delta, 0), HEALTH_SCORE_MAX);
  }

  /** A time as it should be in this state of health. */
  scale(timeMs: number): number {
    return timeMs * (1 + this.points);
  }
}

/**
 * Points for a probe that nobody answered. Of `relays` others that were asked, `nacks` said at least that they had no answer either: then the fault
 * is hardly here.
 */
export function failedProbePoints(relays: number, nacks: number): number {
  return relays === 0 ? 1 : relays - nacks;
}

/** Points for an event loop that stood still for `lagMs`: one for each probe that could have been done meanwhile. */
export function lagPoints(lagMs: number, probeIntervalMs: number): number {
  return Math.floor(lagMs / probeIntervalMs);
}
