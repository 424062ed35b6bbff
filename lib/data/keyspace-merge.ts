/** The part of a keyspace that merges changes which were made elsewhere: those of a log or of another node. Adds nothing to the batch. */

import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import { entryOfChange } from '../record/entry-of-record.js';
import type { Cell, Entry } from '../record/entry.js';
import { CellType, EMPTY_ENTRY, hasElements, holdsValue, isComposedType, typeOf } from '../record/entry.js';
import { ANCHOR_BYTES, ListId } from '../record/list-id.js';
import { merge } from '../record/merge.js';
import type { Pair } from '../record/pair.js';
import { ORIGIN_MAX, PAIR_ZERO } from '../record/pair.js';
import { isChunked } from '../record/string-chunks.js';
import type { Collection } from './collection.js';
import { Database } from './database.js';

import { KeyspaceDatabases } from './keyspace-databases.js';

/** What `newerThan` answers if the disk has to be asked. */
export const UNDECIDED = -1;

const listId = new ListId();

export abstract class KeyspaceMerge extends KeyspaceDatabases {
  /** Changes of other nodes that were merged. */
  foreignCount = 0;

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

  /**
   * Whether something here is newer than a value with the pair (stamp, origin) that replaces all before it: the stamp of that; 0: nothing is; UNDECIDED: nothing
   * in memory, and of the disk that cannot be told before the key is loaded. The value itself may be here already.
   */
  newerThan(db: Database, key: Uint8Array, start: number, end: number, stamp: number, origin: number): number {
    if (stamp <= db.flushedUpTo) return db.flushedUpTo;
    const { heap, head } = this;
    const place = this.locate(db, key, start, end);
    if (place !== 0) {
      heap.read(place, head);
      const isNewer = head.stamp - stamp || head.origin - origin;
      const expires = head.expiryStamp - stamp || head.expiryOrigin - origin;
      if (isNewer > 0 || expires > 0) return Math.max(head.stamp, head.expiryStamp);
      if (!head.isPartial) return 0;
    }
    const { high, low } = this.hasher;
    return this.cold.newestStamp(db.id, high, low) < stamp ? 0 : UNDECIDED;
  }

  private applyFlush(db: Database, { stamp }: BatchReader): void {
    if (stamp < db.flushedUpTo) return;
    const { heap } = this;
    const isKnown = stamp === db.flushedUpTo;
    db.flushedUpTo = stamp;
    this.cold.flushDatabase(db.id, stamp);
    const isColdEmpty = this.cold.isEmpty(db.id);
    // At a restart that may be known before the log says so; the counts are then those from before.
    if (isKnown) {
      if (isColdEmpty) this.recount(db, true);
      else db.isEstimate = true;
      return;
    }
    const older: Buffer[] = [];
    const mixed: Buffer[] = [];
    let newestCount = 0;
    db.table.forEach((ref) => {
      if (heap.newestStamp(ref) <= stamp) older.push(heap.key(ref));
      else if (heap.stamp(ref) > stamp && heap.form(ref) === CellType.STRING && heap.isPlain(ref)) newestCount++;
      else mixed.push(heap.key(ref));
    });
    if (newestCount === 0 && mixed.length === 0 && isColdEmpty) {
      this.emptied(db);
      return;
    }
    for (const key of mixed) this.pruneCells(db, key);
    for (const key of older) {
      this.locate(db, key, 0, key.length);
      this.drop();
    }
    this.recount(db, isColdEmpty);
  }

  /** Counts the keys of a database that was emptied but for what is newer. What was read of it before counts no more. */
  private recount(db: Database, isColdEmpty: boolean): void {
    const { heap } = this;
    db.resetCount++;
    db.keyCount = db.expiringCount = 0;
    db.isEstimate = !isColdEmpty;
    db.table.forEach((ref) => {
      db.keyCount += Number(heap.isPartial(ref) || !heap.isEmpty(ref));
      db.expiringCount += Number(heap.expiresAtMs(ref) !== 0);
    });
  }

