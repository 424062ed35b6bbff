import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Cluster, Redis } from 'ioredis';
import { createClient } from 'redis';
import { freePort } from '../../scripts/tools/free-port.js';
import { freeRingPorts, startRing, stopRing } from '../../scripts/tools/ring-processes.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { writeCertificates } from '../host/certificates.js';
import { requireProgram } from '../tools/programs.js';
import { failure, ringkvOnly, startServer } from './wire-server.js';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const BUS_DISTANCE = 10_000;

describe('TLS', () => {
  let directory: string;
  let flags: string[];

  before(function () {
    const openssl = requireProgram(this, 'openssl');
    directory = mkdtempSync(join(tmpdir(), 'ringkv-tls-'));
    writeCertificates(openssl, directory);
    const ofMember = ['--tls-cert-file', file('member.crt'), '--tls-key-file', file('member.key')];
    flags = [...ofMember, '--tls-ca-cert-file', file('ca.crt')];
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const file = (name: string): string => join(directory, name);
  /** Names in certificates do not matter. */
  const shown = (name?: string): ConnectionOptions => ({
    ca: readFileSync(file('ca.crt')),
    ...(name && { cert: readFileSync(file(`${name}.crt`)), key: readFileSync(file(`${name}.key`)) }),
    checkServerIdentity: () => undefined,
  });

  /** What somebody gets for what he sends by TLS; empty: he is not let in. */
  function exchange(port: number, options: ConnectionOptions, request: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect({ port, host: HOST, ...options }, () => socket.write(request));
      socket.on('data', (data: Buffer) => {
        answer += data.toString('latin1');
        socket.end();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });
  }

  describe('at a single node', () => {
    let server: ServerProcess;
    let tlsPort: number;

    before(async () => {
      tlsPort = await freePort();
      server = await startServer(['--tls-port', String(tlsPort), ...flags]);
    });
    after(() => server.stop());

    it('serves redis-cli --tls, and nobody without TLS at that port', async function () {
      requireProgram(this, 'redis-cli');
      const certificates = ['--cacert', file('ca.crt'), '--cert', file('member.crt'), '--key', file('member.key')];
      const { stdout } = await run('redis-cli', ['-p', String(tlsPort), '--tls', ...certificates, 'ECHO', 'hello']);
      expect(stdout).to.equal('hello\n');
      const plain = await run('redis-cli', ['-p', String(tlsPort), 'ECHO', 'hello']).catch((error: unknown) => error);
      expect(plain).to.be.instanceOf(Error);
    });

    it('serves ioredis and node-redis, long values too', async () => {
      const value = 'v'.repeat(5_000_000);
      const redis = new Redis({ port: tlsPort, host: HOST, tls: shown('member') });
      const client = createClient({ socket: { port: tlsPort, host: HOST, tls: true, ...shown('member') } });
      client.on('error', () => undefined); // each call is told as well
      await client.connect();
      try {
        expect(await redis.set('long', value)).to.equal('OK');
        expect((await client.get('long')) === value).to.equal(true);
        const numbers = await Promise.all(Array.from({ length: 500 }, () => redis.incr('n')));
        expect(numbers).to.deep.equal(Array.from({ length: 500 }, (_, i) => i + 1));
      } finally {
        redis.disconnect();
        client.destroy();
      }
    });

    it('lets in whom tls-auth-clients says', async () => {
      expect(await exchange(tlsPort, shown('member'), 'PING\r\n')).to.equal('+PONG\r\n');
      expect(await exchange(tlsPort, shown(), 'PING\r\n')).to.equal('');
      expect(await exchange(tlsPort, shown('stranger'), 'PING\r\n')).to.equal('');
    });

    it('is shown by CONFIG GET and INFO', async () => {
      const client = await server.connect();
      const config = (await client.call('CONFIG', 'GET', 'tls-*file')) as string[];
      expect(config).to.include.members([file('member.crt'), file('member.key'), file('ca.crt')]);
      expect(await client.call('CONFIG', 'GET', 'tls-port')).to.deep.equal(['tls-port', String(tlsPort)]);
      expect(await client.call('INFO', 'server')).to.match(new RegExp(`^listener2:name=tls,.*port=${tlsPort}\r$`, 'm'));
      client.close();
    });

    it('reads certificates again when CONFIG SET names them, for connections to come, or leaves all as it was', async function () {
      ringkvOnly(this);
      const nameShown = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const options = { ...shown('member'), rejectUnauthorized: false };
          const socket = connect({ port: tlsPort, host: HOST, ...options }, () => {
            resolve(String(socket.getPeerCertificate().subject.CN));
            socket.destroy();
          });
          socket.on('error', reject);
        });
      const copy = (name: string): void => {
        for (const kind of ['crt', 'key']) copyFileSync(file(`${name}.${kind}`), file(`current.${kind}`));
      };
      const client = await server.connect();
      const set = async (name: string): Promise<unknown> => {
        const files = ['tls-cert-file', file(`${name}.crt`), 'tls-key-file', file(`${name}.key`)];
        return client.call('CONFIG', 'SET', ...files);
      };
      expect(await nameShown()).to.equal('a member');
      copy('stranger');
      expect(await set('current')).to.equal('OK');
      expect(await nameShown()).to.equal('stranger');
      copy('member');
      expect(await nameShown()).to.equal('stranger');
      expect(await set('current'), 'the same file, which has changed').to.equal('OK');
      expect(await nameShown()).to.equal('a member');
      expect(await failure(client.call('CONFIG', 'SET', 'tls-key-file', file('stranger.key')))).to.contain(
        'is not the key',
      );
      expect(await client.call('CONFIG', 'GET', 'tls-key-file')).to.deep.equal(['tls-key-file', file('current.key')]);
      expect(await nameShown()).to.equal('a member');
      client.close();
    });

    it('counts its clients with the others', async () => {
      const client = await server.connect();
      await client.call('CONFIG', 'SET', 'maxclients', '1');
      expect(await exchange(tlsPort, shown('member'), 'PING\r\n')).to.equal('-ERR max number of clients reached\r\n');
      await client.call('CONFIG', 'SET', 'maxclients', '100');
      expect(await exchange(tlsPort, shown('member'), 'PING\r\n')).to.equal('+PONG\r\n');
      client.close();
    });

    it('may be all there is', async () => {
      const before = await server.connect();
      expect(await before.call('CONFIG', 'SET', 'port', '0')).to.equal('OK');
      before.close();
      expect(await failure(server.connect())).to.contain('ECONNREFUSED');
      const request = (...words: string[]): string => `${words.join(' ')}\r\n`;
      const member = shown('member');
      expect(await exchange(tlsPort, member, request('INFO', 'server'))).to.contain(`tcp_port:${tlsPort}\r\n`);
      expect(await exchange(tlsPort, member, request('CONFIG', 'SET', 'port', String(server.port)))).to.equal(
        '+OK\r\n',
      );
      (await server.connect()).close();
    });

    it('does not start without its files', async function () {
      ringkvOnly(this);
      const missing = file('missing.key');
      const start = startServer(['--tls-port', String(await freePort()), ...flags, '--tls-key-file', missing]);
      expect(await failure(start)).to.contain(
        `ringkv: tls-key-file: ENOENT: no such file or directory, open '${missing}'`,
      );
    });
  });

  describe('in a ring of three processes', function () {
    this.timeout(30_000);
    let nodes: ServerProcess[] = [];
    let tlsPorts: number[];

    before(async function () {
      ringkvOnly(this);
      tlsPorts = await Promise.all([freePort(), freePort(), freePort()]);
      nodes = await startRing({
        ports: await freeRingPorts(3),
        args: ['--tls-cluster', 'yes', ...flags],
        argsOf: (node) => ['--tls-port', String(tlsPorts[node])],
      });
    });
    after(() => stopRing(nodes));

    it("serves ioredis's Cluster, which stays with TLS", async () => {
      const endpoints = tlsPorts.map((port) => ({ host: HOST, port }));
      const cluster = new Cluster(endpoints, { lazyConnect: true, redisOptions: { tls: shown('member') } });
      await cluster.connect();
      try {
        for (let i = 0; i < 50; i++) expect(await cluster.set(`key:${i}`, i)).to.equal('OK');
        for (let i = 0; i < 50; i++) expect(await cluster.append(`key:${i}`, '!')).to.be.greaterThan(1);
        expect(cluster.nodes('master').map(({ options }) => options.port)).to.have.members(tlsPorts);
      } finally {
        cluster.disconnect();
      }
      for (const node of nodes) {
        const client = await node.connect();
        expect(await client.call('GET', 'key:7')).to.equal('7!');
        client.close();
      }
    });

    it('has certificates read again for the bus, too: what is believed, and what is shown', async () => {
      const [node] = nodes;
      const nameShown = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const options = { ...shown('member'), rejectUnauthorized: false };
          const socket = connect({ port: node.port + BUS_DISTANCE, host: HOST, ...options }, () => {
            resolve(String(socket.getPeerCertificate().subject.CN));
            socket.destroy();
          });
          socket.on('error', reject);
        });
      const client = await node.connect();
      const set = (name: string): Promise<unknown> =>
        client.call('CONFIG', 'SET', 'tls-cert-file', file(`${name}.crt`), 'tls-key-file', file(`${name}.key`));
      expect(await set('stranger')).to.equal('OK');
      expect(await nameShown()).to.equal('stranger');
      expect(await set('member')).to.equal('OK');
      expect(await nameShown()).to.equal('a member');
      expect(await client.call('SET', 'key:7', '7!')).to.equal('OK');
      client.close();
    });

    it('has nobody at its bus without a certificate, or without TLS', async () => {
      const busPort = nodes[0].port + BUS_DISTANCE;
      const greets = (options: ConnectionOptions): Promise<boolean> =>
        new Promise((resolve) => {
          const socket = connect({ port: busPort, host: HOST, ...options });
          // The client's own side of the handshake may be done before a refusal comes (TLS 1.3): it is let in when it gets a session.
          socket.once('session', () => {
            resolve(true);
            socket.destroy();
          });
          socket.on('error', () => undefined);
          socket.on('close', () => resolve(false));
        });
      expect(await greets(shown('member'))).to.equal(true);
      expect(await greets(shown('stranger'))).to.equal(false);
      expect(await greets(shown())).to.equal(false);
    });
  });
});
