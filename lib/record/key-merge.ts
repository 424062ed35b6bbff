/**
 * The merge of record/merge.ts, cell by cell: of any number of states of one key, whose cells come in the order of records (by field), and of which only
 * a part each is in memory. Gives the cells of the merged state in that order, and needs no memory for those that it has given.
 *
 *     sources, each on its first cell ──▶ registers ──▶ removals of a list ──▶ the cells of the lowest field, one wins ──▶ ...
 *
 *  1. The cells of a source are of one type. Where sources are of different types, all of them are made entries, and merged the plain way: that is rare
 *     (a key was emptied field by field and became something else), and needs as much memory as there are cells.
 *  2. A list's removals stand before its elements in every source, and what was seen of a versioned string before its siblings: all of that is known before the
 *     first of these is looked at.
 */

import { ChangeKind } from './batch-format.js';
import { BatchReader } from './batch-reader.js';
import type { Cell, CellType, Entry, Expiry } from './entry.js';
import { CellType as Types, NO_EXPIRY, cellKey } from './entry.js';
import { readCell } from './entry-of-record.js';
import type { KeySource } from './key-source.js';
import { SourceState } from './key-source.js';
import { ANCHOR_BYTES, ListId } from './list-id.js';
import { mergeAll } from './merge.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO, comparePairs, maxPair } from './pair.js';
import { Removals } from './removals.js';
import { Seen } from './seen.js';

/** From this length on, a call to the engine compares faster than a loop. */
const LOOP_BYTES_MAX = 32;

/** What takes the merged state of a key. */
export interface CellSink {
  /** Comes first: what there is besides cells, and the type of all cells; `undefined`: there are none. */
  begin(deletedUpTo: Pair, expiry: Expiry, type: CellType | undefined): void;
  /** The cell that `reader` stands on, in the order of fields, tombstones and removals too. Valid until it returns. */
  cell(reader: BatchReader): void;
}

/** The same for who waits for the whole of it. */
export interface KeyTaker extends CellSink {
  /** That was all. */
  end(): void;
}

