/** How long pings take to each member, and how long to wait for one. */

import type { MemberId } from '../ring/member.js';
import type { GossipParameters } from './parameters.js';

/** The weight of a new measurement, as in TCP (RFC 6298). */
const WEIGHT = 1 / 8;

export class RoundTrips {
  private readonly parameters: GossipParameters;
  private readonly smoothedMs = new Map<MemberId, number>();

  constructor(parameters: GossipParameters) {
    this.parameters = parameters;
  }

  add(id: MemberId, measuredMs: number): void {
    const before = this.smoothedMs.get(id) ?? measuredMs;
    this.smoothedMs.set(id, before + (measuredMs - before) * WEIGHT);
  }

  /** The smoothed round trip; undefined if nothing was measured. */
  of(id: MemberId): number | undefined {
    return this.smoothedMs.get(id);
  }

  /** How long to wait for an answer before doing something else. */
  timeoutMs(id: MemberId): number {
    const { probeTimeoutFirstMs, probeTimeoutMinMs, probeTimeoutMaxMs, probeTimeoutRtts } = this.parameters;
    const smoothedMs = this.smoothedMs.get(id);
    if (smoothedMs === undefined) return probeTimeoutFirstMs;
    return Math.min(Math.max(smoothedMs * probeTimeoutRtts, probeTimeoutMinMs), probeTimeoutMaxMs);
  }

  forget(id: MemberId): void {
    this.smoothedMs.delete(id);
  }
}
