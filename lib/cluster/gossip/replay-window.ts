/**
 * Whether a datagram of one sender was seen before.
 *
 * Senders number their datagrams, rising within an incarnation. Accepted is: a higher incarnation; within the current one a higher number, or
 * one of the WINDOW numbers below the highest that has not come yet (datagrams may overtake each other). Everything else is a replay, or so
 * late that nobody misses it.
 */

const WINDOW = 64;

export class ReplayWindow {
  private incarnation = -1;
  private highest = -1;
  /** Slot `n % WINDOW` holds the last number that came there. */
  private readonly seen = new Float64Array(WINDOW).fill(-1);

  /** True if it is new; then it is remembered. REQUIRES: both are whole numbers from 0. */
  accept(incarnation: number, sequence: number): boolean {
    if (incarnation < this.incarnation) return false;
    if (incarnation > this.incarnation) {
      this.incarnation = incarnation;
      this.highest = -1;
      this.seen.fill(-1);
    }
    if (sequence <= this.highest - WINDOW) return false;
    const slot = sequence % WINDOW;
    if (this.seen[slot] >= sequence) return false;
    this.seen[slot] = sequence;
    this.highest = Math.max(this.highest, sequence);
    return true;
  }
}
