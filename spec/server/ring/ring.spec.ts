import { expect } from 'chai';
import { slotOf } from '../../../lib/base/position.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import fc from 'fast-check';
import { NodeBench, requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

describe('A ring of three nodes', () => {
  it('serves what was written by one node at every other', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    expect(await ring.ask(clients[0], 'SET', 'k', 'v')).to.equal('OK');
    for (const client of clients) expect(await ring.ask(client, 'GET', 'k')).to.equal('v');
    for (let i = 0; i < 9; i++) expect(await ring.ask(clients[i % 3], 'INCR', 'n')).to.equal(i + 1);
    expect(await ring.ask(clients[1], 'MSET', 'a', '1', 'b', '2', 'c', '3')).to.equal('OK');
    expect(await ring.ask(clients[2], 'MGET', 'a', 'b', 'c', 'd')).to.deep.equal(['1', '2', '3', null]);
    expect(await ring.ask(clients[0], 'DEL', 'a', 'b', 'd')).to.equal(2);
    expect(await ring.ask(clients[1], 'EXISTS', 'a', 'b', 'c', 'k')).to.equal(2);
    expect(await ring.ask(clients[1], 'SUNIONSTORE', 'a', 'b', 'c')).to.match(/^-CROSSSLOT/);
  });

  it('answers a write when a majority has it, and not before', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    client.send('SET', 'k', 'v');
    await ring.settle(() => false);
    expect(client.wire()).to.equal('');
    await ring.settle(({ to }) => to !== 2);
    expect(client.replies()).to.deep.equal(['OK']);
  });

  it('goes on without one of them, and keeps what that one misses', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    ring.isolate(2);
    expect(await ring.ask(clients[0], 'SET', 'k', 'v')).to.equal('OK');
    expect(await ring.ask(clients[1], 'APPEND', 'k', 'w')).to.equal(2);
    expect(await ring.ask(clients[1], 'GET', 'k')).to.equal('vw');
    expect(await ring.ask(clients[2], 'GET', 'k')).to.equal('-NOREPLICAS need 2, have 1');
    expect(await ring.ask(clients[2], 'SET', 'k', 'x')).to.equal('-NOREPLICAS need 2, have 1');
    expect(await ring.ask(clients[0], 'INFO', 'ring')).to.match(/^hints:2\r$/m);
    ring.connectAgain();
    expect(await ring.ask(clients[2], 'GET', 'k')).to.equal('vw');
  });

  it('says that nobody knows when too few answer in time', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    client.send('GET', 'other');
    client.send('SET', 'k', 'v');
    client.send('PING');
    await ring.settle(({ kind }) => kind > MessageKind.REPLICATED);
    for (let i = 0; i < 8; i++) {
      ring.nodes[0].clock.us += 100_000;
      ring.nodes[0].timers.fire();
      await ring.settle(({ kind }) => kind > MessageKind.REPLICATED);
    }
    expect(client.replies()).to.deep.equal([
      null,
      '-TIMEOUT need 2 replicas, had 1 in time: the outcome is unknown',
      'PONG',
    ]);
  });

  it('lets a later write win over an earlier one, whatever the clocks say', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    ring.nodes[0].clock.us += 400_000;
    ring.nodes[0].timers.fire();
    ring.disconnect(0, 1);
    expect(await ring.ask(clients[0], 'SET', 'k', 'early')).to.equal('OK');
    // Node 1 knows nothing of it, and its clock is behind.
    ring.connectAgain();
    expect(await ring.ask(clients[1], 'SET', 'k', 'late')).to.equal('OK');
    for (const client of clients) expect(await ring.ask(client, 'GET', 'k')).to.equal('late');
  });

  it('runs transactions at one node, for every client', async () => {
    const ring = await RingBench.start(3);
    for (const node of ring.nodes) {
      const client = node.connect();
      const other = ring.nodes[0].connect();
      for (const words of [['WATCH', '{t}a'], ['MULTI'], ['INCR', '{t}a'], ['LPUSH', '{t}b', 'x']]) {
        await ring.ask(client, ...words);
      }
      expect(await ring.ask(client, 'EXEC'))
        .to.be.an('array')
        .with.length(2);
      await ring.ask(client, 'WATCH', '{t}a');
      await ring.ask(other, 'SET', '{t}a', '5');
      await ring.ask(client, 'MULTI');
      await ring.ask(client, 'INCR', '{t}a');
      expect(await ring.ask(client, 'EXEC')).to.equal(null);
      await ring.ask(client, 'MULTI');
      await ring.ask(client, 'INCR', '{t}a');
      expect(await ring.ask(client, 'SET', 'elsewhere', 'x')).to.match(/^-CROSSSLOT/);
      expect(await ring.ask(client, 'EXEC')).to.match(/^-EXECABORT/);
    }
  });

  it('runs no transaction of which something is watched elsewhere: at a member that has acted before, or of another slot', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(0);
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'WATCH', key)).to.equal('OK');
    ring.isolate(ring.replicasOf(key)[0]);
    expect(await ring.ask(ring.nodes[0].connect(), 'SET', key, 'changed')).to.equal('OK');
    const change = [['WATCH', `{${key}}`], ['MULTI'], ['SET', key, 'x']];
    for (const words of change) await ring.ask(client, ...words);
    expect(await ring.ask(client, 'EXEC')).to.equal(null);
    for (const words of change) await ring.ask(client, ...words);
    expect(await ring.ask(client, 'EXEC')).to.deep.equal(['OK']);
    const [first] = ring.replicasOf(key);
    const apart = ring.keyWhere((slot) => ring.ring.replicas(slot)[0] === 0);
    expect(first).not.to.equal(0);
    for (const words of [['WATCH', apart], ...change]) await ring.ask(client, ...words);
    expect(await ring.ask(client, 'EXEC')).to.match(/^-EXECABORT .*: CROSSSLOT/);
    for (const words of change) await ring.ask(client, ...words);
    expect(await ring.ask(client, 'EXEC')).to.deep.equal(['OK']);
  });

  it('feeds clients that wait at another node', async () => {
    const ring = await RingBench.start(3);
    const waiting = ring.nodes.map((node) => node.connect());
    for (const client of waiting) client.send('BLPOP', 'queue', '0');
    await ring.settle();
    for (let i = 0; i < 3; i++) await ring.ask(ring.nodes[i].connect(), 'RPUSH', 'queue', `e${i}`);
    const got = waiting.map((client) => client.replies());
    expect(got.map((replies) => replies.length)).to.deep.equal([1, 1, 1]);
  });

  it('empties, counts and lists everything from anywhere', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
    for (const key of keys) await ring.ask(clients[0], 'SET', key, 'v');
    expect(await ring.ask(clients[1], 'DBSIZE')).to.equal(50);
    expect(await ring.ask(clients[2], 'KEYS', '*')).to.have.members(keys);
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, some] = (await ring.ask(clients[1], 'SCAN', cursor, 'COUNT', '7')) as [string, string[]];
      found.push(...some);
      cursor = next;
    } while (cursor !== '0');
    expect(found).to.have.members(keys);
    expect(await ring.ask(clients[2], 'FLUSHALL')).to.equal('OK');
    for (const client of clients) expect(await ring.ask(client, 'DBSIZE')).to.equal(0);
  });

  it('reads elsewhere when who was asked does not answer; a change waits for who may have made it', async () => {
    const ring = await RingBench.start(4, 'write-timeout 500');
    const key = ring.keyWithout(0);
    const [first] = ring.replicasOf(key);
    const [reader, counter, lister] = [0, 0, 0].map((node) => ring.nodes[node].connect());
    await ring.ask(reader, 'SET', key, '1');
    reader.send('GET', key);
    lister.send('MGET', key, key);
    counter.send('INCR', key);
    await ring.settle(() => false);
    ring.silence(0, first);
    await ring.settle(({ to, message }) => to !== first && message.from !== ring.ids[first]);
    expect(reader.replies()).to.deep.equal(['1']);
    expect(lister.replies()).to.deep.equal([['1', '1']]);
    expect(counter.wire()).to.equal('');
    await ring.settle();
    expect(counter.replies()).to.deep.equal([2]);
  });

  it('asks nothing of a member that is connected again, but has not said that it has its data', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(0);
    const [first] = ring.replicasOf(key);
    const client = ring.nodes[0].connect();
    for (const watcher of ring.links[0].watchers) {
      watcher.onDown(ring.ids[first]);
      watcher.onUp(ring.ids[first]);
    }
    client.send('GET', key);
    await ring.settle(({ to, message }) => to !== first && message.from !== ring.ids[first]);
    expect(client.replies()).to.deep.equal([null]);
  });

  it('asks nothing of a member that hears it again, before it hears that member', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(0);
    const [first] = ring.replicasOf(key);
    const [before, behind] = [0, 0].map(() => ring.nodes[0].connect());
    ring.silence(0, first);
    ring.silence(0, first, false);
    before.send('GET', key);
    await ring.settle(({ to, message }) => to !== first && message.from !== ring.ids[first]);
    expect(before.replies()).to.deep.equal([null]);
    ring.introduce();
    behind.send('GET', key);
    await ring.settle(({ to, message }) => to !== first && message.from !== ring.ids[first]);
    expect(behind.wire()).to.equal('');
    await ring.settle();
    expect(behind.replies()).to.deep.equal([null]);
  });

  it('puts all again of one batch that is older than what replicas hold: one of several keys was lost', async () => {
    const ring = await RingBench.start(3);
    ring.nodes[1].clock.us += 100_000;
    const isHeld = (to: number, from: string): boolean => to === 0 && from === ring.ids[1];
    const ahead = ring.nodes[1].connect();
    ahead.send('MSET', 'a', '1', 'b', '1', 'c', '1');
    await ring.settle(({ to, message }) => !isHeld(to, message.from));
    expect(ahead.replies()).to.deep.equal(['OK']);
    const behind = ring.nodes[0].connect();
    behind.send('MSET', 'a', '2', 'b', '2', 'c', '2');
    // Of what the other one says, nothing but this arrives before it is answered.
    await ring.settle(({ to, kind, message }) => kind === MessageKind.REPLICATED || !isHeld(to, message.from));
    expect(behind.replies()).to.deep.equal(['OK']);
    await ring.settle();
    for (const node of ring.nodes) {
      expect(await ring.ask(node.connect(), 'MGET', 'a', 'b', 'c')).to.deep.equal(['2', '2', '2']);
    }
  });

  it('takes nothing that was sent for an older ring, and gets it again when the sender knows the newer one', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'SET', 'k', '1')).to.equal('OK');
    for (const node of [1, 2]) ring.nextEpoch(node);
    await ring.settle();
    client.send('SET', 'k', '2');
    await ring.settle();
    expect(client.wire(), 'nobody else has taken it').to.equal('');
    expect(ring.heard.some(([node, { epoch }]) => node === 0 && epoch === 2)).to.equal(true);
    ring.nextEpoch(0);
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('2');
  });

  it('acknowledges nothing behind a batch that it has refused', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    for (const node of [1, 2]) ring.nextEpoch(node);
    await ring.settle();
    client.send('SET', 'a', '1');
    // What says so is still on its way when the sender has the newer ring, and sends more.
    await ring.settle(({ kind }) => kind !== MessageKind.MISSED);
    ring.nextEpoch(0);
    client.send('SET', 'b', '2');
    await ring.settle(({ kind }) => kind !== MessageKind.MISSED);
    expect(client.wire()).to.equal('');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK', 'OK']);
    ring.isolate(0);
    expect(await ring.ask(ring.nodes[1].connect(), 'MGET', 'a', 'b')).to.deep.equal(['1', '2']);
  });

  it('removes what has expired everywhere, and not what another replica knows to last', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    for (const [key, ms] of [
      ['short', 1000],
      ['saved', 1000],
    ] as const) {
      await ring.ask(client, 'SET', key, 'v', 'PX', ms);
    }
    await ring.ask(client, 'HSET', 'hash', 'a', '1', 'b', '2');
    await ring.ask(client, 'HPEXPIRE', 'hash', '1000', 'FIELDS', '1', 'a');
    ring.isolate(2);
    expect(await ring.ask(client, 'PERSIST', 'saved')).to.equal(1);
    ring.connectAgain();
    await ring.advance(3000);
    for (const node of ring.nodes) {
      expect(node.node.keyspace.database(0).keyCount, 'short is gone, saved and hash are there').to.equal(2);
      expect(await ring.ask(node.connect(), 'MGET', 'short', 'saved')).to.deep.equal([null, 'v']);
      expect(await ring.ask(node.connect(), 'HGETALL', 'hash')).to.deep.equal(['b', '2']);
    }
  });

  it('asks the others once for all reads of a pipeline', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    for (let i = 0; i < 20; i++) await ring.ask(client, 'SET', `k${i}`, String(i));
    let asks = 0;
    client.sendBytes(Buffer.concat(Array.from({ length: 20 }, (_, i) => requestOf('GET', `k${i}`))));
    await ring.settle(({ kind }) => {
      if (kind === MessageKind.ASK) asks++;
      return true;
    });
    expect(client.replies()).to.deep.equal(Array.from({ length: 20 }, (_, i) => String(i)));
    expect(asks, 'looks at messages to two nodes').to.be.below(10);
  });

  it('answers any pipeline as a single node does, whichever node it is sent to', async () => {
    const ring = await RingBench.start(4);
    const single = await NodeBench.start();
    const word = fc.constantFrom('a', 'b', '{a}1', '{a}2', 'c');
    const command = fc.oneof(
      fc.tuple(fc.constantFrom('GET', 'INCR', 'DEL', 'LPOP', 'EXISTS', 'TYPE', 'LLEN', 'GETDEL'), word),
      fc.tuple(fc.constantFrom('SET', 'APPEND', 'LPUSH', 'SETNX', 'GETSET'), word, fc.constantFrom('1', '22')),
      fc.tuple(fc.constantFrom('MGET', 'DEL', 'EXISTS'), word, word, word),
      fc.tuple(fc.constant('MSET'), word, fc.constant('5'), word, fc.constant('6')),
      fc.constantFrom(['PING'], ['MULTI'], ['EXEC'], ['DISCARD'], ['FLUSHALL']),
    );
    const pipelines = fc.array(fc.tuple(fc.nat(3), fc.array(command, { maxLength: 12 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pipelines, async (script) => {
        const clients = ring.nodes.map((node) => node.connect());
        const twins = ring.nodes.map(() => single.connect());
        await ring.ask(clients[0], 'FLUSHALL');
        await single.ask(twins[0], 'FLUSHALL');
        for (const [node, commands] of script) {
          const bytes = Buffer.concat(commands.map((words) => requestOf(...words)));
          clients[node].sendBytes(bytes);
          twins[node].sendBytes(bytes);
          await ring.settle();
          await single.settle();
          const isCrossSlot = (reply: unknown): boolean => /CROSSSLOT|possible in a|EXECABORT/.test(String(reply));
          const replies = clients[node].replies();
          const expected = twins[node].replies();
          // What a ring cannot do in a transaction, and all that comes behind it, is another matter.
          if (replies.some(isCrossSlot)) break;
          expect(replies, JSON.stringify(replies)).to.deep.equal(expected);
        }
        for (const client of [...clients, ...twins]) client.disconnect();
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it('carries messages from any node to any other', async () => {
    const ring = await RingBench.start(3);
    const listeners = ring.nodes.map((node) => node.connect());
    for (const client of listeners) expect(await ring.ask(client, 'SUBSCRIBE', 'news')).to.be.an('array');
    const publisher = ring.nodes[1].connect();
    expect(await ring.ask(publisher, 'PUBLISH', 'news', 'all of it'), 'of this node, as in Redis Cluster').to.equal(1);
    for (const client of listeners) expect(client.replies()).to.deep.equal([['message', 'news', 'all of it']]);
  });

  it('has a client wait on when another node acts for the key', async () => {
    const ring = await RingBench.start(3);
    const acting = ring.ring.replicas(slotOf(Buffer.from('queue'), 0, 5))[0];
    const others = [0, 1, 2].filter((node) => node !== acting);
    const waiting = others.map((node) => ring.nodes[node].connect());
    ring.isolate(acting);
    await ring.advance(300);
    for (const client of waiting) client.send('BLPOP', 'queue', '0');
    await ring.settle();
    ring.connectAgain();
    await ring.advance(300);
    for (const node of others) {
      expect(await ring.ask(ring.nodes[node].connect(), 'RPUSH', 'queue', 'element')).to.equal(1);
    }
    await ring.settle();
    expect(waiting.map((client) => client.replies())).to.deep.equal([[['queue', 'element']], [['queue', 'element']]]);
  });

  it('has a request that was sent to a member that leaves run elsewhere', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(0);
    const [leaving] = ring.replicasOf(key);
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'INCR', key)).to.equal(1);
    void ring.nodes[leaving].node.stop();
    await ring.settle(({ message }) => message.from !== ring.ids[leaving]);
    client.send('INCR', key);
    await ring.settle(({ message }) => message.from !== ring.ids[leaving]);
    expect(client.wire(), 'node 0 has not heard of it').to.equal('');
    await ring.advance(200);
    expect(client.replies()).to.deep.equal([2]);
  });

  it('does not let a member go without its log', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'CONFIG', 'SET', 'appendonly', 'no')).to.match(/^-.*needs its log/);
    expect(await ring.ask(client, 'CONFIG', 'GET', 'appendonly')).to.deep.equal(['appendonly', 'yes']);
  });
});
