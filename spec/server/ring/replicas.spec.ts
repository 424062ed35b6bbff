/**
 * Three copies of the data. Each runs commands of its own; what they change reaches the others late, twice, in any order, much later, while logs become tables,
 * tables are compacted, memory is given up, and copies crash. At any time, each is the plain merge of the changes that it has seen; when each has seen everything,
 * all are equal.
 */

import { expect } from 'chai';
import fc from 'fast-check';

import { PositionHasher, SLOT_COUNT } from '../../../lib/base/position.js';
import { EntryPages } from '../../../lib/data/entry-pages.js';
import { ChangeKind } from '../../../lib/record/batch-format.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import { CellDigest } from '../../../lib/record/cell-digest.js';
import { entryOfChange } from '../../../lib/record/entry-of-record.js';
import type { Entry } from '../../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, hasElements, holdsValue, isLive, typeOf } from '../../../lib/record/entry.js';
import type { LeafSums } from '../../../lib/record/leaf-sums.js';
import { isElementField } from '../../../lib/record/list-id.js';
import { mergeAll } from '../../../lib/record/merge.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs, pairBefore } from '../../../lib/record/pair.js';
import { liveOf, settledForm } from '../../record/settled-form.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { POSITION_KEY, ReplicaBench } from './replica-bench.js';

const RUNS = Number(process.env['REPLICA_RUNS'] ?? 60);
const COPIES = 3;
const PAGE_BYTES = 1500;
const KEYS = ['string', 'hash', 'set', 'zset', 'list'];

type Words = readonly [name: string, ...args: string[]];

const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Words> =>
  fc.tuple(
    ...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)),
  ) as unknown as fc.Arbitrary<Words>;

const name = fc.constantFrom('a', 'b', 'c', 'd');
const small = fc.nat(9).map(String);
const any = fc.constantFrom(...KEYS);
const text = fc.constantFrom('x', 'y'.repeat(30), 'z'.repeat(300));
const ttl = fc.constantFrom('1', '300', '100000');

/** So much at once that a collection gets a structure of its own. */
const many = (each: (i: number) => string[]): string[] => Array.from({ length: 150 }, (_, i) => each(i)).flat();
const bulk: fc.Arbitrary<Words> = fc.constantFrom<Words[]>(
  ['HSET', 'hash', ...many((i) => [`field ${i}`, 'v'.repeat(40)])],
  ['SADD', 'set', ...many((i) => [`member ${i}`])],
  ['ZADD', 'zset', ...many((i) => [String(i), `member ${i}`])],
  ['RPUSH', 'list', ...many((i) => ['e'.repeat(30) + String(i)])],
  ['LTRIM', 'list', '20', '60'],
  ['SPOP', 'set', '60'],
  ['HDEL', 'hash', ...many((i) => [`field ${i * 2}`])],
);

/** What leaves marks, of collections that live on and of others. */
const REMOVALS: readonly Words[] = [
  ['SADD', 'set', ...many((i) => [`member ${i}`])],
  ['HSET', 'hash', 'a', 'x', 'b', 'x', 'field 1', 'x'],
  ['ZADD', 'zset', '1', 'a', '2', 'b'],
  ['RPUSH', 'list', ...many((i) => [`e${i}`])],
  ['SREM', 'set', ...many((i) => [`member ${i * 2}`])],
  ['HDEL', 'hash', 'a', 'b'],
  ['ZREM', 'zset', 'a'],
  ['LPOP', 'list', '100'],
  ['LREM', 'list', '0', 'e120'],
  ['EXPIRE', 'hash', '1000'],
  ['PERSIST', 'hash'],
  ['ZREM', 'zset', 'b', 'c', 'd'],
];

