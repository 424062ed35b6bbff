import { ByteRate } from '../replication/byte-rate.js';

/** So many seconds' bytes may leave at once, after a rest. */
const BURST_SECONDS = 1 / 4;

/** Has senders wait, so that no more than a rate is sent in the long run. */
export class Throttle {
  private readonly nowMs: () => number;
  private readonly bytesPerSecond: () => number;
  private rate: ByteRate;
  private rateBytes: number;
  private waiting: (() => void)[] = [];

  /** `bytesPerSecond` may change; 0: no limit. */
  constructor(bytesPerSecond: () => number, nowMs: () => number) {
    this.bytesPerSecond = bytesPerSecond;
    this.nowMs = nowMs;
    this.rateBytes = bytesPerSecond();
    this.rate = this.newRate();
  }

  spend(bytes: number): void {
    this.rate.spend(bytes);
  }

  /** Resolves when something may be sent. */
  whenOpen(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Called some times a second. */
  tick(): void {
    if (this.rateBytes !== this.bytesPerSecond()) {
      this.rateBytes = this.bytesPerSecond();
      this.rate = this.newRate();
    }
    if (this.waiting.length === 0 || !this.isOpen) return;
    const { waiting } = this;
    this.waiting = [];
    for (const go of waiting) go();
  }

  private get isOpen(): boolean {
    return this.rateBytes === 0 || this.rate.isOpen(this.nowMs());
  }

  private newRate(): ByteRate {
    return new ByteRate(this.rateBytes, this.rateBytes * BURST_SECONDS, this.nowMs());
  }
}
