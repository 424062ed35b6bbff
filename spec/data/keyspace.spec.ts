import { expect } from 'chai';
import fc from 'fast-check';
import { evictOne } from '../../lib/data/eviction.js';
import type { EvictionPolicy } from '../../lib/data/eviction.js';
import { expireKeys } from '../../lib/data/expired-keys.js';
import { KEEP_EXPIRY, NEVER } from '../../lib/data/keyspace.js';
import { POSITION_LIMIT } from '../../lib/base/position.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import type { Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, WHOLE, entryOfCell } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import type { Pair } from '../../lib/record/pair.js';
import { PAIR_ZERO, pairBefore } from '../../lib/record/pair.js';
import { plain } from '../record/arbitraries.js';
import { SeededRandom } from '../sim/seeded-random.js';
import type { Visible } from './keyspace-bench.js';
import { KeyspaceBench, ORIGIN, SteppedSnapshot } from './keyspace-bench.js';
import { KeyspaceModel } from './keyspace-model.js';

const DATABASES = 3;

/** What happens to one key; times are relative to now. */
type Change =
  | { do: 'put'; size: number; expiry: 'never' | 'keep' | number }
  | { do: 'expire'; inMs: number | 'never' }
  | { do: 'remove' };
type Step =
  | { on: string; db: number; changes: Change[] }
  | { advanceMs: number }
  | { flush: number }
  | { swap: [number, number] }
  | { evict: EvictionPolicy }
  | { run: 'active expiry' | 'free flushed' | 'end turn' | 'snapshot step' };

const database = fc.nat(DATABASES - 1);
const times = fc.constantFrom(-1, 0, 1, 50, 100, 1000, 2 ** 54);
const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      size: fc.oneof(fc.nat(40), fc.constantFrom(0, 70, 300, 70_000)),
      expiry: fc.oneof(fc.constantFrom('never' as const, 'keep' as const), times),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('expire' as const), inMs: fc.oneof(fc.constant('never' as const), times) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const) }) },
);
const keyNames = fc.constantFrom('', 'a', 'b', '{t}1', '{t}2', 'é', 'k'.repeat(300));
const policies = fc.constantFrom<EvictionPolicy>('allkeys-lru', 'volatile-ttl', 'allkeys-random', 'volatile-lfu');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({ on: keyNames, db: database, changes: fc.array(changes, { maxLength: 3 }) }),
    },
    { weight: 5, arbitrary: fc.record({ advanceMs: fc.constantFrom(0, 1, 50, 120) }) },
    { weight: 1, arbitrary: fc.record({ flush: database }) },
    { weight: 1, arbitrary: fc.record({ swap: fc.tuple(database, database) }) },
    { weight: 1, arbitrary: fc.record({ evict: policies }) },
    {
      weight: 12,
      arbitrary: fc.record({
        run: fc.constantFrom('active expiry', 'free flushed', 'end turn', 'snapshot step', 'snapshot step'),
      }),
    },
  ),
  { maxLength: 80, size: 'max' },
);

/** Plays steps on a keyspace and on the model, and keeps them equal. */
class Play {
  readonly bench = new KeyspaceBench(DATABASES);
  readonly model = new KeyspaceModel(DATABASES);
  /** The copy under way, and how much of the log was written before it began. */
  snapshot: SteppedSnapshot | undefined;
  rotation = 0;
  private puts = 0;

  step(step: Step): void {
    const { bench, model } = this;
    const { keyspace } = bench;
    this.model.nowMs = bench.nowMs;
    if ('on' in step) this.changeKey(step.db, step.on, step.changes);
    else if ('advanceMs' in step) {
      bench.advance(step.advanceMs);
      model.nowMs = bench.nowMs;
    } else if ('flush' in step) {
      keyspace.flush(bench.database(step.flush));
      model.databases[step.flush].clear();
    } else if ('swap' in step) {
      const [a, b] = step.swap;
      keyspace.swap(a, b);
      [model.databases[a], model.databases[b]] = [model.databases[b], model.databases[a]];
    } else if ('evict' in step) this.evict(step.evict);
    else if (step.run === 'active expiry') this.expireAll();
    else if (step.run === 'free flushed') keyspace.freeFlushed(1);
    else if (step.run === 'end turn') bench.endTurn();
    else this.snapshotStep();
  }

  finishSnapshot(): void {
    do this.snapshotStep();
    while (this.snapshot?.step());
    this.bench.endTurn();
  }

  removeAll(): void {
    this.bench.visible(0).forEach((keys, db) => {
      for (const key of Object.keys(keys)) if (this.bench.find(db, key)) this.bench.keyspace.remove();
    });
    while (this.bench.keyspace.freeFlushed(100));
  }

