import { expect } from 'chai';
import { ColdNode } from './cold-node.js';
import { NodeBench } from './node-bench.js';
import type { BenchClient } from './node-bench.js';

/** The messages that a subscriber of everything has got since the last look: `channel message`. */
async function heardBy(bench: NodeBench, ear: BenchClient): Promise<string[]> {
  await bench.settle();
  return (ear.replies() as string[][]).map(([, , channel, message]) => `${channel} ${message}`);
}

describe('KeyspaceNotifier', () => {
  async function start(classes: string): Promise<{ bench: NodeBench; client: BenchClient; ear: BenchClient }> {
    const bench = await NodeBench.start(`notify-keyspace-events ${classes}`);
    const ear = bench.connect();
    await bench.ask(ear, 'PSUBSCRIBE', '*');
    return { bench, client: bench.connect(), ear };
  }

  it('publishes each event on the channel of the key, then on the channel of the event', async () => {
    const { bench, client, ear } = await start('KEA');
    await bench.ask(client, 'SET', 'k', 'v');
    expect(await heardBy(bench, ear)).to.eql(['__keyspace@0__:k set', '__keyevent@0__:set k']);
  });

  it('publishes on the channels that were asked for, and only those classes', async () => {
    const { bench, client, ear } = await start('K$');
    client.send('SET', 'k', 'v', 'EX', 100);
    expect(await heardBy(bench, ear)).to.eql(['__keyspace@0__:k set']);
    await bench.ask(bench.connect(), 'CONFIG', 'SET', 'notify-keyspace-events', 'Eg');
    client.send('SET', 'k', 'v', 'EX', 100);
    expect(await heardBy(bench, ear)).to.eql(['__keyevent@0__:expire k']);
    await bench.ask(bench.connect(), 'CONFIG', 'SET', 'notify-keyspace-events', 'A');
    client.send('SET', 'k', 'v', 'EX', 100);
    expect(await heardBy(bench, ear)).to.eql([]);
    expect(bench.node.keyspace.events.classes).to.equal(0);
  });

  it('names databases by the numbers that SELECT knows', async () => {
    const { bench, client, ear } = await start('EA');
    for (const words of [
      ['SWAPDB', 0, 3],
      ['SET', 'a', '1'],
      ['MOVE', 'a', 3],
    ] as const)
      client.send(...words);
    expect(await heardBy(bench, ear)).to.eql([
      '__keyevent@0__:set a',
      '__keyevent@0__:move_from a',
      '__keyevent@3__:move_to a',
    ]);
  });

  it('takes any bytes for a key', async () => {
    const { bench, client, ear } = await start('KEA');
    client.send('SET', Buffer.from([0, 255, 13, 10]), 'v');
    expect(await heardBy(bench, ear)).to.eql(['__keyspace@0__:\0\xff\r\n set', '__keyevent@0__:set \0\xff\r\n']);
  });

  it('publishes once that a key is missing, though the command runs again for one that is on disk', async () => {
    const node = await ColdNode.start('notify-keyspace-events Em');
    await node.ask('SET', 'cold', 'v');
    await node.forget();
    const ear = node.bench.connect();
    await node.bench.ask(ear, 'SUBSCRIBE', '__keyevent@0__:keymiss');
    node.client.send('MGET', 'none', 'cold');
    await node.run();
    expect(node.client.replies()).to.eql([[null, 'v']]);
    expect(ear.replies()).to.eql([['message', '__keyevent@0__:keymiss', 'none']]);
  });

  it('publishes what happens to keys that nobody touches', async () => {
    const { bench, client, ear } = await start('Ex');
    await bench.ask(client, 'SET', 'k', 'v', 'PX', 50);
    await bench.advance(1000);
    expect(await heardBy(bench, ear)).to.eql(['__keyevent@0__:expired k']);
  });
});
