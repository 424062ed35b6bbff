import { expect } from 'chai';

import type { BenchClient } from '../node-bench.js';
import { damageTables } from './damaged-tables.js';
import { RingBench } from './ring-bench.js';

const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);
/** What is kept for a node that is away is dropped at once. */
const NO_HINTS = 'hint-size-max 1\n';

/** The keys of which not all replicas have the same, by the digests of all that each has. */
async function differing(ring: RingBench, keys: readonly string[]): Promise<string[]> {
  const result: string[] = [];
  for (const key of keys) {
    const digests = new Set<string | undefined>();
    for (const node of ring.replicasOf(key)) {
      await ring.ask(ring.nodes[node].connect(), 'WITH', 'ONE', 'EXISTS', key);
      digests.add(ring.nodes[node].node.server.ring?.digest(Buffer.from(key)));
    }
    if (digests.size !== 1 || digests.has(undefined)) result.push(key);
  }
  return result;
}

async function figure(ring: RingBench, node: number, name: string): Promise<number> {
  const info = String(await ring.ask(ring.nodes[node].connect(), 'INFO', 'ring'));
  return Number(new RegExp(`^${name}:(-?\\d+)\r$`, 'm').exec(info)?.[1]);
}

async function repair(ring: RingBench, node: number): Promise<void> {
  expect(await ring.ask(ring.nodes[node].connect(), 'RING', 'REPAIR')).to.equal('OK');
  await ring.advance(500);
}

async function writeAll(ring: RingBench, client: BenchClient, value: string): Promise<void> {
  for (const key of KEYS) expect(await ring.ask(client, 'SET', key, value)).to.equal('OK');
}

describe('Anti-entropy', () => {
  it('brings to a node what it has missed, when nobody keeps it for it, and tells how much that was', async () => {
    const ring = await RingBench.start(3, NO_HINTS);
    const client = ring.nodes[0].connect();
    await writeAll(ring, client, 'before');
    ring.isolate(2);
    for (const key of KEYS.slice(0, 20)) expect(await ring.ask(client, 'SET', key, 'after')).to.equal('OK');
    for (const key of KEYS.slice(20, 30)) expect(await ring.ask(client, 'DEL', key)).to.equal(1);
    expect(await ring.ask(client, 'HSET', 'hash', 'f', 'v')).to.equal(1);
    ring.connectAgain();
    await ring.advance(500);
    expect(await differing(ring, KEYS)).to.have.length(30);
    await repair(ring, 2);
    expect(await differing(ring, [...KEYS, 'hash'])).to.deep.equal([]);
    expect(await figure(ring, 2, 'repair_last_divergence')).to.be.within(31, 62);
    expect(await figure(ring, 2, 'repair_failures')).to.equal(0);
    await repair(ring, 0);
    expect(await figure(ring, 0, 'repair_last_divergence')).to.equal(0);
  });

  it('brings to others what this node alone has', async () => {
    const ring = await RingBench.start(3, NO_HINTS);
    const client = ring.nodes[0].connect();
    await ring.ask(client, 'CONFIG', 'SET', 'write-consistency', 'one');
    const alone = ring.nodes[0].connect();
    await writeAll(ring, client, 'before');
    ring.isolate(0);
    for (const key of KEYS) expect(await ring.ask(alone, 'SET', key, 'alone')).to.equal('OK');
    ring.connectAgain();
    await ring.advance(500);
    expect(await differing(ring, KEYS)).to.have.length(KEYS.length);
    await repair(ring, 0);
    expect(await differing(ring, KEYS)).to.deep.equal([]);
  });

  it('merges what was written on two sides, and empties what one of them has emptied', async () => {
    const ring = await RingBench.start(3, NO_HINTS);
    const clients = ring.nodes.map((node) => node.connect());
    await writeAll(ring, clients[0], 'before');
    await ring.ask(clients[0], 'CONFIG', 'SET', 'write-consistency', 'one');
    ring.isolate(2);
    expect(await ring.ask(clients[0], 'FLUSHALL')).to.equal('OK');
    expect(await ring.ask(clients[0], 'SET', 'left', '1')).to.equal('OK');
    ring.connectAgain();
    await ring.advance(500);
    await repair(ring, 2);
    expect(await differing(ring, [...KEYS, 'left'])).to.deep.equal([]);
    expect(await ring.ask(clients[2], 'DBSIZE')).to.equal(1);
    expect(await ring.ask(clients[2], 'GET', 'key:1')).to.equal(null);
  });

  it('reads nothing, and sends little, if nothing has changed since the last time', async () => {
    const ring = await RingBench.start(3);
    await writeAll(ring, ring.nodes[0].connect(), 'v');
    await repair(ring, 0);
    const sent = await figure(ring, 0, 'repair_sent_bytes');
    const built = await figure(ring, 0, 'repair_trees_built');
    for (let i = 0; i < 10; i++) await repair(ring, 0);
    expect(await figure(ring, 0, 'repair_trees_built')).to.equal(built);
    expect(await figure(ring, 1, 'repair_trees_built')).to.equal(1);
    expect((await figure(ring, 0, 'repair_sent_bytes')) - sent).to.be.below(10_000);
    expect(await figure(ring, 0, 'repair_exchanges')).to.equal(22);
    expect(await figure(ring, 0, 'repair_failures')).to.equal(0);
  });

  it('comes by itself, once in repair-interval', async () => {
    const ring = await RingBench.start(3, NO_HINTS);
    const client = ring.nodes[0].connect();
    ring.isolate(2);
    await writeAll(ring, client, 'v');
    ring.connectAgain();
    for (const node of ring.nodes) await ring.ask(node.connect(), 'CONFIG', 'SET', 'repair-interval', '5');
    await ring.advance(6000);
    expect(await differing(ring, KEYS)).to.deep.equal([]);
  });

  it('compares what is on disk alone', async () => {
    const ring = await RingBench.start(3, NO_HINTS);
    const client = ring.nodes[0].connect();
    await writeAll(ring, client, 'before');
    ring.isolate(2);
    for (const key of KEYS.slice(0, 5)) await ring.ask(client, 'SET', key, 'after');
    ring.connectAgain();
    await ring.advance(500);
    for (const node of ring.nodes) {
      const { keyspace } = node.node;
      await ring.ask(node.connect(), 'SAVE');
      const db = keyspace.database(0);
      const clean: number[] = [];
      db.table.forEach((ref) => {
        if (keyspace.isClean(ref)) clean.push(ref);
      });
      expect(clean.length).to.be.above(KEYS.length / 2);
      for (const ref of clean) keyspace.spill(db, ref);
    }
    await repair(ring, 2);
    expect(await differing(ring, KEYS)).to.deep.equal([]);
  });
});

