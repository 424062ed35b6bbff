import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { freeRingPorts, startRing, stopRing } from '../../scripts/tools/ring-processes.js';
import { RespClient } from '../../scripts/tools/resp-client.js';
import { ServerProcess } from '../../scripts/tools/server-process.js';
import { requireProgram } from '../tools/programs.js';
import { failure, kind } from './wire-server.js';

const run = promisify(execFile);
const KEYS = Array.from({ length: 200 }, (_, i) => `key:${i}`);

describe('A ring of three processes', function () {
  this.timeout(30_000);
  let nodes: ServerProcess[] = [];

  before(async function () {
    if (kind === 'redis') this.skip();
    nodes = await startRing({ ports: await freeRingPorts(3) });
  });
  after(() => stopRing(nodes));

  const endpoints = (): { host: string; port: number }[] => nodes.map(({ port }) => ({ host: '127.0.0.1', port }));

  /** How many requests a node had to send on, since its start. */
  async function forwarded(): Promise<number> {
    let sum = 0;
    for (const node of nodes) {
      const client = await node.connect();
      const status = (await client.call('RING', 'STATUS')) as (string | number)[];
      sum += Number(status[status.indexOf('requests-forwarded') + 1]);
      client.close();
    }
    return sum;
  }

  it('is one to redis-cli --cluster check', async function () {
    requireProgram(this, 'redis-cli');
    const { stdout } = await run('redis-cli', ['--cluster', 'check', `127.0.0.1:${nodes[1].port}`]);
    expect(stdout).to.contain('[OK] All nodes agree about slots configuration.');
    expect(stdout).to.contain('[OK] All 16384 slots covered.');
    expect(stdout.match(/M: [0-9a-f]{40} /g)).to.have.length(3);
  });

  it('serves redis-cli -c at any node', async function () {
    requireProgram(this, 'redis-cli');
    const cli = async (node: number, ...words: string[]): Promise<string> =>
      (await run('redis-cli', ['-c', '-p', String(nodes[node].port), ...words])).stdout.trim();
    expect(await cli(0, 'SET', 'greeting', 'hello')).to.equal('OK');
    for (const node of [0, 1, 2]) expect(await cli(node, 'GET', 'greeting')).to.equal('hello');
    expect(await cli(2, 'CLUSTER', 'KEYSLOT', 'greeting')).to.equal(await cli(0, 'CLUSTER', 'KEYSLOT', 'greeting'));
    expect(await cli(1, 'INFO', 'server')).to.match(/^redis_mode:cluster\r?$/m);
    expect(await cli(1, 'INFO', 'cluster')).to.match(/^cluster_enabled:1\r?$/m);
  });

  it("serves ioredis's Cluster, which sends each command straight to who acts for its key", async () => {
    const cluster = new Cluster(endpoints(), { lazyConnect: true });
    await cluster.connect();
    try {
      const before = await forwarded();
      for (const key of KEYS) expect(await cluster.set(key, key)).to.equal('OK');
      for (const key of KEYS) expect(await cluster.get(key)).to.equal(key);
      for (const key of KEYS) expect(await cluster.append(key, '!')).to.equal(key.length + 1);
      expect(await cluster.mget('{a}1', '{a}2')).to.deep.equal([null, null]);
      const results = await cluster.multi().set('{t}a', '1').incr('{t}a').exec();
      expect(results?.map(([, value]) => value)).to.deep.equal(['OK', 2]);
      expect(await forwarded()).to.equal(before);
      expect(cluster.nodes('master').map(({ options }) => options.port)).to.have.members(nodes.map(({ port }) => port));
    } finally {
      cluster.disconnect();
    }
  });

  it("serves node-redis's createCluster, which sends each command straight to who acts for its key", async () => {
    const cluster = createCluster({ rootNodes: endpoints().map((socket) => ({ socket })) });
    cluster.on('error', () => undefined); // each call is told as well
    await cluster.connect();
    try {
      const before = await forwarded();
      for (const key of KEYS) expect(await cluster.set(key, 'x')).to.equal('OK');
      for (const key of KEYS) expect(await cluster.get(key)).to.equal('x');
      expect(await cluster.hSet('{t}h', 'f', 'v')).to.equal(1);
      expect(await cluster.multi().set('{t}b', '1').incr('{t}b').exec()).to.deep.equal(['OK', 2]);
      expect(await forwarded()).to.equal(before);
      expect(cluster.masters).to.have.length(3);
      expect(cluster.replicas).to.have.length(0);
    } finally {
      await cluster.close();
    }
  });

  it('goes on for ioredis when a node is gone, and has it back', async () => {
    const cluster = new Cluster(endpoints(), {
      lazyConnect: true,
      retryDelayOnClusterDown: 50,
      retryDelayOnFailover: 50,
    });
    cluster.on('error', () => undefined);
    await cluster.connect();
    try {
      for (const key of KEYS) await cluster.set(key, 'before');
      const [, , { port }] = nodes;
      nodes[2].signal('SIGSTOP');
      // Whoever is connected to it waits; the others find out, and take over.
      const other = await nodes[0].connect();
      while (!String(await other.call('CLUSTER', 'NODES')).includes('fail'));
      for (const key of KEYS.slice(0, 50)) expect(await other.call('SET', key, 'during')).to.equal('OK');
      const slots = (await other.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      expect(slots.every(([, , [, leader]]) => leader !== port)).to.equal(true);
      nodes[2].signal('SIGCONT');
      while (String(await other.call('CLUSTER', 'NODES')).includes('fail'));
      for (const key of KEYS.slice(0, 50)) expect(await cluster.get(key)).to.equal('during');
      for (const key of KEYS.slice(50)) expect(await cluster.get(key)).to.equal('before');
      other.close();
    } finally {
      cluster.disconnect();
    }
  });

  it('redis-cli -c follows with cluster-redirects yes, and no node sends a request on', async function () {
    requireProgram(this, 'redis-cli');
    await setAll('cluster-redirects', 'yes');
    const before = await forwarded();
    let followed = 0;
    for (let i = 0; i < 12; i++) {
      const { stdout } = await run('redis-cli', ['-p', String(nodes[i % 3].port), 'INCR', `n:${i}`]);
      if (!stdout.startsWith('MOVED ')) continue;
      followed++;
      await run('redis-cli', ['-c', '-p', String(nodes[i % 3].port), 'INCR', `n:${i}`]);
    }
    expect(followed).to.be.above(0);
    await setAll('cluster-redirects', 'no');
    const client = await nodes[0].connect();
    for (let i = 0; i < 12; i++) expect(await client.call('GET', `n:${i}`)).to.equal('1');
    client.close();
    expect(await forwarded()).to.equal(before);
  });

  async function setAll(option: string, value: string): Promise<void> {
    for (const node of nodes) {
      const client = await node.connect();
      await client.call('CONFIG', 'SET', option, value);
      client.close();
    }
  }
});

describe('A node that waits for its ring', function () {
  this.timeout(30_000);

  it('says why to its clients, and serves them when the ring is there', async function () {
    if (kind === 'redis') this.skip();
    const ports = await freeRingPorts(2);
    const args = ['--cluster-enabled', 'yes', '--cluster-seeds', ports.map((port) => `127.0.0.1:${port}`).join(',')];
    const first = ServerProcess.start({ kind, port: ports[0], args });
    expect(await untilRefused(ports[0])).to.equal(
      'CLUSTERDOWN this node is in no ring yet: 1 of 2 seeds are there; a new cluster needs 2 of them',
    );
    const nodes = await Promise.all([first, ServerProcess.start({ kind, port: ports[1], args })]);
    try {
      const client = await nodes[0].connect();
      expect(await client.call('PING')).to.equal('PONG');
      client.close();
    } finally {
      await stopRing(nodes);
    }
  });

  /** The error that a node answers with, when it has asked its seeds. */
  async function untilRefused(port: number): Promise<string> {
    for (;;) {
      const client = await RespClient.connect(port).catch(() => undefined);
      const error = client && (await failure(client.call('PING')));
      client?.close();
      if (error?.includes(' of 2 seeds') === true) return error;
    }
  }
});
