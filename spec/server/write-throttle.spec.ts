import { expect } from 'chai';
import fc from 'fast-check';
import { WriteThrottle } from '../../lib/server/write-throttle.js';
import { ColdNode } from './cold-node.js';
import type { BenchClient } from './node-bench.js';
import { requestOf } from './node-bench.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_US = 1e6;
/** No turn is delayed longer. */
const DELAY_MS_MAX = 250;

describe('WriteThrottle', () => {
  it('lets everything in as long as there is no pressure', () => {
    const throttle = new WriteThrottle();
    for (const pressure of [0, 0]) {
      throttle.set(pressure, MIB);
      expect([throttle.isOn, throttle.bytesPerSecond]).to.deep.equal([false, Infinity]);
      expect(throttle.delayFor(1000 * MIB, 5)).to.equal(0);
    }
    expect([throttle.delayedMs, throttle.delayedTurns]).to.deep.equal([0, 0]);
  });

  it('lets ever less in as the pressure rises: what drains, at one half, and never nothing', () => {
    const throttle = new WriteThrottle();
    const rates = [0.01, 0.25, 0.5, 0.75, 1].map((pressure) => {
      throttle.set(pressure, 10 * MIB);
      return throttle.bytesPerSecond / MIB;
    });
    expect(rates.map((rate) => Math.round(rate * 10) / 10)).to.deep.equal([19.8, 15, 10, 5, 1]);
    throttle.set(0.5, 0);
    expect(throttle.bytesPerSecond, 'nothing was measured').to.equal(32 * MIB);
  });

  it('has nobody who did not write wait, nor for less than a millisecond or longer than a quarter of a second', () => {
    const throttle = new WriteThrottle();
    throttle.set(0.5, MIB);
    expect(throttle.delayFor(KIB / 2, 1)).to.equal(0);
    expect(throttle.delayFor(0, 2)).to.equal(0);
    expect(throttle.delayFor(100 * MIB, 3)).to.equal(DELAY_MS_MAX);
    expect(throttle.delayFor(0, 4)).to.equal(0);
    expect([throttle.delayedMs, throttle.delayedTurns]).to.deep.equal([DELAY_MS_MAX, 1]);
  });

  it('forgets what was owed when the pressure is gone', () => {
    const throttle = new WriteThrottle();
    throttle.set(1, 0);
    throttle.delayFor(100 * MIB, 0);
    throttle.set(0, 0);
    throttle.delayFor(1, 1);
    throttle.set(1, 0);
    expect(throttle.delayFor(2 * KIB, 2)).to.be.within(1, 3);
  });

  it('keeps a writer that waits as it is told to at the rate, whatever it writes in a turn', () => {
    const turns = fc.array(fc.integer({ min: 1, max: 64 * KIB }), { minLength: 200, maxLength: 300 });
    fc.assert(
      fc.property(turns, fc.integer({ min: 10, max: 100 }), (sizes, percent) => {
        const throttle = new WriteThrottle();
        throttle.set(percent / 100, 4 * MIB);
        let nowUs = 0;
        let total = 0;
        throttle.delayFor(0, nowUs);
        for (const bytes of sizes) {
          total += bytes;
          nowUs += 100 + throttle.delayFor(bytes, nowUs) * 1000;
        }
        const owed = total - (nowUs * throttle.bytesPerSecond) / SECOND_US;
        expect(owed).to.be.below((throttle.bytesPerSecond * 2) / 1000);
        const idle = (nowUs - sizes.length * 100) * throttle.bytesPerSecond;
        expect(idle / SECOND_US, 'no longer than it has to').to.be.at.most(total);
      }),
    );
  });
});

/** A node of 4 MiB whose disk does nothing until it is told to. */
async function startNode(configText = ''): Promise<ColdNode> {
  return ColdNode.start(`maxmemory 4mb\n${configText}`);
}

/** Writes keys one by one as far as the server goes along; the replies that came. */
async function writeUntilHeld(node: ColdNode, client: BenchClient, count: number): Promise<unknown[]> {
  const value = Buffer.alloc(16 * KIB, 'v');
  const replies: unknown[] = [];
  for (let i = 0; i < count; i++) {
    client.sendBytes(requestOf('SET', `k${i}`, value));
    await node.settle();
    const got = client.replies();
    replies.push(...got);
    if (got.length === 0) break;
  }
  return replies;
}

