import { expect } from 'chai';
import type { BenchClient } from './node-bench.js';
import { NodeBench } from './node-bench.js';

const HELLO_3 = '%7';

/** Messages on their way through connections: their place among replies, and what becomes of those who do not take them. */
describe('Connection push', () => {
  let bench: NodeBench;
  let client: BenchClient;

  beforeEach(async () => {
    bench = await NodeBench.start();
    client = bench.connect();
  });

  async function hello3(): Promise<void> {
    client.send('HELLO', 3);
    await bench.settle();
    expect(client.wire().slice(0, 2)).to.equal(HELLO_3);
  }

  async function publish(channel: string, message: string | Buffer): Promise<unknown> {
    return bench.ask(bench.connect(), 'PUBLISH', channel, message);
  }

  it('stands behind the replies to what was sent before, and leaves with them in one write', async () => {
    await hello3();
    const other = bench.connect();
    client.send('SUBSCRIBE', 'c');
    client.send('ECHO', 'x');
    other.send('PUBLISH', 'c', 'm');
    client.send('ECHO', 'y');
    expect(client.wire()).to.equal('');
    bench.endTurn();
    expect(client.wire()).to.equal(
      '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n$1\r\nx\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n$1\r\ny\r\n',
    );
  });

  it('stands before the reply of a command that sends it to its own client, never inside of it', async () => {
    await hello3();
    await bench.ask(bench.connect(), 'CONFIG', 'SET', 'notify-keyspace-events', 'Em');
    client.send('SUBSCRIBE', 'c', '__keyevent@0__:keymiss');
    await bench.settle();
    client.wire();
    client.send('PUBLISH', 'c', 'm');
    await bench.settle();
    expect(client.wire()).to.equal('>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n:1\r\n');
    client.send('MGET', 'none', 'neither');
    await bench.settle();
    const miss = (key: string): string =>
      `>3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:keymiss\r\n$${key.length}\r\n${key}\r\n`;
    expect(client.wire()).to.equal(`${miss('none')}${miss('neither')}*2\r\n_\r\n_\r\n`);
  });

  it('comes to a client that waits, before the reply that it waits for', async () => {
    await hello3();
    client.send('SUBSCRIBE', 'c');
    await bench.settle();
    client.wire();
    await bench.ask(bench.connect(), 'CLIENT', 'PAUSE', 500);
    client.send('ECHO', 'x');
    await bench.settle();
    expect(client.wire()).to.equal('');
    bench.node.server.pubsub.publish('channel', 'c', Buffer.from('m'), 0, 1);
    await bench.settle();
    expect(client.wire()).to.equal('>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n');
    bench.node.server.pubsub.publish('channel', 'c', Buffer.from('n'), 0, 1);
    await bench.advance(1000);
    expect(client.wire()).to.equal('>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nn\r\n$1\r\nx\r\n');
  });

  it('comes to a client that wants no replies', async () => {
    client.send('CLIENT', 'REPLY', 'OFF');
    client.send('ECHO', 'x');
    client.send('SUBSCRIBE', 'c');
    await bench.settle();
    expect(client.replies()).to.eql([['subscribe', 'c', 1]]);
    await publish('c', 'm');
    expect(client.replies()).to.eql([['message', 'c', 'm']]);
  });

  it('does not come to a client that is gone, or goes', async () => {
    client.send('SUBSCRIBE', 'c');
    await bench.settle();
    client.replies();
    const leaving = bench.connect();
    await bench.ask(leaving, 'SUBSCRIBE', 'c');
    client.disconnect();
    leaving.send('QUIT');
    expect(bench.node.server.pubsub.publish('channel', 'c', Buffer.from('m'), 0, 1)).to.equal(1);
    await bench.settle();
    expect(leaving.replies()).to.eql(['OK']);
    expect(await publish('c', 'm')).to.equal(0);
    expect(bench.node.server.pubsub.isEmpty).to.equal(true);
  });

  it('closes a subscriber that does not take its messages: at the hard limit at once', async () => {
    bench = await NodeBench.start('client-output-buffer-limit pubsub 1mb 0 0');
    client = bench.connect();
    await bench.ask(client, 'SUBSCRIBE', 'c');
    const reader = bench.connect();
    await bench.ask(reader, 'SUBSCRIBE', 'c');
    client.takes = false;
    const message = Buffer.alloc(100_000, 'x');
    for (let i = 0; i < 10; i++) expect(await publish('c', message)).to.equal(2);
    expect(client.closed).to.equal('no');
    await publish('c', message);
    expect(client.closed).to.equal('destroyed');
    expect(await publish('c', message)).to.equal(1);
    expect(reader.replies()).to.have.length(12);
  });

  it('closes it within a turn, however much is published in it', async () => {
    bench = await NodeBench.start('client-output-buffer-limit pubsub 1mb 0 0');
    client = bench.connect();
    await bench.ask(client, 'SUBSCRIBE', 'c');
    const { pubsub } = bench.node.server;
    const message = Buffer.alloc(100_000, 'x');
    const sent = Array.from({ length: 20 }, () => pubsub.publish('channel', 'c', message, 0, message.length));
    expect(sent.slice(-2)).to.eql([0, 0]);
    expect(client.closed).to.equal('destroyed');
  });

  it('closes it at the soft limit after some seconds, whether or not more is sent', async () => {
    bench = await NodeBench.start('client-output-buffer-limit pubsub 0 300kb 5');
    const slow = bench.connect();
    const quick = bench.connect();
    for (const each of [slow, quick]) await bench.ask(each, 'SUBSCRIBE', 'c');
    slow.takes = quick.takes = false;
    for (let i = 0; i < 5; i++) await publish('c', Buffer.alloc(100_000, 'x'));
    await bench.advance(4000);
    quick.takes = true;
    quick.drain();
    await bench.advance(3000);
    expect([slow.closed, quick.closed]).to.eql(['destroyed', 'no']);
  });

  it('is not held to the limits of those who listen once nothing is subscribed to', async () => {
    bench = await NodeBench.start('client-output-buffer-limit pubsub 1kb 0 0');
    client = bench.connect();
    await bench.ask(client, 'SUBSCRIBE', 'c');
    await bench.ask(client, 'UNSUBSCRIBE', 'c');
    await bench.ask(client, 'SET', 'k', Buffer.alloc(100_000));
    client.takes = false;
    client.send('GET', 'k');
    await bench.settle();
    expect(client.closed).to.equal('no');
  });

  it('comes to 900 subscribers, and a client to 10,000 channels', async () => {
    const ears = Array.from({ length: 900 }, () => bench.connect());
    for (const ear of ears) ear.send('SUBSCRIBE', 'c');
    await bench.settle();
    expect(await publish('c', 'm')).to.equal(900);
    await bench.settle();
    for (const ear of ears)
      expect(ear.replies()).to.eql([
        ['subscribe', 'c', 1],
        ['message', 'c', 'm'],
      ]);
    const names = Array.from({ length: 10_000 }, (_, i) => `channel:${i}`);
    client.send('SUBSCRIBE', ...names);
    await bench.settle();
    const confirmed = client.replies();
    expect(confirmed).to.have.length(10_000);
    expect(confirmed.at(-1)).to.eql(['subscribe', 'channel:9999', 10_000]);
    expect(await publish('channel:7777', 'm')).to.equal(1);
    client.disconnect();
    expect(bench.node.server.pubsub.count('channel')).to.equal(1);
  });

  it('shares a turn with the messages behind it, however many listen', async () => {
    const ears = Array.from({ length: 600 }, () => bench.connect());
    for (const ear of ears) ear.send('SUBSCRIBE', 'c');
    await bench.settle();
    bench.clock.lookUs = 0;
    const { loop } = bench.node.server.figures;
    const { turns } = loop;
    for (let i = 0; i < 50; i++) client.send('PUBLISH', 'c', i);
    await bench.settle();
    expect(loop.turns).to.equal(turns + 1);
    expect(ears[599].replies()).to.have.length(51);
  });

  it('is all that a client of RESP2 hears: other commands are refused meanwhile', async () => {
    const refused =
      "-ERR Can't execute 'client|list': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed " +
      'in this context';
    await bench.ask(client, 'SSUBSCRIBE', 'c');
    expect(await bench.ask(client, 'CLIENT', 'LIST')).to.equal(refused);
    expect(await bench.ask(client, 'PING')).to.eql(['pong', '']);
    expect(await bench.ask(client, 'PING', 'x')).to.eql(['pong', 'x']);
    expect(await bench.ask(client, 'RESET')).to.equal('RESET');
    expect(await bench.ask(client, 'PING')).to.equal('PONG');
    expect(bench.node.server.pubsub.isEmpty).to.equal(true);
  });

  it('keeps a silent subscriber from being closed as idle', async () => {
    bench = await NodeBench.start('timeout 2');
    const ear = bench.connect();
    const idle = bench.connect();
    await bench.ask(ear, 'SUBSCRIBE', 'c');
    await bench.ask(idle, 'PING');
    await bench.advance(5000);
    expect([ear.closed, idle.closed]).to.eql(['no', 'destroyed']);
  });
});
