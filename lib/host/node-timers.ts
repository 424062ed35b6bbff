/** Node's timers. None keeps the process alive, but for `endOfTurn`, whose work is due in this very turn. */

import { assert } from '../base/assert.js';
import type { Timer, Timers } from './ports.js';

/** The longest delay that setTimeout takes; it would fire at once on a longer one. */
const DELAY_MS_MAX = 2 ** 31 - 1;

export class NodeTimers implements Timers {
  /** Delays may be of any length. */
  after(delayMs: number, run: () => void): Timer {
    assert(delayMs >= 0, 'a delay is not negative');
    return new Timeout(delayMs, run);
  }

  every(intervalMs: number, run: () => void): Timer {
    assert(intervalMs > 0 && intervalMs <= DELAY_MS_MAX, 'an interval is positive and at most 2^31-1 ms');
    const interval = setInterval(run, intervalMs).unref();
    return { cancel: () => clearInterval(interval) };
  }

  endOfTurn(run: () => void): void {
    setImmediate(run);
  }
}

/** One `after`: as many timeouts in a row as the delay needs. */
class Timeout implements Timer {
  private readonly run: () => void;
  private leftMs: number;
  private timeout: NodeJS.Timeout;

  constructor(delayMs: number, run: () => void) {
    this.run = run;
    this.leftMs = delayMs;
    this.timeout = this.start();
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  private start(): NodeJS.Timeout {
    const partMs = Math.min(this.leftMs, DELAY_MS_MAX);
    this.leftMs -= partMs;
    const fire = () => {
      if (this.leftMs === 0) this.run();
      else this.timeout = this.start();
    };
    return setTimeout(fire, partMs).unref();
  }
}
