import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { CellType } from '../../../lib/record/entry.js';
import { keepEverything, keepNothing } from '../../sim/crash-fate.js';
import type { BenchClient } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);
const TIMEOUT = '-TIMEOUT need 2 replicas, had 1 in time';

/** A figure of INFO ring. */
async function figure(ring: RingBench, client: BenchClient, name: string): Promise<number> {
  const info = String(await ring.ask(client, 'INFO', 'ring'));
  return Number(new RegExp(`^${name}:(\\d+)\r$`, 'm').exec(info)?.[1]);
}

/** The same of all of a ring's nodes together. */
async function total(ring: RingBench, name: string): Promise<number> {
  let sum = 0;
  for (const node of ring.nodes) sum += await figure(ring, node.connect(), name);
  return sum;
}

/** A client of a node whose level is another one. */
async function clientWith(ring: RingBench, node: number, option: string, level: string): Promise<BenchClient> {
  const admin = ring.nodes[node].connect();
  expect(await ring.ask(admin, 'CONFIG', 'SET', option, level)).to.equal('OK');
  const client = ring.nodes[node].connect();
  await ring.ask(client, 'PING');
  await ring.ask(admin, 'CONFIG', 'SET', option, 'quorum');
  return client;
}

/** What one node has of keys, whatever the others have. */
async function ownValues(ring: RingBench, node: number, keys: readonly string[]): Promise<unknown[]> {
  const client = await clientWith(ring, node, 'read-consistency', 'one');
  const values: unknown[] = [];
  for (const key of keys) values.push(await ring.ask(client, 'GET', key));
  return values;
}

async function writeAll(ring: RingBench, client: BenchClient, value: string): Promise<void> {
  for (const key of KEYS) expect(await ring.ask(client, 'SET', key, value)).to.equal('OK');
}

