import { expect } from 'chai';
import fc from 'fast-check';
import { POSITION_LIMIT, PositionHasher } from '../../../lib/base/position.js';
import { RecordHead } from '../../../lib/storage/memory/record-head.js';
import { RecordHeap } from '../../../lib/storage/memory/record-heap.js';
import { ResidentTable, SEGMENT_COUNT_MAX } from '../../../lib/storage/memory/resident-table.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { ChosenPositions } from './chosen-positions.js';

const BLOCK_SPAN = POSITION_LIMIT / 32;
const NEVER = 0;

/** One for all: making its first chunk of memory costs milliseconds. */
const sharedHeap = new RecordHeap();

/** A table with a plain Map beside it: when each key expires. */
class Twins {
  readonly heap = sharedHeap;
  readonly map = new Map<string, number>();
  readonly table: ResidentTable;
  private readonly hasher: PositionHasher;
  private readonly head = new RecordHead();
  private stamp = 0;

  constructor(hasher: PositionHasher = new ChosenPositions()) {
    this.hasher = hasher;
    this.heap.clear();
    this.table = new ResidentTable(this.heap, hasher);
  }

  /** Puts a key in, or changes it; a longer value moves its record. */
  set(name: string, atMs = NEVER, valueLength = 3): void {
    const { heap, table, head } = this;
    const key = Buffer.from(name);
    const old = table.find(key, 0, key.length);
    const hadExpiry = old !== 0 && heap.expiresAtMs(old) !== 0;
    head.replace(++this.stamp, 1);
    if (atMs !== NEVER) head.expire(atMs, this.stamp, 1);
    const ref = heap.write(old, head, key, 0, key.length, Buffer.alloc(valueLength), 0, valueLength);
    if (old === 0) table.insert(ref);
    else if (ref === old) table.expiryChanged(ref, hadExpiry);
    else {
      table.replace(ref, hadExpiry);
      heap.slab.free(old);
    }
    this.map.set(name, atMs);
  }

  remove(name: string): void {
    const key = Buffer.from(name);
    const ref = this.table.find(key, 0, key.length);
    expect(ref !== 0, `${name} is found`).to.equal(this.map.has(name));
    if (ref === 0) return;
    this.table.remove();
    this.heap.slab.free(ref);
    this.map.delete(name);
  }

  /** Removes what has expired as active expiry does, and checks that it was all. */
  expire(nowMs: number, max: number): void {
    const gone: string[] = [];
    for (let position = 0; position < POSITION_LIMIT;) {
      const names: string[] = [];
      position = this.table.forEachExpired(position, nowMs, max, (ref) => names.push(this.nameOf(ref)));
      expect(names.length).to.be.at.most(max);
      for (const name of names) this.remove(name);
      gone.push(...names);
    }
    expect(new Set(gone).size).to.equal(gone.length);
    const left = [...this.map].filter(([, atMs]) => atMs !== NEVER && atMs <= nowMs);
    expect(left, 'expired and still there').to.deep.equal([]);
  }

  nameOf(ref: number): string {
    return this.heap.key(ref).toString();
  }

  positionOf(name: string): number {
    const key = Buffer.from(name);
    this.hasher.hash(key, 0, key.length);
    return this.hasher.position;
  }

  find(name: string): string | undefined {
    const key = Buffer.from(name);
    const ref = this.table.find(key, 0, key.length);
    return ref === 0 ? undefined : this.nameOf(ref);
  }

  /** All keys, in steps of a walk; `between` may change the table. */
  walk(count: number, between: () => void = () => undefined): string[][] {
    const replies: string[][] = [];
    for (let cursor = 0; cursor < POSITION_LIMIT;) {
      const names: string[] = [];
      const next = this.table.walk(cursor, count, (ref) => names.push(this.nameOf(ref)));
      expect(next, 'a walk goes on').to.be.above(cursor);
      if (next < POSITION_LIMIT) expect(names.length).to.be.at.least(count);
      for (const name of names) expect(this.positionOf(name)).to.be.within(cursor, next - 1);
      replies.push(names);
      cursor = next;
      between();
    }
    return replies;
  }

