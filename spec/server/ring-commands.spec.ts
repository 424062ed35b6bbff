import { expect } from 'chai';
import { RingBench } from './ring-bench.js';

describe('Commands about the ring', () => {
  it('CLUSTER SLOTS and SHARDS cover all slots at each node, and follow who can be reached', async () => {
    const ring = await RingBench.start(4, '', 3);
    const clients = ring.nodes.map((node) => node.connect());
    const leaders = async (client: (typeof clients)[0]): Promise<number[]> => {
      const slots = (await ring.ask(client, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      return slots.flatMap(([start, end, [, port]]) => new Array<number>(end - start + 1).fill(port - 7000));
    };
    const before = await leaders(clients[0]);
    expect(before).to.deep.equal(Array.from({ length: 16384 }, (_, slot) => ring.ring.replicas(slot)[0]));
    for (const client of clients) expect(await leaders(client)).to.deep.equal(before);
    ring.isolate(2);
    const after = await leaders(clients[0]);
    expect(after).to.have.length(16384);
    before.forEach((leader, slot) => {
      expect(after[slot]).to.equal(leader === 2 ? ring.ring.replicas(slot)[1] : leader);
    });
    expect(await ring.ask(clients[0], 'CLUSTER', 'INFO')).to.match(/^cluster_state:ok/);
    expect(await ring.ask(clients[2], 'CLUSTER', 'INFO')).to.match(/^cluster_state:fail/);
  });

  it('CLUSTER GETKEYSINSLOT finds keys in memory and on disk, each once', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 50 }, (_, i) => `{slot}${i}`);
    for (const key of keys) await ring.ask(client, 'SET', key, 'v');
    for (let i = 0; i < 50; i++) await ring.ask(client, 'SET', `other${i}`, 'v');
    await ring.ask(client, 'SAVE');
    await ring.ask(client, 'DEBUG', 'RELOAD');
    await ring.ask(client, 'DEL', '{slot}3');
    await ring.ask(client, 'SET', '{slot}4', 'w');
    await ring.ask(client, 'SET', '{slot}new', 'w');
    const slot = (await ring.ask(client, 'CLUSTER', 'KEYSLOT', '{slot}')) as number;
    client.send('CLUSTER', 'GETKEYSINSLOT', slot, 100);
    client.send('CLUSTER', 'COUNTKEYSINSLOT', slot);
    await ring.advance(300);
    const [found, count] = client.replies() as [string[], number];
    expect(found.sort()).to.deep.equal([...keys.filter((key) => key !== '{slot}3'), '{slot}new'].sort());
    expect(count).to.equal(50);
  });

  it('RING EXPLAIN has the same digest at each replica, when they have the same', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    const digests = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const client of clients) {
        const fields = (await ring.ask(client, 'RING', 'EXPLAIN', 'k')) as unknown[];
        found.push(fields[fields.indexOf('digest') + 1]);
      }
      return found;
    };
    await ring.ask(clients[0], 'SET', 'k', 'v');
    const [first, ...others] = await digests();
    expect(first).to.match(/^[0-9a-f]{16}$/);
    expect(others).to.deep.equal([first, first]);
    ring.isolate(2);
    await ring.ask(clients[0], 'SET', 'k', 'w');
    const [fresh, same, stale] = await digests();
    expect([same, stale]).to.deep.equal([fresh, first]);
  });
});
