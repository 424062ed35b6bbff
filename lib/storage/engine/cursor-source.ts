import { CorruptionError } from '../../base/errors.js';
import { KeySource } from '../../record/key-source.js';
import type { TableCursor } from './table-cursor.js';

/** The key that a cursor stands on: reading it takes the cursor to the last of its parts. */
export class CursorSource extends KeySource {
  private readonly cursor: TableCursor;
  private readonly position: number;

  /** Stands on the first cell, unless that is not in the first part. Throws CorruptionError. */
  constructor(cursor: TableCursor) {
    super();
    this.cursor = cursor;
    this.position = cursor.position;
    this.open();
    this.next();
  }

  /** Reads the next part, and goes to its first cell. Rejects with DiskError, CorruptionError. */
  async fill(): Promise<void> {
    await this.cursor.advance();
    this.open();
    this.next();
  }

  protected override openNext(): boolean {
    if (!this.cursor.advanceInBlock()) return false;
    this.open();
    return true;
  }

  private open(): void {
    const { cursor } = this;
    const { block, index, origin } = cursor;
    if (cursor.isAtEnd || cursor.position !== this.position) {
      throw new CorruptionError(block.path, block.offset, 'a part of a key is missing');
    }
    this.openPart(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path, cursor.hasMore);
  }
}
