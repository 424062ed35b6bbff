/** Length of a pooled block. Larger buffers are made when they are needed and not kept. */
export const BLOCK_BYTES = 16 * 1024;

/** Blocks for replies, shared by all connections: one that has nothing to say holds none. */
export class BufferPool {
  private readonly free: Buffer[] = [];
  private readonly blocksMax: number;

  /** Keeps at most `blocksMax` blocks that nobody uses. */
  constructor(blocksMax = 1024) {
    this.blocksMax = blocksMax;
  }

  /** A block of BLOCK_BYTES with any content. It is the caller's until it is given back. */
  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /**
   * Takes back a buffer, from here or not: what is no block is left to the garbage collector.
   * REQUIRES: nobody uses it any more; a socket has written it completely.
   */
  give(buffer: Buffer): void {
    if (buffer.length === BLOCK_BYTES && this.free.length < this.blocksMax) this.free.push(buffer);
  }
}
