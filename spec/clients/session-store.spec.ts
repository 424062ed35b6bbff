import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { RedisStore } from 'connect-redis';
import session, { type SessionData } from 'express-session';
import { createClient } from 'redis';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { startServer } from '../wire/wire-server.js';

const TTL_S = 300;

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

function data(visits: number): SessionData {
  return { cookie: new session.Cookie(), visits };
}

/** The same as it comes back. */
function stored(visits: number): unknown {
  return JSON.parse(JSON.stringify(data(visits)));
}

/** Sessions by the package connect-redis: its store by itself, and under express-session. */
describe('a session store by connect-redis', () => {
  let server: ServerProcess;
  let client: ReturnType<typeof createClient>;
  let store: RedisStore;
  before(async () => {
    server = await startServer();
    client = createClient({ url: `redis://127.0.0.1:${server.port}` });
    await client.connect();
    store = new RedisStore({ client, prefix: 'sess:', ttl: TTL_S });
  });
  after(async () => {
    await client.close();
    await server.stop();
  });
  beforeEach(() => client.flushAll());

  it('sets, gets, touches and destroys', async () => {
    expect(await store.get('a')).to.equal(null);
    await store.set('a', data(7));
    expect(await store.get('a')).to.deep.equal(stored(7));
    expect(await client.ttl('sess:a')).to.be.within(TTL_S - 60, TTL_S);
    await client.expire('sess:a', 10);
    await store.touch('a', data(7));
    expect(await client.ttl('sess:a')).to.be.within(TTL_S - 60, TTL_S);
    await store.destroy('a');
    expect(await store.get('a')).to.equal(null);
  });

  it('lists, counts and clears its own sessions and no other keys', async () => {
    const ids = Array.from({ length: 250 }, (_, i) => `id${i}`);
    await Promise.all(ids.map((id, i) => store.set(id, data(i))));
    await client.set('other', 'x');
    expect(await store.ids()).to.have.members(ids);
    expect(await store.length()).to.equal(250);
    const all = (await store.all()) as (SessionData & { id: string })[];
    expect(all.map(({ id, visits }) => `${id} ${visits}`)).to.have.members(ids.map((id, i) => `${id} ${i}`));
    await store.clear();
    expect(await store.length()).to.equal(0);
    expect(await client.get('other')).to.equal('x');
  });

  it('keeps the sessions of an HTTP server', async () => {
    const middleware = session({ store, secret: 'secret', resave: false, saveUninitialized: false });
    const http = createServer((request, response) => {
      // It asks for no more of Express than these two objects.
      void middleware(request as never, response as never, () => {
        const current = (request as unknown as { session: SessionData }).session;
        current.visits = (current.visits ?? 0) + 1;
        response.end(String(current.visits));
      });
    });
    try {
      const port = await listen(http);
      const visit = (cookie?: string): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/`, { headers: cookie === undefined ? {} : { cookie } });
      const first = await visit();
      expect(await first.text()).to.equal('1');
      const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
      expect(await (await visit(cookie)).text()).to.equal('2');
      expect(await (await visit(cookie)).text()).to.equal('3');
      expect(await (await visit()).text()).to.equal('1');
      expect(await store.length()).to.equal(2);
    } finally {
      http.closeAllConnections();
      http.close();
    }
  });
});

function listen(http: Server): Promise<number> {
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
  });
}
