/**
 * The time that this process has lived through: a clock that stands still while the process does.
 *
 * A process that was stopped for five seconds has not waited five seconds for an answer: the answer lies in its socket. So deadlines
 * are in lived time, which goes on by at most two ticks a tick; what is missing is lag, and tells how well this member is.
 */

export class LivedTime {
  private readonly tickMs: number;
  private lastUs: number;
  private livedMs = 0;

  constructor(tickMs: number, monotonicUs: number) {
    this.tickMs = tickMs;
    this.lastUs = monotonicUs;
  }

  /** Milliseconds lived, as of the last tick. */
  get nowMs(): number {
    return this.livedMs;
  }

  /** A tick has come. Returns the lag: how many milliseconds it came too late, beyond one tick of grace. */
  tick(monotonicUs: number): number {
    const passedMs = (monotonicUs - this.lastUs) / 1000;
    this.lastUs = monotonicUs;
    const creditedMs = Math.min(passedMs, 2 * this.tickMs);
    this.livedMs += creditedMs;
    return passedMs - creditedMs;
  }
}
