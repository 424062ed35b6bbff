import { pairBefore } from '../../record/pair.js';
import { ChangeKind } from '../../record/batch-format.js';
import type { StringHead } from '../../record/change-writer.js';
import type { ChangeList } from './change-list.js';

/**
 * What the changes of one key come to, as long as they are the plain ones of a string in the order of their stamps: folded row by row,
 * without an entry. Whatever else there is (other types, other nodes' changes, stamps out of order) needs the merge of record/merge.ts, from
 * `firstAt` on; a plain SET or DELETE above all of it makes an end of that.
 */
export class KeyState implements StringHead {
  stamp = 0;
  origin = 0;
  replaces = false;
  deletedStamp = 0;
  deletedOrigin = 0;
  expiresAtMs = 0;
  expiryStamp = 0;
  expiryOrigin = 0;
  /** The row that the value is from; -1: there is none. */
  valueRow = -1;
  /** Do the fields above say all? */
  isPlain = true;
  /** What stands before this place in the order has been superseded. */
  firstAt = 0;
  /** The range of all stamps that were folded and counted, of all keys since `forgetStamps`. */
  minStamp = Infinity;
  maxStamp = 0;
  private highestStamp = 0;
  private readonly ownOrigin: number;

  constructor(origin: number) {
    this.ownOrigin = origin;
    this.origin = origin;
  }

  /** Folds the rows `order[start, end)`, all of one key, in the order of the log. What is stamped up to `floor` does not count. */
  fold(list: ChangeList, order: Uint32Array, start: number, end: number, floor: number): void {
    this.clear(start);
    for (let at = start; at < end; at++) {
      const row = order[at];
      const stamp = list.stamp(row);
      if (stamp > floor) this.add(list, row, at, stamp);
    }
  }

  forgetStamps(): void {
    this.minStamp = Infinity;
    this.maxStamp = 0;
  }

  /** Does it say nothing? */
  get isNothing(): boolean {
    return this.highestStamp === 0;
  }

  get hasDelete(): boolean {
    return this.deletedStamp !== 0 || this.deletedOrigin !== 0;
  }

  private add(list: ChangeList, row: number, at: number, stamp: number): void {
    const kind = list.kind(row);
    const rises = stamp > this.highestStamp;
    if (!list.isPlain(row)) this.isPlain = false;
    else if (rises && (kind === ChangeKind.DELETE || list.replaces(row))) this.begin(kind, row, at, stamp);
    else if (kind === ChangeKind.EXPIRY && (rises || this.isBesideValue(stamp))) this.expire(stamp, list.atMs(row));
    else if (kind === ChangeKind.VALUE && rises && !list.replaces(row)) this.setValue(row, stamp, false);
    else this.isPlain = false;
    if (rises) this.highestStamp = stamp;
    if (stamp < this.minStamp) this.minStamp = stamp;
    if (stamp > this.maxStamp) this.maxStamp = stamp;
  }

  /** SET with an expiry stamps both alike. */
  private isBesideValue(stamp: number): boolean {
    return stamp === this.highestStamp && this.valueRow >= 0 && stamp === this.stamp && stamp > this.expiryStamp;
  }

  /** A change above all that was before. */
  private begin(kind: number, row: number, at: number, stamp: number): void {
    this.clear(at);
    if (kind === ChangeKind.VALUE) {
      this.setValue(row, stamp, true);
    } else {
      this.deletedStamp = stamp;
      this.deletedOrigin = this.ownOrigin;
    }
  }

  private setValue(row: number, stamp: number, replaces: boolean): void {
    // What an earlier value replaced stays deleted: the new one does not imply it any more.
    if (this.replaces) this.noteDeleted(this.stamp);
    this.stamp = stamp;
    this.replaces = replaces;
    this.valueRow = row;
  }

  private noteDeleted(stamp: number): void {
    const deleted = pairBefore({ stamp, origin: this.ownOrigin });
    this.deletedStamp = deleted.stamp;
    this.deletedOrigin = deleted.origin;
  }

  private expire(stamp: number, atMs: number): void {
    this.expiresAtMs = atMs;
    this.expiryStamp = stamp;
    this.expiryOrigin = this.ownOrigin;
  }

  private clear(at: number): void {
    this.stamp = 0;
    this.replaces = false;
    this.deletedStamp = this.deletedOrigin = 0;
    this.expiresAtMs = this.expiryStamp = this.expiryOrigin = 0;
    this.valueRow = -1;
    this.isPlain = true;
    this.firstAt = at;
    this.highestStamp = 0;
  }
}
