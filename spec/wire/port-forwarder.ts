/** Stands before a port, as NAT or a container's network does: passes streams and datagrams on, from another port. Counts what goes through. */

import type { Socket as DatagramSocket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

const HOST = '127.0.0.1';

export class PortForwarder {
  streamCount = 0;
  datagramCount = 0;
  private readonly target: number;
  private readonly server: Server;
  private readonly datagrams = createSocket('udp4');
  private readonly sockets = new Set<Socket>();
  /** By the port of who sends: where the target's answers go. */
  private readonly ways = new Map<number, DatagramSocket>();

  private constructor(target: number) {
    this.target = target;
    this.server = createServer((socket) => {
      this.streamCount++;
      const onward = connect(target, HOST);
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ]) {
        this.sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    });
    this.datagrams.on('message', (message, { port }) => {
      this.datagramCount++;
      this.wayOf(port).send(message, this.target, HOST);
    });
  }

  static async start(port: number, target: number): Promise<PortForwarder> {
    const forwarder = new PortForwarder(target);
    forwarder.server.listen(port, HOST);
    forwarder.datagrams.bind(port, HOST);
    await Promise.all([once(forwarder.server, 'listening'), once(forwarder.datagrams, 'listening')]);
    return forwarder;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    this.datagrams.close();
    for (const way of this.ways.values()) way.close();
  }

  private wayOf(sender: number): DatagramSocket {
    let way = this.ways.get(sender);
    if (way === undefined) {
      way = createSocket('udp4');
      way.on('message', (message) => this.datagrams.send(message, sender, HOST));
      this.ways.set(sender, way);
    }
    return way;
  }
}
