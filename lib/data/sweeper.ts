import { POSITION_LIMIT } from '../base/position.js';
import type { Keyspace } from './keyspace.js';
import type { Rounds } from './paced-rounds.js';

/** One in so many records may say that a key is deleted: fewer are not worth a look at all the others. */
const DELETED_PART = 16;

/**
 * Drops what deleted keys have left in memory, once the disk knows that they are deleted. Goes in rounds through the databases in which there
 * is much of it, a slice at a time, each time that more of the memory has reached the disk.
 */
export class Sweeper implements Rounds {
  private readonly keyspace: Keyspace;
  /** What had reached the disk when the last round began. */
  private cleanUpTo = -1;
  private database: number;
  private position = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.database = keyspace.databaseCount;
  }

  get isAtEnd(): boolean {
    return this.database >= this.keyspace.databaseCount;
  }

  /** Begins a round, if something may have become droppable since the last one. */
  begin(): boolean {
    const { cleanUpTo } = this.keyspace.cold;
    // It falls when changes come late.
    const hasRisen = cleanUpTo > this.cleanUpTo;
    this.cleanUpTo = cleanUpTo;
    if (!hasRisen) return false;
    this.database = this.position = 0;
    return true;
  }

  step(): void {
    const db = this.keyspace.database(this.database);
    const isWorthIt = this.position > 0 || db.emptyCount * DELETED_PART > db.table.count;
    this.position = isWorthIt ? this.keyspace.sweepFrom(db, this.position) : POSITION_LIMIT;
    if (this.position < POSITION_LIMIT) return;
    this.position = 0;
    this.database++;
  }
}
