import { expect } from 'chai';
import fc from 'fast-check';
import { CorruptionError } from '../../lib/base/errors.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, entryOfCell, isLive } from '../../lib/record/entry.js';
import {
  ANCHOR_BYTES,
  ListId,
  ListSide,
  creationPairOf,
  idBetween,
  isElementField,
  removalsField,
  writeAnchor,
} from '../../lib/record/list-id.js';
import { merge, mergeAll } from '../../lib/record/merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, comparePairs, maxPair } from '../../lib/record/pair.js';
import { StampSet } from '../../lib/record/removals.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../lib/storage/sstable/record-flags.js';
import { plain } from './arbitraries.js';

const RUNS = { numRuns: 1500 };

function anchor(side: ListSide, { stamp, origin }: Pair): Buffer {
  const field = Buffer.alloc(ANCHOR_BYTES);
  writeAnchor(field, 0, side, stamp, origin);
  return field;
}

function listCell(field: Buffer, value: Buffer, pair: Pair): Entry {
  return entryOfCell({ type: CellType.LIST, field, value, pair, expiresAtMs: 0 });
}

function removal(side: ListSide, origin: number, first: number, last: number, pair: Pair): Entry {
  const stamps = new StampSet();
  stamps.add(first, last);
  return listCell(removalsField(side, origin), stamps.encode(), pair);
}

const pairs = fc.record({ stamp: fc.integer({ min: 1, max: 12 }), origin: fc.nat({ max: 2 }) });
const pushSides = fc.constantFrom(ListSide.RIGHT, ListSide.LEFT);

/** One change: an element as it was pushed, one that LSET has changed later, removals, a delete, a hash's field. */
const changes: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .tuple(pushSides, pairs, fc.nat({ max: 5 }), fc.nat({ max: 2 }))
    .map(([side, pair, later, origin]) =>
      listCell(
        anchor(side, pair),
        Buffer.from(`v${later}`),
        later === 0 ? pair : { stamp: pair.stamp + later, origin },
      ),
    ),
  fc
    .tuple(pushSides, pairs, fc.integer({ min: 1, max: 12 }), fc.nat({ max: 4 }), fc.nat({ max: 2 }))
    .map(([side, { stamp, origin }, first, more, by]) =>
      removal(side, origin, first, first + more, { stamp: first + more + stamp, origin: by }),
    ),
  pairs.map((pair) => ({ deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map<string, Cell>() })),
  pairs.map((pair) =>
    entryOfCell({ type: CellType.HASH, field: Buffer.from('f'), value: Buffer.from('v'), pair, expiresAtMs: 0 }),
  ),
);

const entries = fc.array(changes, { maxLength: 6 }).map((list) => list.reduce(merge, EMPTY_ENTRY));

/**
 * The dumb twin: knows every change at once, and keeps the stamps that are gone one by one. Says which fields live with which value, and the type
 * and the delete that are left.
 */
function judge(list: readonly Entry[]): unknown {
  const cells = list.flatMap((change) => [...change.cells.values()]);
  const ageOf = (cell: Cell): Pair =>
    cell.type === CellType.LIST && isElementField(cell.field) ? creationPairOf(cell.field) : cell.pair;
  let deleted = list.map((change) => change.deletedUpTo).reduce(maxPair, PAIR_ZERO);
  const top = cells
    .filter((cell) => comparePairs(ageOf(cell), deleted) > 0)
    .sort((a, b) => comparePairs(ageOf(b), ageOf(a)) || b.type - a.type)
    .at(0);
  if (top !== undefined) {
    for (const cell of cells) if (cell.type !== top.type) deleted = maxPair(deleted, ageOf(cell));
  }
  const gone = new Set(cells.flatMap(removedOf));
  const winners = new Map<string, Cell>();
  for (const cell of cells) {
    if (comparePairs(ageOf(cell), deleted) <= 0 || removedOf(cell).length > 0) continue;
    if (isElementField(cell.field) && gone.has(nameOf(cell.field))) continue;
    const rival = winners.get(cell.field.toString('hex'));
    const order = rival && (comparePairs(cell.pair, rival.pair) || Buffer.compare(valueOf(cell), valueOf(rival)));
    if (order === undefined || order > 0) winners.set(cell.field.toString('hex'), cell);
  }
  const alive = [...winners].map(([field, cell]) => [field, valueOf(cell).toString()]);
  return { deleted, alive: alive.sort() };
}

function valueOf(cell: Cell): Buffer {
  return cell.value ?? Buffer.alloc(0);
}

