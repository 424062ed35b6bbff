import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createClient, RESP_TYPES } from 'redis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { failure, kind, ringkvOnly, socketPath, startServer } from './wire-server.js';

const MB = 1024 * 1024;
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

interface Options {
  readonly url?: string;
  readonly password?: string;
  readonly username?: string;
  readonly database?: number;
  readonly socket?: object;
}

/** A client that speaks RESP3; errors that have no other place to go are passed over. */
function client(options: Options) {
  return createClient({ RESP: 3, ...options }).on('error', () => undefined);
}

type Client = ReturnType<typeof client>;

describe('node-redis', () => {
  let server: ServerProcess;
  let redis: Client;
  const clients: Client[] = [];

  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  beforeEach(async () => {
    redis = await connect();
  });
  afterEach(async () => {
    await redis.flushAll();
    for (const client of clients) client.destroy();
    clients.length = 0;
  });

  async function connect(options: Options = {}, port = server.port): Promise<Client> {
    const connected = client({ url: `redis://127.0.0.1:${port}`, ...options });
    await connected.connect();
    clients.push(connected);
    return connected;
  }

  it('connects with RESP3, and says who it is', async () => {
    expect(await redis.ping()).to.equal('PONG');
    expect(await redis.clientSetName('node-redis-spec')).to.equal('OK');
    const info = await redis.clientInfo();
    expect(info.name).to.equal('node-redis-spec');
    expect(info.id).to.equal(await redis.clientId());
    const hello = (await redis.sendCommand(['HELLO'])) as unknown as Record<string, unknown>;
    expect(hello).to.include({ proto: 3, mode: 'standalone', role: 'master' });
  });

  it('reads and writes strings, many at a time', async () => {
    expect(await redis.set('a', '1')).to.equal('OK');
    expect(await redis.mSet({ b: '2', c: 'drei', ä: 'ö' })).to.equal('OK');
    expect(await redis.mGet(['a', 'none', 'b', 'c', 'ä'])).to.deep.equal(['1', null, '2', 'drei', 'ö']);
    expect(await redis.incrBy('a', 41)).to.equal(42);
    expect(await redis.incrByFloat('a', 0.5)).to.equal('42.5');
    expect(await redis.del(['a', 'b', 'none'])).to.equal(2);
    expect(await redis.get('a')).to.equal(null);
    expect(await redis.set('c', 'vier', { expiration: { type: 'EX', value: 100 }, condition: 'NX' })).to.equal(null);
    expect(await redis.set('c', 'vier', { GET: true })).to.equal('drei');
  });

  it('sends what was called together in one go', async () => {
    const results = await Promise.all(Array.from({ length: 10_000 }, () => redis.incr('counter')));
    expect(results.every((value, i) => value === i + 1)).to.equal(true);
  });

  it('pipelines with execAsPipeline, and rejects what went wrong', async () => {
    const wrong = redis.multi().set('p', 'text').incr('p').execAsPipeline();
    expect(await failure(wrong)).to.equal('ERR value is not an integer or out of range');
    expect(await redis.multi().set('p', 'text').strLen('p').get('p').execAsPipeline()).to.deep.equal(['OK', 4, 'text']);
  });

  it('keeps every byte of keys and values', async () => {
    const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    expect(await redis.set(ALL_BYTES, ALL_BYTES)).to.equal('OK');
    expect(await buffers.get(ALL_BYTES)).to.deep.equal(ALL_BYTES);
    expect(await buffers.keys('*')).to.deep.equal([ALL_BYTES]);
  });

  it('sees keys expire', async () => {
    await redis.set('soon', 'x', { expiration: { type: 'PX', value: 30 } });
    await redis.setEx('later', 100, 'x');
    expect(await redis.ttl('later')).to.be.within(99, 100);
    while ((await redis.get('soon')) !== null);
    expect(await redis.exists('soon')).to.equal(0);
    expect(await redis.expire('later', 200, 'LT')).to.equal(0);
    expect(await redis.persist('later')).to.equal(1);
  });

  it('compares and sets', async function () {
    ringkvOnly(this);
    await redis.set('lock', 'mine');
    expect(await redis.sendCommand(['CAS', 'lock', 'theirs', 'x'])).to.equal(0);
    expect(await redis.sendCommand(['CAS', 'lock', 'mine', 'new', 'PX', '100000'])).to.equal(1);
    expect(await redis.sendCommand(['CAS', 'none', 'mine', 'x'])).to.equal(null);
    expect(await redis.sendCommand(['DELEX', 'lock', 'IFEQ', 'new'])).to.equal(1);
  });

  it('iterates with SCAN', async () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `scan:${i}`);
    await redis.mSet(keys.map((key) => [key, 'x'] as [string, string]));
    await redis.set('other', 'x');
    const found = new Set<string>();
    for await (const batch of redis.scanIterator({ MATCH: 'scan:*', COUNT: 50 })) {
      for (const key of batch) found.add(key);
    }
    expect([...found].sort()).to.deep.equal(keys.sort());
  });

  it('asks about the server, and gets maps', async () => {
    expect({ ...(await redis.configGet('appendonly')) }).to.deep.equal({ appendonly: 'yes' });
    expect(await redis.configSet('hz', '20')).to.equal('OK');
    expect({ ...(await redis.configGet('h[z]')) }).to.deep.equal({ hz: '20' });
    expect(await redis.info('server')).to.contain('redis_version:');
    expect(await redis.dbSize()).to.equal(0);
    const [info] = await redis.commandInfo(['get']);
    expect(info?.arity).to.equal(2);
    expect(await redis.sendCommand(['COMMAND', 'COUNT'])).to.be.greaterThan(50);
  });

  it('carries ten megabytes', async () => {
    const value = Buffer.alloc(10 * MB, ALL_BYTES);
    expect(await redis.set('large', value)).to.equal('OK');
    const found = await redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get('large');
    expect(found?.equals(value)).to.equal(true);
  });

  it('rejects with what the server says', async () => {
    expect(await failure(redis.sendCommand(['GET']))).to.equal("ERR wrong number of arguments for 'get' command");
    await redis.set('text', 'x');
    expect(await failure(redis.incr('text'))).to.equal('ERR value is not an integer or out of range');
  });

  it('keeps to its database', async () => {
    const third = await connect({ database: 3 });
    await third.set('where', 'third');
    expect(await redis.get('where')).to.equal(null);
    await redis.select(3);
    expect(await redis.get('where')).to.equal('third');
  });

  it('comes back, and finds its data, when the server was killed and started again', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'node-redis-'));
    const first = await startServer([], { dir });
    try {
      const returning = await connect({ socket: { reconnectStrategy: 20 } }, first.port);
      await returning.set('durable', 'yes');
      const lost = new Promise((resolve) => returning.once('reconnecting', resolve));
      await first.kill('SIGKILL');
      await lost;
      const waiting = returning.get('durable');
      const second = await startServer([], { dir, port: first.port });
      expect(await waiting).to.equal('yes');
      returning.destroy();
      clients.splice(clients.indexOf(returning), 1);
      expect((await second.stop()).code).to.equal(0);
    } finally {
      await first.kill();
      rmSync(dir, { recursive: true });
    }
  });

  it('comes in with the password, by a unix socket too, and not without', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'node-redis-'));
    const path = socketPath(dir);
    const locked = await startServer(['--requirepass', 'pass word', '--unixsocket', path], { dir });
    const stopping: Client[] = [];
    try {
      const inside = await connect({ password: 'pass word' }, locked.port);
      stopping.push(inside);
      expect(await inside.set('a', 'b')).to.equal('OK');
      const byUnixSocket = client({ socket: { path }, username: 'default', password: 'pass word' });
      stopping.push(byUnixSocket);
      await byUnixSocket.connect();
      expect(await byUnixSocket.get('a')).to.equal('b');
      const wrong = client({
        url: `redis://127.0.0.1:${locked.port}`,
        password: 'wrong',
        socket: { reconnectStrategy: false },
      });
      expect(await failure(wrong.connect())).to.contain(
        'WRONGPASS invalid username-password pair or user is disabled.',
      );
    } finally {
      for (const each of stopping) {
        each.destroy();
        const at = clients.indexOf(each);
        if (at !== -1) clients.splice(at, 1);
      }
      await locked.stop();
      rmSync(dir, { recursive: true });
    }
  });

  it('talks to what these specs think it does', async () => {
    expect(/^ringkv_version:/m.test(await redis.info())).to.equal(kind === 'ringkv');
  });
});
