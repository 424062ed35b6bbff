/**
 * Slows writers down before they would have to stop: when what was written waits to be moved to tables, or the tables wait to be compacted, writes
 * are let in at a rate that falls as the pressure rises.
 *
 *     pressure   0      0 .. 1/2 .. 1
 *     rate       any    twice what drains .. what drains .. RATE_MIN
 *
 * So the rate settles where as much comes as goes. What is written is a debt that time pays off at the rate; whoever writes waits until it
 * is paid.
 */

/** Writes never come to a standstill by this. Bytes a second. */
const RATE_MIN = 1024 * 1024;
/** What is taken for the rate at which data drains as long as nobody has measured it. */
const DRAIN_GUESS = 32 * 1024 * 1024;
const DELAY_MS_MIN = 1;
const DELAY_MS_MAX = 250;

export class WriteThrottle {
  private rate = Infinity;
  private debtBytes = 0;
  private paidUs = 0;
  /** How long writers were held back, added up over the turns. */
  delayedMs = 0;
  delayedTurns = 0;

  /** `pressure` is 0 to 1; `drainBytesPerSecond` is what goes, 0 if that is not known. */
  set(pressure: number, drainBytesPerSecond: number): void {
    const drain = drainBytesPerSecond === 0 ? DRAIN_GUESS : drainBytesPerSecond;
    this.rate = pressure === 0 ? Infinity : Math.max(RATE_MIN, drain * 2 * (1 - pressure));
  }

  get isOn(): boolean {
    return this.rate !== Infinity;
  }

  /** Bytes a second that are let in; Infinity: as many as come. */
  get bytesPerSecond(): number {
    return this.rate;
  }

  /** So many bytes were written in the turn that ends now: for how long (milliseconds) those who wrote are to wait. */
  delayFor(bytes: number, nowUs: number): number {
    if (this.rate === Infinity) {
      this.debtBytes = 0;
      this.paidUs = nowUs;
      return 0;
    }
    const paid = ((nowUs - this.paidUs) * this.rate) / 1e6;
    this.paidUs = nowUs;
    this.debtBytes = Math.max(0, this.debtBytes - paid) + bytes;
    const delayMs = Math.min((this.debtBytes * 1000) / this.rate, DELAY_MS_MAX);
    if (bytes === 0 || delayMs < DELAY_MS_MIN) return 0;
    this.delayedMs += delayMs;
    this.delayedTurns++;
    return delayMs;
  }
}