function nameOf(field: Buffer): string {
  const id = new ListId();
  id.read(field, 0, field.length);
  return `${id.side} ${id.origin} ${id.stamp}`;
}

/** The elements that a cell says are gone. */
function removedOf({ type, field, value }: Cell): string[] {
  if (type !== CellType.LIST || isElementField(field) || value === undefined) return [];
  const stamps = new StampSet();
  stamps.addEncoded(value, 0, value.length);
  const names: string[] = [];
  for (let stamp = 1; stamp < 50; stamp++) {
    if (stamps.has(stamp)) names.push(`${field[1]} ${field.readUInt16BE(2)} ${stamp}`);
  }
  return names;
}

function leftOf(entry: Entry): unknown {
  const alive = [...entry.cells.values()]
    .filter((cell) => cell.type !== CellType.LIST || isElementField(cell.field))
    .map((cell) => [cell.field.toString('hex'), valueOf(cell).toString()]);
  return { deleted: entry.deletedUpTo, alive: alive.sort() };
}

describe('merge of lists', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        expect(plain(merge(a, b))).to.deep.equal(plain(merge(b, a)));
      }),
      RUNS,
    );
  });

  it('is associative, and the same in one pass', () => {
    fc.assert(
      fc.property(entries, entries, entries, (a, b, c) => {
        const merged = plain(merge(merge(a, b), c));
        expect(plain(merge(a, merge(b, c)))).to.deep.equal(merged);
        expect(plain(mergeAll([c, a, b]))).to.deep.equal(merged);
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

  it('leaves what the rules say, judged over all changes at once', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 8 }), (list) => {
        expect(leftOf(list.reduce(merge, EMPTY_ENTRY))).to.deep.equal(judge(list));
      }),
      RUNS,
    );
  });

  it('lets a removal on one copy kill the element of the other, changed there or not', () => {
    const field = anchor(ListSide.RIGHT, { stamp: 5, origin: 1 });
    const popped = removal(ListSide.RIGHT, 1, 1, 5, { stamp: 6, origin: 2 });
    const changed = listCell(field, Buffer.from('new'), { stamp: 9, origin: 1 });
    for (const both of [merge(popped, changed), merge(changed, popped)]) {
      expect([...both.cells.values()].filter((cell) => isElementField(cell.field))).to.deep.equal([]);
    }
  });

  it('leaves dead what was made before a delete, although LSET has changed it since', () => {
    const changed = listCell(anchor(ListSide.LEFT, { stamp: 5, origin: 1 }), Buffer.from('new'), {
      stamp: 9,
      origin: 1,
    });
    const deleted: Entry = { deletedUpTo: { stamp: 7, origin: 0 }, expiry: NO_EXPIRY, cells: new Map() };
    expect(merge(changed, deleted).cells.size).to.equal(0);
  });

  it('leaves nothing live when all is removed, and writes that as an empty record', () => {
    const popped = removal(ListSide.LEFT, 1, 1, 5, { stamp: 6, origin: 2 });
    const emptied = merge(
      popped,
      listCell(anchor(ListSide.LEFT, { stamp: 5, origin: 1 }), Buffer.from('v'), { stamp: 5, origin: 1 }),
    );
    expect(isLive(emptied, 0)).to.equal(false);
    expect(flagsOf(emptied)).to.equal(RecordFlags.EMPTY);
    expect(expiresByMsOf(emptied)).to.equal(0);
  });

  it('refuses a field that is neither an element nor removals', () => {
    const odd = listCell(Buffer.from('abc'), Buffer.alloc(0), { stamp: 1, origin: 0 });
    expect(() => merge(odd, odd)).to.throw(CorruptionError);
  });

  it('keeps a removals cell as long as its pair lives, pruned of what a delete has taken', () => {
    const popped = removal(ListSide.RIGHT, 1, 2, 8, { stamp: 9, origin: 0 });
    const deleteUpTo = (stamp: number, origin: number): Entry => ({
      deletedUpTo: { stamp, origin },
      expiry: NO_EXPIRY,
      cells: new Map(),
    });
    const valueAfter = (stamp: number, origin: number): unknown =>
      [...merge(popped, deleteUpTo(stamp, origin)).cells.values()].map((cell) => removedOf(cell).length);
    expect(valueAfter(5, 1)).to.deep.equal([3]);
    expect(valueAfter(5, 0)).to.deep.equal([4]);
    expect(valueAfter(8, 1)).to.deep.equal([0]);
    expect(valueAfter(9, 0)).to.deep.equal([]);
  });
});

interface Copy {
  readonly origin: number;
  state: Entry;
}