  private changeKey(db: number, name: string, list: readonly Change[]): void {
    const { bench, model } = this;
    expect(bench.find(db, name), name).to.equal(model.get(db, name) !== undefined);
    for (const change of list) {
      const isThere = model.get(db, name) !== undefined;
      if (change.do === 'put') {
        const value = `${++this.puts}`.padEnd(change.size, '.').slice(0, change.size);
        const expiry = this.expiryOf(change.expiry);
        bench.putAtCursor(value, expiry);
        model.put(db, name, value, expiry);
      } else if (isThere && change.do === 'expire') {
        const atMs = this.expiryOf(change.inMs);
        bench.keyspace.setExpiry(atMs);
        model.expire(db, name, atMs);
      } else if (isThere) {
        bench.keyspace.remove();
        model.databases[db].delete(name);
      }
    }
    const ref = bench.find(db, name);
    expect(ref).to.equal(model.get(db, name) !== undefined);
  }

  private expiryOf(time: 'never' | 'keep' | number): number {
    if (time === 'never') return NEVER;
    return time === 'keep' ? KEEP_EXPIRY : this.bench.nowMs + time;
  }

  private evict(policy: EvictionPolicy): void {
    const { bench, model } = this;
    const before = bench.keyspace.keyCount;
    const evicted = evictOne(bench.keyspace, policy, 2);
    expect(before - bench.keyspace.keyCount).to.equal(evicted ? 1 : 0);
    const left = bench.visible();
    model.databases.forEach((map, db) => {
      for (const [key, [, atMs]] of [...map]) {
        if (key in left[db] || model.get(db, key) === undefined) continue;
        if (policy.startsWith('volatile')) expect(atMs).to.not.equal(NEVER);
        map.delete(key);
      }
    });
  }

  private expireAll(): void {
    const { bench } = this;
    for (let db = 0; db < DATABASES; db++) {
      const { table } = bench.database(db);
      for (let position = 0; position < POSITION_LIMIT;) {
        position = expireKeys(bench.keyspace, bench.database(db), position, 2);
      }
      expect(table.count, 'keys that have not expired').to.equal(Object.keys(bench.visible()[db]).length);
    }
  }

  private snapshotStep(): void {
    if (this.snapshot === undefined) {
      this.bench.endTurn();
      this.rotation = this.bench.log.length;
      this.snapshot = new SteppedSnapshot(this.bench.keyspace);
    }
    this.snapshot.step();
  }
}

/** What a fresh start from these logs shows at `nowMs`. One keyspace serves all: making its first chunk of memory costs milliseconds. */
const restarted = new KeyspaceBench(DATABASES);
function afterRestart(nowMs: number, ...logs: (readonly Buffer[])[]): Visible {
  restarted.keyspace.forgetAll();
  expect(restarted.keyspace.heap.slab.usedBytes).to.equal(0);
  for (const log of logs) restarted.replay(log);
  expect(restarted.batch.isEmpty, 'replay logs nothing').to.equal(true);
  return restarted.visible(nowMs);
}

