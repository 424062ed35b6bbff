import type { ChangeList } from './change-list.js';
import { sortByPosition } from './position-sort.js';
import type { Scratch } from '../../base/scratch.js';

/** So many rows are touched together. */
const TOUCHED_ROWS = 64;

/** Walks the changes of a list key by key, in the order of tables: by database, position and key, and within a key as they were logged. */
export class KeyOrder {
  /** The rows of the current key are `rows[start, end)`. */
  readonly rows: Uint32Array;
  start = 0;
  end = 0;
  /** Up to here `rows` is sorted by keys too. */
  private sortedEnd = 0;
  private touchedEnd = 0;
  /** Of no meaning: what is read must be used. */
  private touched = 0;
  private readonly list: ChangeList;

  /** `rows` are in `scratch`. */
  constructor(list: ChangeList, scratch: Scratch) {
    this.list = list;
    this.rows = sortByPosition(list, scratch);
  }

  /** Moves to the next key; false behind the last one. */
  next(): boolean {
    this.start = this.end;
    if (this.start === this.rows.length) return false;
    if (this.start >= this.touchedEnd) this.touch();
    if (this.start === this.sortedEnd) this.sortPosition();
    const { rows, list, start } = this;
    let end = start + 1;
    while (end < this.sortedEnd && list.isSameKey(rows[start], rows[end])) end++;
    this.end = end;
    return true;
  }

  /**
   * Reads from the next rows what will be looked at soon. They lie anywhere in the memory; read one by one, each would be waited for alone, and
   * that takes longer than all that is done with it.
   */
  private touch(): void {
    const { rows, list } = this;
    const end = Math.min(this.start + TOUCHED_ROWS, rows.length);
    for (let at = this.start; at < end; at++) this.touched ^= list.touch(rows[at]);
    this.touchedEnd = end;
  }

  /** Two keys at one position are as rare as a collision of the hash: any sort will do that keeps the order of the log. */
  private sortPosition(): void {
    const { rows, list, start } = this;
    let isOneKey = true;
    let end = start + 1;
    for (; end < rows.length && list.isSamePlace(rows[start], rows[end]); end++) {
      isOneKey &&= list.isSameKey(rows[start], rows[end]);
    }
    this.sortedEnd = end;
    if (!isOneKey) rows.subarray(start, end).sort((a, b) => list.compareKeys(a, b));
  }
}
