/**
 * The bloom filter of an SSTable: does it perhaps hold this position? Blocked by cache lines (Putze, Sanders and Singler,
 * "Cache-, Hash- and Space-Efficient Bloom Filters", 2007): all bits of a key are in one line of 64 bytes, so that a
 * question costs one miss of the cache.
 *
 *     section  = crc:u32 probes:u32 lines:u32 0:u32 line{lines}             little-endian
 *     line     = 16 words of 32 bits
 *     crc      = sectionChecksum of everything behind it
 *
 * A position is mixed to two words. The first one chooses the line, the second the bits: for each probe its upper 9 bits
 * are one, and it goes on times the golden ratio.
 *
 * It never says no to a position that was put in.
 */

import { CorruptionError } from '../../base/errors.js';
import { BlockMemory } from './block-memory.js';
import { checkSection, sectionChecksum } from './section-checksum.js';

export const FILTER_HEADER_BYTES = 16;
const LINE_BITS = 512;
const LINE_WORDS = 16;
const LINE_BYTES = 64;
const LINES_MAX = 2 ** 25;
const PROBES_MAX = 16;
const TWO_32 = 2 ** 32;
const GOLDEN = 0x9e3779b1 | 0;

/** Probes for bits per key: more than log 2 times as many would fill the lines, and a line that got too many keys suffers first. */
function probesFor(bitsPerKey: number): number {
  return Math.max(1, Math.min(PROBES_MAX, Math.round(bitsPerKey * 0.6)));
}

export class BloomFilter {
  readonly words: Int32Array;
  readonly probes: number;
  private readonly lines: number;

  /** REQUIRES: a whole number of lines. */
  constructor(words: Int32Array, probes: number) {
    this.words = words;
    this.probes = probes;
    this.lines = words.length / LINE_WORDS;
  }

  /** A filter of the first `count` of `positions`. */
  static of(positions: Float64Array, count: number, bitsPerKey: number): BloomFilter {
    const lines = Math.min(LINES_MAX, Math.max(1, Math.ceil((count * bitsPerKey) / LINE_BITS)));
    const filter = new BloomFilter(new Int32Array(lines * LINE_WORDS), probesFor(bitsPerKey));
    for (let i = 0; i < count; i++) filter.add(Math.floor(positions[i] / TWO_32), positions[i] | 0);
    return filter;
  }

  /** Reads the section in `memory[base, base + length)`, found at `offset` of the file `path`, where it stays. Throws CorruptionError. */
  static decode(
    memory: BlockMemory,
    base: number,
    length: number,
    seed: number,
    path: string,
    offset: number,
  ): BloomFilter {
    const { bytes } = memory;
    checkSection('the bloom filter', bytes, base, length, FILTER_HEADER_BYTES, seed, path, offset);
    const probes = bytes.readUInt32LE(base + 4);
    const lines = bytes.readUInt32LE(base + 8);
    if (lines === 0 || probes === 0 || probes > PROBES_MAX || length !== FILTER_HEADER_BYTES + lines * LINE_BYTES) {
      throw new CorruptionError(
        path,
        offset,
        `a bloom filter of ${lines} lines and ${probes} probes in ${length} bytes`,
      );
    }
    return new BloomFilter(new Int32Array(bytes.buffer, base + FILTER_HEADER_BYTES, lines * LINE_WORDS), probes);
  }

  /** Bytes of the section. */
  get byteLength(): number {
    return FILTER_HEADER_BYTES + this.words.length * 4;
  }

  /** Writes the section to `target` at `at`, as it is to stand at `offset` of the file; returns the offset behind it. */
  encode(target: Buffer, at: number, seed: number, offset: number): number {
    const end = at + this.byteLength;
    target.writeUInt32LE(this.probes, at + 4);
    target.writeUInt32LE(this.lines, at + 8);
    target.writeUInt32LE(0, at + 12);
    target.set(
      new Uint8Array(this.words.buffer, this.words.byteOffset, this.words.byteLength),
      at + FILTER_HEADER_BYTES,
    );
    target.writeUInt32LE(sectionChecksum(seed, offset, target, at + 4, end), at);
    return end;
  }

  /** 1: it may hold the position high * 2^32 + low (as PositionHasher leaves it); 0: it does not. */
  mayHold(high: number, low: number): 0 | 1 {
    const { words } = this;
    let bits = mixSecond(high, low);
    const line = this.lineOf(high, low);
    for (let left = this.probes; left > 0; left--) {
      const bit = bits >>> 23;
      if ((words[line + (bit >>> 5)] & (1 << (bit & 31))) === 0) return 0;
      bits = Math.imul(bits, GOLDEN);
    }
    return 1;
  }

  private add(high: number, low: number): void {
    const { words } = this;
    let bits = mixSecond(high, low);
    const line = this.lineOf(high, low);
    for (let left = this.probes; left > 0; left--) {
      const bit = bits >>> 23;
      words[line + (bit >>> 5)] |= 1 << (bit & 31);
      bits = Math.imul(bits, GOLDEN);
    }
  }

  /** The first word of the line. */
  private lineOf(high: number, low: number): number {
    return Math.floor(((mixFirst(high, low) >>> 0) / TWO_32) * this.lines) * LINE_WORDS;
  }
}

// Two mixes of the 53 bits, each with the finaliser of MurmurHash3 (Appleby). The lower half is hash already.
function mixFirst(high: number, low: number): number {
  let mixed = low ^ Math.imul(high, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function mixSecond(high: number, low: number): number {
  let mixed = Math.imul(low, 0xcc9e2d51) + high;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}
