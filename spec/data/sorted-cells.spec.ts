import { expect } from 'chai';
import fc from 'fast-check';
import type { SortedCells } from '../../lib/data/sorted-cells.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { KeyspaceBench } from './keyspace-bench.js';

type Pairs = (readonly [member: string, score: number])[];

/** What has happened to the sorted set. */
type Step =
  | { readonly do: 'put'; readonly member: string; readonly score: number }
  | { readonly do: 'remove'; readonly member: string }
  | { readonly do: 'removeRank'; readonly rank: number }
  | { readonly do: 'fill'; readonly count: number }
  | { readonly do: 'thin'; readonly count: number };

const members = fc.oneof(
  fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', '\0', '\xff') }),
  fc.integer({ min: 0, max: 300 }).map(String),
  fc.constantFrom('long'.repeat(30), 'longer'.repeat(700)),
);
const scores = fc.oneof(
  fc.integer({ min: -4, max: 4 }),
  fc.constantFrom(0.5, -0.5, Infinity, -Infinity, Number.MIN_VALUE, 1e300),
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ do: fc.constant('put' as const), member: members, score: scores }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), member: members }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('removeRank' as const), rank: fc.nat(200) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fill' as const), count: fc.integer({ min: 1, max: 150 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('thin' as const), count: fc.integer({ min: 1, max: 150 }) }) },
  ),
  { maxLength: 40, size: 'max' },
);

/** A sorted set in a keyspace, and the pairs that ought to be in it. */
class Twins {
  readonly bench = new KeyspaceBench();
  readonly scores = new Map<string, number>();

  constructor(keepsTombstones = false) {
    this.bench.keyspace.keepsTombstones = keepsTombstones;
  }

  play(step: Step): void {
    if (step.do === 'put') this.put(step.member, step.score);
    else if (step.do === 'remove') this.remove(step.member);
    else if (step.do === 'removeRank') this.removeRank(step.rank);
    else if (step.do === 'fill') for (let i = 0; i < step.count; i++) this.put(`m${String(i)}`, (i * 37) % 11);
    else for (let i = 0; i < step.count; i++) this.remove(`m${String(i)}`);
    this.bench.endTurn();
  }

  get sorted(): Pairs {
    return [...this.scores].sort(([a, x], [b, y]) => {
      return x === y ? Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')) : x - y;
    });
  }

  private put(member: string, score: number): void {
    const cells = cellsOf(this.bench);
    const field = Buffer.from(`<${member}>`, 'latin1');
    cells.find(field, 1, field.length - 1);
    cells.putScore(score);
    field.fill(0xee);
    this.scores.set(member, score);
  }

  private remove(member: string): void {
    const cells = cellsOf(this.bench);
    const field = Buffer.from(member, 'latin1');
    expect(cells.find(field, 0, field.length)).to.equal(this.scores.has(member));
    if (this.scores.delete(member)) cells.remove();
  }

  private removeRank(rank: number): void {
    const cells = cellsOf(this.bench);
    const { sorted } = this;
    expect(cells.seek(rank)).to.equal(rank < sorted.length);
    if (rank >= sorted.length) return;
    this.scores.delete(sorted[rank][0]);
    cells.removeCurrent();
  }
}

/** The sorted set of a bench, under its cursor. */
function cellsOf(bench: KeyspaceBench): SortedCells {
  bench.find(0, 'key');
  bench.keyspace.sortedSets.use();
  return bench.keyspace.sortedSets;
}

function memberOf(cells: SortedCells): string {
  return cells.bytes.toString('latin1', cells.fieldStart, cells.fieldEnd);
}

/** From the lowest up. */
function pairsUp(bench: KeyspaceBench): Pairs {
  const cells = cellsOf(bench);
  const pairs: Pairs = [];
  for (let on = cells.seek(0); on; on = cells.up()) pairs.push([memberOf(cells), cells.score]);
  return pairs;
}

/** What the part of a sorted set from a rank on is written as. */
function writtenUp(bench: KeyspaceBench, rank: number, count: number): string {
  const cells = cellsOf(bench);
  const reply = new ReplyWriter(new BufferPool(0));
  if (cells.seek(rank)) cells.writeUp(reply, count);
  return reply.buffer.toString('latin1', 0, reply.length);
}

function pairsDown(bench: KeyspaceBench): Pairs {
  const cells = cellsOf(bench);
  const pairs: Pairs = [];
  for (let on = cells.seek(cells.count - 1); on; on = cells.down()) pairs.push([memberOf(cells), cells.score]);
  return pairs;
}

