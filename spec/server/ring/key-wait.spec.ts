import { expect } from 'chai';

import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { slotOf } from '../../../lib/base/position.js';
import { encodeWords } from '../../../lib/protocol/request-encoder.js';
import { withTimeLeft } from '../../../lib/server/ring/key-wait.js';
import { openLoop } from '../../../lib/server/ring/loop-stream.js';
import { requestOf } from '../requests.js';
import type { BenchClient } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const KEY = 'queue';

describe('A client that waits for keys of another member', () => {
  let ring: RingBench;
  let acting: number;
  let next: number;
  let other: number;

  beforeEach(async () => {
    ring = await RingBench.start(3, 'write-timeout 500');
    [acting, next, other] = ring.ring.replicas(slotOf(Buffer.from(KEY), 0, KEY.length));
  });

  async function waiting(node: number, ...words: readonly string[]): Promise<BenchClient> {
    const client = ring.nodes[node].connect();
    client.send(...words);
    await ring.settle();
    expect(client.wire()).to.equal('');
    return client;
  }

  it('waits on at the next live replica when the member is gone', async () => {
    const client = await waiting(other, 'BLPOP', KEY, '0');
    ring.isolate(acting);
    await ring.advance(200);
    expect(client.wire()).to.equal('');
    expect(await ring.ask(ring.nodes[next].connect(), 'RPUSH', KEY, 'element')).to.equal(1);
    await ring.settle();
    expect(client.replies()).to.deep.equal([[KEY, 'element']]);
  });

  it('waits on when the member does not answer any more, and goes back with the key', async () => {
    const client = await waiting(other, 'BLMOVE', KEY, `{${KEY}}2`, 'LEFT', 'RIGHT', '0');
    ring.silence(other, acting);
    await ring.advance(200);
    ring.silence(other, acting, false);
    await ring.advance(200);
    expect(client.wire()).to.equal('');
    await ring.ask(ring.nodes[next].connect(), 'RPUSH', KEY, 'element');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['element']);
  });

  it('is told that nobody knows when the member is lost that may have taken something', async () => {
    await ring.ask(ring.nodes[acting].connect(), 'RPUSH', KEY, 'element');
    const client = ring.nodes[other].connect();
    client.send('BLPOP', KEY, '0');
    await ring.settle(({ kind }) => kind !== MessageKind.REPLICATE);
    expect(client.wire()).to.equal('');
    ring.isolate(acting);
    await ring.advance(1000);
    expect(client.replies()).to.deep.equal([
      '-TIMEOUT the replica that ran the command is gone, or does not answer: the outcome is unknown',
    ]);
  });

  it('waits no longer in all than it has asked for', async () => {
    const client = await waiting(other, 'BLPOP', KEY, '2');
    await ring.advance(1200);
    ring.isolate(acting);
    await ring.advance(500);
    expect(client.wire()).to.equal('');
    await ring.advance(400);
    expect(client.replies()).to.deep.equal([null]);
  });

  it('is served before those who came later, wherever they wait', async () => {
    const clients: BenchClient[] = [];
    for (const node of [other, acting, next, acting]) clients.push(await waiting(node, 'BLPOP', KEY, '0'));
    const pusher = ring.nodes[acting].connect();
    for (let i = 0; i < clients.length; i++) {
      await ring.ask(pusher, 'RPUSH', KEY, String(i));
      await ring.settle();
      expect(clients.map((client) => client.replies())).to.deep.equal(
        clients.map((_, j) => (j === i ? [[KEY, String(i)]] : [])),
      );
    }
    for (const client of clients) client.send('BLPOP', KEY, '0');
    await ring.settle();
    await ring.ask(pusher, 'RPUSH', KEY, ...clients.map((_, i) => `all ${i}`));
    await ring.settle();
    expect(clients.map((client) => client.replies().length)).to.deep.equal([1, 1, 1, 1]);
  });

  it('waits again when somebody else has taken what it was told of, and sorted sets are no lists', async () => {
    const client = await waiting(other, 'BZPOPMIN', KEY, '0');
    const here = ring.nodes[acting].connect();
    here.send('MULTI');
    here.send('ZADD', KEY, '1', 'stolen');
    here.send('ZPOPMIN', KEY);
    here.send('EXEC');
    await ring.settle();
    expect(client.wire()).to.equal('');
    here.wire();
    await ring.ask(here, 'RPUSH', KEY, 'x');
    await ring.ask(here, 'DEL', KEY);
    expect(client.wire()).to.equal('');
    await ring.ask(here, 'ZADD', KEY, '1', 'member');
    await ring.settle();
    expect(client.replies()).to.deep.equal([[KEY, 'member', '1']]);
  });

  it('ends for CLIENT UNBLOCK, with an error if that is wanted', async () => {
    for (const [words, reply] of [
      [['BLPOP', KEY, '0'], null],
      [['BLMPOP', '0', '1', KEY, 'LEFT'], null],
      [['BLPOP', KEY, '100'], '-UNBLOCKED client unblocked via CLIENT UNBLOCK'],
    ] as const) {
      const client = ring.nodes[other].connect();
      const id = String(await ring.ask(client, 'CLIENT', 'ID'));
      client.send(...words);
      await ring.settle();
      const how = reply === null ? 'TIMEOUT' : 'ERROR';
      expect(await ring.ask(ring.nodes[other].connect(), 'CLIENT', 'UNBLOCK', id, how)).to.equal(1);
      await ring.advance(100);
      expect(client.replies()).to.deep.equal([reply]);
      expect(await ring.ask(client, 'PING')).to.equal('PONG');
    }
  });

  it('takes nothing when its client has gone meanwhile', async () => {
    const client = await waiting(other, 'BLPOP', KEY, '0');
    expect(client.isPaused).to.equal(false);
    client.endSending();
    await ring.settle();
    const here = ring.nodes[acting].connect();
    expect(await ring.ask(here, 'RPUSH', KEY, 'element')).to.equal(1);
    await ring.advance(500);
    expect(await ring.ask(here, 'LLEN', KEY)).to.equal(1);
  });

  it('holds up those behind it only for a moment if it does not come for what is there', async () => {
    let said = '';
    const { acceptChannel } = ring.links[acting];
    expect(acceptChannel).to.not.equal(undefined);
    if (acceptChannel === undefined) return;
    const channel = openLoop(ring.nodes[acting].timers, (stream) => acceptChannel(stream, ring.ids[acting]), {
      onData: (buffer, length) => (said += buffer.toString('latin1', 0, length)),
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: () => undefined,
    });
    const request = encodeWords(['BLPOP', KEY, '0']);
    channel.write(request, 0, request.length);
    await ring.settle();
    const behind = await waiting(acting, 'BLPOP', KEY, '0');
    await ring.ask(ring.nodes[acting].connect(), 'RPUSH', KEY, 'element');
    expect([said, behind.wire()]).to.deep.equal(['+WAITS\r\n+READY\r\n', '']);
    await ring.advance(400);
    expect(behind.replies()).to.deep.equal([[KEY, 'element']]);
  });
});

describe('withTimeLeft', () => {
  const left = (words: readonly string[], waitedMs: number): string[] => {
    const args = withTimeLeft(requestOf(...words), waitedMs);
    return Array.from({ length: args.count }, (_, i) => args.text(i));
  };

  it('takes what has passed from the time-out, wherever that is, and leaves those alone that wait for ever', () => {
    expect(left(['BLPOP', 'k', 'l', '2.5'], 1000)).to.deep.equal(['BLPOP', 'k', 'l', '1.5']);
    expect(left(['blmpop', '1', '2', 'k', 'l', 'LEFT'], 400)).to.deep.equal(['blmpop', '0.6', '2', 'k', 'l', 'LEFT']);
    expect(left(['BRPOP', 'k', '1'], 5000)).to.deep.equal(['BRPOP', 'k', '0.001']);
    expect(left(['BRPOP', 'k', '0'], Infinity)).to.deep.equal(['BRPOP', 'k', '0.001']);
    expect(left(['BZPOPMAX', 'k', '0'], 5000)).to.deep.equal(['BZPOPMAX', 'k', '0']);
  });
});
