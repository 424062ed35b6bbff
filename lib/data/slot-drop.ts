import { POSITION_LIMIT, SLOT_COUNT, SLOT_SPAN } from '../base/position.js';
import type { SlotSet } from '../base/slot-set.js';
import type { Clock } from '../host/ports.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';

/**
 * Drops from memory what it has of slots that were given up, a part of the table at a time. For the disk it is dead already: so nothing of it may be merged with what comes to the
 * same slot meanwhile, and whoever takes over something of a slot has what is left of it dropped first (`finish`).
 */
export class SlotDrop {
  private readonly keyspace: Keyspace;
  private readonly clock: Clock;
  private database = 0;
  private position = 0;

  constructor(keyspace: Keyspace, clock: Clock) {
    this.keyspace = keyspace;
    this.clock = clock;
  }

  /** Slots of which there may be something left. */
  get leftCount(): number {
    return this.keyspace.leaving.size;
  }

  /**
   * Begins with these slots, beside those that are left. `part`: how many of all keys lie in them, about, 0 to 1: of those that are on disk alone nobody knows more. Reads of them that are
   * under way come to nothing.
   */
  begin(slots: SlotSet, part: number): void {
    this.keyspace.giveUp(slots, part);
    this.database = this.position = 0;
  }

  /** Drops what is left of a slot, at once: it is a small part of all. */
  finish(slot: number): void {
    const { keyspace } = this;
    if (!keyspace.leaving.has(slot)) return;
    const end = (slot + 1) * SLOT_SPAN;
    for (let number = 0; number < keyspace.databaseCount; number++) {
      const db = keyspace.database(number);
      for (let at = slot * SLOT_SPAN; at < end;) at = this.dropAt(db, at, (one) => one === slot);
    }
    keyspace.leaving.delete(slot);
  }

  /** Works for about `budgetUs`; true if there is more to do at once. */
  run(budgetUs: number): boolean {
    const { leaving } = this.keyspace;
    if (leaving.size === 0) return false;
    const untilUs = this.clock.monotonicUs() + budgetUs;
    do this.step();
    while (leaving.size > 0 && this.clock.monotonicUs() < untilUs);
    return leaving.size > 0;
  }

  private step(): void {
    const { keyspace } = this;
    const { leaving } = keyspace;
    const db = keyspace.database(this.database);
    this.position = this.skip(this.position);
    if (this.position < POSITION_LIMIT) {
      this.position = this.dropAt(db, this.position, (slot) => leaving.has(slot));
    }
    if (this.position < POSITION_LIMIT) return;
    this.position = 0;
    this.database++;
    if (this.database < keyspace.databaseCount) return;
    this.database = 0;
    leaving.clear();
  }

  /**
   * Drops what is in memory of slots, of one segment of a database, the one that `position` is in; returns where the next one begins. What is not on disk is lost, and what is, counts
   * no more: nobody has these slots here any more.
   */
  private dropAt(db: Database, position: number, isGone: (slot: number) => boolean): number {
    const { keyspace } = this;
    const refs: number[] = [];
    const next = db.table.forEachInSegmentAt(position, (ref) => {
      if (isGone(keyspace.slotAt(ref))) refs.push(ref);
    });
    for (const ref of refs) keyspace.forgetGivenUp(db, ref);
    return next;
  }

  /** The first position from there on that is in a slot of which something may be left. */
  private skip(position: number): number {
    const { leaving } = this.keyspace;
    let slot = Math.floor(position / SLOT_SPAN);
    if (leaving.has(slot)) return position;
    while (slot < SLOT_COUNT && !leaving.has(slot)) slot++;
    return slot === SLOT_COUNT ? POSITION_LIMIT : slot * SLOT_SPAN;
  }
}
