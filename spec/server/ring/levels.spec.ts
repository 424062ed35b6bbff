import { expect } from 'chai';
import { encodeWords } from '../../../lib/protocol/request-encoder.js';
import { NodeBench } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const CHOICES = 'choose ANY, ONE, QUORUM, ALL, LINEARIZABLE, or R=n and W=n';

describe('Consistency levels', () => {
  it('CONSISTENCY shows and sets the level of the connection; RESET takes it back', async () => {
    const ring = await RingBench.start(3, 'write-consistency all');
    const client = ring.nodes[0].connect();
    const other = ring.nodes[0].connect();
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('R=QUORUM W=ALL');
    expect(await ring.ask(client, 'CONSISTENCY', 'one')).to.equal('OK');
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('ONE');
    expect(await ring.ask(client, 'CONSISTENCY', 'W=2', 'R=all')).to.equal('OK');
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('R=ALL W=2');
    expect(await ring.ask(other, 'CONSISTENCY')).to.equal('R=QUORUM W=ALL');
    for (const words of [['most'], ['R=0'], ['W=17'], ['2'], ['R=1', 'x']]) {
      expect(await ring.ask(client, 'CONSISTENCY', ...words)).to.match(/^-ERR '.*' is no consistency level: /);
    }
    expect(await ring.ask(client, 'CONSISTENCY', 'R=LINEARIZABLE')).to.match(/^-ERR .* is no consistency level: /);
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('R=ALL W=2');
    expect(await ring.ask(client, 'RESET')).to.equal('RESET');
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('R=QUORUM W=ALL');
  });

  it('a connection at ONE is answered by one replica, at ALL by none that has two', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    ring.isolate(0);
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('-NOREPLICAS need 2, have 1');
    await ring.ask(client, 'CONSISTENCY', 'ONE');
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('OK');
    expect(await ring.ask(client, 'GET', 'k')).to.equal('v');
    ring.connectAgain();
    await ring.ask(client, 'CONSISTENCY', 'ALL');
    ring.isolate(1);
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('-NOREPLICAS need 3, have 2');
  });

  it('WITH is for one command', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    ring.isolate(0);
    expect(await ring.ask(client, 'WITH', 'ONE', 'SET', 'k', 'v')).to.equal('OK');
    expect(await ring.ask(client, 'GET', 'k')).to.equal('-NOREPLICAS need 2, have 1');
    expect(await ring.ask(client, 'WITH', 'R=1', 'GET', 'k')).to.equal('v');
    expect(await ring.ask(client, 'WITH', 'R=1', 'INCR', 'n')).to.equal('-NOREPLICAS need 2, have 1');
    expect(await ring.ask(client, 'with', 'r=1', 'w=1', 'INCR', 'n')).to.equal(1);
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('QUORUM');
  });

  it('WITH holds for a request that waits for other replicas, and ends behind it in a pipeline', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    await ring.ask(client, 'SET', 'k', 'v');
    client.send('WITH', 'ALL', 'GET', 'k');
    client.send('GET', 'k');
    client.send('WITH', 'R=2', 'W=3', 'APPEND', 'k', 'w');
    // Two of three are enough for the second one, and no more.
    await ring.settle(({ to, message }) => to !== 2 && message.from !== ring.ids[2]);
    expect(client.replies()).to.deep.equal([]);
    await ring.settle();
    expect(client.replies()).to.deep.equal(['v', 'v', 2]);
  });

  it('WITH has nothing to do with the requests behind it, whether they are asked for ahead or not', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    await ring.ask(client, 'SET', 'k', 'v');
    await ring.ask(client, 'CONSISTENCY', 'ALL');
    // In one read, so that those behind the first one are known while it waits.
    client.sendBytes(
      Buffer.concat(
        [
          ['WITH', 'QUORUM', 'GET', 'k'],
          ['GET', 'k'],
          ['GET', 'k'],
        ].map(encodeWords),
      ),
    );
    await ring.settle(({ to, message }) => to !== 2 && message.from !== ring.ids[2]);
    expect(client.replies()).to.deep.equal(['v']);
    await ring.settle();
    expect(client.replies()).to.deep.equal(['v', 'v']);
  });

  it('WITH holds for a request that waits for the disk', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    await ring.ask(client, 'SET', 'k', 'v');
    expect(await ring.ask(client, 'SAVE')).to.equal('OK');
    expect(await ring.ask(client, 'DEBUG', 'RELOAD')).to.equal('OK');
    ring.isolate(0);
    expect(await ring.ask(client, 'WITH', 'ONE', 'GET', 'k')).to.equal('v');
    expect(await ring.ask(client, 'GET', 'k')).to.equal('-NOREPLICAS need 2, have 1');
  });

  it('WITH goes with the command to another member', async () => {
    const ring = await RingBench.start(5, '', 3);
    const client = ring.nodes[0].connect();
    const key = ring.keyWithout(0);
    const [first, second, third] = ring.replicasOf(key);
    ring.disconnect(first, second);
    ring.disconnect(first, third);
    expect(await ring.ask(client, 'SET', key, 'v')).to.equal('-NOREPLICAS need 2, have 1');
    expect(await ring.ask(client, 'WITH', 'ONE', 'SET', key, 'v')).to.equal('OK');
    expect(await ring.ask(client, 'WITH', 'ONE', 'GET', key)).to.equal('v');
    expect(await ring.ask(client, 'GET', key)).to.equal('-NOREPLICAS need 2, have 1');
  });

  it('WITH holds for a read that starts over, because the member that ran it is gone', async () => {
    const ring = await RingBench.start(5, '', 3);
    const client = ring.nodes[0].connect();
    const key = ring.keyWithout(0);
    const [first] = ring.replicasOf(key);
    client.send('WITH', 'ALL', 'GET', key);
    await ring.settle(() => false);
    const killer = ring.nodes[first].connect();
    killer.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    ring.isolate(first);
    await ring.settle();
    expect(killer.replies()).to.deep.equal([1]);
    expect(client.replies()).to.deep.equal(['-NOREPLICAS need 3, have 2']);
  });

  it('WITH is refused where it makes no sense', async () => {
    const node = await NodeBench.start();
    const client = node.connect();
    expect(await node.ask(client, 'WITH', 'ALL')).to.equal("-ERR wrong number of arguments for 'with' command");
    expect(await node.ask(client, 'WITH', 'R=1', 'W=1')).to.equal("-ERR wrong number of arguments for 'with' command");
    expect(await node.ask(client, 'WITH', 'R=1', 'ALL', 'GET', 'k')).to.match(/^-ERR unknown command 'ALL'/);
    expect(await node.ask(client, 'WITH', 'most', 'GET', 'k')).to.equal(
      `-ERR 'most' is no consistency level: ${CHOICES}`,
    );
    expect(await node.ask(client, 'WITH', 'ALL', 'WITH', 'ONE', 'GET', 'k')).to.match(
      /^-ERR WITH has no level of its own/,
    );
    expect(await node.ask(client, 'WITH', 'ALL', 'MULTI')).to.match(/^-ERR MULTI has no level of its own/);
    expect(await node.ask(client, 'MULTI')).to.equal('OK');
    expect(await node.ask(client, 'WITH', 'ALL', 'GET', 'k')).to.equal('-ERR Command not allowed inside a transaction');
    expect(await node.ask(client, 'EXEC')).to.match(/^-EXECABORT/);
  });

  it('on a single node every level is taken, and means the same', async () => {
    const node = await NodeBench.start();
    const client = node.connect();
    expect(await node.ask(client, 'CONSISTENCY')).to.equal('QUORUM');
    expect(await node.ask(client, 'CONSISTENCY', 'R=3', 'W=all')).to.equal('OK');
    expect(await node.ask(client, 'SET', 'k', 'v')).to.equal('OK');
    expect(await node.ask(client, 'WITH', 'ALL', 'GET', 'k')).to.equal('v');
  });

  it('go along to a member that is busy with a script just then', async () => {
    const ring = await RingBench.start(4, 'busy-reply-threshold 100');
    const client = ring.nodes[0].connect();
    const key = ring.keyWithout(0);
    const [first, , third] = ring.replicasOf(key);
    const { clock } = ring.nodes[first];
    expect(await ring.ask(client, 'CONSISTENCY', 'ALL')).to.equal('OK');
    clock.lookUs = 200;
    ring.nodes[first].connect().send('EVAL', 'while true do end', 0);
    await ring.settle();
    clock.lookUs = 1;
    expect(await ring.ask(client, 'INCR', key)).to.match(/^-BUSY/);
    expect(await ring.ask(ring.nodes[first].connect(), 'SCRIPT', 'KILL')).to.equal('OK');
    await ring.settle();
    expect(await ring.ask(client, 'INCR', key)).to.equal(1);
    ring.disconnect(first, third);
    expect(await ring.ask(client, 'INCR', key)).to.equal('-NOREPLICAS need 3, have 2');
  });
});

