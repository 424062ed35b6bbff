/**
 * The keyspace: 16 (or more) databases of entries, and the only place that changes them.
 *
 * A cursor: `find` puts it on a key, and `put`, `setExpiry` and `remove` act there. The key's bytes are a view and must stay
 * what they are in between. Each change takes a stamp of the clock, changes the record in memory and adds its cells to the
 * write batch, which the server logs at the end of the turn: nothing else decides what is durable.
 *
 * An expired entry is never seen. Whoever meets one removes it, with a delete in the batch, so that a later write
 * does not fall under its expiry.
 *
 * Not all data is in memory. Of a key there is no record (then `ColdData` says whether the disk may have it), a complete one, or a
 * partial one, which holds what was written since. `find` of what is not known throws COLD_KEY before anything is changed; whoever called
 * has the key loaded (`absorb`) and tries again. A record is dirty until the disk has it in a table, and may be dropped then; so a
 * deleted key leaves an empty record, for as long as a look at the disk would find it.
 */

import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import type { PositionHasher } from '../base/position.js';
import { POSITION_LIMIT } from '../base/position.js';
import type { HybridClock } from '../base/stamp.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { Random } from '../host/ports.js';
import { BatchReader } from '../record/batch-reader.js';
import type { WriteBatch } from '../record/write-batch.js';
import { ChangeKind } from '../record/batch-format.js';
import { entryOfChange } from '../record/entry-of-record.js';
import type { Entry } from '../record/entry.js';
import type { Cell } from '../record/entry.js';
import { CellType, EMPTY_ENTRY, cellKey, hasElements, holdsValue, typeOf } from '../record/entry.js';
import { standOn } from '../record/key-merge.js';
import { ageOf, merge, mergeAll } from '../record/merge.js';
import type { Pair } from '../record/pair.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs } from '../record/pair.js';
import { PACKED_BYTES_MAX } from '../storage/memory/packed-fields.js';
import { CHUNKED, LARGE, RecordHead, RecordHeap } from '../storage/memory/record-heap.js';
import { ResidentTable } from '../storage/memory/resident-table.js';
import type { AccessPolicy } from './access.js';
import type { ColdData, ColdKey } from './cold-data.js';
import { CHUNKED_ABOVE_BYTES, isChunked } from '../record/string-chunks.js';
import { COLD_KEY } from './cold-data.js';
import { CellExpiries } from './cell-expiries.js';
import { ChunkedStrings } from './chunked-strings.js';
import type { Collection } from './collection.js';
import { Database } from './database.js';
import { FieldCells } from './field-cells.js';
import type { BuiltKey } from './key-builder.js';
import { KeyEvents } from './key-events.js';
import { ListCells } from './list-cells.js';
import type { Listing } from './listing.js';
import { SortedCells } from './sorted-cells.js';

export type { Database } from './database.js';

/** For `put`: the key's expiry stays as it is. */
export const KEEP_EXPIRY = -1;
/** For `put`: the key does not expire. */
export const NEVER = 0;

/** Where strings are put together that are changed in part. */
const shortString = Buffer.alloc(CHUNKED_ABOVE_BYTES);
/** What a value begins as. */
const BLANK = Buffer.alloc(PACKED_BYTES_MAX);

export interface KeyspaceOptions {
  readonly databaseCount: number;
  readonly clock: HybridClock;
  readonly hasher: PositionHasher;
  readonly random: Random;
  readonly batch: WriteBatch;
  readonly access: AccessPolicy;
  readonly cold: ColdData;
  /** This node's ordinal. */
  readonly origin: number;
}

/** What a database's counts were when they began to be counted anew. */
export interface CountMark {
  readonly db: Database;
  readonly keyCount: number;
  readonly expiringCount: number;
  readonly wasEstimate: boolean;
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
  /** Records that were dropped from memory because the disk has them. */
  spilledCount = 0;
  /** Changes since the start: what INFO's rdb_changes_since_last_save counts from. */
  changeCount = 0;

  readonly access: AccessPolicy;
  /** What happens to keys is told here. */
  readonly events = new KeyEvents();
  /** What `find` has not found in memory when it threw COLD_KEY. */
  missing: { db: Database; key: Buffer } | undefined;
  readonly cold: ColdData;
  readonly hasher: PositionHasher;
  /** Hashes the fields of large collections. */
  readonly fieldHasher: PositionHasher;
  /** This node's ordinal. */
  readonly origin: number;
  /** The cells of the collection under the cursor, by type. */
  readonly hashes: FieldCells;
  readonly sets: FieldCells;
  /** The string under the cursor, if it is a large one that is changed in part. */
  readonly chunkedStrings: ChunkedStrings;
  readonly sortedSets: SortedCells;
  readonly lists: ListCells;
  /**
   * Whether memory remembers what was removed from a collection: where other nodes may yet write below that. A single node's log and tables
   * do it for it.
   */
  keepsTombstones = false;
  private readonly cellExpiries = new CellExpiries();
  /** Collections that are being built in the heap, outside of records (key-builder.ts). */
  builderCount = 0;
  /** How often all memory was forgotten. */
  forgetCount = 0;
  /** For cells that stand in no batch. */
  readonly cellReader = new BatchReader();
  private readonly collections: readonly (Collection | undefined)[];
  private readonly physical: Database[];
  /** By SELECT's number. */
  private readonly databases: Database[];
  private databasesPair: Pair = PAIR_ZERO;
  /** While keys are counted: what has expired at this Unix millisecond is not. */
  private countingFromMs = 0;
  private readonly head = new RecordHead();
  /** Tables that were flushed, and whose records are yet to be freed. */
  private readonly flushed: ResidentTable[] = [];
  private readonly newTable: () => ResidentTable;

