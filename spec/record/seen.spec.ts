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
import { Seen, VersionVector, isSeenCell, seenCell, siblingCell } from '../../lib/record/seen.js';
import { changes, collectionCells, plain } from './arbitraries.js';

const RUNS = { numRuns: 1500 };

function at(stamp: number, origin = 0): Pair {
  return { stamp, origin };
}

function vectorOf(...pairs: Pair[]): VersionVector {
  const vector = new VersionVector();
  for (const pair of pairs) vector.add(pair);
  return vector;
}

function sibling(value: string, dot: Pair): Entry {
  return entryOfCell(siblingCell(Buffer.from(value), dot));
}

function seen(pair: Pair, ...dots: Pair[]): Entry {
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
  it('covers what each origin has written up to a stamp, and has one form in bytes', () => {
    const vector = vectorOf(at(5, 2), at(9, 1), at(3, 2));
    expect([at(5, 2), at(4, 2), at(9, 1)].every((pair) => vector.covers(pair))).to.equal(true);
    expect([at(6, 2), at(10, 1), at(1, 0)].some((pair) => vector.covers(pair))).to.equal(false);
    const copy = new VersionVector();
    const bytes = vector.encode();
    copy.addEncoded(bytes, 0, bytes.length);
    expect(copy.encode()).to.deep.equal(bytes);
    expect(vectorOf(at(9, 1), at(5, 2)).encode()).to.deep.equal(bytes);
    expect(copy.coversAll(vector)).to.equal(true);
    expect(vectorOf(at(9, 1)).coversAll(vector)).to.equal(false);
  });

  it('refuses bytes that are none', () => {
    const cut = vectorOf(at(500, 1)).encode().subarray(0, 2);
    expect(() => {
      new VersionVector().addEncoded(cut, 0, cut.length);
    }).to.throw(CorruptionError);
  });
});

describe('Seen', () => {
  it('is the union of any number of cells, with the highest pair, and without what is dead anyway', () => {
    const known = new Seen();
    known.add(vectorOf(at(3, 1), at(4, 2)).encode(), at(6, 1));
    known.add(vectorOf(at(5, 1)).encode(), at(7, 0));
    expect(known.cell(PAIR_ZERO)).to.deep.equal(seenCell(vectorOf(at(5, 1), at(4, 2)), at(7, 0)));
    expect(known.cell(at(4, 2))).to.deep.equal(seenCell(vectorOf(at(5, 1)), at(7, 0)));
    expect(known.cell(at(7, 0))).to.equal(undefined);
  });
});

describe('merge of versioned strings', () => {
  it('keeps siblings of which nobody has seen the other, and no superseded one, in whatever order it hears of them', () => {
    const writes = [sibling('a', at(1, 1)), sibling('b', at(2, 2)), seen(at(3, 1), at(1, 1)), sibling('c', at(3, 1))];
    expect(valuesOf(mergeAll(writes))).to.deep.equal(['c', 'b']);
    expect(valuesOf(mergeAll(writes.toReversed()))).to.deep.equal(['c', 'b']);
    expect(valuesOf(merge(mergeAll(writes), seen(at(4, 3), at(3, 1), at(2, 2))))).to.deep.equal([]);
  });

  it('shows nothing of what was seen', () => {
    const gone = merge(sibling('a', at(1, 1)), seen(at(2, 1), at(1, 1)));
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
      const covered = (dot: Pair): boolean => cells.some((cell) => isSeenCell(cell) && vectorOfCell(cell).covers(dot));
      const left = cells.filter((cell) => !isSeenCell(cell) && comparePairs(cell.pair, at(deleted)) > 0);
      const keys = new Set(left.filter(({ pair }) => !covered(pair)).map(({ field }) => field.toString('hex')));
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
    const versions = mergeAll([sibling('old', at(1, 9)), sibling('young', at(2, 1)), sibling('same time', at(2, 0))]);
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
