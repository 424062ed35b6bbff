import { CorruptionError } from '../../base/errors.js';
import type { SlotFloors } from '../levels/slot-floors.js';
import { PositionRanges } from '../jobs/position-ranges.js';
import { BlockBuffer } from '../sstable/block-buffer.js';
import type { Block } from '../sstable/block.js';
import type { OpenTable } from '../sstable/open-tables.js';
import { RecordFlags } from '../sstable/record-flags.js';
import type { TableMeta } from '../sstable/table-meta.js';

export interface TableCursorOptions {
  /** Tables that rise and do not overlap. */
  readonly run: readonly TableMeta[];
  /** What is dead because its slots were given up. */
  readonly slotFloors: SlotFloors;
  readonly open: (meta: TableMeta) => Promise<OpenTable>;
  readonly onDamage: (table: TableMeta, error: CorruptionError) => void;
}

/**
 * Goes through the records of a run of tables in order, but for those of slots that were given up, reading off the main thread, a block at a time to memory of its own: what it
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
  /** Of the table. */
  private dead: PositionRanges | undefined;

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
    this.dead = this.deadInTable();
    await this.goTo(this.table, position);
    await this.passDead();
  }

  /** Goes to the next record, if it is in the block at hand; false: `advance` has to read. */
  advanceInBlock(): boolean {
    if (this.index + 1 === this.block.count) return false;
    if (this.dead?.has(this.block.position(this.index + 1)) === true) return false;
    this.index++;
    return true;
  }

  async advance(): Promise<void> {
    if (this.advanceInBlock()) return;
    if (this.index + 1 < this.block.count) this.index++;
    else await this.nextBlock();
    await this.passDead();
  }

  /** Goes to the first record at `position` or behind it, which is in the table at hand or the next one. */
  private async goTo(table: OpenTable, position: number): Promise<void> {
    this.blockNumber = Math.max(0, table.index.firstBlockOf(position));
    await this.read();
    this.index = this.block.lowerBound(position);
    if (this.index === this.block.count) await this.nextBlock();
  }

  private async passDead(): Promise<void> {
    while (!this.isAtEnd && this.dead !== undefined && this.table !== undefined) {
      const end = this.dead.endOf(this.position);
      if (end < 0) return;
      if (end < this.options.run[this.tableIndex].largest) await this.goTo(this.table, end + 1);
      else await this.nextTable();
    }
  }

  private async nextBlock(): Promise<void> {
    this.index = 0;
    this.blockNumber++;
    if (this.blockNumber === this.table?.index.blockCount) await this.nextTable();
    else await this.read();
  }

  private async nextTable(): Promise<void> {
    const { run, open } = this.options;
    this.tableIndex++;
    this.index = this.blockNumber = 0;
    this.table = this.tableIndex < run.length ? await open(run[this.tableIndex]) : undefined;
    this.isAtEnd = this.table === undefined;
    this.dead = this.isAtEnd ? undefined : this.deadInTable();
    await this.read();
  }

  private deadInTable(): PositionRanges | undefined {
    const { slotFloors, run } = this.options;
    const dead = slotFloors.positionsDeadIn(run[this.tableIndex].id);
    return dead.length === 0 ? undefined : new PositionRanges(dead);
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
