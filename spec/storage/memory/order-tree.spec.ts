import { expect } from 'chai';
import fc from 'fast-check';
import { OrderCursor, OrderTree } from '../../../lib/storage/memory/order-tree.js';
import { RecordHead } from '../../../lib/storage/memory/record-head.js';
import { RecordHeap } from '../../../lib/storage/memory/record-heap.js';
import { SeededRandom } from '../../sim/seeded-random.js';

interface Member {
  readonly name: Buffer;
  readonly score: number;
  readonly ref: number;
}

const NOTHING = Buffer.alloc(0);
/** One for all: making its first chunk of memory costs milliseconds. */
const heap = new RecordHeap();
const head = new RecordHead();
let stamp = 0;

/** A record whose key is `name`. */
function recordOf(name: Buffer): number {
  head.replace(++stamp, 1);
  return heap.write(0, head, name, 0, name.length, NOTHING, 0, 0);
}

function order(a: Member, b: Member): number {
  if (a.score < b.score) return -1;
  if (a.score > b.score) return 1;
  return Buffer.compare(a.name, b.name);
}

/** A tree with a sorted array beside it. */
class Twins {
  readonly tree = new OrderTree(heap);
  members: Member[] = [];
  private readonly names = new Set<string>();

  constructor() {
    heap.clear();
  }

  insert(text: string, score: number): void {
    if (this.names.has(text)) return;
    this.names.add(text);
    const name = Buffer.from(text, 'latin1');
    const member = { name, score, ref: recordOf(name) };
    this.tree.insert(score, member.ref);
    this.members.splice(this.placeOf(member), 0, member);
  }

  /** The member of a rank, which may be too large. */
  remove(rank: number): void {
    if (this.members.length === 0) return;
    const [gone] = this.members.splice(rank % this.members.length, 1);
    this.names.delete(gone.name.toString('latin1'));
    this.tree.remove(gone.score, gone.ref);
    heap.slab.free(gone.ref);
  }

  /** Moves the record of the member of a rank. */
  move(rank: number): void {
    if (this.members.length === 0) return;
    const at = rank % this.members.length;
    const { name, score, ref: old } = this.members[at];
    const ref = recordOf(name);
    this.tree.changeRef(score, old, ref);
    heap.slab.free(old);
    this.members[at] = { name, score, ref };
  }

  check(): void {
    const { tree, members } = this;
    expect(tree.count).to.equal(members.length);
    expect(this.walked()).to.deep.equal(members.map(({ ref }) => ref));
    expect(this.walkedBack()).to.deep.equal(members.map(({ ref }) => ref).reverse());
  }

  checkRanks(): void {
    for (let rank = 0; rank < this.members.length; rank += 1 + Math.floor(this.members.length / 50)) {
      const { score, ref } = this.members[rank];
      expect(this.tree.rank(score, ref)).to.equal(rank);
      expect(this.tree.refAt(rank)).to.equal(ref);
      this.checkScore(score);
    }
    for (const score of [-Infinity, -1, -0, 0, 0.5, 7, Infinity]) this.checkScore(score);
  }

  private checkScore(score: number): void {
    expect(this.tree.rankOfScore(score, false)).to.equal(this.members.filter((other) => other.score < score).length);
    expect(this.tree.rankOfScore(score, true)).to.equal(this.members.filter((other) => other.score <= score).length);
  }

  private placeOf(member: Member): number {
    let low = 0;
    let high = this.members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(this.members[middle], member) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private walked(): number[] {
    const cursor = new OrderCursor();
    const refs: number[] = [];
    for (let on = this.tree.seek(0, cursor); on; on = cursor.next()) {
      expect(Object.is(cursor.score, this.members[refs.length].score)).to.equal(true);
      refs.push(cursor.ref);
    }
    return refs;
  }

  private walkedBack(): number[] {
    const cursor = new OrderCursor();
    const refs: number[] = [];
    for (let on = this.tree.seek(this.tree.count - 1, cursor); on; on = cursor.previous()) refs.push(cursor.ref);
    return refs;
  }
}

const anyScore = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
);
const anyName = fc.oneof(
  fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', '\0', '\xff') }),
  fc.string({ maxLength: 90, unit: fc.constantFrom('a', 'b') }),
);
const anyRank = fc.nat();