  check(): void {
    const { table, map } = this;
    expect(table.count).to.equal(map.size);
    expect(table.expiring).to.equal([...map.values()].filter((atMs) => atMs !== NEVER).length);
    for (const name of map.keys()) if (this.find(name) !== name) expect.fail(`${name} is not found`);
    const visited: string[] = [];
    table.forEach((ref) => visited.push(this.nameOf(ref)));
    expect(visited.sort()).to.deep.equal([...map.keys()].sort());
  }
}

const edges = [0, 1, BLOCK_SPAN - 1, BLOCK_SPAN, BLOCK_SPAN + 1, 31 * BLOCK_SPAN, POSITION_LIMIT - 1];
const names = fc
  .tuple(fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: POSITION_LIMIT - 1 })), fc.nat(2))
  .map(([position, number]) => `${position}:${number}`);
const times = fc.constantFrom(NEVER, 10, 20, 30, 40);

type Step = { set: string; atMs: number; valueLength: number } | { remove: number } | { nowMs: number; max: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ set: names, atMs: times, valueLength: fc.constantFrom(0, 3, 200) }) },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ nowMs: fc.constantFrom(5, 10, 25), max: fc.constantFrom(1, 2, 100) }) },
  ),
  { maxLength: 50, size: 'max' },
);

function play(twins: Twins, step: Step): void {
  if ('set' in step) twins.set(step.set, step.atMs, step.valueLength);
  else if ('remove' in step) twins.remove([...twins.map.keys()].at(step.remove % (twins.map.size + 1)) ?? '7:none');
  else twins.expire(step.nowMs, step.max);
}

/** Puts `count` keys in that share a hash tag, so one slot: `{tag}0`, `{tag}1`, ... */
function oneTag(count: number): Twins {
  const twins = new Twins(new PositionHasher(Buffer.from('position')));
  for (let i = 0; i < count; i++) twins.set(`{tag}${i}`, i % 3 === 0 ? 100 + (i % 50) : NEVER);
  return twins;
}

