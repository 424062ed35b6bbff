import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../lib/base/errors.js';
import { COUNTER_BASE, counterCell, counterField, siblingsOf, textOf } from '../../lib/record/composed-string.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { EntrySink } from '../../lib/record/entry-sink.js';
import { entryOfChange } from '../../lib/record/entry-of-record.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, cellKey, entryOfCell, hasElements, isLive } from '../../lib/record/entry.js';
import { KeySource, SourceState } from '../../lib/record/key-source.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { merge, mergeAll } from '../../lib/record/merge.js';
import { KeyMerge, standOn } from '../../lib/record/key-merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, comparePairs } from '../../lib/record/pair.js';
import type { Dot } from '../../lib/record/seen.js';
import { Seen, VersionVector, dotOf, isSeenCell, seenCell, siblingCell } from '../../lib/record/seen.js';
import { changes, collectionCells, plain } from './arbitraries.js';

const RUNS = { numRuns: 1500 };

function at(stamp: number, origin = 0): Pair {
  return { stamp, origin };
}

function dot(stamp: number, origin = 0, incarnation = 1): Dot {
  return { stamp, origin, incarnation };
}

function vectorOf(...dots: Dot[]): VersionVector {
  const vector = new VersionVector();
  for (const one of dots) vector.add(one);
  return vector;
}

function sibling(value: string, ofWrite: Dot): Entry {
  return entryOfCell(siblingCell(Buffer.from(value), ofWrite));
}

function seen(pair: Pair, ...dots: Dot[]): Entry {
  return entryOfCell(seenCell(vectorOf(...dots), pair));
}

function valuesOf(entry: Entry): string[] {
  return siblingsOf(entry.cells).map(({ value }) => value?.toString() ?? '');
}

const one = fc.oneof(
  { weight: 4, arbitrary: collectionCells(CellType.VERSIONED).map(entryOfCell) },
  { weight: 2, arbitrary: collectionCells(CellType.COUNTER).map(entryOfCell) },
  changes,
);
const states = fc.array(one, { maxLength: 6 }).map((list) => mergeAll(list));

/** The cells of an entry in their order, one after the other. */
class CellSource extends KeySource {
  private readonly cells: readonly Cell[];
  private at = -1;

  constructor(entry: Entry) {
    super();
    this.deletedUpTo = entry.deletedUpTo;
    this.expiry = entry.expiry;
    this.cells = [...entry.cells.values()].sort((a, b) => Buffer.compare(a.field, b.field));
    this.next();
  }

  override next(): void {
    this.at++;
    this.state = this.at < this.cells.length ? SourceState.CELL : SourceState.END;
    if (this.state === SourceState.CELL) standOn(this.reader, this.cells[this.at]);
  }

  protected override openNext(): boolean {
    return false;
  }
}

describe('VersionVector', () => {
  it('covers what each start of a node has written up to a stamp, and has one form in bytes', () => {
    const vector = vectorOf(dot(5, 2), dot(9, 1), dot(3, 2));
    expect([dot(5, 2), dot(4, 2), dot(9, 1)].every((one) => vector.covers(one))).to.equal(true);
    expect([dot(6, 2), dot(10, 1), dot(1, 0), dot(1, 2, 7)].some((one) => vector.covers(one))).to.equal(false);
    const copy = new VersionVector();
    const bytes = vector.encode();
    copy.addEncoded(bytes, 0, bytes.length);
    expect(copy.encode()).to.deep.equal(bytes);
    expect(vectorOf(dot(9, 1), dot(5, 2)).encode()).to.deep.equal(bytes);
    expect(copy.coversAll(vector)).to.equal(true);
    expect(vectorOf(dot(9, 1)).coversAll(vector)).to.equal(false);
  });

  it('refuses bytes that are none', () => {
    const cut = vectorOf(dot(500, 1)).encode().subarray(0, 3);
    expect(() => {
      new VersionVector().addEncoded(cut, 0, cut.length);
    }).to.throw(CorruptionError);
  });
});

describe('Seen', () => {
  it('is the union of any number of cells, with the highest pair, and without what is dead anyway', () => {
    const known = new Seen();
    known.add(vectorOf(dot(3, 1), dot(4, 2)).encode(), at(6, 1));
    known.add(vectorOf(dot(5, 1)).encode(), at(7, 0));
    expect(known.cell(PAIR_ZERO)).to.deep.equal(seenCell(vectorOf(dot(5, 1), dot(4, 2)), at(7, 0)));
    expect(known.cell(at(4, 2))).to.deep.equal(seenCell(vectorOf(dot(5, 1)), at(7, 0)));
    expect(known.cell(at(7, 0))).to.equal(undefined);
  });
});

