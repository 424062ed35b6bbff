import { expect } from 'chai';
import RedisParser from 'redis-parser';
import type { CollectionLoader, CollectionOptions } from '../../../scripts/tools/collection-loader.js';
import { loadFields, loadHashes, loadMembers } from '../../../scripts/tools/collection-loader.js';
import { FakeServer } from './fake-server.js';

describe('the loaders of collections', () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  /** What is sent for two of them, as commands, to a server that gives `reply` to each. */
  async function sentBy(
    load: CollectionLoader,
    reply: string,
    options: Partial<CollectionOptions>,
  ): Promise<unknown[]> {
    server = await FakeServer.start((socket) => socket.write(reply.repeat(2)));
    await load({ port: server.port, count: 2, first: 41, ...options });
    const commands: unknown[] = [];
    const returnReply = (reply: unknown): void => void commands.push(reply);
    new RedisParser({ returnReply, returnError: returnReply }).execute(Buffer.from(server.received));
    return commands;
  }

  it('write hashes of five fields', async () => {
    const fields = Array.from({ length: 5 }, (_, i) => [`field${i}`, `value-${i}`]).flat();
    expect(await sentBy(loadHashes, ':5\r\n', {})).to.deep.equal([
      ['HSET', 'key:000000000041', ...fields],
      ['HSET', 'key:000000000042', ...fields],
    ]);
  });

  it('write members with scores that differ', async () => {
    expect(await sentBy(loadMembers, ':1\r\n', {})).to.deep.equal([
      ['ZADD', 'ranking', '000000000041', 'mbr:000000000041'],
      ['ZADD', 'ranking', '000000000042', 'mbr:000000000042'],
    ]);
  });

  it('write fields of one hash', async () => {
    expect(await sentBy(loadFields, ':1\r\n', {})).to.deep.equal([
      ['HSET', 'hash', 'field:000000000041', 'v000000000041'],
      ['HSET', 'hash', 'field:000000000042', 'v000000000042'],
    ]);
  });

  it('want to hear that what is known is not new', async () => {
    expect(await sentBy(loadHashes, ':0\r\n', { isKnown: true })).to.have.length(2);
    server.stop();
    expect(await sentBy(loadHashes, ':5\r\n', { isKnown: true }).catch(String)).to.contain(':5');
  });
});
