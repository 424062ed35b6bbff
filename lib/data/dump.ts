/**
 * RESTORE's payloads: what DUMP of Redis 2.6 to 7.0 answered, and ringkv's own. All of a payload is checked before anything in it is used.
 */

import { CellType } from '../record/entry.js';
import type { DumpVisitor } from './dump-visitor.js';
import { readHash } from './hash-dump.js';
import { readList } from './list-dump.js';
import * as rdb from './rdb-format.js';
import { isDumpIntact, RdbReader } from './rdb-reader.js';
import { readSet } from './set-dump.js';
import { readSortedSet } from './sorted-set-dump.js';

/**
 * Why a payload cannot be restored: its version is too new or its checksum wrong; it is malformed; or it
 * holds a value of a type that is not read yet.
 */
export type DumpFault = 'checksum' | 'format' | 'unsupported';

type ReadValue = (reader: RdbReader, type: number, visitor: DumpVisitor) => boolean;

/** By the type byte of a collection: the type that it is, and what reads it. */
const COLLECTIONS: ReadonlyMap<number, readonly [CellType, ReadValue]> = new Map<number, [CellType, ReadValue]>([
  [rdb.TYPE_LIST, [CellType.LIST, readList]],
  [rdb.TYPE_LIST_ZIPLIST, [CellType.LIST, readList]],
  [rdb.TYPE_LIST_QUICKLIST, [CellType.LIST, readList]],
  [rdb.TYPE_LIST_QUICKLIST_2, [CellType.LIST, readList]],
  [rdb.TYPE_SET, [CellType.SET, readSet]],
  [rdb.TYPE_SET_INTSET, [CellType.SET, readSet]],
  [rdb.TYPE_ZSET, [CellType.SORTED_SET, readSortedSet]],
  [rdb.TYPE_ZSET_2, [CellType.SORTED_SET, readSortedSet]],
  [rdb.TYPE_ZSET_ZIPLIST, [CellType.SORTED_SET, readSortedSet]],
  [rdb.TYPE_ZSET_LISTPACK, [CellType.SORTED_SET, readSortedSet]],
  [rdb.TYPE_HASH, [CellType.HASH, readHash]],
  [rdb.TYPE_HASH_ZIPMAP, [CellType.HASH, readHash]],
  [rdb.TYPE_HASH_ZIPLIST, [CellType.HASH, readHash]],
  [rdb.TYPE_HASH_LISTPACK, [CellType.HASH, readHash]],
]);

/** A payload that was checked. */
export class Dump {
  readonly type: CellType;
  private readonly payload: Buffer;

  private constructor(type: CellType, payload: Buffer) {
    this.type = type;
    this.payload = payload;
  }

  /**
   * Checks a payload, which must stay as it is as long as it is used. Bytes between the value and the footer are overlooked, as Redis does. No field or
   * member comes twice, no score is NaN, no collection is empty.
   */
  static open(payload: Buffer): Dump | DumpFault {
    if (!isDumpIntact(payload)) return 'checksum';
    const reader = openReader(payload);
    const type = reader.byte();
    if (reader.failed || !rdb.isValueType(type)) return 'format';
    if (type === rdb.TYPE_STRING) {
      reader.string();
      return reader.failed ? 'format' : new Dump(CellType.STRING, payload);
    }
    const collection = COLLECTIONS.get(type);
    if (collection === undefined) return 'unsupported';
    const [cellType, read] = collection;
    const checker = new Checker(cellType !== CellType.LIST);
    const isSound = read(reader, type, checker) && checker.count > 0 && !checker.hasTwins;
    return isSound ? new Dump(cellType, payload) : 'format';
  }

  /** The string, a copy or a view of it. REQUIRES: it is one. */
  string(): Buffer {
    const reader = openReader(this.payload);
    reader.byte();
    return reader.string();
  }

  /** Gives everything that is in a collection to `visitor`. */
  visit(visitor: DumpVisitor): void {
    const reader = openReader(this.payload);
    const type = reader.byte();
    COLLECTIONS.get(type)?.[1](reader, type, visitor);
  }
}

function openReader(payload: Buffer): RdbReader {
  return new RdbReader(payload, payload.length - rdb.DUMP_FOOTER_BYTES);
}

/** Counts what there is, and sees whether something comes twice that must not. */
class Checker implements DumpVisitor {
  count = 0;
  private readonly names: Set<string> | undefined;

  constructor(noTwins: boolean) {
    this.names = noTwins ? new Set() : undefined;
  }

  get hasTwins(): boolean {
    return this.names !== undefined && this.names.size < this.count;
  }

  element(value: Buffer): void {
    this.count++;
    this.names?.add(value.toString('latin1'));
  }

  field(field: Buffer): void {
    this.element(field);
  }

  member(member: Buffer): void {
    this.element(member);
  }
}
