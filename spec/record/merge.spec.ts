import { expect } from 'chai';
import fc from 'fast-check';

import type { Cell, Entry } from '../../lib/record/entry.js';
import {
  CellType,
  EMPTY_ENTRY,
  NO_EXPIRY,
  WHOLE,
  cellKey,
  entryOfCell,
  isLive,
  typeOf,
} from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, comparePairs, maxPair, pairBefore } from '../../lib/record/pair.js';
import { changes, entries, plain } from './arbitraries.js';

const RUNS = { numRuns: 2000 };

function at(stamp: number, origin = 0): Pair {
  return { stamp, origin };
}

function cell(type: CellType, field: string, value: string | undefined, pair: Pair): Entry {
  const bytes = value === undefined ? undefined : Buffer.from(value);
  return entryOfCell({ type, field: Buffer.from(field), value: bytes, pair, expiresAtMs: 0 });
}

function set(value: string, pair: Pair): Entry {
  return { ...cell(1, '', value, pair), deletedUpTo: pairBefore(pair) };
}

function del(pair: Pair): Entry {
  return { deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map() };
}

function expire(atMs: number, pair: Pair): Entry {
  return { deletedUpTo: PAIR_ZERO, expiry: { atMs, pair }, cells: new Map() };
}

function all(...list: Entry[]): Entry {
  return list.reduce(merge, EMPTY_ENTRY);
}

function valueOf(entry: Entry, type: CellType, field = ''): string | undefined {
  return entry.cells.get(cellKey(type, Buffer.from(field)))?.value?.toString();
}

/**
 * The dumb twin: knows every change at once, and says what must be left, straight from the rules: deletedUpTo is the highest of all
 * deletes and of all cells whose type is not the top one's; of the rest the highest cell of each
 * field lives, and of a string only what is above its whole value.
 */
function judge(list: readonly Entry[]): Entry {
  const cells: Cell[] = list.flatMap((change) => [...change.cells.values()]);
  let deleted = list.map((change) => change.deletedUpTo).reduce(maxPair, PAIR_ZERO);
  const alive = (): Cell[] => cells.filter((one) => comparePairs(one.pair, deleted) > 0);
  const top = alive()
    .sort((a, b) => comparePairs(b.pair, a.pair) || b.type - a.type)
    .at(0);
  if (top !== undefined) {
    for (const one of cells) if (one.type !== top.type) deleted = maxPair(deleted, one.pair);
  }
  const winners = new Map<string, Cell>();
  for (const one of alive()) {
    const key = cellKey(one.type, one.field);
    const rival = winners.get(key);
    if (rival === undefined || comparePairs(one.pair, rival.pair) > 0) winners.set(key, one);
  }
  const whole = winners.get(cellKey(CellType.STRING, WHOLE));
  for (const [key, one] of winners) {
    if (whole !== undefined && one !== whole && comparePairs(one.pair, whole.pair) < 0) winners.delete(key);
  }
  const expiries = list.map((change) => change.expiry).filter((one) => comparePairs(one.pair, deleted) > 0);
  const expiry = expiries.sort((a, b) => comparePairs(b.pair, a.pair)).at(0) ?? NO_EXPIRY;
  return { deletedUpTo: deleted, expiry, cells: winners };
}

/** Gives each change a pair that no other has, as writes have: ties are left out of the twin. */
function distinct(list: readonly Entry[]): Entry[] {
  return list.map((change, i) => {
    const move = (pair: Pair): Pair =>
      comparePairs(pair, PAIR_ZERO) === 0 ? pair : at(pair.stamp * 100 + i * 2, pair.origin);
    const cells = [...change.cells.values()].map((one) => ({ ...one, pair: move(one.pair) }));
    const replaced = cells.length > 0 && change.deletedUpTo !== PAIR_ZERO;
    return {
      deletedUpTo: replaced ? pairBefore(cells[0].pair) : move(change.deletedUpTo),
      expiry: { ...change.expiry, pair: move(change.expiry.pair) },
      cells: new Map(cells.map((one) => [cellKey(one.type, one.field), one])),
    };
  });
}

