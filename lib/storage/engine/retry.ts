import type { Timer, Timers } from '../../host/ports.js';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Tries again what has failed: soon at first, then ever more rarely, until `succeeded`. */
export class Retry {
  private readonly timers: Timers;
  private delayMs = FIRST_MS;
  private timer: Timer | undefined;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** Something is to be run after a while: until then it should not be tried. */
  get isWaiting(): boolean {
    return this.timer !== undefined;
  }

  /** Runs `work` after a while, unless something is to be run already. */
  later(work: () => void): void {
    if (this.timer !== undefined) return;
    this.timer = this.timers.after(this.delayMs, () => {
      this.timer = undefined;
      work();
    });
    this.delayMs = Math.min(this.delayMs * 2, LONGEST_MS);
  }

  succeeded(): void {
    this.delayMs = FIRST_MS;
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
