import { expect } from 'chai';
import fc from 'fast-check';

import { ColdNode } from './cold-node.js';
import type { BenchClient } from './node-bench.js';
import { requestOf } from './node-bench.js';
import { addWaitingCommands } from './waiting-commands.js';

type Word = string | number;

async function start(configText = ''): Promise<ColdNode> {
  const node = await ColdNode.start(configText);
  addWaitingCommands(node.bench.node);
  return node;
}

/** Clients that wait, one behind the other. */
async function waiting(node: ColdNode, ...requests: Word[][]): Promise<BenchClient[]> {
  const clients: BenchClient[] = [];
  for (const words of requests) {
    const client = node.bench.connect();
    client.send(...words);
    await node.run();
    expect(client.replies()).to.deep.equal([]);
    clients.push(client);
  }
  return clients;
}

async function figure(node: ColdNode, section: string, name: string): Promise<string | undefined> {
  const info = String(await node.ask('INFO', section));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1];
}

const pipeline = (...requests: Word[][]): Buffer => Buffer.concat(requests.map((words) => requestOf(...words)));

describe('Blocking', () => {
  it('serves in the turn of the write, the longest waiting first, and logs both in one frame', async () => {
    const node = await start();
    const [first, second] = await waiting(node, ['BTAKE', 'k', 0], ['BTAKE', 'k', 0]);
    const { stepCount } = node.disk;
    node.client.send('SET', 'k', 'v');
    node.bench.endTurn();
    expect(node.client.replies()).to.deep.equal(['OK']);
    expect(first.replies()).to.deep.equal([['k', 'v']]);
    expect(second.replies()).to.deep.equal([]);
    expect(node.disk.stepCount - stepCount).to.equal(1);
    expect(await node.ask('EXISTS', 'k')).to.equal(0);
    await node.ask('SET', 'k', 'w');
    expect(second.replies()).to.deep.equal([['k', 'w']]);
  });

  it('serves as many as find something, from a pipeline too', async () => {
    const node = await start();
    const clients = await waiting(node, ['BTAKE', 'k', 0], ['BTAKE', 'k', 0], ['BTAKE', 'k', 0]);
    node.client.sendBytes(pipeline(['SET', 'k', 1], ['SET', 'k', 2], ['GET', 'k'], ['SET', 'k', 3], ['SET', 'k', 4]));
    await node.run();
    expect(node.client.replies()).to.deep.equal(['OK', 'OK', null, 'OK', 'OK']);
    expect(clients.flatMap((client) => client.replies())).to.deep.equal([
      ['k', '1'],
      ['k', '2'],
      ['k', '3'],
    ]);
    expect(await node.ask('GET', 'k')).to.equal('4');
  });

  it('serves a client that waits for several keys by the first that is ready, once', async () => {
    const node = await start();
    const [client] = await waiting(node, ['BTAKE', 'a', 'b', 'a', 'c', 0]);
    node.client.sendBytes(pipeline(['MSET', 'c', 1, 'b', 2, 'a', 3]));
    await node.run();
    expect(client.replies()).to.deep.equal([['c', '1']]);
    node.client.wire();
    expect(await node.ask('MGET', 'a', 'b', 'c')).to.deep.equal(['3', '2', null]);
    expect(await figure(node, 'clients', 'blocked_clients')).to.equal('0');
  });

  it('lets what is served feed others', async () => {
    const node = await start();
    const [last, second, first] = await waiting(
      node,
      ['BTAKE', 'c', 0],
      ['BMOVE', 'b', 'c', 0],
      ['BMOVE', 'a', 'b', 0],
    );
    await node.ask('SET', 'a', 'x');
    expect(first.replies()).to.deep.equal(['x']);
    expect(second.replies()).to.deep.equal(['x']);
    expect(last.replies()).to.deep.equal([['c', 'x']]);
    expect(await node.ask('DBSIZE')).to.equal(0);
  });

  it('does not wait when there is something, and goes on with what was sent behind', async () => {
    const node = await start();
    await node.ask('SET', 'k', 'v');
    expect(await node.ask('BTAKE', 'j', 'k', 0)).to.deep.equal(['k', 'v']);
    const client = node.bench.connect();
    client.sendBytes(pipeline(['BTAKE', 'k', 0], ['SET', 'k', 'again'], ['GET', 'k']));
    await node.run();
    expect(client.replies()).to.deep.equal([]);
    await node.ask('SET', 'k', 'v');
    expect(client.replies()).to.deep.equal([['k', 'v'], 'OK', 'again']);
  });

  it('keeps what comes from a client in the turn in which it is served: the bytes were overwritten before they were looked at', async () => {
    const node = await start();
    const [waiter] = await waiting(node, ['BTAKE', 'k', 0]);
    node.client.send('SET', 'k', 'v');
    waiter.send('ECHO', 'behind');
    waiter.send('ECHO', 'and behind that');
    await node.run();
    expect(waiter.replies()).to.deep.equal([['k', 'v'], 'behind', 'and behind that']);
  });

  it('gives up when the time is over', async () => {
    const node = await start();
    const clients = await waiting(node, ['BTAKE', 'k', 0.25], ['BTAKE', 'k', 0], ['BMOVE', 'k', 'j', 1]);
    await node.advance(200);
    expect(clients[0].replies()).to.deep.equal([]);
    await node.advance(100);
    expect(clients[0].replies()).to.deep.equal([null]);
    await node.advance(1000);
    expect(clients[2].replies()).to.deep.equal([null]);
    await node.ask('SET', 'k', 'v');
    expect(clients[1].replies()).to.deep.equal([['k', 'v']]);
    expect(await node.askAs(clients[0], 'PING')).to.equal('PONG');
  });

  it('refuses times that are none', async () => {
    const node = await start();
    const refusal = (timeout: Word): Promise<unknown> => node.ask('BTAKE', 'k', timeout);
    for (const timeout of ['x', '1x', 'nan', '']) {
      expect(await refusal(timeout)).to.equal('-ERR timeout is not a float or out of range');
    }
    expect(await refusal(-1)).to.equal('-ERR timeout is negative');
    expect(await refusal('inf')).to.equal('-ERR timeout is out of range');
    expect(await refusal('9223372036854775.807')).to.equal('-ERR timeout is out of range');
    const [client] = await waiting(node, ['BTAKE', 'k', '9223372036854']);
    await node.advance(1000);
    expect(client.replies()).to.deep.equal([]);
  });

  it('ends a wait for CLIENT UNBLOCK, with an error if that is wanted', async () => {
    const node = await start();
    const [a, b] = await waiting(node, ['BTAKE', 'k', 0], ['BTAKE', 'k', 0]);
    const ids = String(await node.ask('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes('flags=b'))
      .map((line) => /id=(\d+)/.exec(line)?.[1] ?? '');
    expect(ids.length).to.equal(2);
    expect(await node.ask('CLIENT', 'UNBLOCK', ids[0])).to.equal(1);
    expect(await node.ask('CLIENT', 'UNBLOCK', ids[1], 'ERROR')).to.equal(1);
    expect(await node.ask('CLIENT', 'UNBLOCK', ids[1], 'ERROR')).to.equal(0);
    expect(a.replies()).to.deep.equal([null]);
    expect(b.replies()).to.deep.equal(['-UNBLOCKED client unblocked via CLIENT UNBLOCK']);
    expect(await figure(node, 'errorstats', 'errorstat_UNBLOCKED')).to.equal('count=1');
    await node.ask('SET', 'k', 'v');
    expect(await node.ask('GET', 'k')).to.equal('v');
  });

  it('forgets a client that goes away, though it waits', async () => {
    const node = await start();
    const [gone, ended, stays] = await waiting(node, ['BTAKE', 'k', 0], ['BTAKE', 'k', 0], ['BTAKE', 'k', 0]);
    expect([gone, ended, stays].map((client) => client.isPaused)).to.deep.equal([false, false, false]);
    gone.disconnect();
    ended.endSending();
    await node.ask('SET', 'k', 'v');
    expect(stays.replies()).to.deep.equal([['k', 'v']]);
    expect(ended.closed).to.not.equal('no');
  });

  it('does not read without end from a client that waits', async () => {
    const node = await start();
    const [client] = await waiting(node, ['BTAKE', 'k', 0]);
    for (let i = 0; i < 10; i++) client.send('SET', 'x', '.'.repeat(30_000));
    await node.run();
    expect(client.isPaused).to.equal(true);
    await node.ask('SET', 'k', 'v');
    await node.run();
    expect(client.replies()).to.deep.equal([['k', 'v'], ...Array.from({ length: 10 }, () => 'OK')]);
  });

  it('leaves clients waiting whose keys hold another type, or nothing any more', async () => {
    const node = await start();
    const [client] = await waiting(node, ['BTAKE', 'k', 0]);
    node.client.sendBytes(pipeline(['HSET', 'k', 'f', 'v'], ['DEL', 'k']));
    await node.run();
    node.client.wire();
    expect(client.replies()).to.deep.equal([]);
    await node.ask('SET', 'k', 'v');
    expect(client.replies()).to.deep.equal([['k', 'v']]);
  });

  it('sees keys that come by another name, or from another database', async () => {
    const node = await start();
    const [renamed, copied, moved, swapped] = await waiting(
      node,
      ['BTAKE', 'r', 0],
      ['BTAKE', 'c', 0],
      ['BTAKE', 'm', 0],
      ['BTAKE', 's', 0],
    );
    await node.ask('SET', 'x', 1);
    await node.ask('RENAME', 'x', 'r');
    expect(renamed.replies()).to.deep.equal([['r', '1']]);
    await node.ask('SET', 'x', 2);
    await node.ask('COPY', 'x', 'c');
    expect(copied.replies()).to.deep.equal([['c', '2']]);
    await node.ask('SELECT', 1);
    await node.ask('SET', 'm', 3);
    expect(moved.replies()).to.deep.equal([]);
    await node.ask('MOVE', 'm', 0);
    expect(moved.replies()).to.deep.equal([['m', '3']]);
    await node.ask('SET', 's', 4);
    await node.ask('SWAPDB', 0, 1);
    expect(swapped.replies()).to.deep.equal([['s', '4']]);
  });

  it('answers nobody who wants no answer', async () => {
    const node = await start();
    const client = node.bench.connect();
    client.sendBytes(pipeline(['CLIENT', 'REPLY', 'SKIP'], ['BTAKE', 'k', 0], ['PING']));
    await node.run();
    await node.ask('SET', 'k', 'v');
    expect(client.replies()).to.deep.equal(['PONG']);
    expect(await node.ask('EXISTS', 'k')).to.equal(0);
  });

  it('reads what it needs of the disk at once', async () => {
    const node = await start();
    await node.ask('SET', 'to', 'old');
    await node.forget();
    const [client] = await waiting(node, ['BMOVE', 'from', 'to', 0]);
    await node.forget();
    node.client.send('SET', 'from', 'new');
    node.bench.endTurn();
    expect(client.replies()).to.deep.equal(['new']);
    node.client.wire();
    expect(await node.ask('GET', 'to')).to.equal('new');
  });

  it('counts a call when it has been answered, and notes it in the slow log then', async () => {
    const node = await start('slowlog-log-slower-than 0');
    await node.ask('SLOWLOG', 'RESET');
    const slow = async (): Promise<unknown[]> =>
      ((await node.ask('SLOWLOG', 'GET', 50)) as unknown[][]).map((entry) => (entry[3] as string[])[0]);
    await waiting(node, ['BTAKE', 'k', 0]);
    expect(await figure(node, 'commandstats', 'cmdstat_btake')).to.match(/^calls=0,|^undefined/);
    expect(await slow()).to.not.include('BTAKE');
    await node.ask('SET', 'k', 'v');
    expect(await figure(node, 'commandstats', 'cmdstat_btake')).to.match(/^calls=1,/);
    expect(await slow()).to.include('BTAKE');
  });

  it('ends all waits when the server stops', async () => {
    const node = await start();
    const [client] = await waiting(node, ['BTAKE', 'k', 0]);
    void node.bench.node.stop();
    await node.run();
    expect(client.closed).to.not.equal('no');
    expect(client.replies()).to.deep.equal([]);
  });

  it('serves as a queue for each key would, whatever is written', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), keys: fc.array(key, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('set' as const), keys: fc.array(key, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('leave' as const), keys: fc.constant([] as string[]) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const node = await start('appendonly no');
        const values = new Map<string, string>();
        let queue: { client: BenchClient; keys: string[] }[] = [];
        const expected = new Map<BenchClient, unknown[]>();
        let count = 0;
        for (const { kind, keys } of steps) {
          if (kind === 'wait') {
            const client = node.bench.connect();
            expected.set(client, []);
            const found = keys.find((k) => values.has(k));
            if (found === undefined) queue.push({ client, keys });
            else {
              expected.get(client)?.push([found, values.get(found)]);
              values.delete(found);
            }
            client.send('BTAKE', ...keys, 0);
          } else if (kind === 'set') {
            const pairs = keys.map((k) => [k, String(count++)]);
            for (const [k, v] of pairs) values.set(k, v);
            node.client.send('MSET', ...pairs.flat());
            for (const k of new Set(keys)) {
              const served = queue.find((waiter) => waiter.keys.includes(k));
              if (served === undefined || !values.has(k)) continue;
              expected.get(served.client)?.push([k, values.get(k)]);
              values.delete(k);
              queue = queue.filter((waiter) => waiter !== served);
            }
          } else queue.shift()?.client.disconnect();
          await node.settle();
        }
        for (const [client, replies] of expected) expect(client.replies()).to.deep.equal(replies);
        for (const k of ['a', 'b', 'c']) {
          node.client.wire();
          expect(await node.ask('GET', k)).to.equal(values.get(k) ?? null);
        }
      }),
      { numRuns: 60 },
    );
  });
});
