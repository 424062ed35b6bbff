import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { RespClient } from '../../scripts/tools/resp-client.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { Servers } from './servers.js';

describe('CONFIG SET appendonly', function () {
  this.timeout(20_000);
  let servers: Servers;
  beforeEach(() => {
    servers = new Servers();
  });
  afterEach(() => servers.end());

  function start(): Promise<ServerProcess> {
    return servers.start(['--enable-debug-command', 'local']);
  }

  async function saved(client: RespClient): Promise<void> {
    while (String(await client.call('INFO', 'persistence')).includes('rdb_bgsave_in_progress:1')) await sleep(5);
  }

  // The moment matters: the save may or may not be over when the log is turned off.
  for (const delayMs of [0, 4, 10]) {
    it(`yes logs what was written while it was no, though the log was turned off ${delayMs} ms after a save began`, async () => {
      const server = await start();
      const client = await server.connect();
      await client.call('DEBUG', 'POPULATE', 100_000);
      await client.call('BGSAVE');
      await sleep(delayMs);
      await client.call('CONFIG', 'SET', 'appendonly', 'no');
      await client.call('SET', 'meanwhile', '1');
      await client.call('CONFIG', 'SET', 'appendonly', 'yes');
      await sleep(20);
      await saved(client);
      await client.call('SET', 'afterwards', '1');
      client.close();
      await server.kill('SIGKILL');

      const next = await start();
      const after = await next.connect();
      expect(await after.call('MGET', 'meanwhile', 'afterwards')).to.deep.equal(['1', '1']);
      expect(await after.call('DBSIZE')).to.equal(100_002);
      after.close();
      await next.stop();
    });
  }

  it('no keeps what was there when it came, and a save what was there then', async () => {
    const server = await start();
    const client = await server.connect();
    await client.call('DEBUG', 'POPULATE', 10_000);
    await client.call('CONFIG', 'SET', 'appendonly', 'no');
    await saved(client);
    await client.call('SET', 'saved', '1');
    await client.call('SAVE');
    await client.call('SET', 'not saved', '1');
    client.close();
    await server.kill('SIGKILL');

    const next = await servers.start(['--appendonly', 'no']);
    const after = await next.connect();
    expect(await after.call('MGET', 'saved', 'not saved')).to.deep.equal(['1', null]);
    expect(await after.call('DBSIZE')).to.equal(10_001);
    after.close();
    await next.stop();
  });
});
