import type { BatchReader } from './batch-reader.js';
import type { Cell, Entry, Expiry } from './entry.js';
import { EMPTY_ENTRY, cellKey, holdsValue } from './entry.js';
import { readCell } from './entry-of-record.js';
import type { CellSink } from './key-merge.js';
import type { Pair } from './pair.js';

/** Makes a plain entry of what a KeyMerge gives. */
export class EntrySink implements CellSink {
  entry: Entry = EMPTY_ENTRY;
  /** Whether no more cells are looked at. */
  isEnough = false;
  private readonly cells = new Map<string, Cell>();
  private readonly oneValue: boolean;

  /** With `oneValue`, one cell that holds a value is all of them that the entry gets. */
  constructor(oneValue = false) {
    this.oneValue = oneValue;
  }

  begin(deletedUpTo: Pair, expiry: Expiry): void {
    this.entry = { deletedUpTo, expiry, cells: this.cells };
  }

  cell(reader: BatchReader): void {
    if (this.isEnough) return;
    const cell = readCell(reader);
    if (this.oneValue && !holdsValue(cell)) return;
    this.isEnough = this.oneValue;
    this.cells.set(cellKey(cell.type, cell.field), cell);
  }
}
