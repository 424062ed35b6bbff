import { expect } from 'chai';
import fc from 'fast-check';
import { CorruptionError } from '../../lib/base/errors.js';
import { StampSet } from '../../lib/record/removals.js';

const LIMIT = 60;

type Interval = readonly [number, number];

const intervals: fc.Arbitrary<Interval[]> = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: LIMIT }), fc.nat({ max: 6 }))
    .map(([first, more]): Interval => [first, first + more]),
  { maxLength: 12 },
);

function setOf(list: readonly Interval[]): StampSet {
  const set = new StampSet();
  for (const [first, last] of list) set.add(first, last);
  return set;
}

/** The dumb twin: the numbers, one by one. */
function numbersOf(list: readonly Interval[]): Set<number> {
  return new Set(list.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
}

function membersOf(set: StampSet): Set<number> {
  const members = new Set<number>();
  for (let i = 0; i <= LIMIT + 10; i++) if (set.has(i)) members.add(i);
  return members;
}

describe('StampSet', () => {
  it('has what was added, in any order', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        expect(membersOf(setOf(list))).to.deep.equal(numbersOf(list));
      }),
    );
  });

  it('is encoded in one way, whatever it was made of', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const bytes = setOf(list).encode();
        const singles = [...numbersOf(list)].reverse().map((n): Interval => [n, n]);
        expect(setOf(singles).encode()).to.deep.equal(bytes);
        const decoded = new StampSet();
        decoded.addEncoded(bytes, 0, bytes.length);
        expect(decoded.encode()).to.deep.equal(bytes);
        expect(membersOf(decoded)).to.deep.equal(numbersOf(list));
      }),
    );
  });

  it('unites with what is decoded into it', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const set = setOf(a);
        const bytes = setOf(b).encode();
        set.addEncoded(bytes, 0, bytes.length);
        expect(membersOf(set)).to.deep.equal(numbersOf([...a, ...b]));
      }),
    );
  });

  it('is pruned of what is not above a stamp', () => {
    fc.assert(
      fc.property(intervals, fc.nat({ max: LIMIT + 10 }), (list, upTo) => {
        const set = setOf(list);
        set.prune(upTo);
        const left = [...numbersOf(list)].filter((n) => n > upTo);
        expect(membersOf(set)).to.deep.equal(new Set(left));
        expect(set.encode()).to.deep.equal(setOf(left.map((n): Interval => [n, n])).encode());
      }),
    );
  });

  it('is one interval after a million adjoining ones', () => {
    const set = new StampSet();
    for (let i = 1; i <= 1_000_000; i++) set.add(3 * i, 3 * i + 2);
    expect(set.intervalCount).to.equal(1);
    expect(set.encode().length).to.be.below(10);
  });

  it('refuses what is cut or out of range', () => {
    for (const bytes of [[1], [0, 5], [0x80], [1, 0x80], [1, ...Array<number>(7).fill(0xff), 0x7f]]) {
      expect(() => new StampSet().addEncoded(Buffer.from(bytes), 0, bytes.length)).to.throw(CorruptionError);
    }
  });
});
