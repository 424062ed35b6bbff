import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import { ReplicaBench } from './replica-bench.js';

const LIST = Buffer.from('list');

describe('Deletes that are gone from disk, of lists', () => {
  async function begin(): Promise<{
    copy: ReplicaBench;
    take: (batch: Buffer) => void;
    deleted: Buffer;
    amended: Buffer;
    newer: Buffer;
    last: Buffer;
  }> {
    const deleter = await ReplicaBench.create(1);
    const copy = await ReplicaBench.create(2);
    const amender = await ReplicaBench.create(3);
    let last: Buffer = Buffer.alloc(0);
    deleter.onBatch = amender.onBatch = (batch) => (last = batch);
    const run = (bench: ReplicaBench, ...words: [string, ...string[]]): Buffer => {
      deleter.advance(10);
      amender.advance(10);
      bench.run(...words);
      return last;
    };
    const pushed = run(deleter, 'RPUSH', 'list', 'old');
    amender.take(pushed);
    amender.commit();
    const deleted = run(deleter, 'DEL', 'list');
    const amended = run(amender, 'LSET', 'list', '0', 'new');
    const newer = run(deleter, 'SET', 'other', 'v');
    const take = (batch: Buffer): void => {
      copy.take(batch);
      copy.commit();
    };
    return { copy, take, deleted, amended, newer, last: run(deleter, 'RPUSH', 'list', 'last') };
  }

  function settle(copy: ReplicaBench, deleted: Buffer): void {
    copy.settled.raiseAll([[slotOf(LIST, 0, LIST.length), deleted.readDoubleLE(3) + 1000]]);
  }

  it('bring no element back that somebody changed who had not heard of the delete, and that is in the log', async () => {
    const { copy, take, deleted, amended, newer } = await begin();
    take(deleted);
    take(newer);
    copy.flushTables();
    await copy.settle();
    copy.spill();
    copy.compact();
    take(amended);
    settle(copy, deleted);
    await copy.settle();
    copy.compact();
    await copy.settle();
    copy.spill();
    expect(copy.run('LRANGE', 'list', '0', '-1')).to.equal('*0\r\n');
  });

  for (const isTakenBack of [false, true]) {
    const behind = isTakenBack ? 'and something of its slot is taken back' : 'though something newer came behind it';
    it(`bring no such element back that was never completed in memory, ${behind}`, async () => {
      const { copy, take, deleted, amended, newer, last } = await begin();
      take(deleted);
      copy.flushTables();
      await copy.settle();
      copy.spill();
      take(amended);
      take(newer);
      copy.flushTables();
      await copy.settle();
      settle(copy, deleted);
      copy.store.onDeadRisen();
      take(last);
      copy.compact();
      await copy.settle();
      expect(copy.store.deletesDropped).to.be.above(0);
      if (isTakenBack) copy.keyspace.forgetGone(copy.db, slotOf(LIST, 0, LIST.length));
      expect(copy.run('LRANGE', 'list', '0', '-1')).to.equal('*1\r\n$4\r\nlast\r\n');
    });
  }
});
