import { slotOf } from '../base/position.js';
import { ChangeKind } from '../record/batch-format.js';
import type { BatchReader } from '../record/batch-reader.js';
import { EntrySink } from '../record/entry-sink.js';
import { readCell } from '../record/entry-of-record.js';
import type { Cell, CellType, Entry, Expiry } from '../record/entry.js';
import { CellType as CellTypes, NO_EXPIRY, entryOfCell, holdsValue } from '../record/entry.js';
import type { KeyTaker } from '../record/key-merge.js';
import { standOn } from '../record/key-merge.js';
import { ANCHOR_BYTES, ListId, removalsField } from '../record/list-id.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO } from '../record/pair.js';
import { Removals } from '../record/removals.js';
import type { BuiltValue, Collection, LargeAdder } from './collection.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';

/** So many cells are looked at before they get a structure of their own: fewer may fit into a record. */
const SMALL_CELLS_MAX = 512;

/** A collection that was built outside of the keyspace (Keyspace.absorbBuilt). */
export interface BuiltKey extends BuiltValue {
  readonly collection: Collection;
  readonly deletedUpTo: Pair;
  readonly expiry: Expiry;
  /** The highest of the cells. */
  readonly pair: Pair;
  /** No cell of it holds a value. */
  readonly isEmpty: boolean;
  /** Of a list: what comes from elsewhere may be gone, too. */
  readonly removals: Removals;
  /** The removals, and a cell as young as the youngest, of a field that is not in `other`: of tombstones no more may be left. */
  readonly witness: (other: Entry) => readonly Entry[];
}

/**
 * Builds a key that is loaded part by part, outside of the keyspace, and puts it there in one step when it is complete. Between two parts anything may happen to
 * the key, and to its database: what has come meanwhile is merged, and what is no longer wanted is taken apart again.
 */
export class KeyBuilder implements KeyTaker {
  private readonly keyspace: Keyspace;
  private readonly db: Database;
  private readonly key: Buffer;
  private readonly slot: number;
  private readonly life: number;
  private readonly forgetCount: number;
  private readonly onTaken: () => void;
  private isOpen = true;

  private deletedUpTo: Pair = PAIR_ZERO;
  private expiry: Expiry = NO_EXPIRY;
  private collection: Collection | undefined;
  private small: Cell[] = [];
  private large: LargeAdder | undefined;
  private readonly removals = new Removals();
  private hasValue = false;
  private stamp = 0;
  private origin = 0;
  /** The age of the youngest cell (merge.ts). */
  private ageStamp = 0;
  private ageOrigin = 0;
  private fieldBytesMax = 0;
  private readonly id = new ListId();
  /** In place of all that, for what is no collection. */
  private plain: EntrySink | undefined;

  /** `onTaken`: it is in the keyspace now. Until `end` or `abandon`, the keyspace does not clear its memory. */
  constructor(keyspace: Keyspace, db: Database, key: Buffer, onTaken: () => void) {
    this.keyspace = keyspace;
    this.db = db;
    this.key = key;
    this.slot = slotOf(key, 0, key.length);
    this.life = db.lifeOf(this.slot);
    this.forgetCount = keyspace.forgetCount;
    this.onTaken = onTaken;
    keyspace.builderCount++;
  }

  begin(deletedUpTo: Pair, expiry: Expiry, type: CellType | undefined): void {
    this.deletedUpTo = deletedUpTo;
    this.expiry = expiry;
    this.collection = type === undefined ? undefined : this.keyspace.collectionOf(type);
    if (this.collection !== undefined) return;
    this.plain = new EntrySink();
    this.plain.begin(deletedUpTo, expiry);
  }

  cell(reader: BatchReader): void {
    // Whatever it has built is gone with all memory.
    if (this.forgetCount !== this.keyspace.forgetCount) return;
    if (this.plain !== undefined) {
      this.plain.cell(reader);
      return;
    }
    const { stamp, origin } = reader;
    if (stamp > this.stamp || (stamp === this.stamp && origin > this.origin)) {
      this.stamp = stamp;
      this.origin = origin;
    }
    this.fieldBytesMax = Math.max(this.fieldBytesMax, reader.fieldEnd - reader.fieldStart);
    const isList = reader.type === CellTypes.LIST;
    const isRemovals = isList && reader.fieldEnd - reader.fieldStart < ANCHOR_BYTES;
    if (isList && !isRemovals) {
      this.id.read(reader.bytes, reader.fieldStart, reader.fieldEnd);
      this.noteAge(this.id.stamp, this.id.origin);
    } else this.noteAge(stamp, origin);
    if (isRemovals) this.removals.addCell(reader);
    if ((isRemovals || reader.kind === ChangeKind.TOMBSTONE) && !this.keyspace.keepsTombstones) return;
    if (this.large !== undefined) {
      this.hasValue = true;
      this.large.add(reader);
      return;
    }
    const cell = readCell(reader);
    this.hasValue ||= holdsValue(cell);
    this.small.push(cell);
    if (this.hasValue && this.small.length > SMALL_CELLS_MAX) this.enlarge();
  }

  end(): void {
    const { keyspace, db, key, collection } = this;
    if (db.lifeOf(this.slot) !== this.life || keyspace.forgetCount !== this.forgetCount) {
      this.abandon();
      return;
    }
    this.close();
    if (this.plain !== undefined) keyspace.absorb(db, key, this.plain.entry);
    else if (collection !== undefined) {
      const { deletedUpTo, expiry, stamp, origin } = this;
      const value = this.large?.finish() ?? collection.build(this.small);
      const built = { ...value, collection, deletedUpTo, expiry, pair: { stamp, origin }, isEmpty: !this.hasValue };
      keyspace.absorbBuilt(db, key, {
        ...built,
        removals: this.removals,
        witness: (other) => this.witness(collection.type, other),
      });
    }
    this.onTaken();
  }

  /** It is not wanted any more: what was built is freed, step by step. Does nothing when it has ended. */
  abandon(): void {
    if (!this.isOpen) return;
    this.close();
    if (this.large === undefined || this.forgetCount !== this.keyspace.forgetCount) return;
    this.keyspace.heap.large.release(this.keyspace.heap.large.add(this.large.value));
  }

  private close(): void {
    this.isOpen = false;
    // Those of before were forgotten with all else.
    if (this.forgetCount === this.keyspace.forgetCount) this.keyspace.builderCount--;
  }

  private noteAge(stamp: number, origin: number): void {
    if (stamp < this.ageStamp || (stamp === this.ageStamp && origin <= this.ageOrigin)) return;
    this.ageStamp = stamp;
    this.ageOrigin = origin;
  }

  private witness(type: CellType, other: Entry): Entry[] {
    if (this.keyspace.keepsTombstones || this.ageStamp === 0) return [];
    const pair = { stamp: this.ageStamp, origin: this.ageOrigin };
    let fieldBytes = this.fieldBytesMax;
    for (const cell of other.cells.values()) fieldBytes = Math.max(fieldBytes, cell.field.length);
    const field = type === CellTypes.LIST ? removalsField(0, pair.origin) : Buffer.alloc(fieldBytes + 1);
    const witness = [entryOfCell({ type, field, value: undefined, pair, expiresAtMs: 0 })];
    this.removals.forEachCell(PAIR_ZERO, (cell) => witness.push(entryOfCell(cell)));
    return witness;
  }

  private enlarge(): void {
    const reader = this.keyspace.cellReader;
    this.large = this.collection?.beginLarge();
    for (const cell of this.small) {
      standOn(reader, cell);
      this.large?.add(reader);
    }
    this.small = [];
  }
}
