import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { startServer } from '../wire/wire-server.js';

const POINTS = 5;
const DURATION_S = 100;

/** A connection by one of the two libraries, as the limiter takes it. */
interface Connection {
  readonly storeClient: unknown;
  readonly useRedisPackage: boolean;
  close(): Promise<void>;
}

function byIoredis(port: number): Promise<Connection> {
  const client = new Redis(port, '127.0.0.1');
  const close = async (): Promise<void> => {
    await client.quit();
  };
  return Promise.resolve({ storeClient: client, useRedisPackage: false, close });
}

async function byNodeRedis(port: number): Promise<Connection> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  return { storeClient: client, useRedisPackage: true, close: () => client.close() };
}

/** A rate limiter by the package rate-limiter-flexible, which counts by a script, over each of the two libraries. */
describe('a rate limiter by rate-limiter-flexible', () => {
  let server: ServerProcess;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  for (const [name, connect] of Object.entries({ ioredis: byIoredis, 'node-redis': byNodeRedis })) {
    describe(`over ${name}`, () => {
      let connection: Connection;
      let limiter: RateLimiterRedis;
      beforeEach(async () => {
        connection = await connect(server.port);
        const { storeClient, useRedisPackage } = connection;
        limiter = new RateLimiterRedis({
          storeClient,
          useRedisPackage,
          points: POINTS,
          duration: DURATION_S,
          keyPrefix: name,
        });
      });
      afterEach(async () => {
        await limiter.delete('user');
        await connection.close();
      });

      /** What is left after an attempt; the refusal, if there is one. */
      async function attempt(points = 1): Promise<RateLimiterRes> {
        try {
          return await limiter.consume('user', points);
        } catch (refusal) {
          if (refusal instanceof RateLimiterRes) return refusal;
          throw refusal;
        }
      }

      it('lets so many through, and refuses the next until the time is over', async () => {
        for (let i = 1; i <= POINTS; i++) expect((await limiter.consume('user')).remainingPoints).to.equal(POINTS - i);
        const refusal = await attempt();
        expect(refusal.consumedPoints).to.equal(POINTS + 1);
        expect(refusal.remainingPoints).to.equal(0);
        expect(refusal.msBeforeNext).to.be.within((DURATION_S - 30) * 1000, DURATION_S * 1000);
      });

      it('counts what comes at the same time', async () => {
        const results = await Promise.all(Array.from({ length: 40 }, () => attempt()));
        expect(results.filter(({ consumedPoints }) => consumedPoints <= POINTS)).to.have.length(POINTS);
        expect(Math.max(...results.map(({ consumedPoints }) => consumedPoints))).to.equal(40);
      });

      it('rewards, punishes, blocks and forgets', async () => {
        expect(await limiter.get('user')).to.equal(null);
        await limiter.consume('user', 2);
        expect((await limiter.reward('user', 1)).consumedPoints).to.equal(1);
        expect((await limiter.penalty('user', 3)).consumedPoints).to.equal(4);
        expect((await limiter.get('user'))?.remainingPoints).to.equal(POINTS - 4);
        await limiter.block('user', 1000);
        expect((await attempt()).msBeforeNext).to.be.within(900_000, 1_000_000);
        expect(await limiter.delete('user')).to.equal(true);
        expect((await limiter.consume('user')).remainingPoints).to.equal(POINTS - 1);
      });

      it('takes a limit that never ends', async () => {
        await limiter.set('user', 3, 0);
        const found = await limiter.get('user');
        expect(found?.consumedPoints).to.equal(3);
        expect(found?.msBeforeNext).to.equal(-1);
      });
    });
  }
});
