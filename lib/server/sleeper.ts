import { assert } from '../base/assert.js';
import type { Timer, Timers } from '../host/ports.js';

export type WakeReason = 'timeout' | 'unblocked' | 'error' | 'woken';

/** Whoever waits for a time, unless woken before. */
export class Sleeper {
  private settle: ((reason: WakeReason) => void) | undefined;

  /** Resolves when it is woken, or after `timeoutMs` if that is more than 0. REQUIRES: it does not sleep. */
  sleep(timers: Timers, timeoutMs: number): Promise<WakeReason> {
    assert(this.settle === undefined, 'one pause at a time');
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      this.settle = (reason) => {
        timer?.cancel();
        this.settle = undefined;
        resolve(reason);
      };
      if (timeoutMs > 0) timer = timers.after(timeoutMs, () => this.wake('timeout'));
    });
  }

  /** False if it does not sleep. */
  wake(reason: WakeReason): boolean {
    const { settle } = this;
    settle?.(reason);
    return settle !== undefined;
  }
}
