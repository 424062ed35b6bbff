/**
 * The cursor of a keyspace: it stands on a key, and changes the key's record in memory, the counts of its database, and what the write batch says
 * of its cells. What it means to read, write and merge is for those above it (keyspace.ts lists them); the cursors of collections
 * (FieldCells ...) act through it.
 *
 * The key's bytes are a view, and must stay what they are as long as the cursor stands there.
 */

import { assert } from '../base/assert.js';
import type { PositionHasher } from '../base/position.js';
import { SLOT_COUNT } from '../base/position.js';
import type { HybridClock } from '../base/stamp.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { Random } from '../host/ports.js';
import { CellDigest } from '../record/cell-digest.js';
import type { WriteBatch } from '../record/write-batch.js';
import type { Cell, Entry } from '../record/entry.js';
import { CellType, cellKey, isComposedType } from '../record/entry.js';
import { PAIR_ZERO, maxPair } from '../record/pair.js';
import type { SlotStamps } from '../record/slot-stamps.js';
import { PACKED_BYTES_MAX } from '../storage/memory/packed-fields.js';
import { CHUNKED, LARGE, RecordHead } from '../storage/memory/record-head.js';
import { RecordHeap } from '../storage/memory/record-heap.js';
import { ResidentTable } from '../storage/memory/resident-table.js';
import type { AccessPolicy } from './access.js';
import type { ColdData } from './cold-data.js';
import { CellExpiries } from './cell-expiries.js';
import { ChunkedStrings } from './chunked-strings.js';
import type { Collection } from './collection.js';
import type { ComposedStrings } from './composed-strings.js';
import { Database } from './database.js';
import { KeyEvents } from './key-events.js';

/** The key does not expire. */
export const NEVER = 0;
/** For `Keyspace.put`: the key's expiry stays as it is. */
export const KEEP_EXPIRY = -1;

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
  /** Whether other nodes have the data, too (see Keyspace). */
  readonly isReplicated?: boolean;
  readonly deadUpTo?: SlotStamps;
}

export abstract class RecordCursor {
  readonly heap = new RecordHeap();
  readonly clock: HybridClock;
  /** What changes are added to; another one while a draft is made (draft.ts). */
  batch: WriteBatch;
  readonly random: Random;
  readonly access: AccessPolicy;
  readonly cold: ColdData;
  readonly hasher: PositionHasher;
  /** Hashes the fields of large collections. */
  readonly fieldHasher: PositionHasher;
  /** Hashes what digests are made of. */
  private readonly digestHasher: PositionHasher;
  /** This node's ordinal. */
  readonly origin: number;
  /** What happens to keys is told here. */
  readonly events = new KeyEvents();
  /** Whether other nodes have the data, too: what they write comes in any order, and nothing is removed but by a command. */
  readonly isReplicated: boolean;
  /** Where other nodes have the data, too: deletes up to there do not count for anybody (cluster/repair/slot-bounds.ts). */
  readonly deadUpTo: SlotStamps | undefined;

  /**
   * False while no data may change (CLIENT PAUSE, a log that failed): expired keys are then hidden, not removed.
   * REQUIRES: nothing is written while it is false.
   */
  removesExpired = true;
  /**
   * Whether memory remembers what was removed from a collection: where other nodes may yet write below that. A single node's log and tables
   * do it for it.
   */
  keepsTombstones: boolean;
  /** Changes since the start: what INFO's rdb_changes_since_last_save counts from. */
  changeCount = 0;

  /** The string under the cursor, if it is a large one that is changed in part. */
  abstract readonly chunkedStrings: ChunkedStrings;
  /** Strings whose cells stand behind what they show. */
  abstract readonly composedStrings: ComposedStrings;
  /** By type. */
  protected abstract readonly collections: readonly (Collection | undefined)[];
  /** When cells expire, and of which keys. */
  readonly cellExpiries = new CellExpiries();
  protected readonly physical: Database[];
  /** Of each slot, how often it was given up. */
  protected readonly slotResets = new Uint32Array(SLOT_COUNT);
  /** By SELECT's number. */
  protected readonly databases: Database[];
  protected readonly newTable: () => ResidentTable;
  /** Of the record that is written or looked at. */
  protected readonly head = new RecordHead();

