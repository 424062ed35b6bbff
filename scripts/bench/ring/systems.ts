/** What is compared: each is started, loaded, and stopped before the next one is. */
import { spawnSync } from 'node:child_process';
import { freeRingPorts, startRing } from '../../tools/ring-processes.js';
import { ServerProcess } from '../../tools/server-process.js';
import { EtcdCluster } from './etcd-cluster.js';
import type { LineRequest } from './line-load.js';
import { lineLoad } from './line-load.js';
import type { Load, LoadFigures } from './load.js';
import { KEYS } from './load.js';

/** `first CAS`: of a key that was only written plainly before. */
export type Operation = 'SET' | 'GET' | 'INCR' | 'first CAS' | 'CAS';

export interface System {
  /** Of all its processes, in microseconds. */
  cpuUs(): number;
  /** Rejects if anything goes wrong. */
  load(operation: Operation, load: Load): Promise<LoadFigures>;
  stop(): Promise<unknown>;
}

export interface SystemKind {
  readonly name: string;
  readonly operations: readonly Operation[];
  /** Undefined: what it takes is not installed. */
  start(): Promise<System | undefined>;
}

const VALUE = 'v'.repeat(32);
const ALL: readonly Operation[] = ['SET', 'GET', 'INCR'];
const REPLICAS = 2;
const REPLICAS_READY_MS = 20_000;

const CAS: LineRequest = { words: (key) => [['CAS', key, VALUE, VALUE]], replyLines: 1 };

const REQUESTS: Readonly<Record<Operation, LineRequest>> = {
  SET: { words: (key) => [['SET', key, VALUE]], replyLines: 1 },
  GET: { words: (key) => [['GET', key]], replyLines: 2 },
  INCR: { words: (key) => [['INCR', `n:${key}`]], replyLines: 1 },
  'first CAS': CAS,
  CAS,
};

/** After each write the client asks for a replica that has it: as much as W=2 promises, and on the same connection. */
const WAITING: Readonly<Record<Operation, LineRequest>> = {
  ...REQUESTS,
  SET: { words: (key) => [...REQUESTS.SET.words(key), ['WAIT', '1', '0']], replyLines: 2 },
  INCR: { words: (key) => [...REQUESTS.INCR.words(key), ['WAIT', '1', '0']], replyLines: 2 },
};

const ETCD_CALLS = { SET: 'Put', GET: 'Range', INCR: 'Put', 'first CAS': 'Txn', CAS: 'Txn' } as const;

export const ONE_NODE = 'ringkv, one node';
export const RING = 'ringkv, 3 nodes, W=2, R=2';
export const RING_ALWAYS = 'the same, appendfsync always';
export const REDIS = 'Redis, 2 replicas, WAIT 1';
export const ETCD = 'etcd, 3 members';

export const SYSTEMS: readonly SystemKind[] = [
  {
    name: ONE_NODE,
    operations: ALL,
    start: async () => system([await ServerProcess.start({ kind: 'ringkv' })], REQUESTS),
  },
  { name: RING, operations: [...ALL, 'first CAS', 'CAS'], start: () => ring('everysec') },
  { name: RING_ALWAYS, operations: ['SET'], start: () => ring('always') },
  { name: REDIS, operations: ALL, start: replicatedRedis },
  { name: ETCD, operations: ['SET', 'GET', 'CAS'], start: etcd },
];

async function ring(appendfsync: string): Promise<System> {
  const ports = await freeRingPorts(3);
  return system(await startRing({ ports, args: ['--appendfsync', appendfsync] }), REQUESTS);
}

/** Has all keys written. Clients talk to the first process. */
async function system(
  servers: readonly ServerProcess[],
  requests: Readonly<Record<Operation, LineRequest>>,
): Promise<System> {
  const client = await servers[0].connect();
  await Promise.all(Array.from({ length: KEYS }, (_, i) => client.call('SET', `key:${i}`, VALUE)));
  client.close();
  return {
    cpuUs: () => servers.reduce((sum, server) => sum + server.cpuUs(), 0),
    load: (operation, load) => lineLoad(servers[0].port, requests[operation], load),
    stop: () => Promise.all(servers.map((server) => server.stop())),
  };
}

async function replicatedRedis(): Promise<System | undefined> {
  if (!isInstalled('redis-server')) return undefined;
  const args = ['--save', '', '--appendonly', 'yes'];
  const servers = [await ServerProcess.start({ kind: 'redis', args })];
  const primary = await servers[0].connect();
  try {
    const replicaOf = ['--replicaof', '127.0.0.1', String(servers[0].port), '--repl-diskless-sync-delay', '0'];
    for (let i = 0; i < REPLICAS; i++) {
      servers.push(await ServerProcess.start({ kind: 'redis', args: [...args, ...replicaOf] }));
    }
    await primary.call('SET', 'ready', 'yes');
    const count = await primary.call('WAIT', REPLICAS, REPLICAS_READY_MS);
    if (count !== REPLICAS) throw new Error(`of Redis's replicas ${String(count)} have come up`);
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  } finally {
    primary.close();
  }
  return system(servers, WAITING);
}

async function etcd(): Promise<System | undefined> {
  if (!isInstalled('etcd')) return undefined;
  const cluster = await EtcdCluster.start();
  await cluster.fill(VALUE);
  return {
    cpuUs: () => cluster.cpuUs(),
    load: (operation, load) => cluster.load(ETCD_CALLS[operation], VALUE, load),
    stop: () => cluster.stop(),
  };
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
