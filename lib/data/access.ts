/** What the eviction policies know of a key's use: the time and settings that its access field (lfu.ts) is kept by. */

import type { Random } from '../host/ports.js';
import { LFU_COUNT_INITIAL, lfuAccess, lfuClock, lfuCount, lfuTouch, lruAccess, lruClock, lruIdleMs } from './lfu.js';

export class AccessPolicy {
  /** Whether the field holds LFU counters (maxmemory-policy *-lfu), or times of use. */
  usesFrequency = false;
  logFactor = 10;
  decayMinutes = 1;
  private seconds24 = 0;
  private minutes16 = 0;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Takes over the time; called about once a second. */
  tick(wallMs: number): void {
    this.seconds24 = lruClock(wallMs);
    this.minutes16 = lfuClock(wallMs);
  }

  /** The field of a new key. */
  fresh(): number {
    return this.usesFrequency ? lfuAccess(LFU_COUNT_INITIAL, this.minutes16) : this.seconds24;
  }

  /** The field after a use. */
  touched(access: number): number {
    if (!this.usesFrequency) return this.seconds24;
    return lfuTouch(access, this.minutes16, this.random.uint32(), this.logFactor, this.decayMinutes);
  }

  /** The field of a key that was last used `idleSeconds` ago. */
  idle(idleSeconds: number): number {
    return lruAccess(this.seconds24, idleSeconds);
  }

  /** The field of a key with this counter. */
  frequent(counter: number): number {
    return lfuAccess(counter, this.minutes16);
  }

  /** Milliseconds since the last use. REQUIRES: not `usesFrequency`. */
  idleMs(access: number): number {
    return lruIdleMs(access, this.seconds24);
  }

  /** The counter, decayed to now. REQUIRES: `usesFrequency`. */
  frequency(access: number): number {
    return lfuCount(access, this.minutes16, this.decayMinutes);
  }
}
