import { assert } from '../../base/assert.js';
import type { Disk, ReadableFile } from '../../host/ports.js';
import { tablesDirectory } from '../levels/table-files.js';
import { SlotFloors } from '../levels/slot-floors.js';
import type { SlotFloor } from '../levels/slot-floors.js';
import { Block } from '../sstable/block.js';
import type { BlockScanner } from '../sstable/block-scanner.js';
import { RecordFlags } from '../sstable/record-flags.js';
import { tablePath } from '../sstable/table-format.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { TableReader } from '../sstable/table-reader.js';
import type { Pace } from './pace.js';
import { PositionRanges } from './position-ranges.js';

/** What a RunReader has to know of the job that it reads for. */
export interface RunReading {
  /** The data directory. */
  readonly directory: string;
  /** Records whose table has this origin may be copied as they are. */
  readonly origin: number;
  /** Everything stamped up to this is dead. */
  readonly floor: number;
  /** What is dead because its slots were given up (levels/slot-floors.ts). */
  readonly slotFloors: readonly SlotFloor[];
}

/** Walks the records of a run, table after table, from the lowest position to the highest, but for those of slots that were given up. All methods throw DiskError, CorruptionError and JobAbortedError. */
export class RunReader {
  /** Of the current record; -1 before the first one, Infinity behind the last one. */
  position = -1;
  /** The current record is `block`'s number `index`. Valid until `next`. */
  block = new Block();
  index = 0;
  /** The origin of the pairs that the current table's records hold short. */
  origin = 0;
  /** The current table's records cannot be copied as they are: parts may be dead, or another origin's. */
  mustDecode = false;
  /** Records of the current table may say that parts of their keys are gone. */
  mayHaveMarks = false;
  /** Keys that were passed over. */
  passedCount = 0;

  private readonly disk: Disk;
  private readonly job: RunReading;
  private readonly tables: readonly TableMeta[];
  private readonly pace: Pace;
  private file: ReadableFile | undefined;
  private table: TableReader | undefined;
  private scanner: BlockScanner | undefined;
  private nextTable = 0;
  private readonly floors: SlotFloors;
  /** Of the current table. */
  private dead: PositionRanges | undefined;

  /** Stands before the first record. */
  constructor(disk: Disk, job: RunReading, tables: readonly TableMeta[], pace: Pace) {
    this.disk = disk;
    this.job = job;
    this.tables = tables;
    this.pace = pace;
    this.floors = new SlotFloors(job.slotFloors);
  }

  /** Moves to the next record. REQUIRES: it is not behind the last one. */
  next(): void {
    this.step();
    while (this.dead?.has(this.position) === true) {
      if ((this.block.flags(this.index) & RecordFlags.MORE) === 0) this.passedCount++;
      this.step();
    }
  }

  close(): void {
    this.file?.close();
    this.file = this.table = this.scanner = undefined;
  }

  private step(): void {
    if (++this.index < this.block.count) this.position = this.block.position(this.index);
    else this.openNextBlock();
  }

  private openNextBlock(): void {
    while (this.scanner?.next() !== true) {
      if (!this.openNextTable()) {
        this.position = Infinity;
        return;
      }
    }
    const { block, blockNumber } = this.scanner;
    this.pace.spend(this.table?.index.lengthOf(blockNumber) ?? 0);
    assert(block.position(0) >= this.position, 'a run rises');
    this.block = block;
    this.index = 0;
    this.position = block.position(0);
  }

  private openNextTable(): boolean {
    // Nobody has a block of the last table any more.
    const memory = this.scanner?.memory;
    this.close();
    if (this.nextTable === this.tables.length) return false;
    const { job } = this;
    const meta = this.tables[this.nextTable++];
    assert(meta.smallest > this.position, 'the tables of a run rise');
    this.file = this.disk.openForReading(tablePath(tablesDirectory(job.directory), meta.id));
    this.table = new TableReader(this.file, meta);
    this.scanner = this.table.scan(0, undefined, memory);
    this.origin = this.table.footer.origin;
    const dead = this.floors.positionsDeadIn(meta.id);
    this.dead = dead.length === 0 ? undefined : new PositionRanges(dead);
    this.mayHaveMarks = meta.markBytes !== 0;
    this.mustDecode = this.origin !== job.origin || (job.floor !== 0 && meta.minStamp <= job.floor);
    return true;
  }
}
