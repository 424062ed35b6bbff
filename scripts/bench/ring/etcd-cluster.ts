/** Three members of etcd as child processes, and a client for its gRPC interface: as much of it as puts, gets and comparing transactions need. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tools/free-port.js';
import { processCpuUs } from '../../tools/process-usage.js';
import type { Load, LoadFigures } from './load.js';
import { KEYS, Latencies } from './load.js';

/** `Txn`: puts the value if it is there already. */
export type EtcdCall = 'Put' | 'Range' | 'Txn';

const MEMBERS = 3;
const READY_TIMEOUT_MS = 20_000;
const PROBE_EVERY_MS = 50;
/** Of a Compare: its target (2) is the value (3). */
const COMPARE_VALUE = Buffer.from([(2 << 3) | 0, 3]);
/** Streams of one connection that etcd lets be open are many more. */
const STREAMS_A_CONNECTION = 100;

export class EtcdCluster {
  private readonly children: ChildProcess[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), 'etcd-'));
  private url = '';

  /** Rejects, with everything ended, if it does not come up. */
  static async start(): Promise<EtcdCluster> {
    const cluster = new EtcdCluster();
    process.once('exit', () => cluster.kill());
    try {
      await cluster.spawnAll();
      await cluster.untilReady();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  cpuUs(): number {
    return this.children.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : processCpuUs(pid)), 0);
  }

  /** Has all keys. */
  async fill(value: string): Promise<void> {
    const session = connect(this.url);
    try {
      for (let from = 0; from < KEYS; from += STREAMS_A_CONNECTION) {
        const some = Array.from({ length: Math.min(STREAMS_A_CONNECTION, KEYS - from) }, (_, i) => `key:${from + i}`);
        await Promise.all(some.map((key) => request(session, 'Put', key, value)));
      }
    } finally {
      session.destroy();
    }
  }

  /** As many connections as etcd's own clients would take: few, with many requests on each. */
  async load(call: EtcdCall, value: string, load: Load): Promise<LoadFigures> {
    const inFlight = load.connections * load.pipeline;
    const sessions = Array.from({ length: Math.ceil(inFlight / STREAMS_A_CONNECTION) }, () => connect(this.url));
    const latencies = new Latencies();
    const one = async (_: unknown, index: number): Promise<void> => {
      const session = sessions[index % sessions.length];
      for (let key = load.nextKey(); key !== undefined; key = load.nextKey()) {
        const sentAtMs = performance.now();
        await request(session, call, key, value);
        latencies.add(1, performance.now() - sentAtMs);
      }
    };
    try {
      await Promise.all(Array.from({ length: inFlight }, one));
    } finally {
      for (const session of sessions) session.destroy();
    }
    return latencies.figures();
  }

  async stop(): Promise<void> {
    const running = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ends = running.map((child) => once(child, 'exit'));
    this.kill();
    await Promise.all(ends);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  private kill(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }

  private async spawnAll(): Promise<void> {
    const ports = await Promise.all(Array.from({ length: 2 * MEMBERS }, () => freePort()));
    const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
    const members = Array.from({ length: MEMBERS }, (_, i) => ({
      name: `member${i}`,
      client: urlOf(ports[2 * i]),
      peer: urlOf(ports[2 * i + 1]),
    }));
    this.url = members[0].client;
    for (const { name, client, peer } of members) {
      const args = [
        '--name',
        name,
        '--data-dir',
        join(this.directory, name),
        '--logger',
        'zap',
        '--log-level',
        'error',
      ];
      args.push('--listen-client-urls', client, '--advertise-client-urls', client);
      args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
      args.push('--initial-cluster', members.map((member) => `${member.name}=${member.peer}`).join(','));
      this.children.push(
        spawn('etcd', args, { stdio: 'ignore', env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } }),
      );
    }
  }

  private async untilReady(): Promise<void> {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const session = connect(this.url);
      try {
        session.on('error', () => undefined); // the request is told as well
        await request(session, 'Put', 'ready', 'yes');
        return;
      } catch (error) {
        if (performance.now() > deadlineMs) throw new Error('etcd does not come up', { cause: error });
        await sleep(PROBE_EVERY_MS);
      } finally {
        session.destroy();
      }
    }
  }
}

/** One call of etcdserverpb.KV. Rejects unless its status is OK. */
function request(session: ClientHttp2Session, call: EtcdCall, key: string, value: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/etcdserverpb.KV/${call}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    stream.on('response', (headers) => (status = headers['grpc-status']));
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      status ??= trailers['grpc-status'];
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (String(status) === '0') resolve();
      else reject(new Error(`etcd's ${call} ended with the status ${String(status)}`));
    });
    stream.resume();
    stream.end(frame(messageOf(call, key, value)));
  });
}

/** A PutRequest, a RangeRequest, or a TxnRequest. */
function messageOf(call: EtcdCall, key: string, value: string): Buffer {
  if (call === 'Range') return field(1, key);
  const put = Buffer.concat([field(1, key), field(2, value)]);
  if (call === 'Put') return put;
  const compare = Buffer.concat([COMPARE_VALUE, field(3, key), field(7, value)]);
  return Buffer.concat([field(1, compare), field(2, field(2, put))]);
}

/** A message of gRPC: not compressed, its length, protocol buffers. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A field of bytes, or of a message, shorter than 128. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
