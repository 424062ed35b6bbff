import { isElementField } from './list-id.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO } from './pair.js';

/**
 * The state of one key, as every replica, log, table and repair sees it (design, section 3):
 *
 *     entry = { deletedUpTo: pair, expiry: { at, pair }, cells }
 *     cell  = { type, field, value | tombstone, pair [, expiresAtMs] }
 *
 * This is the plain form: the one that merging is defined on (merge.ts), and that the packed forms (the
 * resident table's records, the log's changes) are checked against.
 *
 * Invariants of an entry in normal form (what `merge` returns):
 *  1. every cell's pair is above deletedUpTo;
 *  2. all cells have one type: that of the cell with the highest pair;
 *  3. expiry is NO_EXPIRY, or its pair is above deletedUpTo.
 */

/** What kind of value a cell is part of. The numbers stand on disk and on the wire, and never change. */
export const CellType = {
  STRING: 1,
  LIST: 2,
  SET: 3,
  SORTED_SET: 4,
  HASH: 5,
  STREAM: 6,
  VERSIONED: 7,
  COUNTER: 8,
} as const;
export type CellType = (typeof CellType)[keyof typeof CellType];

export interface Cell {
  readonly type: CellType;
  /** Which part of the value: empty for a whole string, a hash's field, a set's member ... */
  readonly field: Buffer;
  /** `undefined` is a tombstone: this field was deleted. */
  readonly value: Buffer | undefined;
  readonly pair: Pair;
  /** When this cell alone expires, in Unix milliseconds; 0 is never. */
  readonly expiresAtMs: number;
}

/** A last-writer register: when the whole entry expires. */
export interface Expiry {
  /** Unix milliseconds; 0 is never. */
  readonly atMs: number;
  readonly pair: Pair;
}

export const NO_EXPIRY: Expiry = { atMs: 0, pair: PAIR_ZERO };

export interface Entry {
  /** Every cell and expiry with a pair up to this one is dead. */
  readonly deletedUpTo: Pair;
  readonly expiry: Expiry;
  /** By `cellKey`. */
  readonly cells: ReadonlyMap<string, Cell>;
}

/** Nothing known of a key: the neutral element of `merge`. */
export const EMPTY_ENTRY: Entry = { deletedUpTo: PAIR_ZERO, expiry: NO_EXPIRY, cells: new Map() };

/** The field of a string that is one cell. */
export const WHOLE: Buffer = Buffer.alloc(0);

/** What tells the cells of an entry apart: type and field. */
export function cellKey(type: CellType, field: Uint8Array): string {
  return String.fromCharCode(type) + Buffer.from(field.buffer, field.byteOffset, field.length).toString('latin1');
}

/** The entry that holds one cell and nothing else. */
export function entryOfCell(cell: Cell): Entry {
  return { deletedUpTo: PAIR_ZERO, expiry: NO_EXPIRY, cells: new Map([[cellKey(cell.type, cell.field), cell]]) };
}

/** Whether cells of a type make a string: what commands on strings take. */
export function isStringType(type: CellType): boolean {
  return type === CellType.STRING || isComposedType(type);
}

/** Whether they make one together, each a part of it: siblings, or parts of a sum. */
export function isComposedType(type: CellType): boolean {
  return type === CellType.VERSIONED || type === CellType.COUNTER;
}

/** The type of an entry in normal form; `undefined` if it has no cells. Tombstones count. */
export function typeOf(entry: Entry): CellType | undefined {
  for (const cell of entry.cells.values()) return cell.type;
  return undefined;
}

/** Whether a cell says that something is there, and not only that something is gone. */
export function holdsValue({ type, field, value }: Cell): boolean {
  if (value === undefined) return false;
  return type === CellType.LIST ? isElementField(field) : type !== CellType.VERSIONED || field.length > 0;
}

/** Whether an entry has a cell that holds a value, expired or not. */
export function hasElements(entry: Entry): boolean {
  for (const cell of entry.cells.values()) if (holdsValue(cell)) return true;
  return false;
}

/** Whether anything is there to be read at `nowMs`: not expired, and a cell that holds a value and has not expired. */
export function isLive(entry: Entry, nowMs: number): boolean {
  if (entry.expiry.atMs !== 0 && entry.expiry.atMs <= nowMs) return false;
  for (const cell of entry.cells.values()) if (isLiveCell(cell, nowMs)) return true;
  return false;
}

/** Whether a cell says that something is there at `nowMs`. */
export function isLiveCell(cell: Cell, nowMs: number): boolean {
  return holdsValue(cell) && (cell.expiresAtMs === 0 || cell.expiresAtMs > nowMs);
}
