import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { expect } from 'chai';
import { Keyv } from 'keyv';
import { createClient } from 'redis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { startServer } from '../wire/wire-server.js';

/** A cache by the packages keyv and @keyv/redis. */
describe('a cache by keyv', () => {
  let server: ServerProcess;
  let url: string;
  let raw: ReturnType<typeof createClient>;
  const caches: Keyv[] = [];
  before(async () => {
    server = await startServer();
    url = `redis://127.0.0.1:${server.port}`;
    raw = createClient({ url });
    await raw.connect();
  });
  after(async () => {
    await raw.close();
    await server.stop();
  });
  afterEach(async () => {
    await raw.flushAll();
    for (const cache of caches) await cache.disconnect();
    caches.length = 0;
  });

  function open(namespace?: string): Keyv {
    const cache = new Keyv(
      new KeyvRedis(url),
      namespace === undefined ? { useKeyPrefix: false } : { namespace, useKeyPrefix: false },
    );
    // What goes wrong is to fail the spec, and not to be passed over.
    cache.on('error', (error: Error) => {
      throw error;
    });
    caches.push(cache);
    return cache;
  }

  it('sets, gets and deletes values of all kinds', async () => {
    const cache = open();
    const values: Record<string, unknown> = { text: 'ä', number: 1.5, list: [1, { two: 2 }], no: false, none: null };
    for (const [key, value] of Object.entries(values)) expect(await cache.set(key, value), key).to.equal(true);
    for (const [key, value] of Object.entries(values)) expect(await cache.get(key), key).to.deep.equal(value);
    expect(await cache.get('nosuch')).to.equal(undefined);
    expect(await cache.has('text')).to.equal(true);
    expect(await cache.delete('text')).to.equal(true);
    expect(await cache.delete('text')).to.equal(false);
    expect(await cache.has('text')).to.equal(false);
  });

  it('forgets when the time is over', async () => {
    const cache = open();
    await cache.set('long', 1, 100_000);
    await cache.set('short', 1, 30);
    const [key] = await raw.keys('*long');
    expect(await raw.pTTL(key)).to.be.within(50_000, 100_000);
    for (let i = 0; i < 200 && (await cache.get('short')) !== undefined; i++) await sleep(10);
    expect(await cache.get('short')).to.equal(undefined);
    expect(await cache.get('long')).to.equal(1);
  });

  it('takes many keys at once', async () => {
    const cache = open();
    const entries = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: i }));
    await cache.setMany(entries);
    const keys = entries.map(({ key }) => key);
    expect(await cache.getMany(['nosuch', ...keys])).to.deep.equal([undefined, ...entries.map(({ value }) => value)]);
    expect(await cache.deleteMany(keys.slice(1))).to.equal(true);
    expect(await cache.getMany(keys.slice(0, 2))).to.deep.equal([0, undefined]);
  });

  it('keeps namespaces apart, in clearing and in iterating', async () => {
    const [mine, yours] = [open('mine'), open('yours')];
    for (let i = 0; i < 30; i++) {
      await mine.set(`k${i}`, i);
      await yours.set(`k${i}`, -i);
    }
    const seen: [string, unknown][] = [];
    for await (const [key, value] of (mine.iterator as (namespace: string) => AsyncIterable<[string, unknown]>)(
      'mine',
    )) {
      seen.push([key, value]);
    }
    expect(seen).to.have.deep.members(Array.from({ length: 30 }, (_, i) => [`k${i}`, i]));
    await mine.clear();
    expect(await mine.get('k3')).to.equal(undefined);
    expect(await yours.get('k3')).to.equal(-3);
  });
});