  // The cursor.
  private db: Database;
  private key: Uint8Array = new Uint8Array(0);
  private keyStart = 0;
  private keyEnd = 0;
  /** The record of the key, live or not; 0 if there is none. */
  private place = 0;
  /** The same if it is live, else 0. */
  private ref = 0;
  /** Nobody has looked whether the disk has the key. */
  private isUnknown = false;
  /** What comes into being takes the place of what was there. */
  private isReplaced = false;

  constructor(options: KeyspaceOptions) {
    this.clock = options.clock;
    this.batch = options.batch;
    this.random = options.random;
    this.access = options.access;
    this.cold = options.cold;
    this.hasher = options.hasher;
    this.origin = options.origin;
    this.fieldHasher = options.hasher.forFields();
    this.hashes = new FieldCells(this, CellType.HASH, this.fieldHasher);
    this.sets = new FieldCells(this, CellType.SET, this.fieldHasher);
    this.sortedSets = new SortedCells(this, this.fieldHasher);
    this.chunkedStrings = new ChunkedStrings(this);
    this.lists = new ListCells(this);
    this.collections = byType([this.hashes, this.sets, this.sortedSets, this.lists]);
    this.newTable = () => new ResidentTable(this.heap, options.hasher);
    this.physical = Array.from({ length: options.databaseCount }, (_, id) => new Database(id, this.newTable()));
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
    return this.physical.reduce((count, db) => count + db.keyCount, 0);
  }

  /** Records in memory. */
  get recordCount(): number {
    return this.physical.reduce((count, db) => count + db.table.count, 0);
  }

  /** A physical database, by its id. Throws RangeError if there are not so many. */
  physicalDatabase(id: number): Database {
    const known = this.physical[id] as Database | undefined;
    if (known !== undefined) return known;
    throw new RangeError(`there is data in database ${id}, but "databases" is ${this.physical.length}: raise it`);
  }

  /**
   * Puts the cursor on a key. Returns the ref of its record, 0 if there is none; valid until the next change. Throws COLD_KEY if what there is
   * of it is not in memory.
   */
  find(db: Database, key: Uint8Array, start: number, end: number): number {
    const place = this.locate(db, key, start, end);
    this.isUnknown = false;
    if (place !== 0) return this.heap.isPlain(place) ? (this.ref = place) : this.look(place);
    return this.lookOnDisk();
  }

  /** `find` for a write that does not care what is there: it never waits for the disk. REQUIRES: `put` with an expiry of its own follows. */
  findBlind(db: Database, key: Uint8Array, start: number, end: number): number {
    const place = this.locate(db, key, start, end);
    this.isUnknown = false;
    if (place !== 0) {
      if (this.heap.isPlain(place)) return (this.ref = place);
      if (!this.heap.isPartial(place)) return this.look(place);
      if (this.isSpent(place)) this.drop();
    }
    const { high, low } = this.hasher;
    this.isUnknown = this.place !== 0 || this.cold.mayHold(db.id, high, low);
    // Whoever wants to hear of new keys has them looked for.
    if (this.isUnknown && this.events.wants(KEYSPACE_EVENT.newKey)) this.miss();
    return 0;
  }

  /** Whether `find` would throw COLD_KEY. */
  isCold(db: Database, key: Uint8Array, start: number, end: number): boolean {
    // What is asked for before it is used is looked for again soon.
    this.hasher.hashAndKeep(key, start, end);
    const place = db.table.find(key, start, end);
    const isSpent = place !== 0 && this.isSpent(place);
    if (place !== 0 && !isSpent) return this.heap.isPartial(place) && !this.hasExpired(place);
    const { high, low } = this.hasher;
    return this.cold.mayHold(db.id, high, low);
  }

  /**
   * Whether the key of a record is there. `listing`: what the disk has of its database, which may know when the key of a record that is
   * not whole expires.
   */
  isThere(ref: number, listing: Listing | undefined): boolean {
    const { heap } = this;
    if (heap.isEmpty(ref) || this.hasExpired(ref) || this.isSpent(ref)) return false;
    if (!heap.isPartial(ref) || heap.hasExpiry(ref)) return true;
    const listed = listing?.find(heap.key(ref));
    return listed === undefined || !this.isPast(listed.expiresAtMs);
  }

  /** Whether a key that the disk has is there, and no record in memory says so already. */
  isThereOnDisk(db: Database, { key, expiresAtMs }: ColdKey): boolean {
    const { heap } = this;
    const place = db.table.find(key, 0, key.length);
    if (place === 0 || this.isSpent(place)) return !this.isPast(expiresAtMs);
    if (!heap.isPartial(place) || !heap.isEmpty(place)) return false;
    return heap.hasExpiry(place) ? !this.hasExpired(place) : !this.isPast(expiresAtMs);
  }

  /** Whether the disk has a record just as it is, so that it may be dropped from memory. */
  isClean(ref: number): boolean {
    return this.heap.newestStamp(ref) <= this.cold.cleanUpTo;
  }

