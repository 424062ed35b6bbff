import type { PositionHasher } from '../base/position.js';
import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import { CellDigest } from './cell-digest.js';
import type { Expiry } from './entry.js';
import { CellType, NO_EXPIRY } from './entry.js';
import type { CellSink } from './key-merge.js';
import { ANCHOR_BYTES } from './list-id.js';
import { digestedMark, isValueCell, settledExpiry } from './marks.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO, aboveStamp, comparePairs, pairBefore } from './pair.js';

/**
 * Makes the digest of what a KeyMerge gives: the same that the keyspace has of the entry (data/entry-digests.ts). REQUIRES: each merge begins with `floor` as known.
 */
export class DigestSink implements CellSink {
  readonly digest: CellDigest;
  /** Deletes and marks (marks.ts) up to this stamp do not count. Set before each merge. */
  deadUpTo = 0;
  /** The lowest stamp of a mark of the last entry that counts, or of the delete of its key if nothing else is known of it; Infinity: there is none. */
  oldestMark = Infinity;
  private entryExpiresMs = Infinity;
  private cellsExpireMs = Infinity;
  private hasValue = false;
  private deletedUpTo: Pair = PAIR_ZERO;
  private cellCount = 0;
  private hasExpiry = false;
  /** The register does not count: the only value of a string says it by its pair. */
  private isImplied = false;
  private readonly floor: Pair;
  private readonly nothingHigh: number;
  private readonly nothingLow: number;

  /** `hasher`: one of fields, that nobody else needs to keep what it has computed. Everything up to `floor` is dead: the database was emptied. */
  constructor(hasher: PositionHasher, floor: Pair) {
    this.digest = new CellDigest(hasher);
    this.floor = floor;
    this.digest.registers(floor, NO_EXPIRY);
    this.nothingHigh = this.digest.high;
    this.nothingLow = this.digest.low;
  }

  /** Whether the last entry says no more than that the database was emptied. */
  get isNothing(): boolean {
    const { high, low } = this.digest;
    if (this.floor.stamp <= this.deadUpTo) return high === 0 && low === 0;
    return high === this.nothingHigh && low === this.nothingLow;
  }

  /** The Unix millisecond in which what is there begins to expire; Infinity: it does not. */
  get expiresAtMs(): number {
    return this.hasValue ? Math.min(this.entryExpiresMs, this.cellsExpireMs) : Infinity;
  }

  begin(deletedUpTo: Pair, expiry: Expiry): void {
    this.digest.clear();
    this.deletedUpTo = deletedUpTo;
    this.cellCount = 0;
    this.isImplied = false;
    this.oldestMark = Infinity;
    this.hasValue = false;
    this.entryExpiresMs = expiry.atMs === 0 ? Infinity : expiry.atMs;
    this.cellsExpireMs = Infinity;
    const counting = settledExpiry(expiry, this.deadUpTo);
    this.digest.registers(PAIR_ZERO, counting);
    this.hasExpiry = comparePairs(counting.pair, PAIR_ZERO) > 0;
    if (this.hasExpiry && counting.atMs === 0) this.oldestMark = counting.pair.stamp;
  }

  /** The merge has ended: the digest is whole. */
  end(): void {
    const deletedUpTo = aboveStamp(this.deletedUpTo, this.deadUpTo);
    if (!this.isImplied) this.digest.registers(deletedUpTo, NO_EXPIRY);
    if (!this.hasExpiry && this.cellCount === 0 && deletedUpTo.stamp > 0) this.oldestMark = deletedUpTo.stamp;
  }

  cell(reader: BatchReader): void {
    const { kind, type, bytes, fieldStart, fieldEnd, valueStart, valueEnd, stamp, origin, atMs } = reader;
    if (!isValueCell(reader)) {
      if (stamp <= this.deadUpTo) return;
      this.oldestMark = Math.min(this.oldestMark, stamp);
    } else {
      this.hasValue = true;
      if (atMs !== 0 && atMs < this.cellsExpireMs) this.cellsExpireMs = atMs;
    }
    const isTombstone = kind === ChangeKind.TOMBSTONE;
    const isWhole = type === CellType.STRING && fieldStart === fieldEnd && !isTombstone;
    this.isImplied =
      ++this.cellCount === 1 && isWhole && comparePairs(pairBefore({ stamp, origin }), this.deletedUpTo) === 0;
    if (isUnion(reader)) {
      const field = bytes.subarray(fieldStart, fieldEnd);
      const value = isTombstone ? NOTHING : bytes.subarray(valueStart, valueEnd);
      this.digest.removals(type, field, digestedMark(type, value, this.deadUpTo), { stamp, origin });
    } else {
      this.digest.cell(1, type, bytes, fieldStart, fieldEnd, isTombstone, stamp, origin, isTombstone ? 0 : atMs);
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** A list's removals, and what was seen of a versioned string: what they hold does not go with their pair. */
function isUnion({ kind, type, fieldStart, fieldEnd }: BatchReader): boolean {
  if (type === CellType.LIST) return fieldEnd - fieldStart < ANCHOR_BYTES;
  return type === CellType.VERSIONED && fieldStart === fieldEnd && kind === ChangeKind.VALUE;
}
