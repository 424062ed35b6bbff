/**
 * The part of a keyspace that lets go of what is in memory: records that the disk has, what is left of deleted keys, slots that were given up. The log does not
 * hear of it.
 */

import { assert } from '../base/assert.js';
import { POSITION_LIMIT, slotOf } from '../base/position.js';
import { SlotSet } from '../base/slot-set.js';
import type { Entry } from '../record/entry.js';
import { PAIR_ZERO } from '../record/pair.js';
import type { Database } from './database.js';
import { KeyspaceAbsorb } from './keyspace-absorb.js';

export abstract class KeyspaceForget extends KeyspaceAbsorb {
  /** Records that were dropped from memory because the disk has them. */
  spilledCount = 0;
  /** How often all memory was forgotten. */
  forgetCount = 0;
  /** Slots that were given up, and of which something may be in memory yet (slot-drop.ts). */
  readonly leaving = new SlotSet();

  /** Takes a record out of memory. Neither the log nor the counts of keys hear of it. REQUIRES: it is one of `db`. */
  forget(db: Database, ref: number): void {
    const { heap } = this;
    const place = this.locate(db, heap.bytes(ref), heap.keyStart(ref), heap.valueStart(ref));
    assert(place === ref, 'a record is found by its key');
    this.drop();
  }

  /** Puts what is left of a key in place of its record. The log does not hear of it. REQUIRES: the record is complete, and shows the same. */
  rewrite(db: Database, key: Buffer, entry: Entry): void {
    const place = this.locate(db, key, 0, key.length);
    this.writeEntry(entry, this.heap.access(place), false);
  }

  /** Drops a record from memory: the disk has it. REQUIRES: `ref` is a clean record of `db`. */
  spill(db: Database, ref: number): void {
    assert(this.isClean(ref), 'only what the disk has is dropped');
    if (this.leaving.size > 0 && this.leaving.has(this.slotAt(ref))) this.uncount(db, ref);
    this.forget(db, ref);
    this.spilledCount++;
  }

  /**
   * Drops empty records that are no longer needed, of one segment of a database from `position` on; returns where to go on,
   * POSITION_LIMIT when none is left.
   */
  sweepFrom(db: Database, position: number): number {
    if (db.emptyCount === 0) return POSITION_LIMIT;
    const refs: number[] = [];
    const next = db.table.forEachInSegmentAt(position, (ref) => {
      if (this.heap.isEmpty(ref) && this.isClean(ref)) refs.push(ref);
    });
    for (const ref of refs) this.forget(db, ref);
    return next;
  }

  /** Slots were given up, with about a `part` of the keys that are on disk alone: they are `leaving`. Reads of them that are under way come to nothing. */
  giveUp(slots: SlotSet, part: number): void {
    for (const range of slots.ranges()) {
      for (let slot = range.first; slot <= range.last; slot++) this.slotResets[slot]++;
      this.leaving.addRange(range);
    }
    for (const db of this.databases) db.giveUp(part);
  }

  /** Takes out of memory a record of slots that were given up: its key is none of the database any more. */
  forgetGivenUp(db: Database, ref: number): void {
    this.uncount(db, ref);
    this.forget(db, ref);
  }

  /** Forgets everything in memory, the log does not hear of it: before it is read again. */
  forgetAll(): void {
    this.forgetCount++;
    this.builderCount = 0;
    for (const db of this.physical) {
      db.reset(this.newTable());
      db.flushedUpTo = 0;
    }
    this.databases.splice(0, this.databases.length, ...this.physical);
    this.databasesPair = PAIR_ZERO;
    this.flushed.length = 0;
    this.cellExpiries.clear();
    this.leaving.clear();
    this.heap.clear();
  }

  /** The slot of a record's key. */
  slotAt(ref: number): number {
    const { heap } = this;
    return slotOf(heap.bytes(ref), heap.keyStart(ref), heap.valueStart(ref));
  }

  /** The key of a record is none of the database any more. */
  private uncount(db: Database, ref: number): void {
    const { heap } = this;
    db.keyCount -= Number(heap.isPartial(ref) || !heap.isEmpty(ref));
    db.expiringCount -= Number(heap.expiresAtMs(ref) !== 0);
  }
}
