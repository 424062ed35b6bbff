/**
 * Streams between hosts in memory, on virtual time: a millisecond each way, and so many bytes in between. A host may be frozen (it
 * reads nothing), and two may be cut off from each other (nothing arrives, and nobody is told).
 */

import type { ByteStream, Listener, ListenAddress, OutgoingHandler, StreamHandler } from '../../../lib/host/ports.js';
import type { BusAddress, BusNetwork } from '../../../lib/cluster/bus/ports.js';
import type { VirtualTime } from './virtual-time.js';

const LATENCY_MS = 1;
const CAPACITY_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;
/** What a read buffer is overwritten with after each read. */
const GARBAGE = 0xdb;

type Accept = (stream: ByteStream) => StreamHandler;

export class MemoryNetwork {
  readonly time: VirtualTime;
  readonly listeners = new Map<string, Accept>();
  readonly streams = new Set<MemoryStream>();
  private readonly frozen = new Set<string>();
  private readonly cuts = new Set<string>();

  constructor(time: VirtualTime) {
    this.time = time;
  }

  /** The network as a host sees it. */
  of(host: string): BusNetwork {
    return new HostNetwork(this, host);
  }

  freeze(host: string): void {
    this.frozen.add(host);
  }

  thaw(host: string): void {
    this.frozen.delete(host);
    for (const stream of this.streams) if (stream.host === host) stream.read();
  }

  cut(a: string, b: string): void {
    this.cuts.add(`${a} ${b}`).add(`${b} ${a}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  /** Breaks all streams of a host, which both sides hear. */
  reset(host: string): void {
    for (const stream of [...this.streams]) if (stream.host === host || stream.peer?.host === host) stream.reset();
  }

  isFrozen(host: string): boolean {
    return this.frozen.has(host);
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from} ${to}`);
  }
}

class HostNetwork implements BusNetwork {
  private readonly network: MemoryNetwork;
  private readonly host: string;

  constructor(network: MemoryNetwork, host: string) {
    this.network = network;
    this.host = host;
  }

  listen(address: ListenAddress, accept: Accept): Promise<Listener> {
    if (!('port' in address)) throw new Error('only ports');
    const key = `${this.host}:${address.port}`;
    this.network.listeners.set(key, accept);
    return Promise.resolve({ port: address.port, close: () => this.network.listeners.delete(key) });
  }

  connect(address: BusAddress, handler: OutgoingHandler): ByteStream {
    const { network, host } = this;
    const near = new MemoryStream(network, host, address.host);
    near.handler = handler;
    network.time.after(LATENCY_MS * 2, () => {
      if (near.isClosed || network.isCut(host, address.host)) return;
      const accept = network.listeners.get(`${address.host}:${address.port}`);
      if (accept === undefined) {
        near.close(new Error('connect ECONNREFUSED'));
        return;
      }
      const far = new MemoryStream(network, address.host, host);
      near.peer = far;
      far.peer = near;
      far.handler = accept(far);
      handler.onConnect();
    });
    return near;
  }
}

class MemoryStream implements ByteStream {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly host: string;
  handler: StreamHandler | undefined;
  peer: MemoryStream | undefined;
  isClosed = false;
  private readonly network: MemoryNetwork;
  private readonly remoteHost: string;
  /** Arrived, and not read. */
  private readonly unread: Buffer[] = [];
  private unreadBytes = 0;
  /** On their way to the other side, or not read there. */
  private sentBytes = 0;
  private waiting: { readonly buffer: Buffer; at: number; readonly end: number } | undefined;
  private isPaused = false;
  private isEnding = false;
  private hasEnded = false;
  private isEndTold = false;

  constructor(network: MemoryNetwork, host: string, remoteHost: string) {
    this.network = network;
    this.host = host;
    this.remoteHost = remoteHost;
    this.localAddress = `${host}:1`;
    this.remoteAddress = `${remoteHost}:1`;
    network.streams.add(this);
  }

  write(buffer: Buffer, start: number, end: number): boolean {
    if (this.waiting !== undefined) throw new Error('one write at a time');
    if (this.peer === undefined && !this.isClosed) throw new Error('written before it is connected');
    if (this.isClosed) return true;
    this.waiting = { buffer, at: start, end };
    return this.transmit();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.network.time.after(0, () => this.read());
  }

  setKeepAlive(): void {
    // Nobody forgets it.
  }

  end(): void {
    this.isEnding = true;
    if (this.waiting === undefined) this.close(undefined);
  }

  destroy(): void {
    this.close(undefined);
  }

  reset(): void {
    this.close(new Error('read ECONNRESET'));
    this.peer?.close(new Error('read ECONNRESET'));
  }

  close(error: Error | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.network.streams.delete(this);
    this.network.time.after(0, () => this.handler?.onClose(error));
    const { peer } = this;
    if (error !== undefined || peer === undefined) return;
    this.later(() => {
      peer.hasEnded = true;
      peer.read();
    });
  }

  /** Hands on what has arrived. */
  read(): void {
    const buffer = Buffer.alloc(READ_BYTES);
    while (!this.isPaused && !this.isClosed && !this.network.isFrozen(this.host)) {
      const next = this.unread.shift();
      if (next === undefined) break;
      const length = next.copy(buffer);
      if (length < next.length) this.unread.unshift(next.subarray(length));
      this.unreadBytes -= length;
      this.handler?.onData(buffer, length);
      buffer.fill(GARBAGE);
      this.later(() => this.peer?.taken(length));
    }
    const canEnd = this.hasEnded && this.unread.length === 0 && !this.isClosed && !this.network.isFrozen(this.host);
    if (!canEnd || this.isEndTold || this.isPaused) return;
    this.isEndTold = true;
    this.handler?.onEnd();
  }

  private taken(bytes: number): void {
    this.sentBytes -= bytes;
    if (this.waiting === undefined || this.isClosed || !this.transmit()) return;
    if (this.isEnding) this.close(undefined);
    else this.handler?.onDrain();
  }

  /** True: nothing waits any more. */
  private transmit(): boolean {
    const { waiting, peer } = this;
    if (waiting === undefined || peer === undefined) return true;
    const bytes = Math.min(waiting.end - waiting.at, CAPACITY_BYTES - this.sentBytes);
    if (bytes > 0) {
      const copy = Buffer.from(waiting.buffer.subarray(waiting.at, waiting.at + bytes));
      this.sentBytes += bytes;
      waiting.at += bytes;
      this.later(() => peer.arrive(copy));
    }
    if (waiting.at < waiting.end) return false;
    this.waiting = undefined;
    return true;
  }

  private arrive(bytes: Buffer): void {
    this.unread.push(bytes);
    this.unreadBytes += bytes.length;
    this.read();
  }

  /** Something crosses the network, unless it is cut. */
  private later(run: () => void): void {
    const { network } = this;
    network.time.after(LATENCY_MS, () => {
      if (!network.isCut(this.host, this.remoteHost)) run();
    });
  }
}
