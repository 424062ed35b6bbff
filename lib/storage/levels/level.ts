/**
 * One level of one physical database: its tables and where they lie, in arrays that are quick to search. Never changes.
 *
 * 1. Level 0 holds tables whose ranges may overlap, the newest first.
 * 2. Every other level holds tables by their positions, and no two of them share one.
 * 3. `starts` cuts the level's range into equal parts and says at which table each begins. Positions are hashes, so a part
 *    holds the end of one table or of two, and a search hardly has to choose.
 */

import { assert } from '../../base/assert.js';
import type { TableMeta } from '../sstable/table-meta.js';

const PARTS_PER_TABLE = 2;

/** Positions from `smallest` to `largest`, both included. */
export interface PositionRange {
  readonly smallest: number;
  readonly largest: number;
}

export class Level {
  readonly number: number;
  readonly tables: readonly TableMeta[];
  readonly bytes: number;

  private readonly smallest: Float64Array;
  private readonly largest: Float64Array;
  /** By part: how many tables end in the parts before it. One more than there are parts. */
  private readonly starts: Uint32Array;
  /** The first and the last position of the level. */
  private readonly first: number;
  private readonly last: number;
  private readonly partsPerPosition: number;

  /** REQUIRES: `tables` of level 0 are given newest first; those of other levels in any order. */
  constructor(number: number, tables: readonly TableMeta[]) {
    this.number = number;
    this.tables = number === 0 ? tables : tables.toSorted((a, b) => a.smallest - b.smallest);
    this.bytes = tables.reduce((sum, table) => sum + table.fileBytes, 0);
    this.smallest = Float64Array.from(this.tables, (table) => table.smallest);
    this.largest = Float64Array.from(this.tables, (table) => table.largest);
    const { length } = tables;
    const parts = number === 0 ? 0 : PARTS_PER_TABLE * length;
    this.first = length === 0 ? 0 : this.smallest[0];
    this.last = length === 0 ? -1 : this.largest[length - 1];
    this.partsPerPosition = parts / (this.last - this.first + 1);
    this.starts = new Uint32Array(parts + 1);
    if (number > 0) this.index(parts);
  }

  get count(): number {
    return this.tables.length;
  }

  /** Writes the tables whose range has the position to `into` from `at` on, newest first; returns where they end. */
  fill(position: number, into: TableMeta[], at: number): number {
    if (this.number > 0) {
      const index = this.firstEndingAt(position);
      if (index < this.largest.length && this.smallest[index] <= position) into[at++] = this.tables[index];
      return at;
    }
    const { smallest, largest } = this;
    for (let index = 0; index < smallest.length; index++) {
      if (smallest[index] <= position && position <= largest[index]) into[at++] = this.tables[index];
    }
    return at;
  }

  /** The tables that overlap the range, in the order of `tables`. */
  overlapping({ smallest, largest }: PositionRange): readonly TableMeta[] {
    if (this.number === 0) {
      return this.tables.filter((table) => table.smallest <= largest && table.largest >= smallest);
    }
    const first = this.firstEndingAt(smallest);
    let end = first;
    while (end < this.tables.length && this.smallest[end] <= largest) end++;
    return this.tables.slice(first, end);
  }

  overlaps({ smallest, largest }: PositionRange): boolean {
    if (this.number === 0) return this.overlapping({ smallest, largest }).length > 0;
    const first = this.firstEndingAt(smallest);
    return first < this.tables.length && this.smallest[first] <= largest;
  }

  /** Of a level but 0: the index of the first table that does not end before the position. */
  private firstEndingAt(position: number): number {
    if (position <= this.first) return 0;
    const { largest, starts } = this;
    if (position > this.last) return largest.length;
    const part = this.partOf(position);
    let low = starts[part];
    let high = starts[part + 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (largest[middle] < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** REQUIRES: first <= position <= last. */
  private partOf(position: number): number {
    // A large quotient may be rounded up to behind the last part.
    return Math.min(((position - this.first) * this.partsPerPosition) | 0, this.starts.length - 2);
  }

  private index(parts: number): void {
    const { smallest, largest, starts } = this;
    for (let index = 0; index < largest.length; index++) {
      if (index > 0) assert(largest[index - 1] < smallest[index], 'two tables of a level share positions');
      starts[this.partOf(largest[index]) + 1]++;
    }
    for (let part = 1; part <= parts; part++) starts[part] += starts[part - 1];
  }
}

/** The range from the first to the last position of the tables. REQUIRES: there is one. */
export function hullOf(tables: readonly PositionRange[]): PositionRange {
  assert(tables.length > 0, 'no tables have no range');
  let { smallest, largest } = tables[0];
  for (const table of tables) {
    smallest = Math.min(smallest, table.smallest);
    largest = Math.max(largest, table.largest);
  }
  return { smallest, largest };
}