describe('write pressure', () => {
  it('delays who writes, after the reply, and nobody else; and ends when the data has reached the tables', async () => {
    const node = await startNode();
    const [writer, reader] = [node.client, node.bench.connect()];
    const value = Buffer.alloc(64 * KIB, 'v');
    for (let i = 0; i < 24; i++) writer.sendBytes(requestOf('SET', `k${i}`, value));
    await node.settle();
    expect(writer.replies().length).to.equal(24);
    await node.bench.advance(100); // the pressure is measured
    writer.sendBytes(requestOf('SET', 'large', Buffer.alloc(512 * KIB, 'v')));
    await node.settle();
    expect(writer.replies()).to.deep.equal(['OK']);
    writer.send('PING');
    reader.send('GET', 'nosuch');
    await node.settle();
    expect([writer.replies(), reader.replies()]).to.deep.equal([[], [null]]);
    await node.bench.advance(DELAY_MS_MAX + 100);
    expect(writer.replies()).to.deep.equal(['PONG']);
    await node.advance(2000);
    const figures = node.bench.node.server.durability.throttle;
    expect([figures.isOn, figures.delayedTurns]).to.deep.equal([false, 1]);
    expect(figures.delayedMs).to.be.within(1, DELAY_MS_MAX);
  });

  it('has a client that is delayed answered also when it has closed its sending side', async () => {
    const node = await startNode();
    const value = Buffer.alloc(64 * KIB, 'v');
    for (let i = 0; i < 24; i++) node.client.sendBytes(requestOf('SET', `k${i}`, value));
    await node.settle();
    await node.bench.advance(100);
    node.client.sendBytes(requestOf('SET', 'large', Buffer.alloc(512 * KIB, 'v')));
    await node.settle();
    node.client.replies();
    node.client.send('PING');
    node.client.endSending();
    await node.settle();
    expect([node.client.closed, node.client.replies()]).to.deep.equal(['no', []]);
    await node.bench.advance(DELAY_MS_MAX + 100);
    expect([node.client.closed, node.client.replies()]).to.deep.equal(['ended', ['PONG']]);
  });

  it('lets a client that is delayed go away', async () => {
    const node = await startNode();
    const value = Buffer.alloc(64 * KIB, 'v');
    for (let i = 0; i < 24; i++) node.client.sendBytes(requestOf('SET', `k${i}`, value));
    await node.settle();
    await node.bench.advance(100);
    node.client.sendBytes(Buffer.concat([requestOf('SET', 'k', value), requestOf('SET', 'k', 'x'.repeat(256 * KIB))]));
    await node.settle();
    node.client.disconnect();
    await node.advance(1000);
    const other = node.bench.connect();
    expect(await node.askAs(other, 'DBSIZE')).to.be.at.least(25);
    expect(String(await node.askAs(other, 'CLIENT', 'LIST')).split('\n').length).to.equal(2);
  });
});

