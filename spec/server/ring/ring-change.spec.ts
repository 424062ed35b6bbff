import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { finished } from '../../../lib/cluster/topology/ring-change.js';
import { movingKey } from './moving-key.js';
import { RingBench } from './ring-bench.js';

describe('A ring under change', () => {
  it('answers a write when enough have it of the replicas now, and of those to come', async () => {
    const ring = await RingBench.start(4);
    const joiner = await ring.join();
    ring.adopt();
    await ring.settle();
    const { key, stays, goes } = movingKey(ring, joiner);
    const client = ring.nodes[goes].connect();
    client.send('SET', key, 'v');
    // A majority of those now: itself, and one that stays. Of those to come only that one.
    await ring.settle(
      ({ kind, to, message }) =>
        kind > MessageKind.REPLICATED || [to, ring.ids.indexOf(message.from)].includes(stays[0]),
    );
    expect(client.wire()).to.equal('');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    expect(await ring.ask(ring.nodes[joiner].connect(), 'GET', key)).to.equal('v');
  });

  it('reads from a joining member nothing, and tells it what was read', async () => {
    const ring = await RingBench.start(4);
    const before = ring.nodes[0].connect();
    for (let i = 0; i < 40; i++) await ring.ask(before, 'SET', `key:${i}`, i);
    const joiner = await ring.join();
    ring.adopt();
    await ring.settle();
    const client = ring.nodes[joiner].connect();
    for (let i = 0; i < 40; i++) expect(await ring.ask(client, 'GET', `key:${i}`)).to.equal(`${i}`);
    expect(await ring.ask(client, 'WITH', 'ONE', 'GET', 'key:1')).to.equal('1');
  });

  it('sends anew what is under way when it changes, and answers it when the new replicas have it', async () => {
    const ring = await RingBench.start(4);
    const joiner = await ring.join();
    await ring.settle();
    const { key, goes } = movingKey(ring, joiner);
    const client = ring.nodes[goes].connect();
    client.send('SET', key, 'v');
    await ring.settle(() => false);
    ring.adopt();
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    ring.adopt(undefined, finished(ring.ring.document));
    await ring.settle();
    expect(await ring.ask(ring.nodes[joiner].connect(), 'WITH', 'ONE', 'GET', key)).to.equal('v');
  });

  it('refuses one that acts by the ring before, and serves it when it has learnt', async () => {
    const ring = await RingBench.start(4);
    const joiner = await ring.join();
    const { key, stays, goes } = movingKey(ring, joiner);
    ring.adopt([...stays, joiner]);
    await ring.settle();
    const client = ring.nodes[goes].connect();
    client.send('SET', key, 'v');
    client.send('GET', key);
    await ring.settle();
    expect(client.wire()).to.equal('');
    ring.adopt();
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK', 'v']);
  });

  it('answers a read that asked one who acts by the ring before, when that one has learnt', async () => {
    const ring = await RingBench.start(4);
    const { stays, goes, key } = movingKey(ring, await ring.join());
    await ring.settle();
    const client = ring.nodes[goes].connect();
    ring.adopt([goes]);
    client.send('GET', key);
    await ring.settle();
    expect(client.wire()).to.equal('');
    ring.adopt(stays);
    await ring.advance(100);
    expect(client.replies()).to.deep.equal([null]);
  });

  it('takes no write that the replicas to come cannot take, and hints what they miss', async () => {
    const ring = await RingBench.start(3, '', 1);
    const joiner = await ring.join();
    ring.adopt();
    await ring.settle();
    const { key, goes } = movingKey(ring, joiner);
    const client = ring.nodes[goes].connect();
    expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
    ring.isolate(joiner);
    expect(await ring.ask(client, 'SET', key, 'w')).to.equal('-NOREPLICAS need 1, have 0');
    expect(await ring.ask(client, 'WITH', 'ANY', 'SET', key, 'w')).to.match(/OK|NOREPLICAS/);
  });
});
