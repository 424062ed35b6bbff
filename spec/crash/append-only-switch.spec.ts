import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { RespClient } from '../../scripts/tools/resp-client.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { Servers } from './servers.js';

describe('CONFIG SET appendonly', () => {
  let servers: Servers;
  beforeEach(() => {
    servers = new Servers();
  });
  afterEach(() => servers.end());

  function start(): Promise<ServerProcess> {
    return servers.start(['--enable-debug-command', 'local']);
  }

  async function rewritten(client: RespClient): Promise<void> {
    while (String(await client.call('INFO', 'persistence')).includes('aof_rewrite_in_progress:1')) await sleep(5);
  }

  // The moment matters: the rewrite that is broken off may or may not have noticed.
  for (const delayMs of [0, 2, 4, 6, 8, 10]) {
    it(`yes logs what was written while it was no, though a rewrite was broken off ${delayMs} ms after it began`, async () => {
      const server = await start();
      const client = await server.connect();
      await client.call('DEBUG', 'POPULATE', 100_000);
      await client.call('BGREWRITEAOF');
      await sleep(delayMs);
      await client.call('CONFIG', 'SET', 'appendonly', 'no');
      await client.call('SET', 'meanwhile', '1');
      await client.call('CONFIG', 'SET', 'appendonly', 'yes');
      await sleep(20);
      await rewritten(client);
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
});
