import { expect } from 'chai';

import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { RingBench } from './ring-bench.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);
const NODES = [0, 1, 2];
const MANY = 300;
/** So many are being removed at a time. */
const UNDER_WAY = 256;
const CONFIG = 'write-timeout 300\nmax-clock-drift 200\nrepair-interval 0\n';

async function repairAll(ring: RingBench): Promise<void> {
  for (const node of NODES) {
    ring.nodes[node].connect().send('RING', 'REPAIR');
    await ring.advance(1500);
  }
}

describe('Keys that have expired on disk', () => {
  it('are removed with a round of anti-entropy, and hashes of which fields have lose these; then their marks go', async () => {
    const ring = await RingBench.start(3, CONFIG);
    const client = ring.nodes[0].connect();
    for (const key of KEYS) expect(await ring.ask(client, 'SET', key, 'v', 'PX', '3000')).to.equal('OK');
    await ring.ask(client, 'HSET', 'hash', 'stays', 'v', 'goes', 'v');
    await ring.ask(client, 'HPEXPIRE', 'hash', '3000', 'FIELDS', '1', 'goes');
    for (const node of NODES) {
      await ring.ask(ring.nodes[node].connect(), 'SAVE');
      ring.spill(node);
      expect(ring.nodes[node].node.keyspace.recordCount).to.equal(0);
    }
    await ring.advance(5000);
    for (const node of NODES) expect(await ring.ask(ring.nodes[node].connect(), 'DBSIZE')).to.equal(KEYS.length + 1);
    await repairAll(ring);
    await ring.advance(2000);
    for (const node of NODES) expect(await ring.ask(ring.nodes[node].connect(), 'DBSIZE')).to.equal(1);
    await repairAll(ring);
    for (const node of NODES) {
      expect(await ring.ask(ring.nodes[node].connect(), 'COMPACT')).to.equal('OK');
      const info = String(await ring.ask(ring.nodes[node].connect(), 'INFO', 'ring'));
      expect(info).to.include(`repair_deletes_dropped:${KEYS.length}\r`).and.include('repair_marks_dropped:1\r');
    }
    expect(await ring.ask(client, 'HGETALL', 'hash')).to.deep.equal(['stays', 'v']);
  });

  it('are not read while others do not answer: no more than are being removed', async () => {
    const ring = await RingBench.start(3, CONFIG);
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: MANY }, (_, i) => `{a}${i}`);
    for (const key of keys) client.send('SET', key, 'v', 'PX', '3000');
    await ring.advance(500);
    const first = ring.replicasOf('{a}')[0];
    for (const node of NODES) {
      await ring.ask(ring.nodes[node].connect(), 'SAVE');
      ring.spill(node);
    }
    await ring.advance(5000);
    ring.nodes[first].connect().send('RING', 'REPAIR');
    await ring.advance(3000, ({ kind }) => kind !== MessageKind.ASK);
    expect(ring.nodes[first].node.keyspace.recordCount).to.be.within(UNDER_WAY, UNDER_WAY + 1);
    for (let i = 0; i < 2; i++) {
      ring.nodes[first].connect().send('RING', 'REPAIR');
      await ring.advance(3000);
    }
    expect(await ring.ask(ring.nodes[0].connect(), 'DBSIZE')).to.equal(0);
  });
});
