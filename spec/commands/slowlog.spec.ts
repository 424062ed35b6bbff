import { expect } from 'chai';
import { Args } from '../../lib/protocol/args.js';
import { FakeServer } from './fake-server.js';

function serverWithEntries(count: number): FakeServer {
  const server = new FakeServer();
  const client = { address: '127.0.0.1:1', name: 'me', lastCommand: 'get' };
  for (let i = 0; i < count; i++) {
    const args = new Args();
    args.buffer = Buffer.from(`getk${i}`);
    args.push(0, 3);
    args.push(3, args.buffer.length);
    server.slowLog.add(args, client, server.nowMs + i * 1000, 10 + i, 128);
  }
  return server;
}

describe('commands/slowlog', () => {
  it('SLOWLOG GET answers the newest entries first, ten unless told otherwise', async () => {
    const client = serverWithEntries(12).connect();
    const entries = (await client.ask('slowlog', 'get')) as unknown[];
    expect(entries).to.have.length(10);
    expect(entries[0]).to.deep.equal([11, 1700000011, 21, ['get', 'k11'], '127.0.0.1:1', 'me']);
    expect(await client.ask('slowlog', 'get', 3)).to.have.length(3);
    expect(await client.ask('slowlog', 'get', 0)).to.deep.equal([]);
    expect(await client.ask('slowlog', 'get', -1)).to.have.length(12);
    expect(await client.ask('slowlog', 'get', 1000)).to.have.length(12);
  });

  it('SLOWLOG GET refuses other counts', async () => {
    const client = serverWithEntries(1).connect();
    for (const count of [-2, -222, 'x']) {
      expect(await client.ask('slowlog', 'get', count)).to.equal('-ERR count should be greater than or equal to -1');
    }
    expect(await client.ask('slowlog', 'get', 1, 2)).to.equal(
      "-ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.",
    );
  });

  it('SLOWLOG LEN and RESET', async () => {
    const client = serverWithEntries(5).connect();
    expect(await client.ask('slowlog', 'len')).to.equal(5);
    expect(await client.ask('slowlog', 'reset')).to.equal('OK');
    expect(await client.ask('slowlog', 'len')).to.equal(0);
  });
});
