/**
 * Whether this node's wall clock is right, as far as the others know:
 *
 *     -3 600 000        -12   0   +7                milliseconds; 0: this node's own
 *       one who is wrong      └── the median: of two in the middle the one that is nearer to the own
 *
 *  1. A clock that is further off the median of all than clocks may differ is wrong. Whoever has it is no replica as long as that is so.
 *  2. Of two clocks nobody knows which is the wrong one: then none is.
 *  3. Wrong is only what is so for certain: not what may come from a message that took long. And it is right again when it is clearly so.
 *  4. While it is wrong, this node goes by the median. So stamps do not follow a wall clock that is set ahead by hours, from where there would be no way back.
 */

import type { Clock } from '../../host/ports.js';
import type { ClockReading } from '../bus/clock-reading.js';

/** A reading that is older says nothing. */
const READING_MS_MAX = 10_000;
/** A clock that was wrong is right again when it is off by so much of what is allowed. */
const RIGHT_AGAIN = 3 / 4;
/** The wall clock is looked at anew when it has gone on by more than this since the last look. */
const STEP_MS = 250;

/** How far one clock is ahead of this node's own, give or take. Milliseconds. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** By how many milliseconds the own clock is certainly ahead of the median of all, if that is more than `maxMs`; else 0. Below 0: it is behind. */
export function clockError(others: readonly ClockOffset[], maxMs: number): number {
  if (others.length < 2) return 0;
  const all = [{ offsetMs: 0, errorMs: 0 }, ...others].sort((a, b) => a.offsetMs - b.offsetMs);
  const low = all[(all.length - 1) >> 1];
  const high = all[all.length >> 1];
  const median = Math.abs(low.offsetMs) <= Math.abs(high.offsetMs) ? low : high;
  return Math.abs(median.offsetMs) - median.errorMs > maxMs ? -median.offsetMs : 0;
}

export interface ClockWatchOptions {
  readonly clock: Clock;
  /** The newest of each other member. */
  readonly readings: () => readonly ClockReading[];
  /** How far clocks may differ. */
  readonly maxDriftMs: () => number;
}

export class ClockWatch {
  /** By how many milliseconds the wall clock is wrong: ahead; below 0: behind. 0: it is right. */
  errorMs = 0;
  private readonly options: ClockWatchOptions;
  private lookedAtMs = -Infinity;

  constructor(options: ClockWatchOptions) {
    this.options = options;
  }

  /** The time: what the wall clock says, or, where that is wrong, what the others' say. Unix milliseconds. */
  wallMs(): number {
    const wallMs = this.options.clock.wallMs();
    if (wallMs - this.lookedAtMs > STEP_MS) this.lookAt(wallMs);
    return Math.floor(wallMs - this.errorMs);
  }

  /** Compares the clocks. Called ten times a second. */
  look(): void {
    this.lookAt(this.options.clock.wallMs());
  }

  private lookAt(wallMs: number): void {
    const { clock, readings, maxDriftMs } = this.options;
    const nowMs = clock.monotonicUs() / 1000;
    const others = readings()
      .filter(({ readAtMs, errorMs }) => nowMs - readAtMs < READING_MS_MAX && errorMs < maxDriftMs())
      .map(({ aheadMs, errorMs }) => ({ offsetMs: aheadMs + nowMs - wallMs, errorMs: errorMs + 1 }));
    this.lookedAtMs = wallMs;
    this.errorMs = clockError(others, maxDriftMs() * (this.errorMs === 0 ? 1 : RIGHT_AGAIN));
  }
}
