/**
 * The keyspace: 16 (or more) databases of entries, and the only place that changes them.
 *
 * A cursor: `find` puts it on a key, and `put`, `setExpiry` and `remove` act there. The key's bytes are a view and must stay
 * what they are in between. Each change takes a stamp of the clock, changes the record in memory and adds its cells to the
 * write batch, which the server logs at the end of the turn: nothing else decides what is durable.
 *
 * An expired entry is never seen. Whoever meets one removes it, with a delete in the batch, so that a later write
 * does not fall under its expiry.
 */

import type { PositionHasher } from '../base/position.js';
import { POSITION_LIMIT } from '../base/position.js';
import type { HybridClock } from '../base/stamp.js';
import type { Random } from '../host/ports.js';
import type { BatchReader, WriteBatch } from '../record/batch.js';
import { ChangeKind, entryOfChange } from '../record/batch.js';
import { CellType, EMPTY_ENTRY } from '../record/entry.js';
import { merge } from '../record/merge.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO, comparePairs } from '../record/pair.js';
import { RecordHead, RecordHeap } from '../storage/memory/record-heap.js';
import { ResidentTable, SEGMENT_COUNT_MAX } from '../storage/memory/resident-table.js';
import type { AccessPolicy } from './access.js';

/** For `put`: the key's expiry stays as it is. */
export const KEEP_EXPIRY = -1;
/** For `put`: the key does not expire. */
export const NEVER = 0;

/** Bytes of records that one step of a snapshot takes, more or less. */
const SNAPSHOT_STEP_BYTES = 1024 * 1024;
const SNAPSHOT_FRAME_BYTES = 64 * 1024;

/** One physical database. SELECT's numbers are mapped to them (SWAPDB). */
export interface Database {
  readonly id: number;
  readonly table: ResidentTable;
}

export interface KeyspaceOptions {
  readonly databaseCount: number;
  readonly clock: HybridClock;
  readonly hasher: PositionHasher;
  readonly random: Random;
  readonly batch: WriteBatch;
  readonly access: AccessPolicy;
  /** This node's ordinal. */
  readonly origin: number;
}

export class Keyspace {
  readonly heap = new RecordHeap();
  readonly clock: HybridClock;
  readonly batch: WriteBatch;
  readonly random: Random;

  /**
   * False while no data may change (CLIENT PAUSE, a log that failed): expired keys are then hidden, not removed.
   * REQUIRES: nothing is written while it is false.
   */
  removesExpired = true;

  /** Reads that met a key, and that did not. */
  hits = 0;
  misses = 0;
  expiredCount = 0;
  evictedCount = 0;
  /** Changes since the start: what INFO's rdb_changes_since_last_save counts from. */
  changeCount = 0;

  readonly access: AccessPolicy;
  private readonly origin: number;
  private readonly physical: Database[];
  /** By SELECT's number. */
  private readonly databases: Database[];
  private databasesPair: Pair = PAIR_ZERO;
  private readonly head = new RecordHead();
  /** Tables that were flushed, and whose records are yet to be freed. */
  private readonly flushed: ResidentTable[] = [];
  private readonly newTable: () => ResidentTable;

  // The cursor.
  private db: Database;
  private key: Uint8Array = new Uint8Array(0);
  private keyStart = 0;
  private keyEnd = 0;
  private ref = 0;

  constructor(options: KeyspaceOptions) {
    this.clock = options.clock;
    this.batch = options.batch;
    this.random = options.random;
    this.access = options.access;
    this.origin = options.origin;
    this.newTable = () => new ResidentTable(this.heap, options.hasher);
    this.physical = Array.from({ length: options.databaseCount }, (_, id) => ({ id, table: this.newTable() }));
    this.databases = [...this.physical];
    this.db = this.databases[0];
  }

  get databaseCount(): number {
    return this.databases.length;
  }

  /** CONFIG RESETSTAT. */
  resetFigures(): void {
    this.hits = this.misses = this.expiredCount = this.evictedCount = 0;
  }

  /** The database that SELECT's `number` stands for now. */
  database(number: number): Database {
    return this.databases[number];
  }

  /** Bytes that records and the indexes over them take. */
  get usedBytes(): number {
    return this.heap.slab.usedBytes;
  }