  /** Takes out of a record what was emptied with its database, though some of it is newer. Its counts are the caller's. */
  private pruneCells(db: Database, key: Buffer): void {
    const place = this.locate(db, key, 0, key.length);
    const { high, low } = this.hasher;
    const isPartial = this.heap.isPartial(place) && this.cold.newestStamp(db.id, high, low) > 0;
    const before = this.entryOf(place);
    const after = merge(before, { ...EMPTY_ENTRY, deletedUpTo: flushedPair(db) });
    this.writeEntry(after, this.heap.access(place), isPartial);
  }

  /** Whether a change comes from before its database was emptied. */
  private isFlushed(db: Database, { kind, type, bytes, stamp, fieldStart, fieldEnd }: BatchReader): boolean {
    if (stamp <= db.flushedUpTo) return true;
    const isCell = kind === ChangeKind.VALUE || kind === ChangeKind.TOMBSTONE;
    if (!isCell || type !== CellType.LIST || fieldEnd - fieldStart < ANCHOR_BYTES) return false;
    listId.read(bytes, fieldStart, fieldEnd);
    return listId.stamp <= db.flushedUpTo;
  }

  protected applyChange(db: Database, reader: BatchReader): void {
    if (db.flushedUpTo > 0 && this.isFlushed(db, reader)) return;
    const { heap } = this;
    const place = this.locate(db, reader.bytes, reader.keyStart, reader.keyEnd);
    const { high, low } = this.hasher;
    const isKnown = place !== 0 && !heap.isPartial(place);
    const coldStamp = isKnown ? 0 : this.cold.newestStamp(db.id, high, low);
    const wasPartial = !isKnown && (place !== 0 || coldStamp > 0);
    // What the disk has may be newer, where others have stamped it.
    const isPartial = wasPartial && (coldStamp >= reader.stamp || !saysAll(reader));
    // What is on the disk alone is taken to be there.
    const wasThere = wasPartial || (place !== 0 && !heap.isEmpty(place));
    if (place === 0 && wasPartial) db.doubt();
    if (reader.kind === ChangeKind.VALUE && reader.replaces && !isPartial && this.replacedBy(reader)) {
      if (!wasThere) db.keyCount++;
      return;
    }
    if (reader.kind === ChangeKind.VALUE && !reader.replaces && isKnown && this.restampedBy(reader)) return;
    if (place !== 0 && (reader.kind === ChangeKind.EXPIRY || reader.kind === ChangeKind.DELETE)) {
      if (this.isDead(place, reader)) return;
      if (reader.kind === ChangeKind.EXPIRY && this.expiredBy(reader)) return;
      if (reader.kind === ChangeKind.DELETE && this.deletedBy(reader, isPartial, wasThere)) return;
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
    const isThere = isPartial || hasElements(after);
    db.keyCount += Number(isThere) - Number(wasThere);
    db.expiringCount += Number(after.expiry.atMs !== 0) - Number(before.expiry.atMs !== 0);
    if (!isThere && !this.keepsTombstones && !this.cold.keepsDeletes(db.id, high, low)) {
      if (place !== 0) this.drop();
      return;
    }
    this.ownKey();
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

  /** A newer value of a string that goes on living, as INCR and APPEND write it, without a plain entry: false if this is none. REQUIRES: the record is whole. */
  private restampedBy(reader: BatchReader): boolean {
    const { heap, head, place } = this;
    const { type, fieldStart, fieldEnd, atMs, stamp, origin } = reader;
    if (type !== CellType.STRING || fieldEnd !== fieldStart || atMs !== 0) return false;
    if (heap.form(place) !== CellType.STRING || heap.isEmpty(place) || !heap.isOlder(place, stamp, origin))
      return false;
    heap.read(place, head);
    head.restamp(stamp, origin);
    heap.letGo(place);
    const { bytes, valueStart, valueEnd } = reader;
    const ref = heap.write(place, head, this.key, this.keyStart, this.keyEnd, bytes, valueStart, valueEnd);
    this.putRecord(ref, head.expiresAtMs !== 0, false);
    return true;
  }

  /** A later expiry of a record, without a plain entry: false if this is nothing for it. REQUIRES: it is above what was deleted. */
  private expiredBy({ stamp, origin, atMs }: BatchReader): boolean {
    const { heap, head, db, place } = this;
    // On a single node, what is left of a key has no expiry.
    if (heap.isEmpty(place) && !this.keepsTombstones) return false;
    heap.read(place, head);
    const order = head.expiryStamp - stamp || head.expiryOrigin - origin;
    if (order === 0) return head.expiresAtMs === atMs;
    if (order > 0) return true;
    const hadExpiry = head.expiresAtMs !== 0;
    db.expiringCount += Number(atMs !== 0) - Number(hadExpiry);
    head.expire(atMs, stamp, origin);
    this.putRecord(heap.rewriteHead(place, head), hadExpiry, false);
    return true;
  }

  /** A delete of all that a record holds, without a plain entry: false if something of it is newer, or the record goes. */
  private deletedBy({ stamp, origin }: BatchReader, isPartial: boolean, wasThere: boolean): boolean {
    const { heap, head, db, place } = this;
    if (!this.keepsTombstones) return false;
    heap.read(place, head);
    const isNewer = (head.stamp - stamp || head.origin - origin) > 0;
    if (isNewer || (head.expiryStamp - stamp || head.expiryOrigin - origin) > 0) return false;
    const hadExpiry = head.expiresAtMs !== 0;
    if (hadExpiry) db.expiringCount--;
    db.keyCount += Number(isPartial) - Number(wasThere);
    this.leaveEmpty();
    heap.letGo(place);
    head.delete(stamp, origin);
    head.isPartial = isPartial;
    this.putRecord(heap.write(place, head, this.key, this.keyStart, this.keyEnd, this.key, 0, 0), hadExpiry, true);
    return true;
  }

  /** Makes `entry` the record of the key under the cursor. REQUIRES: the key's bytes are its own and whole. */
  protected writeEntry(entry: Entry, access: number, isPartial: boolean): void {
    const { heap, place } = this;
    const hadExpiry = place !== 0 && heap.expiresAtMs(place) !== 0;
    this.leaveEmpty();
    if (place !== 0) heap.letGo(place);
    const type = typeOf(entry);
    const collection = type === undefined ? undefined : this.collections[type];
    if (collection === undefined) {
      const ref = this.writeString(type, entry, access, isPartial);
      this.putRecord(ref, hadExpiry, !hasElements(entry));
      return;
    }
    const built = collection.build(this.keepsTombstones || isPartial ? entry.cells.values() : valuesOf(entry));
    const isEmpty = !hasElements(entry);
    this.noteCellExpiries(entry);
    const ref = heap.writeCells(place, this.key, entry, built.form, built.value, { access, isPartial, isEmpty });
    this.putRecord(ref, hadExpiry, isEmpty);
  }

  /** The record of what is no collection. */
  private writeString(type: CellType | undefined, entry: Entry, access: number, isPartial: boolean): number {
    const { place, key, heap } = this;
    if (type !== undefined && isComposedType(type)) {
      return this.composedStrings.write(place, key, type, entry, access, isPartial);
    }
    if (isChunked(entry)) return this.chunkedStrings.write(place, key, entry, access, isPartial);
    return heap.writeEntry(place, key, entry, access, isPartial);
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
    if (collection.apply(reader)) this.notePair(reader.stamp, reader.origin);
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
    if (head.replaces) {
      // What it deletes goes up to the pair before its own.
      return reader.stamp < head.stamp || (reader.stamp === head.stamp && reader.origin < head.origin);
    }
    const isPlain = head.isEmpty && head.form === CellType.STRING;
    const stamp = isPlain ? head.stamp : head.deletedStamp;
    const origin = isPlain ? head.origin : head.deletedOrigin;
    return reader.stamp < stamp || (reader.stamp === stamp && reader.origin <= origin);
  }
}

/** Whether a change says that nothing before it counts. */
function saysAll({ kind, replaces }: BatchReader): boolean {
  return kind === ChangeKind.DELETE || (kind === ChangeKind.VALUE && replaces);
}

/** Up to where an emptied database deletes its keys. */
export function flushedPair({ flushedUpTo }: Database): Pair {
  return flushedUpTo === 0 ? PAIR_ZERO : { stamp: flushedUpTo, origin: ORIGIN_MAX };
}

/** The cells of an entry but for its tombstones. */
function* valuesOf(entry: Entry): Generator<Cell> {
  for (const cell of entry.cells.values()) if (holdsValue(cell)) yield cell;
}
