import type { Random } from '../../host/ports.js';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/**
 * How long to wait before the next attempt: it doubles with each that failed, up to 5 s, and between half and all of that is drawn, so that
 * those who lost one peer at the same moment do not come back at the same moment.
 */
export class BackOff {
  private readonly random: Random;
  private spanMs = FIRST_MS;

  constructor(random: Random) {
    this.random = random;
  }

  nextMs(): number {
    const { spanMs } = this;
    this.spanMs = Math.min(spanMs * 2, LONGEST_MS);
    return Math.floor(spanMs / 2 + (spanMs / 2) * (this.random.uint32() / 2 ** 32));
  }

  /** An attempt has succeeded. */
  reset(): void {
    this.spanMs = FIRST_MS;
  }
}
