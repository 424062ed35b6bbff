/** Network over node:net, node:tls and node:dgram. */

import { chmodSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { Socket, connect, createServer } from 'node:net';
import { bindDatagrams } from './node-datagrams.js';
import { NodeStream } from './node-stream.js';
import { TlsServer, connectTls, createTlsServer, renewCertificates } from './node-tls.js';
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
} from './ports.js';

const READ_BUFFER_BYTES = 64 * 1024;

export class NodeNetwork implements Network {
  private readonly readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

  async listen(address: ListenAddress, accept: (stream: ByteStream) => StreamHandler): Promise<Listener> {
    if ('path' in address) await removeStaleSocket(address.path);
    const server = this.serverFor(address, accept);
    await started(server, address);
    if ('path' in address && address.mode !== undefined) chmodSync(address.path, address.mode);
    const bound = server.address();
    return {
      port: typeof bound === 'object' && bound !== null ? bound.port : 0,
      ...(server instanceof TlsServer && {
        setTls: (tls) => {
          renewCertificates(server, tls);
        },
      }),
      close: () => {
        server.close();
      },
    };
  }

  connect(address: ConnectAddress, handler: OutgoingHandler): ByteStream {
    return NodeStream.open(address, this.readBuffer, handler, (onread) => {
      const { host, port, tls } = address;
      try {
        if (tls !== undefined) return connectTls(host, port, tls);
        return connect({ host, port, noDelay: true, allowHalfOpen: true, onread });
      } catch (error) {
        // Settings that make no sense: one way of failing is enough.
        return new Socket().destroy(error as Error);
      }
    });
  }

  bind(address: { host: string; port: number }, onDatagram: OnDatagram): Promise<DatagramSocket> {
    return bindDatagrams(address, onDatagram);
  }

  private serverFor(address: ListenAddress, accept: (stream: ByteStream) => StreamHandler): Server {
    if ('host' in address && address.tls !== undefined) {
      return createTlsServer(address.tls, (socket) => NodeStream.acceptTls(socket, accept));
    }
    const path = 'path' in address ? address.path : undefined;
    return createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      NodeStream.accept(socket, this.readBuffer, path, accept);
    });
  }
}

function started(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      // What fails later is one connection's accept (EMFILE): the others go on.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** A socket file that nobody listens behind is left over from a crash. */
async function removeStaleSocket(path: string): Promise<void> {
  const inUse = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => {
      resolve(false);
    });
  });
  if (inUse) return; // listening will say EADDRINUSE
  try {
    unlinkSync(path);
  } catch {
    // There was none.
  }
}
