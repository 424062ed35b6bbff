import { expect } from 'chai';
import { decodeAll } from '../protocol/resp-decoder.js';
import type { FakeClient } from './fake-server.js';
import { FakeServer } from './fake-server.js';

describe('commands/pubsub', () => {
  let server: FakeServer;
  let client: FakeClient;

  beforeEach(() => {
    server = new FakeServer();
    client = server.connect();
  });

  /** All that a command answers with. */
  async function replies(...words: (string | number)[]): Promise<unknown[]> {
    const decoded = decodeAll(await client.askRaw(...words));
    return decoded.map((reply) => (reply as unknown[]).map((word) => (Buffer.isBuffer(word) ? word.toString() : word)));
  }

  it('SUBSCRIBE confirms each channel, and counts channels and patterns together', async () => {
    expect(await replies('subscribe', 'a', 'b', 'a')).to.eql([
      ['subscribe', 'a', 1],
      ['subscribe', 'b', 2],
      ['subscribe', 'a', 2],
    ]);
    expect(await replies('psubscribe', 'x*')).to.eql([['psubscribe', 'x*', 3]]);
    expect(await replies('ssubscribe', 's')).to.eql([['ssubscribe', 's', 1]]);
  });

  it('UNSUBSCRIBE confirms each channel, and all of them without arguments', async () => {
    await replies('subscribe', 'a', 'b');
    await replies('psubscribe', 'x*');
    expect(await replies('unsubscribe', 'none')).to.eql([['unsubscribe', 'none', 3]]);
    expect(await replies('unsubscribe')).to.eql([
      ['unsubscribe', 'a', 2],
      ['unsubscribe', 'b', 1],
    ]);
    expect(await replies('unsubscribe')).to.eql([['unsubscribe', null, 1]]);
    expect(await replies('punsubscribe', 'x*')).to.eql([['punsubscribe', 'x*', 0]]);
    expect(await replies('sunsubscribe')).to.eql([['sunsubscribe', null, 0]]);
    expect(client.subscriptions).to.equal(undefined);
  });

  it('SUBSCRIBE confirms by a push in RESP3', async () => {
    await client.askRaw('hello', 3);
    expect((await client.askRaw('subscribe', 'a')).toString()).to.equal('>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n');
    expect((await client.askRaw('sunsubscribe')).toString()).to.equal('>3\r\n$12\r\nsunsubscribe\r\n_\r\n:0\r\n');
  });

  it('SUBSCRIBE confirms to clients that want no replies', async () => {
    client.replyMode = 'off';
    expect((await client.askRaw('subscribe', 'a')).toString()).to.equal('');
    expect(client.pushed.map(String)).to.eql(['*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n']);
  });

  it('PUBLISH answers how often it sent the message', async () => {
    const ear = server.connect();
    await ear.askRaw('subscribe', 'news');
    await ear.askRaw('psubscribe', 'n*');
    await ear.askRaw('ssubscribe', 'news');
    expect(await client.ask('publish', 'news', 'm\xff')).to.equal(2);
    expect(await client.ask('spublish', 'news', '')).to.equal(1);
    expect(await client.ask('publish', 'x', 'm')).to.equal(0);
    expect(ear.pushed.map((message) => message.toString('latin1'))).to.eql([
      '*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nm\xff\r\n',
      '*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nm\xff\r\n',
      '*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$0\r\n\r\n',
    ]);
  });

  it('PUBSUB tells of channels and of who listens', async () => {
    const ears = [server.connect(), server.connect()];
    for (const ear of ears) await ear.askRaw('subscribe', 'a', 'b');
    await ears[0].askRaw('psubscribe', 'x*', 'y*');
    await ears[1].askRaw('psubscribe', 'x*');
    await ears[1].askRaw('ssubscribe', 's');
    expect(await client.ask('pubsub', 'channels')).to.eql(['a', 'b']);
    expect(await client.ask('pubsub', 'channels', '[bc]')).to.eql(['b']);
    expect(await client.ask('pubsub', 'numsub', 'a', 'none')).to.eql(['a', 2, 'none', 0]);
    expect(await client.ask('pubsub', 'numsub')).to.eql([]);
    expect(await client.ask('pubsub', 'numpat')).to.equal(2);
    expect(await client.ask('pubsub', 'shardchannels')).to.eql(['s']);
    expect(await client.ask('pubsub', 'shardnumsub', 's')).to.eql(['s', 1]);
    expect(await client.ask('pubsub', 'channels', 'a', 'b')).to.equal(
      "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.",
    );
    const help = (await client.ask('pubsub', 'help')) as string[];
    expect(help[0]).to.equal('PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:');
  });

  it('CLIENT LIST and INFO tell of subscriptions', async () => {
    const ear = server.connect();
    await ear.askRaw('subscribe', 'a', 'b');
    await ear.askRaw('psubscribe', 'x*');
    await ear.askRaw('ssubscribe', 's', 't', 'u');
    const listed = await client.askText('client', 'list', 'type', 'pubsub');
    expect(listed).to.match(/^id=2 .* flags=P db=0 sub=2 psub=1 ssub=3 [^\n]*\n$/);
    expect(await client.askText('client', 'list', 'type', 'normal')).to.match(/^id=1 [^\n]*\n$/);
    const info = await client.askText('info', 'stats');
    expect(info).to.contain('pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:3\r\n');
  });

  it('CLIENT KILL finds those who listen by their type', async () => {
    const ear = server.connect();
    await ear.askRaw('subscribe', 'a');
    expect(await client.ask('client', 'kill', 'type', 'pubsub')).to.equal(1);
    expect(ear.isKilled).to.equal(true);
  });

  it('PING answers like a message in RESP2 while something is subscribed to, RESET ends that', async () => {
    await client.askRaw('subscribe', 'a');
    expect(await client.ask('ping')).to.eql(['pong', '']);
    expect(await client.ask('ping', 'x')).to.eql(['pong', 'x']);
    await client.askRaw('reset');
    expect(client.subscriptions).to.equal(undefined);
    expect(await client.ask('ping')).to.equal('PONG');
    await client.askRaw('hello', 3);
    await client.askRaw('subscribe', 'a');
    expect(await client.ask('ping')).to.equal('PONG');
  });
});