  /** `find` for a read: counts a hit or a miss, and the access unless `noTouch`. */
  read(db: Database, key: Uint8Array, start: number, end: number, noTouch = false): number {
    const ref = this.find(db, key, start, end);
    if (ref === 0) {
      this.misses++;
      this.tell(KEYSPACE_EVENT.keyMiss, 'keymiss');
    } else {
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
      if (this.ref !== 0 || this.isUnknown) this.remove();
      return;
    }
    const { batch, head, db, place } = this;
    const stamp = this.clock.next();
    const replaces = expiry !== KEEP_EXPIRY || this.ref === 0;
    const changes = expiry > 0 ? 2 : 1;
    batch.entry(db.id, this.key, this.keyStart, this.keyEnd, changes, stamp);
    batch.string(stamp, replaces, value, start, end);
    if (changes === 2) batch.expiry(stamp, expiry);
    this.changeCount++;
    if (this.ref === 0) {
      this.leaveEmpty();
      this.countNew();
    }
    if (replaces) {
      head.replace(stamp, this.origin);
      head.access = this.ref === 0 ? this.access.fresh() : this.access.touched(this.heap.access(place));
      if (changes === 2) head.expire(expiry, stamp, this.origin);
    } else {
      this.heap.read(place, head);
      head.restamp(stamp, this.origin);
      head.access = this.access.touched(head.access);
    }
    const hadExpiry = place !== 0 && this.heap.expiresAtMs(place) !== 0;
    if (hadExpiry) db.expiringCount--;
    if (head.expiresAtMs !== 0) db.expiringCount++;
    if (place !== 0) this.heap.letGo(place);
    const ref = this.heap.write(place, head, this.key, this.keyStart, this.keyEnd, value, start, end);
    this.putRecord(ref, hadExpiry, false);
    this.ref = ref;
  }

  /**
   * Writes `value[start, end)` over the string at the key under the cursor, from `offset` on, with zeros in between where it is shorter. Its expiry stays. REQUIRES:
   * there is a byte to write, and `value` does not lie in a record.
   */
  overwrite(offset: number, value: Uint8Array, start: number, end: number): void {
    const { heap, ref } = this;
    if (this.chunkedStrings.overwrite(ref, offset, value, start, end)) return;
    const length = ref === 0 ? 0 : heap.valueLength(ref);
    const newLength = Math.max(length, offset + end - start);
    const from = ref === 0 ? 0 : heap.valueStart(ref);
    if (ref !== 0) copyBytes(heap.bytes(ref), from, from + length, shortString, 0);
    if (offset > length) shortString.fill(0, length, offset);
    copyBytes(value, start, end, shortString, offset);
    this.put(shortString, 0, newLength, KEEP_EXPIRY);
  }

  /** Sets when the key under the cursor expires (Unix ms; NEVER); in the past, the key is removed. REQUIRES: it is there. */
  setExpiry(atMs: number): void {
    if (atMs !== NEVER && atMs <= this.clock.nowMs) {
      this.remove();
      return;
    }
    const { db, place } = this;
    const stamp = this.clock.next();
    this.batch.entry(db.id, this.key, this.keyStart, this.keyEnd, 1, stamp);
    this.batch.expiry(stamp, atMs);
    this.changeCount++;
    const hadExpiry = this.heap.expiresAtMs(place) !== 0;
    db.expiringCount += Number(atMs !== 0) - Number(hadExpiry);
    this.heap.read(place, this.head);
    this.head.expire(atMs, stamp, this.origin);
    this.ref = this.heap.rewriteHead(place, this.head);
    this.putRecord(this.ref, hadExpiry, false);
  }

  /** Removes the key under the cursor. REQUIRES: it is there, or nobody has looked. */
  remove(): void {
    const { db, place, head } = this;
    const stamp = this.clock.next();
    this.batch.entry(db.id, this.key, this.keyStart, this.keyEnd, 1, stamp);
    this.batch.delete(stamp);
    this.changeCount++;
    const hadExpiry = place !== 0 && this.heap.expiresAtMs(place) !== 0;
    if (hadExpiry) db.expiringCount--;
    this.leaveEmpty();
    if (this.isUnknown) db.isEstimate = true;
    db.keyCount--;
    this.isUnknown = false;
    this.ref = 0;
    const { high, low } = this.hasher;
    if (!this.keepsTombstones && !this.cold.keepsDeletes(db.id, high, low)) {
      if (place !== 0) this.takeOut();
      return;
    }
    if (place !== 0) this.heap.letGo(place);
    head.delete(stamp, this.origin);
    head.access = 0;
    const ref = this.heap.write(place, head, this.key, this.keyStart, this.keyEnd, this.key, 0, 0);
    this.putRecord(ref, hadExpiry, true);
  }

  /** Removes the key under the cursor to put another value in its place: the key is not a new one then. REQUIRES: it is there; a value follows. */
  clear(): void {
    this.remove();
    this.isReplaced = true;
  }

  /** Removes a key for good because memory is short. REQUIRES: `ref` is a complete record of `db`. */
  evict(db: Database, ref: number): void {
    const key = this.heap.key(ref);
    this.find(db, key, 0, key.length);
    if (this.ref === 0) return; // expired meanwhile
    this.remove();
    this.evictedCount++;
    this.tell(KEYSPACE_EVENT.evicted, 'evicted');
  }

  /** Drops a record from memory: the disk has it. REQUIRES: `ref` is a clean record of `db`. */
  spill(db: Database, ref: number): void {
    const keyStart = this.heap.keyStart(ref);
    const place = this.locate(db, this.heap.bytes(ref), keyStart, this.heap.valueStart(ref));
    assert(place === ref && this.isClean(ref), 'only what the disk has is dropped');
    this.drop();
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
    for (const ref of refs) {
      this.locate(db, this.heap.bytes(ref), this.heap.keyStart(ref), this.heap.valueStart(ref));
      this.drop();
    }
    return next;
  }

