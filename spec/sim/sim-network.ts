/** The network as a process sees it. */

import type {
  ByteStream,
  ConnectAddress,
  DatagramSocket,
  ListenAddress,
  Listener,
  Network,
  OnDatagram,
  OutgoingHandler,
  StreamHandler,
} from '../../lib/host/ports.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimProcess } from './sim-process.js';
import { SimDatagrams } from './sim-datagrams.js';
import { SimStream } from './sim-stream.js';

export const READ_BUFFER_BYTES = 64 * 1024;

export type Accept = (stream: ByteStream) => StreamHandler;

export class SimNetwork implements Network {
  readonly readBuffer = Buffer.alloc(READ_BUFFER_BYTES);
  readonly listeners = new Map<number, Accept>();
  readonly sockets = new Map<number, SimDatagrams>();
  readonly streams = new Set<SimStream>();
  /** Open or closed, those of which something is in flight. */
  readonly sending = new Set<SimStream>();
  readonly random: SeededRandom;
  private readonly process: SimProcess;

  constructor(process: SimProcess) {
    this.process = process;
    this.random = process.machine.world.fork();
  }

  listen(address: ListenAddress, accept: Accept): Promise<Listener> {
    if ('path' in address) return Promise.reject(failure('ENOTSUP', 'there are no unix sockets here'));
    const port = address.port === 0 ? this.process.machine.newPort() : address.port;
    if (this.listeners.has(port)) return Promise.reject(failure('EADDRINUSE', `port ${port} is in use`));
    this.listeners.set(port, accept);
    return Promise.resolve({
      port,
      close: () => {
        if (this.listeners.get(port) === accept) this.listeners.delete(port);
      },
    });
  }

  connect(address: ConnectAddress, handler: OutgoingHandler): ByteStream {
    return SimStream.open(this.process, address, handler);
  }

  bind(address: { host: string; port: number }, onDatagram: OnDatagram): Promise<DatagramSocket> {
    const port = address.port === 0 ? this.process.machine.newPort() : address.port;
    if (this.sockets.has(port)) return Promise.reject(failure('EADDRINUSE', `port ${port} is in use`));
    const socket = new SimDatagrams(this.process, port, onDatagram);
    this.sockets.set(port, socket);
    return Promise.resolve(socket);
  }

  /** The process has ended: the system closes its streams. */
  close(): void {
    for (const stream of this.streams) stream.closeForSystem();
    this.clear();
  }

  /** The machine is off. */
  vanish(): void {
    for (const stream of [...this.streams, ...this.sending]) stream.vanish();
    this.sending.clear();
    this.clear();
  }

  private clear(): void {
    this.streams.clear();
    this.listeners.clear();
    this.sockets.clear();
  }
}

export function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
