/**
 * Checks everything that an SSTable says of itself (storage/sstable/table-format.ts):
 *
 *  1. Every checksum fits, and every part is where the footer and the index say.
 *  2. (position, key) rises strictly, but for the parts of a key, and these are together; a key's position is the one that the position key gives it.
 *  3. A record is one record of that key, in the one form in which its entry is written; its flags are true. In parts, cells go on in their order, and
 *     nothing in them is dead.
 *  4. The filter holds every position, and the index finds it.
 *  5. What the footer counts is what is there, and it is what the manifest knows.
 */

import { CorruptionError } from '../base/errors.js';
import type { PositionHasher } from '../base/position.js';
import type { Disk } from '../host/ports.js';
import { BatchReader } from '../record/batch-reader.js';
import type { Cell, Entry } from '../record/entry.js';
import { EMPTY_ENTRY } from '../record/entry.js';
import { entryOfRecord } from '../record/entry-of-record.js';
import { mergeAll } from '../record/merge.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO, comparePairs } from '../record/pair.js';
import { RecordWriter } from '../record/record-writer.js';
import { shapeOf } from '../record/change-writer.js';
import type { Block } from '../storage/sstable/block.js';
import type { BloomFilter } from '../storage/sstable/bloom-filter.js';
import { RecordFlags, expiresByMsOf, expiresByOf, flagsOf } from '../storage/sstable/record-flags.js';
import type { TableIndex } from '../storage/sstable/table-index.js';
import type { TableMeta } from '../storage/sstable/table-meta.js';
import { TableReader } from '../storage/sstable/table-reader.js';

const TWO_32 = 2 ** 32;

export interface CheckedTable {
  readonly meta: TableMeta;
  readonly blockCount: number;
}

/**
 * Throws CorruptionError at the first thing that is wrong, and DiskError. `expected`: what the manifest says of the table, if that is
 * known; `hasher`: of the position key, if that is known.
 */
export function checkTable(
  disk: Disk,
  path: string,
  expected: TableMeta | undefined,
  hasher: PositionHasher | undefined,
): CheckedTable {
  const file = disk.openForReading(path);
  try {
    const table = new TableReader(file, expected);
    if (expected !== undefined) compareMetas(path, table, expected);
    const walk = new TableWalk(path, table, hasher);
    for (const scanner = table.scan(); scanner.next();) walk.takeBlock(scanner.block, scanner.blockNumber);
    walk.finish();
    return { meta: table.meta, blockCount: table.index.blockCount };
  } finally {
    file.close();
  }
}

/** The reader has compared the ids: this is that table. */
function compareMetas(path: string, { meta, footer }: TableReader, expected: TableMeta): void {
  for (const name of [
    'emptyCount',
    'expiringCount',
    'minStamp',
    'maxStamp',
    'expiresByMs',
    'markBytes',
    'foreign',
  ] as const) {
    if (meta[name] === expected[name] || expected[name] === undefined) continue;
    const both = `${meta[name]} in the footer, and ${expected[name]} in the manifest`;
    throw new CorruptionError(path, footer.footerOffset, `${name} is ${both}`);
  }
}

/** Goes through the records of a table, and compares what they come to with the footer. */
class TableWalk {
  private readonly path: string;
  private readonly table: TableReader;
  private readonly index: TableIndex;
  private readonly filter: BloomFilter;
  private readonly hasher: PositionHasher | undefined;
  private readonly reader = new BatchReader();
  private readonly writer: RecordWriter;

  private readonly counted = { recordCount: 0, emptyCount: 0, expiringCount: 0 };
  private expiresByMs = 0;
  /** The key at hand, so far: it is in parts, if there is one before the record; whether they are EMPTY, and EXPIRES. */
  private lastPart: Entry | undefined;
  private isKeyEmpty = true;
  private doesKeyExpire = false;
  /** Its registers, without a cell. */
  private registers: Entry = EMPTY_ENTRY;
  private position = -1;
  private key = Buffer.alloc(0);
  /** Where the current record is, for errors. */
  private blockOffset = 0;
  private recordNumber = 0;
  /** The block in which the current position begins. */
  private firstBlock = 0;

