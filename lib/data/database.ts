import type { ResidentTable } from '../storage/memory/resident-table.js';

/**
 * One physical database. SELECT's numbers are mapped to them (SWAPDB). Its table holds what is in memory; the counts are of all its
 * keys, wherever they are, those included that have expired and were not met since.
 */
export class Database {
  readonly id: number;
  table: ResidentTable;
  keyCount = 0;
  /** Keys with an expiry. */
  expiringCount = 0;
  /** A key was written without a look whether the disk has it already: the counts are no longer exact (until COMPACT). */
  isEstimate = false;
  /** How often something happened that the counts do not follow exactly. */
  doubtCount = 0;
  /** Expired keys that COMPACT has dropped from the disk: they are off the count already, and not among what it counts there afterwards. */
  droppedCount = 0;
  /** Records in memory that say that nothing is there. */
  emptyCount = 0;
  /** How often everything in it went at once: what was read of it before counts no more. */
  resetCount = 0;
  /** It was emptied: whatever is stamped up to this is dead, even if it comes later (from another node). 0: it never was. */
  flushedUpTo = 0;
  /** The stamp with which this node has emptied it last; 0: it has not, since the start. */
  flushedHereAt = 0;
  /** Of each slot, how often it was given up, in all databases. */
  private readonly slotResets: Uint32Array;

  constructor(id: number, table: ResidentTable, slotResets: Uint32Array) {
    this.id = id;
    this.table = table;
    this.slotResets = slotResets;
  }

  /** Keys, as far as one knows: an estimate may have come to be below what is in memory, and below zero. */
  get size(): number {
    return Math.max(this.keyCount, this.table.count - this.emptyCount);
  }

  /** Another number whenever everything that is known of a slot goes at once: what was read of it before counts no more. */
  lifeOf(slot: number): number {
    return this.resetCount + this.slotResets[slot];
  }

  /** Slots were given up, with about a `part` of the keys that are on disk alone: they count no more. What is in memory of them is yet to be dropped. */
  giveUp(part: number): void {
    const cold = this.keyCount - (this.table.count - this.emptyCount);
    if (cold <= 0) return;
    this.keyCount -= Math.round(cold * part);
    this.expiringCount -= Math.round(Math.max(0, this.expiringCount - this.table.expiring) * part);
    this.doubt();
  }

  /** The counts are not exact from now on. */
  doubt(): void {
    this.isEstimate = true;
    this.doubtCount++;
  }

  /**
   * Expired keys were dropped from the disk: perhaps some were off the count already. `isForCount`: by a COMPACT, which counts what is left, if it
   * can.
   */
  expiredOnDisk(keys: number, isForCount: boolean): void {
    this.keyCount -= keys;
    if (isForCount) {
      this.isEstimate = true;
      this.droppedCount += keys;
    } else this.doubt();
  }

  /** Nothing is in it. */
  reset(table: ResidentTable): void {
    this.table = table;
    this.keyCount = this.expiringCount = this.emptyCount = 0;
    this.isEstimate = false;
    this.resetCount++;
  }
}
