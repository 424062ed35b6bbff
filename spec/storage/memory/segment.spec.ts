import { expect } from 'chai';
import fc from 'fast-check';
import { Segment } from '../../../lib/storage/memory/segment.js';
import { Slab } from '../../../lib/storage/memory/slab.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const TWO_32 = 2 ** 32;
const BASE = 5 * 2 ** 48;

interface Row {
  readonly position: number;
  readonly ref: number;
}

/** One for all: making its first chunk of memory costs milliseconds. */
const sharedHeap = { slab: new Slab() };

/** A segment with a plain list beside it, which knows what must be there. */
class Twins {
  readonly rows: Row[] = [];
  readonly segment: Segment;
  private lastRef = 0;

  constructor() {
    sharedHeap.slab.clear();
    this.segment = new Segment(BASE, sharedHeap);
  }

  insert(position: number): void {
    const ref = ++this.lastRef % 3 === 0 ? -this.lastRef : this.lastRef; // refs of large records are negative
    this.segment.insert(Math.floor(position / TWO_32), position | 0, ref);
    this.rows.push({ position, ref });
  }

  remove(index: number): void {
    const [row] = this.rows.splice(index, 1);
    this.segment.remove(slotOf(this.segment, row));
  }

  check(): void {
    expect(this.segment.count).to.equal(this.rows.length);
    expect(rowsOf(this.segment)).to.deep.equal(sorted(this.rows));
    for (const row of this.rows) slotOf(this.segment, row);
  }
}

/** The slot of a row, found as the table finds it: from its home on, up to the first gap. */
function slotOf(segment: Segment, { position, ref }: Row): number {
  let slot = segment.home(position | 0);
  while (segment.ref(slot) !== 0) {
    if (segment.ref(slot) === ref && segment.position(slot) === position) return slot;
    slot = segment.after(slot);
  }
  throw new Error(`${ref} is not found from its home on`);
}

function rowsOf(segment: Segment): Row[] {
  const rows: Row[] = [];
  for (let slot = 0; slot < segment.capacity; slot++) {
    if (segment.ref(slot) !== 0) rows.push({ position: segment.position(slot), ref: segment.ref(slot) });
  }
  return sorted(rows);
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => a.position - b.position || a.ref - b.ref);
}

/** Positions all over a block, and some that crowd: equal lower halves probe through each other. */
const positions = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((offset) => BASE + offset),
  fc.tuple(fc.nat(3), fc.nat(2)).map(([high, low]) => BASE + high * TWO_32 + low * (TWO_32 - 1)),
  fc.nat(12).map((low) => BASE + low),
);

type Step = { insert: number } | { remove: number };
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ insert: positions }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
  ),
  { maxLength: 60, size: 'max' },
);

function play(twins: Twins, list: readonly Step[]): void {
  for (const step of list) {
    if ('insert' in step) twins.insert(step.insert);
    else if (twins.rows.length > 0) twins.remove(step.remove % twins.rows.length);
  }
}

describe('Segment', () => {
  it('finds every record from its home on, after any inserts and removes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const twins = new Twins();
        for (const step of list) {
          play(twins, [step]);
          twins.check();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('closes gaps that wrap around the end of the table', () => {
    const twins = new Twins();
    twins.insert(BASE); // an empty segment has one slot only
    const { capacity } = twins.segment;
    for (let low = 1; twins.rows.length < 4; low++)
      if (twins.segment.home(low) >= capacity - 2) twins.insert(BASE + low);
    expect([twins.segment.capacity, twins.segment.ref(0) !== 0]).to.deep.equal([capacity, true]);
    while (twins.rows.length > 0) {
      twins.remove(0);
      twins.check();
    }
  });

  it('grows, and shrinks again when most of it has gone', () => {
    const random = new SeededRandom(1);
    const twins = new Twins();
    for (let i = 0; i < 8000; i++) twins.insert(BASE + random.below(2 ** 16) * TWO_32 + random.uint32());
    twins.check();
    expect(twins.segment.indexBytes).to.be.within((8000 / 0.75) * 10, (8000 / 0.5) * 10 + 100);
    while (twins.rows.length > 100) twins.remove(random.below(twins.rows.length));
    twins.check();
    expect(twins.segment.capacity).to.be.below(1100);
    while (twins.rows.length > 0) twins.remove(0);
    expect([twins.segment.indexBytes, sharedHeap.slab.usedBytes]).to.deep.equal([0, 0]);
    twins.insert(BASE);
    twins.check();
  });

  it('splits at a position: what is below stays, what is not moves, and nothing is lost', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const twins = new Twins();
        play(twins, list);
        const before = sorted(twins.rows);
        twins.segment.nextExpiryMs = 77;
        const upper = twins.segment.split();
        const distinct = new Set(before.map((row) => row.position)).size;
        expect(upper === undefined).to.equal(distinct < 2);
        if (upper === undefined) {
          expect(rowsOf(twins.segment)).to.deep.equal(before);
          return;
        }
        expect(rowsOf(twins.segment)).to.deep.equal(before.filter((row) => row.position < upper.base));
        expect(rowsOf(upper)).to.deep.equal(before.filter((row) => row.position >= upper.base));
        expect([twins.segment.count, upper.count]).to.not.include(0);
        expect([twins.segment.nextExpiryMs, upper.nextExpiryMs]).to.deep.equal([77, 77]);
        for (const row of before) slotOf(row.position < upper.base ? twins.segment : upper, row);
      }),
      { numRuns: 300 },
    );
  });

  it('splits near the middle, if positions are spread', () => {
    const random = new SeededRandom(2);
    const twins = new Twins();
    for (let i = 0; i < 8192; i++) twins.insert(BASE + random.below(2 ** 16) * TWO_32 + random.uint32());
    const upper = twins.segment.split();
    expect(upper?.count).to.be.within(3000, 5200);
  });

  it('splits off what differs, if nearly all positions are equal', () => {
    for (const other of [BASE, BASE + 900]) {
      const twins = new Twins();
      for (let i = 0; i < 3000; i++) twins.insert(BASE + 500);
      twins.insert(other);
      const upper = twins.segment.split();
      expect([twins.segment.count, upper?.count]).to.deep.equal(other === BASE ? [1, 3000] : [3000, 1]);
    }
  });
});
