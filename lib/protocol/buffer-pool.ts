/** Lengths of pooled buffers. Larger ones are made when they are needed and not kept. */
export const POOLED_BYTES: readonly number[] = [16, 32, 64, 128, 256, 512, 1024].map((kib) => kib * 1024);
/** What replies begin with. */
export const BLOCK_BYTES = POOLED_BYTES[0];
export const POOLED_BYTES_MAX = POOLED_BYTES[POOLED_BYTES.length - 1];

/** Buffers for replies, shared by all connections: one that has nothing to say holds none. */
export class BufferPool {
  private readonly lengths: readonly number[];
  private readonly free: readonly Buffer[][];
  private readonly freeBytesMax: number;
  private freeBytes = 0;

  /** Keeps at most `freeBytesMax` bytes of buffers that nobody uses, of the given lengths, which ascend from BLOCK_BYTES. */
  constructor(freeBytesMax = 32 * 1024 * 1024, lengths = POOLED_BYTES) {
    this.freeBytesMax = freeBytesMax;
    this.lengths = lengths;
    this.free = lengths.map(() => []);
  }

  /** A buffer of at least `bytes`, with any content. It is the caller's until it is given back. */
  take(bytes = BLOCK_BYTES): Buffer {
    const { lengths } = this;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i];
      if (bytes > length) continue;
      const buffer = this.free[i].pop();
      if (buffer === undefined) return Buffer.allocUnsafeSlow(length);
      this.freeBytes -= length;
      return buffer;
    }
    return Buffer.allocUnsafeSlow(bytes);
  }

  /**
   * Takes back a buffer, from here or not: what is not of a pooled length is left to the garbage collector.
   * REQUIRES: nobody uses it any more; a socket has written it completely.
   */
  give(buffer: Buffer): void {
    const { length } = buffer;
    if (this.freeBytes + length > this.freeBytesMax) return;
    const i = length === BLOCK_BYTES ? 0 : this.lengths.indexOf(length);
    if (i < 0) return;
    this.freeBytes += length;
    this.free[i].push(buffer);
  }
}
