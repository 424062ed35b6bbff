/**
 * The 24 bits that each key has to say how lately (LRU) or how often (LFU) it was used, as in Redis.
 *
 *   LRU  | seconds, 24 bits                    |    wraps after 194 days
 *   LFU  | minutes, 16 bits | counter, 8 bits  |    minutes of the last use, wrapping after 45 days
 *
 * The LFU counter is logarithmic: the more it holds, the less likely a use raises it, and each `decayMinutes`
 * without use lowers it by one.
 */

/** The counter of a new key: not 0, so that it is not the first to go before anybody could use it again. */
export const LFU_COUNT_INITIAL = 5;

const COUNT_MAX = 255;
const MINUTES_MASK = 0xffff;
const SECONDS_MASK = 0xffffff;

/** The clock of LRU: `wallMs` in seconds, the low 24 bits. */
export function lruClock(wallMs: number): number {
  return Math.floor(wallMs / 1000) & SECONDS_MASK;
}

/** Milliseconds since `access24` was set, at the clock `nowSeconds24`; right for less than a turn of the clock. */
export function lruIdleMs(access24: number, nowSeconds24: number): number {
  return ((nowSeconds24 - access24) & SECONDS_MASK) * 1000;
}

/** The access bits of a key that was idle for `idleSeconds` (RESTORE IDLETIME), at most a turn of the clock. */
export function lruAccess(nowSeconds24: number, idleSeconds: number): number {
  return (nowSeconds24 - Math.min(idleSeconds, SECONDS_MASK)) & SECONDS_MASK;
}

/** The clock of LFU: `wallMs` in minutes, the low 16 bits. */
export function lfuClock(wallMs: number): number {
  return Math.floor(wallMs / 60_000) & MINUTES_MASK;
}

/** The access bits of a key with this counter (RESTORE FREQ, or LFU_COUNT_INITIAL for a new one), used just now. */
export function lfuAccess(count: number, nowMinutes16: number): number {
  return (nowMinutes16 << 8) | count;
}

/** The counter as it is now: OBJECT FREQ, and what eviction compares. `decayMinutes` 0 means that it never falls. */
export function lfuCount(access24: number, nowMinutes16: number, decayMinutes: number): number {
  const count = access24 & COUNT_MAX;
  if (decayMinutes === 0) return count;
  const idleMinutes = (nowMinutes16 - (access24 >>> 8)) & MINUTES_MASK;
  return Math.max(0, count - Math.floor(idleMinutes / decayMinutes));
}

/** The access bits after one more use. `random` is uniform in [0, 2^32). */
export function lfuTouch(
  access24: number,
  nowMinutes16: number,
  random: number,
  logFactor: number,
  decayMinutes: number,
): number {
  const count = lfuCount(access24, nowMinutes16, decayMinutes);
  const raised = count < COUNT_MAX && random < raiseChance(count, logFactor) * 2 ** 32 ? count + 1 : count;
  return lfuAccess(raised, nowMinutes16);
}

/** The probability that a use raises a counter that holds `count`. */
function raiseChance(count: number, logFactor: number): number {
  return 1 / (Math.max(0, count - LFU_COUNT_INITIAL) * logFactor + 1);
}