  /** Of these, the indexes'. */
  get indexBytes(): number {
    return this.physical.reduce((bytes, db) => bytes + db.table.indexBytes, 0);
  }

  get keyCount(): number {
    return this.physical.reduce((count, db) => count + db.table.count, 0);
  }

  /** Puts the cursor on a key. Returns the ref of its record, 0 if there is none; valid until the next change. */
  find(db: Database, key: Uint8Array, start: number, end: number): number {
    this.db = db;
    this.key = key;
    this.keyStart = start;
    this.keyEnd = end;
    this.ref = db.table.find(key, start, end);
    if (this.ref !== 0) {
      const atMs = this.heap.expiresAtMs(this.ref);
      if (atMs !== 0 && atMs <= this.clock.nowMs) this.hideExpired();
    }
    return this.ref;
  }

  /** `find` for a read: counts a hit or a miss, and the access unless `noTouch`. */
  read(db: Database, key: Uint8Array, start: number, end: number, noTouch = false): number {
    const ref = this.find(db, key, start, end);
    if (ref === 0) this.misses++;
    else {
      this.hits++;
      if (!noTouch) this.touch();
    }
    return ref;
  }

  /** Notes an access to the key under the cursor. REQUIRES: it is there. */
  touch(): void {
    this.heap.setAccess(this.ref, this.access.touched(this.heap.access(this.ref)));
  }

  /** Sets the access field of the key under the cursor, if it is there: what is known of its use comes from elsewhere. */
  setAccess(access: number): void {
    if (this.ref !== 0) this.heap.setAccess(this.ref, access);
  }

  /**
   * Sets the key under the cursor to a string. `expiry`: KEEP_EXPIRY (also: keeps the entry's life, as INCR and APPEND do),
   * NEVER, or Unix milliseconds; in the past, the key is removed instead. REQUIRES: `value` does not lie in a record.
   */
  put(value: Uint8Array, start: number, end: number, expiry: number): void {
    if (expiry > 0 && expiry <= this.clock.nowMs) {
      if (this.ref !== 0) this.remove();
      return;
    }
    const { batch, head, db } = this;
    const stamp = this.clock.next();
    const replaces = expiry !== KEEP_EXPIRY || this.ref === 0;
    const changes = expiry > 0 ? 2 : 1;
    batch.entry(db.id, this.key, this.keyStart, this.keyEnd, changes, stamp);
    batch.string(stamp, replaces, value, start, end);
    if (changes === 2) batch.expiry(stamp, expiry);
    this.changeCount++;
    if (replaces) {
      head.replace(stamp, this.origin);
      head.access = this.ref === 0 ? this.access.fresh() : this.access.touched(this.heap.access(this.ref));
      if (changes === 2) head.expire(expiry, stamp, this.origin);
    } else {
      this.heap.read(this.ref, head);
      head.restamp(stamp, this.origin);
      head.access = this.access.touched(head.access);
    }
    const hadExpiry = this.ref !== 0 && this.heap.expiresAtMs(this.ref) !== 0;
    const ref = this.heap.write(this.ref, head, this.key, this.keyStart, this.keyEnd, value, start, end);
    this.place(ref, hadExpiry);
  }

  /** Sets when the key under the cursor expires (Unix ms; NEVER); in the past, the key is removed. REQUIRES: it is there. */
  setExpiry(atMs: number): void {
    if (atMs !== NEVER && atMs <= this.clock.nowMs) {
      this.remove();
      return;
    }
    const stamp = this.clock.next();
    this.batch.entry(this.db.id, this.key, this.keyStart, this.keyEnd, 1, stamp);
    this.batch.expiry(stamp, atMs);
    this.changeCount++;
    const hadExpiry = this.heap.expiresAtMs(this.ref) !== 0;
    this.heap.read(this.ref, this.head);
    this.head.expire(atMs, stamp, this.origin);
    this.place(this.heap.rewriteHead(this.ref, this.head), hadExpiry);
  }

  /** Removes the key under the cursor. REQUIRES: it is there. */
  remove(): void {
    const stamp = this.clock.next();
    this.batch.entry(this.db.id, this.key, this.keyStart, this.keyEnd, 1, stamp);
    this.batch.delete(stamp);
    this.changeCount++;
    this.drop();
  }

