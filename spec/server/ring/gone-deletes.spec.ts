import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import { ReplicaBench } from './replica-bench.js';

/** A copy that writes, and another one that is told of it in any order. */
class TwoCopies {
  readonly copy: ReplicaBench;
  private readonly writer: ReplicaBench;
  private readonly batches: Buffer[] = [];

  private constructor(writer: ReplicaBench, copy: ReplicaBench) {
    this.writer = writer;
    this.copy = copy;
    writer.onBatch = (batch) => this.batches.push(batch);
  }

  static async create(): Promise<TwoCopies> {
    return new TwoCopies(await ReplicaBench.create(1), await ReplicaBench.create(2));
  }

  /** What is told of a command. */
  run(...words: [string, ...string[]]): Buffer {
    const { length } = this.batches;
    this.writer.advance(10);
    this.writer.run(...words);
    return this.batches[length];
  }

  /** The copy is told of it, and has it in tables. */
  async store(batch: Buffer): Promise<void> {
    this.take(batch);
    this.copy.flushTables();
    await this.copy.settle();
  }

  take(batch: Buffer): void {
    this.copy.take(batch);
    this.copy.commit();
  }

  /** Of a key, what is deleted up to a stamp is settled. */
  settle(key: string, stamp: number): void {
    const { copy } = this;
    copy.settled.raiseAll([[slotOf(Buffer.from(key), 0, key.length), stamp]]);
    copy.store.onDeadRisen();
  }

  /** What is settled goes. */
  async lose(): Promise<void> {
    const { copy } = this;
    const before = copy.store.deletesDropped;
    copy.compact();
    await copy.settle();
    expect(copy.store.deletesDropped).to.be.above(before);
  }
}

/** The lowest stamp above all of a batch of one change, near enough. */
function above(batch: Buffer): number {
  return batch.readDoubleLE(3) + 1000;
}

describe('Deletes that are gone from disk', () => {
  it('bring nothing back that came late to memory, and was never completed, though something newer came behind it', async () => {
    const copies = await TwoCopies.create();
    const late = copies.run('SADD', 'set', 'late');
    const deleted = copies.run('DEL', 'set');
    const newer = copies.run('SADD', 'set', 'newer');
    await copies.store(deleted);
    copies.copy.spill();
    await copies.store(late);
    copies.settle('set', above(deleted));
    copies.take(newer);
    await copies.lose();
    expect(copies.copy.run('SMEMBERS', 'set')).to.equal('*1\r\n$5\r\nnewer\r\n');
  });

  it('bring nothing back when something of another key comes so late that memory is not known to be on disk any more', async () => {
    const copies = await TwoCopies.create();
    const oldest = copies.run('SET', 'other', 'v');
    const late = copies.run('SET', 'string', 'late');
    const deleted = copies.run('DEL', 'string');
    await copies.store(deleted);
    copies.copy.spill();
    await copies.store(late);
    copies.settle('string', above(deleted));
    await copies.lose();
    copies.take(oldest);
    expect(copies.copy.run('GET', 'string')).to.equal('$-1\r\n');
  });

  it('hide nothing that is taken back afterwards, however old, nor what it is merged with', async () => {
    const copies = await TwoCopies.create();
    const late = copies.run('SADD', 'set', 'late');
    const deleted = copies.run('DEL', 'set');
    const lost = copies.run('SADD', 'set', 'lost');
    const newer = copies.run('SADD', 'set', 'newer');
    await copies.store(deleted);
    copies.copy.spill();
    await copies.store(late);
    copies.settle('set', above(lost));
    copies.take(newer);
    await copies.lose();
    copies.copy.keyspace.forgetGone(copies.copy.db, slotOf(Buffer.from('set'), 0, 3));
    copies.take(lost);
    expect(copies.copy.run('SMEMBERS', 'set').split('\r\n').slice(0, -1).sort()).to.deep.equal(
      ['*2', '$4', 'lost', '$5', 'newer'].sort(),
    );
  });
});
