import { copyBytes } from '../base/bytes.js';
import type { PositionHasher } from '../base/position.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Cell } from '../record/entry.js';
import { CellType } from '../record/entry.js';
import { OrderCursor } from '../storage/memory/order-tree.js';
import { PACKED_BYTES_MAX, PACKED_CELLS_MAX, PACKED_HEADER_BYTES } from '../storage/memory/packed-fields.js';
import type { KeyWords, RecordHeap } from '../storage/memory/record-heap.js';
import { SCORE_BYTES, SortedTable } from '../storage/memory/sorted-table.js';
import type { BuiltValue } from './collection.js';
import { FieldCells } from './field-cells.js';
import type { Keyspace } from './keyspace.js';

/** From this length on, a call to the engine copies a member faster than a loop over its words. */
const WORDS_BYTES_MAX = 128;

/**
 * The cells of the sorted set under the keyspace's cursor. A cell's field is the member, its value the score: a double, little-endian.
 *
 * What FieldCells can, and the order by score and member: ranks count from 0 at the lowest score.
 *
 *     packed   the live cells lie in their order, tombstones behind them
 *     large    a table by member and a tree by order (storage/memory/sorted-table.ts)
 */
export class SortedCells extends FieldCells {
  private readonly cursor = new OrderCursor();
  private readonly keyWords: KeyWords = { words: new Int32Array(0), at: 0, length: 0 };
  private readonly scoreBytes = Buffer.alloc(SCORE_BYTES);
  /** Where the live cells of the packed form begin, from its start, in order: filled by `seek`. */
  private readonly offsets = new Int16Array(PACKED_CELLS_MAX);
  private index = 0;

  constructor(keyspace: Keyspace, hasher: PositionHasher) {
    super(keyspace, CellType.SORTED_SET, hasher);
  }

  /** The score of the member that it stands on. */
  get score(): number {
    return this.bytes.readDoubleLE(this.valueStart);
  }

  /** Sets the score of the member of the last `find`; -0 is 0. REQUIRES: the member does not lie in this sorted set. */
  putScore(score: number): void {
    this.scoreBytes.writeDoubleLE(score + 0, 0);
    this.put(this.scoreBytes, 0, SCORE_BYTES);
  }

  /** The rank of the member that it stands on. REQUIRES: the last `find` has found it. */
  get rank(): number {
    const { packed, sorted } = this;
    if (sorted !== undefined) return sorted.tree.rank(this.score, this.cellRef);
    const { cellStart } = packed;
    let rank = 0;
    packed.rewind();
    while (packed.next() && packed.cellStart < cellStart) rank++;
    return rank;
  }

  /** Stands on the member of a rank; false if there is none. `up` and `down` go on from there, as long as nothing changes. */
  seek(rank: number): boolean {
    const { sorted } = this;
    if (sorted !== undefined) return this.standOn(sorted.tree.seek(rank, this.cursor));
    if (rank < 0 || rank >= this.count) return false;
    this.findOffsets(this.count);
    return this.standAt(rank);
  }

  /** To the next higher member. */
  up(): boolean {
    return this.table === undefined ? this.standAt(this.index + 1) : this.standOn(this.cursor.next());
  }

  /** To the next lower member. */
  down(): boolean {
    return this.table === undefined ? this.standAt(this.index - 1) : this.standOn(this.cursor.previous());
  }

  /** Writes the member that it stands on and those above it, `count` of them, as bulk strings. Stands on none then. REQUIRES: there are so many. */
  writeUp(reply: ReplyWriter, count: number): void {
    if (this.table !== undefined) {
      this.writeTreeUp(reply, count);
      return;
    }
    for (let left = count; left > 0; left--, this.up()) reply.bulk(this.bytes, this.fieldStart, this.fieldEnd);
  }

  /** How many members have a score below `score`; with `inclusive`, the same or below. */
  rankOfScore(score: number, inclusive: boolean): number {
    const { sorted } = this;
    if (sorted !== undefined) return sorted.tree.rankOfScore(score, inclusive);
    let rank = 0;
    this.rewind();
    while (this.next()) {
      const other = this.score;
      if (other > score || (!inclusive && other === score)) break;
      rank++;
    }
    return rank;
  }

  /** How many members are below `bytes[start, end)`; with `inclusive`, the same or below. Means something only where all scores are equal. */
  rankOfMember(bytes: Uint8Array, start: number, end: number, inclusive: boolean): number {
    const { sorted } = this;
    if (sorted !== undefined) return sorted.tree.rankOfMember(bytes, start, end, inclusive);
    let rank = 0;
    this.rewind();
    while (this.next()) {
      const order = this.bytes.compare(bytes, start, end, this.fieldStart, this.fieldEnd);
      if (order > 0 || (!inclusive && order === 0)) break;
      rank++;
    }
    return rank;
  }

