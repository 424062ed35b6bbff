import { EMPTY } from './empty-buffer.js';

/** The smallest buffer that is allocated. */
const BYTES_MIN = 256;
/** A larger buffer is given back when it is empty. */
const BYTES_KEPT_MAX = 4096;

/**
 * Bytes of requests that arrived in part, copied out of the read buffer. Grows as bytes arrive, by doubling, so that each
 * byte is copied a constant number of times on average, however small the pieces are.
 */
export class CarryOver {
  /** Holds the bytes [0, end). Another one after an `append` that had to grow. */
  buffer: Buffer = EMPTY;
  end = 0;

  /**
   * Appends `source[start, stop)`. The bytes before `from` are no longer needed; `expected` bytes after those held now
   * are announced in all (Infinity: unknown), and no more than that is allocated ahead.
   *
   * Returns by how much the bytes held moved to the front: 0 or `from`.
   */
  append(source: Buffer, start: number, stop: number, from: number, expected: number): number {
    const count = stop - start;
    if (count === 0) return 0;
    const moved = this.end + count > this.buffer.length ? this.makeRoom(count, from, expected) : 0;
    source.copy(this.buffer, this.end, start, stop);
    this.end += count;
    return moved;
  }

  /** Drops everything. A small buffer is kept for the next time; what points into a large one stays as it was. */
  clear(): void {
    this.end = 0;
    if (this.buffer.length > BYTES_KEPT_MAX) this.buffer = EMPTY;
  }

  private makeRoom(count: number, from: number, expected: number): number {
    const kept = this.end - from;
    const capacity = this.buffer.length;
    // Moving at most half of the buffer makes room for as much again before the next move.
    if (from * 2 >= capacity && kept + count <= capacity) {
      this.buffer.copyWithin(0, from, this.end);
    } else {
      const size = Math.max(kept + count, Math.min(capacity * 2, kept + expected), BYTES_MIN);
      const larger = Buffer.allocUnsafeSlow(size);
      this.buffer.copy(larger, 0, from, this.end);
      this.buffer = larger;
    }
    this.end = kept;
    return from;
  }
}
