import { expect } from 'chai';
import { slotOf } from '../../../lib/base/position.js';
import { Level, replicasNeeded } from '../../../lib/cluster/coordination/consistency.js';
import { Acknowledgement } from '../../../lib/cluster/replication/acknowledgement.js';
import { Replicator } from '../../../lib/cluster/replication/replicator.js';
import type { Member } from '../../../lib/cluster/ring/member.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { BatchReader } from '../../../lib/record/batch-reader.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const TIMEOUT_MS = 100;

function ringOf(ids: readonly string[]): Ring {
  const members = ids.map((id, i): Member => ({
    id,
    ordinal: i + 1,
    zone: '',
    tokens: [i * 1000],
    state: 'up',
    address: { host: '127.0.0.1', port: 7000 + i, tlsPort: 0, busPort: 17_000 + i },
  }));
  return new Ring({
    clusterId: 'c'.repeat(40),
    generation: 1,
    epoch: 1,
    replicaCount: ids.length,
    positionKey: '0123456789abcdef',
    nextOrdinal: ids.length + 1,
    members,
    voters: [...ids],
  });
}

/** Three members, one of which puts keys; what it sends is lost, and the others answer as they are told. */
class ReplicatorBench {
  readonly told: string[] = [];
  readonly replicator: Replicator;
  nowMs = 1000;
  private readonly batch = new WriteBatch(1);
  private readonly ids = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  private stamp = 100;

  constructor() {
    const [self] = this.ids;
    this.replicator = new Replicator({
      self,
      batch: this.batch,
      links: { send: () => true },
      hints: { keep: () => true },
      isSloppy: () => false,
      random: new SeededRandom(1),
      nowMs: () => this.nowMs,
      writeTimeoutMs: () => TIMEOUT_MS,
      replicasNeeded,
      putAgain: () => undefined,
      decidePut: () => undefined,
      isEraOne: () => false,
    });
    this.replicator.useRing(ringOf(this.ids));
  }

  /** Puts a key, and has somebody wait for a quorum that has it; so much later. Returns the number of the batch. */
  put(key: string, laterMs = 0): number {
    const { batch, replicator, told } = this;
    batch.entry(0, Buffer.from(key), 0, key.length, 1, ++this.stamp);
    batch.string(this.stamp, true, Buffer.from('v'), 0, 1);
    replicator.note(slotOf(Buffer.from(key), 0, key.length), true);
    batch.closeRecord();
    replicator.ship();
    batch.reset();
    this.nowMs += laterMs;
    const { sequence } = replicator;
    replicator.await(0, sequence, Level.QUORUM, true, {
      settle: () => told.push(`${key} settled`),
      giveUp: () => told.push(`${key} given up`),
    });
    return sequence;
  }

  /** What one of the others says: of the first record of a batch, that it holds something newer. */
  answer(after: number, sequence: number, newerIn?: number): void {
    const newer = newerIn === undefined ? [] : [{ sequence: newerIn, record: 0, stamp: 1000 }];
    this.replicator.acknowledged(this.ids[1], new Acknowledgement(after, sequence, newer));
  }
}

describe('Replicator', () => {
  it('takes no answer of a replica behind one that was lost, before that was said again', () => {
    const bench = new ReplicatorBench();
    const [first, second] = [bench.put('x'), bench.put('y')];
    bench.answer(first, second);
    expect(bench.told).to.deep.equal([]);
    bench.replicator.sendMissed();
    bench.answer(first, second);
    expect(bench.told).to.deep.equal([]);
    bench.answer(0, second);
    expect(bench.told).to.deep.equal(['x settled', 'y settled']);
  });

  it('says that nobody knows what became of a put that a replica has something newer than, and that is not kept any more', () => {
    const bench = new ReplicatorBench();
    const sequence = bench.put('x', 1);
    bench.nowMs += TIMEOUT_MS;
    bench.replicator.tick();
    expect([bench.replicator.pendingBytes, bench.told]).to.deep.equal([0, []]);
    bench.answer(0, sequence, sequence);
    expect(bench.told).to.deep.equal(['x given up']);
  });

  it('reads what it keeps for a slow replica once, however many keys that has something newer of', () => {
    const [answers, kept] = [100, 400];
    const bench = new ReplicatorBench();
    const puts = Array.from({ length: answers }, (_, i) => bench.put(`cold:${i}`));
    for (let i = 0; i < kept; i++) bench.put(`later:${i}`);
    // Other keys of the same slots.
    for (let i = 0; i < answers; i++) bench.put(`{cold:${i}}`);
    const next = Reflect.get(BatchReader.prototype, 'next');
    let reads = 0;
    BatchReader.prototype.next = function counted(this: BatchReader): boolean {
      reads++;
      return next.call(this);
    };
    try {
      puts.forEach((sequence, i) => {
        bench.answer(puts[i - 1] ?? 0, sequence, sequence);
      });
    } finally {
      BatchReader.prototype.next = next;
    }
    expect(bench.replicator.putAgainCount).to.equal(answers);
    // All batches once, and a few records an answer.
    expect(reads).to.be.below(2 * (2 * answers + kept) + 10 * answers);
  });

  it('finds the batch in which it has changed a key since, whose put a replica has something newer than', () => {
    const bench = new ReplicatorBench();
    const first = bench.put('x');
    bench.put('y');
    const second = bench.put('x');
    bench.answer(0, first, first);
    expect([bench.replicator.putAgainCount, bench.told]).to.deep.equal([0, []]);
    bench.answer(first, second);
    expect(bench.told).to.have.members(['x settled', 'x settled', 'y settled']);
  });
});
