/** Random entries, small enough that fields, pairs and types collide often. */

import fc from 'fast-check';

import type { Cell, Entry } from '../../lib/record/entry.js';
import { EMPTY_ENTRY, NO_EXPIRY, cellKey } from '../../lib/record/entry.js';
import type { CellType } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, pairBefore } from '../../lib/record/pair.js';

export const pairs: fc.Arbitrary<Pair> = fc.record({
  stamp: fc.integer({ min: 1, max: 12 }),
  origin: fc.integer({ min: 0, max: 2 }),
});

const fields = fc.constantFrom('', 'f', 'g').map((name) => Buffer.from(name));
const values = fc.constantFrom('', 'a', 'bb').map((text) => Buffer.from(text));
const cellTypes = fc.constantFrom<CellType>(1, 4, 5);

const cells: fc.Arbitrary<Cell> = fc
  .record({
    type: cellTypes,
    field: fields,
    value: fc.option(values, { nil: undefined }),
    pair: pairs,
    expiresAtMs: fc.constantFrom(0, 0, 50),
  })
  .map((cell) => ({ ...cell, expiresAtMs: cell.value === undefined ? 0 : cell.expiresAtMs }));

/** One change, as an entry of its own: a cell, a replacing cell, a delete, or an expiry. */
export const changes: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(cells, fc.boolean()).map(([cell, replaces]) => ({
    deletedUpTo: replaces && cell.value !== undefined ? pairBefore(cell.pair) : PAIR_ZERO,
    expiry: NO_EXPIRY,
    cells: new Map([[cellKey(cell.type, cell.field), cell]]),
  })),
  pairs.map((pair) => ({ deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map<string, Cell>() })),
  fc.tuple(pairs, fc.constantFrom(0, 40, 60)).map(([pair, atMs]) => ({
    deletedUpTo: PAIR_ZERO,
    expiry: { atMs, pair },
    cells: new Map<string, Cell>(),
  })),
);

/** A state that some changes lead to. */
export const entries: fc.Arbitrary<Entry> = fc
  .array(changes, { maxLength: 6 })
  .map((list) => list.reduce((state, change) => merge(state, change), EMPTY_ENTRY));

/** Is there anything in the entry to write? */
export function saysSomething(entry: Entry): boolean {
  return entry !== EMPTY_ENTRY && (entry.cells.size > 0 || entry.deletedUpTo.stamp > 0 || entry.expiry.pair.stamp > 0);
}

/** An entry in a form that chai compares. */
export function plain(entry: Entry): unknown {
  const sorted = [...entry.cells].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    deletedUpTo: entry.deletedUpTo,
    expiry: entry.expiry,
    cells: sorted.map(([key, cell]) => ({
      key,
      ...cell,
      value: cell.value?.toString('hex'),
      field: cell.field.toString('hex'),
    })),
  };
}
