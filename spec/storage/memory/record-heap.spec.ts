import { expect } from 'chai';
import fc from 'fast-check';
import type { Entry } from '../../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, WHOLE, entryOfCell } from '../../../lib/record/entry.js';
import { merge } from '../../../lib/record/merge.js';
import type { Pair } from '../../../lib/record/pair.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs, pairBefore } from '../../../lib/record/pair.js';
import { RecordHead } from '../../../lib/storage/memory/record-head.js';
import { RecordHeap } from '../../../lib/storage/memory/record-heap.js';
import { plain } from '../../record/arbitraries.js';

const pairs: fc.Arbitrary<Pair> = fc.record({
  stamp: fc.oneof(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.constant(2 ** 32),
  ),
  origin: fc.oneof(fc.nat(2), fc.constant(ORIGIN_MAX)),
});
const lengths = fc.oneof(fc.nat(40), fc.constantFrom(254, 255, 256, 300, 5000, 40_000));
const valueLengths = fc.oneof(lengths, fc.constantFrom(65_534, 65_535, 65_536, 300_000));
const accesses = fc.oneof(fc.constantFrom(0, 0xffff, 0x10000, 0xffffff), fc.nat(0xffffff));
const times = fc.oneof(fc.constantFrom(0, 1, 1_700_000_000_000, 2 ** 53, 2 ** 63), fc.maxSafeNat());

/** A head in any combination of its optional parts. */
const heads: fc.Arbitrary<RecordHead> = fc
  .record({
    pair: pairs,
    access: accesses,
    deleted: fc.oneof(fc.constant('replaces' as const), fc.constant('never' as const), pairs),
    expiry: fc.oneof(fc.constant('never' as const), fc.constant('with the value' as const), pairs),
    expiresAtMs: times,
  })
  .map(({ pair, access, deleted, expiry, expiresAtMs }) => {
    const head = new RecordHead();
    head.stamp = pair.stamp;
    head.origin = pair.origin;
    head.access = access;
    if (deleted === 'replaces') head.replaces = true;
    else if (deleted !== 'never') {
      head.deletedStamp = deleted.stamp;
      head.deletedOrigin = deleted.origin;
    }
    const expiryPair = expiry === 'with the value' ? pair : expiry;
    if (expiryPair !== 'never') head.expire(expiresAtMs, expiryPair.stamp, expiryPair.origin);
    return head;
  });

/** A head and the lengths of key and value; the value's bytes differ by `seed`. Small, so that a counterexample can be read. */
interface Sample {
  readonly head: RecordHead;
  readonly keyLength: number;
  readonly valueLength: number;
  readonly seed: number;
}

const samples: fc.Arbitrary<Sample> = fc.record({
  head: heads,
  keyLength: lengths,
  valueLength: valueLengths,
  seed: fc.nat(9),
});

const keyOf = (sample: Sample): Buffer => Buffer.alloc(sample.keyLength, 'a key,');
const valueOf = (sample: Sample): Buffer => Buffer.alloc(sample.valueLength, `the value ${sample.seed};`);

const heap = new RecordHeap();

function write(old: number, sample: Sample): number {
  const [key, value] = [keyOf(sample), valueOf(sample)];
  // With other bytes around them: an offset that is off by one shows.
  const keyBytes = Buffer.concat([Buffer.from([1]), key, Buffer.from([2])]);
  const valueBytes = Buffer.concat([Buffer.from([3, 3]), value, Buffer.from([4])]);
  const ref = heap.write(old, sample.head, keyBytes, 1, 1 + key.length, valueBytes, 2, 2 + value.length);
  if (old !== 0 && ref !== old) heap.slab.free(old);
  return ref;
}

