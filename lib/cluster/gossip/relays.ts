/**
 * Pings for others: somebody asked this member to ping a target. The answer is passed on as an ack; if there is none after a
 * while, a nack says that the asker was heard at least. An ack that comes after that is passed on, too.
 */

import type { MemberId } from '../ring/member.js';
import type { GossipParameters } from './parameters.js';
import type { Endpoint } from './ports.js';

/** Who asks, and where it is. */
export interface Asker {
  readonly endpoint: Endpoint;
  /** The number that it gave the ping. */
  readonly sequence: number;
}

interface Errand {
  readonly asker: Asker;
  readonly target: MemberId;
  readonly sinceMs: number;
  hasNacked: boolean;
}

/** More than can be under way in a large cluster; what is asked beyond it is not done. */
const ERRANDS_MAX = 1024;
/** After this nobody waits for the answer. */
const ERRAND_MS = 5_000;

export class Relays {
  private readonly parameters: GossipParameters;
  /** By the number of the ping that was sent for it; oldest first. */
  private readonly errands = new Map<number, Errand>();

  constructor(parameters: GossipParameters) {
    this.parameters = parameters;
  }

  /** The target was pinged for the asker with number `sequence`. False: there are too many, nothing is kept. */
  add(sequence: number, asker: Asker, target: MemberId, nowMs: number): boolean {
    if (this.errands.size >= ERRANDS_MAX) return false;
    this.errands.set(sequence, { asker, target, sinceMs: nowMs, hasNacked: false });
    return true;
  }

  /** `from` answered ping `sequence`: who is to be told, if anybody. */
  onAck(from: MemberId, sequence: number): Asker | undefined {
    const errand = this.errands.get(sequence);
    if (errand?.target !== from) return undefined;
    this.errands.delete(sequence);
    return errand.asker;
  }

  /** Calls `nack` for each asker that has waited long enough to be told. */
  tick(nowMs: number, nack: (asker: Asker) => void): void {
    for (const [sequence, errand] of this.errands) {
      const waitedMs = nowMs - errand.sinceMs;
      if (waitedMs < this.parameters.nackAfterMs) return;
      if (!errand.hasNacked) nack(errand.asker);
      errand.hasNacked = true;
      if (waitedMs >= ERRAND_MS) this.errands.delete(sequence);
    }
  }
}
