/** DatagramSocket over node:dgram. */

import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramSocket, OnDatagram } from './ports.js';

export function bindDatagrams(
  address: { host: string; port: number },
  onDatagram: OnDatagram,
): Promise<DatagramSocket> {
  const socket = createSocket(isIPv6(address.host) ? 'udp6' : 'udp4');
  socket.on('message', (data, from) => {
    onDatagram(data, data.length, from.address, from.port);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: address.host, port: address.port }, () => {
      socket.removeAllListeners('error');
      // A network that is down for a moment is no reason to stop listening.
      socket.on('error', () => undefined);
      resolve(new NodeDatagrams(socket));
    });
  });
}

class NodeDatagrams implements DatagramSocket {
  readonly port: number;
  unsentCount = 0;
  private readonly socket: Socket;
  private readonly onSent: (error: Error | null) => void;

  constructor(socket: Socket) {
    this.socket = socket;
    this.port = socket.address().port;
    this.onSent = (error) => {
      if (error !== null) this.unsentCount++;
    };
  }

  send(buffer: Buffer, start: number, end: number, host: string, port: number): void {
    try {
      // A copy: the socket looks up the host, and sends later.
      this.socket.send(Buffer.from(buffer.subarray(start, end)), port, host, this.onSent);
    } catch {
      this.unsentCount++;
    }
  }

  close(): void {
    this.socket.removeAllListeners('message');
    this.socket.close();
  }
}
