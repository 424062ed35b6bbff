/** How many bytes may be sent now, so that no more than a rate are sent in the long run. */
export class ByteRate {
  private readonly bytesPerMs: number;
  private readonly burstBytes: number;
  private allowed: number;
  private atMs: number;

  /** After a rest, `burstBytes` may be sent at once. */
  constructor(bytesPerSecond: number, burstBytes: number, nowMs: number) {
    this.bytesPerMs = bytesPerSecond / 1000;
    this.burstBytes = burstBytes;
    this.allowed = burstBytes;
    this.atMs = nowMs;
  }

  /** Whether anything may be sent now. */
  isOpen(nowMs: number): boolean {
    this.allowed = Math.min(this.burstBytes, this.allowed + (nowMs - this.atMs) * this.bytesPerMs);
    this.atMs = nowMs;
    return this.allowed > 0;
  }

  /** So much was sent; if it was more than is allowed, later bytes wait the longer. */
  spend(bytes: number): void {
    this.allowed -= bytes;
  }
}
