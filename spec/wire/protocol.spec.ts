import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { encodeCommand, RespClient } from '../../scripts/tools/resp-client.js';
import { RawConnection } from '../../scripts/tools/raw-connection.js';
import { ServerInfo } from '../../scripts/tools/server-info.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { decodeAll } from '../protocol/resp-decoder.js';
import { kind, ringkvOnly, startServer } from './wire-server.js';

const MB = 1024 * 1024;
const PING = '*1\r\n$4\r\nPING\r\n';

describe('ringkv on the wire', () => {
  let server: ServerProcess;
  const open = new Set<RawConnection>();

  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  afterEach(() => {
    for (const connection of open) connection.destroy();
    open.clear();
  });

  async function connect(to = server): Promise<RawConnection> {
    const connection = await RawConnection.connect({ port: to.port });
    open.add(connection);
    return connection;
  }

  /** Everything that a server answers to `bytes` until it closes the connection of its own accord. */
  async function answerTo(bytes: string | Buffer, to = server): Promise<string> {
    const connection = await connect(to);
    void connection.write(bytes);
    return (await connection.readAll()).toString('latin1');
  }

  /** How long a PING of another connection takes. */
  async function pingMs(client: RespClient): Promise<number> {
    const startMs = performance.now();
    expect(await client.call('PING')).to.equal('PONG');
    return performance.now() - startMs;
  }

  describe('requests', () => {
    it('may be cut at every byte', async () => {
      const requests = Buffer.concat([
        encodeCommand(['SET', 'cut', Buffer.from('a\r\n$1\0é')]),
        encodeCommand(['GET', 'cut']),
        Buffer.from('GET "cut"\r\n\r\n*0\r\n*-1\r\n'),
        encodeCommand(['STRLEN', 'cut']),
      ]);
      const replies = '+OK\r\n$8\r\na\r\n$1\0é\r\n$8\r\na\r\n$1\0é\r\n:8\r\n';
      const expected = Buffer.from(replies, 'utf8').toString('latin1');
      for (let cut = 0; cut <= requests.length; cut++) {
        const connection = await connect();
        await connection.write(requests.subarray(0, cut));
        // Another connection's round trip: the server has read the first part by then.
        const client = await server.connect();
        await client.call('PING');
        client.close();
        await connection.write(requests.subarray(cut));
        const answer = await connection.read(Buffer.byteLength(replies));
        expect(answer.toString('latin1'), `cut at ${cut}`).to.equal(expected);
        connection.destroy();
      }
    });

    it('may come a byte at a time', async () => {
      const connection = await connect();
      for (const byte of encodeCommand(['ECHO', 'one by one'])) await connection.write(Buffer.of(byte));
      expect((await connection.read(17)).toString()).to.equal('$10\r\none by one\r\n');
    });

    it('are answered in order, a hundred thousand of them, to a client that reads slowly', async function () {
      this.timeout(60_000);
      const count = 100_000;
      const connection = await connect();
      connection.pause();
      const commands: Buffer[] = [];
      for (let i = 0; i < count; i++) {
        commands.push(
          i % 2 === 0 ? encodeCommand(['SET', `slow:${i % 100}`, i]) : encodeCommand(['GET', `slow:${(i - 1) % 100}`]),
        );
      }
      const sent = connection.write(Buffer.concat(commands));
      const client = await server.connect();
      for (let i = 0; i < 10; i++) expect(await pingMs(client)).to.be.lessThan(1000);
      client.close();
      connection.resume();
      let expected = '';
      for (let i = 0; i < count; i += 2) expected += `+OK\r\n$${String(i).length}\r\n${i}\r\n`;
      const answer = await connection.read(expected.length);
      expect(answer.toString() === expected, 'every reply in its place').to.equal(true);
      await sent;
    });

    it('are all answered when the client has closed its half', async function () {
      ringkvOnly(this); // Redis drops a client whose half is closed, and the replies with it.
      const connection = await connect();
      const request = Buffer.concat([
        encodeCommand(['SET', 'half', 'x'.repeat(MB)]),
        ...Array<Buffer>(20).fill(encodeCommand(['GET', 'half'])),
      ]);
      connection.pause();
      void connection.write(request);
      connection.end();
      connection.resume();
      const replies = decodeAll(await connection.readAll());
      expect(replies).to.have.length(21);
      expect(replies.slice(1).every((reply) => (reply as Buffer).length === MB)).to.equal(true);
    });

    it('of which the last is incomplete are dropped with the connection', async () => {
      const connection = await connect();
      void connection.write(`${PING}*2\r\n$4\r\nECHO\r\n$5\r\nab`);
      connection.end();
      expect((await connection.readAll()).toString()).to.equal('+PONG\r\n');
    });

    it('of 100 MB take time in proportion to their length', async function () {
      this.timeout(60_000);
      const client = await server.connect();
      const roundTripMs = async (bytes: number): Promise<number> => {
        const value = Buffer.alloc(bytes, 'v');
        const startMs = performance.now();
        expect(await client.call('SET', 'large', value)).to.equal('OK');
        expect(await client.call('STRLEN', 'large')).to.equal(bytes);
        return performance.now() - startMs;
      };
      await roundTripMs(10 * MB);
      const tenMs = Math.min(await roundTripMs(10 * MB), await roundTripMs(10 * MB));
      // Quadratic would be a hundred times as long.
      expect(await roundTripMs(100 * MB)).to.be.lessThan(40 * Math.max(tenMs, 25));
      await client.call('DEL', 'large');
      client.close();
    });
  });

  describe('what is no request', () => {
    const errors: [string, string, string][] = [
      ['a count that is no number', '*x\r\n', 'invalid multibulk length'],
      ['a count that is too large', '*2147483648\r\n', 'invalid multibulk length'],
      ['a length that is no number', '*1\r\n$x\r\n', 'invalid bulk length'],
      ['a negative length', '*1\r\n$-1\r\n', 'invalid bulk length'],
      ['a length that is too large', '*1\r\n$536870913\r\n', 'invalid bulk length'],
      ['an argument without its dollar sign', '*1\r\n:4\r\n', "expected '$', got ':'"],
      ['quotes that are not closed', 'SET "a b\r\n', 'unbalanced quotes in request'],
      ['an endless line', 'x'.repeat(70_000), 'too big inline request'],
      ['an endless count', `*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
      ['an endless length', `*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    ];
    for (const [what, bytes, text] of errors) {
      it(`${what}: it is told what is wrong, after the replies before it, and closed`, async () => {
        // Behind an endless line, nothing may come that would end it.
        const behind = bytes.length < 100 ? PING : '';
        expect(await answerTo(PING + bytes + behind)).to.equal(`+PONG\r\n-ERR Protocol error: ${text}\r\n`);
      });
    }

    for (const line of ['POST / HTTP/1.1', 'Host: localhost:6379', 'pOsT x', 'host: x']) {
      it(`'${line}' closes the connection: a browser was made to send it`, async () => {
        expect(await answerTo(`${line}\r\nSET browser was-here\r\n\r\n`)).to.equal('');
        const client = await server.connect();
        expect(await client.call('EXISTS', 'browser')).to.equal(0);
        client.close();
      });
    }

    it('GET of HTTP is a request like any other', async () => {
      const connection = await connect();
      void connection.write('GET / HTTP/1.1\r\n');
      expect((await connection.readUntil('\r\n')).toString()).to.equal(
        "-ERR wrong number of arguments for 'get' command\r\n",
      );
    });

    it('garbage on the port hurts nobody else', async () => {
      const client = await server.connect();
      let state = 1;
      for (let round = 0; round < 50; round++) {
        const noise = Buffer.alloc(2000);
        for (let i = 0; i < noise.length; i++) {
          state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
          noise[i] = state >>> 16;
        }
        const connection = await connect();
        void connection.write(noise);
        connection.end();
        await connection.readAll();
        expect(await pingMs(client)).to.be.lessThan(1000);
      }
      client.close();
    });
  });

  describe('QUIT', () => {
    it('is answered, then the connection is closed, and what follows is not run', async () => {
      expect(await answerTo(`${PING}QUIT\r\nSET after-quit 1\r\n`)).to.equal('+PONG\r\n+OK\r\n');
      const client = await server.connect();
      expect(await client.call('EXISTS', 'after-quit')).to.equal(0);
      client.close();
    });
  });

  describe('a client without the password', () => {
    let locked: ServerProcess;
    before(async () => {
      locked = await startServer(['--requirepass', 'secret']);
    });
    after(() => locked.stop());

    it('is told so, and may do nothing but come in', async () => {
      const connection = await connect(locked);
      void connection.write('GET x\r\nFLUSHALL\r\nHELLO 3\r\nQUIT\r\n');
      const noauth = '-NOAUTH Authentication required.\r\n';
      const hello =
        '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> ' +
        '<pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n';
      expect((await connection.readAll()).toString()).to.equal(`${noauth}${noauth}${hello}+OK\r\n`);
    });

    it('may send ten arguments and no more', async () => {
      expect(await answerTo('*11\r\n', locked)).to.equal('-ERR Protocol error: unauthenticated multibulk length\r\n');
      const connection = await connect(locked);
      void connection.write(encodeCommand(Array<string>(10).fill('PING')));
      expect((await connection.readUntil('\r\n')).toString()).to.contain('NOAUTH');
    });

    it('may send arguments of 16 KiB and no more', async () => {
      expect(await answerTo('*1\r\n$16385\r\n', locked)).to.equal(
        '-ERR Protocol error: unauthenticated bulk length\r\n',
      );
      const connection = await connect(locked);
      void connection.write(encodeCommand(['AUTH', 'x'.repeat(16_384)]));
      expect((await connection.readUntil('\r\n')).toString()).to.contain('WRONGPASS');
    });

    it('has no limits once it has given it', async () => {
      const connection = await connect(locked);
      const values = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? `k${i}` : 'x'.repeat(20_000)));
      void connection.write(Buffer.concat([encodeCommand(['AUTH', 'secret']), encodeCommand(['MSET', ...values])]));
      expect((await connection.read(10)).toString()).to.equal('+OK\r\n+OK\r\n');
    });

    it('has them again after RESET', async () => {
      const connection = await connect(locked);
      void connection.write('AUTH secret\r\nRESET\r\n*11\r\n');
      expect((await connection.readAll()).toString()).to.equal(
        '+OK\r\n+RESET\r\n-ERR Protocol error: unauthenticated multibulk length\r\n',
      );
    });
  });

  describe('many clients', () => {
    it('beyond maxclients are told so and closed, and come in when others have gone', async () => {
      const small = await startServer(['--maxclients', '5']);
      try {
        const clients = await Promise.all(Array.from({ length: 5 }, () => connect(small)));
        for (const client of clients) {
          void client.write(PING);
          await client.read(7);
        }
        const refused = await connect(small);
        expect((await refused.readAll()).toString()).to.equal('-ERR max number of clients reached\r\n');
        clients[0].destroy();
        await clients[0].closed;
        let answer = '';
        while (answer !== '+PONG\r\n') {
          const again = await connect(small);
          void again.write(PING);
          again.end();
          answer = (await again.readAll()).toString();
        }
      } finally {
        await small.stop();
      }
    });

    it('two thousand of them are all served', async function () {
      this.timeout(60_000);
      const clients: RawConnection[] = [];
      for (let i = 0; i < 2000; i += 100) {
        clients.push(...(await Promise.all(Array.from({ length: 100 }, () => connect()))));
      }
      await Promise.all(clients.map((client, i) => client.write(encodeCommand(['SET', `many:${i}`, i]))));
      for (const client of clients) expect((await client.read(5)).toString()).to.equal('+OK\r\n');
      const client = await server.connect();
      const clientInfo = new ServerInfo(String(await client.call('INFO', 'clients')));
      expect(clientInfo.number('connected_clients')).to.be.at.least(2001);
      for (const connection of clients) connection.destroy();
      // They are gone from the server's list as soon as it has looked.
      let connected = Infinity;
      while (connected > 1) {
        connected = new ServerInfo(String(await client.call('INFO', 'clients'))).number('connected_clients');
      }
      client.close();
    });
  });

  describe('a client that does not read', () => {
    it('cannot make the server hold gigabytes of replies', async function () {
      this.timeout(60_000);
      ringkvOnly(this); // Redis holds them, unless client-output-buffer-limit says otherwise.
      const client = await server.connect();
      await client.call('SET', 'big', Buffer.alloc(10 * MB));
      const beforeBytes = server.rssBytes();
      const lazy = await connect();
      lazy.pause();
      void lazy.write(Buffer.concat(Array<Buffer>(1000).fill(encodeCommand(['GET', 'big']))));
      let grownBytes = 0;
      for (let i = 0; i < 200; i++) {
        expect(await pingMs(client)).to.be.lessThan(1000);
        grownBytes = Math.max(grownBytes, server.rssBytes() - beforeBytes);
      }
      expect(grownBytes).to.be.lessThan(150 * MB);
      // It gets what it asked for when it reads at last.
      lazy.resume();
      while (lazy.receivedBytes < 300 * MB) lazy.takeAll().length || (await client.call('PING'));
      lazy.destroy();
      await client.call('DEL', 'big');
      client.close();
    });

    it('is closed when client-output-buffer-limit says so', async () => {
      const client = await server.connect();
      await client.call('SET', 'big', Buffer.alloc(10 * MB));
      await client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 2mb 0 0');
      const lazy = await connect();
      lazy.pause();
      await lazy.write(Buffer.concat(Array<Buffer>(10).fill(encodeCommand(['GET', 'big']))));
      const others = async (): Promise<number> =>
        String(await client.call('CLIENT', 'LIST'))
          .trim()
          .split('\n').length - 1;
      while ((await others()) > 0);
      lazy.resume();
      await lazy.closed;
      expect(lazy.receivedBytes).to.be.lessThan(100 * MB);
      await client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
      await client.call('DEL', 'big');
      client.close();
    });
  });

  describe('nobody waits', () => {
    it('while another asks KEYS *a*a*a*b of a hundred thousand long keys', async function () {
      this.timeout(60_000);
      const loader = await server.connect();
      const tail = 'a'.repeat(100);
      for (let first = 0; first < 100_000; first += 1000) {
        const pairs = Array.from({ length: 1000 }, (_, i) => [`glob:${first + i}:${tail}`, '1']).flat();
        await loader.call('MSET', ...pairs);
      }
      const client = await server.connect();
      const keys = loader.call('KEYS', '*a*a*a*b');
      const pings = [await pingMs(client), await pingMs(client)];
      expect(await keys).to.deep.equal([]);
      expect(Math.max(...pings)).to.be.lessThan(1500);
      await loader.call('FLUSHALL');
      loader.close();
      client.close();
    });
  });

  describe('options', () => {
    it('timeout closes who is silent, and nobody else', async function () {
      this.timeout(20_000);
      const client = await server.connect();
      await client.call('CONFIG', 'SET', 'timeout', '1');
      const silent = await connect();
      const startMs = performance.now();
      while (!silent.isEnded) {
        await client.call('PING');
        await sleep(50);
      }
      expect(performance.now() - startMs).to.be.greaterThan(900);
      await client.call('CONFIG', 'SET', 'timeout', '0');
      client.close();
    });

    it('enable-debug-command: DEBUG is off by default', async () => {
      const connection = await connect();
      void connection.write('DEBUG SLEEP 0\r\n');
      expect((await connection.readUntil('\r\n')).toString()).to.match(/^-ERR DEBUG command not allowed\./);
    });

    it('enable-protected-configs: the data directory cannot be changed by a client', async () => {
      const connection = await connect();
      void connection.write('CONFIG SET dir /tmp\r\n');
      expect((await connection.readUntil('\r\n')).toString()).to.match(
        /^-ERR CONFIG SET failed .*can't set (immutable|protected) config/,
      );
    });
  });

  describe('MONITOR', () => {
    it('shows what others do, and never the password', async () => {
      const monitor = await connect();
      void monitor.write('MONITOR\r\n');
      expect((await monitor.readUntil('\r\n')).toString()).to.equal('+OK\r\n');
      const client = await server.connect();
      await client.call('SET', 'watched', 'a"\r\n\x01');
      await client.call('AUTH', 'default', 'hunter2').catch(() => undefined);
      await client.call('PING');
      const seen = (await monitor.readUntil('"PING"\r\n')).toString();
      expect(seen).to.match(/^\+\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "watched" "a\\"\\r\\n\\x01"\r\n/i);
      expect(seen).not.to.contain('hunter2');
      client.close();
    });
  });

  describe('CLIENT REPLY', () => {
    it('OFF answers nothing until ON, SKIP leaves one out', async () => {
      const connection = await connect();
      void connection.write(
        'CLIENT REPLY OFF\r\nPING\r\nNOSUCH\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO x\r\n',
      );
      expect((await connection.readUntil('x\r\n')).toString()).to.equal('+OK\r\n$1\r\nx\r\n');
    });
  });

  describe('CLIENT PAUSE', () => {
    it('holds writes back and lets reads through, and runs what waited in its order', async () => {
      const admin = await server.connect();
      const other = await server.connect();
      await admin.call('SET', 'paused', 'before');
      await admin.call('CLIENT', 'PAUSE', 60_000, 'WRITE');
      const set = other.call('SET', 'paused', 'after');
      const get = other.call('GET', 'paused');
      expect(await admin.call('GET', 'paused')).to.equal('before');
      expect(await admin.call('CLIENT', 'UNPAUSE')).to.equal('OK');
      expect(await Promise.all([set, get])).to.deep.equal(['OK', 'after']);
      admin.close();
      other.close();
    });
  });

  it('is what these specs think it is', async () => {
    const client = await server.connect();
    const info = String(await client.call('INFO', 'server'));
    expect(/^ringkv_version:/m.test(info)).to.equal(kind === 'ringkv');
    client.close();
  });
});
