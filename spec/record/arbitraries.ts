/** Random entries, small enough that fields, pairs and types collide often. */

import fc from 'fast-check';

import { COUNTER_BASE, counterCell, counterField } from '../../lib/record/composed-string.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { EMPTY_ENTRY, NO_EXPIRY, cellKey, entryOfCell } from '../../lib/record/entry.js';
import type { CellType } from '../../lib/record/entry.js';
import { ANCHOR_BYTES, ListSide, removalsField, writeAnchor } from '../../lib/record/list-id.js';
import { merge } from '../../lib/record/merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, pairBefore } from '../../lib/record/pair.js';
import { writeInterval } from '../../lib/record/removals.js';
import type { Dot } from '../../lib/record/seen.js';
import { VersionVector, seenCell, siblingCell } from '../../lib/record/seen.js';

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

/** Fields that share beginnings, of all lengths. */
const manyFields = fc.oneof(
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(60).map((n) => Buffer.from(`field:${n}`)),
  fc.tuple(fc.nat(2), fc.nat(20)).map(([n, length]) => Buffer.concat([Buffer.from('prefix'), Buffer.alloc(length, n)])),
);

const listPlaces = fc.record({
  side: fc.constantFrom<ListSide>(ListSide.RIGHT, ListSide.LEFT),
  stamp: fc.integer({ min: 1, max: 40 }),
  origin: fc.integer({ min: 0, max: 2 }),
});

/** An element of a list as it was pushed, or as LSET left it; or removals. */
const listCells: fc.Arbitrary<Cell> = fc
  .record({ place: listPlaces, later: fc.constantFrom(0, 0, 3), what: fc.nat(3), more: fc.nat(8) })
  .map(({ place: { side, stamp, origin }, later, what, more }) => {
    const pair = { stamp: stamp + later, origin };
    if (what === 0) {
      const value = Buffer.alloc(20);
      const end = writeInterval(value, 0, stamp, more);
      const field = removalsField(side, origin);
      return {
        type: 2,
        field,
        value: Buffer.from(value.subarray(0, end)),
        pair: { ...pair, stamp: stamp + more + 1 },
        expiresAtMs: 0,
      };
    }
    const field = Buffer.alloc(ANCHOR_BYTES);
    writeAnchor(field, 0, side, stamp, origin);
    return { type: 2, field, value: Buffer.from(`${stamp} ${later}`), pair, expiresAtMs: 0 };
  });

const dots: fc.Arbitrary<Dot> = fc.record({
  stamp: fc.integer({ min: 1, max: 40 }),
  origin: fc.integer({ min: 0, max: 2 }),
  incarnation: fc.integer({ min: 1, max: 2 }),
});

/** A sibling, or what somebody had seen who wrote later. */
const versionedCells: fc.Arbitrary<Cell> = fc.oneof(
  { weight: 3, arbitrary: dots.map((dot) => siblingCell(Buffer.from(JSON.stringify(dot)), dot)) },
  fc.tuple(fc.array(dots, { maxLength: 3 }), fc.nat(3), fc.nat(2)).map(([seen, later, origin]) => {
    const vector = new VersionVector();
    for (const dot of seen) vector.add(dot);
    return seenCell(vector, { stamp: Math.max(0, ...seen.map(({ stamp }) => stamp)) + 1 + later, origin });
  }),
);

const counterCells: fc.Arbitrary<Cell> = fc
  .record({
    part: fc.nat(3),
    count: fc.integer({ min: -9, max: 9 }),
    pair: fc.record({ stamp: fc.integer({ min: 1, max: 60 }), origin: fc.integer({ min: 0, max: 2 }) }),
  })
  .map(({ part, count, pair }) =>
    counterCell(part === 0 ? COUNTER_BASE : counterField(part % 2, part), BigInt(count), pair),
  );

/** A cell of a collection with many fields, whose pairs differ mostly, or of a composed string. */
export function collectionCells(type: CellType): fc.Arbitrary<Cell> {
  if (type === 2) return listCells;
  if (type === 7) return versionedCells;
  if (type === 8) return counterCells;
  return fc
    .record({
      field: manyFields,
      value: fc.option(values, { nil: undefined, freq: 4 }),
      pair: fc.record({ stamp: fc.integer({ min: 1, max: 60 }), origin: fc.integer({ min: 0, max: 2 }) }),
      expiresAtMs: fc.constantFrom(0, 0, 0, 50),
    })
    .map((cell) => ({ ...cell, type, expiresAtMs: cell.value === undefined ? 0 : cell.expiresAtMs }));
}

/** Changes of a large collection, or of a composed string: its cells, and now and then something else. */
export const collectionChanges: fc.Arbitrary<Entry[]> = fc
  .tuple(fc.constantFrom<CellType>(2, 3, 4, 5, 7, 8), fc.nat(3))
  .chain(([type, others]) =>
    fc.tuple(
      fc.array(collectionCells(type), { minLength: 1, maxLength: 150 }),
      fc.array(others === 0 ? changes : changes.filter(({ cells: some }) => some.size === 0), { maxLength: 2 }),
    ),
  )
  .map(([list, others]) => [...list.map(entryOfCell), ...others]);

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