const command: fc.Arbitrary<Words> = fc.oneof(
  { weight: 3, arbitrary: bulk },
  { weight: 4, arbitrary: words('SET', 'string', text) },
  { weight: 1, arbitrary: words('SET', 'string', text, 'PX', ttl) },
  { weight: 2, arbitrary: words('APPEND', 'string', text) },
  { weight: 1, arbitrary: words('SETRANGE', 'string', fc.constantFrom('3', '70000'), text) },
  { weight: 4, arbitrary: words('HSET', 'hash', name, text) },
  { weight: 2, arbitrary: words('HDEL', 'hash', name) },
  { weight: 4, arbitrary: words('SADD', 'set', name, small) },
  { weight: 2, arbitrary: words('SREM', 'set', name, small) },
  { weight: 4, arbitrary: words('ZADD', 'zset', small, name) },
  { weight: 2, arbitrary: words('ZREM', 'zset', name) },
  { weight: 5, arbitrary: words(fc.constantFrom('RPUSH', 'LPUSH'), 'list', text) },
  { weight: 3, arbitrary: words(fc.constantFrom('RPOP', 'LPOP'), 'list') },
  { weight: 1, arbitrary: words('LSET', 'list', small, text) },
  { weight: 1, arbitrary: words('LINSERT', 'list', 'BEFORE', 'x', 'between') },
  { weight: 2, arbitrary: words('DEL', any) },
  { weight: 1, arbitrary: words('PEXPIRE', any, ttl) },
  { weight: 1, arbitrary: words('PERSIST', any) },
  { weight: 1, arbitrary: words('HPEXPIRE', 'hash', ttl, 'FIELDS', '1', name) },
  { weight: 1, arbitrary: words('SET', any, 'other') },
  { weight: 1, arbitrary: words('RENAME', any, any) },
  { weight: 2, arbitrary: words('GET', 'string') },
  { weight: 1, arbitrary: words('HGETALL', 'hash') },
);

