import { BlockMemory } from './block-memory.js';
import type { BlockSource } from './block-cache.js';
import { Block, checkBlock, expandBlock } from './block.js';
import { checkFirst } from './block-scanner.js';
import { checkLength } from './table-reader.js';

/** One block after the other in memory of its own, beside the cache: for those who read on, and will not come back. */
export class BlockBuffer {
  /** The block that was read last: it stays as it is until the next one is read. */
  readonly block = new Block();
  private memory = new BlockMemory(0);

  /** Reads a block off the main thread. Rejects with DiskError, CorruptionError. */
  async load(table: BlockSource, number: number): Promise<void> {
    const offset = table.index.offsetOf(number);
    const length = table.index.lengthOf(number);
    const target = this.reserve(length);
    this.open(table, number, await table.read(target, offset, length));
  }

  /** The same on this thread. Throws DiskError, CorruptionError. */
  loadNow(table: BlockSource, number: number): void {
    const offset = table.index.offsetOf(number);
    const length = table.index.lengthOf(number);
    this.open(table, number, table.readNow(this.reserve(length), offset, length));
  }

  private reserve(length: number): Buffer {
    if (this.memory.bytes.length < length) this.memory = new BlockMemory(length);
    return this.memory.bytes.subarray(0, length);
  }

  private open({ index, path, seed }: BlockSource, number: number, got: number): void {
    const offset = index.offsetOf(number);
    const length = index.lengthOf(number);
    checkLength(path, offset, got, length);
    const expandedBytes = checkBlock(this.memory, 0, length, seed, path, offset);
    if (expandedBytes > 0) {
      const expanded = new BlockMemory(expandedBytes);
      expandBlock(this.memory, 0, length, expanded, 0, path, offset);
      this.memory = expanded;
    }
    this.block.open(this.memory, 0, path, offset);
    checkFirst(this.block, index.firstPosition(number));
  }
}