describe('cluster-redirects', () => {
  it('sends a client to the first live replica; without it, it is served', async () => {
    const ring = await RingBench.start(5, 'cluster-redirects yes', 3);
    const client = ring.nodes[0].connect();
    const key = ring.keyWithout(0);
    const [first, second] = ring.replicasOf(key);
    const moved = (member: number): RegExp => new RegExp(`^-MOVED \\d+ 127\\.0\\.0\\.1:${7000 + member}$`);
    expect(await ring.ask(client, 'SET', key, 'v')).to.match(moved(first));
    expect(await ring.ask(client, 'GET', key)).to.match(moved(first));
    ring.isolate(first);
    expect(await ring.ask(client, 'GET', key)).to.match(moved(second));
    expect(await ring.ask(ring.nodes[second].connect(), 'SET', key, 'v')).to.equal('OK');
    expect(await ring.ask(client, 'CONFIG', 'SET', 'cluster-redirects', 'no')).to.equal('OK');
    expect(await ring.ask(client, 'GET', key)).to.equal('v');
  });

  it('sends a client on with a transaction, and with keys of several slots, if one other node has all', async () => {
    const ring = await RingBench.start(5, 'cluster-redirects yes', 3);
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 200 }, (_, i) => `key:${i}`).filter((one) => !ring.replicasOf(one).includes(0));
    const [key] = keys;
    const [first] = ring.replicasOf(key);
    const moved = new RegExp(`^-MOVED \\d+ 127\\.0\\.0\\.1:${7000 + first}$`);
    expect(await ring.ask(client, 'MULTI')).to.equal('OK');
    expect(await ring.ask(client, 'SET', key, 'v')).to.match(moved);
    expect(await ring.ask(client, 'EXEC')).to.match(/^-EXECABORT/);
    const same = keys.find((one) => one !== key && ring.replicasOf(one)[0] === first) ?? '';
    const other = keys.find((one) => ring.replicasOf(one)[0] !== first) ?? '';
    expect(await ring.ask(client, 'MSET', key, '1', same, '2')).to.match(moved);
    expect(await ring.ask(client, 'MSET', key, '1', other, '2'), 'nobody else could do it').to.equal('OK');
    expect(await ring.ask(client, 'MGET', key, other)).to.deep.equal(['1', '2']);
    expect(await ring.ask(ring.nodes[first].connect(), 'MGET', key, same)).to.deep.equal(['1', null]);
  });
});