describe('Keyspace', () => {
  it('does what a Map does; its log, and a copy with the log behind it, lead to the same, once or twice', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const play = new Play();
        for (const step of list) play.step(step);
        play.finishSnapshot();
        const { bench, model } = play;
        const expected = model.visible();
        expect(bench.visible(), 'the keyspace itself').to.deep.equal(expected);
        const { log, nowMs } = bench;
        const frames = play.snapshot?.frames ?? [];
        const since = log.slice(play.rotation);
        expect(afterRestart(nowMs, log), 'from the log').to.deep.equal(expected);
        expect(afterRestart(nowMs, log, log), 'from the log, twice').to.deep.equal(expected);
        expect(afterRestart(nowMs, frames, since), 'from the copy').to.deep.equal(expected);
        expect(afterRestart(nowMs, frames, since, since), 'from the copy, the log twice').to.deep.equal(expected);
        expect(afterRestart(nowMs, frames, frames, since), 'from the copy twice').to.deep.equal(expected);
        play.removeAll();
        expect(bench.visible(0), 'all removed').to.deep.equal([{}, {}, {}]);
        expect(bench.keyspace.heap.slab.usedBytes, 'no record is leaked').to.equal(0);
        expect(bench.database(0).table.expiring).to.equal(0);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves the cursor on the key through a put that is new, so that it can be changed or removed at once', () => {
    const bench = new KeyspaceBench(1);
    const count = 6000;
    for (let i = 0; i < count; i++) {
      bench.put(0, `{t}${i}`, 'v', NEVER);
      if (i % 3 === 0) bench.keyspace.remove();
      else if (i % 3 === 1) bench.keyspace.setExpiry(bench.nowMs + 5);
      else bench.putAtCursor('a longer value than before', NEVER);
    }
    const visible = bench.visible()[0];
    expect(Object.keys(visible).length).to.equal((count / 3) * 2);
    expect([visible['{t}1'], visible['{t}2']]).to.deep.equal([
      ['v', bench.nowMs + 5],
      ['a longer value than before', 0],
    ]);
  });

  it('copies a keyspace of many segments right, in steps, while it changes', function () {
    this.timeout(20_000);
    for (const valueBytes of [10, 3000]) {
      const random = new SeededRandom(valueBytes);
      const bench = new KeyspaceBench(1);
      const name = (): string => (random.below(3) === 0 ? `k${random.below(4000)}` : `{t}${random.below(8000)}`);
      const change = (times: number): void => {
        for (let i = 0; i < times; i++) {
          const isThere = bench.find(0, name());
          const kind = random.below(6);
          if (kind === 0 && isThere) bench.keyspace.remove();
          else if (kind === 1 && isThere) bench.keyspace.setExpiry(bench.nowMs + random.below(3) * 10);
          else
            bench.putAtCursor(`${i}`.padEnd(random.below(valueBytes)), [NEVER, KEEP_EXPIRY, bench.nowMs + 15][i % 3]);
        }
        bench.endTurn();
        bench.advance(1);
      };
      change(12_000);
      const rotation = bench.log.length;
      const snapshot = new SteppedSnapshot(bench.keyspace);
      let steps = 0;
      for (; snapshot.step(); steps++) change(100);
      expect(steps).to.be.above(5);
      const since = bench.log.slice(rotation);
      const expected = bench.visible()[0];
      expect(Object.keys(expected).length).to.be.above(2000);
      expect(afterRestart(bench.nowMs, bench.log)[0]).to.deep.equal(expected);
      expect(afterRestart(bench.nowMs, snapshot.frames, since)[0]).to.deep.equal(expected);
    }
  });

  it('hides expired keys and changes nothing while it may not remove them', () => {
    const bench = new KeyspaceBench(1);
    const { keyspace } = bench;
    bench.put(0, 'a', 'v', bench.nowMs + 10);
    bench.put(0, 'b', 'v', NEVER);
    bench.endTurn();
    bench.advance(10);
    keyspace.removesExpired = false;
    expect([bench.find(0, 'a'), bench.find(0, 'b')]).to.deep.equal([false, true]);
    expect(expireKeys(keyspace, bench.database(0), 0, 10)).to.equal(POSITION_LIMIT);
    expect([bench.batch.isEmpty, keyspace.keyCount]).to.deep.equal([true, 2]);
    keyspace.removesExpired = true;
    for (let position = 0; position < POSITION_LIMIT;) {
      position = expireKeys(keyspace, bench.database(0), position, 10);
    }
    expect([bench.batch.isEmpty, keyspace.keyCount]).to.deep.equal([false, 1]);
  });

  it('counts hits, misses, changes, expired and evicted keys', () => {
    const bench = new KeyspaceBench(1);
    const { keyspace } = bench;
    const read = (name: string, noTouch = false): boolean =>
      keyspace.read(bench.database(0), Buffer.from(name), 0, name.length, noTouch) !== 0;
    bench.put(0, 'a', 'v', NEVER);
    bench.put(0, 'b', 'v', bench.nowMs + 10);
    expect([read('a'), read('b', true), read('c')]).to.deep.equal([true, true, false]);
    bench.advance(10);
    expect(read('b')).to.equal(false);
    expect(evictOne(keyspace, 'allkeys-random', 5)).to.equal(true);
    expect([keyspace.hits, keyspace.misses]).to.deep.equal([2, 2]);
    expect([keyspace.expiredCount, keyspace.evictedCount, keyspace.changeCount]).to.deep.equal([1, 1, 4]);
    bench.put(0, 'a', 'v', NEVER);
    bench.put(0, 'b', 'v', NEVER);
    keyspace.flush(bench.database(0));
    expect(keyspace.changeCount).to.equal(8);
    keyspace.resetFigures();
    expect([keyspace.hits, keyspace.misses, keyspace.expiredCount, keyspace.evictedCount]).to.deep.equal([0, 0, 0, 0]);
  });

  it('notes each use, but not those that do not count', () => {
    const bench = new KeyspaceBench(1);
    const { keyspace, access } = bench;
    const idleMs = (): number =>
      access.idleMs(keyspace.heap.access(keyspace.find(bench.database(0), Buffer.from('a'), 0, 1)));
    bench.put(0, 'a', 'v', NEVER);
    bench.advance(60_000);
    expect(idleMs()).to.equal(60_000);
    keyspace.read(bench.database(0), Buffer.from('a'), 0, 1, true);
    expect(idleMs()).to.equal(60_000);
    keyspace.read(bench.database(0), Buffer.from('a'), 0, 1);
    expect(idleMs()).to.equal(0);
  });

  it('gives all memory back when the last of several databases is flushed, and goes on', () => {
    const bench = new KeyspaceBench(2);
    for (const db of [0, 1]) for (let i = 0; i < 3000; i++) bench.put(db, `k${i}`, 'value', NEVER);
    bench.keyspace.flush(bench.database(0));
    expect(bench.keyspace.heap.slab.usedBytes).to.be.above(0);
    bench.keyspace.flush(bench.database(1));
    expect([bench.keyspace.heap.slab.usedBytes, bench.keyspace.freeFlushed(1)]).to.deep.equal([0, false]);
    bench.put(1, 'a', 'new', NEVER);
    expect(bench.visible()).to.deep.equal([{}, { a: ['new', 0] }]);
  });

  it('frees the records of a flushed database step by step', () => {
    const bench = new KeyspaceBench(2);
    bench.put(1, 'stays', 'v', NEVER);
    const before = bench.keyspace.heap.slab.usedBytes;
    for (let i = 0; i < 9000; i++) bench.put(0, `k${i}`, 'value', NEVER);
    bench.keyspace.flush(bench.database(0));
    expect(bench.keyspace.keyCount).to.equal(1);
    const sizes = [bench.keyspace.heap.slab.usedBytes];
    while (bench.keyspace.freeFlushed(1000)) sizes.push(bench.keyspace.heap.slab.usedBytes);
    expect(sizes.length).to.be.within(4, 10);
    expect(sizes).to.deep.equal([...sizes].sort((a, b) => b - a));
    expect(bench.keyspace.heap.slab.usedBytes).to.equal(before);
  });

  it('refuses a log of more databases than there are', () => {
    const bench = new KeyspaceBench(2);
    bench.put(1, 'a', 'v', NEVER);
    bench.endTurn();
    expect(() => new KeyspaceBench(1).replay(bench.log)).to.throw(RangeError, '"databases" is 1: raise it');
  });
});