function check(ref: number, sample: Sample): void {
  const { head } = sample;
  const [key, value] = [keyOf(sample), valueOf(sample)];
  const found = new RecordHead();
  heap.read(ref, found);
  expect(found).to.deep.equal(head);
  expect([heap.type(ref), heap.stamp(ref), heap.origin(ref), heap.access(ref), heap.expiresAtMs(ref)]).to.deep.equal([
    CellType.STRING,
    head.stamp,
    head.origin,
    head.access,
    head.expiresAtMs,
  ]);
  expect([heap.keyLength(ref), heap.valueLength(ref)]).to.deep.equal([key.length, value.length]);
  expect(heap.valueStart(ref) - heap.keyStart(ref)).to.equal(key.length);
  const place = { bytes: Buffer.alloc(0), fieldStart: 0, fieldEnd: 0 };
  heap.locateKey(ref, place);
  expect(place.bytes).to.equal(heap.bytes(ref));
  expect([place.fieldStart, place.fieldEnd]).to.deep.equal([heap.keyStart(ref), heap.valueStart(ref)]);
  const words = { words: new Int32Array(0), at: 0, length: 0 };
  heap.locateWords(ref, words);
  expect(words.words).to.equal(heap.slab.words(ref));
  expect([words.at * 4, words.length]).to.deep.equal([heap.keyStart(ref), key.length]);
  expect(heap.key(ref).equals(key)).to.equal(true);
  const start = heap.valueStart(ref);
  expect(
    heap
      .bytes(ref)
      .subarray(start, start + value.length)
      .equals(value),
  ).to.equal(true);
  const end = start + value.length - heap.slab.offset(ref);
  expect(heap.slab.capacity(ref)).to.be.within(end, 2 * end + 32);
}

/** What a head and a value mean, in plain form. */
function entryOf(sample: Sample): Entry {
  const { head } = sample;
  const value = valueOf(sample);
  const pair = { stamp: head.stamp, origin: head.origin };
  const deletedUpTo = { stamp: head.deletedStamp, origin: head.deletedOrigin };
  const expiry = { atMs: head.expiresAtMs, pair: { stamp: head.expiryStamp, origin: head.expiryOrigin } };
  return {
    ...entryOfCell({ type: CellType.STRING, field: WHOLE, value, pair, expiresAtMs: 0 }),
    deletedUpTo: head.replaces ? pairBefore(pair) : deletedUpTo,
    expiry: comparePairs(expiry.pair, PAIR_ZERO) === 0 ? NO_EXPIRY : expiry,
  };
}

function copyOf(head: RecordHead): RecordHead {
  return Object.assign(new RecordHead(), head);
}

describe('RecordHeap', () => {
  beforeEach(() => {
    heap.clear();
  });

  it('gives back what was written, in every combination of optional parts, lengths and ranges', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const ref = write(0, sample);
        check(ref, sample);
        expect(plain(heap.entry(ref))).to.deep.equal(plain(entryOf(sample)));
        heap.slab.free(ref);
      }),
      { numRuns: 500 },
    );
    expect(heap.slab.usedBytes).to.equal(0);
  });

  it('writes over a record, in place or elsewhere, and never over its neighbours', () => {
    fc.assert(
      fc.property(fc.array(samples, { minLength: 3, maxLength: 3 }), samples, ([left, middle, right], next) => {
        heap.clear();
        const refs = [left, middle, right].map((sample) => write(0, sample));
        const second = { ...next, keyLength: middle.keyLength };
        refs[1] = write(refs[1], second);
        check(refs[0], left);
        check(refs[1], second);
        check(refs[2], right);
        for (const ref of refs) heap.slab.free(ref);
        expect(heap.slab.usedBytes).to.equal(0);
      }),
      { numRuns: 300 },
    );
  });

  it('stays in place for a value that fits and fills half of the room', () => {
    const head = new RecordHead();
    head.replace(5, 1);
    const sized = (valueLength: number): Sample => ({ head, keyLength: 16, valueLength, seed: 1 });
    const ref = write(0, sized(64));
    expect(heap.slab.capacity(ref)).to.equal(96);
    for (const length of [64, 63, 20, 17, 64]) expect(write(ref, sized(length)), String(length)).to.equal(ref);
    expect(write(ref, sized(65))).to.not.equal(ref);
    const other = write(0, sized(64));
    const shrunk = write(other, sized(16));
    expect([shrunk !== other, heap.slab.capacity(shrunk)]).to.deep.equal([true, 48]);
  });

  it('rewrites a head and leaves key and value as they are', () => {
    fc.assert(
      fc.property(samples, heads, (sample, head) => {
        const old = write(0, sample);
        const ref = heap.rewriteHead(old, head);
        if (ref !== old) heap.slab.free(old);
        check(ref, { ...sample, head });
        heap.slab.free(ref);
      }),
      { numRuns: 300 },
    );
    expect(heap.slab.usedBytes).to.equal(0);
  });

  it('sets the access, and nothing else', () => {
    fc.assert(
      fc.property(samples, accesses, (sample, access) => {
        const ref = write(0, sample);
        heap.setAccess(ref, access);
        const head = copyOf(sample.head);
        head.access = access;
        check(ref, { ...sample, head });
        heap.slab.free(ref);
      }),
    );
  });

  it('compares keys and pairs', () => {
    fc.assert(
      fc.property(samples, fc.nat(), pairs, (sample, at, pair) => {
        const { head } = sample;
        const key = keyOf(sample);
        const ref = write(0, sample);
        const equals = (other: Buffer): boolean => heap.keyEquals(ref, other, 0, other.length);
        expect(equals(key)).to.equal(true);
        expect(equals(Buffer.concat([key, Buffer.from([0])]))).to.equal(false);
        if (key.length > 0) {
          const other = Buffer.from(key);
          other[at % key.length] ^= 1;
          expect([equals(other), equals(key.subarray(1))]).to.deep.equal([false, false]);
        }
        expect(heap.isOlder(ref, pair.stamp, pair.origin)).to.equal(
          comparePairs({ stamp: head.stamp, origin: head.origin }, pair) < 0,
        );
        heap.slab.free(ref);
      }),
    );
  });

  it('keeps an entry as it was through writeEntry', () => {
    fc.assert(
      fc.property(samples, accesses, (sample, access) => {
        const entry = merge(EMPTY_ENTRY, entryOf(sample));
        fc.pre(entry.cells.size === 1);
        const ref = heap.writeEntry(0, keyOf(sample), entry, access);
        expect(plain(heap.entry(ref))).to.deep.equal(plain(entry));
        expect(heap.access(ref)).to.equal(access);
        expect(heap.key(ref).equals(keyOf(sample))).to.equal(true);
        heap.slab.free(ref);
      }),
    );
  });
});

