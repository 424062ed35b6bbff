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
 * Where other nodes have the data too (`isReplicated`), nobody decides alone what goes: reads and background work remove nothing. A write to what has
 * expired removes it first; what else has expired, and what should make room, is told to `onExpired` and `onVictim`, for a command to remove it everywhere.
 *
 * Not all data is in memory. Of a key there is no record (then `ColdData` says whether the disk may have it), a complete one, or a
 * partial one, which holds what was written since. `find` of what is not known throws COLD_KEY before anything is changed; whoever called
 * has the key loaded (`absorb`) and tries again. A record is dirty until the disk has it in a table, and may be dropped then; so a
 * deleted key leaves an empty record, for as long as a look at the disk would find it.
 *
 * Its parts stand on each other: record-cursor.ts, keyspace-databases.ts, keyspace-merge.ts, keyspace-absorb.ts, keyspace-forget.ts, and this, which is what commands see.
 */

import { copyBytes } from '../base/bytes.js';
import { parseInteger64 } from '../base/integer.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import { textOf } from '../record/composed-string.js';
import type { BatchReader } from '../record/batch-reader.js';
import type { Entry } from '../record/entry.js';
import { CellType, EMPTY_ENTRY, hasElements, isComposedType } from '../record/entry.js';
import { merge } from '../record/merge.js';
import { LARGE } from '../storage/memory/record-head.js';
import type { ColdKey } from './cold-data.js';
import { CHUNKED_ABOVE_BYTES } from '../record/string-chunks.js';
import { COLD_KEY } from './cold-data.js';
import { ChunkedStrings } from './chunked-strings.js';
import type { Collection } from './collection.js';
import { ComposedStrings } from './composed-strings.js';
import { CounterStrings } from './counter-strings.js';
import { Database } from './database.js';
import { DeclaredKeys } from './declared-keys.js';
import { FieldCells } from './field-cells.js';
import { ListCells } from './list-cells.js';
import type { Listing } from './listing.js';
import { SiblingStrings } from './sibling-strings.js';
import { SortedCells } from './sorted-cells.js';

import { KeyspaceForget } from './keyspace-forget.js';
import type { KeyspaceOptions } from './record-cursor.js';
import { KEEP_EXPIRY, NEVER } from './record-cursor.js';

export type { Database } from './database.js';
export type { KeyspaceOptions } from './record-cursor.js';
export { UNDECIDED } from './keyspace-merge.js';
export { KEEP_EXPIRY, NEVER } from './record-cursor.js';

/** Where strings are put together that are changed in part. */
const shortString = Buffer.alloc(CHUNKED_ABOVE_BYTES);

export class Keyspace extends KeyspaceForget {
  /** Reads that met a key, and that did not. */
  hits = 0;
  misses = 0;
  expiredCount = 0;
  evictedCount = 0;
  /** What `find` has not found in memory when it threw COLD_KEY. */
  missing: { db: Database; key: Buffer } | undefined;
  /** In place of its removal: a key has expired, or some of its cells have. It is told again, as long as it is there; `removeExpired` removes it. */
  onExpired: ((db: Database, key: Buffer) => void) | undefined;
  /** In place of its removal: a key should go, because memory is short. False: it will not, enough are going already. */
  onVictim: ((db: Database, key: Buffer) => boolean) | undefined;

  /** The cells of the collection under the cursor, by type. */
  readonly hashes: FieldCells;
  readonly sets: FieldCells;
  readonly sortedSets: SortedCells;
  readonly lists: ListCells;
  readonly chunkedStrings: ChunkedStrings;
  readonly composedStrings: ComposedStrings;
  readonly counters: CounterStrings;
  readonly siblings: SiblingStrings;
  /** What the configuration says of keys. */
  readonly declared = new DeclaredKeys();
  protected readonly collections: readonly (Collection | undefined)[];
  /** While keys are counted (key-count.ts): what has expired at this Unix millisecond is not. */
  countingFromMs = 0;
  private ownIncarnation: number | undefined;

  constructor(options: KeyspaceOptions) {
    super(options);
    this.hashes = new FieldCells(this, CellType.HASH, this.fieldHasher);
    this.sets = new FieldCells(this, CellType.SET, this.fieldHasher);
    this.sortedSets = new SortedCells(this, this.fieldHasher);
    this.lists = new ListCells(this);
    this.chunkedStrings = new ChunkedStrings(this);
    this.composedStrings = new ComposedStrings(this);
    this.counters = new CounterStrings(this);
    this.siblings = new SiblingStrings(this);
    this.collections = byType([this.hashes, this.sets, this.sortedSets, this.lists]);
  }

  /** CONFIG RESETSTAT. */
  resetFigures(): void {
    this.hits = this.misses = this.expiredCount = this.evictedCount = 0;
  }

