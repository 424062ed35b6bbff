import { POSITION_LIMIT } from '../base/position.js';
import type { Clock } from '../host/ports.js';
import type { Keyspace } from './keyspace.js';

/** One in so many records may say that a key is deleted: fewer are not worth a look at all the others. */
const DELETED_PART = 16;

/**
 * Drops what deleted keys have left in memory, once the disk knows that they are deleted. Goes in rounds through the databases in which there
 * is much of it, a slice at a time, each time that more of the memory has reached the disk.
 */
export class Sweeper {
  private readonly keyspace: Keyspace;
  private readonly clock: Clock;
  /** What had reached the disk when the last round began. */
  private cleanUpTo = -1;
  private database: number;
  private position = 0;

  constructor(keyspace: Keyspace, clock: Clock) {
    this.keyspace = keyspace;
    this.clock = clock;
    this.database = keyspace.databaseCount;
  }

  /** Works for about `budgetUs`; true if there is more to do at once. */
  run(budgetUs: number): boolean {
    if (this.isAtEnd && !this.begin()) return false;
    const untilUs = this.clock.monotonicUs() + budgetUs;
    do this.step();
    while (!this.isAtEnd && this.clock.monotonicUs() < untilUs);
    return !this.isAtEnd;
  }

  private get isAtEnd(): boolean {
    return this.database >= this.keyspace.databaseCount;
  }

  /** Begins a round, if something may have become droppable since the last one. */
  private begin(): boolean {
    const { cleanUpTo } = this.keyspace.cold;
    // It falls when changes come late.
    const hasRisen = cleanUpTo > this.cleanUpTo;
    this.cleanUpTo = cleanUpTo;
    if (!hasRisen) return false;
    this.database = this.position = 0;
    return true;
  }

  private step(): void {
    const db = this.keyspace.database(this.database);
    const isWorthIt = this.position > 0 || db.emptyCount * DELETED_PART > db.table.count;
    this.position = isWorthIt ? this.keyspace.sweepFrom(db, this.position) : POSITION_LIMIT;
    if (this.position < POSITION_LIMIT) return;
    this.position = 0;
    this.database++;
  }
}
