import type { CellDigest } from '../record/cell-digest.js';
import type { Cell } from '../record/entry.js';
import { CellType, NO_EXPIRY, WHOLE, holdsValue, isComposedType } from '../record/entry.js';
import { isElementField } from '../record/list-id.js';
import { digestedMark, settledExpiry } from '../record/marks.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO, aboveStamp, comparePairs, maxPair, pairBefore } from '../record/pair.js';
import { Removals } from '../record/removals.js';
import { Seen, isSeenCell } from '../record/seen.js';
import { CHUNK_FIELD_BYTES, writeChunkField } from '../record/string-chunks.js';
import { WHOLE_PAIR } from '../storage/memory/chunk-pairs.js';
import { FieldTable } from '../storage/memory/field-table.js';
import { ListNodes } from '../storage/memory/list-nodes.js';
import { CHUNKED } from '../storage/memory/record-head.js';
import type { Database, Keyspace } from './keyspace.js';
import { flushedPair } from './keyspace-merge.js';

/** Two words, signed. Those of nothing are zero. */
export interface EntryDigest {
  readonly high: number;
  readonly low: number;
}

const NOTHING = Buffer.alloc(0);
const chunkField = Buffer.alloc(CHUNK_FIELD_BYTES);

/**
 * Digests of entries (record/cell-digest.ts): of a large collection it is known, of anything else it is made when it is asked for. Deletes and marks that may go everywhere do not
 * count (Keyspace.deadUpTo, record/marks.ts): so it is the same whether they have.
 */
