/** Room for so many is kept from turn to turn. */
const KEPT_MAX = 256;

/** Some of a connection's replies of this turn, in order: of each, the bytes of the turn's output. */
export class ReplySpans {
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  /** The reply [start, end), which is empty if its client wants none. */
  add(start: number, end: number): void {
    const i = this.count++;
    this.starts[i] = start;
    this.ends[i] = end;
  }

  /** Something of `length` bytes was inserted at `at`: what stood there, or behind, stands behind it. */
  shift(at: number, length: number): void {
    for (let i = this.count - 1; i >= 0 && this.starts[i] >= at; i--) {
      this.starts[i] += length;
      this.ends[i] += length;
    }
  }

  clear(): void {
    if (this.count > KEPT_MAX) this.starts.length = this.ends.length = 0;
    this.count = 0;
  }
}
