/** The part of a keyspace that takes over what the disk holds of a key: what was written of it meanwhile is merged into that. Adds nothing to the batch. */

import { AssertionError } from '../base/assert.js';
import { SLOT_SPAN } from '../base/position.js';
import { BatchReader } from '../record/batch-reader.js';
import { entryAbove } from '../record/entry-above.js';
import { entryOfChange } from '../record/entry-of-record.js';
import type { Cell, Entry } from '../record/entry.js';
import { EMPTY_ENTRY, hasElements, typeOf } from '../record/entry.js';
import { standOn } from '../record/key-merge.js';
import { ageOf, merge, mergeAll } from '../record/merge.js';
import { PAIR_ZERO, comparePairs, maxPair } from '../record/pair.js';
import { LARGE } from '../storage/memory/record-head.js';
import type { Database } from './database.js';
import type { BuiltKey } from './key-builder.js';
import { KeyspaceMerge } from './keyspace-merge.js';

/** Records of a slot that are looked at at a time. */
const WALKED_KEYS = 64;

export abstract class KeyspaceAbsorb extends KeyspaceMerge {
  /** For cells that stand in no batch. */
  readonly cellReader = new BatchReader();

  /** Takes over what the disk holds of a key. A record in memory that is complete knows it already. */
  absorb(db: Database, key: Buffer, entry: Entry): void {
    this.locate(db, key, 0, key.length);
    const { heap } = this;
    if (this.place !== 0 && this.isSpent(this.place)) this.drop();
    const { place } = this;
    if (place !== 0 && !heap.isPartial(place)) return;
    const before = place === 0 ? EMPTY_ENTRY : this.withoutGone(this.newsOf(place), () => entry);
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
    const before = place === 0 ? undefined : this.newsOf(place);
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
    if (before !== undefined)
      this.mergeInto(
        this.withoutGone(before, () => this.entryOf(this.place)),
        built,
      );
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
      if (collection.apply(cellReader)) this.notePair(cellReader.stamp, cellReader.origin);
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

  /** Takes out of memory what of a slot is deleted, and only the disk knew, before something is taken back that is not on disk (ColdData.forgetGone). */
  forgetGone(db: Database, slot: number): void {
    const end = (slot + 1) * SLOT_SPAN;
    const goneUpTo = this.cold.goneUpTo(slot * SLOT_SPAN);
    if (goneUpTo === 0) return;
    const keys: Buffer[] = [];
    for (let at = slot * SLOT_SPAN; at < end;) {
      at = db.table.walk(at, WALKED_KEYS, (ref, position) => {
        if (position < end && this.heap.isPartial(ref)) keys.push(this.heap.key(ref));
      });
    }
    for (const key of keys) {
      const place = this.locate(db, key, 0, key.length);
      const news = this.withoutGone(this.newsOf(place), () => this.onDisk(db, key));
      if (saysNothing(news)) this.drop();
      else this.writeEntry(news, this.heap.access(place), true);
    }
    this.cold.forgetGone(slot);
  }

  /** What the disk says of the key under the cursor. Where it is damaged, nothing: who reads that takes it over from others, as they have it. */
  private onDisk(db: Database, key: Buffer): Entry {
    let onDisk = EMPTY_ENTRY;
    const take = (entry: Entry): void => {
      onDisk = entry;
    };
    try {
      this.cold.loadNow(db.id, key, this.hasher.high, this.hasher.low, take);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
    }
    return onDisk;
  }

  /** What a record that the disk is to complete says, but for what the disk is to know better (ColdData.goneUpTo). */
  private newsOf(place: number): Entry {
    const entry = this.entryOf(place);
    const goneUpTo = this.cold.goneUpTo(this.hasher.position);
    return goneUpTo === 0 ? entry : entryAbove(entry, goneUpTo);
  }

  /**
   * The same without elements of lists that are as old as what may have gone, and of which the disk has nothing: they are gone, though they were changed later, by who had not heard of
   * the delete (ColdData.goneUpTo). What lives of that age was on disk before.
   */
  private withoutGone(news: Entry, onDisk: () => Entry): Entry {
    const goneUpTo = this.cold.goneUpTo(this.hasher.position);
    const isDoubtful = (cell: Cell): boolean => ageOf(cell).stamp <= goneUpTo;
    if (goneUpTo === 0 || ![...news.cells.values()].some(isDoubtful)) return news;
    const { cells } = onDisk();
    return { ...news, cells: new Map([...news.cells].filter(([name, cell]) => !isDoubtful(cell) || cells.has(name))) };
  }
}

function saysNothing({ deletedUpTo, expiry, cells }: Entry): boolean {
  return cells.size === 0 && comparePairs(maxPair(deletedUpTo, expiry.pair), PAIR_ZERO) === 0;
}
