import { expect } from 'chai';
import { AssertionError } from '../../lib/base/assert.js';
import { ConfigError } from '../../lib/base/errors.js';
import { FakeServer } from './fake-server.js';

describe('commands/config', () => {
  it('CONFIG GET answers names and values, as a map in RESP3', async () => {
    const client = new FakeServer({ port: '7000' }).connect();
    expect(await client.ask('config', 'get', 'port')).to.deep.equal(['port', '7000']);
    expect(await client.ask('config', 'get', 'nosuch')).to.deep.equal([]);
    const found = (await client.ask('config', 'get', 'slowlog-*', 'port')) as string[];
    expect(found).to.include.members(['slowlog-max-len', 'slowlog-log-slower-than', 'port']);
    await client.ask('hello', 3);
    expect(await client.ask('config', 'get', 'port')).to.deep.equal(new Map([['port', '7000']]));
  });

  it('CONFIG SET changes options, all or none', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('config', 'set', 'slowlog-max-len', 5, 'timeout', 9)).to.equal('OK');
    expect(server.config).to.include({ slowlogMaxLen: 5, timeoutSeconds: 9 });
    expect(await client.ask('config', 'set', 'slowlog-max-len', 6, 'timeout', 'x')).to.match(
      /^-ERR CONFIG SET failed \(possibly related to argument 'timeout'\)/,
    );
    expect(server.config.slowlogMaxLen).to.equal(5);
    expect(await client.ask('config', 'set', 'timeout')).to.match(/^-ERR wrong number of arguments/);
    expect(await client.ask('config', 'set', 'timeout', 1, 'port')).to.equal('-ERR syntax error');
  });

  it('CONFIG SET keeps every byte of a value', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('config', 'set', 'requirepass', 'p\xe4\xff')).to.equal('OK');
    expect(await client.ask('config', 'get', 'requirepass')).to.deep.equal(['requirepass', 'p\xe4\xff']);
  });

  it('CONFIG SET of a protected option asks where the client is', async () => {
    const server = new FakeServer({ 'enable-protected-configs': 'local' });
    const client = server.connect();
    expect(await client.ask('config', 'set', 'dbfilename', 'x')).to.equal('OK');
    client.isLocal = false;
    expect(await client.ask('config', 'set', 'dbfilename', 'y')).to.match(/can't set protected config$/);
  });

  it('CONFIG RESETSTAT sets the figures back', async () => {
    const server = new FakeServer();
    expect(await server.connect().ask('config', 'resetstat')).to.equal('OK');
    expect(server.figuresReset).to.equal(1);
  });

  it('CONFIG REWRITE needs a file, and tells what went wrong', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('config', 'rewrite')).to.equal('-ERR The server is running without a config file');
    server.configFile = '/etc/ringkv.conf';
    expect(await client.ask('config', 'rewrite')).to.equal('OK');
    expect(server.configRewrites).to.equal(1);
    server.rewriteConfigError = new ConfigError('line 3 is damaged');
    expect(await client.ask('config', 'rewrite')).to.equal('-ERR Rewriting config file: line 3 is damaged');
  });

  it('CONFIG REWRITE does not hide a bug of ours', async () => {
    const server = new FakeServer();
    server.configFile = '/etc/ringkv.conf';
    server.rewriteConfigError = new AssertionError('bug');
    const failure = await server
      .connect()
      .ask('config', 'rewrite')
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(AssertionError);
  });
});