  /** A database that nobody can select, of which the disk has nothing: for drafts (draft.ts). */
  newHiddenDatabase(): Database {
    return new Database(this.physical.length, this.newTable(), this.slotResets);
  }

  /** Merges one change of a key into a database that nobody can select. Adds nothing to the batch. */
  applyHidden(db: Database, reader: BatchReader): void {
    this.clock.observe(reader.stamp);
    this.applyChange(db, reader);
  }

  /** Forgets what such a database has of a key. */
  forgetHidden(db: Database, key: Buffer): void {
    if (this.locate(db, key, 0, key.length) !== 0) this.drop();
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
    if (!this.declared.isEmpty && this.declared.keepsSiblings(key, start, end)) return this.find(db, key, start, end);
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
    const place = db.table.find(key, start, end);
    // What is asked for before it is used is looked for again soon.
    this.hasher.keep(key, start, end);
    const isSpent = place !== 0 && this.isSpent(place);
    if (place !== 0 && !isSpent) return this.heap.isPartial(place) && (this.isReplicated || !this.hasExpired(place));
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
    if (!this.declared.isEmpty && this.putDeclared(value, start, end, expiry)) return;
    if (expiry === KEEP_EXPIRY && this.isComposed) expiry = this.heap.expiresAtMs(this.ref);
    const { batch, head, db, place } = this;
    const stamp = this.clock.next();
    const replaces = expiry !== KEEP_EXPIRY || this.ref === 0;
    const changes = expiry > 0 ? 2 : 1;
    batch.entry(db.id, this.key, this.keyStart, this.keyEnd, changes, stamp);
    batch.string(stamp, replaces, value, start, end);
    if (changes === 2) batch.expiry(stamp, expiry);
    this.changeCount++;
    if (this.ref === 0) {
      if (this.isHidden) this.uncover();
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
    if (this.isComposed || this.declared.keepsSiblings(this.key, this.keyStart, this.keyEnd)) {
      this.overwriteWhole(offset, value.subarray(start, end));
      return;
    }
    if (this.chunkedStrings.overwrite(ref, offset, value, start, end)) return;
    const length = ref === 0 ? 0 : heap.valueLength(ref);
    const newLength = Math.max(length, offset + end - start);
    const from = ref === 0 ? 0 : heap.valueStart(ref);
    if (ref !== 0) copyBytes(heap.bytes(ref), from, from + length, shortString, 0);
    if (offset > length) shortString.fill(0, length, offset);
    copyBytes(value, start, end, shortString, offset);
    this.put(shortString, 0, newLength, KEEP_EXPIRY);
  }

  /** `overwrite` of a string that has no parts. */
  private overwriteWhole(offset: number, value: Uint8Array): void {
    const { heap, ref } = this;
    const from = ref === 0 ? 0 : heap.valueStart(ref);
    const before = ref === 0 ? value.subarray(0, 0) : heap.bytes(ref).subarray(from, from + heap.valueLength(ref));
    const after = Buffer.alloc(Math.max(before.length, offset + value.length));
    after.set(before);
    after.set(value, offset);
    this.put(after, 0, after.length, KEEP_EXPIRY);
  }

  /** Names this start of the node, among all of its starts: not 0. A node that nobody else has data of has all that it knows of itself. */
  get incarnation(): number {
    return (this.ownIncarnation ??= this.isReplicated ? this.random.uint32() || 1 : 1);
  }

  /** Whether the key under the cursor is there, after the last change of it. */
  get isThereNow(): boolean {
    return this.ref !== 0;
  }

  /** Whether the string under the cursor is composed of cells (record/composed-string.ts). */
  get isComposed(): boolean {
    return this.ref !== 0 && isComposedType(this.heap.type(this.ref));
  }

  /** What a change of the composed string under the cursor has to say of its expiry, if that is to be `expiry`; `keepsType`: it is of that type already. */
  composedExpiry(expiry: number, keepsType: boolean): number | undefined {
    const { heap, place, ref } = this;
    const before = place === 0 || this.isHidden ? NEVER : heap.expiresAtMs(place);
    if (expiry === KEEP_EXPIRY && ref !== 0) return keepsType || before === NEVER ? undefined : before;
    return expiry > NEVER ? expiry : before === NEVER ? undefined : NEVER;
  }

  /** Begins a change of the composed string under the cursor; returns its stamp. `compose` must follow. */
  beginComposing(): number {
    if (this.isHidden) this.bury();
    return this.clock.next();
  }

  /**
   * Merges a change by this node into the string under the cursor, which is composed or becomes so, and adds it to the batch. `stamp` is the lowest of the new
   * ones in it. REQUIRES: all is known of the key, or the change replaces that.
   */
  compose(stamp: number, change: Entry): void {
    const { batch, db, heap, place, cold, hasher } = this;
    this.ownKey();
    batch.change(db.id, this.key, change, stamp);
    this.changeCount++;
    const before = place === 0 ? EMPTY_ENTRY : this.entryOf(place);
    const after = merge(before, change);
    const isThere = hasElements(after);
    const wasThere = this.ref !== 0;
    db.expiringCount += Number(after.expiry.atMs !== 0) - Number(before.expiry.atMs !== 0);
    if (isThere && !wasThere) this.countNew();
    if (!isThere && wasThere) db.keyCount--;
    const access = wasThere ? this.access.touched(heap.access(place)) : this.access.fresh();
    this.writeEntry(after, access, false);
    this.ref = isThere ? this.place : 0;
    if (!isThere && !this.keepsTombstones && !cold.keepsDeletes(db.id, hasher.high, hasher.low)) this.drop();
  }

  /** Copies the composed string at `ref`: what is returned makes it of the key under the cursor, which is not there. */
  composedCopier(ref: number): () => void {
    if (this.heap.type(ref) === CellType.VERSIONED) return this.siblings.copier(ref);
    const total = BigInt(textOf(CellType.COUNTER, this.entryOf(ref).cells).toString('latin1'));
    return () => {
      this.counters.set(total, NEVER);
    };
  }

  /** `put` to a key that the configuration says something of; false if that is as any other. */
  private putDeclared(value: Uint8Array, start: number, end: number, expiry: number): boolean {
    const { declared, siblings, key, keyStart, keyEnd, ref } = this;
    if (expiry !== KEEP_EXPIRY && declared.isCounter(key, keyStart, keyEnd)) {
      const count = parseInteger64(value, start, end);
      if (count !== undefined) this.counters.set(count, expiry);
      return count !== undefined;
    }
    if (!declared.keepsSiblings(key, keyStart, keyEnd)) return false;
    // (It supersedes all there are.)
    siblings.put(ref, siblings.context(ref), Buffer.from(value.subarray(start, end)), expiry);
    return true;
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
    if (this.isUnknown) db.doubt();
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

  /** Removes a key for good because memory is short, or has it removed. False if it stays. REQUIRES: `ref` is a complete record of `db`. */
  evict(db: Database, ref: number): boolean {
    const key = this.heap.key(ref);
    if (this.isReplicated) return this.onVictim?.(db, key) ?? false;
    this.removeVictim(db, key);
    return true;
  }

  /** Removes a key that was to make room, if it is still there. May throw COLD_KEY. */
  removeVictim(db: Database, key: Buffer): void {
    if (this.find(db, key, 0, key.length) === 0) return; // expired meanwhile
    this.remove();
    this.evictedCount++;
    this.tell(KEYSPACE_EVENT.evicted, 'evicted');
  }

  /** Removes a key that has expired, or those of its cells that have, as any write does. May throw COLD_KEY. */
  removeExpired(db: Database, key: Buffer): void {
    const ref = this.find(db, key, 0, key.length);
    if (this.isHidden) this.bury();
    else if (ref !== 0 && this.heap.type(ref) === CellType.HASH) this.hashes.removeExpired();
  }

  /** What `find` makes of a record that is not plain. */
  private look(place: number): number {
    const { heap } = this;
    // On a single node the newest expiry is in memory, so it holds whatever is on the disk.
    const isUnsure = this.isReplicated && (heap.isPartial(place) || heap.isEmpty(place));
    if (!isUnsure && this.hasExpired(place)) {
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

  private miss(): never {
    this.missing = { db: this.db, key: Buffer.from(this.key.subarray(this.keyStart, this.keyEnd)) };
    throw COLD_KEY;
  }

  private hideExpired(): void {
    this.isHidden = this.isReplicated;
    if (this.removesExpired && !this.isReplicated) this.bury();
  }

  /** What lies under the cursor gives way to a value that deletes it. */
  private uncover(): void {
    this.isHidden = false;
    this.db.keyCount--;
    this.expiredCount++;
    this.tell(KEYSPACE_EVENT.expired, 'expired');
  }

  protected override bury(): void {
    this.isHidden = false;
    // It came from the disk: perhaps it is not counted.
    if (this.heap.expiresAtMs(this.place) <= this.countingFromMs) this.db.doubt();
    this.remove();
    this.expiredCount++;
    this.tell(KEYSPACE_EVENT.expired, 'expired');
  }
}

function byType(collections: readonly Collection[]): readonly (Collection | undefined)[] {
  const table: (Collection | undefined)[] = Array.from({ length: LARGE + 1 });
  for (const collection of collections) table[collection.type] = collection;
  return table;
}
