import { expect } from 'chai';
import { Redis } from 'ioredis';
import Redlock from 'redlock';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { failure, startServer } from '../wire/wire-server.js';

/** Locks by the package redlock, which takes, extends and gives them back by scripts. */
describe('a lock by redlock', () => {
  const TTL_MS = 60_000;
  let server: ServerProcess;
  const clients: Redis[] = [];

  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  afterEach(async () => {
    await clients[0].flushall();
    for (const client of clients) client.disconnect();
    clients.length = 0;
  });

  function connect(): Redis {
    const client = new Redis(server.port, '127.0.0.1');
    clients.push(client);
    return client;
  }

  /** Takes locks over a connection of its own; what goes wrong with that shows. */
  function locker(options: Redlock.Options = {}): Redlock {
    return new Redlock([connect()], { retryCount: 0, ...options }).on('clientError', (error: Error) => {
      throw error;
    });
  }

  it('is held by one at a time, until it is given back', async () => {
    const [mine, yours] = [locker(), locker()];
    const lock = await mine.lock('resource', TTL_MS);
    expect(await failure(yours.lock('resource', TTL_MS))).to.contain('Exceeded 0 attempts');
    expect(await clients[0].get('resource')).to.equal(lock.value);
    expect(await clients[0].pttl('resource')).to.be.within(TTL_MS - 10_000, TTL_MS);
    await lock.unlock();
    expect(await clients[0].exists('resource')).to.equal(0);
    await (await yours.lock('resource', TTL_MS)).unlock();
  });

  it('can be extended, and only by who holds it', async () => {
    const lock = await locker().lock('resource', TTL_MS);
    const { expiration } = lock;
    const longer = await lock.extend(2 * TTL_MS);
    expect(longer.expiration).to.be.above(expiration);
    expect(await clients[0].pttl('resource')).to.be.within(TTL_MS, 2 * TTL_MS);
    await clients[0].set('resource', 'somebody else', 'PX', TTL_MS);
    expect(await failure(lock.extend(TTL_MS))).to.contain('Exceeded 0 attempts');
    expect(await failure(lock.unlock())).to.contain('Unable to fully release the lock');
    expect(await clients[0].get('resource')).to.equal('somebody else');
  });

  it('covers several resources, all or none', async () => {
    const [mine, yours] = [locker(), locker()];
    const lock = await mine.lock(['a', 'b'], TTL_MS);
    expect(await failure(yours.lock(['b', 'c'], TTL_MS))).to.contain('Exceeded');
    expect(await clients[0].exists('a', 'b', 'c')).to.equal(2);
    await lock.unlock();
    expect(await clients[0].dbsize()).to.equal(0);
  });

  it('lets many change a value in turn', async () => {
    const [LOCKERS, ROUNDS] = [5, 8];
    const counter = connect();
    const work = async (redlock: Redlock): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        const lock = await redlock.lock('counter-lock', TTL_MS);
        const before = Number(await counter.get('counter'));
        await counter.set('counter', before + 1);
        await lock.unlock();
      }
    };
    const retries = { retryCount: 10_000, retryDelay: 2, retryJitter: 2 };
    await Promise.all(Array.from({ length: LOCKERS }, () => work(locker(retries))));
    expect(await counter.get('counter')).to.equal(String(LOCKERS * ROUNDS));
  });
});
