/**
 * The index of an SSTable: for each data block its first position and its place, as arrays.
 *
 *     section  = crc:u32 blockCount:u32 first:f64{blockCount} place:u32{blockCount + 1} 0:u8{to a multiple of 8}
 *     first    = position of the block's first record
 *     place    = offset of the block / 8: bits 0-30 | CONTINUES: bit 31: the block before it ends with the same position
 *     crc      = sectionChecksum of everything behind it
 *
 * The last place is the end of the last block. Blocks stand one behind the other, from offset 0 on.
 */

import { assert } from '../../base/assert.js';
import { CorruptionError } from '../../base/errors.js';
import { POSITION_LIMIT } from '../../base/position.js';
import { BLOCK_HEADER_BYTES } from './block.js';
import { ALIGNMENT_BYTES, BlockMemory, aligned } from './block-memory.js';
import { checkSection, sectionChecksum } from './section-checksum.js';

const HEADER_BYTES = 8;
const PLACE_MASK = 0x7fffffff;
const CONTINUES = 0x80000000;
/** The largest table. */
export const DATA_BYTES_MAX = PLACE_MASK * ALIGNMENT_BYTES;
const INITIAL_BLOCKS = 1024;

export class TableIndex {
  readonly blockCount: number;
  /** Bytes of the section, and about what it takes in memory. */
  readonly byteLength: number;
  private readonly firsts: Float64Array;
  private readonly places: Uint32Array;

  private constructor(firsts: Float64Array, places: Uint32Array, byteLength: number) {
    this.firsts = firsts;
    this.places = places;
    this.blockCount = firsts.length;
    this.byteLength = byteLength;
  }

  /**
   * Reads the section in `memory[base, base + length)`, found at `offset` of the file `path`, where it stays; `dataBytes` is
   * where the blocks end. Throws CorruptionError.
   */
  static decode(
    memory: BlockMemory,
    base: number,
    length: number,
    seed: number,
    path: string,
    offset: number,
    dataBytes: number,
  ): TableIndex {
    const { bytes } = memory;
    checkSection('the index', bytes, base, length, HEADER_BYTES, seed, path, offset);
    const count = bytes.readUInt32LE(base + 4);
    if (count === 0 || length !== sectionBytes(count)) {
      throw new CorruptionError(path, offset, `an index of ${count} blocks in ${length} bytes`);
    }
    const firsts = new Float64Array(bytes.buffer, base + HEADER_BYTES, count);
    const places = new Uint32Array(bytes.buffer, base + HEADER_BYTES + count * 8, count + 1);
    const index = new TableIndex(firsts, places, length);
    index.check(path, offset, dataBytes);
    return index;
  }

  firstPosition(block: number): number {
    return this.firsts[block];
  }

  offsetOf(block: number): number {
    return (this.places[block] & PLACE_MASK) * ALIGNMENT_BYTES;
  }

  /** Bytes of the block as it is stored. */
  lengthOf(block: number): number {
    return this.offsetOf(block + 1) - this.offsetOf(block);
  }

  /** The last block that may hold the position; -1 if there is none. */
  lastBlockOf(position: number): number {
    const { firsts } = this;
    let low = 0;
    let high = this.blockCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firsts[middle] <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The first block that may hold the position, nearly always the last one too: a position seldom goes on over blocks. -1 if there is none. */
  firstBlockOf(position: number): number {
    let block = this.lastBlockOf(position);
    while (block > 0 && this.firsts[block] === position && this.places[block] >= CONTINUES) block--;
    return block;
  }

  private check(path: string, offset: number, dataBytes: number): void {
    const { firsts, blockCount } = this;
    let last = 0;
    for (let block = 0; block < blockCount; block++) {
      const first = firsts[block];
      // Equal to the one before only where that goes on.
      const follows = first > last || (first === last && (block === 0 || this.places[block] >= CONTINUES));
      if (!follows || first >= POSITION_LIMIT || this.lengthOf(block) < BLOCK_HEADER_BYTES) {
        throw new CorruptionError(path, offset, `block ${block} of the index is out of order`);
      }
      last = first;
    }
    if (this.offsetOf(0) !== 0 || this.offsetOf(blockCount) !== dataBytes) {
      throw new CorruptionError(path, offset, 'the index is not that of the data blocks');
    }
  }
}

/** Collects the index while the blocks are written. */
export class TableIndexWriter {
  private count = 0;
  private firsts = new Float64Array(INITIAL_BLOCKS);
  private places = new Uint32Array(INITIAL_BLOCKS);

  /** Bytes of the section. */
  get byteLength(): number {
    return sectionBytes(this.count);
  }

  /** A block begins at `offset`; `continues`: the one before ends with its first position. */
  add(firstPosition: number, offset: number, continues: boolean): void {
    assert(offset <= DATA_BYTES_MAX, 'a table of at most 16 GiB');
    if (this.count + 1 === this.places.length) this.grow();
    this.firsts[this.count] = firstPosition;
    this.places[this.count] = offset / ALIGNMENT_BYTES + (continues ? CONTINUES : 0);
    this.count++;
  }

  /** Writes the section to `target` at `at`, as it is to stand at `offset`; the blocks end at `dataBytes`. Returns the offset behind it. */
  encode(target: Buffer, at: number, seed: number, offset: number, dataBytes: number): number {
    const { count } = this;
    assert(dataBytes <= DATA_BYTES_MAX, 'a table of at most 16 GiB');
    this.places[count] = dataBytes / ALIGNMENT_BYTES;
    const end = at + this.byteLength;
    target.fill(0, end - ALIGNMENT_BYTES, end);
    target.writeUInt32LE(count, at + 4);
    target.set(new Uint8Array(this.firsts.buffer, 0, count * 8), at + HEADER_BYTES);
    target.set(new Uint8Array(this.places.buffer, 0, (count + 1) * 4), at + HEADER_BYTES + count * 8);
    target.writeUInt32LE(sectionChecksum(seed, offset, target, at + 4, end), at);
    return end;
  }

  private grow(): void {
    const { firsts, places } = this;
    this.firsts = new Float64Array(firsts.length * 2);
    this.firsts.set(firsts);
    this.places = new Uint32Array(places.length * 2);
    this.places.set(places);
  }
}

function sectionBytes(blockCount: number): number {
  return aligned(HEADER_BYTES + blockCount * 8 + (blockCount + 1) * 4);
}
