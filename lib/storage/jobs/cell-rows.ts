/**
 * What changes of one key come to that are more than the plain ones of a string: cells of collections, other nodes' changes, anything. The merge of
 * record/merge.ts over the rows of a ChangeList, without an object for a change:
 *
 *     rows ──▶ registers, removals, the highest age of each type ──▶ what lives by these ──▶ sorted by field ──▶ of each field one wins ──▶ KeyWriter
 */

import { assert } from '../../base/assert.js';
import type { Scratch } from '../../base/scratch.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Cell } from '../../record/entry.js';
import { CellType, NO_EXPIRY } from '../../record/entry.js';
import { compareCells, standOn } from '../../record/key-merge.js';
import { ANCHOR_BYTES, ListId } from '../../record/list-id.js';
import type { Pair } from '../../record/pair.js';
import { PAIR_ZERO, comparePairs, maxPair, pairBefore } from '../../record/pair.js';
import { Removals } from '../../record/removals.js';
import { Seen } from '../../record/seen.js';
import type { KeyWriter } from '../sstable/key-writer.js';
import type { ChangeList } from './change-list.js';
import { isSameField, sortByField } from './field-sort.js';

const TYPES_LIMIT = 9;
const ROWS_MIN = 64;

export class CellRows {
  private readonly list: ChangeList;
  private readonly scratch: Scratch;
  private rows: Uint32Array;
  private count = 0;
  private removals: Removals | undefined;
  private seen: Seen | undefined;
  // The registers.
  private deletedUpTo: Pair = PAIR_ZERO;
  private expiryRow = -1;
  /** Of each type, the highest age of its cells; -1: there are none. */
  private readonly ageStamps = new Float64Array(TYPES_LIMIT);
  private readonly ageOrigins = new Float64Array(TYPES_LIMIT);
  private readonly id = new ListId();
  private readonly reader = new BatchReader();
  private readonly best = new BatchReader();

  /** Rows are sorted in `scratch`. */
  constructor(list: ChangeList, scratch: Scratch) {
    this.list = list;
    this.scratch = scratch;
    this.rows = new Uint32Array(scratch.take('cells', ROWS_MIN * 4, list.count * 4));
  }

  /** Writes what the rows `order[start, end)` come to, all of one key: those that are stamped above `floor`. REQUIRES: one is. */
  write(order: Uint32Array, start: number, end: number, floor: number, writer: KeyWriter): void {
    this.forget(end - start);
    for (let at = start; at < end; at++) if (this.list.stamp(order[at]) > floor) this.take(order[at]);
    const type = this.topType();
    for (let other = 0; other < TYPES_LIMIT; other++) {
      if (other !== type) this.deletedUpTo = maxPair(this.deletedUpTo, this.ageOf(other));
    }
    this.begin(order[start], writer);
    if (this.removals !== undefined && type === CellType.LIST) this.writeRemovals(this.removals, writer);
    if (this.seen !== undefined && type === CellType.VERSIONED) this.writeSeen(this.seen, writer);
    if (this.count > 0) this.writeCells(type, writer);
  }

  private forget(rowsMax: number): void {
    this.count = 0;
    if (rowsMax > this.rows.length) {
      this.rows = new Uint32Array(this.scratch.take('cells', Math.max(ROWS_MIN, rowsMax) * 4, Infinity));
    }
    this.removals = undefined;
    this.seen = undefined;
    this.deletedUpTo = PAIR_ZERO;
    this.expiryRow = -1;
    this.ageStamps.fill(-1);
    this.ageOrigins.fill(0);
  }

  private take(row: number): void {
    const { list } = this;
    const kind = list.kind(row);
    if (kind === ChangeKind.DELETE) this.deletedUpTo = maxPair(this.deletedUpTo, this.pairOf(row));
    else if (kind === ChangeKind.EXPIRY) {
      if (this.expiryRow < 0 || this.compareExpiries(row, this.expiryRow) > 0) this.expiryRow = row;
    } else {
      if (list.replaces(row)) this.deletedUpTo = maxPair(this.deletedUpTo, pairBefore(this.pairOf(row)));
      this.takeCell(row);
    }
  }

  private takeCell(row: number): void {
    const { list, id } = this;
    const type = list.type(row);
    if (type !== CellType.LIST) {
      this.noteAge(type, list.stamp(row), list.origin(row));
      if (type === CellType.VERSIONED && list.fieldStart(row) === list.fieldEnd(row)) {
        list.describe(row, this.reader);
        this.seen ??= new Seen();
        this.seen.addCell(this.reader);
        return;
      }
    } else if (list.fieldEnd(row) - list.fieldStart(row) >= ANCHOR_BYTES) {
      id.read(list.bytes, list.fieldStart(row), list.fieldEnd(row));
      this.noteAge(type, id.stamp, id.origin);
    } else {
      this.noteAge(type, list.stamp(row), list.origin(row));
      list.describe(row, this.reader);
      this.removals ??= new Removals();
      this.removals.addCell(this.reader);
      return;
    }
    this.rows[this.count++] = row;
  }