describe('Hinted handoff', () => {
  it('brings a node what it has missed when it is back, whoever has written it', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    await writeAll(ring, clients[0], 'before');
    ring.isolate(2);
    for (let i = 0; i < KEYS.length; i++) {
      expect(await ring.ask(clients[i % 2], 'SET', KEYS[i], `v${i}`)).to.equal('OK');
      expect(await ring.ask(clients[i % 2], 'RPUSH', 'list', i)).to.equal(i + 1);
    }
    expect(await figure(ring, clients[1], 'hints')).to.be.above(0);
    ring.connectAgain();
    await ring.advance(500);
    ring.isolate(2);
    expect(await ownValues(ring, 2, KEYS)).to.deep.equal(KEYS.map((_, i) => `v${i}`));
    const alone = await clientWith(ring, 2, 'read-consistency', 'one');
    expect(await ring.ask(alone, 'LLEN', 'list')).to.equal(KEYS.length);
    for (const client of clients.slice(0, 2)) {
      expect(await figure(ring, client, 'hints')).to.equal(0);
      expect(await figure(ring, client, 'hint_bytes')).to.equal(0);
    }
  });

  it('goes on after the node that keeps them has restarted, with what was durable', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    ring.isolate(2);
    await writeAll(ring, client, 'v');
    await ring.advance(1500);
    ring.isolate(0);
    await ring.restart(0, keepNothing);
    const again = ring.nodes[0].connect();
    expect(await figure(ring, again, 'hints')).to.equal(KEYS.length);
    ring.connectAgain();
    await ring.advance(500);
    ring.isolate(2);
    expect(await ownValues(ring, 2, KEYS)).to.deep.equal(KEYS.map(() => 'v'));
    expect(await figure(ring, again, 'hints')).to.equal(0);
  });

  it('sends again what was not acknowledged when the link broke: twice is as good as once', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    ring.isolate(2);
    for (let i = 0; i < 10; i++) expect(await ring.ask(client, 'RPUSH', 'list', i)).to.equal(i + 1);
    ring.connectAgain();
    // It has all of them, and nobody hears of it.
    await ring.settle(({ kind }) => kind !== MessageKind.HINTED);
    ring.isolate(2);
    expect(await total(ring, 'hints')).to.equal(10);
    await ring.ask(client, 'RPUSH', 'list', 10);
    ring.connectAgain();
    await ring.advance(300);
    expect(await total(ring, 'hints_replayed')).to.equal(11);
    ring.isolate(2);
    const alone = await clientWith(ring, 2, 'read-consistency', 'one');
    expect(await ring.ask(alone, 'LRANGE', 'list', 0, -1)).to.deep.equal(
      Array.from({ length: 11 }, (_, i) => String(i)),
    );
  });

  it('acknowledges a hint when the log has it, and not before', async () => {
    const ring = await RingBench.start(3, 'appendfsync always');
    const client = ring.nodes[0].connect();
    ring.isolate(2);
    await ring.ask(client, 'SET', 'k', 'v');
    ring.connectAgain();
    ring.deliver(({ kind }) => kind === MessageKind.HINT);
    await ring.nodes[2].settle();
    expect(ring.sent.some(({ kind }) => kind === MessageKind.HINTED)).to.equal(false);
    await ring.nodes[2].finishSyncs();
    expect(ring.sent.some(({ kind }) => kind === MessageKind.HINTED)).to.equal(true);
  });

  it('counts no hint as a replica', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    client.send('SET', 'k', 'v');
    await ring.settle(() => false);
    // What was sent is lost: now there are hints for both.
    ring.isolate(0);
    await ring.advance(800);
    expect(client.replies()).to.satisfy((replies: unknown[]) => String(replies[0]).startsWith(TIMEOUT));
    expect(await figure(ring, client, 'hints')).to.equal(2);
    expect(await ring.ask(client, 'SET', 'k', 'w')).to.equal('-NOREPLICAS need 2, have 1');
  });

  it('counts a durable hint with sloppy-quorum, for each replica that cannot be reached', async () => {
    const ring = await RingBench.start(3, 'sloppy-quorum yes\nwrite-timeout 500');
    const client = ring.nodes[0].connect();
    ring.isolate(0);
    client.send('SET', 'k', 'v');
    await ring.nodes[0].settle();
    expect(client.wire()).to.equal('');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    const all = await clientWith(ring, 0, 'write-consistency', 'all');
    expect(await ring.ask(all, 'SET', 'k', 'w')).to.equal('OK');
    expect(await ring.ask(client, 'GET', 'k')).to.equal('-NOREPLICAS need 2, have 1');
    await ring.restart(0, keepNothing);
    ring.connectAgain();
    await ring.advance(300);
    ring.isolate(2);
    expect(await ownValues(ring, 2, ['k'])).to.deep.equal(['w']);
  });

  it('lets a quorum read what one replica was written while the others were away', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const one = await clientWith(ring, 0, 'write-consistency', 'one');
    ring.isolate(0);
    expect(await ring.ask(one, 'SET', 'k', 'v')).to.equal('OK');
    ring.connectAgain();
    const client = ring.nodes[0].connect();
    client.send('GET', 'k');
    await ring.advance(1000);
    expect(client.replies()).to.deep.equal(['v']);
  });

  it('drops what there is no room for, and what is too old', async () => {
    const ring = await RingBench.start(3, 'hint-size-max 1kb\nhint-window 60');
    const client = ring.nodes[0].connect();
    ring.isolate(2);
    await writeAll(ring, client, 'v'.repeat(100));
    const kept = await figure(ring, client, 'hints');
    expect(kept).to.be.above(2).and.below(10);
    expect(await figure(ring, client, 'hint_bytes')).to.be.at.most(1024);
    expect(await figure(ring, client, 'hints_dropped')).to.equal(KEYS.length - kept);
    await ring.advance(70_000);
    expect(await figure(ring, client, 'hints')).to.equal(0);
    expect(await figure(ring, client, 'hints_dropped')).to.equal(KEYS.length);
  }).timeout(20_000);
});

