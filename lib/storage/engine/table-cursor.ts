import { CorruptionError } from '../../base/errors.js';
import { BlockBuffer } from '../sstable/block-buffer.js';
import type { Block } from '../sstable/block.js';
import type { OpenTable } from '../sstable/open-tables.js';
import { RecordFlags } from '../sstable/record-flags.js';
import type { TableMeta } from '../sstable/table-meta.js';

export interface TableCursorOptions {
  /** Tables that rise and do not overlap. */
  readonly run: readonly TableMeta[];
  readonly open: (meta: TableMeta) => Promise<OpenTable>;
  readonly onDamage: (table: TableMeta, error: CorruptionError) => void;
}

/**
 * Goes through the records of a run of tables in order, reading off the main thread, a block at a time to memory of its own: what it
 * stands on stays as it is until the next `advance`.
 */
export class TableCursor {
  readonly block: Block;
  /** The record in the block that it stands on. */
  index = 0;
  /** Whether it has come to the end. */
  isAtEnd = false;
  /** The origin of the pairs that the record holds short. */
  origin = 0;

  private readonly options: TableCursorOptions;
  private readonly buffer = new BlockBuffer();
  private tableIndex = 0;
  private table: OpenTable | undefined;
  private blockNumber = 0;

  constructor(options: TableCursorOptions) {
    this.options = options;
    this.block = this.buffer.block;
  }

  get position(): number {
    return this.block.position(this.index);
  }

  /** Whether another part of the key follows. */
  get hasMore(): boolean {
    return (this.block.flags(this.index) & RecordFlags.MORE) !== 0;
  }

  /** Goes to the first record at `position` or behind it. Called once, first. */
  async seek(position: number): Promise<void> {
    const { run, open } = this.options;
    this.tableIndex = run.findIndex((meta) => meta.largest >= position);
    if (this.tableIndex < 0) {
      this.isAtEnd = true;
      return;
    }
    this.table = await open(run[this.tableIndex]);
    this.blockNumber = Math.max(0, this.table.index.firstBlockOf(position));
    await this.read();
    this.index = this.block.lowerBound(position);
    if (this.index === this.block.count) await this.nextBlock();
  }

  /** Goes to the next record, if it is in the block at hand; false: `advance` has to read. */
  advanceInBlock(): boolean {
    if (this.index + 1 === this.block.count) return false;
    this.index++;
    return true;
  }

  async advance(): Promise<void> {
    if (!this.advanceInBlock()) await this.nextBlock();
  }

  private async nextBlock(): Promise<void> {
    const { run, open } = this.options;
    this.index = 0;
    this.blockNumber++;
    if (this.blockNumber === this.table?.index.blockCount) {
      this.tableIndex++;
      this.blockNumber = 0;
      this.table = this.tableIndex < run.length ? await open(run[this.tableIndex]) : undefined;
    }
    if (this.table === undefined) this.isAtEnd = true;
    else await this.read();
  }

  private async read(): Promise<void> {
    const { table, blockNumber } = this;
    if (table === undefined) return;
    try {
      await this.buffer.load(table, blockNumber);
    } catch (error) {
      if (error instanceof CorruptionError) this.options.onDamage(this.options.run[this.tableIndex], error);
      throw error;
    }
    this.origin = table.origin;
  }
}