  private noteAge(type: CellType, stamp: number, origin: number): void {
    const { ageStamps, ageOrigins } = this;
    if (stamp < ageStamps[type] || (stamp === ageStamps[type] && origin <= ageOrigins[type])) return;
    ageStamps[type] = stamp;
    ageOrigins[type] = origin;
  }

  private ageOf(type: number): Pair {
    return this.ageStamps[type] < 0 ? PAIR_ZERO : { stamp: this.ageStamps[type], origin: this.ageOrigins[type] };
  }

  /** The type of the cells that live; 0: there is no cell. */
  private topType(): number {
    const { ageStamps, ageOrigins } = this;
    let top = 0;
    for (let type = 1; type < TYPES_LIMIT; type++) {
      if (ageStamps[type] < 0) continue;
      if (top === 0 || (ageStamps[type] - ageStamps[top] || ageOrigins[type] - ageOrigins[top]) >= 0) top = type;
    }
    return top;
  }

  private begin(row: number, writer: KeyWriter): void {
    const { list, deletedUpTo, expiryRow } = this;
    const pair = expiryRow < 0 ? PAIR_ZERO : this.pairOf(expiryRow);
    const expiry = comparePairs(pair, deletedUpTo) > 0 ? { atMs: list.atMs(expiryRow), pair } : NO_EXPIRY;
    writer.begin(list.position(row), list.bytes, list.keyStart(row), list.keyEnd(row), deletedUpTo, expiry);
  }

  private writeRemovals(removals: Removals, writer: KeyWriter): void {
    const cells: Cell[] = [];
    removals.forEachCell(this.deletedUpTo, (cell) => cells.push(cell));
    cells.sort((a, b) => Buffer.compare(a.field, b.field));
    for (const cell of cells) {
      standOn(this.reader, cell);
      writer.add(this.reader);
    }
  }

  private isSeen(row: number): boolean {
    const { list, seen } = this;
    return seen?.covers(list.bytes, list.fieldStart(row), list.fieldEnd(row)) === true;
  }

  private writeSeen(seen: Seen, writer: KeyWriter): void {
    const cell = seen.cell(this.deletedUpTo);
    if (cell === undefined) return;
    standOn(this.reader, cell);
    writer.add(this.reader);
  }

  /** Writes of each field the cell that wins, if it lives. */
  private writeCells(type: number, writer: KeyWriter): void {
    const { list } = this;
    const rows = this.keepLiving(type);
    sortByField(list, rows, this.scratch);
    let whole: Pair | undefined;
    for (let start = 0, end: number; start < rows.length; start = end) {
      for (end = start + 1; end < rows.length && isSameField(list, rows[start], rows[end]); end++);
      const best = this.winner(rows, start, end);
      if (type === CellType.STRING) {
        // Parts of a string that lie under the whole value are dead (record/string-chunks.ts); that one comes first.
        if (best.fieldStart === best.fieldEnd) whole = { stamp: best.stamp, origin: best.origin };
        else if (whole !== undefined && comparePairs(best, whole) <= 0) continue;
      }
      writer.add(best);
    }
  }

  /** The rows of the type that are above what was deleted, and not removed. */
  private keepLiving(type: number): Uint32Array {
    const { list, rows, id, deletedUpTo, removals } = this;
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const row = rows[i];
      if (list.type(row) !== type) continue;
      if (type === CellType.LIST) {
        id.read(list.bytes, list.fieldStart(row), list.fieldEnd(row));
        if (comparePairs(id, deletedUpTo) <= 0 || removals?.has(id) === true) continue;
      } else {
        const stamp = list.stamp(row);
        const order = stamp - deletedUpTo.stamp || list.origin(row) - deletedUpTo.origin;
        if (order <= 0) continue;
        if (type === CellType.VERSIONED && this.isSeen(row)) continue;
      }
      rows[kept++] = row;
    }
    return rows.subarray(0, kept);
  }

  /** Valid until the next call. */
  private winner(rows: Uint32Array, start: number, end: number): BatchReader {
    const { list } = this;
    let best = rows[start];
    let isTie = false;
    for (let at = start + 1; at < end; at++) {
      const order = list.stamp(rows[at]) - list.stamp(best) || list.origin(rows[at]) - list.origin(best);
      if (order > 0) best = rows[at];
      isTie ||= order === 0;
    }
    list.describe(best, this.best);
    if (isTie) this.decideTies(rows, start, end);
    return this.best;
  }

  /** Copies of one write, or what another program made of it: their content decides. */
  private decideTies(rows: Uint32Array, start: number, end: number): void {
    const { list, best, reader } = this;
    for (let at = start; at < end; at++) {
      list.describe(rows[at], reader);
      if (compareCells(reader, best) > 0) list.describe(rows[at], best);
    }
  }

  private compareExpiries(a: number, b: number): number {
    const { list } = this;
    return list.stamp(a) - list.stamp(b) || list.origin(a) - list.origin(b) || list.atMs(a) - list.atMs(b);
  }

  private pairOf(row: number): Pair {
    assert(row >= 0, 'there is such a row');
    return { stamp: this.list.stamp(row), origin: this.list.origin(row) };
  }
}
