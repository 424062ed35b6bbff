import { assert } from '../../base/assert.js';

/** Everything that is read as numbers begins at a multiple of this, in files and in memory. */
export const ALIGNMENT_BYTES = 8;

/** The next multiple of ALIGNMENT_BYTES. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** One piece of memory, seen as bytes, as doubles and as words: a table's numbers are read where they are, without a copy. */
export class BlockMemory {
  readonly bytes: Buffer;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;

  /**
   * `shared`: memory that is kept. The engine does not count it as pressure on its heap, so that taking it starts no
   * collection; but only a full collection gives it back.
   */
  constructor(byteLength: number, shared = false) {
    const length = aligned(byteLength);
    const memory = shared ? new SharedArrayBuffer(length) : Buffer.allocUnsafeSlow(length).buffer;
    this.bytes = Buffer.from(memory);
    this.doubles = new Float64Array(memory);
    this.words = new Uint32Array(memory);
  }
}

// The files are little-endian, and their numbers are read as the processor has them.
assert(new Uint8Array(new Uint16Array([1]).buffer)[0] === 1, 'a little-endian processor');