type Step = (twins: Twins) => void;
/** Each step may take many members at once, so that the tree gets several levels and loses them again. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(anyName, anyScore).map(([name, score]): Step => (twins) => {
    twins.insert(name, score);
  }),
  fc.tuple(anyRank, fc.integer({ min: 1, max: 200 })).map(([rank, count]): Step => (twins) => {
    for (let i = 0; i < count; i++) twins.remove(rank);
  }),
  fc.integer({ min: 1, max: 400 }).map((count): Step => (twins) => {
    for (let i = 0; i < count; i++) twins.insert(`up${String(i)}`, i);
  }),
  fc.integer({ min: 1, max: 400 }).map((count): Step => (twins) => {
    for (let i = 0; i < count; i++) twins.insert(`down${String(i)}`, -i);
  }),
  fc.integer({ min: 1, max: 400 }).map((count): Step => (twins) => {
    for (let i = 0; i < count; i++) twins.insert(`same${String((i * 7919) % count)}`, 1);
  }),
  anyRank.map((rank): Step => (twins) => {
    twins.move(rank);
  }),
);

describe('OrderTree', () => {
  it('OrderTree is a sorted array, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
        const twins = new Twins();
        for (const step of steps) {
          step(twins);
          twins.check();
        }
        twins.checkRanks();
      }),
      { numRuns: 60 },
    );
  });

  it('OrderTree keeps its order and ranks while it grows to three levels and empties again', () => {
    for (const seed of [1, 2]) {
      const random = new SeededRandom(seed);
      const twins = new Twins();
      for (let i = 0; i < 12_000; i++) {
        const byEqualScores = seed === 2;
        twins.insert(`member${String(random.uint32())}`, byEqualScores ? 0 : random.uint32() % 3000);
      }
      twins.check();
      twins.checkRanks();
      for (let i = 0; i < 500; i++) twins.move(random.uint32());
      while (twins.members.length > 0) {
        for (let i = 0; i < 1000; i++) twins.remove(random.uint32());
        twins.check();
        // A third of 41 places of 12 bytes each, and what is above the leaves.
        if (twins.tree.count > 1000) expect(twins.tree.usedBytes / twins.tree.count).to.be.below(45);
      }
      expect(twins.tree.usedBytes).to.equal(0);
    }
  });

  it('OrderTree.rankOfMember counts the members below a text', () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 120 }), fc.array(anyName, { maxLength: 10 }), (names, texts) => {
        const twins = new Twins();
        for (const name of names) twins.insert(name, 3);
        for (const text of [...texts, ...names.slice(0, 3)].map((name) => Buffer.from(name, 'latin1'))) {
          const below = twins.members.filter(({ name }) => Buffer.compare(name, text) < 0).length;
          const upTo = twins.members.filter(({ name }) => Buffer.compare(name, text) <= 0).length;
          expect(twins.tree.rankOfMember(text, 0, text.length, false)).to.equal(below);
          expect(twins.tree.rankOfMember(text, 0, text.length, true)).to.equal(upTo);
        }
      }),
    );
  });

  it('OrderTree.seek puts the cursor on no member where there is no such rank', () => {
    const twins = new Twins();
    const cursor = new OrderCursor();
    expect(twins.tree.seek(0, cursor)).to.equal(false);
    twins.insert('only', 1);
    expect(twins.tree.seek(-1, cursor)).to.equal(false);
    expect(twins.tree.seek(1, cursor)).to.equal(false);
    expect(cursor.ref).to.equal(0);
    expect(cursor.next()).to.equal(false);
    expect(twins.tree.seek(0, cursor)).to.equal(true);
    expect(cursor.next()).to.equal(false);
    expect(cursor.previous()).to.equal(false);
  });

  it('OrderTree fills its leaves to the last place when members come in order, and to two thirds in none', () => {
    const bytesAMember = (scoreOf: (i: number) => number): number => {
      const twins = new Twins();
      for (let i = 0; i < 20_000; i++) twins.insert(String(i), scoreOf(i));
      return twins.tree.usedBytes / twins.tree.count;
    };
    const random = new SeededRandom(3);
    expect(bytesAMember((i) => i)).to.be.below(14);
    expect(bytesAMember((i) => -i)).to.be.below(14);
    expect(bytesAMember(() => random.uint32())).to.be.below(20);
  });

  it('OrderTree.drain frees all nodes, a few at a time', () => {
    const twins = new Twins();
    for (let i = 0; i < 10_000; i++) twins.insert(String(i), (i * 7919) % 10_000);
    const before = heap.slab.usedBytes - twins.tree.usedBytes;
    let drained = 0;
    for (let freed = 100; freed >= 100; drained += freed) {
      freed = twins.tree.drain(100);
      expect(freed).to.be.at.most(141);
    }
    expect(drained).to.equal(10_000);
    expect(twins.tree.usedBytes).to.equal(0);
    expect(heap.slab.usedBytes).to.equal(before);
  });

  it('OrderTree changes nothing when there is no memory for a new node', () => {
    const twins = new Twins();
    for (let i = 0; i < 5000; i++) twins.insert(String(i), i);
    const { slab } = heap;
    const allocate = slab.allocate.bind(slab);
    for (let room = 0, failed = 0; failed < 40; room = (room + 1) % 3) {
      const name = Buffer.from(`new${String(failed)}-${String(twins.tree.count)}`);
      const ref = recordOf(name);
      let left = room;
      slab.allocate = (bytes): number => {
        if (left-- === 0) throw new RangeError('no memory');
        return allocate(bytes);
      };
      const used = slab.usedBytes;
      try {
        twins.tree.insert(failed * 100 + 0.5, ref);
        twins.members.push({ name, score: failed * 100 + 0.5, ref });
      } catch (error) {
        expect(error).to.be.instanceOf(RangeError);
        expect(slab.usedBytes).to.equal(used);
        failed++;
      } finally {
        slab.allocate = allocate;
      }
      twins.members.sort(order);
    }
    twins.check();
  });
});
