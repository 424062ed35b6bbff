import { CorruptionError } from '../../base/errors.js';
import type { ReadableFile } from '../../host/ports.js';
import { Block, checkBlock, expandBlock } from './block.js';
import { BlockMemory } from './block-memory.js';
import type { TableIndex } from './table-index.js';

const READ_AHEAD_BYTES = 512 * 1024;

/**
 * Walks the blocks of a table in order on the calling thread, reading many with one call.
 *
 *     for (const scanner = table.scan(); scanner.next();) use(scanner.block);
 */
export class BlockScanner {
  /** The block that `next` moved to, valid until the next call of it. */
  readonly block = new Block();
  /** Its number in the table. */
  blockNumber: number;
  private readonly file: ReadableFile;
  private readonly index: TableIndex;
  private readonly seed: number;
  private readonly readAheadBytes: number;
  /** What blocks are read to: another scanner may have it after this one. */
  memory: BlockMemory;
  /** What `memory` holds of the file: from `offset` on, blocks up to `memoryEnd`, a number of a block. */
  private offset = 0;
  private memoryEnd: number;
  private expanded = new BlockMemory(0);

  /** Begins in front of block number `start`. */
  constructor(
    file: ReadableFile,
    index: TableIndex,
    seed: number,
    start: number,
    readAheadBytes: number = READ_AHEAD_BYTES,
    memory = new BlockMemory(0),
  ) {
    this.file = file;
    this.index = index;
    this.seed = seed;
    this.blockNumber = start - 1;
    this.memoryEnd = start;
    this.readAheadBytes = readAheadBytes;
    this.memory = memory;
  }

  /** Moves to the next block; false behind the last one. Throws DiskError, CorruptionError. */
  next(): boolean {
    const { index, file } = this;
    if (this.blockNumber + 1 >= index.blockCount) return false;
    const number = ++this.blockNumber;
    if (number >= this.memoryEnd) this.fill(number);
    const offset = index.offsetOf(number);
    const length = index.lengthOf(number);
    const base = offset - this.offset;
    const expandedBytes = checkBlock(this.memory, base, length, this.seed, file.path, offset);
    if (expandedBytes === 0) {
      this.block.open(this.memory, base, file.path, offset);
    } else {
      if (this.expanded.bytes.length < expandedBytes) this.expanded = new BlockMemory(expandedBytes);
      expandBlock(this.memory, base, length, this.expanded, 0, file.path, offset);
      this.block.open(this.expanded, 0, file.path, offset);
    }
    checkFirst(this.block, index.firstPosition(number));
    return true;
  }

  /** Reads block `first` and as many behind it as the read-ahead takes. */
  private fill(first: number): void {
    const { index, file } = this;
    this.offset = index.offsetOf(first);
    let end = first + 1;
    while (end < index.blockCount && index.offsetOf(end + 1) - this.offset <= this.readAheadBytes) end++;
    const length = index.offsetOf(end) - this.offset;
    if (length > this.memory.bytes.length) this.memory = new BlockMemory(Math.max(length, this.readAheadBytes));
    const got = file.readAt(this.memory.bytes, this.offset, length);
    if (got !== length) throw new CorruptionError(file.path, this.offset + got, 'the table ends too early');
    this.memoryEnd = end;
  }
}

/** Throws CorruptionError if `block` is not the one that the index means. */
export function checkFirst(block: Block, firstPosition: number): void {
  if (block.position(0) === firstPosition) return;
  throw new CorruptionError(block.path, block.offset, 'a data block begins with another position than the index has');
}