const is = <T extends string>(...types: T[]): fc.Arbitrary<T> => fc.constantFrom(...types);
const copy = fc.nat(COPIES - 1);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ type: is('run'), copy, command }) },
  { weight: 8, arbitrary: fc.record({ type: is('take'), copy, batches: fc.array(fc.nat(1000), { maxLength: 6 }) }) },
  { weight: 8, arbitrary: fc.record({ type: is('proceed'), copy, count: fc.constantFrom(1, 3, 10) }) },
  { weight: 4, arbitrary: fc.record({ type: is('flushTables', 'flushTables', 'compact'), copy }) },
  { weight: 5, arbitrary: fc.record({ type: is('spill'), copy }) },
  { weight: 2, arbitrary: fc.record({ type: is('load'), copy, key: any }) },
  { weight: 1, arbitrary: fc.record({ type: is('flush'), copy }) },
  { weight: 2, arbitrary: fc.record({ type: is('expire'), copy, removes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: is('crash'), copy, seed: fc.nat(), syncs: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: is('advance'), copy, ms: fc.constantFrom(1, 50, 500) }) },
  { weight: 4, arbitrary: fc.record({ type: is('check'), copy }) },
  { weight: 1, arbitrary: fc.record({ type: is('digest'), copy }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Replicas {
  readonly copies: readonly ReplicaBench[];
  /** All that any copy has ever changed. */
  private readonly batches: Buffer[] = [];
  /** Which of them each copy has seen. */
  private readonly seen: readonly Set<number>[];
  /** In the copy that has imported all, and where marks were settled. */
  marksGone = 0;
  marksLeft = 0;

  private constructor(copies: readonly ReplicaBench[]) {
    this.copies = copies;
    this.seen = copies.map(() => new Set());
    for (const [i, each] of copies.entries()) {
      each.onBatch = (batch) => this.seen[i].add(this.batches.push(batch) - 1);
    }
  }

  static async create(): Promise<Replicas> {
    const copies: ReplicaBench[] = [];
    for (let origin = 1; origin <= COPIES; origin++) copies.push(await ReplicaBench.create(origin));
    return new Replicas(copies);
  }

  async perform(next: Step): Promise<void> {
    const bench = this.copies[next.copy];
    switch (next.type) {
      case 'run':
        bench.run(...next.command);
        bench.advance(1);
        break;
      case 'take':
        this.take(
          next.copy,
          next.batches.map((i) => i % this.batches.length),
        );
        break;
      case 'check':
        this.check(next.copy);
        break;
      case 'digest':
        await this.checkDigests(next.copy);
        break;
      case 'proceed':
        await bench.proceed(next.count);
        break;
      case 'load':
        bench.load(next.key);
        break;
      case 'expire':
        bench.expire(next.removes);
        break;
      case 'advance':
        bench.advance(next.ms);
        break;
      case 'crash':
        if (next.syncs) await bench.sync();
        await bench.crash(keepRandomly(new SeededRandom(next.seed)));
        // What was not durable may be lost: the others send it again.
        if (!next.syncs) this.take(next.copy, [...this.seen[next.copy]]);
        break;
      default:
        bench[next.type]();
    }
  }

  /** Every copy sees what it has not seen yet, in an order of its own; then one of them goes through tables and a restart. */
  async exchange(): Promise<void> {
    for (const [i, bench] of this.copies.entries()) {
      const missing = [...this.batches.keys()].filter((batch) => !this.seen[i].has(batch));
      this.take(i, i === 0 ? missing : missing.toReversed());
      this.check(i);
      if (i < 2) continue;
      bench.flushTables();
      await bench.settle();
      bench.spill();
      bench.compact();
      await bench.settle();
      await bench.crash(keepRandomly(new SeededRandom(1)));
      this.check(i);
      await this.checkDigests(i);
    }
  }

  /** A copy is what it has seen, whichever way one looks. */
  private check(copy: number): void {
    const bench = this.copies[copy];
    const { db, keyspace } = bench;
    let count = 0;
    for (const key of KEYS) {
      const expected = this.expected(key, copy);
      const what = `${key} of copy ${bench.origin}`;
      expect(plain(bench.entry(key)), what).to.deep.equal(plain(expected));
      const bytes = Buffer.from(key);
      expect(bench.digests.of(db, bytes, 0, bytes.length), `digest of ${what}`).to.deep.equal(dumbDigest(expected));
      const isThere = keyspace.find(db, bytes, 0, bytes.length) !== 0;
      const { atMs } = expected.expiry;
      const isHere = hasElements(expected) && (atMs === 0 || atMs > keyspace.clock.nowMs);
      expect(isThere, `${what} is there`).to.equal(isHere);
      if (isLive(expected, keyspace.clock.nowMs)) expect(isThere, `${what} is live`).to.equal(true);
      count += Number(hasElements(expected));
    }
    if (!db.isEstimate) expect(db.keyCount, `keys of copy ${bench.origin}`).to.equal(count);
  }

  /** What a job sums up of tables is what memory has. */
  private async checkDigests(copy: number): Promise<void> {
    const bench = this.copies[copy];
    const { words } = await bench.digestTables();
    const expected = bench.digestKeys(KEYS).words;
    expect(Buffer.compare(Buffer.from(words.buffer), Buffer.from(expected.buffer)), `leaves of ${copy}`).to.equal(0);
  }

  /** Who merges all pages of a key has the key. */
  async import(sweepsFirst: boolean): Promise<void> {
    const [from] = this.copies;
    const copy = await ReplicaBench.create(COPIES + 1);
    for (const key of KEYS) {
      from.warm(key);
      const pages = new EntryPages(from.keyspace, from.db, Buffer.from(key), PAGE_BYTES);
      const batches: Buffer[] = [];
      for (let page = pages.next(); page !== undefined; page = pages.next()) batches.push(page);
      const isString = typeOf(from.entry(key)) === CellType.STRING;
      for (const each of batches)
        expect(isString || each.length < 4 * PAGE_BYTES, `${each.length} of ${key}`).to.equal(true);
      for (const batch of batches.toReversed()) copy.take(batch);
      copy.commit();
      expect(plain(copy.entry(key)), `pages of ${key}`).to.deep.equal(plain(from.entry(key)));
    }
    await this.checkSettled(copy, sweepsFirst);
  }

  /** Deletes and marks that do not count make no difference, whether they have gone or not, from memory or from tables. */
  private async checkSettled(bench: ReplicaBench, sweepsFirst: boolean): Promise<void> {
    for (const each of REMOVALS) {
      bench.advance(1);
      bench.run(...each);
    }
    const stamps = KEYS.flatMap((key) => stampsOfMarks(bench.entry(key))).sort((a, b) => a - b);
    const stamp = stamps[Math.floor(stamps.length / 2)] ?? 0;
    const live = KEYS.map((key) => liveOf(bench.entry(key)));
    for (let slot = 0; slot < SLOT_COUNT; slot++) bench.settled.raise(slot, stamp);
    const { words } = bench.digestKeys(KEYS);
    for (const key of KEYS) {
      const digest = bench.digests.of(bench.db, Buffer.from(key), 0, key.length);
      expect(digest, `settled digest of ${key}`).to.deep.equal(dumbDigest(settledForm(bench.entry(key), stamp)));
    }
    if (sweepsFirst) {
      bench.flushTables();
      await bench.settle();
      bench.sweepMarks();
      expect(KEYS.map((key) => liveOf(bench.entry(key)))).to.deep.equal(live);
    }
    const isSame = (sums: LeafSums): boolean =>
      Buffer.compare(Buffer.from(sums.words.buffer), Buffer.from(words.buffer)) === 0;
    expect(isSame(await bench.digestTables()), 'of tables').to.equal(true);
    bench.compact();
    await bench.settle();
    bench.spill();
    expect(isSame(bench.digestKeys(KEYS)), 'of what is left').to.equal(true);
    expect(isSame(await bench.digestTables()), 'of tables without them').to.equal(true);
    bench.sweepMarks();
    expect(isSame(bench.digestKeys(KEYS)), 'of what memory has forgotten').to.equal(true);
    expect(KEYS.map((key) => liveOf(bench.entry(key)))).to.deep.equal(live);
    const left = KEYS.map((key) => stampsOfMarks(bench.entry(key)).filter((each) => each <= stamp).length);
    this.marksLeft += left.reduce((sum, each) => sum + each, 0);
    this.marksGone += bench.store.marksDropped;
  }

  private take(copy: number, batches: readonly number[]): void {
    const bench = this.copies[copy];
    for (const batch of batches) {
      if (this.batches.length === 0) break;
      bench.take(this.batches[batch]);
      this.seen[copy].add(batch);
    }
    bench.commit();
  }

  /** The plain merge of all changes of a key that a copy has seen. */
  private expected(key: string, copy: number): Entry {
    const entries: Entry[] = [];
    let floor = 0;
    const reader = new BatchReader();
    for (const i of this.seen[copy]) {
      const batch = this.batches[i];
      reader.open(batch, 0, batch.length, 'the spec');
      while (reader.next()) {
        if (reader.kind === ChangeKind.FLUSH) floor = Math.max(floor, reader.stamp);
        else if (reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd) === key)
          entries.push(entryOfChange(reader));
      }
    }
    const deletedUpTo = floor === 0 ? PAIR_ZERO : { stamp: floor, origin: ORIGIN_MAX };
    return mergeAll([...entries, { ...EMPTY_ENTRY, deletedUpTo }]);
  }
}

/** The digest of an entry in normal form, from its plain form. */
function dumbDigest({ deletedUpTo, expiry, cells }: Entry): unknown {
  const digest = new CellDigest(new PositionHasher(POSITION_KEY).forFields());
  const [first] = cells.values();
  const isString = cells.size === 1 && first.type === CellType.STRING && first.field.length === 0;
  const isImplied = isString && comparePairs(pairBefore(first.pair), deletedUpTo) === 0;
  digest.registers(isImplied ? PAIR_ZERO : deletedUpTo, expiry);
  for (const { type, field, value, pair, expiresAtMs } of cells.values()) {
    const isRemovals = type === CellType.LIST && !isElementField(field);
    if (isRemovals) digest.removals(type, field, value ?? Buffer.alloc(0), pair);
    else digest.cell(1, type, field, 0, field.length, value === undefined, pair.stamp, pair.origin, expiresAtMs);
  }
  return { high: digest.high, low: digest.low };
}

/** The stamps of cells that say that something is gone. */
function stampsOfMarks({ cells }: Entry): number[] {
  return [...cells.values()].filter((cell) => !holdsValue(cell)).map(({ pair }) => pair.stamp);
}

function plain({ deletedUpTo, expiry, cells }: Entry): unknown {
  const sorted = [...cells].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    deletedUpTo,
    expiry,
    cells: sorted.map(([cellName, { type, value, pair, expiresAtMs }]) => ({
      cell: Buffer.from(cellName, 'latin1').toString('hex'),
      type,
      // A large string's whole shows what its chunks have changed (ChunkedStrings.cells).
      value: type === CellType.STRING && cells.size > 1 ? undefined : value?.toString('latin1'),
      pair,
      expiresAtMs,
    })),
  };
}

describe('Three copies', function () {
  this.timeout(600_000);

  it('are equal when each has seen everything, whatever happened, and have lost nothing', async () => {
    let marksGone = 0;
    let marksLeft = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), fc.boolean(), async (steps, sweepsFirst) => {
        const replicas = await Replicas.create();
        for (const next of steps) await replicas.perform(next);
        await replicas.exchange();
        await replicas.import(sweepsFirst);
        marksGone += replicas.marksGone;
        marksLeft += replicas.marksLeft;
      }),
      { numRuns: RUNS },
    );
    expect(marksGone, 'marks that went from tables').to.be.above(20);
    expect(marksLeft, 'marks that did not').to.be.below(marksGone / 10);
  });
});