  constructor(path: string, table: TableReader, hasher: PositionHasher | undefined) {
    this.path = path;
    this.table = table;
    this.index = table.index;
    this.filter = table.filter();
    this.hasher = hasher;
    this.writer = new RecordWriter(table.footer.origin);
  }

  takeBlock(block: Block, number: number): void {
    this.blockOffset = block.offset;
    for (let index = 0; index < block.count; index++) {
      this.recordNumber = index;
      this.takeRecord(block, index, number);
    }
  }

  /** Throws CorruptionError if the footer counts otherwise. */
  finish(): void {
    if (this.lastPart !== undefined) throw this.wrong('it has the flag of a part, and none follows');
    const { meta } = this.table;
    for (const name of ['recordCount', 'emptyCount', 'expiringCount'] as const) {
      this.compare(name, meta[name], this.counted[name]);
    }
    this.compare('the last position', meta.largest, this.position);
    this.compare('expiresByMs', meta.expiresByMs, expiresByOf(this.expiresByMs));
  }

  private takeRecord(block: Block, index: number, number: number): void {
    const position = block.position(index);
    const { start, end } = block.keyOf(index);
    this.checkOrder(position, block.bytes, start, end);
    if (position !== this.position) this.firstBlock = number;
    this.position = position;
    this.key = Buffer.from(block.bytes.subarray(start, end));
    this.checkPlace(position, number);
    const more = block.flags(index) & RecordFlags.MORE;
    const entry = this.readRecord(block, index, more !== 0);
    this.checkPairs(entry);
    if (block.flags(index) !== (flagsOf(entry) | more)) {
      throw this.wrong(`its flags are ${block.flags(index)}, and should be ${flagsOf(entry) | more}`);
    }
    if (this.lastPart !== undefined) this.checkPart(entry, this.lastPart);
    this.count(entry, more !== 0);
  }

  /** A part goes on where the one before it ended. */
  private checkPart(entry: Entry, before: Entry): void {
    const { registers } = this;
    if (entry.cells.size === 0) throw this.wrong('it is a part without cells');
    if (comparePairs(entry.deletedUpTo, PAIR_ZERO) > 0 || comparePairs(entry.expiry.pair, PAIR_ZERO) > 0) {
      throw this.wrong('it is a part behind the first one, and says more than its cells');
    }
    const last = lastCell(before);
    if (last !== undefined && compareCells(last, firstCell(entry)) >= 0) {
      throw this.wrong('its cells are not behind those of the part before it');
    }
    if (mergeAll([registers, entry]).cells.size !== entry.cells.size)
      throw this.wrong('it holds cells that were deleted');
  }

  private checkOrder(position: number, bytes: Buffer, start: number, end: number): void {
    if (this.lastPart !== undefined) {
      if (position === this.position && bytes.compare(this.key, 0, undefined, start, end) === 0) return;
      throw this.wrong('it is not of the key of which the one before it is a part');
    }
    if (this.position === -1) this.compare('the first position', this.table.meta.smallest, position);
    const isBehind =
      position > this.position || (position === this.position && bytes.compare(this.key, 0, undefined, start, end) > 0);
    if (!isBehind) throw this.wrong('it is not behind the one before it');
    if (this.hasher === undefined) return;
    this.hasher.hash(bytes, start, end);
    if (this.hasher.position !== position) {
      throw this.wrong(`its position is ${position}, and that of its key ${this.hasher.position}`);
    }
  }

  private checkPlace(position: number, number: number): void {
    const { index, filter } = this;
    if (filter.mayHold(Math.floor(position / TWO_32), position | 0) === 0) {
      throw this.wrong('the bloom filter does not hold its position');
    }
    if (index.firstBlockOf(position) !== this.firstBlock || index.lastBlockOf(position) < number) {
      throw this.wrong('the index does not find its position');
    }
  }

