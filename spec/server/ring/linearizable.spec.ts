import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { keepNothing } from '../../sim/crash-fate.js';
import { requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const CONSENSUS: readonly number[] = [MessageKind.PREPARE, MessageKind.ACCEPT, MessageKind.DECIDED];

const textOf = (reply: unknown): string => String(reply).replace(/^-/, '');

describe('Linearizer', () => {
  it('decides about CAS and its kin, at any node, and each node sees it', async () => {
    const ring = await RingBench.start(3);
    const [a, b, c] = ring.nodes.map((node) => node.connect());
    expect(await ring.ask(a, 'SETNX', 'k', '1')).to.equal(1);
    expect(await ring.ask(b, 'SETNX', 'k', '2')).to.equal(0);
    expect(await ring.ask(b, 'CAS', 'k', '1', '2')).to.equal(1);
    expect(await ring.ask(c, 'CAS', 'k', '1', '3')).to.equal(0);
    expect(await ring.ask(c, 'GETSET', 'k', '4')).to.equal('2');
    expect(await ring.ask(a, 'SET', 'k', '5', 'IFEQ', '4')).to.equal('OK');
    expect(await ring.ask(a, 'SET', 'k', '6', 'NX')).to.equal(null);
    for (const client of [a, b, c]) expect(await ring.ask(client, 'GET', 'k')).to.equal('5');
    for (const client of [a, b, c]) expect(await ring.ask(client, 'WITH', 'ONE', 'GET', 'k')).to.equal('5');
    expect(await ring.ask(b, 'CAD', 'k', '4')).to.equal(0);
    expect(await ring.ask(b, 'CAD', 'k', '5')).to.equal(1);
    expect(await ring.ask(c, 'GET', 'k')).to.equal(null);
    expect(await ring.ask(c, 'DBSIZE')).to.equal(0);
  });

  it('takes over what plain commands have left, and plain commands take over from it, of any type', async () => {
    const ring = await RingBench.start(3);
    const [a, b] = ring.nodes.map((node) => node.connect());
    await ring.ask(a, 'SET', 's', '10');
    expect(await ring.ask(b, 'CAS', 's', '10', '11')).to.equal(1);
    expect(await ring.ask(a, 'INCR', 's')).to.equal(12);
    expect(await ring.ask(b, 'SET', 's', 'x')).to.equal('OK');
    expect(await ring.ask(a, 'APPEND', 's', 'y')).to.equal(2);
    expect(await ring.ask(b, 'GET', 's')).to.equal('xy');
    expect(await ring.ask(b, 'DEL', 's')).to.equal(1);
    expect(await ring.ask(a, 'SETNX', 's', 'again')).to.equal(1);
    await ring.ask(a, 'RPUSH', 'l', 'one', 'two');
    expect(await ring.ask(b, 'WITH', 'LINEARIZABLE', 'RPUSH', 'l', 'three')).to.equal(3);
    expect(await ring.ask(a, 'LPOP', 'l')).to.equal('one');
    expect(await ring.ask(b, 'LRANGE', 'l', 0, -1)).to.deep.equal(['two', 'three']);
    const fields = Array.from({ length: 300 }, (_, i) => [`f${i}`, 'v'.repeat(30)]).flat();
    await ring.ask(a, 'HSET', 'h', ...fields);
    expect(await ring.ask(b, 'WITH', 'LINEARIZABLE', 'HSET', 'h', 'f1', 'w')).to.equal(0);
    expect(await ring.ask(a, 'HGET', 'h', 'f1')).to.equal('w');
    expect(await ring.ask(a, 'HLEN', 'h')).to.equal(300);
    expect(await ring.ask(a, 'OBJECT', 'ENCODING', 'h')).to.equal('listpack');
    expect(await ring.ask(a, 'MEMORY', 'USAGE', 'h')).to.be.above(9000);
    await ring.ask(a, 'ZADD', 'z', 1, 'm', 2, 'n');
    expect(await ring.ask(b, 'WITH', 'LINEARIZABLE', 'ZINCRBY', 'z', 5, 'm')).to.equal('6');
    expect(await ring.ask(a, 'ZRANGE', 'z', 0, -1)).to.deep.equal(['n', 'm']);
  });

  it('decides about what only the disk has as soon as that is loaded, whatever else happens at the replicas', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[ring.replicasOf('k')[0]].connect();
    await ring.ask(client, 'SET', 'k', '1');
    for (const [i, node] of ring.nodes.entries()) {
      await ring.ask(node.connect(), 'SAVE');
      ring.spill(i);
    }
    expect(await ring.ask(client, 'CAS', 'k', '1', '2')).to.equal(1);
  });

  it('levels are words for it, and are sent on', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(3);
    const client = ring.nodes[3].connect();
    expect(await ring.ask(client, 'CONSISTENCY', 'LINEARIZABLE')).to.equal('OK');
    expect(await ring.ask(client, 'CONSISTENCY')).to.equal('LINEARIZABLE');
    expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
    expect(await ring.ask(client, 'GET', key)).to.equal('v');
    expect(ring.nodes[ring.replicasOf(key)[0]].node.keyspace.keyCount).to.equal(1);
    expect(await ring.ask(client, 'MSET', 'x', '1', 'y', '2', 'z', '3')).to.equal('OK');
    expect(await ring.ask(client, 'MGET', 'x', 'nothing', 'z')).to.deep.equal(['1', null, '3']);
    expect(await ring.ask(client, 'DEL', 'x', 'y', 'nothing')).to.equal(2);
    expect(textOf(await ring.ask(client, 'CONSISTENCY', 'R=LINEARIZABLE'))).to.match(/no consistency level/);
  });

  it('transactions and scripts with one key run on it; with several keys they are refused', async () => {
    const ring = await RingBench.start(3);
    const [a, b] = ring.nodes.map((node) => node.connect());
    await ring.ask(a, 'SETNX', '{t}k', '1');
    expect(await ring.ask(b, 'MULTI')).to.equal('OK');
    await ring.ask(b, 'INCR', '{t}k');
    await ring.ask(b, 'INCR', '{t}k');
    expect(await ring.ask(b, 'EXEC')).to.deep.equal([2, 3]);
    const script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
    expect(await ring.ask(a, 'EVAL', script, 1, '{t}k', 4)).to.equal(7);
    expect(await ring.ask(b, 'GET', '{t}k')).to.equal('7');
    const stray = "return redis.call('GET', '{t}other')";
    expect(textOf(await ring.ask(a, 'EVAL', stray, 1, '{t}k'))).to.match(/ERA /);
    const blind = "return redis.call('SET', '{t}k', 'by a script')";
    expect(textOf(await ring.ask(a, 'EVAL', blind, 1, '{t}other')), 'a key that it does not name').to.match(/ERA /);
    await ring.ask(b, 'MULTI');
    await ring.ask(b, 'INCR', '{t}k');
    await ring.ask(b, 'INCR', '{t}other');
    expect(textOf(await ring.ask(b, 'EXEC'))).to.match(/^EXECABORT .*ERA /);
    expect(textOf(await ring.ask(a, 'RENAME', '{t}k', '{t}other'))).to.match(/^ERA /);
    expect(textOf(await ring.ask(a, 'BLPOP', '{t}k', 0))).to.match(/^ERA /);
    expect(await ring.ask(a, 'GET', '{t}k')).to.equal('7');
  });

  it('transactions of one key that watch it, or compare and set, are decided at any level, wherever they are asked for', async () => {
    const ring = await RingBench.start(4);
    const eraOf = async (key: string): Promise<unknown[]> => {
      const fields = (await ring.ask(ring.nodes[0].connect(), 'RING', 'EXPLAIN', key)) as unknown[];
      const replicas = fields[fields.indexOf('replicas') + 1] as unknown[][];
      return replicas.map((one) => one[one.indexOf('era') + 1]);
    };
    for (const [i, node] of ring.nodes.entries()) {
      const client = node.connect();
      const transaction = async (watched: string[], ...commands: string[][]): Promise<unknown> => {
        if (watched.length > 0) await ring.ask(client, 'WATCH', ...watched);
        await ring.ask(client, 'MULTI');
        for (const command of commands) await ring.ask(client, ...command);
        return ring.ask(client, 'EXEC');
      };
      const [watched, compared, plain, other] = ['w', 'c', 'p', 'o'].map((name) => `{${i}}${name}`);
      await ring.ask(client, 'SET', watched, '1');
      expect(await transaction([watched], ['INCR', watched], ['GET', watched])).to.deep.equal([2, '2']);
      expect(await eraOf(watched)).to.deep.equal([1, 1, 1]);
      expect(await transaction([], ['SETNX', compared, '1'], ['PEXPIRE', compared, '1000'])).to.deep.equal([1, 1]);
      expect(await eraOf(compared)).to.deep.equal([1, 1, 1]);
      expect(await transaction([], ['SET', plain, '1'])).to.deep.equal(['OK']);
      expect(await transaction([plain, other], ['SET', plain, '2'])).to.deep.equal(['OK']);
      expect(await transaction([], ['SETNX', plain, '3'], ['SET', other, '1'])).to.deep.equal([0, 'OK']);
      expect(await eraOf(plain), 'without, or of several keys').to.deep.equal([0, 0, 0]);
    }
  });

  it('WATCH and EXEC: what was changed in between ends the transaction', async () => {
    const ring = await RingBench.start(3);
    const first = ring.nodes[ring.replicasOf('k')[0]];
    const [a, b] = [first.connect(), ring.nodes[ring.replicasOf('k')[1]].connect()];
    await ring.ask(a, 'SETNX', 'k', '1');
    for (const between of [false, true]) {
      expect(await ring.ask(b, 'WATCH', 'k')).to.equal('OK');
      if (between) expect(await ring.ask(a, 'SET', 'k', 'other')).to.equal('OK');
      await ring.ask(b, 'MULTI');
      await ring.ask(b, 'SET', 'k', 'mine');
      expect(await ring.ask(b, 'EXEC')).to.deep.equal(between ? null : ['OK']);
      expect(await ring.ask(a, 'GET', 'k')).to.equal(between ? 'other' : 'mine');
    }
  });

  it('WATCH waits until this node shows what it begins with, though its own disk is the slowest: else that would end the transaction', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const client = ring.nodes[second].connect();
    await ring.ask(client, 'SETNX', 'k', '1');
    const settleBut = async (slow: number): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        for (const [index, node] of ring.nodes.entries()) {
          await node.settle();
          if (index !== slow) await node.finishSyncs();
        }
        ring.deliver();
      }
    };
    client.send('INCR', 'k');
    await settleBut(first);
    expect(client.replies(), 'decided by the others').to.deep.equal([2]);
    client.send('WATCH', 'k');
    await settleBut(first);
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    for (const request of [['MULTI'], ['INCR', 'k']]) await ring.ask(client, ...request);
    expect(await ring.ask(client, 'EXEC')).to.deep.equal([3]);
  });

  it('does not take for changed what has left memory for the disk since it was watched, or before', async () => {
    const ring = await RingBench.start(3);
    const [first] = ring.replicasOf('k');
    const client = ring.nodes[first].connect();
    const other = ring.nodes[first].connect();
    await ring.ask(client, 'SETNX', 'k', '1');
    for (const isBefore of [true, false]) {
      for (const isChanged of [false, true]) {
        if (isBefore) expect(await ring.ask(other, 'DEBUG', 'RELOAD')).to.equal('OK');
        await ring.ask(client, 'WATCH', 'k');
        if (isChanged) await ring.ask(other, 'SET', 'k', 'other');
        if (!isBefore) expect(await ring.ask(other, 'DEBUG', 'RELOAD')).to.equal('OK');
        for (const request of [['MULTI'], ['SET', 'k', 'mine']]) await ring.ask(client, ...request);
        const name = `before ${String(isBefore)}, changed ${String(isChanged)}`;
        expect(await ring.ask(client, 'EXEC'), name).to.deep.equal(isChanged ? null : ['OK']);
      }
    }
  });

  it('does not take for changed what was only read: else of those who watch a key nobody could ever change it', async () => {
    const ring = await RingBench.start(3);
    const clients = ring.nodes.map((node) => node.connect());
    await ring.ask(clients[0], 'SETNX', 'k', '1');
    for (const client of clients) expect(await ring.ask(client, 'WATCH', 'k')).to.equal('OK');
    for (const client of clients) expect(await ring.ask(client, 'GET', 'k')).to.equal('1');
    expect(await ring.ask(ring.nodes[0].connect(), 'CAS', 'k', 'else', 'x')).to.equal(0);
    for (const [i, client] of clients.entries()) {
      await ring.ask(client, 'MULTI');
      await ring.ask(client, 'INCR', 'k');
      expect(await ring.ask(client, 'EXEC')).to.deep.equal(i === 0 ? [2] : null);
    }
  });

  it('tells of events where the command runs, when it is decided', async () => {
    const ring = await RingBench.start(3, 'notify-keyspace-events KEA\n');
    const [first, second] = ring.replicasOf('k');
    const listeners = [first, second].map((i) => ring.nodes[i].connect());
    for (const listener of listeners) await ring.ask(listener, 'PSUBSCRIBE', '__keyspace@0__:*');
    const client = ring.nodes[second].connect();
    const told = (): unknown[] => listeners[0].replies().map((message) => (message as string[])[3]);
    client.send('SET', 'k', '1', 'NX', 'PX', 1000);
    await ring.settle(({ kind }) => kind !== MessageKind.ACCEPTED);
    expect(told()).to.deep.equal([]);
    await ring.settle();
    expect(told()).to.deep.equal(['set', 'expire']);
    expect(client.replies()).to.deep.equal(['OK']);
    expect(await ring.ask(client, 'SETNX', 'k', '1')).to.equal(0);
    expect(await ring.ask(client, 'INCR', 'k')).to.equal(2);
    expect(told()).to.deep.equal(['incrby']);
    await ring.advance(2000);
    expect(told()).to.deep.equal(['expired']);
    expect(listeners[1].replies()).to.deep.equal([]);
  });

  it('sends what a transaction publishes when it is decided, and nothing of one whose outcome is not known', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const listeners = [first, second].map((i) => ring.nodes[i].connect());
    for (const listener of listeners) await ring.ask(listener, 'SUBSCRIBE', 'news');
    await ring.ask(listeners[0], 'PSUBSCRIBE', 'n*');
    const heard = (): unknown[] => listeners.map((one) => one.replies().map((message) => (message as string[]).at(-1)));
    const client = ring.nodes[second].connect();
    const begin = async (value: string): Promise<void> => {
      await ring.ask(client, 'WATCH', 'k');
      for (const words of [['MULTI'], ['SET', 'k', value], ['PUBLISH', 'news', value], ['SPUBLISH', 'shard', value]])
        await ring.ask(client, ...words);
      client.send('EXEC');
      await ring.settle(({ kind }) => kind !== MessageKind.ACCEPTED);
    };
    await begin('one');
    expect(heard(), 'not yet').to.deep.equal([[], []]);
    await ring.settle();
    expect(client.replies()).to.deep.equal([['OK', 2, 0]]);
    expect(heard()).to.deep.equal([['one', 'one'], ['one']]);
    await begin('two');
    await ring.advance(60_000, ({ kind }) => kind !== MessageKind.ACCEPTED);
    expect(textOf(client.replies()[0])).to.match(/unknown/);
    expect(heard()).to.deep.equal([[], []]);
  });

  it('decides at once about the keys of a pipeline, and answers in order', async () => {
    const ring = await RingBench.start(4);
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    client.sendBytes(Buffer.concat(keys.map((key, i) => requestOf('SETNX', key, i))));
    client.sendBytes(requestOf('MGET', ...keys));
    let prepares = 0;
    await ring.settle(({ kind }) => {
      if (kind === MessageKind.PREPARE) prepares++;
      return true;
    });
    expect(client.replies()).to.deep.equal([...keys.map(() => 1), keys.map((_, i) => String(i))]);
    expect(prepares, 'looks at messages between four nodes').to.be.below(50);
    client.sendBytes(
      Buffer.concat([
        requestOf('CAS', 'k1', '1', 'x'),
        requestOf('CAS', 'k1', 'x', 'y'),
        requestOf('CAS', '{k1}', '1', '2'),
        requestOf('CAS', 'k2', '1', '2'),
        requestOf('GET', 'k1'),
        requestOf('CAD', 'k1', 'y'),
      ]),
    );
    await ring.settle();
    expect(client.replies()).to.deep.equal([1, 1, null, 0, 'y', 1]);
  });

  it('what was begun ahead happens once, though clients are paused before its turn comes', async () => {
    const ring = await RingBench.start(3);
    for (const node of ring.nodes) {
      const [client, other] = [node.connect(), node.connect()];
      const keys = ['a', 'b', 'c', 'd', 'e'];
      for (const key of keys) await ring.ask(client, 'GETSET', key, '0');
      client.sendBytes(Buffer.concat(keys.map((key) => requestOf('INCR', key))));
      await ring.settle(({ kind }) => kind !== MessageKind.ACCEPTED);
      for (const one of ring.nodes) one.connect().send('CLIENT', 'PAUSE', 1000, 'WRITE');
      await ring.settle();
      await ring.advance(2000);
      expect(client.replies()).to.deep.equal([1, 1, 1, 1, 1]);
      expect(await ring.ask(other, 'MGET', ...keys)).to.deep.equal(['1', '1', '1', '1', '1']);
    }
  });

  it('shows nothing before it is decided, and finishes what somebody else has begun', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    const [a, b, c] = [first, second, third].map((i) => ring.nodes[i].connect());
    await ring.ask(a, 'SETNX', 'k', 'old');
    a.send('CAS', 'k', 'old', 'new');
    // It reaches one acceptor, whose answer is lost.
    await ring.settle(({ to, kind }) => kind === MessageKind.ACCEPT && to === second);
    ring.sent = [];
    expect(a.replies()).to.deep.equal([]);
    for (const client of [a, b, c]) {
      client.send('WITH', 'ONE', 'GET', 'k');
      await ring.settle(({ kind }) => !CONSENSUS.includes(kind));
      if (client !== a) expect(client.replies()).to.deep.equal(['old']);
    }
    ring.isolate(first);
    expect(await ring.ask(b, 'GET', 'k')).to.equal('new');
    expect(await ring.ask(c, 'CAS', 'k', 'new', 'newer')).to.equal(1);
  });

  it('refuses a plain write of who does not know yet, and decides it then', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    const [a, c] = [first, third].map((i) => ring.nodes[i].connect());
    await ring.ask(a, 'SET', 'k', 'plain');
    ring.disconnect(first, third);
    ring.disconnect(second, third);
    expect(await ring.ask(a, 'CAS', 'k', 'plain', 'decided')).to.equal(1);
    ring.connectAgain();
    await ring.settle(({ kind }) => !CONSENSUS.includes(kind));
    c.send('SET', 'k', 'late');
    await ring.settle(({ kind }) => !CONSENSUS.includes(kind));
    expect(c.replies()).to.deep.equal([]);
    await ring.settle();
    expect(c.replies()).to.deep.equal(['OK']);
    expect(await ring.ask(a, 'GET', 'k')).to.equal('late');
    expect(await ring.ask(c, 'GET', 'k')).to.equal('late');
    expect(await ring.ask(c, 'SET', 'k', 'later')).to.equal('OK');
    expect(await ring.ask(a, 'GET', 'k')).to.equal('later');
  });

  it('a hint from before does not come back', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    const [a, b] = [first, second].map((i) => ring.nodes[i].connect());
    await ring.ask(a, 'SET', 'k', 'before');
    ring.isolate(third);
    await ring.ask(b, 'SET', 'k', 'hinted');
    expect(await ring.ask(a, 'CAS', 'k', 'hinted', 'decided')).to.equal(1);
    ring.connectAgain();
    await ring.advance(3000);
    expect(await ring.ask(ring.nodes[third].connect(), 'GET', 'k')).to.equal('decided');
    expect(await ring.ask(ring.nodes[third].connect(), 'WITH', 'ONE', 'GET', 'k')).to.equal('decided');
  });

  it('what was promised and decided is there after a restart, though the log of the data was not synced', async () => {
    const ring = await RingBench.start(3, 'appendfsync no\n');
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'SETNX', 'k', '1')).to.equal(1);
    for (const node of [0, 1, 2]) {
      ring.isolate(node);
      await ring.restart(node, keepNothing);
      ring.connectAgain();
      await ring.settle();
    }
    const again = ring.nodes[1].connect();
    expect(await ring.ask(again, 'SETNX', 'k', '2')).to.equal(0);
    expect(await ring.ask(again, 'GET', 'k')).to.equal('1');
  });

  it('a key that has expired is gone for all', async () => {
    const ring = await RingBench.start(3);
    const [a, b] = ring.nodes.map((node) => node.connect());
    expect(await ring.ask(a, 'SET', 'lock', 'me', 'NX', 'PX', 1000)).to.equal('OK');
    expect(await ring.ask(b, 'SET', 'lock', 'you', 'NX', 'PX', 1000)).to.equal(null);
    await ring.advance(1500);
    expect(await ring.ask(b, 'GET', 'lock')).to.equal(null);
    expect(await ring.ask(b, 'SET', 'lock', 'you', 'NX', 'PX', 1000)).to.equal('OK');
    expect(await ring.ask(a, 'CAD', 'lock', 'me')).to.equal(0);
    expect(await ring.ask(b, 'CAD', 'lock', 'you')).to.equal(1);
    expect(await ring.ask(a, 'TTL', 'lock')).to.equal(-2);
  });

  it('FLUSHALL empties it', async () => {
    const ring = await RingBench.start(3);
    const [a, b] = ring.nodes.map((node) => node.connect());
    await ring.ask(a, 'SETNX', 'k', '1');
    expect(await ring.ask(a, 'FLUSHALL')).to.equal('OK');
    expect(await ring.ask(b, 'GET', 'k')).to.equal(null);
    expect(await ring.ask(b, 'SETNX', 'k', '2')).to.equal(1);
  });

  it('FLUSHALL empties it also for who was away and acts for it before he has heard', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const [a, b] = [first, second].map((i) => ring.nodes[i].connect());
    await ring.ask(a, 'SETNX', 'k', '1');
    ring.isolate(first);
    expect(await ring.ask(b, 'FLUSHALL')).to.equal('OK');
    await ring.advance(300);
    ring.connectAgain();
    const isNews = (kind: number): boolean => kind === MessageKind.HINT || kind === MessageKind.REPLICATE;
    await ring.settle(({ kind }) => !isNews(kind));
    a.send('GET', 'k');
    await ring.advance(1000, ({ kind }) => !isNews(kind));
    expect(a.replies()).to.deep.equal([null]);
    expect(await ring.ask(b, 'SETNX', 'k', '2')).to.equal(1);
    expect(await ring.ask(a, 'GET', 'k')).to.equal('2');
  });

  it('says that an entry is too large, and that too few replicas are there', async () => {
    const ring = await RingBench.start(3);
    const [first] = ring.replicasOf('k');
    const a = ring.nodes[first].connect();
    const large = 'x'.repeat(1024 * 1024 + 1);
    expect(textOf(await ring.ask(a, 'SETNX', 'k', large))).to.match(/^ERR .*at most 1048576 bytes/);
    expect(await ring.ask(a, 'GET', 'k')).to.equal(null);
    await ring.ask(a, 'SET', '{k}', large);
    expect(textOf(await ring.ask(a, 'CAS', '{k}', '1', '2'))).to.match(/^ERR .*at most 1048576 bytes/);
    // Of which most is zeros, that nobody has written.
    expect(await ring.ask(a, 'SETRANGE', 'k', 1024 * 1024, 'end')).to.equal(1024 * 1024 + 3);
    expect(await ring.ask(a, 'DEL', 'k')).to.equal(1);
    ring.isolate(first);
    expect(textOf(await ring.ask(a, 'SETNX', 'k', 'v'))).to.match(/^NOREPLICAS need 2, have 1/);
  });
});