/** What a record can hold: one whole string or nothing, under whatever was deleted, with whatever expiry. */
const entries: fc.Arbitrary<Entry> = fc
  .record({
    value: fc.option(valueLengths, { nil: undefined }),
    pair: pairs,
    deleted: fc.oneof(fc.constant('never' as const), fc.constant('just below' as const), pairs),
    expiry: fc.option(fc.record({ atMs: times, pair: pairs }), { nil: NO_EXPIRY }),
  })
  .map(({ value, pair, deleted, expiry }) => {
    const cell = { type: CellType.STRING, field: WHOLE, value: Buffer.alloc(value ?? 0, 'v'), pair, expiresAtMs: 0 };
    const deletedUpTo = deleted === 'never' ? PAIR_ZERO : deleted === 'just below' ? pairBefore(pair) : deleted;
    const whole = value === undefined ? EMPTY_ENTRY : entryOfCell(cell);
    return merge(EMPTY_ENTRY, { ...whole, deletedUpTo, expiry });
  });

/** The highest stamp in an entry, by looking at all of them. */
function newestStamp({ deletedUpTo, expiry, cells }: Entry): number {
  return Math.max(deletedUpTo.stamp, expiry.pair.stamp, ...[...cells.values()].map(({ pair }) => pair.stamp));
}