  /** Removes a key for good because memory is short. REQUIRES: `ref` is a record of `db`. */
  evict(db: Database, ref: number): void {
    const key = this.heap.key(ref);
    this.find(db, key, 0, key.length);
    if (this.ref === 0) return; // expired meanwhile
    this.remove();
    this.evictedCount++;
  }

  /** Empties a database, in constant time: the records are freed later (`freeFlushed`). */
  flush(db: Database): void {
    this.batch.flush(db.id, this.clock.next());
    this.changeCount += db.table.count;
    this.emptied(db);
  }

  /** Frees records of flushed databases for a while; returns whether there are more. */
  freeFlushed(recordsMax: number): boolean {
    const table = this.flushed[0] as ResidentTable | undefined;
    if (table === undefined) return false;
    const freed = table.drain(recordsMax, (ref) => {
      this.heap.slab.free(ref);
    });
    if (freed < recordsMax) this.flushed.shift();
    return this.flushed.length > 0;
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

  /**
   * Removes up to `keysMax` expired keys of one segment of a database from `position` on; returns where to go on, POSITION_LIMIT when none is
   * left. Does nothing while `removesExpired` is false.
   */
  expireFrom(db: Database, position: number, keysMax: number): number {
    if (!this.removesExpired) return POSITION_LIMIT;
    const keys: Buffer[] = [];
    const next = db.table.forEachExpired(position, this.clock.nowMs, keysMax, (ref) => keys.push(this.heap.key(ref)));
    for (const key of keys) this.find(db, key, 0, key.length);
    return next;
  }

  /** Forgets everything in memory, the log does not hear of it: before it is read again. */
  forgetAll(): void {
    for (const db of this.physical) (db as { table: ResidentTable }).table = this.newTable();
    this.databases.splice(0, this.databases.length, ...this.physical);
    this.databasesPair = PAIR_ZERO;
    this.flushed.length = 0;
    this.heap.clear();
  }

  /** Adds the map of databases to a batch, if it was ever changed: for a snapshot. */
  writeDatabases(batch: WriteBatch): void {
    if (comparePairs(this.databasesPair, PAIR_ZERO) === 0) return;
    batch.databases(
      this.databasesPair.stamp,
      this.databases.map((db) => db.id),
    );
  }

  /**
   * Adds some records of a physical database to `batch`, about SNAPSHOT_STEP_BYTES from `position` on; calls `drain`, which empties the batch,
   * whenever it has grown to SNAPSHOT_FRAME_BYTES. Returns where to go on, POSITION_LIMIT at the end. What changes meanwhile is in the
   * log: merged with that, a copy made in steps is right.
   */
  snapshot(id: number, position: number, batch: WriteBatch, drain: () => void): number {
    const { heap, head } = this;
    const { table } = this.physical[id];
    const visit = (ref: number): void => {
      heap.read(ref, head);
      const bytes = heap.bytes(ref);
      const keyStart = heap.keyStart(ref);
      const valueStart = heap.valueStart(ref);
      batch.wholeString(id, head, bytes, keyStart, valueStart, valueStart + heap.valueLength(ref));
      if (batch.byteLength >= SNAPSHOT_FRAME_BYTES) drain();
    };
    const stepRecords = Math.ceil(SNAPSHOT_STEP_BYTES / (this.usedBytes / Math.max(1, this.keyCount) + 1));
    // A whole segment costs no sorting; parts of one are taken in order, to go on from.
    if (stepRecords >= SEGMENT_COUNT_MAX) return table.forEachInSegmentAt(position, visit);
    return table.walk(position, stepRecords, visit);
  }

  /** Merges one change of a log or of another node. Adds nothing to the batch. */
  apply(reader: BatchReader): void {
    this.clock.observe(reader.stamp);
    if (reader.kind === ChangeKind.DATABASES) this.applyDatabases(reader);
    else {
      const db = this.physicalDatabase(reader.db);
      if (reader.kind === ChangeKind.FLUSH) this.applyFlush(db, reader);
      else this.applyChange(db, reader);
    }
  }

  private applyDatabases(reader: BatchReader): void {
    const pair = { stamp: reader.stamp, origin: reader.origin };
    if (comparePairs(pair, this.databasesPair) <= 0) return;
    this.databasesPair = pair;
    reader.physical.forEach((id, number) => (this.databases[number] = this.physicalDatabase(id)));
  }

  private applyFlush(db: Database, reader: BatchReader): void {
    const { heap } = this;
    const isOlder = (ref: number): boolean => heap.isOlder(ref, reader.stamp, reader.origin + 1);
    let newerCount = 0;
    db.table.forEach((ref) => (newerCount += isOlder(ref) ? 0 : 1));
    if (newerCount === 0) {
      this.emptied(db);
      return;
    }
    const older: Buffer[] = [];
    db.table.forEach((ref) => {
      if (isOlder(ref)) older.push(heap.key(ref));
    });
    for (const key of older) {
      this.locate(db, key, 0, key.length);
      this.drop();
    }
  }

  private applyChange(db: Database, reader: BatchReader): void {
    this.locate(db, reader.bytes, reader.keyStart, reader.keyEnd);
    if (reader.kind === ChangeKind.VALUE && reader.replaces && this.replacedBy(reader)) return;
    const { heap, ref } = this;
    const before = ref === 0 ? EMPTY_ENTRY : heap.entry(ref);
    const after = merge(before, entryOfChange(reader));
    if (after.cells.size === 0) {
      if (ref !== 0) this.drop();
      return;
    }
    const key = Buffer.from(this.key.subarray(this.keyStart, this.keyEnd));
    const hadExpiry = before.expiry.atMs !== 0;
    this.place(heap.writeEntry(ref, key, after, ref === 0 ? this.access.fresh() : heap.access(ref)), hadExpiry);
  }

  /** The common case of `applyChange` without a plain entry: a SET that is newer than all that is there. */
  private replacedBy(reader: BatchReader): boolean {
    const { heap, head, ref } = this;
    if (reader.type !== CellType.STRING || reader.fieldEnd !== reader.fieldStart || reader.atMs !== 0) return false;
    let hadExpiry = false;
    if (ref === 0) head.access = this.access.fresh();
    else {
      heap.read(ref, head);
      if (!heap.isOlder(ref, reader.stamp, reader.origin) || head.expiryStamp >= reader.stamp) return false;
      hadExpiry = head.expiresAtMs !== 0;
    }
    head.replace(reader.stamp, reader.origin);
    const { bytes, valueStart, valueEnd } = reader;
    this.place(heap.write(ref, head, this.key, this.keyStart, this.keyEnd, bytes, valueStart, valueEnd), hadExpiry);
    return true;
  }

  /** The cursor on a key, expired or not. */
  private locate(db: Database, key: Uint8Array, start: number, end: number): void {
    this.db = db;
    this.key = key;
    this.keyStart = start;
    this.keyEnd = end;
    this.ref = db.table.find(key, start, end);
  }

  /** The record under the cursor is at `ref` now. */
  private place(ref: number, hadExpiry: boolean): void {
    const { table } = this.db;
    const old = this.ref;
    if (old === 0) table.insert(ref);
    else if (ref === old) table.expiryChanged(ref, hadExpiry);
    else {
      table.replace(ref, hadExpiry);
      this.heap.slab.free(old);
    }
    this.ref = ref;
  }

  private drop(): void {
    this.db.table.remove();
    this.heap.slab.free(this.ref);
    this.ref = 0;
  }

  private hideExpired(): void {
    if (!this.removesExpired) {
      this.ref = 0;
      return;
    }
    this.remove();
    this.expiredCount++;
  }

  /** Takes a database's table away. If that leaves no record at all, the memory goes at once. */
  private emptied(db: Database): void {
    const old = db.table;
    if (old.count === 0) return;
    (db as { table: ResidentTable }).table = this.newTable();
    this.flushed.push(old);
    if (this.keyCount > 0) return;
    this.flushed.length = 0;
    this.heap.clear();
  }

  private physicalDatabase(id: number): Database {
    const known = this.physical[id] as Database | undefined;
    if (known !== undefined) return known;
    throw new RangeError(`the log has data in database ${id}, but "databases" is ${this.physical.length}: raise it`);
  }
}
