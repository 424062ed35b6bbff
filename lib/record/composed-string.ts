/**
 * Strings that are composed of cells, so that writes on two sides of a cut are both kept:
 *
 *     VERSIONED   siblings, and what was seen (seen.ts): the youngest sibling is what GET shows
 *     COUNTER     the sum of the values of all cells, whole numbers as text; by field:
 *                     (empty)                       what a SET has set it to
 *                     origin:u16 incarnation:u32    what that node has added since it was started; big-endian
 *
 * Nobody but the node that it names writes a part of a counter. A node that was started anew begins a new one: it may not have all that it wrote before
 * (the log's tail is lost with the power), while others have.
 */

import { CorruptionError } from '../base/errors.js';
import type { Cell } from './entry.js';
import { CellType, WHOLE, cellKey, holdsValue } from './entry.js';
import type { Pair } from './pair.js';
import { comparePairs } from './pair.js';

const NOTHING = Buffer.alloc(0);
const PART_FIELD_BYTES = 6;

/** The field of what a node adds. */
export function counterField(origin: number, incarnation: number): Buffer {
  const field = Buffer.allocUnsafe(PART_FIELD_BYTES);
  field.writeUInt16BE(origin, 0);
  field.writeUInt32BE(incarnation, 2);
  return field;
}

/** A part of a counter; its base if the field is empty. */
export function counterCell(field: Buffer, value: bigint, pair: Pair): Cell {
  return { type: CellType.COUNTER, field, value: Buffer.from(value.toString(), 'latin1'), pair, expiresAtMs: 0 };
}

/** The base of a counter. */
export const COUNTER_BASE = WHOLE;

/** What a part of a counter counts. Throws CorruptionError. */
export function countOf({ value }: Cell): bigint {
  if (value === undefined) return 0n;
  const text = value.toString('latin1');
  if (!/^-?\d+$/.test(text)) throw new CorruptionError('counter', 0, 'no whole number: written by a newer ringkv?');
  return BigInt(text);
}

/** The part with that field, as it is among `cells`. */
export function counterPart(cells: ReadonlyMap<string, Cell>, field: Buffer): bigint {
  const cell = cells.get(cellKey(CellType.COUNTER, field));
  return cell === undefined ? 0n : countOf(cell);
}

/** The siblings among the cells of a versioned string, youngest first. */
export function siblingsOf(cells: ReadonlyMap<string, Cell>): Cell[] {
  return [...cells.values()].filter(holdsValue).sort((a, b) => comparePairs(b.pair, a.pair));
}

/** What GET shows of a composed string. REQUIRES: `cells` are those of an entry in normal form. */
export function textOf(type: CellType, cells: ReadonlyMap<string, Cell>): Buffer {
  if (type === CellType.VERSIONED) return siblingsOf(cells).at(0)?.value ?? NOTHING;
  let total = 0n;
  for (const cell of cells.values()) total += countOf(cell);
  return Buffer.from(total.toString(), 'latin1');
}