const Phase = { REGISTERS: 0, REMOVALS: 1, CELLS: 2, MIXED: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export class KeyMerge<Source extends KeySource = KeySource> {
  private sources: readonly Source[] = [];
  private sink: CellSink | undefined;
  private known: Pair = PAIR_ZERO;
  private phase: Phase = Phase.REGISTERS;
  private deletedUpTo: Pair = PAIR_ZERO;
  private removals = new Removals();
  private seen = new Seen();
  /** A string's parts up to this pair are dead. */
  private whole: Pair | undefined;
  private type: CellType | undefined;
  /** Those that stand on the lowest field. */
  private readonly same: Source[] = [];
  private readonly id = new ListId();
  private readonly plain = new BatchReader();
  /** Of sources of different types. */
  private mixed: Map<string, Cell>[] = [];

  /** Begins with the states of another key; `known`: it was deleted up to this, whatever they say. Each stands on its first cell, is at its end, or waits. */
  begin(sources: readonly Source[], sink: CellSink, known: Pair = PAIR_ZERO): void {
    this.sources = sources;
    this.sink = sink;
    this.known = known;
    this.phase = Phase.REGISTERS;
    this.whole = undefined;
  }

  /** Goes on until the end, or until a source has to be read: that is returned, and it is called again when the source stands on a cell or at its end. */
  run(): Source | undefined {
    for (const source of this.sources) if (source.state === SourceState.WAITING) return source;
    if (this.phase === Phase.REGISTERS) this.takeRegisters();
    if (this.phase === Phase.MIXED) return this.runMixed();
    if (this.phase === Phase.REMOVALS) {
      const waiting = this.takeRemovals();
      if (waiting !== undefined) return waiting;
    }
    return this.sources.length === 1 ? this.runSingle(this.sources[0]) : this.runCells();
  }

  private takeRegisters(): void {
    let deletedUpTo = this.known;
    let isMixed = false;
    this.type = undefined;
    for (const source of this.sources) {
      deletedUpTo = maxPair(deletedUpTo, source.deletedUpTo);
      if (source.state !== SourceState.CELL) continue;
      const { type } = source.reader;
      if (this.type !== undefined && this.type !== type) isMixed = true;
      this.type = type;
    }
    this.deletedUpTo = deletedUpTo;
    this.mixed = isMixed ? this.sources.map(() => new Map<string, Cell>()) : [];
    const hasRemovals = this.type === Types.LIST || this.type === Types.VERSIONED;
    this.phase = isMixed ? Phase.MIXED : hasRemovals ? Phase.REMOVALS : Phase.CELLS;
    this.removals = new Removals();
    this.seen = new Seen();
    if (this.phase === Phase.CELLS) this.beginSink();
  }

  private beginSink(): void {
    let expiry = NO_EXPIRY;
    for (const source of this.sources) expiry = later(source.expiry, expiry);
    if (comparePairs(expiry.pair, this.deletedUpTo) <= 0) expiry = NO_EXPIRY;
    this.sink?.begin(this.deletedUpTo, expiry, this.type);
  }

  private takeRemovals(): Source | undefined {
    for (const source of this.sources) {
      while (source.state === SourceState.CELL && isRemovals(source.reader)) {
        if (this.type === Types.LIST) this.removals.addCell(source.reader);
        else this.seen.addCell(source.reader);
        source.next();
      }
      if (source.state === SourceState.WAITING) return source;
    }
    this.phase = Phase.CELLS;
    this.beginSink();
    const cells: Cell[] = [];
    this.removals.forEachCell(this.deletedUpTo, (cell) => cells.push(cell));
    const seen = this.seen.cell(this.deletedUpTo);
    if (seen !== undefined) cells.push(seen);
    this.giveSorted(cells);
    return undefined;
  }

  private runSingle(source: Source): Source | undefined {
    while (source.state === SourceState.CELL) {
      this.give(source.reader);
      source.next();
    }
    return source.state === SourceState.WAITING ? source : undefined;
  }

  private runCells(): Source | undefined {
    const { same } = this;
    for (;;) {
      this.findLowest();
      if (same.length === 0) return undefined;
      this.give(this.winner().reader);
      let waiting: Source | undefined;
      for (const source of same) {
        source.next();
        if (source.state === SourceState.WAITING) waiting = source;
      }
      if (waiting !== undefined) return waiting;
    }
  }

  private findLowest(): void {
    const { sources, same } = this;
    same.length = 0;
    for (const source of sources) {
      if (source.state !== SourceState.CELL) continue;
      const order = same.length === 0 ? 0 : compareFields(source.reader, same[0].reader);
      if (order < 0) same.length = 0;
      if (order <= 0) same.push(source);
    }
  }

  private winner(): Source {
    const { same } = this;
    let best = same[0];
    for (let i = 1; i < same.length; i++) if (compareCells(same[i].reader, best.reader) > 0) best = same[i];
    return best;
  }

  /** Gives the cell to the sink if it lives. */
  private give(reader: BatchReader): void {
    const { deletedUpTo, id, type } = this;
    if (type === Types.LIST) {
      id.read(reader.bytes, reader.fieldStart, reader.fieldEnd);
      if (isUpTo(id.stamp, id.origin, deletedUpTo) || this.removals.has(id)) return;
    } else {
      if (isUpTo(reader.stamp, reader.origin, deletedUpTo)) return;
      if (type === Types.STRING && this.isOldChunk(reader)) return;
      if (type === Types.VERSIONED && this.seen.covers(reader.bytes, reader.fieldStart, reader.fieldEnd)) return;
    }
    this.sink?.cell(reader);
  }

  /** Whether it is a part of a string that lies under the whole value, which comes first (string-chunks.ts). */
  private isOldChunk({ fieldStart, fieldEnd, stamp, origin }: BatchReader): boolean {
    if (fieldStart === fieldEnd) {
      this.whole = { stamp, origin };
      return false;
    }
    return this.whole !== undefined && isUpTo(stamp, origin, this.whole);
  }

  private runMixed(): Source | undefined {
    for (const [i, source] of this.sources.entries()) {
      while (source.state === SourceState.CELL) {
        const cell = readCell(source.reader);
        this.mixed[i].set(cellKey(cell.type, cell.field), cell);
        source.next();
      }
      if (source.state === SourceState.WAITING) return source;
    }
    const states = this.sources.map(({ deletedUpTo, expiry }, i): Entry => ({
      deletedUpTo: maxPair(deletedUpTo, this.known),
      expiry,
      cells: this.mixed[i],
    }));
    this.mixed = [];
    const merged = mergeAll(states);
    const cells = [...merged.cells.values()];
    this.sink?.begin(merged.deletedUpTo, merged.expiry, (cells[0] as Cell | undefined)?.type);
    this.giveSorted(cells);
    return undefined;
  }

  private giveSorted(cells: Cell[]): void {
    cells.sort((a, b) => Buffer.compare(a.field, b.field));
    for (const cell of cells) {
      standOn(this.plain, cell);
      this.sink?.cell(this.plain);
    }
  }
}

/** Makes `reader` stand on a cell. */
export function standOn(reader: BatchReader, { type, field, value, pair, expiresAtMs }: Cell): void {
  reader.kind = value === undefined ? ChangeKind.TOMBSTONE : ChangeKind.VALUE;
  reader.bytes = value === undefined ? field : Buffer.concat([field, value]);
  reader.type = type;
  reader.stamp = pair.stamp;
  reader.origin = pair.origin;
  reader.replaces = false;
  reader.atMs = expiresAtMs;
  reader.fieldStart = 0;
  reader.fieldEnd = reader.valueStart = field.length;
  reader.valueEnd = reader.bytes.length;
}

/** Of two cells of one field, the one that wins (merge.ts): positive if it is `a`. */
export function compareCells(a: BatchReader, b: BatchReader): number {
  return (
    a.stamp - b.stamp ||
    a.origin - b.origin ||
    Number(a.kind === ChangeKind.TOMBSTONE) - Number(b.kind === ChangeKind.TOMBSTONE) ||
    (a.kind === ChangeKind.TOMBSTONE
      ? 0
      : a.bytes.compare(b.bytes, b.valueStart, b.valueEnd, a.valueStart, a.valueEnd)) ||
    a.atMs - b.atMs
  );
}

function isRemovals({ type, fieldStart, fieldEnd }: BatchReader): boolean {
  return type === Types.LIST ? fieldEnd - fieldStart < ANCHOR_BYTES : fieldStart === fieldEnd;
}

function isUpTo(stamp: number, origin: number, pair: Pair): boolean {
  return stamp < pair.stamp || (stamp === pair.stamp && origin <= pair.origin);
}

function later(a: Expiry, b: Expiry): Expiry {
  return (comparePairs(a.pair, b.pair) || a.atMs - b.atMs) > 0 ? a : b;
}

/** The order of the fields that two readers stand on. Most are short: a loop costs less than a call. */
function compareFields(a: BatchReader, b: BatchReader): number {
  const left = a.bytes;
  const right = b.bytes;
  let at = a.fieldStart;
  let other = b.fieldStart;
  const length = Math.min(a.fieldEnd - at, b.fieldEnd - other);
  if (length > LOOP_BYTES_MAX) return left.compare(right, other, b.fieldEnd, at, a.fieldEnd);
  for (const end = at + length; at < end; at++, other++) if (left[at] !== right[other]) return left[at] - right[other];
  return a.fieldEnd - a.fieldStart - (b.fieldEnd - b.fieldStart);
}