  protected db: Database;
  protected key: Uint8Array = new Uint8Array(0);
  protected keyStart = 0;
  protected keyEnd = 0;
  /** The record of the key, live or not; 0 if there is none. */
  protected place = 0;
  /** The same if it is live, else 0. */
  protected ref = 0;
  /** Nobody has looked whether the disk has the key. */
  protected isUnknown = false;
  /** What comes into being takes the place of what was there. */
  protected isReplaced = false;
  /** The record has expired, and is still there: a write has to remove it first. */
  protected isHidden = false;

  constructor(options: KeyspaceOptions) {
    this.clock = options.clock;
    this.batch = options.batch;
    this.random = options.random;
    this.access = options.access;
    this.cold = options.cold;
    this.hasher = options.hasher;
    this.origin = options.origin;
    this.isReplicated = this.keepsTombstones = options.isReplicated ?? false;
    this.deadUpTo = options.deadUpTo;
    this.fieldHasher = options.hasher.forFields();
    this.digestHasher = options.hasher.forFields();
    this.newTable = () => new ResidentTable(this.heap, options.hasher);
    this.physical = Array.from(
      { length: options.databaseCount },
      (_, id) => new Database(id, this.newTable(), this.slotResets),
    );
    this.databases = [...this.physical];
    this.db = this.databases[0];
  }

  /** A digest with nothing in it. */
  newDigest(): CellDigest {
    return new CellDigest(this.digestHasher);
  }

  /** The same for a large collection to keep; `undefined` where nobody asks for it. */
  newDigestOfCells(): CellDigest | undefined {
    return this.keepsTombstones ? this.newDigest() : undefined;
  }

  /** The cursor on a key, whatever is known of it. Returns its record; 0 if there is none. */
  protected locate(db: Database, key: Uint8Array, start: number, end: number): number {
    this.db = db;
    this.key = key;
    this.keyStart = start;
    this.keyEnd = end;
    this.ref = 0;
    this.isHidden = false;
    return (this.place = db.table.find(key, start, end));
  }

  /** The key that the cursor was put on is likely to be the next one, too: then it is found sooner. */
  keepKey(): void {
    this.hasher.keep(this.key, this.keyStart, this.keyEnd);
  }

  /** Makes the bytes of the key under the cursor its own. */
  protected ownKey(): void {
    this.key = Buffer.from(this.key.subarray(this.keyStart, this.keyEnd));
    this.keyEnd -= this.keyStart;
    this.keyStart = 0;
  }

  /** The record of the key under the cursor if it holds cells of a type, live ones or not; else 0. */
  cellsAt(type: CellType): number {
    const { place } = this;
    return place !== 0 && !this.isHidden && this.heap.type(place) === type ? place : 0;
  }

  /** Removes the record under the cursor, which has expired and is hidden: with a delete in the batch, before what is written in its place. */
  protected abstract bury(): void;

  /** Whether tombstones must stay in the record under the cursor: something may lie below them. */
  get mustKeepTombstones(): boolean {
    return this.keepsTombstones || (this.place !== 0 && this.heap.isPartial(this.place));
  }

  /** Begins a change of a cell of the key under the cursor and returns its stamp. The cell must be added to the batch next. */
  beginCell(): number {
    if (this.isHidden) this.bury();
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
    if (this.cellsAt(type) === 0) return this.beginCells(type, length);
    return this.recordMoved(this.heap.resize(this.place, length));
  }

