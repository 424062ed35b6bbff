import { POSITION_LIMIT } from '../base/position.js';
import type { Database } from './database.js';
import { expireKeys } from './expired-keys.js';
import type { Keyspace } from './keyspace.js';

/** How many keys a database has. */
export interface CountedKeys {
  readonly keyCount: number;
  /** Of these, those with an expiry. */
  readonly expiringCount: number;
}

/** A database's counts when they began to be counted anew. */
interface CountMark extends CountedKeys {
  readonly db: Database;
  readonly doubtCount: number;
  readonly droppedCount: number;
  readonly resetCount: number;
}

/**
 * Counts the keys of all databases anew, on disk, while they change (COMPACT). What the counts of a database say meanwhile is what has changed since. REQUIRES: one at a time, and `end`
 * follows.
 */
export class KeyCount {
  private readonly keyspace: Keyspace;
  private readonly marks: readonly CountMark[];
  /** Changes of other nodes when it began. */
  private readonly foreignCount: number;
  /** Whether what has expired by then is neither in memory any more, nor counted. */
  private readonly isClear: boolean;

  /**
   * Removes what has expired in memory, so that nobody removes again what is not counted because it has expired by now. (Where nothing is dropped for
   * having expired, it is counted.)
   */
  constructor(keyspace: Keyspace) {
    const { isReplicated } = keyspace;
    this.keyspace = keyspace;
    this.foreignCount = keyspace.foreignCount;
    this.isClear = isReplicated || keyspace.removesExpired;
    keyspace.countingFromMs = isReplicated ? 0 : keyspace.clock.nowMs;
    this.marks = Array.from({ length: keyspace.databaseCount }, (_, id) => {
      const db = keyspace.physicalDatabase(id);
      let position = isReplicated ? POSITION_LIMIT : 0;
      while (position < POSITION_LIMIT) position = expireKeys(keyspace, db, position, Infinity);
      const { keyCount, expiringCount, doubtCount, droppedCount, resetCount } = db;
      return { db, keyCount, expiringCount, doubtCount, droppedCount, resetCount };
    });
  }

  /**
   * `countOf` says what a database had when it began, but for what had expired then; `undefined` if that is not known. If it is, and all that has happened
   * since was counted, the counts are exact from now on.
   */
  end(countOf: (db: number) => CountedKeys | undefined): void {
    const { keyspace } = this;
    // What others have written meanwhile may be among what was counted, or not.
    const isMixed = keyspace.foreignCount !== this.foreignCount;
    for (const mark of this.marks) {
      const { db } = mark;
      // It was emptied meanwhile, and its counts began anew.
      if (db.resetCount !== mark.resetCount) continue;
      if (isMixed) db.doubt();
      if (!this.isClear || db.doubtCount !== mark.doubtCount) continue;
      const counted = countOf(db.id);
      if (counted === undefined) continue;
      db.keyCount += counted.keyCount - mark.keyCount + (db.droppedCount - mark.droppedCount);
      db.expiringCount += counted.expiringCount - mark.expiringCount;
      db.isEstimate = false;
    }
    keyspace.countingFromMs = 0;
  }
}
