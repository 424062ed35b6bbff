/** Datagrams that were dropped, by reason; and when to say so. Anybody can send garbage: the log must not grow by it. */

import { DROP_REASONS, type DropReason } from './packet.js';

const LOG_INTERVAL_MS = 60_000;

export class DropCounts {
  private readonly counts = new Map<DropReason, number>(DROP_REASONS.map((reason) => [reason, 0]));
  private readonly loggedMs = new Map<DropReason, number>();

  /** Counts one. True if it is to be logged: the first of its kind in a minute. */
  add(reason: DropReason, nowMs: number): boolean {
    this.counts.set(reason, this.of(reason) + 1);
    const lastMs = this.loggedMs.get(reason);
    if (lastMs !== undefined && nowMs - lastMs < LOG_INTERVAL_MS) return false;
    this.loggedMs.set(reason, nowMs);
    return true;
  }

  of(reason: DropReason): number {
    return this.counts.get(reason) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
