import { CorruptionError } from '../../base/errors.js';
import { KeySource } from '../../record/key-source.js';
import { BlockBuffer } from '../sstable/block-buffer.js';
import type { OpenTable } from '../sstable/open-tables.js';
import { RecordFlags } from '../sstable/record-flags.js';
import type { TableMeta } from '../sstable/table-meta.js';

/** What one table has of a key, from its first part on: a block at a time, in memory of its own. */
export class ColdSource extends KeySource {
  readonly meta: TableMeta;
  private readonly table: OpenTable;
  private readonly position: number;
  private readonly buffer = new BlockBuffer();
  private blockNumber: number;
  private index: number;

  /** The key at `position` begins with record `index` of block `blockNumber`; it is yet to be read. */
  constructor(meta: TableMeta, table: OpenTable, position: number, blockNumber: number, index: number) {
    super();
    this.meta = meta;
    this.table = table;
    this.position = position;
    this.blockNumber = blockNumber;
    this.index = index;
  }

  /** Reads what it waits for, and goes to the next cell. Rejects with DiskError, CorruptionError. */
  async fill(): Promise<void> {
    await this.buffer.load(this.table, this.blockNumber);
    this.open();
    this.next();
  }

  /** The same on this thread. Throws DiskError, CorruptionError. */
  fillNow(): void {
    this.buffer.loadNow(this.table, this.blockNumber);
    this.open();
    this.next();
  }

  protected override openNext(): boolean {
    if (++this.index < this.buffer.block.count) {
      this.open();
      return true;
    }
    this.blockNumber++;
    this.index = 0;
    if (this.blockNumber < this.table.index.blockCount) return false;
    throw this.incomplete();
  }

  private open(): void {
    const { index, table } = this;
    const { block } = this.buffer;
    if (index >= block.count || block.position(index) !== this.position) throw this.incomplete();
    const hasMore = (block.flags(index) & RecordFlags.MORE) !== 0;
    const source = `${table.path} at ${block.offset}`;
    this.openPart(block.bytes, block.recordStart(index), block.recordEnd(index), table.origin, source, hasMore);
  }

  private incomplete(): CorruptionError {
    return new CorruptionError(this.table.path, this.buffer.block.offset, 'a part of a key is missing');
  }
}
