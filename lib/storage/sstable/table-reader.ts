import { CorruptionError } from '../../base/errors.js';
import type { ReadableFile } from '../../host/ports.js';
import { frameSeed } from '../log/aof-frame.js';
import { BlockMemory } from './block-memory.js';
import { BlockScanner } from './block-scanner.js';
import { BloomFilter } from './bloom-filter.js';
import type { TableFooter } from './table-format.js';
import { FOOTER_BYTES, decodeFooter } from './table-format.js';
import { TableIndex } from './table-index.js';
import type { TableMeta } from './table-meta.js';

/** Index and filter of a table. */
export interface TableSections {
  readonly index: TableIndex;
  readonly filter: BloomFilter;
}

/** Reads an SSTable on the calling thread: for jobs and tools. The main thread has OpenTables and BlockCache. */
export class TableReader {
  readonly footer: TableFooter;
  private readonly file: ReadableFile;
  private readIndex: TableIndex | undefined;

  /** With `expected`, the file must be that table. Reads the footer. Throws DiskError, CorruptionError. */
  constructor(file: ReadableFile, expected?: TableMeta) {
    this.file = file;
    const memory = new BlockMemory(FOOTER_BYTES);
    const start = Math.max(0, file.sizeBytes - FOOTER_BYTES);
    const got = file.readAt(memory.bytes, start, Math.min(FOOTER_BYTES, file.sizeBytes));
    this.footer = decodeFooter(file.path, memory.bytes.subarray(0, got), file.sizeBytes, expected);
  }

  get meta(): TableMeta {
    return this.footer.meta;
  }

  /** Read when first asked for. Throws DiskError, CorruptionError. */
  get index(): TableIndex {
    if (this.readIndex !== undefined) return this.readIndex;
    const { indexOffset, footerOffset } = this.footer;
    const memory = this.read(indexOffset, footerOffset - indexOffset);
    this.readIndex = decodeIndex(this.file.path, this.footer, memory, 0);
    return this.readIndex;
  }

  /** Throws DiskError, CorruptionError. */
  filter(): BloomFilter {
    const { filterOffset, indexOffset } = this.footer;
    return decodeFilter(this.file.path, this.footer, this.read(filterOffset, indexOffset - filterOffset));
  }

  /** All blocks from number `block` on, in order; `memory` is that of a scanner which is not used any more. */
  scan(block = 0, readAheadBytes?: number, memory?: BlockMemory): BlockScanner {
    return new BlockScanner(this.file, this.index, frameSeed(this.meta.fileId), block, readAheadBytes, memory);
  }

  private read(offset: number, length: number): BlockMemory {
    const memory = new BlockMemory(length);
    const got = this.file.readAt(memory.bytes, offset, length);
    checkLength(this.file.path, offset, got, length);
    return memory;
  }
}

/** The footer of a table, read off the main thread. The rest as with TableReader. */
export async function readFooterLater(file: ReadableFile, expected: TableMeta): Promise<TableFooter> {
  const { sizeBytes, path } = file;
  const bytes = Buffer.allocUnsafe(FOOTER_BYTES);
  const got = await file.readLater(bytes, Math.max(0, sizeBytes - FOOTER_BYTES), Math.min(FOOTER_BYTES, sizeBytes));
  return decodeFooter(path, bytes.subarray(0, got), sizeBytes, expected);
}

/** Filter and index of a table, read off the main thread with one read. Rejects with DiskError, CorruptionError. */
export async function readSectionsLater(file: ReadableFile, footer: TableFooter): Promise<TableSections> {
  const { filterOffset, indexOffset, footerOffset } = footer;
  const { path } = file;
  const length = footerOffset - filterOffset;
  const memory = new BlockMemory(length);
  checkLength(path, filterOffset, await file.readLater(memory.bytes, filterOffset, length), length);
  const filter = decodeFilter(path, footer, memory);
  return { filter, index: decodeIndex(path, footer, memory, indexOffset - filterOffset) };
}

/** Throws CorruptionError if less was read than there must be. */
export function checkLength(path: string, offset: number, got: number, length: number): void {
  if (got !== length) throw new CorruptionError(path, offset + got, 'the table ends too early');
}

function decodeFilter(path: string, footer: TableFooter, memory: BlockMemory): BloomFilter {
  const { filterOffset, indexOffset, meta } = footer;
  return BloomFilter.decode(memory, 0, indexOffset - filterOffset, frameSeed(meta.fileId), path, filterOffset);
}

function decodeIndex(path: string, footer: TableFooter, memory: BlockMemory, base: number): TableIndex {
  const { filterOffset, indexOffset, footerOffset, meta } = footer;
  const seed = frameSeed(meta.fileId);
  return TableIndex.decode(memory, base, footerOffset - indexOffset, seed, path, indexOffset, filterOffset);
}