describe('A write at level ANY', () => {
  /** Five nodes, and a client of one that holds none of `keys`, whose replicas are all gone. */
  async function lonely(
    keys: readonly string[],
    config = '',
  ): Promise<{ ring: RingBench; client: BenchClient; node: number }> {
    const ring = await RingBench.start(5, config, 1);
    let node = -1;
    for (let i = 0; i < 5 && node < 0; i++) {
      const client = ring.nodes[i].connect();
      ring.isolate(i);
      const replies: unknown[] = [];
      for (const key of keys) replies.push(await ring.ask(client, 'GET', key));
      if (replies.every((reply) => reply === '-NOREPLICAS need 1, have 0')) node = i;
      else ring.connectAgain();
    }
    return { ring, client: await clientWith(ring, node, 'write-consistency', 'any'), node };
  }

  it('sets a counter that was declared to be one, and is refused where siblings are kept', async () => {
    const config = 'counters hits:*\nconflicts siblings cart:*\n';
    const { ring, client } = await lonely(['hits:a', 'cart:a'], config);
    expect(await ring.ask(client, 'SET', 'hits:a', '41', 'EX', 100)).to.equal('OK');
    // What is known has to be known first.
    expect(await ring.ask(client, 'SET', 'cart:a', 'x')).to.equal('-NOREPLICAS need 1, have 0');
    ring.connectAgain();
    await ring.advance(500);
    expect(await ring.ask(client, 'INCR', 'hits:a')).to.equal(42);
    expect(await ring.ask(client, 'TTL', 'hits:a')).to.be.within(98, 100);
    const [holder] = ring.replicasOf('hits:a');
    const { keyspace } = ring.nodes[holder].node;
    const ref = keyspace.find(keyspace.database(0), Buffer.from('hits:a'), 0, 6);
    expect(keyspace.heap.type(ref)).to.equal(CellType.COUNTER);
  });

  it('is answered when there is a durable hint, by a node that can reach no replica', async () => {
    const { ring, client, node } = await lonely(['a', 'b', 'c']);
    client.send('SET', 'a', '1');
    await ring.nodes[node].settle();
    expect(client.wire()).to.equal('');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    expect(await ring.ask(client, 'SETEX', 'b', 100, '2')).to.equal('OK');
    expect(await ring.ask(client, 'MSET', 'c', '3', 'a', '4')).to.equal('OK');
    expect(await ring.ask(client, 'SET', 'a', '1', 'NONSENSE')).to.equal('-ERR syntax error');
    expect(await ring.ask(client, 'INCR', 'a')).to.equal('-NOREPLICAS need 1, have 0');
    expect(await ring.ask(client, 'DBSIZE')).to.equal(0);
    await ring.restart(node, keepNothing);
    ring.connectAgain();
    await ring.advance(300);
    const other = ring.nodes[(node + 1) % 5].connect();
    expect(await ring.ask(other, 'MGET', 'a', 'b', 'c')).to.deep.equal(['4', '2', '3']);
    expect(await ring.ask(other, 'TTL', 'b')).to.be.within(98, 100);
  });

  it('needs room for the hint', async () => {
    const { ring, client } = await lonely(['a']);
    await ring.ask(client, 'CONFIG', 'SET', 'hint-size-max', '0');
    expect(await ring.ask(client, 'SET', 'a', '1')).to.equal('-NOREPLICAS need 1, have 0');
  });

  it('goes to a replica if there is one', async () => {
    const ring = await RingBench.start(3);
    const client = await clientWith(ring, 0, 'write-consistency', 'any');
    ring.isolate(0);
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('OK');
    await ring.restart(0, keepEverything);
    expect(await ownValues(ring, 0, ['k'])).to.deep.equal(['v']);
  });
});
