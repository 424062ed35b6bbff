import { expect } from 'chai';
import fc from 'fast-check';

import { POSITION_LIMIT } from '../../lib/base/position.js';
import { KeyBuilder } from '../../lib/data/key-builder.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, NO_EXPIRY, cellKey, typeOf } from '../../lib/record/entry.js';
import { standOn } from '../../lib/record/key-merge.js';
import { ANCHOR_BYTES, ListSide, writeAnchor } from '../../lib/record/list-id.js';
import { mergeAll } from '../../lib/record/merge.js';
import { PAIR_ZERO, comparePairs } from '../../lib/record/pair.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { collectionChanges, plain } from '../record/arbitraries.js';
import { ColdBench } from './cold-bench.js';

const KEY = Buffer.from('key');

/** An entry with so many cells of a type. */
function largeEntry(type: CellType, count: number): Entry {
  const cells = Array.from({ length: count }, (_, i): Cell => {
    const pair = { stamp: 100 + i, origin: 1 };
    const field = type === CellType.LIST ? Buffer.alloc(ANCHOR_BYTES) : Buffer.from(`field ${i}`);
    if (type === CellType.LIST) writeAnchor(field, 0, ListSide.RIGHT, pair.stamp, 1);
    const value = Buffer.alloc(8);
    if (type === CellType.LIST) value[0] = 0;
    else value.writeDoubleLE(i);
    return { type, field, value: type === CellType.SET ? Buffer.alloc(0) : value, pair, expiresAtMs: 0 };
  });
  const byKey = new Map(cells.map((cell) => [cellKey(type, cell.field), cell]));
  return { deletedUpTo: { stamp: 50, origin: 1 }, expiry: NO_EXPIRY, cells: byKey };
}

function inOrder(entry: Entry): Cell[] {
  return [...entry.cells.values()].sort((a, b) => Buffer.compare(a.field, b.field));
}

/** A bench on whose disk is `key`, counted there. */
function benchOf(): ColdBench {
  const bench = new ColdBench(1);
  bench.disk.falsePositives.add('key');
  bench.database(0).keyCount = 1;
  return bench;
}

/** Changes of `key` that come from a log while it is on disk. */
function apply(bench: ColdBench, list: readonly Entry[]): void {
  const batch = new WriteBatch(1);
  const reader = new BatchReader();
  for (const change of list) {
    batch.reset();
    batch.wholeEntry(0, KEY, change);
    if (batch.isEmpty) continue;
    reader.open(Buffer.from(batch.buffer), batch.start, batch.end, 'spec');
    while (reader.next()) bench.keyspace.apply(reader);
  }
}

/** Gives `entry` to a builder, with `meanwhile` in the middle. */
function build(bench: ColdBench, entry: Entry, meanwhile: () => void = () => undefined): KeyBuilder {
  const builder = new KeyBuilder(bench.keyspace, bench.database(0), KEY, () => undefined);
  const reader = new BatchReader();
  const cells = inOrder(entry);
  builder.begin(entry.deletedUpTo, entry.expiry, typeOf(entry));
  if (cells.length === 0) meanwhile();
  for (const [i, cell] of cells.entries()) {
    if (i === cells.length >>> 1) meanwhile();
    standOn(reader, cell);
    builder.cell(reader);
  }
  return builder;
}

function stateOf(bench: ColdBench): unknown {
  const { keyspace } = bench;
  const { keyCount, expiringCount, emptyCount, table } = keyspace.physicalDatabase(0);
  const place = table.find(KEY, 0, KEY.length);
  const record = place === 0 ? undefined : [plain(keyspace.entryOf(place)), keyspace.heap.isEmpty(place)];
  return { keyCount, expiringCount, emptyCount, record };
}

/** Changes that can be in memory: what fields strings have is known there, and that the value of a member is its score. */
const possible = collectionChanges.map((list) =>
  list
    .filter(({ cells }) => [...cells.values()].every(({ type }) => type !== CellType.STRING))
    .map((change) => ({ ...change, cells: new Map([...change.cells].map(([key, cell]) => [key, scored(cell)])) })),
);

function scored(cell: Cell): Cell {
  if (cell.type !== CellType.SORTED_SET || cell.value === undefined) return cell;
  const value = Buffer.alloc(8);
  value.writeDoubleLE(cell.value.length);
  return { ...cell, value };
}

