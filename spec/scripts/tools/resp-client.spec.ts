import { expect } from 'chai';
import { encodeCommand, RespClient } from '../../../scripts/tools/resp-client.js';
import { FakeServer } from './fake-server.js';

describe('encodeCommand', () => {
  it('counts bytes, not characters', () => {
    expect(encodeCommand(['SET', 'ä', 1, Buffer.of(13, 10)]).toString()).to.equal(
      '*4\r\n$3\r\nSET\r\n$2\r\nä\r\n$1\r\n1\r\n$2\r\n\r\n\r\n',
    );
  });
});

describe('RespClient', () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  async function failure(promise: Promise<unknown>): Promise<string> {
    return promise.then(
      () => 'no failure',
      (error: unknown) => String(error),
    );
  }

  it('gives pipelined calls their replies in order, errors as rejections', async () => {
    server = await FakeServer.start((socket) => socket.write('+OK\r\n:7\r\n-ERR no\r\n*2\r\n$1\r\na\r\n$-1\r\n'));
    const client = await RespClient.connect(server.port);
    const calls = [client.call('A'), client.call('B'), failure(client.call('C')), client.call('D')];
    expect(await Promise.all(calls)).to.deep.equal(['OK', 7, 'ReplyError: ERR no', ['a', null]]);
    client.close();
  });

  it('gives bulk strings as bytes when asked to', async () => {
    server = await FakeServer.start((socket) => socket.write(Buffer.from('$1\r\n\xff\r\n', 'latin1')));
    const client = await RespClient.connect(server.port, { buffers: true });
    expect(await client.call('GET', 'k')).to.deep.equal(Buffer.of(255));
    client.close();
  });

  it('gives integers digit by digit when asked to', async () => {
    server = await FakeServer.start((socket) => socket.write(':9007199254740993\r\n'));
    const client = await RespClient.connect(server.port, { integersAsText: true });
    expect(await client.call('INCR', 'k')).to.equal('9007199254740993');
    client.close();
  });

  it('rejects what waits, and what comes later, when the connection ends', async () => {
    server = await FakeServer.start((socket) => socket.destroy());
    const client = await RespClient.connect(server.port);
    expect(await failure(client.call('A'))).to.match(/closed|ECONNRESET/);
    expect(await failure(client.call('B'))).to.match(/closed|ECONNRESET/);
  });

  it('rejects everything after bytes that are no reply', async () => {
    server = await FakeServer.start((socket) => socket.write('?'));
    const client = await RespClient.connect(server.port);
    expect(await failure(client.call('A'))).to.contain('Protocol error');
  });
});
