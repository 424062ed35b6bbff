import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
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

  it('RING EXPLAIN behind WITH is about a read at that level', async () => {
    const ring = await RingBench.start(3);
    ring.isolate(2);
    const fields = (await ring.ask(ring.nodes[0].connect(), 'WITH', 'ALL', 'RING', 'EXPLAIN', 'k')) as unknown[];
    expect(fields[fields.indexOf('consistency') + 1]).to.equal('ALL');
    expect(fields[fields.indexOf('a-read') + 1]).to.equal('is refused: it needs 3 replicas, and 2 can be reached');
  });

  it('RING EXPLAIN asks all replicas what they know, changes nothing by it, and reads what is on disk', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const explain = async (): Promise<{ replicas: unknown[][]; read: unknown }> => {
      const fields = (await ring.ask(client, 'RING', 'EXPLAIN', 'doc')) as unknown[];
      return {
        replicas: fields[fields.indexOf('replicas') + 1] as unknown[][],
        read: fields[fields.indexOf('a-read') + 1],
      };
    };
    const each = (replicas: unknown[][], name: string): unknown[] => replicas.map((one) => one[one.indexOf(name) + 1]);
    await ring.ask(client, 'VSET', 'doc', '', 'a');
    ring.isolate(2);
    await ring.ask(client, 'VSET', 'doc', '', 'b');
    const apart = await explain();
    expect(each(apart.replicas, 'knows').filter((knows) => knows === 'no answer')).to.have.lengthOf(1);
    expect(apart.read).to.equal('asks 2 replicas and waits for 2: all of them know the same.');
    ring.connectAgain();
    const again = ring.nodes[2].connect();
    const hints: number[] = [];
    for (const one of [client, ring.nodes[1].connect()]) {
      one.send('RING', 'EXPLAIN', 'doc');
      await ring.settle(({ kind }) => kind !== MessageKind.HINT);
      const [fields] = one.replies() as unknown[][];
      const replicas = fields[fields.indexOf('replicas') + 1] as unknown[][];
      expect(each(replicas, 'siblings').map(Number).sort()).to.deep.equal([1, 2, 2]);
      expect(fields[fields.indexOf('a-read') + 1]).to.match(/they differ/);
      hints.push(...each(replicas, 'hints-here').map(Number));
    }
    expect(hints.filter((count) => count > 0)).to.deep.equal([1]);
    await ring.advance(5000);
    await ring.ask(again, 'SAVE');
    await ring.ask(again, 'DEBUG', 'RELOAD');
    const healed = await explain();
    expect(new Set(each(healed.replicas, 'knows')).size).to.equal(1);
    expect(each(healed.replicas, 'siblings')).to.deep.equal([2, 2, 2]);
    expect(healed.read).to.equal('asks 3 replicas and waits for 2: all of them know the same.');
  });
});