/**
 * Changes without those that a tombstone of `disk` has outlived. A node that keeps no tombstones has no replicas: what it hears of is younger than what it has
 * on disk, and it would not remember, either, what a key that was absorbed whole has lost.
 */
function notOutlived(list: readonly Entry[], disk: Entry): Entry[] {
  const isOutlived = (key: string, { pair }: Cell): boolean => {
    const known = disk.cells.get(key);
    return known !== undefined && known.value === undefined && comparePairs(pair, known.pair) <= 0;
  };
  return list.filter(({ cells }) => [...cells].every(([key, cell]) => !isOutlived(key, cell)));
}

describe('KeyBuilder', () => {
  it('leaves what absorbing the whole entry leaves, whatever came meanwhile', () => {
    const property = fc.property(possible, possible, possible, fc.boolean(), (disk, sooner, later, keepsTombstones) => {
      const entry = mergeAll(disk);
      const [early, late] = [sooner, later].map((list) => (keepsTombstones ? list : notOutlived(list, entry)));
      const benches = [benchOf(), benchOf()];
      for (const { keyspace } of benches) keyspace.keepsTombstones = keepsTombstones;
      const [bench, twin] = benches;
      apply(bench, early);
      build(bench, entry, () => {
        apply(bench, late);
      }).end();
      apply(twin, [...early, ...late]);
      twin.keyspace.absorb(twin.database(0), KEY, entry);
      expect(stateOf(bench)).to.deep.equal(stateOf(twin));
    });
    fc.assert(property, { numRuns: 300 });
  }).timeout(20_000);

  for (const type of [CellType.LIST, CellType.SET, CellType.SORTED_SET, CellType.HASH]) {
    it(`builds a large collection of type ${type}`, () => {
      const bench = benchOf();
      const entry = largeEntry(type, 3000);
      build(bench, entry).end();
      const place = bench.database(0).table.find(KEY, 0, KEY.length);
      expect(bench.keyspace.heap.isLarge(place)).to.equal(true);
      expect(bench.keyspace.collectionAt(place)?.liveCount(place)).to.equal(3000);
      expect(plain(bench.keyspace.entryOf(place))).to.deep.equal(plain(entry));
    });

    it(`frees what it has built of type ${type} when the database was emptied, or all forgotten, or another load was faster`, () => {
      const entry = largeEntry(type, 3000);
      const whenEmptied = benchOf();
      build(whenEmptied, entry, () => {
        whenEmptied.keyspace.flush(whenEmptied.database(0));
      }).end();
      const whenForgotten = benchOf();
      build(whenForgotten, entry, () => {
        whenForgotten.keyspace.forgetAll();
      }).end();
      const whenLater = benchOf();
      build(whenLater, entry, () => {
        whenLater.keyspace.absorb(whenLater.database(0), KEY, entry);
        whenLater.keyspace.cold.flushDatabase(0, 0);
      }).end();
      expect(whenLater.keyspace.recordCount).to.equal(1);
      const abandoned = benchOf();
      build(abandoned, entry).abandon();
      for (const bench of [whenEmptied, whenForgotten, whenLater, abandoned]) {
        const { keyspace } = bench;
        keyspace.flush(bench.database(0));
        while (keyspace.freeFlushed(1000));
        for (let at = 0; at < POSITION_LIMIT;) at = keyspace.sweepFrom(bench.database(0), at);
        expect([keyspace.builderCount, keyspace.recordCount, keyspace.heap.slab.usedBytes]).to.deep.equal([0, 0, 0]);
      }
    });
  }

  it('gives what is no collection to the keyspace as an entry', () => {
    const bench = benchOf();
    const chunk = Buffer.concat([Buffer.from('C'), Buffer.alloc(4)]);
    const cell: Cell = {
      type: 1,
      field: chunk,
      value: Buffer.from('x'),
      pair: { stamp: 100, origin: 1 },
      expiresAtMs: 0,
    };
    const entry = { deletedUpTo: PAIR_ZERO, expiry: NO_EXPIRY, cells: new Map([[cellKey(1, chunk), cell]]) };
    build(bench, entry).end();
    expect(bench.find(0, 'key')).to.equal(true);
  });
});
