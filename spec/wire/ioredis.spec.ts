import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis, type RedisOptions } from 'ioredis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { failure, kind, ringkvOnly, socketPath, startServer } from './wire-server.js';

const MB = 1024 * 1024;
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe('ioredis', () => {
  let server: ServerProcess;
  const clients: Redis[] = [];

  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  afterEach(async () => {
    for (const client of clients) client.disconnect();
    clients.length = 0;
    const redis = new Redis(server.port, '127.0.0.1');
    await redis.flushall();
    redis.disconnect();
  });

  function connect(options: Omit<RedisOptions, 'replyMapping'> = {}, port = server.port): Redis {
    const client = new Redis({ port, host: '127.0.0.1', ...options });
    client.on('error', () => undefined); // each call is told as well
    clients.push(client);
    return client;
  }

  for (const protocol of [2, 3] as const) {
    describe(`over RESP${protocol}`, () => {
      let redis: Redis;
      beforeEach(() => {
        redis = connect({ protocol, connectionName: `ioredis-${protocol}` });
      });

      it('connects, and is ready', async () => {
        expect(await redis.ping()).to.equal('PONG');
        expect(redis.status).to.equal('ready');
        expect(await redis.client('GETNAME')).to.equal(`ioredis-${protocol}`);
        const id = await redis.client('ID');
        expect(await redis.client('LIST')).to.match(new RegExp(`^id=${id} .*name=ioredis-${protocol} `, 'm'));
      });

      it('reads and writes strings, many at a time', async () => {
        expect(await redis.set('a', '1')).to.equal('OK');
        expect(await redis.mset({ b: '2', c: 'drei', ä: 'ö' })).to.equal('OK');
        expect(await redis.mget('a', 'none', 'b', 'c', 'ä')).to.deep.equal(['1', null, '2', 'drei', 'ö']);
        expect(await redis.incrby('a', 41)).to.equal(42);
        expect(await redis.incrbyfloat('a', 0.5)).to.equal('42.5');
        expect(await redis.exists('a', 'b', 'none', 'a')).to.equal(3);
        expect(await redis.del('a', 'b', 'none')).to.equal(2);
        expect(await redis.get('a')).to.equal(null);
      });

      it('keeps every byte of keys and values', async () => {
        expect(await redis.set(ALL_BYTES, ALL_BYTES)).to.equal('OK');
        expect(await redis.getBuffer(ALL_BYTES)).to.deep.equal(ALL_BYTES);
        expect(await redis.keysBuffer('*')).to.deep.equal([ALL_BYTES]);
        expect(await redis.set('empty', '')).to.equal('OK');
        expect(await redis.get('empty')).to.equal('');
      });

      it('pipelines, with the errors in their places', async () => {
        const results = await redis.pipeline().set('p', 'text').incr('p').get('p').call('NOSUCH').strlen('p').exec();
        expect(results?.map(([error, value]) => error?.message ?? value)).to.deep.equal([
          'OK',
          'ERR value is not an integer or out of range',
          'text',
          "ERR unknown command 'NOSUCH', with args beginning with: ",
          4,
        ]);
      });

      it('gets ten thousand replies of one pipeline in order', async () => {
        const pipeline = redis.pipeline();
        for (let i = 0; i < 10_000; i++) pipeline.incr('counter');
        const results = await pipeline.exec();
        expect(results?.every(([error, value], i) => error === null && value === i + 1)).to.equal(true);
      });

      it('sees keys expire', async () => {
        expect(await redis.set('soon', 'x', 'PX', 30)).to.equal('OK');
        expect(await redis.set('later', 'x', 'EX', 100)).to.equal('OK');
        expect(await redis.ttl('later')).to.be.within(99, 100);
        expect(await redis.pttl('none')).to.equal(-2);
        while ((await redis.get('soon')) !== null);
        expect(await redis.persist('later')).to.equal(1);
        expect(await redis.ttl('later')).to.equal(-1);
      });

      it('compares and sets', async function () {
        ringkvOnly(this);
        await redis.set('lock', 'mine');
        expect(await redis.call('CAS', 'lock', 'theirs', 'x')).to.equal(0);
        expect(await redis.call('CAS', 'lock', 'mine', 'new', 'EX', 100)).to.equal(1);
        expect(await redis.call('CAS', 'none', 'mine', 'x')).to.equal(null);
        expect(await redis.call('SET', 'lock', 'newer', 'IFEQ', 'new')).to.equal('OK');
        expect(await redis.call('CAD', 'lock', 'new')).to.equal(0);
        expect(await redis.call('CAD', 'lock', 'newer')).to.equal(1);
        expect(await redis.exists('lock')).to.equal(0);
      });

      it('iterates with SCAN', async () => {
        const keys = Array.from({ length: 1000 }, (_, i) => `scan:${i}`);
        await redis.mset(keys.flatMap((key) => [key, 'x']));
        await redis.set('other', 'x');
        const found = new Set<string>();
        for await (const batch of redis.scanStream({ match: 'scan:*', count: 50 })) {
          for (const key of batch as string[]) found.add(key);
        }
        expect([...found].sort()).to.deep.equal(keys.sort());
      });

      it('asks about the server', async () => {
        expect(await redis.config('GET', 'appendonly')).to.deep.equal(['appendonly', 'yes']);
        expect(await redis.config('SET', 'hz', 20)).to.equal('OK');
        expect(await redis.config('GET', 'hz')).to.deep.equal(['hz', '20']);
        expect(await redis.info('server')).to.contain('redis_version:');
        expect(await redis.dbsize()).to.equal(0);
        const [seconds] = (await redis.call('TIME')) as string[];
        expect(Number(seconds)).to.be.closeTo(Date.now() / 1000, 2);
        expect(await redis.command('COUNT')).to.be.greaterThan(50);
      });

      it('carries ten megabytes', async () => {
        const value = Buffer.alloc(10 * MB, ALL_BYTES);
        expect(await redis.set('large', value)).to.equal('OK');
        const found = await redis.getBuffer('large');
        expect(found?.equals(value)).to.equal(true);
        expect(await redis.append('large', 'tail')).to.equal(10 * MB + 4);
        expect(await redis.getrange('large', -6, -1)).to.equal('��tail');
      });

      it('rejects with what the server says', async () => {
        expect(await failure(redis.call('GET'))).to.equal("ERR wrong number of arguments for 'get' command");
        expect(await failure(redis.select(16))).to.equal('ERR DB index is out of range');
        expect(await failure(redis.call('SET', 'a', 'b', 'EX', 0))).to.equal(
          "ERR invalid expire time in 'set' command",
        );
      });

      it('keeps to its database', async () => {
        const third = connect({ protocol, db: 3 });
        await third.set('where', 'third');
        expect(await redis.get('where')).to.equal(null);
        await redis.select(3);
        expect(await redis.get('where')).to.equal('third');
      });
    });
  }

  it('collects calls by itself with enableAutoPipelining', async () => {
    const redis = connect({ enableAutoPipelining: true });
    const results = await Promise.all(Array.from({ length: 1000 }, (_, i) => redis.set(`auto:${i}`, i)));
    expect(new Set(results)).to.deep.equal(new Set(['OK']));
    expect(await redis.dbsize()).to.equal(1000);
  });

  it('watches with MONITOR', async () => {
    const redis = connect();
    const monitor = await connect().monitor();
    const seen = new Promise<string[]>((resolve) => {
      monitor.on('monitor', (_time: string, args: string[]) => {
        if (args[0].toLowerCase() === 'set') resolve(args);
      });
    });
    await redis.set('watched', 'a "b"');
    expect((await seen).slice(1)).to.deep.equal(['watched', 'a "b"']);
    monitor.disconnect();
  });

  it('comes back, and finds its data, when the server was killed and started again', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ioredis-'));
    const first = await startServer([], { dir });
    const redis = connect({ retryStrategy: () => 20, maxRetriesPerRequest: null }, first.port);
    try {
      await redis.set('durable', 'yes');
      const lost = new Promise((resolve) => redis.once('close', resolve));
      await first.kill('SIGKILL');
      await lost;
      const waiting = redis.get('durable');
      const second = await startServer([], { dir, port: first.port });
      expect(await waiting).to.equal('yes');
      expect(await redis.set('again', 'too')).to.equal('OK');
      expect((await second.stop()).code).to.equal(0);
    } finally {
      redis.disconnect();
      await first.kill();
      rmSync(dir, { recursive: true });
    }
  });

  it('comes in with the password, by a unix socket too, and not without', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ioredis-'));
    const path = socketPath(dir);
    const locked = await startServer(['--requirepass', 'pass word', '--unixsocket', path], { dir });
    try {
      const inside = connect({ password: 'pass word' }, locked.port);
      expect(await inside.set('a', 'b')).to.equal('OK');
      const byUnixSocket = connect({ path, password: 'pass word', username: 'default' });
      expect(await byUnixSocket.get('a')).to.equal('b');
      const without = connect({ enableReadyCheck: false, protocol: 2 }, locked.port);
      expect(await failure(without.get('a'))).to.equal('NOAUTH Authentication required.');
      expect(await failure(without.auth('wrong'))).to.equal(
        'WRONGPASS invalid username-password pair or user is disabled.',
      );
      expect(await without.auth('pass word')).to.equal('OK');
      expect(await without.get('a')).to.equal('b');
    } finally {
      for (const client of clients) client.disconnect();
      await locked.stop();
      rmSync(dir, { recursive: true });
    }
  });

  it('talks to what these specs think it does', async () => {
    expect(/^ringkv_version:/m.test(await connect().info())).to.equal(kind === 'ringkv');
  });
});