describe('RecordHeap of entries', () => {
  const keys = lengths.map((length) => Buffer.alloc(length, 'a key,'));

  it('keeps any entry of one string or nothing, complete or partial', () => {
    fc.assert(
      fc.property(keys, entries, accesses, fc.boolean(), (key, entry, access, isPartial) => {
        const ref = heap.writeEntry(0, key, entry, access, isPartial);
        expect(plain(heap.entry(ref))).to.deep.equal(plain(entry));
        expect([heap.isEmpty(ref), heap.isPartial(ref)]).to.deep.equal([entry.cells.size === 0, isPartial]);
        expect([heap.access(ref), heap.expiresAtMs(ref)]).to.deep.equal([access, entry.expiry.atMs]);
        expect([heap.key(ref).equals(key), heap.keyEquals(ref, key, 0, key.length)]).to.deep.equal([true, true]);
        heap.slab.free(ref);
      }),
      { numRuns: 1000 },
    );
    expect(heap.slab.usedBytes).to.equal(0);
  });

  it('writes one entry over another, in place or elsewhere', () => {
    fc.assert(
      fc.property(
        keys,
        fc.array(fc.tuple(entries, fc.boolean()), { minLength: 2, maxLength: 5 }),
        pairs,
        (key, list, pair) => {
          const before = heap.writeEntry(0, Buffer.from('before'), EMPTY_ENTRY, 1);
          let ref = 0;
          for (const [entry, isPartial] of list) {
            const next = heap.writeEntry(ref, key, entry, 7, isPartial);
            if (ref !== 0 && next !== ref) heap.slab.free(ref);
            ref = next;
            expect(plain(heap.entry(ref))).to.deep.equal(plain(entry));
            expect([heap.isPartial(ref), heap.key(ref).equals(key)]).to.deep.equal([isPartial, true]);
          }
          const head = new RecordHead();
          heap.read(ref, head);
          head.replace(pair.stamp, pair.origin);
          const next = heap.rewriteHead(ref, head);
          expect([heap.isEmpty(next), heap.isPartial(next), heap.isPlain(next)]).to.deep.equal([false, false, true]);
          expect(heap.key(before).toString()).to.equal('before');
          heap.clear();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('newestStamp is the highest of all stamps in the record', () => {
    fc.assert(
      fc.property(keys, entries, fc.boolean(), (key, entry, isPartial) => {
        const ref = heap.writeEntry(0, key, entry, 0, isPartial);
        expect(heap.newestStamp(ref)).to.equal(newestStamp(entry));
        heap.slab.free(ref);
      }),
      { numRuns: 1000 },
    );
  });

  it('isPlain only says yes to a complete value that does not expire', () => {
    fc.assert(
      fc.property(keys, entries, fc.boolean(), (key, entry, isPartial) => {
        const ref = heap.writeEntry(0, key, entry, 0, isPartial);
        if (heap.isPlain(ref)) expect([isPartial, entry.cells.size, entry.expiry.atMs]).to.deep.equal([false, 1, 0]);
        else expect(isPartial || entry.cells.size === 0 || entry.expiry !== NO_EXPIRY).to.equal(true);
        heap.slab.free(ref);
      }),
    );
  });

  it('delete leaves nothing but the pair, and takes no room for a value', () => {
    fc.assert(
      fc.property(samples, pairs, (sample, pair) => {
        const old = write(0, sample);
        const key = keyOf(sample);
        const head = new RecordHead();
        heap.read(old, head);
        head.delete(pair.stamp, pair.origin);
        const ref = heap.write(old, head, key, 0, key.length, key, 0, 0);
        if (ref !== old) heap.slab.free(old);
        expect(plain(heap.entry(ref))).to.deep.equal(plain({ ...EMPTY_ENTRY, deletedUpTo: pair }));
        expect([heap.isEmpty(ref), heap.valueLength(ref), heap.key(ref).equals(key)]).to.deep.equal([true, 0, true]);
        expect(heap.slab.capacity(ref)).to.be.below(2 * (16 + 8 + key.length) + 32);
        heap.slab.free(ref);
      }),
    );
  });
});

describe('RecordHead', () => {
  /** A record in normal form, and a pair above all of its pairs. */
  const states = samples.filter((sample) => merge(EMPTY_ENTRY, entryOf(sample)).cells.size === 1);
  const given = { keyLength: 5, valueLength: 9, seed: 7 };
  const later = { stamp: 2 ** 53 - 1, origin: ORIGIN_MAX };

  function earlier(sample: Sample): boolean {
    const { stamp, deletedStamp, expiryStamp } = sample.head;
    return Math.max(stamp, deletedStamp, expiryStamp) < later.stamp;
  }

  function written(sample: Sample, change: (head: RecordHead) => void): Entry {
    const head = copyOf(sample.head);
    change(head);
    const ref = write(0, { ...given, head });
    const entry = heap.entry(ref);
    heap.slab.free(ref);
    return merge(EMPTY_ENTRY, entry);
  }

  const value = valueOf({ ...given, head: new RecordHead() });
  const cell = entryOfCell({ type: CellType.STRING, field: WHOLE, value, pair: later, expiresAtMs: 0 });

  it('replace is the merge of a plain SET', () => {
    fc.assert(
      fc.property(states.filter(earlier), (sample) => {
        const after = merge(entryOf(sample), { ...cell, deletedUpTo: pairBefore(later) });
        expect(plain(written(sample, (head) => head.replace(later.stamp, later.origin)))).to.deep.equal(plain(after));
      }),
    );
  });

  it('restamp is the merge of a new value that replaces nothing', () => {
    fc.assert(
      fc.property(states.filter(earlier), (sample) => {
        const after = merge(entryOf(sample), cell);
        expect(plain(written(sample, (head) => head.restamp(later.stamp, later.origin)))).to.deep.equal(plain(after));
      }),
    );
  });

  it('expire is the merge of an expiry', () => {
    fc.assert(
      fc.property(states.filter(earlier), times, (sample, atMs) => {
        const change = { deletedUpTo: PAIR_ZERO, expiry: { atMs, pair: later }, cells: new Map() };
        const after = merge(entryOf({ ...sample, ...given }), change);
        const found = written(sample, (head) => head.expire(atMs, later.stamp, later.origin));
        expect(plain(found)).to.deep.equal(plain(after));
      }),
    );
  });
});