describe('merge of versioned strings', () => {
  it('keeps siblings of which nobody has seen the other, and no superseded one, in whatever order it hears of them', () => {
    const writes = [
      sibling('a', dot(1, 1)),
      sibling('b', dot(2, 2)),
      seen(at(3, 1), dot(1, 1)),
      sibling('c', dot(3, 1)),
    ];
    expect(valuesOf(mergeAll(writes))).to.deep.equal(['c', 'b']);
    expect(valuesOf(mergeAll(writes.toReversed()))).to.deep.equal(['c', 'b']);
    expect(valuesOf(merge(mergeAll(writes), seen(at(4, 3), dot(3, 1), dot(2, 2))))).to.deep.equal([]);
  });

  it('shows nothing of what was seen', () => {
    const gone = merge(sibling('a', dot(1, 1)), seen(at(2, 1), dot(1, 1)));
    expect(hasElements(gone)).to.equal(false);
    expect(isLive(gone, 0)).to.equal(false);
    expect(gone.cells.size).to.equal(1);
  });

  it('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(states, states, states, (a, b, c) => {
        expect(plain(merge(a, b))).to.deep.equal(plain(merge(b, a)));
        expect(plain(merge(merge(a, b), c))).to.deep.equal(plain(merge(a, merge(b, c))));
        expect(plain(merge(a, a))).to.deep.equal(plain(a));
      }),
      RUNS,
    );
  });

  it('leaves of all siblings those above all deletes that nothing covers (a dumb twin)', () => {
    const versioned = collectionCells(CellType.VERSIONED);
    const property = fc.property(fc.array(versioned, { maxLength: 12 }), fc.nat(30), (cells, deleted) => {
      const merged = mergeAll([...cells.map(entryOfCell), { ...EMPTY_ENTRY, deletedUpTo: at(deleted) }]);
      const covered = ({ field }: Cell): boolean =>
        cells.some((cell) => isSeenCell(cell) && vectorOfCell(cell).covers(dotOf(field, 0, field.length)));
      const left = cells.filter((cell) => !isSeenCell(cell) && comparePairs(cell.pair, at(deleted)) > 0);
      const keys = new Set(left.filter((cell) => !covered(cell)).map(({ field }) => field.toString('hex')));
      expect(new Set(siblingsOf(merged.cells).map(({ field }) => field.toString('hex')))).to.deep.equal(keys);
    });
    fc.assert(property, RUNS);
  });

  it('is what KeyMerge makes of states cell by cell', () => {
    const property = fc.property(fc.array(states, { minLength: 1, maxLength: 4 }), (list) => {
      const sink = new EntrySink();
      const keyMerge = new KeyMerge();
      keyMerge.begin(
        list.map((entry) => new CellSource(entry)),
        sink,
      );
      expect(keyMerge.run()).to.equal(undefined);
      expect(plain(sink.entry)).to.deep.equal(plain(mergeAll(list)));
    });
    fc.assert(property, RUNS);
  });

  it('survives being written and read', () => {
    fc.assert(
      fc.property(states, (entry) => {
        const batch = new WriteBatch(1);
        batch.wholeEntry(0, Buffer.from('k'), entry);
        if (batch.isEmpty) return;
        const reader = new BatchReader();
        reader.open(batch.buffer, batch.start, batch.end, 'a spec');
        let read: Entry = EMPTY_ENTRY;
        while (reader.next()) read = merge(read, entryOfChange(reader));
        expect(plain(read)).to.deep.equal(plain(entry));
      }),
      RUNS,
    );
  });
});

describe('textOf', () => {
  it('is the youngest sibling, and the sum of a counter', () => {
    const versions = mergeAll([
      sibling('old', dot(1, 9)),
      sibling('young', dot(2, 1)),
      sibling('same time', dot(2, 0)),
    ]);
    expect(textOf(CellType.VERSIONED, versions.cells).toString()).to.equal('young');
    const parts = [
      counterCell(COUNTER_BASE, 100n, at(1)),
      counterCell(counterField(1, 7), -30n, at(2, 1)),
      counterCell(counterField(2, 7), 2n ** 60n, at(2, 2)),
    ];
    const { cells } = mergeAll(parts.map(entryOfCell));
    expect(textOf(CellType.COUNTER, cells).toString()).to.equal(String(2n ** 60n + 70n));
  });

  it('takes of the parts of one node the one that it wrote last', () => {
    const parts = [1n, 2n, 3n].map((count) => counterCell(counterField(1, 7), count, at(Number(count), 1)));
    const entry = mergeAll(parts.toReversed().map(entryOfCell));
    expect(textOf(CellType.COUNTER, entry.cells).toString()).to.equal('3');
  });

  it('refuses a part that is no number', () => {
    const cell: Cell = {
      type: CellType.COUNTER,
      field: COUNTER_BASE,
      value: Buffer.from('x'),
      pair: at(1),
      expiresAtMs: 0,
    };
    const cells = new Map([[cellKey(cell.type, cell.field), cell]]);
    expect(() => textOf(CellType.COUNTER, cells)).to.throw(CorruptionError);
  });
});

function vectorOfCell({ value }: Cell): VersionVector {
  const vector = new VersionVector();
  if (value !== undefined) vector.addEncoded(value, 0, value.length);
  return vector;
}