  /** Its entry. Written once more, it is the same bytes. */
  private readRecord(block: Block, index: number, hasMore: boolean): Entry {
    const { reader, writer, key } = this;
    // A copy, so that offsets in errors count from its beginning.
    const bytes = Buffer.from(block.bytes.subarray(block.recordStart(index), block.recordEnd(index)));
    const entry = this.decode(bytes);
    if (reader.db !== 0) throw this.wrong(`it names a database, ${reader.db}`);
    if (shapeOf(entry).changeCount === 0) throw this.wrong('it says nothing');
    if (hasMore || this.lastPart !== undefined) writer.part(entry, key, 0, key.length);
    else writer.entry(entry, key, 0, key.length);
    if (!writer.buffer.subarray(0, writer.end).equals(bytes)) {
      throw this.wrong('it is not in the form in which its entry is written');
    }
    return entry;
  }

  private decode(bytes: Buffer): Entry {
    const { reader, table } = this;
    try {
      reader.openRecords(bytes, 0, bytes.length, table.footer.origin, 'the record');
      const entry = entryOfRecord(reader);
      if (!reader.next()) return entry;
    } catch (cause) {
      if (cause instanceof CorruptionError) throw this.wrong(cause.message);
      throw cause;
    }
    throw this.wrong('there is more than one record');
  }

  private checkPairs(entry: Entry): void {
    const pairs = [...entry.cells.values()].map(({ pair }) => pair);
    if (comparePairs(entry.expiry.pair, PAIR_ZERO) > 0) pairs.push(entry.expiry.pair);
    for (const pair of pairs) this.checkPair(pair);
    // What a value replaces may go up to the stamp just below the lowest.
    const isStated = !shapeOf(entry).replaces && comparePairs(entry.deletedUpTo, PAIR_ZERO) > 0;
    if (isStated) this.checkStamp(entry.deletedUpTo.stamp);
  }

  private checkPair({ stamp, origin }: Pair): void {
    this.checkStamp(stamp);
    const { footer, meta } = this.table;
    if (origin !== footer.origin && !meta.foreign) {
      throw this.wrong(`node ${origin} wrote a cell of it, and the table holds those of node ${footer.origin} only`);
    }
  }

  private checkStamp(stamp: number): void {
    const { minStamp, maxStamp } = this.table.meta;
    if (stamp >= minStamp && stamp <= maxStamp) return;
    throw this.wrong(`its stamp ${stamp} is not between ${minStamp} and ${maxStamp}`);
  }

  private count(entry: Entry, hasMore: boolean): void {
    const flags = flagsOf(entry);
    const isFirst = this.lastPart === undefined;
    if (isFirst) this.registers = { ...entry, cells: new Map() };
    this.isKeyEmpty = (isFirst || this.isKeyEmpty) && (flags & RecordFlags.EMPTY) !== 0;
    this.doesKeyExpire = (!isFirst && this.doesKeyExpire) || (flags & RecordFlags.EXPIRES) !== 0;
    if ((flags & RecordFlags.EMPTY) === 0) {
      const whole = { ...entry, expiry: this.registers.expiry };
      this.expiresByMs = Math.max(this.expiresByMs, expiresByMsOf(whole) || Infinity);
    }
    this.lastPart = hasMore ? entry : undefined;
    if (hasMore) return;
    const { counted } = this;
    counted.recordCount++;
    if (this.doesKeyExpire) counted.expiringCount++;
    if (this.isKeyEmpty) counted.emptyCount++;
  }

  private compare(what: string, said: number, found: number): void {
    if (said === found) return;
    throw new CorruptionError(
      this.path,
      this.table.footer.footerOffset,
      `${what} is said to be ${said}, and is ${found}`,
    );
  }

  private wrong(message: string): CorruptionError {
    const record = `record ${this.recordNumber} of the data block here`;
    return new CorruptionError(this.path, this.blockOffset, `${record}: ${message}`);
  }
}

function compareCells(a: Cell, b: Cell): number {
  return a.type - b.type || Buffer.compare(a.field, b.field);
}

function firstCell(entry: Entry): Cell {
  return [...entry.cells.values()].sort(compareCells)[0];
}

function lastCell(entry: Entry): Cell | undefined {
  return [...entry.cells.values()].sort(compareCells).at(-1);
}
