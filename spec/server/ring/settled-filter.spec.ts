import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import { SlotBounds } from '../../../lib/cluster/repair/slot-bounds.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import type { Cell, Entry } from '../../../lib/record/entry.js';
import { CellType, NO_EXPIRY, WHOLE, cellKey } from '../../../lib/record/entry.js';
import { ANCHOR_BYTES, ListSide, writeAnchor } from '../../../lib/record/list-id.js';
import type { Pair } from '../../../lib/record/pair.js';
import { PAIR_ZERO, pairBefore } from '../../../lib/record/pair.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { SettledFilter } from '../../../lib/server/ring/settled-filter.js';
import { MemoryDisk } from '../../sim/memory-disk.js';

const ORIGIN = 5;
const SETTLED = 'settled';
const CLOSED = 'closed';
const OPEN = 'open';
const STAMP = 1000;

function at(stamp: number): Pair {
  return { stamp, origin: ORIGIN };
}

function entryOf(cells: readonly Cell[], deletedUpTo = PAIR_ZERO): Entry {
  return {
    deletedUpTo,
    expiry: NO_EXPIRY,
    cells: new Map(cells.map((cell) => [cellKey(cell.type, cell.field), cell])),
  };
}

function put(stamp: number): Entry {
  const cell = { type: CellType.STRING, field: WHOLE, value: Buffer.from('v'), pair: at(stamp), expiresAtMs: 0 };
  return entryOf([cell], pairBefore(at(stamp)));
}

function field(name: string, stamp: number): Cell {
  return { type: CellType.HASH, field: Buffer.from(name), value: Buffer.from('v'), pair: at(stamp), expiresAtMs: 0 };
}

/** The id of an element of a list that was pushed then. */
function anchorOf(stamp: number): Buffer {
  const id = Buffer.alloc(ANCHOR_BYTES);
  writeAnchor(id, 0, ListSide.RIGHT, stamp, ORIGIN);
  return id;
}

function batchOf(...records: readonly (readonly [key: string, entry: Entry])[]): Buffer {
  const batch = new WriteBatch(ORIGIN);
  for (const [key, entry] of records) batch.wholeEntry(0, Buffer.from(key), entry);
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
}

/** The changes of a batch: of each, the key and the stamp. */
function changesOf(batch: Buffer): string[] {
  const reader = new BatchReader();
  const changes: string[] = [];
  reader.open(batch, 0, batch.length, 'a batch');
  while (reader.next()) changes.push(`${batch.toString('utf8', reader.keyStart, reader.keyEnd)} ${reader.stamp}`);
  return changes;
}

/** One slot is settled up to STAMP, one only closed, and one neither. */
function filterOver(): { filter: SettledFilter; bounds: SlotBounds; slot: (key: string) => number } {
  const disk = new MemoryDisk();
  for (const path of ['/data', '/data/cluster']) disk.makeDirectory(path);
  const bounds = new SlotBounds(disk, '/data', 1);
  const slot = (key: string): number => slotOf(Buffer.from(key), 0, key.length);
  const run = (key: string): Float64Array => Float64Array.of(slot(key), slot(key) + 1, STAMP);
  for (const key of [SETTLED, CLOSED]) bounds.close(run(key), () => true);
  bounds.adopt(run(SETTLED), () => true);
  return { filter: new SettledFilter(bounds), bounds, slot };
}

describe('SettledFilter', () => {
  it('takes out what is settled, and says which values would have replaced something', () => {
    const { filter, bounds } = filterOver();
    const batch = batchOf([SETTLED, put(STAMP)], [CLOSED, put(STAMP)], [OPEN, put(STAMP)], [SETTLED, put(STAMP + 1)]);
    const filtered = filter.filter(batch, STAMP);
    expect(filtered && changesOf(filtered.batch)).to.deep.equal(
      changesOf(batchOf([CLOSED, put(STAMP)], [OPEN, put(STAMP)], [SETTLED, put(STAMP + 1)])),
    );
    expect(filtered).to.deep.include({ kept: [1, 2, 3], dropped: [0] });
    expect(filtered?.superseded).to.deep.equal([{ record: 0, stamp: STAMP }]);
    expect(bounds.dead.highest).to.equal(STAMP);
  });

  it('cuts a record of which a part is settled', () => {
    const { filter } = filterOver();
    const cells = [field('old', STAMP), field('new', STAMP + 1)];
    const filtered = filter.filter(batchOf([SETTLED, entryOf(cells)], [OPEN, put(1)]), 1);
    expect(filtered && changesOf(filtered.batch)).to.deep.equal(
      changesOf(batchOf([SETTLED, entryOf([field('new', STAMP + 1)])], [OPEN, put(1)])),
    );
    expect(filtered).to.deep.include({ kept: [0, 1], dropped: [], superseded: [] });
  });

  it('notes which slots are told of something that they have closed, and leaves it in', () => {
    const { filter, bounds, slot } = filterOver();
    expect(filter.filter(batchOf([CLOSED, put(STAMP)], [OPEN, put(1)]), 1)).to.equal(undefined);
    expect([...bounds.stirred]).to.deep.equal([slot(CLOSED)]);
  });

  it('does not look at what is newer than all that is closed', () => {
    const { filter, bounds } = filterOver();
    expect(filter.filter(batchOf([CLOSED, put(STAMP + 1)]), STAMP + 1)).to.equal(undefined);
    expect(bounds.stirred.size).to.equal(0);
  });

  it('takes of what is offered nothing that is closed, and no element of a list that is as old, whenever it was changed', () => {
    const { filter } = filterOver();
    const element = (createdAt: number, stamp: number): Cell => ({
      type: CellType.LIST,
      field: anchorOf(createdAt),
      value: Buffer.from('v'),
      pair: at(stamp),
      expiresAtMs: 0,
    });
    const batch = batchOf(
      [SETTLED, put(STAMP)],
      [CLOSED, put(STAMP)],
      [CLOSED, entryOf([element(STAMP, STAMP + 5)])],
      [OPEN, put(1)],
      [CLOSED, put(STAMP + 1)],
      [CLOSED, entryOf([element(STAMP + 1, STAMP + 5)])],
    );
    const filtered = filter.filterOffered(batch);
    expect(filtered?.kept).to.deep.equal([3, 4, 5]);
    expect(filter.filter(batch, 1)?.kept).to.deep.equal([1, 2, 3, 4, 5]);
  });
});
