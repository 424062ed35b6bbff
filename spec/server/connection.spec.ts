import { expect } from 'chai';
import { Connection } from '../../lib/server/connection.js';
import type { BenchClient } from './node-bench.js';
import { NodeBench, requestOf } from './node-bench.js';

const MIB = 1024 * 1024;

/** The words of many commands, sent as one piece. */
function pipeline(count: number, wordsOf: (i: number) => readonly (string | number | Buffer)[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => requestOf(...wordsOf(i))));
}

/** Reads all that comes, as it comes. */
async function readAll(bench: NodeBench, client: BenchClient): Promise<unknown[]> {
  const replies: unknown[] = [];
  for (let idle = 0; idle < 3;) {
    client.drain();
    await bench.settle();
    const more = client.replies();
    replies.push(...more);
    idle = more.length === 0 ? idle + 1 : 0;
  }
  return replies;
}

/** Lets replies to those that are connected become so long. */
function limitReplies(bench: NodeBench, bytesMax: number): void {
  for (const client of bench.node.server.clients()) if (client instanceof Connection) client.reply.bytesMax = bytesMax;
}

describe('Connection', () => {
  it('answers when the turn ends, not before, and with one write', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    client.send('SET', 'k', 'v');
    client.send('GET', 'k');
    expect(client.wire()).to.equal('');
    await bench.settle();
    expect(client.replies()).to.deep.equal(['OK', 'v']);
  });

  it('reads requests cut anywhere, in a buffer that is overwritten after each read', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    const bytes = Buffer.concat([
      requestOf('SET', 'key', 'value'),
      requestOf('APPEND', 'key', Buffer.from([0, 255, 13, 10])),
      requestOf('GET', 'key'),
    ]);
    for (const size of [1, 2, 3, 7, 20]) {
      for (let at = 0; at < bytes.length; at += size) {
        client.sendBytes(bytes.subarray(at, at + size));
        if (at % 3 === 0) bench.endTurn();
      }
      await bench.settle();
      expect(client.replies(), String(size)).to.deep.equal(['OK', 9, 'value\0\xff\r\n']);
    }
  });

  it('answers a pipeline of thousands in order, over as many turns as it takes', async () => {
    const bench = await NodeBench.start();
    bench.clock.lookUs = 1000;
    const client = bench.connect();
    const count = 5000;
    client.sendBytes(pipeline(count, (i) => ['SET', `k${i}`, i]));
    client.sendBytes(pipeline(count, (i) => ['GET', `k${i}`]));
    const replies = await readAll(bench, client);
    const expected = Array.from({ length: 2 * count }, (_, i) => (i < count ? 'OK' : String(i - count)));
    expect(replies).to.deep.equal(expected);
    expect(bench.node.server.figures.loop.turns).to.be.above(10);
  });

  it('does not read from a client that does not take its replies, and holds a bounded number of bytes for it', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    const other = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(100_000, 'x'));
    client.takes = false;
    const count = 2000; // 200 MB of replies
    client.sendBytes(pipeline(count, () => ['GET', 'large']));
    await bench.settle();
    for (let i = 0; i < 20; i++) {
      client.sendBytes(requestOf('PING', Buffer.alloc(10_000)));
      await bench.settle();
      expect(await bench.ask(other, 'PING')).to.equal('PONG');
    }
    const [connection] = bench.node.server.clients();
    expect(connection.outputBytes).to.be.within(MIB, MIB + 200_000);
    expect(connection.inputBytes).to.be.below(100_000);
    expect(client.unreadBytes).to.be.above(150_000);
    expect(client.isPaused).to.equal(true);
    // It reads at last, slowly: nothing is lost, nothing comes twice.
    const replies = await readAll(bench, client);
    expect(replies.length).to.equal(count + 20);
    expect(replies.slice(0, count).every((reply) => (reply as string).length === 100_000)).to.equal(true);
    expect(replies.slice(count).every((reply) => (reply as string).length === 10_000)).to.equal(true);
  });

  it('leaves a buffer alone that the stream has not taken yet', async () => {
    const bench = await NodeBench.start();
    const [client, other] = [bench.connect(), bench.connect()];
    client.takes = false;
    client.send('PING', 'first');
    await bench.settle();
    client.send('PING', 'second');
    for (let i = 0; i < 10; i++) expect(await bench.ask(other, 'PING', `other ${i}`)).to.equal(`other ${i}`);
    expect(await readAll(bench, client)).to.deep.equal(['first', 'second']);
  });

  it('goes on with a pipeline that waited for its replies to be taken, without waiting for anybody else', async () => {
    const bench = await NodeBench.start();
    bench.clock.lookUs = 1500; // two commands are enough for a turn
    const client = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(300_000, 'x'));
    client.takes = false;
    client.sendBytes(pipeline(200, () => ['GET', 'large']));
    await bench.settle();
    bench.clock.us += 10_000_000;
    const replies = await readAll(bench, client);
    expect(replies.length).to.equal(200);
  });

  it('measures a command that waited for its replies to be taken by what it takes itself', async () => {
    const bench = await NodeBench.start('slowlog-log-slower-than 1000000');
    const client = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(600_000, 'x'));
    client.takes = false;
    client.sendBytes(pipeline(4, () => ['GET', 'large']));
    await bench.settle();
    bench.clock.us += 60_000_000;
    await readAll(bench, client);
    expect(bench.node.server.slowLog.length).to.equal(0);
  });

  it('closes a client whose pending replies pass the limit', async () => {
    const bench = await NodeBench.start('client-output-buffer-limit normal 500000 0 0');
    const client = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(200_000, 'x'));
    client.takes = false;
    client.sendBytes(pipeline(4, () => ['GET', 'large']));
    await bench.settle();
    expect(client.closed).to.equal('destroyed');
    expect([...bench.node.server.clients()]).to.deep.equal([]);
    expect(bench.lines.join('')).to.include('output buffer limit');
  });

  it('closes a client whose replies become too long to be sent, and no other', async () => {
    const bench = await NodeBench.start();
    const [client, other] = [bench.connect(), bench.connect()];
    await bench.ask(client, 'SET', 'large', Buffer.alloc(200_000, 'x'));
    limitReplies(bench, 500_000);
    client.sendBytes(
      pipeline(3, (i) => (i === 2 ? ['SET', 'after', 1] : ['MGET', ...Array<string>(3 * i).fill('large')])),
    );
    await bench.settle();
    expect(client.closed).to.equal('destroyed');
    expect(bench.lines.join('')).to.include('too long to be sent');
    expect(await bench.ask(other, 'EXISTS', 'large', 'after')).to.equal(1);
    expect([...bench.node.server.clients()].length).to.equal(1);
  });

  it('closes it for those of a transaction as a whole, too', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(200_000, 'x'));
    limitReplies(bench, 500_000);
    client.sendBytes(
      pipeline(6, (i) => (i === 0 ? ['MULTI'] : i === 4 ? ['SET', 'last', 1] : i === 5 ? ['EXEC'] : ['GET', 'large'])),
    );
    await bench.settle();
    expect(client.closed).to.equal('destroyed');
    expect(await bench.ask(bench.connect(), 'GET', 'last')).to.deep.equal('1');
  });

  it('answers what was sent before the sending side was closed, and closes then', async () => {
    const bench = await NodeBench.start();
    bench.clock.lookUs = 100;
    const client = bench.connect();
    client.sendBytes(pipeline(500, (i) => ['SET', 'k', i]));
    client.endSending();
    await bench.settle();
    expect(client.replies().length).to.equal(500);
    expect(client.closed).to.equal('ended');
    const silent = bench.connect();
    silent.endSending();
    await bench.settle();
    expect([silent.closed, silent.wire()]).to.deep.equal(['ended', '']);
  });

  it('writes nothing to who was answered nothing, when it is closed behind the log (simulator, scenario everything, seed 2002022)', async () => {
    const bench = await NodeBench.start('appendfsync always\n');
    const [writer, other] = [bench.connect(), bench.connect()];
    writer.send('SET', 'k', 'v');
    other.endSending();
    await bench.settle();
    expect(other.closed).to.equal('no');
    await bench.finishSyncs();
    await bench.settle();
    expect(other.closed).to.equal('ended');
    expect(other.hasReplies).to.equal(false);
  });

  it('sends all replies of a half-closed client that reads late', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    await bench.ask(client, 'SET', 'large', Buffer.alloc(400_000, 'x'));
    client.takes = false;
    client.sendBytes(pipeline(10, () => ['GET', 'large']));
    client.endSending();
    await bench.settle();
    expect(client.closed).to.equal('no');
    expect((await readAll(bench, client)).length).to.equal(10);
    expect(client.closed).to.equal('ended');
  });

  it('answers QUIT and what came before it, and nothing behind', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    client.sendBytes(Buffer.concat([requestOf('PING'), requestOf('QUIT'), requestOf('SET', 'k', 'v')]));
    await bench.settle();
    expect([client.replies(), client.closed]).to.deep.equal([['PONG', 'OK'], 'ended']);
    expect(bench.node.keyspace.keyCount).to.equal(0);
  });

  it('answers a breach of the protocol behind the replies before it, and closes', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    client.sendBytes(Buffer.concat([requestOf('PING'), Buffer.from('*1\r\n:5\r\n'), requestOf('PING')]));
    await bench.settle();
    expect(client.replies()).to.deep.equal(['PONG', "-ERR Protocol error: expected '$', got ':'"]);
    expect(client.closed).to.equal('ended');
  });

  it('runs nothing of a pipeline behind a command that waits, until that is done', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    const other = bench.connect();
    client.sendBytes(
      Buffer.concat([
        requestOf('SET', 'k', 1),
        requestOf('WAIT', 1, 500),
        requestOf('INCR', 'k'),
        requestOf('GET', 'k'),
      ]),
    );
    await bench.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    expect(await bench.ask(other, 'GET', 'k')).to.equal('1');
    client.send('APPEND', 'k', 'x'.repeat(100));
    await bench.advance(1000);
    expect(client.replies()).to.deep.equal([0, 2, '2', 101]);
  });

  it('can be killed while it waits, and takes its timers and requests with it', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    const other = bench.connect();
    client.sendBytes(Buffer.concat([requestOf('WAIT', 1, 5000), requestOf('SET', 'k', 'v')]));
    await bench.settle();
    expect(await bench.ask(other, 'CLIENT', 'KILL', 'ID', 1)).to.equal(1);
    expect(client.closed).to.equal('destroyed');
    await bench.advance(10_000);
    expect([client.wire(), bench.node.keyspace.keyCount]).to.deep.equal(['', 0]);
    expect([...bench.node.server.clients()].length).to.equal(1);
  });

  it('forgets a client that went away, whatever it had under way', async () => {
    const bench = await NodeBench.start('appendfsync always');
    const clients = Array.from({ length: 5 }, () => bench.connect());
    const [waits, holds, blocked, deferred, idle] = clients;
    waits.takes = false;
    waits.send('SET', 'a', 'v');
    await bench.settle();
    await bench.finishSyncs();
    holds.send('SET', 'b', 'v');
    blocked.send('WAIT', 1, 5000);
    bench.clock.lookUs = 100;
    deferred.sendBytes(pipeline(300, (i) => ['SET', `d${i}`, i]));
    bench.endTurn();
    for (const client of clients) client.disconnect();
    await bench.finishSyncs();
    await bench.advance(10_000);
    expect([...bench.node.server.clients()]).to.deep.equal([]);
    expect(idle.wire()).to.equal('');
    const other = bench.connect();
    other.send('PING');
    await bench.settle();
    await bench.finishSyncs();
    expect(other.replies()).to.deep.equal(['PONG']);
  });

  it('keeps the reply modes: OFF silences, SKIP one command, ON answers again', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    for (const words of [
      ['PING', 'a'],
      ['CLIENT', 'REPLY', 'SKIP'],
      ['PING', 'skipped'],
      ['PING', 'b'],
      ['CLIENT', 'REPLY', 'SKIP'],
      ['WAIT', '1', '100'],
      ['PING', 'c'],
      ['CLIENT', 'REPLY', 'OFF'],
      ['PING', 'silent'],
      ['NOSUCH'],
      ['CLIENT', 'REPLY', 'ON'],
      ['PING', 'd'],
    ]) {
      client.send(...words);
      if (words[1] === 'b') await bench.settle();
    }
    await bench.advance(1000);
    expect(client.replies()).to.deep.equal(['a', 'b', 'c', 'OK', 'd']);
  });
});
