import { expect } from 'chai';
import { ColdNode } from './cold-node.js';
import type { BenchClient } from './node-bench.js';

type Word = string | number;

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

describe('listCommands that wait', () => {
  it('are served by a push from the longest waiting on, and leave the rest', async () => {
    const node = await ColdNode.start();
    const clients = await waiting(
      node,
      ['BLPOP', 'other', 'k', 0],
      ['BRPOP', 'k', 0],
      ['BLMPOP', 0, 2, 'k', 'other', 'LEFT', 'COUNT', 2],
    );
    expect(await node.ask('RPUSH', 'k', 'a', 'b', 'c', 'd', 'e')).to.equal(5);
    expect(clients.flatMap((client) => client.replies())).to.deep.equal([
      ['k', 'a'],
      ['k', 'e'],
      ['k', ['b', 'c']],
    ]);
    expect(await node.ask('LRANGE', 'k', 0, -1)).to.deep.equal(['d']);
  });

  it('feed each other: what one moves, another takes', async () => {
    const node = await ColdNode.start();
    const [taker, mover] = await waiting(
      node,
      ['BLPOP', 'target', 0],
      ['BLMOVE', 'source', 'target', 'LEFT', 'RIGHT', 0],
    );
    await node.ask('RPUSH', 'source', 'x');
    expect(mover.replies()).to.deep.equal(['x']);
    expect(taker.replies()).to.deep.equal([['target', 'x']]);
    expect(await node.ask('EXISTS', 'source', 'target')).to.equal(0);
  });

  it('move nothing to what is no list', async () => {
    const node = await ColdNode.start();
    await node.ask('SET', 'text', 'v');
    const [mover] = await waiting(node, ['BRPOPLPUSH', 'source', 'text', 0]);
    await node.ask('RPUSH', 'source', 'x');
    expect(String(mover.replies()[0])).to.match(/WRONGTYPE/);
    expect(await node.ask('LRANGE', 'source', 0, -1)).to.deep.equal(['x']);
  });

  it('tell that nothing came, inside of a transaction as LMOVE does', async () => {
    const node = await ColdNode.start();
    const clients = await waiting(
      node,
      ['BLPOP', 'k', 1],
      ['BLMOVE', 'k', 'l', 'LEFT', 'LEFT', 1],
      ['BLMPOP', 1, 1, 'k', 'LEFT'],
    );
    await node.advance(1100);
    expect(clients.flatMap((client) => client.replies())).to.deep.equal([null, null, null]);
    await node.ask('MULTI');
    await node.ask('BLPOP', 'k', 0);
    await node.ask('BLMOVE', 'k', 'l', 'LEFT', 'LEFT', 0);
    expect(await node.ask('EXEC')).to.deep.equal([null, null]);
  });

  it('are not served by a list that is gone again when the transaction ends', async () => {
    const node = await ColdNode.start();
    const [client] = await waiting(node, ['BLPOP', 'k', 0]);
    await node.ask('MULTI');
    await node.ask('RPUSH', 'k', 'a');
    await node.ask('DEL', 'k');
    await node.ask('EXEC');
    expect(client.replies()).to.deep.equal([]);
    await node.ask('MULTI');
    await node.ask('RPUSH', 'k', 'a', 'b');
    await node.ask('LPOP', 'k');
    await node.ask('EXEC');
    expect(client.replies()).to.deep.equal([['k', 'b']]);
  });
});