describe('writes without room in memory', () => {
  it('wait until data has reached the tables, while reads go on; none is refused', async () => {
    const node = await startNode();
    const replies = await writeUntilHeld(node, node.client, 1000);
    expect(replies.length).to.be.within(200, 300);
    expect(replies.every((reply) => reply === 'OK')).to.equal(true);
    const other = node.bench.connect();
    other.send('STRLEN', 'k0');
    await node.settle();
    expect(other.replies()).to.deep.equal([16 * KIB]);
    await node.advance(2000);
    expect(node.client.replies()).to.deep.equal(['OK']);
    expect(await node.askAs(other, 'DBSIZE')).to.equal(replies.length + 1);
  });

  // Fault: they were refused if all that was written had reached the tables, but a read under way could not see it yet.
  it('wait for reads under way, which keep data in memory', async () => {
    const node = await startNode();
    for (let i = 0; i < 20; i++) await node.ask('SET', `old${i}`, 'x'.repeat(16 * KIB));
    await node.forget();
    const [lister, writer] = [node.bench.connect(), node.bench.connect()];
    const old = node.disk.list('data/tables').map((name) => `data/tables/${name}`);
    node.stopReading((path) => old.includes(path.replace(/^.*data/, 'data')));
    lister.send('KEYS', 'old1');
    await node.settle();
    const value = Buffer.alloc(16 * KIB, 'v');
    const replies: unknown[] = [];
    for (let i = 0; i < 400; i++) {
      writer.sendBytes(requestOf('SET', `k${i}`, value));
      await node.advance(100);
      replies.push(...writer.replies());
      if (replies.length <= i) break;
    }
    expect(replies.filter((reply) => reply !== 'OK')).to.deep.equal([]);
    expect(replies.length).to.be.within(150, 399);
    node.goOnReading();
    await node.advance(3000);
    expect([lister.replies(), writer.replies()]).to.deep.equal([[['old1']], ['OK']]);
  });

  // Fault: the segment was closed in the middle of a turn, and what the turn had changed by then was taken to be in it.
  it('lose nothing that was written in the turn in which memory ran out', async () => {
    const node = await ColdNode.start();
    for (let i = 0; i < 50; i++) await node.ask('SET', `k${i}`, 'x'.repeat(4 * KIB));
    const names = Array.from({ length: 100 }, (_, i) => `small${i}`);
    const requests = [
      ...names.map((name) => ['SET', name, name.padEnd(KIB)]),
      ['CONFIG', 'SET', 'maxmemory', '150kb'],
      ['SET', 'last', 'v'],
      ['MGET', ...names],
    ];
    node.client.sendBytes(Buffer.concat(requests.map((words) => requestOf(...words))));
    await node.run();
    expect(node.client.replies().at(-1)).to.deep.equal(names.map((name) => name.padEnd(KIB)));
    expect([await node.ask('DBSIZE'), node.recordCount < 151]).to.deep.equal([151, true]);
  });

  it('are refused where there is no log', async () => {
    const node = await startNode('appendonly no');
    const replies = await writeUntilHeld(node, node.client, 1000);
    const refused = replies.findIndex((reply) => reply !== 'OK');
    expect(refused).to.be.within(200, 300);
    expect(replies[refused]).to.equal("-OOM command not allowed when used memory > 'maxmemory'.");
    expect(await node.ask('STRLEN', 'k0')).to.equal(16 * KIB);
    // What a save brings to the disk may go.
    expect(await node.ask('SAVE')).to.equal('OK');
    expect(await node.ask('SET', 'k', 'v')).to.equal('OK');
    expect(await node.ask('DBSIZE')).to.equal(refused + 1);
  });

  it('are answered with an error if the data cannot reach the tables', async () => {
    let isFull = false;
    const node = await startNode();
    node.onStep = ({ name, path }) =>
      isFull && name === 'append' && path.includes('/tables/') ? { kind: 'error', code: 'ENOSPC' } : undefined;
    isFull = true;
    const replies = await writeUntilHeld(node, node.client, 1000);
    await node.run();
    const [error] = node.client.replies();
    expect([replies.length > 200, String(error)]).to.satisfy(
      ([many, text]: [boolean, string]) => many && text.startsWith('-ERR'),
    );
    expect(await node.ask('STRLEN', 'k0')).to.equal(16 * KIB);
    isFull = false;
    await node.advance(10_000);
    expect(await node.ask('SET', 'k', 'v')).to.equal('OK');
  });

  it('are let in by eviction, if that is what the policy says', async () => {
    const node = await startNode('maxmemory-policy allkeys-lru');
    const value = Buffer.alloc(16 * KIB, 'v');
    for (let i = 0; i < 500; i++) {
      node.client.sendBytes(requestOf('SET', `k${i}`, value));
      await node.run();
      await node.bench.advance(10);
    }
    expect(node.client.replies().filter((reply) => reply === 'OK').length).to.equal(500);
    expect(await node.ask('DBSIZE')).to.be.within(100, 400);
    expect(await node.ask('STRLEN', 'k499')).to.equal(16 * KIB);
  });
});
