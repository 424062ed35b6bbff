/**
 * The suspicion of one member (Lifeguard): how long it has to refute before it is declared dead.
 *
 * The fewer others confirm it, the longer: who alone suspects has more reason to doubt itself. Time runs from when this member began to
 * suspect, in lived time.
 */

import type { MemberId } from '../ring/member.js';
import type { GossipParameters } from './parameters.js';

export class Suspicion {
  readonly incarnation: number;
  private readonly startedMs: number;
  private readonly accusers = new Set<MemberId>();

  /** `from` began it: it is no confirmation. */
  constructor(from: MemberId, incarnation: number, startedMs: number) {
    this.accusers.add(from);
    this.incarnation = incarnation;
    this.startedMs = startedMs;
  }

  /** How many others have said the same. */
  get confirmations(): number {
    return this.accusers.size - 1;
  }

  /** `from` suspects it, too. True if that counts, and is to be told on: it is new, and not more than `confirmationsMax`. */
  confirm(from: MemberId, confirmationsMax: number): boolean {
    if (this.accusers.has(from) || this.confirmations >= confirmationsMax) return false;
    this.accusers.add(from);
    return true;
  }

  isOver(parameters: GossipParameters, members: number, health: number, nowMs: number): boolean {
    return nowMs - this.startedMs >= suspicionTimeoutMs(parameters, this.confirmations, members, health);
  }
}

/**
 * How long a suspicion lasts in a cluster of `members` (this one and the suspect among them), for a member with this health score.
 *
 *     least = suspicionMinMs * max(1, log10(members)), times 1 + health but never above most
 *     most  = suspicionMaxFactor times that of a healthy member
 *     time  = most - (most - least) * log(confirmations + 1) / log(k + 1),  k = min(confirmationsMax, members - 2)
 *
 * With two members nobody can confirm (k = 0): the least.
 */
export function suspicionTimeoutMs(
  parameters: GossipParameters,
  confirmations: number,
  members: number,
  health: number,
): number {
  const healthyMs = parameters.suspicionMinMs * Math.max(1, Math.log10(members));
  const mostMs = healthyMs * parameters.suspicionMaxFactor;
  const leastMs = Math.min(healthyMs * (1 + health), mostMs);
  const wanted = Math.min(parameters.confirmationsMax, members - 2);
  if (wanted <= 0) return leastMs;
  const share = Math.log(Math.min(confirmations, wanted) + 1) / Math.log(wanted + 1);
  return mostMs - (mostMs - leastMs) * share;
}
