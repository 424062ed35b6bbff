/**
 * The part of a keyspace that has to do with whole databases: which ones there are, which of them SELECT's numbers stand for, how much is in them, and how one is emptied.
 *
 * SWAPDB exchanges numbers, and moves nothing: the map from numbers to physical databases is a register with a pair of its own. FLUSHDB takes a database's table away at
 * once; its records are freed in slices.
 */

import type { WriteBatch } from '../record/write-batch.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO, comparePairs } from '../record/pair.js';
import type { ResidentTable } from '../storage/memory/resident-table.js';
import type { Database } from './database.js';
import { RecordCursor } from './record-cursor.js';

export abstract class KeyspaceDatabases extends RecordCursor {
  /** Collections that are being built in the heap, outside of records (key-builder.ts). */
  builderCount = 0;
  /** Of the change that has made the map from numbers to databases what it is. */
  protected databasesPair: Pair = PAIR_ZERO;
  /** Tables that were flushed, and whose records are yet to be freed. */
  protected readonly flushed: ResidentTable[] = [];

  get databaseCount(): number {
    return this.databases.length;
  }

  /** The database that SELECT's `number` stands for now. */
  database(number: number): Database {
    return this.databases[number];
  }

  /** A physical database, by its id. Throws RangeError if there are not so many. */
  physicalDatabase(id: number): Database {
    const known = this.physical[id] as Database | undefined;
    if (known !== undefined) return known;
    throw new RangeError(`there is data in database ${id}, but "databases" is ${this.physical.length}: raise it`);
  }

  get keyCount(): number {
    return this.physical.reduce((count, db) => count + db.keyCount, 0);
  }

  /** Bytes that records and the indexes over them take. */
  get usedBytes(): number {
    return this.heap.slab.usedBytes;
  }

  /** Of these, the indexes'. */
  get indexBytes(): number {
    return this.physical.reduce((bytes, db) => bytes + db.table.indexBytes, 0);
  }

  /** Empties a database, in constant time: the records are freed later (`freeFlushed`). */
  flush(db: Database): void {
    const stamp = this.clock.next();
    db.flushedHereAt = stamp;
    this.batch.flush(db.id, stamp);
    this.changeCount += db.keyCount;
    db.flushedUpTo = stamp;
    this.emptied(db);
    this.cold.flushDatabase(db.id, stamp);
  }

  /** Frees records of flushed databases and of large collections for a while; returns whether there may be more. */
  freeFlushed(recordsMax: number): boolean {
    const { heap, flushed } = this;
    const table = flushed[0] as ResidentTable | undefined;
    if (table === undefined) return heap.large.drain(recordsMax);
    const freed = table.drain(recordsMax, (ref) => {
      heap.free(ref);
    });
    if (freed < recordsMax) flushed.shift();
    return true;
  }

  /** Exchanges what two of SELECT's numbers stand for. */
  swap(a: number, b: number): void {
    const stamp = this.clock.next();
    const { databases } = this;
    [databases[a], databases[b]] = [databases[b], databases[a]];
    this.databasesPair = { stamp, origin: this.origin };
    this.changeCount++;
    this.writeDatabases(this.batch);
  }

  /** Takes over which physical database each of SELECT's numbers stands for, if `pair` is newer than what is known. */
  adoptDatabases(pair: Pair, physical: readonly number[]): void {
    if (comparePairs(pair, this.databasesPair) <= 0) return;
    this.databasesPair = pair;
    physical.forEach((id, number) => (this.databases[number] = this.physicalDatabase(id)));
  }

  /** Adds the map of databases to a batch, if it was ever changed: for a snapshot. */
  writeDatabases(batch: WriteBatch): void {
    if (comparePairs(this.databasesPair, PAIR_ZERO) === 0) return;
    batch.databases(
      this.databasesPair.stamp,
      this.databases.map((db) => db.id),
    );
  }

  /** Takes a database's table away. If that leaves no record at all, the memory goes at once. */
  protected emptied(db: Database): void {
    const old = db.table;
    if (old.count === 0) {
      db.reset(old);
      return;
    }
    db.reset(this.newTable());
    this.flushed.push(old);
    if (this.recordCount > 0 || this.builderCount > 0) return;
    this.flushed.length = 0;
    this.heap.clear();
  }
}
