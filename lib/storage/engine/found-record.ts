import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Entry } from '../../record/entry.js';
import { CellType } from '../../record/entry.js';
import { entryOfRecord } from '../../record/entry-of-record.js';
import { Block } from '../sstable/block.js';
import type { OpenTable } from '../sstable/open-tables.js';
import { RecordFlags } from '../sstable/record-flags.js';

/** A record in a block, one after the other: valid as long as the block is, which is to the end of the turn at most. */
export class FoundRecord {
  readonly reader = new BatchReader();
  private block = new Block();
  /** Its number in the block. */
  index = 0;
  private origin = 0;
  private path = '';

  /** Looks for a key at its position; false if the block does not have it. Throws CorruptionError. */
  find(block: Block, { origin, path }: OpenTable, key: Buffer, position: number): boolean {
    const index = block.findKey(position, key, 0, key.length);
    if (index < 0) return false;
    this.block = block;
    this.index = index;
    this.origin = origin;
    this.path = path;
    return true;
  }

  /** Whether nothing that older sources say of the key counts. */
  get isComplete(): boolean {
    return (this.block.flags(this.index) & RecordFlags.COMPLETE) !== 0;
  }

  /** Whether it is the first part of what there is: the others follow it in the table. */
  get hasMore(): boolean {
    return (this.block.flags(this.index) & RecordFlags.MORE) !== 0;
  }

  /** Whether it is a string that replaces all before it and does not expire, and nothing else: then `reader` stands on that change. Throws CorruptionError. */
  isString(): boolean {
    if (this.block.flags(this.index) !== RecordFlags.COMPLETE) return false;
    this.open();
    if (!this.reader.next()) return false;
    const { kind, type, replaces, atMs, fieldStart, fieldEnd, isRecordEnd } = this.reader;
    const isWhole = kind === ChangeKind.VALUE && type === CellType.STRING && fieldStart === fieldEnd;
    return isWhole && replaces && atMs === 0 && isRecordEnd;
  }

  /** What it says of its key. REQUIRES: nothing more follows. Throws CorruptionError. */
  entry(): Entry {
    this.open();
    return entryOfRecord(this.reader);
  }

  private open(): void {
    const { block, index } = this;
    const source = `${this.path} at ${block.offset}`;
    this.reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), this.origin, source);
  }
}