describe('ResidentTable', () => {
  it('holds what a Map holds, after any changes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const twins = new Twins();
        for (const step of list) play(twins, step);
        twins.check();
        const walked = twins.walk(3);
        const inOrder = [...twins.map.keys()].map((name) => twins.positionOf(name)).sort((a, b) => a - b);
        expect(walked.flat().map((name) => twins.positionOf(name))).to.deep.equal(inOrder);
        twins.expire(35, 3);
        twins.check();
        for (const name of [...twins.map.keys()]) twins.remove(name);
        expect([twins.table.count, twins.table.expiring, twins.heap.slab.usedBytes]).to.deep.equal([0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('splits segments, and holds 60,000 keys of one hash tag', () => {
    const twins = oneTag(60_000);
    expect(twins.table.segmentCount).to.be.within(
      32 + 60_000 / SEGMENT_COUNT_MAX - 1,
      32 + (60_000 / SEGMENT_COUNT_MAX) * 2,
    );
    twins.check();
    expect(twins.walk(1000).flat().length).to.equal(60_000);
    const bytesPerKey = twins.table.indexBytes / 60_000;
    expect(bytesPerKey).to.be.within(10 / 0.75, 10 / 0.45);
  });

  it('keeps its figures of expiry through splits, growing and shrinking', () => {
    const random = new SeededRandom(3);
    const twins = oneTag(20_000);
    twins.expire(99, 7);
    expect(twins.table.count).to.equal(20_000);
    for (let i = 0; i < 9000; i++) twins.remove(`{tag}${random.below(20_000)}`.replace(/9$/, '0'));
    for (let i = 0; i < 3000; i++) twins.set(`{tag}${random.below(30_000)}`, [NEVER, 50, 300][random.below(3)]);
    twins.set('{tag}far', 1e6);
    twins.check();
    for (const nowMs of [49, 50, 120, 149, 299, 300]) {
      twins.expire(nowMs, 100);
      twins.check();
    }
    // All segments but one have none left: a sample that trusted a wrong figure would search one of them for ever.
    for (let i = 0; i < 200; i++) {
      const ref = twins.table.sample(random.uint32(), random.uint32(), true);
      expect(twins.nameOf(ref)).to.equal('{tag}far');
    }
  });

  it('finds an expiry that came before the earliest one, after that was taken away', () => {
    const twins = new Twins();
    twins.set('5:a', 30);
    twins.set('5:a', NEVER);
    twins.set('5:b', 40);
    twins.set('6:c', 20);
    twins.remove('6:c');
    twins.expire(35, 9);
    twins.set('6:d', 36);
    twins.expire(37, 9);
    expect([...twins.map.keys()]).to.deep.equal(['5:a', '5:b']);
  });

  it('visits at most so many expired records, of one segment, and says where to go on', () => {
    const twins = oneTag(20_000);
    const visited = new Map<number, number>();
    for (let position = 0; position < POSITION_LIMIT;) {
      const found: string[] = [];
      const next = twins.table.forEachExpired(position, 1000, 256, (ref) => found.push(twins.nameOf(ref)));
      for (const name of found) twins.remove(name);
      visited.set(found.length, (visited.get(found.length) ?? 0) + 1);
      position = next;
    }
    expect(twins.table.expiring).to.equal(0);
    expect(Math.max(...visited.keys())).to.equal(256);
    expect(visited.get(256)).to.be.above(15);
  });

  it('walks in the order of positions, whatever the count', () => {
    const twins = oneTag(20_000);
    for (const count of [1, 60, 8192, 100_000]) {
      const cursors = count === 1 ? 50 : Infinity;
      let last = -1;
      let seen = 0;
      for (let cursor = 0, i = 0; cursor < POSITION_LIMIT && i < cursors; i++) {
        cursor = twins.table.walk(cursor, count, (ref) => {
          const position = twins.positionOf(twins.nameOf(ref));
          if (position < last) expect.fail('the walk went back');
          last = position;
          seen++;
        });
      }
      expect(seen).to.equal(count === 1 ? 50 : 20_000);
    }
  });

  it('ends a walk that goes on from beyond every position', () => {
    const twins = new Twins();
    twins.set(`${POSITION_LIMIT - 1}:a`);
    const none = (): void => expect.fail('nothing is there');
    for (const cursor of [POSITION_LIMIT, POSITION_LIMIT * 2, 2 ** 64]) {
      expect(twins.table.walk(cursor, 10, none)).to.equal(POSITION_LIMIT);
    }
    expect(twins.walk(10)).to.deep.equal([[`${POSITION_LIMIT - 1}:a`]]);
  });

  it('returns all keys of one position in one reply of a walk, and does not pass by what is behind them', () => {
    for (const equal of [1, 2, 9, 10, 11, 40, 41, 300, 301]) {
      const twins = new Twins();
      for (let i = 0; i < equal; i++) twins.set(`700:${i}`);
      // The neighbours near and far: the far ones lie outside of the window that the walk looks through first.
      const near = equal % 2 === 0 ? [5, 699, 701, 702] : [];
      for (const position of [...near, BLOCK_SPAN - 9, BLOCK_SPAN]) twins.set(`${position}:x`);
      for (const count of [1, 2, 10]) {
        const replies = twins.walk(count);
        expect(replies.flat().sort(), `${equal} keys, by ${count}`).to.deep.equal([...twins.map.keys()].sort());
        const with700 = replies.filter((reply) => reply.some((name) => name.startsWith('700:')));
        expect(with700.length).to.equal(1);
      }
    }
  });

  it('visits each record exactly once that is there all through a walk, whatever comes, goes, moves and splits', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = new SeededRandom(seed);
      const twins = new Twins(new PositionHasher(Buffer.from('position')));
      const name = (): string => (random.below(2) === 0 ? `{tag}${random.below(30_000)}` : `k${random.below(30_000)}`);
      while (twins.map.size < 12_000) twins.set(name(), random.below(4) * 10);
      const stayed = new Set(twins.map.keys());
      const churn = (): void => {
        for (let i = 0; i < 400; i++) {
          const one = name();
          if (random.below(3) === 0) {
            twins.remove(one);
            stayed.delete(one);
          } else twins.set(one, random.below(4) * 10, random.below(100));
        }
      };
      const times = new Map<string, number>();
      for (const one of twins.walk(300, churn).flat()) times.set(one, (times.get(one) ?? 0) + 1);
      expect(stayed.size).to.be.above(1000);
      for (const one of stayed) if (times.get(one) !== 1) expect.fail(`${one} was visited ${times.get(one)} times`);
      expect(Math.max(...times.values())).to.equal(1);
      twins.check();
    }
  });

  it('holds more keys of one position than a segment may have', () => {
    const twins = new Twins();
    const count = SEGMENT_COUNT_MAX + 20;
    // Of many lengths, so that few are compared byte by byte.
    const name = (i: number): string => `${BLOCK_SPAN}:${i}${'x'.repeat(i % 199)}`;
    for (let i = 0; i < count; i++) twins.set(name(i), 5);
    twins.set(`${BLOCK_SPAN + 1}:above`);
    twins.set(`${BLOCK_SPAN - 1}:below`);
    expect(twins.table.count).to.equal(count + 2);
    expect(twins.find(name(count - 1))).to.equal(name(count - 1));
    expect(twins.walk(10).map((reply) => reply.length)).to.deep.equal([count + 1, 1]);
  });

  it('leaves insert, replace and remove a true place, also after an insert that split', () => {
    const twins = new Twins(new PositionHasher(Buffer.from('position')));
    const head = new RecordHead();
    const make = (name: string, stamp: number): number => {
      head.replace(stamp, 1);
      const key = Buffer.from(name);
      return twins.heap.write(0, head, key, 0, key.length, key, 0, 0);
    };
    for (let i = 0; i < 2 * SEGMENT_COUNT_MAX; i++) {
      const name = `{tag}${i}`;
      const key = Buffer.from(name);
      expect(twins.table.find(key, 0, key.length)).to.equal(0);
      twins.table.insert(make(name, 1));
      const second = make(name, 2);
      twins.table.replace(second, false);
      if (i % 2 === 0) twins.table.remove();
      const found = twins.table.find(key, 0, key.length);
      if (found !== (i % 2 === 0 ? 0 : second)) expect.fail(`${name} is not where it was put`);
    }
    expect(twins.table.count).to.equal(SEGMENT_COUNT_MAX);
  });

  it('samples only what is there, and everything in the end', () => {
    const random = new SeededRandom(4);
    const twins = new Twins();
    const sample = (expiringOnly: boolean): string => {
      const ref = twins.table.sample(random.uint32(), random.uint32(), expiringOnly);
      return ref === 0 ? '' : twins.nameOf(ref);
    };
    expect([sample(false), sample(true)]).to.deep.equal(['', '']);
    for (let i = 0; i < 30; i++) twins.set(`${(i % 7) * BLOCK_SPAN + i}:${i}`);
    expect(sample(true)).to.equal('');
    for (const i of [3, 11, 12, 28]) twins.set(`${(i % 7) * BLOCK_SPAN + i}:${i}`, 10);
    const all = new Set(Array.from({ length: 3000 }, () => sample(false)));
    const volatile = new Set(Array.from({ length: 300 }, () => sample(true)));
    expect([...all].sort()).to.deep.equal([...twins.map.keys()].sort());
    expect([...volatile].sort()).to.deep.equal([...twins.map].flatMap(([key, at]) => (at > 0 ? [key] : [])).sort());
  });

  it('fills a run with records that are there, none of them twice', () => {
    const random = new SeededRandom(3);
    for (const count of [0, 1, 5, 40, 3 * SEGMENT_COUNT_MAX]) {
      const twins = new Twins(new PositionHasher(Buffer.alloc(8, 7)));
      for (let i = 0; i < count; i++) twins.set(`k${i}`);
      const met = new Set<string>();
      const run = new Int32Array(16);
      for (let i = 0; i < 400; i++) {
        const found = twins.table.sampleRun(random.uint32(), random.uint32(), run);
        expect(found).to.equal(Math.min(16, count));
        const names = [...run.subarray(0, found)].map((ref) => sharedHeap.key(ref).toString());
        expect(new Set(names).size).to.equal(found);
        for (const name of names) expect(twins.map.has(name)).to.equal(true);
        names.forEach((name) => met.add(name));
      }
      expect(met.size).to.be.at.least(Math.min(count, 2000));
    }
  });

  it('drains each record once, at least as many at a time as asked for', () => {
    const twins = oneTag(20_000);
    const drained: number[] = [];
    const visited: string[] = [];
    const visit = (ref: number): void => {
      visited.push(twins.nameOf(ref));
      twins.heap.slab.free(ref);
    };
    do drained.push(twins.table.drain(5000, visit));
    while (drained.at(-1) !== 0);
    expect(visited.length).to.equal(20_000);
    expect(new Set(visited).size).to.equal(20_000);
    expect(drained.filter((count) => count < 5000).length).to.be.at.most(2);
    expect(twins.heap.slab.usedBytes, 'indexes are freed too').to.equal(0);
  });
});
