/** What is taken is larger than asked for by this part: the next one may need a little more. */
const HEADROOM = 1 / 16;
const UNIT_BYTES = 64;

/**
 * Memory that the jobs of a thread use one after the other. Left to the engine's collector, which comes when it sees fit, what a job
 * has used would be there two or three times.
 */
export class Scratch {
  private readonly memories = new Map<string, ArrayBuffer>();

  /**
   * Memory by a name of its use: at least `bytesMin` bytes, and at most about `bytesMax`, so that what was needed once does not stay for good.
   * What it holds is arbitrary. It is the caller's until the next call with that name.
   */
  take(name: string, bytesMin: number, bytesMax: number): ArrayBuffer {
    const old = this.memories.get(name);
    const isFit = old !== undefined && old.byteLength >= bytesMin && old.byteLength <= roomFor(bytesMax);
    return isFit ? old : this.put(name, bytesMin);
  }

  /** More memory of that name, which begins with what is in it. */
  grow(name: string, bytesMin: number): ArrayBuffer {
    const old = this.memories.get(name);
    const memory = this.put(name, bytesMin);
    if (old !== undefined) new Uint8Array(memory).set(new Uint8Array(old));
    return memory;
  }

  private put(name: string, bytes: number): ArrayBuffer {
    // The old one can go before the new one is there.
    this.memories.delete(name);
    const memory = Buffer.allocUnsafeSlow(roomFor(bytes)).buffer;
    this.memories.set(name, memory);
    return memory;
  }
}

function roomFor(bytes: number): number {
  return Math.ceil((bytes * (1 + HEADROOM)) / UNIT_BYTES) * UNIT_BYTES;
}