export class EntryDigests {
  private readonly keyspace: Keyspace;
  private readonly digest: CellDigest;
  /** Up to where marks of the key at hand do not count. */
  private deadUpTo = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.digest = keyspace.newDigest();
  }

  /** The digest of a key in normal form, an expired one's too; `undefined` if it has to be loaded first. */
  of(db: Database, key: Uint8Array, start: number, end: number): EntryDigest | undefined {
    const { keyspace, digest } = this;
    const { heap } = keyspace;
    if (keyspace.isCold(db, key, start, end)) return undefined;
    const ref = db.table.find(key, start, end);
    const deadUpTo = (this.deadUpTo = keyspace.deadUpTo?.at(keyspace.hasher.position) ?? 0);
    let deletedUpTo = flushedPair(db);
    let expiry = NO_EXPIRY;
    digest.clear();
    // A partial record that is not cold says nothing that counts any more.
    if (ref !== 0 && !heap.isPartial(ref)) {
      const registers = heap.registers(ref);
      deletedUpTo = maxPair(deletedUpTo, registers.deletedUpTo);
      if (comparePairs(registers.expiry.pair, deletedUpTo) > 0) expiry = settledExpiry(registers.expiry, deadUpTo);
      this.addCells(ref, deletedUpTo);
      if (this.isImplied(ref, deletedUpTo)) deletedUpTo = PAIR_ZERO;
    }
    digest.registers(aboveStamp(deletedUpTo, deadUpTo), expiry);
    return { high: digest.high, low: digest.low };
  }

  /** That of a key of which nothing is known that counts. */
  ofNothing(db: Database, key: Uint8Array): EntryDigest {
    const { keyspace, digest } = this;
    keyspace.hasher.hash(key, 0, key.length);
    const deadUpTo = keyspace.deadUpTo?.at(keyspace.hasher.position) ?? 0;
    digest.clear();
    digest.registers(aboveStamp(flushedPair(db), deadUpTo), NO_EXPIRY);
    return { high: digest.high, low: digest.low };
  }

  private addCells(ref: number, deletedUpTo: Pair): void {
    const { heap } = this.keyspace;
    const collection = this.keyspace.collectionAt(ref);
    if (collection === undefined) {
      if (heap.form(ref) === CHUNKED) this.addChunks(ref);
      else if (isComposedType(heap.type(ref))) this.addComposed(ref, deletedUpTo);
      else if (!heap.isEmpty(ref)) this.addString(heap.stamp(ref), heap.origin(ref), WHOLE);
      return;
    }
    const large = heap.isLarge(ref) ? heap.large.get(heap.largeIndex(ref)) : undefined;
    if (large instanceof FieldTable && large.digest !== undefined) {
      this.digest.addAll(large.digest);
      if (this.deadUpTo > 0 && large.tombstoneCount > 0) this.digest.takeAll(large.tombstonesUpTo(this.deadUpTo));
    } else if (large instanceof ListNodes && large.digest !== undefined) {
      this.digest.addAll(large.digest.cells);
      this.addRemovals(large.removals, deletedUpTo);
    } else {
      const removals = new Removals();
      collection.collect(ref, (cell) => {
        this.addCell(cell, removals);
      });
      this.addRemovals(removals, deletedUpTo);
    }
  }

  /** Whether the only value of a string says by its pair what was deleted before it: then that does not count. */
  private isImplied(ref: number, deletedUpTo: Pair): boolean {
    const { heap } = this.keyspace;
    if (heap.form(ref) === CHUNKED) {
      const pairs = heap.chunkPairs(ref);
      return (
        pairs.count === 1 && pairs.index(0) === WHOLE_PAIR && isBefore(pairs.stamp(0), pairs.origin(0), deletedUpTo)
      );
    }
    const isString = heap.form(ref) === CellType.STRING && !heap.isEmpty(ref);
    return isString && isBefore(heap.stamp(ref), heap.origin(ref), deletedUpTo);
  }

  private addCell(cell: Cell, removals: Removals): void {
    const { type, field, value, pair, expiresAtMs } = cell;
    if (type === CellType.LIST && !isElementField(field)) removals.add(field, value, pair);
    else if (pair.stamp > this.deadUpTo || holdsValue(cell)) {
      const isTombstone = value === undefined;
      this.digest.cell(1, type, field, 0, field.length, isTombstone, pair.stamp, pair.origin, expiresAtMs);
    }
  }

  private addRemovals(removals: Removals | undefined, deletedUpTo: Pair): void {
    removals?.forEachCell(deletedUpTo, (cell) => {
      this.addMark(cell);
    });
  }

  /** Removals, or what was seen: unions have the pair of the youngest. */
  private addMark({ type, field, value = NOTHING, pair }: Cell): void {
    const { deadUpTo } = this;
    if (pair.stamp > deadUpTo) this.digest.removals(type, field, digestedMark(type, value, deadUpTo), pair);
  }

  private addComposed(ref: number, deletedUpTo: Pair): void {
    const seen = new Seen();
    for (const cell of this.keyspace.composedStrings.cells(ref).values()) {
      const { type, field, value, pair } = cell;
      if (isSeenCell(cell)) seen.add(value, pair);
      else if (comparePairs(pair, deletedUpTo) > 0 && (pair.stamp > this.deadUpTo || value !== undefined)) {
        this.digest.cell(1, type, field, 0, field.length, value === undefined, pair.stamp, pair.origin, 0);
      }
    }
    const cell = seen.cell(deletedUpTo);
    if (cell !== undefined) this.addMark(cell);
  }

  private addChunks(ref: number): void {
    const pairs = this.keyspace.heap.chunkPairs(ref);
    for (let i = 0; i < pairs.count; i++) {
      const index = pairs.index(i);
      if (index !== WHOLE_PAIR) writeChunkField(chunkField, 0, index);
      this.addString(pairs.stamp(i), pairs.origin(i), index === WHOLE_PAIR ? WHOLE : chunkField);
    }
  }

  private addString(stamp: number, origin: number, field: Buffer): void {
    this.digest.cell(1, CellType.STRING, field, 0, field.length, false, stamp, origin, 0);
  }
}

/** Whether `before` is the pair just below. */
function isBefore(stamp: number, origin: number, before: Pair): boolean {
  return comparePairs(pairBefore({ stamp, origin }), before) === 0;
}
