/** Messages through the clients that people use. */
import { once } from 'node:events';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { startServer } from './wire-server.js';

describe('publish and subscribe', () => {
  let server: ServerProcess;
  const closers: (() => void)[] = [];

  before(async () => {
    server = await startServer(['--notify-keyspace-events', 'KEA']);
  });
  after(() => server.stop());
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  function ioredis(protocol: 2 | 3 = 2): Redis {
    const client = new Redis({ port: server.port, host: '127.0.0.1', protocol });
    client.on('error', () => undefined);
    closers.push(() => {
      client.disconnect();
    });
    return client;
  }

  async function nodeRedis(RESP: 2 | 3 = 3) {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP });
    client.on('error', () => undefined);
    await client.connect();
    closers.push(() => {
      client.destroy();
    });
    return client;
  }

  for (const protocol of [2, 3] as const) {
    it(`ioredis gets messages of channels and patterns over RESP${protocol}`, async () => {
      const [ear, mouth] = [ioredis(protocol), ioredis()];
      const heard: string[][] = [];
      ear.on('message', (...words: string[]) => heard.push(words));
      ear.on('pmessage', (...words: string[]) => heard.push(words));
      expect(await ear.subscribe('news', 'olds')).to.equal(2);
      expect(await ear.psubscribe('n*')).to.equal(3);
      expect(await mouth.publish('news', 'one')).to.equal(2);
      expect(await mouth.publish('olds', 'two')).to.equal(1);
      expect(await ear.unsubscribe('news', 'olds')).to.equal(1);
      expect(await mouth.publish('news', 'three')).to.equal(1);
      await ear.ping();
      expect(heard).to.eql([
        ['news', 'one'],
        ['n*', 'news', 'one'],
        ['olds', 'two'],
        ['n*', 'news', 'three'],
      ]);
    });

    it(`node-redis gets messages, as bytes too, over RESP${protocol}`, async () => {
      const [ear, mouth] = [await nodeRedis(protocol), await nodeRedis()];
      const heard: (string | Buffer)[] = [];
      await ear.subscribe('news', (message) => heard.push(message));
      await ear.pSubscribe('n*', (message) => heard.push(message), true);
      await ear.sSubscribe('shard', (message) => heard.push(message));
      expect(await mouth.publish('news', 'one')).to.equal(2);
      expect(await mouth.sPublish('shard', 'two')).to.equal(1);
      await ear.ping();
      expect(heard).to.eql(['one', Buffer.from('one'), 'two']);
    });
  }

  it('a client of RESP3 runs commands while it listens', async () => {
    const client = await nodeRedis();
    const heard: string[] = [];
    await client.subscribe('c', (message) => heard.push(message));
    expect(await client.publish('c', 'to myself')).to.equal(1);
    await client.set('key', 'value');
    expect(await client.get('key')).to.equal('value');
    expect(heard).to.eql(['to myself']);
  });

  it('subscriptions come back when a client connects anew', async () => {
    const ear = ioredis();
    const mouth = ioredis();
    await ear.subscribe('news');
    const ready = once(ear, 'ready');
    expect(await mouth.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).to.equal(1);
    await ready;
    const message = once(ear, 'message');
    while ((await mouth.publish('news', 'again')) === 0);
    expect(await message).to.eql(['news', 'again']);
  });

  it('a key that expires is told of', async () => {
    const [ear, client] = [ioredis(), ioredis()];
    await ear.subscribe('__keyevent@0__:expired');
    const message = once(ear, 'message');
    await client.set('short', 'life', 'PX', 20);
    expect(await message).to.eql(['__keyevent@0__:expired', 'short']);
  });

  it('many thousand messages arrive in order', async () => {
    const [ear, mouth] = [await nodeRedis(2), ioredis()];
    const count = 20_000;
    const heard: string[] = [];
    const all = new Promise<void>((resolve) => {
      void ear.subscribe('c', (message) => {
        heard.push(message);
        if (heard.length === count) resolve();
      });
    });
    while ((await mouth.pubsub('NUMSUB', 'c'))[1] === 0);
    await Promise.all(Array.from({ length: count }, (_, i) => mouth.publish('c', String(i))));
    await all;
    expect(heard).to.eql(Array.from({ length: count }, (_, i) => String(i)));
  });
});
