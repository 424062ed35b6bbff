import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import { FieldTable } from '../../../lib/storage/memory/field-table.js';
import { ReplicaBench } from './replica-bench.js';

const FIELDS = Array.from({ length: 300 }, (_, i) => `f${i}`);

/** Everything of a key that is known is settled, or all up to a stamp. */
function settle(copy: ReplicaBench, key: string, stamp = copy.keyspace.clock.latest): void {
  copy.settled.raiseAll([[slotOf(Buffer.from(key), 0, key.length), stamp]]);
  copy.store.onDeadRisen();
}

/** All that is settled goes, from memory and from tables. */
async function drop(copy: ReplicaBench): Promise<void> {
  copy.flushTables();
  await copy.settle();
  copy.sweepMarks();
  copy.compact();
  await copy.settle();
}

const marksOf = (copy: ReplicaBench, key: string): number =>
  [...copy.entry(key).cells.values()].filter(({ value }) => value === undefined).length;

const largeOf = ({ db, keyspace: { heap } }: ReplicaBench, key: string): unknown => {
  const ref = db.table.find(Buffer.from(key), 0, key.length);
  return heap.isLarge(ref) ? heap.large.get(heap.largeIndex(ref)) : undefined;
};

describe('Marks of what was taken out of a collection', () => {
  it('stay until they are settled, and hide what comes late; then they go, from memory and from tables', async () => {
    const copy = await ReplicaBench.create(1);
    const batches: Buffer[] = [];
    copy.onBatch = (batch) => batches.push(Buffer.from(batch));
    copy.run('HSET', 'hash', 'stays', 'v', ...FIELDS.flatMap((field) => [field, 'v']));
    copy.advance(5000);
    const before = copy.keyspace.clock.latest;
    copy.run('HDEL', 'hash', ...FIELDS);
    settle(copy, 'hash', before);
    await drop(copy);
    expect([marksOf(copy, 'hash'), copy.store.marksDropped]).to.deep.equal([300, 0]);
    copy.take(batches[0]);
    copy.commit();
    expect(copy.run('HLEN', 'hash')).to.equal(':1\r\n');
    copy.advance(5000);
    settle(copy, 'hash');
    await drop(copy);
    expect([marksOf(copy, 'hash'), copy.store.marksDropped]).to.deep.equal([0, 300]);
    const large = largeOf(copy, 'hash');
    expect(large instanceof FieldTable && large.table.count).to.equal(1);
    copy.spill();
    expect(copy.run('HGETALL', 'hash')).to.equal('*2\r\n$5\r\nstays\r\n$1\r\nv\r\n');
  });

  it('go with the key if nothing else is left of it, a list too, and one that was to expire', async () => {
    const copy = await ReplicaBench.create(1);
    copy.run('SADD', 'set', 'a', 'b');
    copy.run('EXPIRE', 'set', '1000');
    copy.run('SREM', 'set', 'a', 'b');
    copy.run('RPUSH', 'list', 'a');
    copy.run('LPOP', 'list');
    copy.advance(5000);
    for (const key of ['set', 'list']) settle(copy, key);
    copy.run('SET', 'other', 'v');
    await drop(copy);
    copy.spill();
    expect(copy.store.deletesDropped).to.equal(2);
    expect(copy.db.table.count).to.equal(0);
    expect(['set', 'list'].map((key) => copy.run('TYPE', key))).to.deep.equal(['+none\r\n', '+none\r\n']);
  });
});