describe('SortedCells', () => {
  for (const keepsTombstones of [false, true]) {
    it(`SortedCells is a sorted map, ${keepsTombstones ? 'and remembers what was removed' : 'packed and large'}`, () => {
      fc.assert(
        fc.property(steps, (list) => {
          const twins = new Twins(keepsTombstones);
          for (const step of list) twins.play(step);
          const { sorted, bench } = twins;
          expect(cellsOf(bench).count).to.equal(sorted.length);
          expect(bench.find(0, 'key')).to.equal(sorted.length > 0);
          expect(pairsUp(bench)).to.deep.equal(sorted);
          expect(pairsDown(bench)).to.deep.equal([...sorted].reverse());
        }),
        { numRuns: 60 },
      );
    });
  }

  it('SortedCells writes members from any rank on', () => {
    fc.assert(
      fc.property(steps, fc.nat(20), fc.nat(200), (list, first, most) => {
        const twins = new Twins();
        for (const step of list) twins.play(step);
        const part = twins.sorted.slice(first, first + most);
        const expected = part.map(([member]) => `$${String(member.length)}\r\n${member}\r\n`).join('');
        expect(writtenUp(twins.bench, first, part.length)).to.equal(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('SortedCells knows ranks', () => {
    fc.assert(
      fc.property(steps, scores, (list, score) => {
        const twins = new Twins();
        for (const step of list) twins.play(step);
        const { sorted, bench } = twins;
        for (const [rank, [member, own]] of sorted.entries()) {
          const cells = cellsOf(bench);
          const field = Buffer.from(member, 'latin1');
          expect(cells.find(field, 0, field.length)).to.equal(true);
          expect(cells.score).to.equal(own);
          expect(cells.rank).to.equal(rank);
        }
        const below = sorted.filter(([, other]) => other < score).length;
        const upTo = sorted.filter(([, other]) => other <= score).length;
        expect(cellsOf(bench).rankOfScore(score, false)).to.equal(below);
        expect(cellsOf(bench).rankOfScore(score, true)).to.equal(upTo);
      }),
      { numRuns: 40 },
    );
  });

  it('SortedCells counts the members below a text where all scores are equal', () => {
    fc.assert(
      fc.property(fc.array(members, { maxLength: 200 }), members, (list, text) => {
        const twins = new Twins();
        for (const member of list) twins.play({ do: 'put', member, score: 1 });
        const names = twins.sorted.map(([member]) => Buffer.from(member, 'latin1'));
        const bytes = Buffer.from(text, 'latin1');
        const below = names.filter((name) => Buffer.compare(name, bytes) < 0).length;
        const upTo = names.filter((name) => Buffer.compare(name, bytes) <= 0).length;
        expect(cellsOf(twins.bench).rankOfMember(bytes, 0, bytes.length, false)).to.equal(below);
        expect(cellsOf(twins.bench).rankOfMember(bytes, 0, bytes.length, true)).to.equal(upTo);
      }),
      { numRuns: 40 },
    );
  });

  it('SortedCells come back from the log, in its order and in any other, and when some of it is read twice', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1000 }), (list, seed) => {
        const twins = new Twins();
        for (const step of list) twins.play(step);
        const { log } = twins.bench;
        const replayed = new KeyspaceBench();
        replayed.replay(log);
        expect(pairsUp(replayed)).to.deep.equal(twins.sorted);
        expect(pairsDown(replayed)).to.deep.equal([...twins.sorted].reverse());
        const disordered = new KeyspaceBench();
        disordered.keyspace.keepsTombstones = true;
        const shuffled = [...log, ...log.slice(0, 5)].map((batch, i) => ({ batch, at: (i * seed * 7919) % 1009 }));
        disordered.replay(shuffled.sort((a, b) => a.at - b.at).map(({ batch }) => batch));
        expect(pairsUp(disordered)).to.deep.equal(twins.sorted);
      }),
      { numRuns: 60 },
    );
  });

  it('SortedCells go to an entry and come back from it', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const twins = new Twins();
        for (const step of list) twins.play(step);
        const { keyspace } = twins.bench;
        const key = Buffer.from('key');
        const ref = keyspace.find(twins.bench.database(0), key, 0, key.length);
        if (ref === 0) return;
        const other = new KeyspaceBench();
        other.keyspace.absorb(other.database(0), key, keyspace.entryOf(ref));
        expect(pairsUp(other)).to.deep.equal(twins.sorted);
        expect(pairsDown(other)).to.deep.equal([...twins.sorted].reverse());
      }),
      { numRuns: 40 },
    );
  });

  it('SortedCells give all memory back when they are gone', () => {
    const twins = new Twins();
    const { keyspace } = twins.bench;
    twins.play({ do: 'put', member: 'first', score: 1 });
    twins.play({ do: 'remove', member: 'first' });
    const before = keyspace.heap.slab.usedBytes;
    for (const leaves of [false, true]) {
      for (let i = 0; i < 3000; i++) twins.play({ do: 'put', member: String(i), score: i % 10 });
      twins.bench.find(0, 'key');
      if (leaves) keyspace.remove();
      else for (let i = 0; i < 3000; i++) twins.play({ do: 'remove', member: String(i) });
      for (let slices = 0; keyspace.freeFlushed(100); slices++) expect(slices).to.be.below(100);
      expect(keyspace.heap.slab.usedBytes).to.equal(before);
    }
  });
});