  /** Gives the value of the key under the cursor another form and other bytes. Returns the record. What large value it held is the caller's. */
  rewriteValue(form: number, bytes: Uint8Array, start: number, end: number): number {
    const { heap, head } = this;
    const type = (form > LARGE ? form - LARGE : form) as CellType;
    if (this.cellsAt(type) === 0) this.beginCells(type, 0);
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

  /** Records in memory. */
  get recordCount(): number {
    return this.physical.reduce((count, db) => count + db.table.count, 0);
  }

  /** Whether the disk has a record just as it is, so that it may be dropped from memory. */
  isClean(ref: number): boolean {
    return this.heap.newestStamp(ref) <= this.cold.cleanUpTo;
  }

  /** A cell of the key under the cursor expires at `atMs`, before all of its others. */
  noteCellExpiry(atMs: number): void {
    this.cellExpiries.add(atMs, this.db.id, this.hasher.position);
  }

  /** How cells of a type lie in memory, if that is the type of a collection. */
  collectionOf(type: CellType): Collection | undefined {
    return this.collections[type];
  }

  /** The key under the cursor has the cells of `entry` from now on. */
  protected noteCellExpiries(entry: Entry): void {
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
    if (isComposedType(heap.type(ref))) return { ...heap.registers(ref), cells: this.composedStrings.cells(ref) };
    if (collection === undefined) return heap.entry(ref);
    const cells = new Map<string, Cell>();
    collection.collect(ref, (cell) => cells.set(cellKey(cell.type, cell.field), cell));
    return { ...heap.registers(ref), cells };
  }

  /** The record under the cursor holds a cell again. An expiry that other nodes have left to it does not fall upon its new life. */
  protected revive(): void {
    if (this.heap.expiresAtMs(this.place) !== 0) {
      this.db.expiringCount--;
      this.endExpiry(true);
    }
    this.leaveEmpty();
    this.heap.setEmpty(this.place, false);
    this.heap.setAccess(this.place, this.access.fresh());
    this.countNew();
  }

  /** The record under the cursor does not expire any more, nor does it with anybody who hears of this change. */
  private endExpiry(hadExpiry: boolean): void {
    const { heap, head, place } = this;
    const stamp = this.beginCell();
    this.batch.expiry(stamp, NEVER);
    heap.read(place, head);
    head.expire(NEVER, stamp, this.origin);
    this.putRecord(heap.rewriteHead(place, head), hadExpiry, false);
  }

  /** The collection under the cursor has lost its last element. Its expiry goes, too: it must not fall upon the key's next life. */
  protected endCells(): number {
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

  /** `createCells` for a change by this node. An expiry that is buried is so for others, too, who may have dropped what buries it (record/marks.ts). */
  private beginCells(type: CellType, valueLength: number): number {
    const { heap, place } = this;
    const hadExpiry = place !== 0 && heap.expiresAtMs(place) !== 0;
    this.createCells(type, valueLength, false);
    if (hadExpiry && heap.expiresAtMs(this.place) === 0) this.endExpiry(false);
    return this.place;
  }

  /** Makes a record of `type` that has no cells, of the key under the cursor, of which nothing live is there. */
  protected createCells(type: CellType, valueLength: number, isPartial: boolean): number {
    const { heap, head, place } = this;
    let hadExpiry = false;
    if (place === 0) head.delete(0, 0);
    else {
      assert(heap.isEmpty(place), 'nothing live is replaced by cells');
      hadExpiry = heap.expiresAtMs(place) !== 0;
      heap.read(place, head);
      if (this.keepsTombstones && heap.type(place) === CellType.LIST) this.ageTombstones(place);
      heap.letGo(place);
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

  /** What an empty record knows of a list that was there may be younger than what has removed its elements (LSET): that is what counts. */
  private ageTombstones(place: number): void {
    let pair = PAIR_ZERO;
    for (const cell of this.entryOf(place).cells.values()) pair = maxPair(pair, cell.pair);
    this.head.stamp = pair.stamp;
    this.head.origin = pair.origin;
  }

  /** The pair of the record under the cursor is at least this. */
  protected notePair(stamp: number, origin: number): void {
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

  /**
   * Whether a record is one that the disk was to complete, and that the disk has all of by now. It counts no more: the disk may know
   * that the key has expired, and may have dropped it.
   */
  protected isSpent(ref: number): boolean {
    return this.heap.isPartial(ref) && this.isClean(ref);
  }

  protected hasExpired(ref: number): boolean {
    return this.isPast(this.heap.expiresAtMs(ref));
  }

  protected isPast(expiresAtMs: number): boolean {
    return expiresAtMs !== 0 && expiresAtMs <= this.clock.nowMs;
  }

  /** The key under the cursor comes into being. */
  protected countNew(): void {
    if (this.isUnknown) this.db.doubt();
    else this.db.keyCount++;
    this.isUnknown = false;
    if (!this.isReplaced) this.tell(KEYSPACE_EVENT.newKey, 'new');
    this.isReplaced = false;
  }

  /** The record under the cursor is at `ref` now. */
  protected putRecord(ref: number, hadExpiry: boolean, isEmpty: boolean): void {
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

  protected drop(): void {
    this.leaveEmpty();
    this.takeOut();
  }

  /** The record under the cursor, if there is one, will not be an empty one any more. */
  protected leaveEmpty(): void {
    if (this.place !== 0 && this.heap.isEmpty(this.place)) this.db.emptyCount--;
  }

  protected takeOut(): void {
    this.db.table.remove();
    this.heap.free(this.place);
    this.place = this.ref = 0;
  }

  /** Something has happened to the key under the cursor. */
  tell(eventClass: number, event: string): void {
    if (!this.events.wants(eventClass)) return;
    this.events.tell(eventClass, event, this.db, this.key, this.keyStart, this.keyEnd);
  }
}
