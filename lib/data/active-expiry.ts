import { POSITION_LIMIT } from '../base/position.js';
import type { Clock } from '../host/ports.js';
import { expireCells, expireKeys } from './expired-keys.js';
import type { Keyspace } from './keyspace.js';

/** Keys removed before the clock is looked at again. */
const STEP_KEYS = 256;
/** A round over all databases is followed by a rest of so many times what it took, divided by the effort. */
const REST_FACTOR = 9;

/**
 * Removes expired keys, and fields of hashes, that nobody asks for. Goes in rounds through the segments that may hold some, a slice at a time, and rests after a round,
 * so that a bounded part of the processor goes into it, however many keys expire all the time.
 */
export class ActiveExpiry {
  enabled = true;
  /** 1 to 10 (active-expire-effort): from a tenth of the processor at most, to half. */
  effort = 1;
  private readonly keyspace: Keyspace;
  private readonly clock: Clock;
  private database = 0;
  private position = 0;
  private roundUs = 0;
  private nextRoundUs = 0;

  constructor(keyspace: Keyspace, clock: Clock) {
    this.keyspace = keyspace;
    this.clock = clock;
  }

  /** Works for about `budgetUs`; true if there is more to do at once. */
  run(budgetUs: number): boolean {
    if (!this.enabled) return false;
    const startedUs = this.clock.monotonicUs();
    if (startedUs < this.nextRoundUs) return false;
    for (;;) {
      const more = this.step();
      const usedUs = this.clock.monotonicUs() - startedUs;
      if (!more) this.endRound(startedUs + usedUs, usedUs);
      else if (usedUs < budgetUs) continue;
      else this.roundUs += usedUs;
      return more;
    }
  }

  private step(): boolean {
    const { keyspace } = this;
    if (expireCells(keyspace)) return true;
    this.position = expireKeys(keyspace, keyspace.database(this.database), this.position, STEP_KEYS);
    if (this.position < POSITION_LIMIT) return true;
    this.position = 0;
    this.database++;
    if (this.database < keyspace.databaseCount) return true;
    this.database = 0;
    return false;
  }

  private endRound(nowUs: number, usedUs: number): void {
    this.nextRoundUs = nowUs + (this.roundUs + usedUs) * (REST_FACTOR / this.effort);
    this.roundUs = 0;
  }
}
