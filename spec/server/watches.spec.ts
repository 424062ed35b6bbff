import { expect } from 'chai';
import fc from 'fast-check';

import { ColdNode } from './cold-node.js';
import type { BenchClient } from './node-bench.js';
import { requestOf } from './node-bench.js';

type Word = string | number;

const pipeline = (...requests: Word[][]): Buffer => Buffer.concat(requests.map((words) => requestOf(...words)));

/** Whether a transaction of the client runs now. */
async function runs(node: ColdNode, client: BenchClient = node.client): Promise<boolean> {
  client.sendBytes(pipeline(['MULTI'], ['PING'], ['EXEC']));
  await node.run();
  const [, , result] = client.replies();
  if (result !== null) expect(result).to.deep.equal(['PONG']);
  return result !== null;
}

/** Whether a transaction runs after `key` was watched and others did this. */
async function runsAfter(node: ColdNode, key: string, ...requests: Word[][]): Promise<boolean> {
  const other = node.bench.connect();
  await node.ask('WATCH', key);
  other.sendBytes(pipeline(...requests));
  await node.run();
  return runs(node);
}

describe('Watches', () => {
  it('let a transaction run only if nothing that it watches was changed', async () => {
    const node = await ColdNode.start();
    expect(await runsAfter(node, 'a', ['SET', 'a', 1])).to.equal(false);
    expect(await runs(node)).to.equal(true);
    expect(await runsAfter(node, 'a', ['SET', 'b', 1], ['GET', 'a'])).to.equal(true);
    expect(await runsAfter(node, 'a', ['SET', 'a', 1])).to.equal(false);
    expect(await runsAfter(node, 'a', ['DEL', 'a'])).to.equal(false);
    expect(await runsAfter(node, 'a', ['DEL', 'a'])).to.equal(true);
    expect(await runsAfter(node, 'a', ['SET', 'a', 1], ['DEL', 'a'])).to.equal(false);
    expect(await runsAfter(node, 'a', ['SELECT', 1], ['SET', 'a', 1])).to.equal(true);
  });

  it('count what the client itself has done, in the same turn too', async () => {
    const node = await ColdNode.start();
    const sent = async (...requests: Word[][]): Promise<unknown> => {
      node.client.sendBytes(pipeline(...requests));
      await node.run();
      return node.client.replies().at(-1);
    };
    expect(await sent(['SET', 'a', 1], ['WATCH', 'a'], ['MULTI'], ['EXEC'])).to.deep.equal([]);
    expect(await sent(['WATCH', 'a'], ['SET', 'a', 1], ['MULTI'], ['EXEC'])).to.equal(null);
    expect(await sent(['WATCH', 'a'], ['MULTI'], ['SET', 'a', 2], ['EXEC'])).to.deep.equal(['OK']);
    expect(await sent(['MULTI'], ['SET', 'a', 3], ['EXEC'])).to.deep.equal(['OK']);
    expect(await sent(['WATCH', 'a'], ['SET', 'a', 1], ['UNWATCH'], ['MULTI'], ['EXEC'])).to.deep.equal([]);
    expect(await sent(['WATCH', 'a'], ['SET', 'a', 1], ['MULTI'], ['DISCARD'], ['MULTI'], ['EXEC'])).to.deep.equal([]);
    expect(await sent(['WATCH', 'a'], ['SET', 'a', 1], ['WATCH', 'b'], ['MULTI'], ['EXEC'])).to.equal(null);
  });

  it('see changes by RENAME, COPY, MOVE, EXPIRE, PERSIST and RESTORE', async () => {
    const node = await ColdNode.start();
    for (const change of [
      ['RENAME', 'a', 'b'],
      ['RENAME', 'b', 'a'],
      ['COPY', 'b', 'a', 'REPLACE'],
      ['MOVE', 'a', 1],
      ['EXPIRE', 'a', 100],
      ['EXPIRE', 'a', -1],
      ['GETDEL', 'a'],
      ['SETRANGE', 'a', 1, 'x'],
    ]) {
      await node.ask('MSET', 'a', 1, 'b', 2);
      expect(await runsAfter(node, 'a', change), change.join(' ')).to.equal(false);
      await node.ask('FLUSHALL');
    }
    await node.ask('SET', 'a', 1, 'EX', 100);
    expect(await runsAfter(node, 'a', ['PERSIST', 'a'])).to.equal(false);
    expect(await runsAfter(node, 'a', ['PERSIST', 'a'])).to.equal(true);
    expect(await runsAfter(node, 'a', ['EXPIRE', 'a', 100, 'XX'])).to.equal(true);
    expect(await runsAfter(node, 'a', ['TOUCH', 'a'])).to.equal(true);
  });

  it('see databases emptied and exchanged, as far as the key is there', async () => {
    const node = await ColdNode.start();
    for (const flush of [['FLUSHALL'], ['FLUSHDB']]) {
      await node.ask('SET', 'a', 1);
      expect(await runsAfter(node, 'a', flush)).to.equal(false);
      expect(await runsAfter(node, 'a', flush)).to.equal(true);
      await node.ask('SET', 'a', 1);
      expect(await runsAfter(node, 'b', flush)).to.equal(true);
    }
    expect(await runsAfter(node, 'a', ['SWAPDB', 0, 1])).to.equal(true);
    await node.ask('SET', 'a', 1);
    expect(await runsAfter(node, 'a', ['SWAPDB', 0, 1])).to.equal(false);
    expect(await runsAfter(node, 'a', ['SWAPDB', 0, 1])).to.equal(false);
    expect(await runsAfter(node, 'a', ['SWAPDB', 1, 2])).to.equal(true);
    expect(await runsAfter(node, 'b', ['SWAPDB', 0, 1], ['SET', 'b', 1])).to.equal(false);
  });

  it('count a key that expires meanwhile, and not one that had expired before', async () => {
    const node = await ColdNode.start();
    await node.ask('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
    await node.ask('SET', 'a', 1, 'PX', 100);
    await node.ask('WATCH', 'a');
    await node.advance(200);
    expect(await runs(node)).to.equal(false);
    await node.ask('SET', 'a', 1, 'PX', 100);
    await node.advance(200);
    expect(await runsAfter(node, 'a', ['DEL', 'a'], ['GET', 'a'])).to.equal(true);
    await node.ask('DEBUG', 'SET-ACTIVE-EXPIRE', 1);
    await node.ask('SET', 'a', 1, 'PX', 100);
    await node.ask('WATCH', 'a');
    await node.advance(500);
    expect(await node.ask('DBSIZE')).to.equal(0);
    expect(await runs(node)).to.equal(false);
  });

  it('see changes of keys on disk, and none in their being loaded and dropped', async () => {
    const node = await ColdNode.start();
    await node.ask('SET', 'a', 1);
    await node.forget();
    expect(await runsAfter(node, 'a', ['GET', 'a'])).to.equal(true);
    await node.ask('WATCH', 'a');
    await node.forget();
    expect(await runsAfter(node, 'b', ['GET', 'a'])).to.equal(true);
    await node.ask('WATCH', 'a');
    await node.forget();
    expect(await runsAfter(node, 'b', ['SET', 'a', 1])).to.equal(false);
  });

  it('see a key that is evicted', async () => {
    const node = await ColdNode.start('appendonly no\nmaxmemory-policy allkeys-random');
    await node.ask('SET', 'a', 1);
    await node.ask('WATCH', 'a');
    const other = node.bench.connect();
    await node.askAs(other, 'CONFIG', 'SET', 'maxmemory', 1);
    await node.advance(1000);
    await node.askAs(other, 'CONFIG', 'SET', 'maxmemory', 0);
    expect(await node.askAs(other, 'EXISTS', 'a')).to.equal(0);
    expect(await runs(node)).to.equal(false);
  });

  it('agree with a dumb model, whatever clients do', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('watch' as const), who: fc.nat(2), key }),
      fc.record({ kind: fc.constant('unwatch' as const), who: fc.nat(2), key }),
      fc.record({ kind: fc.constant('exec' as const), who: fc.nat(2), key }),
      fc.record({ kind: fc.constantFrom('set' as const, 'del' as const, 'rename' as const), who: fc.nat(2), key }),
      fc.record({
        kind: fc.constantFrom('flush' as const, 'turn' as const, 'forget' as const),
        who: fc.constant(0),
        key,
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const node = await ColdNode.start();
        const clients = [0, 1, 2].map(() => node.bench.connect());
        const there = new Set<string>();
        const watched = clients.map(() => new Set<string>());
        const touched = clients.map(() => false);
        const expected: unknown[][] = clients.map(() => []);
        const touch = (name: string): void => {
          watched.forEach((names, i) => (touched[i] ||= names.has(name)));
        };
        const clear = (i: number): void => {
          watched[i].clear();
          touched[i] = false;
        };
        for (const { kind, who, key: name } of steps) {
          const send = (reply: unknown, ...words: Word[]): void => {
            clients[who].send(...words);
            expected[who].push(reply);
          };
          if (kind === 'watch') {
            watched[who].add(name);
            send('OK', 'WATCH', name);
          } else if (kind === 'unwatch') {
            clear(who);
            send('OK', 'UNWATCH');
          } else if (kind === 'set') {
            touch(name);
            there.add(name);
            send('OK', 'SET', name, 1);
          } else if (kind === 'del') {
            if (there.has(name)) touch(name);
            send(there.delete(name) ? 1 : 0, 'DEL', name);
          } else if (kind === 'rename') {
            const from = name === 'a' ? 'b' : 'a';
            if (there.has(from)) {
              touch(from);
              touch(name);
              there.delete(from);
              there.add(name);
              send('OK', 'RENAME', from, name);
            } else send('-ERR no such key', 'RENAME', from, name);
          } else if (kind === 'exec') {
            send('OK', 'MULTI');
            send(touched[who] ? null : [], 'EXEC');
            clear(who);
          } else if (kind === 'flush') {
            for (const each of there) touch(each);
            there.clear();
            send('OK', 'FLUSHALL');
          } else if (kind === 'turn') node.bench.endTurn();
          else await node.forget();
          await node.settle();
          while (node.pendingCount > 0) await node.endReads();
        }
        await node.run();
        expect(clients.map((client) => client.replies())).to.deep.equal(expected);
      }),
      { numRuns: 60 },
    );
  });
});