  override build(cells: Iterable<Cell>): BuiltValue {
    return super.build([...cells].sort(compareCells));
  }

  protected override newTable(heap: RecordHeap, hasher: PositionHasher): SortedTable {
    return new SortedTable(heap, hasher, this.keyspace.newDigestOfCells());
  }

  /** Writes the cell where it belongs by its score; false if it does not fit the packed form. */
  protected override writePacked(value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    const { packed, pair, hasCell, field, start, end } = this;
    if (!packed.canHold(pair.stamp) || (!hasCell && packed.totalCount >= PACKED_CELLS_MAX)) return false;
    const isFirst = packed.start === packed.end;
    const before = isFirst ? PACKED_HEADER_BYTES : packed.end - packed.start;
    const newBytes = packed.cellBytes(pair, end - start, valueEnd - valueStart);
    const oldBytes = hasCell ? packed.cellEnd - packed.cellStart : 0;
    const length = before + newBytes - oldBytes;
    if (length > PACKED_BYTES_MAX) return false;
    if (hasCell) this.closeUp();
    const kept = before - oldBytes;
    const at = isFirst ? kept : this.placeFor(value, valueStart, kept);
    this.open(this.keyspace.resizeValue(this.type, length));
    if (isFirst) packed.begin(packed.bytes, packed.start, pair.stamp);
    const place = packed.start + at;
    packed.bytes.copyWithin(place + newBytes, place, packed.start + kept);
    packed.write(place, pair, field, start, end, value, valueStart, valueEnd);
    packed.end = packed.start + length;
    return true;
  }

  private writeTreeUp(reply: ReplyWriter, count: number): void {
    const { cursor, keyWords } = this;
    const { heap } = this.source;
    for (let left = count; left > 0; left--, cursor.next()) {
      heap.locateWords(cursor.ref, keyWords);
      const { length } = keyWords;
      if (length <= WORDS_BYTES_MAX) reply.bulkWords(keyWords.words, keyWords.at, length);
      else reply.bulk(heap.bytes(cursor.ref), keyWords.at * 4, keyWords.at * 4 + length);
    }
  }

  private get sorted(): SortedTable | undefined {
    return this.table as SortedTable | undefined;
  }

  /** Takes out the cell that was found; the value's length is the caller's to change. */
  private closeUp(): void {
    const { packed } = this;
    const { bytes, start, cellStart, cellEnd, end } = packed;
    packed.uncount();
    bytes.copyWithin(cellStart, cellEnd, end);
    packed.open(bytes, start, end - (cellEnd - cellStart));
  }

  /** Where the cell of the last `find` belongs, from the start on; `end`: behind all. */
  private placeFor(value: Uint8Array, valueStart: number, end: number): number {
    const { packed, pair, field } = this;
    if (pair.isTombstone) return end;
    copyBytes(value, valueStart, valueStart + SCORE_BYTES, scoreView, 0);
    const score = scoreView.readDoubleLE(0);
    packed.rewind();
    // Behind the live cells there are tombstones, or nothing: then it ends up at the end.
    while (packed.next() && !packed.isTombstone) {
      const { bytes } = packed;
      const other = bytes.readDoubleLE(packed.valueStart);
      if (other < score) continue;
      if (other > score || bytes.compare(field, this.start, this.end, packed.fieldStart, packed.fieldEnd) > 0) break;
    }
    return packed.cellStart - packed.start;
  }

  private findOffsets(count: number): void {
    const { packed, offsets } = this;
    packed.rewind();
    for (let i = 0; i < count && packed.next(); i++) offsets[i] = packed.cellStart - packed.start;
  }

  /** Stands on a cell of the packed form, by its rank. */
  private standAt(index: number): boolean {
    const { packed } = this;
    if (index < 0 || index >= packed.liveCount) return false;
    this.index = index;
    packed.seek(packed.start + this.offsets[index]);
    return packed.next() && this.describePacked();
  }

  /** What `describe` does, but for what no cell in the tree is: a tombstone. */
  private standOn(isThere: boolean): boolean {
    if (!isThere) return false;
    const { ref } = this.cursor;
    this.cellRef = ref;
    this.source.heap.locateKey(ref, this);
    this.valueStart = this.fieldEnd;
    this.valueEnd = this.fieldEnd + SCORE_BYTES;
    return true;
  }
}

const scoreView = Buffer.alloc(SCORE_BYTES);

/** The order of a sorted set; tombstones last. */
function compareCells(a: Cell, b: Cell): number {
  if (a.value === undefined || b.value === undefined)
    return Number(a.value === undefined) - Number(b.value === undefined);
  const score = a.value.readDoubleLE(0);
  const other = b.value.readDoubleLE(0);
  return score < other ? -1 : score > other ? 1 : Buffer.compare(a.field, b.field);
}
