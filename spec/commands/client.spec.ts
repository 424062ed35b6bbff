import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

const NAME_ERROR = '-ERR Client names cannot contain spaces, newlines or special characters.';

describe('commands/client', () => {
  it('CLIENT ID, SETNAME and GETNAME: an empty name is none', async () => {
    const server = new FakeServer();
    server.connect();
    const client = server.connect();
    expect(await client.ask('client', 'id')).to.equal(2);
    expect(await client.ask('client', 'getname')).to.equal(null);
    expect(await client.ask('CLIENT', 'SETNAME', 'worker-1')).to.equal('OK');
    expect(await client.ask('client', 'getname')).to.equal('worker-1');
    expect(await client.ask('client', 'setname', 'a b')).to.equal(NAME_ERROR);
    expect(await client.ask('client', 'setname', 'a\n')).to.equal(NAME_ERROR);
    expect(await client.ask('client', 'setname', '\xe4')).to.equal(NAME_ERROR);
    expect(await client.ask('client', 'getname')).to.equal('worker-1');
    expect(await client.ask('client', 'setname', '')).to.equal('OK');
    expect(await client.ask('client', 'getname')).to.equal(null);
  });

  it('CLIENT SETINFO notes the library', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('client', 'setinfo', 'LIB-NAME', 'ioredis')).to.equal('OK');
    expect(await client.ask('client', 'setinfo', 'lib-ver', '5.3.2')).to.equal('OK');
    expect(client).to.include({ libraryName: 'ioredis', libraryVersion: '5.3.2' });
    expect(await client.ask('client', 'setinfo', 'foo', 'x')).to.equal("-ERR Unrecognized option 'foo'");
    expect(await client.ask('client', 'setinfo', 'lib-name', 'a b')).to.equal(
      '-ERR lib-name cannot contain spaces, newlines or special characters.',
    );
  });

  it('CLIENT INFO describes the connection, with its own request as input', async () => {
    const server = new FakeServer();
    const client = server.connect();
    await client.ask('client', 'setname', 'me');
    server.advance(61_500);
    const line = await client.ask('client', 'info');
    expect(line).to.match(/^id=1 addr=127\.0\.0\.1:40001 laddr=127\.0\.0\.1:6379 fd=-1 name=me age=61 idle=0 flags=N /);
    expect(line).to.match(/ db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=\d+ argv-mem=10 multi-mem=0 rbs=/);
    expect(line).to.match(/ obl=0 oll=0 omem=0 tot-mem=\d+ events=r cmd=client\|info user=default redir=-1 resp=2 /);
    expect(line).to.match(/ lib-name= lib-ver= watch=0\n$/);
  });

  it('CLIENT LIST has a line a connection, oldest first', async () => {
    const server = new FakeServer();
    const [first, second, third] = [server.connect(), server.connect(), server.connect()];
    first.isMonitor = true;
    second.outputBytes = 99;
    second.noEvict = second.noTouch = true;
    const lines = (await third.askText('client', 'list')).split('\n');
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(/^id=1 .* flags=O .* cmd=NULL /);
    expect(lines[1]).to.match(/^id=2 .* flags=eT .* omem=99 /);
    expect(lines[2]).to.match(/^id=3 .* flags=N .* cmd=client\|list /);
    expect(lines[3]).to.equal('');
  });

  it('CLIENT LIST knows types and numbers', async () => {
    const server = new FakeServer();
    const client = server.connect();
    server.connect();
    const idsOf = (text: unknown): string[] => [...String(text).matchAll(/^id=(\d+)/gm)].map(([, id]) => id);
    expect(idsOf(await client.ask('client', 'list', 'type', 'normal'))).to.deep.equal(['1', '2']);
    expect(await client.ask('client', 'list', 'type', 'pubsub')).to.equal('');
    expect(await client.ask('client', 'list', 'TYPE', 'slave')).to.equal('');
    expect(await client.ask('client', 'list', 'type', 'foo')).to.equal("-ERR Unknown client type 'foo'");
    expect(idsOf(await client.ask('client', 'list', 'id', 2, 99, 1))).to.deep.equal(['2', '1']);
    expect(await client.ask('client', 'list', 'id', 2, 'x')).to.equal('-ERR Invalid client ID');
    expect(await client.ask('client', 'list', 'id')).to.equal('-ERR syntax error');
    expect(await client.ask('client', 'list', 'foo')).to.equal('-ERR syntax error');
  });

  it('CLIENT REPLY answers to ON only', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('client', 'reply', 'skip')).to.equal(undefined);
    expect(client.replyMode).to.equal('skip_next');
    expect(await client.ask('client', 'reply', 'OFF')).to.equal(undefined);
    expect(await client.ask('client', 'reply', 'skip')).to.equal(undefined);
    expect(client.replyMode).to.equal('off');
    expect(await client.ask('client', 'reply', 'on')).to.equal('OK');
    expect(client.replyMode).to.equal('on');
    expect(await client.ask('client', 'reply', 'foo')).to.equal('-ERR syntax error');
  });

  it('CLIENT NO-EVICT and NO-TOUCH are switches', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('client', 'no-evict', 'on')).to.equal('OK');
    expect(await client.ask('client', 'no-touch', 'on')).to.equal('OK');
    expect(client).to.include({ noEvict: true, noTouch: true });
    expect(await client.ask('client', 'no-evict', 'off')).to.equal('OK');
    expect(await client.ask('client', 'no-touch', 'off')).to.equal('OK');
    expect(client).to.include({ noEvict: false, noTouch: false });
    expect(await client.ask('client', 'no-touch', 'maybe')).to.equal('-ERR syntax error');
  });

  it('CLIENT PAUSE holds all commands back, or those that write, until UNPAUSE', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('client', 'pause', 1000)).to.equal('OK');
    expect(server.pause).to.deep.equal({ untilMs: server.nowMs + 1000, writesOnly: false });
    expect(await client.ask('client', 'pause', 50, 'WRITE')).to.equal('OK');
    expect(server.pause).to.deep.equal({ untilMs: server.nowMs + 50, writesOnly: true });
    expect(await client.ask('client', 'unpause')).to.equal('OK');
    expect(server.pause).to.equal(undefined);
    expect(await client.ask('client', 'pause', 'x')).to.equal('-ERR timeout is not an integer or out of range');
    expect(await client.ask('client', 'pause', -1)).to.equal('-ERR timeout is negative');
    expect(await client.ask('client', 'pause', 1, 'foo')).to.equal('-ERR CLIENT PAUSE mode must be WRITE or ALL');
    expect(await client.ask('client', 'pause', 1, 'all', 'x')).to.equal(
      "-ERR unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT HELP.",
    );
    expect(server.pause).to.equal(undefined);
  });

  it('CLIENT UNBLOCK ends the wait of another connection', async () => {
    const server = new FakeServer();
    const [waiting, other] = [server.connect(), server.connect()];
    let pending = waiting.ask('wait', 1, 0);
    expect(await other.ask('client', 'unblock', waiting.id)).to.equal(1);
    expect(await pending).to.equal(0);
    expect(await other.ask('client', 'unblock', waiting.id)).to.equal(0);
    pending = waiting.ask('wait', 1, 0);
    expect(await other.ask('client', 'unblock', waiting.id, 'ERROR')).to.equal(1);
    expect(await pending).to.equal('-UNBLOCKED client unblocked via CLIENT UNBLOCK');
    expect(await other.ask('client', 'unblock', 'x')).to.equal('-ERR value is not an integer or out of range');
    expect(await other.ask('client', 'unblock', 1, 'foo')).to.equal(
      '-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR',
    );
  });

  it('CLIENT TRACKING cannot be turned on, and says so in every way', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('client', 'tracking', 'off')).to.equal('OK');
    expect(await client.ask('client', 'tracking', 'on')).to.match(/^-ERR CLIENT TRACKING is not supported/);
    expect(await client.ask('client', 'tracking', 'foo')).to.equal('-ERR syntax error');
    expect(await client.ask('client', 'caching', 'yes')).to.match(/^-ERR CLIENT CACHING can be called only when/);
    expect(await client.ask('client', 'getredir')).to.equal(-1);
    const info = ['flags', ['off'], 'redirect', -1, 'prefixes', []];
    expect(await client.ask('client', 'trackinginfo')).to.deep.equal(info);
  });
});