describe('merge', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        expect(plain(merge(a, b))).to.deep.equal(plain(merge(b, a)));
      }),
      RUNS,
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(entries, entries, entries, (a, b, c) => {
        expect(plain(merge(merge(a, b), c))).to.deep.equal(plain(merge(a, merge(b, c))));
      }),
      RUNS,
    );
  });

  it('is idempotent, and nothing known changes nothing', () => {
    fc.assert(
      fc.property(entries, (a) => {
        expect(plain(merge(a, a))).to.deep.equal(plain(a));
        expect(plain(merge(a, EMPTY_ENTRY))).to.deep.equal(plain(a));
      }),
      RUNS,
    );
  });

  it('gives the same state whatever the order and however often changes come', () => {
    const shuffled = fc
      .array(changes, { minLength: 1, maxLength: 8 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
      );
    fc.assert(
      fc.property(shuffled, ([list, disorder]) => {
        expect(plain(all(...disorder))).to.deep.equal(plain(all(...list)));
      }),
      RUNS,
    );
  });

  it('leaves what the rules say, judged over all changes at once', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 8 }).map(distinct), (list) => {
        expect(plain(all(...list))).to.deep.equal(plain(judge(list)));
      }),
      RUNS,
    );
  });

  it('keeps the invariants of the normal form', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const merged = merge(a, b);
        const types = new Set([...merged.cells.values()].map((one) => one.type));
        expect(types.size).to.be.at.most(1);
        for (const one of merged.cells.values()) expect(comparePairs(one.pair, merged.deletedUpTo)).to.be.above(0);
        if (merged.expiry !== NO_EXPIRY) expect(comparePairs(merged.expiry.pair, merged.deletedUpTo)).to.be.above(0);
      }),
      RUNS,
    );
  });

  it('lets the higher pair win, by stamp and then by origin', () => {
    expect(valueOf(all(set('new', at(2)), set('old', at(1, 9))), 1)).to.equal('new');
    expect(valueOf(all(set('b', at(1, 2)), set('a', at(1, 1))), 1)).to.equal('b');
  });

  it('forgets an expiry that a later plain SET has replaced, also when that arrives first', () => {
    const merged = all(set('new', at(3)), expire(99, at(2)), set('old', at(1)));
    expect(merged.expiry).to.equal(NO_EXPIRY);
    expect(isLive(merged, 1000)).to.equal(true);
  });

  it('keeps an expiry that has the pair of the SET itself', () => {
    const merged = all(set('v', at(3)), expire(99, at(3)));
    expect(isLive(merged, 98)).to.equal(true);
    expect(isLive(merged, 99)).to.equal(false);
  });

  it('keeps an element that a delete never saw', () => {
    const merged = all(cell(5, 'f', 'kept', at(4)), del(at(3)), cell(5, 'g', 'gone', at(2)));
    expect(valueOf(merged, 5, 'f')).to.equal('kept');
    expect(valueOf(merged, 5, 'g')).to.equal(undefined);
  });

  it('gives the entry the type of its highest cell, tombstones included, and deletes the others', () => {
    const merged = all(cell(5, 'f', 'hash', at(1)), cell(4, 'm', undefined, at(2)));
    expect(typeOf(merged)).to.equal(4);
    expect(merged.deletedUpTo).to.deep.equal(at(1));
    expect(isLive(merged, 0)).to.equal(false);
  });

  it('does not bring a cell back that lost to another type, when its own type wins again later', () => {
    const merged = all(cell(5, 'old', 'v', at(1)), cell(4, 'm', 'v', at(2)), cell(5, 'new', 'v', at(3)));
    expect(valueOf(merged, 5, 'old')).to.equal(undefined);
    expect(valueOf(merged, 5, 'new')).to.equal('v');
  });
});

describe('pairBefore', () => {
  it('is the next pair below', () => {
    expect(pairBefore(at(5, 3))).to.deep.equal(at(5, 2));
    expect(pairBefore(at(5, 0))).to.deep.equal(at(4, 65535));
    expect(pairBefore(PAIR_ZERO)).to.deep.equal(PAIR_ZERO);
  });
});