describe('A damaged table of a member of a ring', () => {
  it('is found by a read, which is answered right, and had again from the others', async () => {
    const ring = await RingBench.start(3);
    await writeAll(ring, ring.nodes[0].connect(), 'v');
    await damageTables(ring, 2);
    ring.connectAgain();
    const client = ring.nodes[2].connect();
    for (const key of KEYS) expect(await ring.ask(client, 'GET', key)).to.equal('v');
    expect(await figure(ring, 2, 'restored_keys')).to.be.above(0);
    await ring.advance(1000);
    expect(await figure(ring, 2, 'restored_tables')).to.equal(1);
    expect(await figure(ring, 2, 'damaged_tables')).to.equal(0);
    expect(await differing(ring, KEYS)).to.deep.equal([]);
    ring.isolate(2);
    for (const key of KEYS) expect(await ring.ask(client, 'WITH', 'ONE', 'GET', key)).to.equal('v');
  });

  it('counts for nobody, and for nothing, while not enough of the others can be reached', async () => {
    const ring = await RingBench.start(3);
    await writeAll(ring, ring.nodes[0].connect(), 'v');
    await damageTables(ring, 2);
    ring.connectAgain();
    ring.isolate(1);
    const [client, damaged] = [ring.nodes[0].connect(), ring.nodes[2].connect()];
    damaged.send('GET', 'key:7');
    client.send('GET', 'key:7');
    await ring.advance(5000);
    expect(String(damaged.replies()[0])).to.match(/^-ERR a table is damaged/);
    expect(String(client.replies()[0])).to.match(/^-TIMEOUT 2 replicas were to be read/);
    expect(await figure(ring, 2, 'damaged_tables')).to.equal(1);
    // A write is one that it has, and may be compared with nothing.
    expect(await ring.ask(client, 'SET', 'key:7', 'w')).to.equal('OK');
    expect(await ring.ask(client, 'GET', 'key:7')).to.equal('w');
    ring.connectAgain();
    await ring.advance(3000);
    expect(await figure(ring, 2, 'damaged_tables')).to.equal(0);
    await repair(ring, 2);
    expect(await differing(ring, KEYS)).to.deep.equal([]);
    expect(await ring.ask(damaged, 'GET', 'key:7')).to.equal('w');
  });
});