  /** Empties a database, in constant time: the records are freed later (`freeFlushed`). */
  flush(db: Database): void {
    const stamp = this.clock.next();
    this.batch.flush(db.id, stamp);
    this.changeCount += db.keyCount;
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

  /** Removes expired cells of one key, if any key has some; whether there may be more. */
  expireCells(): boolean {
    const { clock, heap } = this;
    const due = this.removesExpired ? this.cellExpiries.takeDue(clock.nowMs) : undefined;
    if (due === undefined) return false;
    const db = this.physicalDatabase(due.db);
    const keys: Buffer[] = [];
    db.table.walk(due.position, 1, (ref, position) => {
      const isHash = position === due.position && heap.type(ref) === CellType.HASH;
      if (isHash && !heap.isPartial(ref)) keys.push(heap.key(ref));
    });
    for (const key of keys) if (this.find(db, key, 0, key.length) !== 0) this.hashes.expireCells();
    return true;
  }

  /** A cell of the key under the cursor expires at `atMs`, before all of its others. */
  noteCellExpiry(atMs: number): void {
    this.cellExpiries.add(atMs, this.db.id, this.hasher.position);
  }

  /**
   * Begins to count keys anew: what is counted from now on is exact, unless `endCounting` finds otherwise. Removes what has expired in memory,
   * so that nobody removes again what is not counted because it has expired by now.
   */
  beginCounting(): readonly CountMark[] {
    this.countingFromMs = this.clock.nowMs;
    return this.physical.map((db) => {
      for (let position = 0; position < POSITION_LIMIT;) position = this.expireFrom(db, position, Infinity);
      const mark = { db, keyCount: db.keyCount, expiringCount: db.expiringCount, wasEstimate: db.isEstimate };
      db.isEstimate = !this.removesExpired;
      return mark;
    });
  }

  /** Ends it: `countOf` says how many keys a database had when it began, `undefined` if that is not known. */
  endCounting(
    marks: readonly CountMark[],
    countOf: (db: number) => { keyCount: number; expiringCount: number } | undefined,
  ): void {
    for (const { db, keyCount, expiringCount, wasEstimate } of marks) {
      const counted = db.isEstimate ? undefined : countOf(db.id);
      if (counted === undefined) db.isEstimate ||= wasEstimate;
      else {
        db.keyCount += counted.keyCount - keyCount;
        db.expiringCount += counted.expiringCount - expiringCount;
      }
    }
    this.countingFromMs = 0;
  }

  /** Forgets everything in memory, the log does not hear of it: before it is read again. */
  forgetAll(): void {
    this.forgetCount++;
    this.builderCount = 0;
    for (const db of this.physical) db.reset(this.newTable());
    this.databases.splice(0, this.databases.length, ...this.physical);
    this.databasesPair = PAIR_ZERO;
    this.flushed.length = 0;
    this.cellExpiries.clear();
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

  /** Takes over what the disk holds of a key. A record in memory that is complete knows it already. */
  absorb(db: Database, key: Buffer, entry: Entry): void {
    this.locate(db, key, 0, key.length);
    const { heap } = this;
    if (this.place !== 0 && this.isSpent(this.place)) this.drop();
    const { place } = this;
    if (place !== 0 && !heap.isPartial(place)) return;
    const before = place === 0 ? EMPTY_ENTRY : this.entryOf(place);
    const after = merge(before, entry);
    if (place !== 0 && !hasElements(after)) db.keyCount--; // it was taken to be there
    this.writeEntry(after, place === 0 ? this.access.fresh() : heap.access(place), false);
  }

  /** The same for a collection that was built meanwhile. What has been written since is merged into it. */
  absorbBuilt(db: Database, key: Buffer, built: BuiltKey): void {
    this.locate(db, key, 0, key.length);
    const { heap, head } = this;
    if (this.place !== 0 && this.isSpent(this.place)) this.drop();
    const { place } = this;
    if (place !== 0 && !heap.isPartial(place)) {
      if (built.form > LARGE) heap.large.release(built.value.readInt32LE(0));
      return;
    }
    const before = place === 0 ? undefined : this.entryOf(place);
    const hadExpiry = place !== 0 && heap.expiresAtMs(place) !== 0;
    head.delete(built.pair.stamp, built.pair.origin);
    head.form = built.form;
    head.isEmpty = built.isEmpty;
    head.deletedStamp = built.deletedUpTo.stamp;
    head.deletedOrigin = built.deletedUpTo.origin;
    head.access = place === 0 ? this.access.fresh() : heap.access(place);
    // (If what was here has deleted more, all is merged anew.)
    const isNewer = before !== undefined && comparePairs(before.expiry.pair, built.expiry.pair) > 0;
    const expiry = isNewer && comparePairs(before.expiry.pair, built.deletedUpTo) > 0 ? before.expiry : built.expiry;
    head.expire(expiry.atMs, expiry.pair.stamp, expiry.pair.origin);
    this.leaveEmpty();
    if (place !== 0) heap.letGo(place);
    const ref = heap.write(place, head, key, 0, key.length, built.value, 0, built.value.length);
    this.putRecord(ref, hadExpiry, built.isEmpty);
    if (before !== undefined) this.mergeInto(before, built);
  }

  /** Merges what was in memory into the collection under the cursor, which came from the disk just now. */
  private mergeInto(before: Entry, { collection, deletedUpTo, removals, witness }: BuiltKey): void {
    const { heap, db, cellReader } = this;
    const type = typeOf(before);
    const isAlike = type === undefined || type === collection.type;
    if (!isAlike || comparePairs(before.deletedUpTo, deletedUpTo) > 0) {
      // Rare, and as long as it takes.
      const after = mergeAll([before, this.entryOf(this.place), ...witness(before)]);
      if (!hasElements(after)) db.keyCount--; // it was taken to be there
      this.writeEntry(after, heap.access(this.place), false);
      return;
    }
    for (const cell of before.cells.values()) {
      if (comparePairs(ageOf(cell), deletedUpTo) <= 0 || removals.hasElement(cell)) continue;
      standOn(cellReader, cell);
      collection.apply(cellReader);
      this.notePair(cellReader.stamp, cellReader.origin);
    }
    const isLive = collection.liveCount(this.place) > 0;
    if (isLive === heap.isEmpty(this.place)) {
      heap.setEmpty(this.place, !isLive);
      db.emptyCount += isLive ? -1 : 1;
    }
    if (!isLive) db.keyCount--; // it was taken to be there
  }

  /** The same for a string that replaces all before it and does not expire. REQUIRES: `reader` stands on that change. */
  absorbString(db: Database, key: Buffer, reader: BatchReader): void {
    this.locate(db, key, 0, key.length);
    if (this.place !== 0 && this.isSpent(this.place)) this.drop();
    if (this.place !== 0) {
      this.absorb(db, key, entryOfChange(reader));
      return;
    }
    const { heap, head } = this;
    head.replace(reader.stamp, reader.origin);
    head.access = this.access.fresh();
    const { bytes, valueStart, valueEnd } = reader;
    this.putRecord(heap.write(0, head, key, 0, key.length, bytes, valueStart, valueEnd), false, false);
  }

  /** Merges one change of a log or of another node. Adds nothing to the batch. */
  apply(reader: BatchReader): void {
    this.clock.observe(reader.stamp);
    if (reader.kind === ChangeKind.DATABASES) {
      this.adoptDatabases({ stamp: reader.stamp, origin: reader.origin }, reader.physical);
    } else {
      const db = this.physicalDatabase(reader.db);
      if (reader.kind === ChangeKind.FLUSH) this.applyFlush(db, reader);
      else this.applyChange(db, reader);
    }
  }

  /** Takes over which physical database each of SELECT's numbers stands for, if `pair` is newer than what is known. */
  adoptDatabases(pair: Pair, physical: readonly number[]): void {
    if (comparePairs(pair, this.databasesPair) <= 0) return;
    this.databasesPair = pair;
    physical.forEach((id, number) => (this.databases[number] = this.physicalDatabase(id)));
  }

  private applyFlush(db: Database, reader: BatchReader): void {
    const { heap } = this;
    this.cold.flushDatabase(db.id, reader.stamp);
    const isOlder = (ref: number): boolean => heap.isOlder(ref, reader.stamp, reader.origin + 1);
    let newerCount = 0;
    db.table.forEach((ref) => (newerCount += isOlder(ref) ? 0 : 1));
    if (newerCount === 0) {
      this.emptied(db);
      return;
    }
    const older: Buffer[] = [];
    const newer: Buffer[] = [];
    db.table.forEach((ref) => {
      if (isOlder(ref)) older.push(heap.key(ref));
      else if (this.collectionAt(ref) !== undefined) newer.push(heap.key(ref));
    });
    for (const key of newer) this.pruneCells(db, key, { stamp: reader.stamp, origin: ORIGIN_MAX });
    for (const key of older) {
      const place = this.locate(db, key, 0, key.length);
      if (!heap.isEmpty(place)) db.keyCount--;
      this.drop();
    }
  }

  /** Takes out of a collection what is no newer than `floor`, though some of its cells are. */
  private pruneCells(db: Database, key: Buffer, floor: Pair): void {
    const place = this.locate(db, key, 0, key.length);
    const before = this.entryOf(place);
    const after = merge(before, { ...EMPTY_ENTRY, deletedUpTo: floor });
    if (after.cells.size === before.cells.size && after.expiry === before.expiry) return;
    if (hasElements(before) && !hasElements(after)) db.keyCount--;
    if (before.expiry.atMs !== 0 && after.expiry.atMs === 0) db.expiringCount--;
    this.writeEntry(after, this.heap.access(place), this.heap.isPartial(place));
  }

  private applyChange(db: Database, reader: BatchReader): void {
    const { heap } = this;
    const place = this.locate(db, reader.bytes, reader.keyStart, reader.keyEnd);
    const { high, low } = this.hasher;
    const wasPartial = place === 0 ? this.cold.mayHold(db.id, high, low) : heap.isPartial(place);
    // What is on the disk alone is taken to be there.
    const wasThere = wasPartial || (place !== 0 && !heap.isEmpty(place));
    if (place === 0 && wasPartial) db.isEstimate = true;
    if (reader.kind === ChangeKind.VALUE && reader.replaces && this.replacedBy(reader)) {
      if (!wasThere) db.keyCount++;
      return;
    }
    const isCell = (reader.kind === ChangeKind.VALUE && !reader.replaces) || reader.kind === ChangeKind.TOMBSTONE;
    const collection = isCell ? this.collections[reader.type] : undefined;
    if (collection !== undefined && this.canHoldCells(reader.type)) {
      this.applyCell(collection, reader, wasPartial, wasThere);
      return;
    }
    if (isCell && this.applyChunk(reader)) return;
    const before = place === 0 ? EMPTY_ENTRY : this.entryOf(place);
    const after = merge(before, entryOfChange(reader));
    const saysAll = reader.kind === ChangeKind.DELETE || (reader.kind === ChangeKind.VALUE && reader.replaces);
    const isPartial = wasPartial && !saysAll;
    const isThere = isPartial || hasElements(after);
    db.keyCount += Number(isThere) - Number(wasThere);
    db.expiringCount += Number(after.expiry.atMs !== 0) - Number(before.expiry.atMs !== 0);
    if (!isThere && !this.keepsTombstones && !this.cold.keepsDeletes(db.id, high, low)) {
      if (place !== 0) this.drop();
      return;
    }
    this.key = Buffer.from(this.key.subarray(this.keyStart, this.keyEnd));
    this.keyEnd -= this.keyStart;
    this.keyStart = 0;
    this.writeEntry(after, place === 0 ? this.access.fresh() : heap.access(place), isPartial);
  }

  /** The common case of `applyChange` without a plain entry: a SET that is newer than all that is there. */
  private replacedBy(reader: BatchReader): boolean {
    const { heap, head, place } = this;
    if (reader.type !== CellType.STRING || reader.fieldEnd !== reader.fieldStart || reader.atMs !== 0) return false;
    let hadExpiry = false;
    if (place === 0) head.access = this.access.fresh();
    else {
      heap.read(place, head);
      if (!heap.isOlder(place, reader.stamp, reader.origin) || head.expiryStamp >= reader.stamp) return false;
      hadExpiry = head.expiresAtMs !== 0;
    }
    this.leaveEmpty();
    if (hadExpiry) this.db.expiringCount--;
    if (place !== 0) heap.letGo(place);
    head.replace(reader.stamp, reader.origin);
    const { bytes, valueStart, valueEnd } = reader;
    const ref = heap.write(place, head, this.key, this.keyStart, this.keyEnd, bytes, valueStart, valueEnd);
    this.putRecord(ref, hadExpiry, false);
    return true;
  }

  /** Makes `entry` the record of the key under the cursor. REQUIRES: the key's bytes are its own and whole. */
  private writeEntry(entry: Entry, access: number, isPartial: boolean): void {
    const { heap, place } = this;
    const hadExpiry = place !== 0 && heap.expiresAtMs(place) !== 0;
    this.leaveEmpty();
    if (place !== 0) heap.letGo(place);
    const type = typeOf(entry);
    const collection = type === undefined ? undefined : this.collections[type];
    if (collection === undefined) {
      const ref = isChunked(entry)
        ? this.chunkedStrings.write(place, this.key, entry, access, isPartial)
        : heap.writeEntry(place, this.key, entry, access, isPartial);
      this.putRecord(ref, hadExpiry, entry.cells.size === 0);
      return;
    }
    const built = collection.build(this.keepsTombstones || isPartial ? entry.cells.values() : valuesOf(entry));
    const isEmpty = !hasElements(entry);
    this.noteCellExpiries(entry);
    const ref = heap.writeCells(place, this.key, entry, built.form, built.value, { access, isPartial, isEmpty });
    this.putRecord(ref, hadExpiry, isEmpty);
  }

  /** How cells of a type lie in memory, if that is the type of a collection. */
  collectionOf(type: CellType): Collection | undefined {
    return this.collections[type];
  }

  /** The key under the cursor has the cells of `entry` from now on. */
  private noteCellExpiries(entry: Entry): void {
    let earliestMs = Infinity;
    for (const { expiresAtMs } of entry.cells.values()) {
      if (expiresAtMs !== 0) earliestMs = Math.min(earliestMs, expiresAtMs);
    }
    if (earliestMs !== Infinity) this.noteCellExpiry(earliestMs);
  }

  /** How the cells of a record lie in memory, if it is that of a collection. */
  collectionAt(ref: number): Collection | undefined {
    return this.collections[this.heap.type(ref)];
  }

  /** A record in plain form. Copies everything. */
  entryOf(ref: number): Entry {
    const { heap } = this;
    const collection = this.collectionAt(ref);
    if (heap.form(ref) === CHUNKED) return { ...heap.registers(ref), cells: this.chunkedStrings.cells(ref) };
    if (collection === undefined) return heap.entry(ref);
    const cells = new Map<string, Cell>();
    collection.collect(ref, (cell) => cells.set(cellKey(cell.type, cell.field), cell));
    return { ...heap.registers(ref), cells };
  }

  // ---- What the cursors of collections (FieldCells ...) change the key under the keyspace's own cursor by ----

  /** The record of the key under the cursor if it holds cells of a type, live ones or not; else 0. */
  cellsAt(type: CellType): number {
    const { place } = this;
    return place !== 0 && this.heap.type(place) === type ? place : 0;
  }

  /** Whether tombstones must stay in the record under the cursor: something may lie below them. */
  get mustKeepTombstones(): boolean {
    return this.keepsTombstones || (this.place !== 0 && this.heap.isPartial(this.place));
  }

  /** Begins a change of a cell of the key under the cursor and returns its stamp. The cell must be added to the batch next. */
  beginCell(): number {
    const stamp = this.clock.next();
    this.batch.cellEntry(this.db.id, this.key, this.keyStart, this.keyEnd, stamp);
    this.changeCount++;
    return stamp;
  }

  /**
   * Gives the value of the key under the cursor another length; its first bytes stay. Makes a record of `type`, with nothing live in it yet, where there is
   * none. Returns the record. REQUIRES: `length` is at most PACKED_BYTES_MAX.
   */
  resizeValue(type: CellType, length: number): number {
    if (this.cellsAt(type) === 0) return this.createCells(type, length, false);
    return this.recordMoved(this.heap.resize(this.place, length));
  }

  /** Gives the value of the key under the cursor another form and other bytes. Returns the record. What large value it held is the caller's. */
  rewriteValue(form: number, bytes: Uint8Array, start: number, end: number): number {
    const { heap, head } = this;
    const type = (form > LARGE ? form - LARGE : form) as CellType;
    if (this.cellsAt(type) === 0) this.createCells(type, 0, false);
    heap.read(this.place, head);
    head.form = form;
    this.recordMoved(heap.write(this.place, head, this.key, this.keyStart, this.keyEnd, bytes, start, end));
    return this.place;
  }

  /**
   * Ends a change of cells of the key under the cursor: (stamp, origin) is the pair of the newest, `liveCount` how many elements it has now. With the first
   * one the key comes into being, with the last one it is gone. Returns its record; 0 if there is none any more.
   */
  cellsChanged(stamp: number, origin: number, liveCount: number): number {
    const { heap } = this;
    this.notePair(stamp, origin);
    if (liveCount === 0) return this.endCells();
    if (heap.isEmpty(this.place)) this.revive();
    else heap.setAccess(this.place, this.access.touched(heap.access(this.place)));
    return (this.ref = this.place);
  }

  /** The record under the cursor holds a cell again. */
  private revive(): void {
    this.leaveEmpty();
    this.heap.setEmpty(this.place, false);
    this.heap.setAccess(this.place, this.access.fresh());
    this.countNew();
  }

  /** The collection under the cursor has lost its last element. Its expiry goes, too: it must not fall upon the key's next life. */
  private endCells(): number {
    const { db, heap, head } = this;
    const place = this.place;
    if (heap.isEmpty(place)) return 0;
    const hadExpiry = heap.expiresAtMs(place) !== 0;
    heap.read(place, head);
    if (hadExpiry) {
      const stamp = this.beginCell();
      this.batch.expiry(stamp, NEVER);
      head.expire(NEVER, stamp, this.origin);
      db.expiringCount--;
    }
    db.keyCount--;
    this.ref = 0;
    const { high, low } = this.hasher;
    if (!this.keepsTombstones && !this.cold.keepsDeletes(db.id, high, low)) {
      this.takeOut();
      return 0;
    }
    head.isEmpty = true;
    let ref: number;
    if (this.keepsTombstones) ref = heap.rewriteHead(place, head);
    else {
      heap.letGo(place);
      head.form = heap.type(place);
      ref = heap.write(place, head, this.key, this.keyStart, this.keyEnd, BLANK, 0, 0);
    }
    this.putRecord(ref, hadExpiry, true);
    return 0;
  }

  /** Makes a record of `type` that has no cells, of the key under the cursor, of which nothing live is there. */
  private createCells(type: CellType, valueLength: number, isPartial: boolean): number {
    const { heap, head, place } = this;
    let hadExpiry = false;
    if (place === 0) head.delete(0, 0);
    else {
      assert(heap.isEmpty(place), 'nothing live is replaced by cells');
      hadExpiry = heap.expiresAtMs(place) !== 0;
      heap.letGo(place);
      heap.read(place, head);
      head.buryCells(type);
      if (hadExpiry && head.expiresAtMs === 0) this.db.expiringCount--;
    }
    head.form = type;
    head.isEmpty = true;
    head.isPartial = isPartial;
    head.access = this.access.fresh();
    this.leaveEmpty();
    const ref = heap.write(place, head, this.key, this.keyStart, this.keyEnd, BLANK, 0, valueLength);
    this.putRecord(ref, hadExpiry, true);
    return ref;
  }

  /** The pair of the record under the cursor is at least this. */
  private notePair(stamp: number, origin: number): void {
    const { heap, head, place } = this;
    if (!heap.isOlder(place, stamp, origin)) return;
    if (!heap.hasExpiry(place)) {
      heap.setPair(place, stamp, origin);
      return;
    }
    heap.read(place, head);
    head.stamp = stamp;
    head.origin = origin;
    this.recordMoved(heap.rewriteHead(place, head));
  }

  /** The record under the cursor is at `ref` now, and says the same of its expiry. Returns `ref`. */
  recordMoved(ref: number): number {
    const { place, heap } = this;
    if (ref === place) return ref;
    this.db.table.replace(ref, heap.expiresAtMs(place) !== 0);
    heap.slab.free(place);
    if (this.ref === place) this.ref = ref;
    return (this.place = ref);
  }

  /** Whether the record under the cursor takes cells of a type as it is. */
  private canHoldCells(type: CellType): boolean {
    const { heap, place } = this;
    return place === 0 || heap.type(place) === type || (heap.isEmpty(place) && heap.form(place) === CellType.STRING);
  }

  /** `applyChange` of a cell, where the key holds cells of its type or nothing. */
  private applyCell(collection: Collection, reader: BatchReader, wasPartial: boolean, wasThere: boolean): void {
    const { heap, db } = this;
    if (this.place !== 0 && this.isDead(this.place, reader)) return;
    if (this.cellsAt(collection.type) === 0) this.createCells(collection.type, 0, wasPartial);
    collection.apply(reader);
    this.notePair(reader.stamp, reader.origin);
    const isLive = collection.liveCount(this.place) > 0;
    if (isLive === heap.isEmpty(this.place)) {
      heap.setEmpty(this.place, !isLive);
      db.emptyCount += isLive ? -1 : 1;
    }
    const isThere = wasPartial || isLive;
    db.keyCount += Number(isThere) - Number(wasThere);
    const { high, low } = this.hasher;
    if (!isThere && !this.keepsTombstones && !this.cold.keepsDeletes(db.id, high, low)) this.drop();
  }

  /** Merges a chunk into a large string that is there; false if it is not one. */
  private applyChunk(reader: BatchReader): boolean {
    const { place } = this;
    if (reader.type !== CellType.STRING || reader.fieldStart === reader.fieldEnd) return false;
    if (!this.chunkedStrings.takes(place)) return false;
    if (this.isDead(place, reader)) return true;
    this.chunkedStrings.apply(reader);
    this.notePair(reader.stamp, reader.origin);
    return true;
  }

  /** Whether a change comes from before what the record at `ref` says was deleted. */
  private isDead(ref: number, reader: BatchReader): boolean {
    const { head } = this;
    this.heap.read(ref, head);
    const isPlain = head.isEmpty && head.form === CellType.STRING;
    const stamp = isPlain ? head.stamp : head.deletedStamp;
    const origin = isPlain ? head.origin : head.deletedOrigin;
    return reader.stamp < stamp || (reader.stamp === stamp && reader.origin <= origin);
  }

  /** The cursor on a key, whatever is known of it. Returns its record; 0 if there is none. */
  private locate(db: Database, key: Uint8Array, start: number, end: number): number {
    this.db = db;
    this.key = key;
    this.keyStart = start;
    this.keyEnd = end;
    this.ref = 0;
    return (this.place = db.table.find(key, start, end));
  }

  /** What `find` makes of a record that is not plain. */
  private look(place: number): number {
    const { heap } = this;
    if (this.hasExpired(place)) {
      // The newest expiry is in memory, so this holds whatever is on the disk.
      this.hideExpired();
      return 0;
    }
    if (this.isSpent(place)) {
      this.drop();
      return this.lookOnDisk();
    }
    if (heap.isPartial(place)) this.miss();
    if (heap.isEmpty(place)) return 0;
    return (this.ref = place);
  }

  /** What `find` makes of a key that nothing in memory is known of. */
  private lookOnDisk(): number {
    const { high, low } = this.hasher;
    if (this.cold.mayHold(this.db.id, high, low)) this.miss();
    return 0;
  }

  /**
   * Whether a record is one that the disk was to complete, and that the disk has all of by now. It counts no more: the disk may know
   * that the key has expired, and may have dropped it.
   */
  private isSpent(ref: number): boolean {
    return this.heap.isPartial(ref) && this.isClean(ref);
  }

  private hasExpired(ref: number): boolean {
    return this.isPast(this.heap.expiresAtMs(ref));
  }

  private isPast(expiresAtMs: number): boolean {
    return expiresAtMs !== 0 && expiresAtMs <= this.clock.nowMs;
  }

  private miss(): never {
    this.missing = { db: this.db, key: Buffer.from(this.key.subarray(this.keyStart, this.keyEnd)) };
    throw COLD_KEY;
  }

  /** The key under the cursor comes into being. */
  private countNew(): void {
    if (this.isUnknown) this.db.isEstimate = true;
    else this.db.keyCount++;
    this.isUnknown = false;
    if (!this.isReplaced) this.tell(KEYSPACE_EVENT.newKey, 'new');
    this.isReplaced = false;
  }

  /** The record under the cursor is at `ref` now. */
  private putRecord(ref: number, hadExpiry: boolean, isEmpty: boolean): void {
    const { place } = this;
    const { table } = this.db;
    if (isEmpty) this.db.emptyCount++;
    if (place === 0) table.insert(ref);
    else if (ref === place) table.expiryChanged(ref, hadExpiry);
    else {
      table.replace(ref, hadExpiry);
      this.heap.slab.free(place);
    }
    this.place = ref;
  }

  private drop(): void {
    this.leaveEmpty();
    this.takeOut();
  }

  /** The record under the cursor, if there is one, will not be an empty one any more. */
  private leaveEmpty(): void {
    if (this.place !== 0 && this.heap.isEmpty(this.place)) this.db.emptyCount--;
  }

  private takeOut(): void {
    this.db.table.remove();
    this.heap.free(this.place);
    this.place = this.ref = 0;
  }

  private hideExpired(): void {
    if (!this.removesExpired) return;
    // It came from the disk: perhaps it is not counted.
    if (this.heap.expiresAtMs(this.place) <= this.countingFromMs) this.db.isEstimate = true;
    this.remove();
    this.expiredCount++;
    this.tell(KEYSPACE_EVENT.expired, 'expired');
  }

  /** Something has happened to the key under the cursor. */
  tell(eventClass: number, event: string): void {
    if (!this.events.wants(eventClass)) return;
    this.events.tell(eventClass, event, this.db, this.key, this.keyStart, this.keyEnd);
  }

  /** Takes a database's table away. If that leaves no record at all, the memory goes at once. */
  private emptied(db: Database): void {
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

function byType(collections: readonly Collection[]): readonly (Collection | undefined)[] {
  const table: (Collection | undefined)[] = Array.from({ length: LARGE + 1 });
  for (const collection of collections) table[collection.type] = collection;
  return table;
}

/** The cells of an entry but for its tombstones. */
function* valuesOf(entry: Entry): Generator<Cell> {
  for (const cell of entry.cells.values()) if (holdsValue(cell)) yield cell;
}
