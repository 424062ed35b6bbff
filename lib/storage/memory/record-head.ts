import { assert } from '../../base/assert.js';
import type { Entry, Expiry } from '../../record/entry.js';
import { CellType, NO_EXPIRY, WHOLE, cellKey } from '../../record/entry.js';
import type { Pair } from '../../record/pair.js';
import { PAIR_ZERO, comparePairs, maxPair, pairBefore } from '../../record/pair.js';

/** Flags of a record. record-heap.ts says what each of them means, and where what they stand for lies. */
export const REPLACES = 1;
export const LONG = 2;
export const EXPIRY = 4;
export const EXPIRY_PAIR = 8;
export const DELETED = 16;
export const EMPTY = 32;
export const PARTIAL = 64;

/** Longer ones need LONG. */
export const SHORT_KEY_MAX = 255;
export const SHORT_VALUE_MAX = 65535;

/** Forms above this are large: such a form is its type and this. */
export const LARGE = 8;
/** The form of a string in chunks (chunk-pairs.ts): the value is the string all the same. */
export const CHUNKED = 9;

/**
 * What a record says of its entry besides key and value: filled by `RecordHeap.read` or by hand, changed, and written back.
 * One is reused, so that a write allocates nothing.
 */
export class RecordHead {
  stamp = 0;
  origin = 0;
  access = 0;
  /** How the value lies in memory: the number of its type; 8 more if it is large. */
  form: number = CellType.STRING;
  /** deletedUpTo is the pair just below the cell's; else what the next two fields say. */
  replaces = false;
  deletedStamp = 0;
  deletedOrigin = 0;
  /** Unix milliseconds; 0 is never. */
  expiresAtMs = 0;
  /** The expiry's pair; both 0 if it was never set. */
  expiryStamp = 0;
  expiryOrigin = 0;
  /** There is no cell: `stamp` and `origin` are deletedUpTo. */
  isEmpty = false;
  /** More is on the disk. */
  isPartial = false;

  /** A plain SET: it replaces everything, and does not expire. */
  replace(stamp: number, origin: number): void {
    this.isEmpty = this.isPartial = false;
    this.form = CellType.STRING;
    this.stamp = stamp;
    this.origin = origin;
    this.replaces = true;
    this.deletedStamp = this.deletedOrigin = 0;
    this.expiresAtMs = 0;
    this.expiryStamp = this.expiryOrigin = 0;
  }

  /** Nothing is left up to this pair. */
  delete(stamp: number, origin: number): void {
    this.replace(stamp, origin);
    this.replaces = false;
    this.isEmpty = true;
  }

  /** What an empty record said of its key is deleted, before cells of `type` come to the key: all of its tombstones, if they are of another type. */
  buryCells(type: CellType): void {
    const isOther = this.form !== type && this.form !== (type as number) + LARGE;
    if (isOther && comparePairs(this, { stamp: this.deletedStamp, origin: this.deletedOrigin }) > 0) {
      this.deletedStamp = this.stamp;
      this.deletedOrigin = this.origin;
      const isBuried = comparePairs({ stamp: this.expiryStamp, origin: this.expiryOrigin }, this) <= 0;
      if (isBuried) this.expire(0, 0, 0);
    }
  }

  /** A new whole string under what else the entry says: deletedUpTo and expiry stay. */
  restamp(stamp: number, origin: number): void {
    if (this.replaces) {
      this.replaces = false;
      const before = pairBefore(this);
      this.deletedStamp = before.stamp;
      this.deletedOrigin = before.origin;
    }
    this.form = CellType.STRING;
    this.stamp = stamp;
    this.origin = origin;
  }

  /** Sets the expiry register. */
  expire(atMs: number, stamp: number, origin: number): void {
    this.expiresAtMs = atMs;
    this.expiryStamp = stamp;
    this.expiryOrigin = origin;
  }

  /** The flags that a record with this head needs. */
  flags(keyLength: number, valueLength: number): number {
    const isLong = keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX || this.form === CHUNKED;
    let flags = isLong ? LONG : 0;
    if (this.isPartial) flags |= PARTIAL;
    if (this.isEmpty) flags |= EMPTY;
    if (this.replaces) flags |= REPLACES;
    else if (this.deletedStamp !== 0 || this.deletedOrigin !== 0) flags |= DELETED;
    if (this.expiryStamp !== 0 || this.expiryOrigin !== 0) {
      flags |= this.expiryStamp === this.stamp && this.expiryOrigin === this.origin ? EXPIRY : EXPIRY | EXPIRY_PAIR;
    }
    return flags;
  }
  /** deletedUpTo and the expiry in plain form. */
  registers(): { readonly deletedUpTo: Pair; readonly expiry: Expiry } {
    const pair: Pair = { stamp: this.stamp, origin: this.origin };
    const expiryPair = { stamp: this.expiryStamp, origin: this.expiryOrigin };
    const expiry = comparePairs(expiryPair, PAIR_ZERO) === 0 ? NO_EXPIRY : { atMs: this.expiresAtMs, pair: expiryPair };
    if (this.isEmpty && this.form === CellType.STRING) return { deletedUpTo: pair, expiry };
    const deleted = { stamp: this.deletedStamp, origin: this.deletedOrigin };
    return { deletedUpTo: this.replaces ? pairBefore(pair) : deleted, expiry };
  }
}

/** The head of the record of an entry, without its access field. REQUIRES: that holds one whole string, or nothing. */
export function headOfString(entry: Entry): RecordHead {
  const head = new RecordHead();
  const cell = entry.cells.get(cellKey(CellType.STRING, WHOLE));
  if (cell === undefined) {
    assert(entry.cells.size === 0, 'the entry is one whole string, or nothing');
    head.delete(entry.deletedUpTo.stamp, entry.deletedUpTo.origin);
  } else {
    assert(entry.cells.size === 1 && cell.value !== undefined, 'the entry is one whole string, or nothing');
    head.replace(cell.pair.stamp, cell.pair.origin);
    head.replaces = comparePairs(entry.deletedUpTo, pairBefore(cell.pair)) === 0;
    if (!head.replaces) {
      head.deletedStamp = entry.deletedUpTo.stamp;
      head.deletedOrigin = entry.deletedUpTo.origin;
    }
  }
  head.expire(entry.expiry.atMs, entry.expiry.pair.stamp, entry.expiry.pair.origin);
  return head;
}

/** The same for an entry with cells of a collection, which lie in memory in this form. */
export function headOfCells(entry: Entry, form: number): RecordHead {
  const head = new RecordHead();
  let pair = PAIR_ZERO;
  for (const cell of entry.cells.values()) pair = maxPair(pair, cell.pair);
  head.delete(pair.stamp, pair.origin);
  head.form = form;
  head.deletedStamp = entry.deletedUpTo.stamp;
  head.deletedOrigin = entry.deletedUpTo.origin;
  head.expire(entry.expiry.atMs, entry.expiry.pair.stamp, entry.expiry.pair.origin);
  return head;
}