describe('Keyspace apply', () => {
  const pairs: fc.Arbitrary<Pair> = fc.record({ stamp: fc.integer({ min: 1, max: 9 }), origin: fc.nat(2) });
  const value = (text: string, pair: Pair): Entry =>
    entryOfCell({ type: CellType.STRING, field: WHOLE, value: Buffer.from(text), pair, expiresAtMs: 0 });
  const deleted = (pair: Pair): Entry => ({ deletedUpTo: pair, expiry: NO_EXPIRY, cells: new Map() });
  const expiring = (atMs: number, pair: Pair): Entry => ({
    deletedUpTo: PAIR_ZERO,
    expiry: { atMs, pair },
    cells: new Map(),
  });
  const values = fc.tuple(fc.constantFrom('', 'short', 'long'.repeat(30)), pairs);
  const singles: fc.Arbitrary<Entry> = fc.oneof(
    values.map(([text, pair]) => value(text, pair)),
    values.map(([text, pair]) => ({ ...value(text, pair), deletedUpTo: pairBefore(pair) })),
    fc.tuple(fc.constantFrom(0, 40, 60), pairs).map(([atMs, pair]) => expiring(atMs, pair)),
    pairs.map(deleted),
  );
  const bench = new KeyspaceBench(1);

  /** Applies changes one by one; returns the entry there after each. */
  function apply(list: readonly Entry[]): (Entry | undefined)[] {
    bench.keyspace.forgetAll();
    const key = Buffer.from('key');
    return list.map((change) => {
      const batch = new WriteBatch(ORIGIN);
      batch.wholeEntry(0, key, change);
      bench.replay([Buffer.from(batch.buffer.subarray(batch.start, batch.end))]);
      const { table } = bench.database(0);
      const ref = table.find(key, 0, key.length);
      expect(table.count).to.equal(ref === 0 ? 0 : 1);
      expect(table.expiring).to.equal(ref !== 0 && bench.keyspace.heap.expiresAtMs(ref) !== 0 ? 1 : 0);
      if (ref === 0) expect(bench.keyspace.heap.slab.usedBytes).to.equal(0);
      return ref === 0 ? undefined : bench.keyspace.heap.entry(ref);
    });
  }

  it('is the merge, in any order of changes; an entry without a value is forgotten', () => {
    fc.assert(
      fc.property(fc.array(singles, { minLength: 1, maxLength: 10 }), (list) => {
        let state = EMPTY_ENTRY;
        apply(list).forEach((found, i) => {
          state = merge(state, list[i]);
          if (state.cells.size === 0) state = EMPTY_ENTRY;
          expect(plain(found ?? EMPTY_ENTRY), String(i)).to.deep.equal(plain(state));
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('comes to the same in any order, once a value is there that no delete reaches', () => {
    const top = { stamp: 10, origin: 0 };
    const shuffled = fc
      .array(singles, { minLength: 1, maxLength: 8 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(shuffled, fc.boolean(), ([list, disorder], replaces) => {
        const first = replaces ? { ...value('top', top), deletedUpTo: pairBefore(top) } : value('top', top);
        const merged = [first, ...list].reduce(merge, EMPTY_ENTRY);
        const last = apply([first, ...disorder]).at(-1);
        expect(plain(last ?? EMPTY_ENTRY)).to.deep.equal(plain(merged));
      }),
      { numRuns: 500 },
    );
  });

  it('is undone by nothing when an entry is copied: the copy has every pair', () => {
    fc.assert(
      fc.property(fc.array(singles, { minLength: 1, maxLength: 6 }), (list) => {
        const last = apply(list).at(-1);
        const snapshot = new SteppedSnapshot(bench.keyspace);
        while (snapshot.step());
        bench.keyspace.forgetAll();
        bench.replay(snapshot.frames);
        const key = Buffer.from('key');
        const ref = bench.database(0).table.find(key, 0, key.length);
        const copied = ref === 0 ? undefined : bench.keyspace.heap.entry(ref);
        expect(plain(copied ?? EMPTY_ENTRY)).to.deep.equal(plain(last ?? EMPTY_ENTRY));
      }),
      { numRuns: 500 },
    );
  });

  it('of a flush removes what is not above it, in its database', () => {
    for (const above of [true, false]) {
      const one = new KeyspaceBench(2);
      const write = (origin: number, fill: (batch: WriteBatch) => void): void => {
        const batch = new WriteBatch(origin);
        fill(batch);
        one.replay([Buffer.from(batch.buffer.subarray(batch.start, batch.end))]);
      };
      const written: readonly (readonly [string, Pair])[] = [
        ['older', { stamp: 4, origin: 9 }],
        ['same stamp, lower origin', { stamp: 5, origin: 1 }],
        ['the same', { stamp: 5, origin: 2 }],
        ['same stamp, higher origin', { stamp: 5, origin: 3 }],
        ...(above
          ? ([
              ['newer', { stamp: 6, origin: 0 }],
              ['newest', { stamp: 7, origin: 0 }],
            ] as const)
          : []),
      ];
      for (const [key, pair] of written) {
        for (const db of [0, 1]) write(ORIGIN, (batch) => batch.wholeEntry(db, Buffer.from(key), value('v', pair)));
      }
      write(2, (batch) => batch.flush(0, 5));
      const [flushed, other] = one.visible();
      expect(Object.keys(flushed)).to.deep.equal(above ? ['newer', 'newest'] : []);
      expect(Object.keys(other).length).to.equal(written.length);
      one.keyspace.flush(one.database(0));
      one.keyspace.flush(one.database(1));
      expect(one.keyspace.heap.slab.usedBytes).to.equal(0);
    }
  });

  it('of a map of databases counts only if it is the newest', () => {
    const one = new KeyspaceBench(3);
    const map = (stamp: number, physical: readonly number[]): void => {
      const batch = new WriteBatch(ORIGIN);
      batch.databases(stamp, physical);
      one.replay([Buffer.from(batch.buffer.subarray(batch.start, batch.end))]);
    };
    const ids = (): number[] => [0, 1, 2].map((number) => one.database(number).id);
    map(7, [2, 0, 1]);
    map(6, [1, 0, 2]);
    expect(ids()).to.deep.equal([2, 0, 1]);
    map(8, [0, 2, 1]);
    expect(ids()).to.deep.equal([0, 2, 1]);
  });

  it('observes every stamp, so that later ones of this node are above', () => {
    const other = new KeyspaceBench(1);
    other.advance(1000);
    other.put(0, 'a', 'v', NEVER);
    other.endTurn();
    const fresh = new KeyspaceBench(1);
    fresh.replay(other.log);
    expect(fresh.keyspace.clock.next()).to.be.above(other.keyspace.clock.latest);
  });
});