/** The fields of the elements that a copy has, in the order of its list. */
function elementsOf(copy: Copy): Buffer[] {
  return [...copy.state.cells.values()]
    .filter((cell) => isElementField(cell.field))
    .map((cell) => cell.field)
    .sort((a, b) => Buffer.compare(a, b));
}

/** What a push of a copy says of the stamps before: the last one of its own among the elements that it has at that side. */
function previousStamp(copy: Copy, side: ListSide): number {
  const id = new ListId();
  let previous = 0;
  for (const field of elementsOf(copy)) {
    id.read(field, 0, field.length);
    if (id.side === side && id.origin === copy.origin) previous = Math.max(previous, id.stamp);
  }
  return previous;
}

/** Some copies of one list that live on their own, and know now and then what another one knows. */
class Copies {
  readonly copies: Copy[] = [0, 1, 2].map((origin) => ({ origin, state: EMPTY_ENTRY }));
  /** By field, what was claimed below when it was made. */
  private readonly previous = new Map<string, number>();
  readonly made = new Set<string>();
  readonly removed = new Set<string>();
  private stamp = 0;

  run(copy: Copy, what: number, place: number): void {
    if (what < 2) this.push(copy, what === 0 ? ListSide.RIGHT : ListSide.LEFT);
    else if (what === 2) this.insert(copy, place);
    else if (what < 5) this.remove(copy, place);
    else if (what === 5) this.pop(copy);
    else copy.state = merge(copy.state, this.copies[place % this.copies.length].state);
  }

  exchange(): void {
    const all = mergeAll(this.copies.map(({ state }) => state));
    for (const copy of this.copies) copy.state = merge(copy.state, all);
  }

  private push(copy: Copy, side: ListSide): void {
    const pair = { stamp: ++this.stamp, origin: copy.origin };
    this.make(copy, anchor(side, pair), side, pair);
  }

  private insert(copy: Copy, place: number): void {
    const fields = elementsOf(copy);
    if (fields.length < 2) return;
    const pair = { stamp: ++this.stamp, origin: copy.origin };
    const at = place % (fields.length - 1);
    const field = idBetween(fields[at], fields[at + 1], pair.stamp, pair.origin);
    this.make(copy, field, ListSide.BETWEEN, pair);
    expect(elementsOf(copy).map((one) => one.toString('hex'))[at + 1]).to.equal(field.toString('hex'));
  }

  private make(copy: Copy, field: Buffer, side: ListSide, pair: Pair): void {
    this.previous.set(field.toString('hex'), previousStamp(copy, side));
    this.made.add(field.toString('hex'));
    copy.state = merge(copy.state, listCell(field, Buffer.from('v'), pair));
  }

  private remove(copy: Copy, place: number): void {
    const fields = elementsOf(copy);
    if (fields.length > 0) this.take(copy, fields[place % fields.length]);
  }

  private pop(copy: Copy): void {
    const fields = elementsOf(copy);
    if (fields.length > 0) this.take(copy, fields[0]);
  }

  private take(copy: Copy, field: Buffer): void {
    const id = new ListId();
    id.read(field, 0, field.length);
    const name = field.toString('hex');
    this.removed.add(name);
    const first = (this.previous.get(name) ?? 0) + 1;
    const pair = { stamp: ++this.stamp, origin: copy.origin };
    copy.state = merge(copy.state, removal(id.side, id.origin, first, id.stamp, pair));
    expect(elementsOf(copy).map((one) => one.toString('hex'))).to.not.include(name);
  }
}

describe('copies of a list that diverge', () => {
  it('become equal, and lose nothing but what one of them took out', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 6 }), fc.nat()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (list) => {
        const all = new Copies();
        for (const [who, what, place] of list) all.run(all.copies[who], what, place);
        all.exchange();
        const left = [...all.made].filter((name) => !all.removed.has(name)).sort();
        for (const copy of all.copies) {
          expect(elementsOf(copy).map((field) => field.toString('hex'))).to.deep.equal(left);
          expect(plain(copy.state)).to.deep.equal(plain(all.copies[0].state));
        }
      }),
      { numRuns: 600 },
    );
  });

  it('remember a queue that all has gone through as one interval', () => {
    const queue = new Copies();
    const [copy] = queue.copies;
    for (let i = 0; i < 200; i++) {
      queue.run(copy, 0, 0);
      if (i >= 5) queue.run(copy, 5, 0);
    }
    const [removals] = [...copy.state.cells.values()].filter((cell) => !isElementField(cell.field));
    expect(valueOf(removals).length).to.be.below(8);
  });
});
