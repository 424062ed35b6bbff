import { expect } from 'chai';
import fc from 'fast-check';
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

const STAMP_MAX = 2 ** 53 - 1;

const stamps = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeInteger().map((n) => Math.max(1, Math.abs(n))),
  fc.nat({ max: 2 ** 21 - 1 }).map((high) => Math.max(1, high * 2 ** 32)),
);
const origins = fc.nat({ max: 65535 });

function anchor(side: ListSide, stamp: number, origin = 0): Buffer {
  const field = Buffer.alloc(ANCHOR_BYTES);
  writeAnchor(field, 0, side, stamp, origin);
  return field;
}

describe('ListId', () => {
  it('reads what writeAnchor has written', () => {
    fc.assert(
      fc.property(fc.constantFrom(ListSide.LEFT, ListSide.RIGHT), stamps, origins, (side, stamp, origin) => {
        const field = anchor(side, stamp, origin);
        const id = new ListId();
        id.read(field, 0, field.length);
        expect({ side: id.side, stamp: id.stamp, origin: id.origin }).to.deep.equal({ side, stamp, origin });
        expect(isElementField(field)).to.equal(true);
      }),
    );
  });

  it('orders what was pushed: the later, the further out', () => {
    fc.assert(
      fc.property(stamps, stamps, (a, b) => {
        const order = Math.sign(a - b);
        expect(Buffer.compare(anchor(ListSide.RIGHT, a), anchor(ListSide.RIGHT, b))).to.equal(order);
        expect(Buffer.compare(anchor(ListSide.LEFT, a), anchor(ListSide.LEFT, b))).to.equal(-order || 0);
        expect(Buffer.compare(anchor(ListSide.LEFT, a), anchor(ListSide.RIGHT, b))).to.equal(-1);
      }),
    );
  });

  it('sorts behind the fields of removals', () => {
    const field = removalsField(ListSide.BETWEEN, 65535);
    expect(isElementField(field)).to.equal(false);
    expect(Buffer.compare(field, anchor(ListSide.LEFT, STAMP_MAX))).to.equal(-1);
  });
});

describe('idBetween', () => {
  it('lies between its neighbours wherever it is put, and says when it was made', () => {
    const places = fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(places, (list) => {
        const ids = [
          anchor(ListSide.LEFT, 7, 1),
          anchor(ListSide.LEFT, 3),
          anchor(ListSide.RIGHT, 5),
          anchor(ListSide.RIGHT, 9),
        ];
        let stamp = 10;
        for (const [place, twice] of list) {
          const at = place % (ids.length - 1);
          // Two that do not know of each other take the same digits.
          const made = [idBetween(ids[at], ids[at + 1], stamp, 1)];
          if (twice) made.push(idBetween(ids[at], ids[at + 1], stamp, 2));
          expect(creationPairOf(made[0])).to.deep.equal({ stamp, origin: 1 });
          ids.splice(at + 1, 0, ...made);
          stamp++;
        }
        const sorted = [...ids].sort((a, b) => Buffer.compare(a, b));
        expect(ids.map((id) => id.toString('hex'))).to.deep.equal(sorted.map((id) => id.toString('hex')));
        expect(new Set(ids.map((id) => id.toString('hex'))).size).to.equal(ids.length);
      }),
      { numRuns: 300 },
    );
  });

  it('lies between any two that were put at the same place', () => {
    const left = anchor(ListSide.RIGHT, 1);
    const right = anchor(ListSide.RIGHT, 2);
    const a = idBetween(left, right, 3, 1);
    const b = idBetween(left, right, 3, 2);
    const c = idBetween(a, b, 4, 1);
    const d = idBetween(c, b, 5, 1);
    const e = idBetween(a, c, 6, 1);
    const sorted = [left, a, e, c, d, b, right].map((id) => id.toString('hex'));
    expect(sorted).to.deep.equal([...sorted].sort());
  });

  it('grows by a byte in 25 insertions at one place, whatever the side', () => {
    for (const grow of [
      (ids: Buffer[], made: Buffer): void => void (ids[0] = made), // before the same one, or behind the newest
      (ids: Buffer[], made: Buffer): void => void (ids[1] = made), // behind the same one, or before the newest
    ]) {
      const ids = [anchor(ListSide.RIGHT, 1), anchor(ListSide.RIGHT, 2)];
      for (let stamp = 3; stamp < 1003; stamp++) grow(ids, idBetween(ids[0], ids[1], stamp, 0));
      expect(Math.max(...ids.map((id) => id.length))).to.be.at.most(ANCHOR_BYTES + 10 + 1000 / 25);
    }
  });
});
